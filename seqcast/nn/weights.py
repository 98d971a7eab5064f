"""The weights of one recurrent cell: their names, their layout and how they start, all as in torch.nn."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast.errors import ConfigError


@dataclass(frozen=True)
class CellWeights:
    """The weights of one cell; those of its gates lie on top of each other, W rows each.

    There are two biases where one would do, because torch.nn has two; only their sum counts.

    Parameters
    ----------
    weight_ih, weight_hh : float tensor (gates · W, X) and (gates · W, W)
        Of the map from what is read, and from the hidden vector.
    bias_ih, bias_hh : float tensor (gates · W,)
        Of the same two maps.

    Examples
    --------
    >>> weights = CellWeights(torch.ones(5, 3), torch.ones(5, 5), torch.ones(5), torch.ones(5))
    >>> weights.of_input(torch.ones(1, 3)).tolist()
    [[4.0, 4.0, 4.0, 4.0, 4.0]]
    """

    weight_ih: Float[Tensor, "rows X"]
    weight_hh: Float[Tensor, "rows W"]
    bias_ih: Float[Tensor, "rows"]
    bias_hh: Float[Tensor, "rows"]

    def of_input(self, x: Float[Tensor, "*N X"]) -> Float[Tensor, "*N rows"]:
        """Return what each row makes of the step that is read."""
        return F.linear(x, self.weight_ih, self.bias_ih)

    def of_hidden(self, hidden: Float[Tensor, "*N W"]) -> Float[Tensor, "*N rows"]:
        """Return what each row makes of the hidden vector."""
        return F.linear(hidden, self.weight_hh, self.bias_hh)


NAMES = tuple(field.name for field in fields(CellWeights))


def own_weights(module: nn.Module, gates: int, inputs: int, width: int, suffix: str = "") -> None:
    """Give a module the parameters of one cell, drawn evenly from -1/√W … 1/√W.

    They are drawn in torch's order: under the same random state they start as those of torch.nn, bit for bit.

    Parameters
    ----------
    module : Module
        Gets `weight_ih`, `weight_hh`, `bias_ih` and `bias_hh`, each name with `suffix`.
    gates, inputs, width : int
        Blocks of W rows; X; W.
    suffix : str
        Tells cells of one module apart.

    Raises
    ------
    ConfigError
        Without an input or a hidden unit.

    Examples
    --------
    >>> module = torch.nn.Module()
    >>> own_weights(module, 4, 10, 20, "_l0")
    >>> module.weight_ih_l0.shape
    torch.Size([80, 10])
    """
    if min(inputs, width) < 1:
        raise ConfigError(f"inputs and width must be at least 1; got {inputs} and {width}.")
    bound, rows = width**-0.5, gates * width
    for name, shape in zip(NAMES, ((rows, inputs), (rows, width), (rows,), (rows,)), strict=True):
        module.register_parameter(name + suffix, nn.Parameter(torch.empty(shape).uniform_(-bound, bound)))


def weights_of(module: nn.Module, suffix: str = "") -> CellWeights:
    """Return the weights that `own_weights` gave to a module; those of torch.nn can be read in the same way.

    Examples
    --------
    >>> weights_of(torch.nn.GRU(10, 20), "_l0").weight_hh.shape
    torch.Size([60, 20])
    """
    return CellWeights(*(getattr(module, name + suffix) for name in NAMES))


def open_forget_gate(weights: CellWeights, forget_bias: float) -> None:
    """Add `forget_bias` to the forget gate of an LSTM that starts.

    The two biases of a gate are summed, so it goes into `bias_ih` alone and counts once; what was drawn for the two
    stays, and with 0 they start as in torch.

    Examples
    --------
    >>> cell = torch.nn.LSTMCell(3, 1)
    >>> drawn = cell.bias_ih.detach().clone()
    >>> open_forget_gate(weights_of(cell), 1.0)
    >>> (cell.bias_ih - drawn).round().tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    with torch.no_grad():
        weights.bias_ih.chunk(4)[1].add_(forget_bias)
