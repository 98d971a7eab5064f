"""Recurrent layers over a sequence, written out: a loop over the steps, stacked and read both ways as one likes.

What `Recurrent` leaves to torch can be read here, and taken apart: the steps are those of `seqcast.nn.cells`, and how
far back a gradient may flow is a choice (truncated backpropagation through time: Williams & Peng, 1990).
"""

from collections.abc import Callable, Iterable
from typing import TypedDict, Unpack

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast.errors import ConfigError, InputError, nearest
from seqcast.nn.cells import CellActivation, activation_named, gru_step, lstm_step, rnn_step
from seqcast.nn.recurrent import Cell, State
from seqcast.nn.weights import CellWeights, open_forget_gate, own_weights, weights_of

Vectors = tuple[Float[Tensor, "B W"], ...]  # the hidden vector; of an LSTM the memory too
_GATES = {"rnn": 1, "lstm": 4, "gru": 3}


class CellOptions(TypedDict, total=False):
    """What only one kind of cell takes: `activation` an rnn, `forget_bias` an lstm."""

    activation: CellActivation
    forget_bias: float


def unroll(
    step: Callable[[Tensor, Vectors], Vectors],
    steps: Float[Tensor, "T B X"],
    state: Vectors,
    truncation: int | None = None,
) -> tuple[Float[Tensor, "T B W"], Vectors]:
    """Take one step after the other; return all hidden vectors, and the state to go on from.

    Parameters
    ----------
    step : callable
        Takes what is read and the state, returns the next state.
    steps : float tensor (T, B, X)
        Time first, as the loop goes.
    state : tuple of float tensor (B, W)
        The hidden vector, and whatever else is kept.
    truncation : int or None
        Cut the graph after every so many steps: no gradient flows back over a cut, and no value changes.

    Examples
    --------
    >>> hidden, last = unroll(lambda x, state: (state[0] + x,), torch.ones(3, 1, 1), (torch.zeros(1, 1),))
    >>> hidden.flatten().tolist()
    [1.0, 2.0, 3.0]
    """
    hidden = []
    for time, x in enumerate(steps):
        if truncation and time and time % truncation == 0:
            state = tuple(vector.detach() for vector in state)
        state = step(x, state)
        hidden.append(state[0])
    return torch.stack(hidden), state


class Unrolled(nn.Module):
    """RNN, LSTM or GRU over a sequence, all steps out; equal to torch.nn's with `batch_first`, in values and gradients.

    A state dict is that of torch.nn.RNN, LSTM or GRU, and goes across both ways.

    Parameters
    ----------
    cell : str
        `rnn`, `lstm` or `gru`.
    inputs, width : int
        Channels in; size of the hidden vector of each direction.
    layers : int
        Layers on top of each other.
    bidirectional : bool
        Read backward as well; the output of each layer is then twice as wide.
    dropout : float
        Share of hidden values dropped between layers, in training; what leaves the last layer is whole.
    activation : str
        Of an `rnn`: `tanh`, `relu` or `sigmoid`.
    forget_bias : float
        Of an `lstm`: added to where the bias of each forget gate starts.

    Raises
    ------
    ConfigError
        For a setting that cannot work.

    Examples
    --------
    >>> lstm = Unrolled("lstm", 10, 20, layers=2, bidirectional=True)
    >>> hidden, (h, c) = lstm(torch.zeros(1, 35, 10))
    >>> hidden.shape, h.shape, c.shape
    (torch.Size([1, 35, 40]), torch.Size([4, 1, 20]), torch.Size([4, 1, 20]))
    """

    def __init__(
        self,
        cell: Cell,
        inputs: int,
        width: int,
        *,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        **of_cell: Unpack[CellOptions],
    ):
        super().__init__()
        _refuse_unknown(cell, of_cell)
        self.activation: CellActivation = of_cell.get("activation", "tanh")
        forget_bias = of_cell.get("forget_bias", 0.0)
        _refuse_of_cell(cell, self.activation, forget_bias)
        _refuse_stack(layers, dropout)
        self.cell: Cell = cell
        self.inputs, self.width, self.layers, self.dropout = inputs, width, layers, dropout
        self.directions = (False, True) if bidirectional else (False,)  # backward or not
        self.out_width = width * len(self.directions)
        for layer in range(layers):
            for backward in self.directions:
                own_weights(self, _GATES[cell], self.out_width if layer else inputs, width, _suffix(layer, backward))
                if cell == "lstm":
                    open_forget_gate(self.weights(layer, backward), forget_bias)

    def weights(self, layer: int = 0, backward: bool = False) -> CellWeights:
        """Return the weights of one layer and direction, for `lstm_gates` and the like.

        Examples
        --------
        The forget gates of all steps at once: each hangs on its step and on the hidden vector before it.

        >>> from seqcast.nn.cells import lstm_gates
        >>> lstm, steps = Unrolled("lstm", 3, 5), torch.ones(2, 7, 3)
        >>> hidden, _ = lstm(steps)
        >>> before = torch.cat([torch.zeros(2, 1, 5), hidden[:, :-1]], dim=1)
        >>> lstm_gates(steps, before, lstm.weights()).forget.shape
        torch.Size([2, 7, 5])
        """
        return weights_of(self, _suffix(layer, backward))

    def forward(
        self, steps: Float[Tensor, "B T X"], state: State | None = None, truncation: int | None = None
    ) -> tuple[Float[Tensor, "B T out"], State]:
        """Read on from `state`; return the last layer's hidden vectors, and the state to read on from.

        Parameters
        ----------
        steps : float tensor (B, T, X)
            What is read.
        state : float tensor (layers · directions, B, W), of an LSTM a tuple of two, or None
            Hidden vectors, and the memory; None is zero. The two directions of a layer come one after the other.
        truncation : int or None
            Cut the graph after every so many steps, counted in the order a direction reads; the values stay.

        Raises
        ------
        ConfigError
            For a truncation under 1.
        InputError
            For steps or a state of another shape than the layers read.
        """
        if truncation is not None and truncation < 1:
            raise ConfigError(f"truncation must be at least 1 step, or None for no cut; got {truncation}.")
        self._refuse_steps(steps)
        starts = self._starts(steps, state)
        ends: list[Vectors] = []
        read = steps.transpose(0, 1)
        for layer in range(self.layers):
            if layer:
                read = F.dropout(read, self.dropout, self.training)
            sides = []
            for backward in self.directions:
                step = self._step(self.weights(layer, backward))
                start = tuple(part[len(ends)] for part in starts)
                hidden, end = unroll(step, read.flip(0) if backward else read, start, truncation)
                sides.append(hidden.flip(0) if backward else hidden)
                ends.append(end)
            read = torch.cat(sides, dim=-1)
        last = [torch.stack(part) for part in zip(*ends, strict=True)]
        return read.transpose(0, 1), (last[0], last[1]) if self.cell == "lstm" else last[0]

    def _step(self, weights: CellWeights) -> Callable[[Tensor, Vectors], Vectors]:
        if self.cell == "lstm":
            return lambda x, state: lstm_step(x, (state[0], state[1]), weights)
        if self.cell == "gru":
            return lambda x, state: (gru_step(x, state[0], weights),)
        return lambda x, state: (rnn_step(x, state[0], weights, self.activation),)

    def _starts(self, steps: Float[Tensor, "B T X"], state: State | None) -> tuple[Tensor, ...]:
        parts = 2 if self.cell == "lstm" else 1
        shape = (self.layers * len(self.directions), len(steps), self.width)
        if state is None:
            return (steps.new_zeros(shape),) * parts
        given = state if isinstance(state, tuple) else (state,)
        shapes = [tuple(part.shape) for part in given]
        if shapes != [shape] * parts:
            raise InputError(
                f"This {self.cell} reads on from {parts} of shape (layers · directions, B, W) = {shape}; got "
                f"{', '.join(map(str, shapes))}. Leave it out to start from zero."
            )
        return given

    def _refuse_steps(self, steps: Float[Tensor, "B T X"]) -> None:
        if steps.shape[1] < 1 or steps.shape[2] != self.inputs:
            raise InputError(
                f"At least one step of {self.inputs} channels can be read, as (B, T, {self.inputs}); got "
                f"{tuple(steps.shape)}."
            )


def _suffix(layer: int, backward: bool) -> str:
    return f"_l{layer}_reverse" if backward else f"_l{layer}"


def _refuse_stack(layers: int, dropout: float) -> None:
    if layers < 1:
        raise ConfigError(f"layers must be at least 1; got {layers}.")
    if not 0 <= dropout < 1:
        raise ConfigError(f"dropout must lie in 0 … 1, 1 left out; got {dropout}.")


def _refuse_unknown(cell: str, of_cell: Iterable[str]) -> None:
    if cell not in _GATES:
        raise ConfigError(f"No cell is named {cell!r}. {nearest(cell, _GATES)}")
    for name in of_cell:
        if name not in CellOptions.__annotations__:
            raise ConfigError(f"No setting of a cell is named {name!r}. {nearest(name, CellOptions.__annotations__)}")


def _refuse_of_cell(cell: str, activation: str, forget_bias: float) -> None:
    activation_named(activation)
    if activation != "tanh" and cell != "rnn":
        raise ConfigError(
            f"Only an rnn may choose its activation, the gates of the others fix theirs; got {activation!r} for "
            f"{cell!r}. Leave it out, or say cell='rnn'."
        )
    if forget_bias and cell != "lstm":
        raise ConfigError(
            f"Only an lstm has a forget gate; got forget_bias={forget_bias} for {cell!r}. Leave it out, or say "
            f"cell='lstm'."
        )
