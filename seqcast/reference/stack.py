"""The shape of recurrent layers on top of each other, and their weights.

Weights are a plain dict by torch's names (`weight_ih_l0` … `bias_hh_l1`), gradients a dict of the same names and
shapes: they go to a torch module and back as they are, and an optimizer need know nothing of layers.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from seqcast.errors import ConfigError, InputError, nearest
from seqcast.reference.cell import Cell, CellWeights
from seqcast.reference.gru import gru_backward, gru_forward
from seqcast.reference.lstm import lstm_backward, lstm_forward
from seqcast.reference.rnn import ACTIVATIONS, rnn_backward, rnn_forward

Weights = dict[str, np.ndarray]
CELLS = {
    **{
        ("rnn", name): Cell(1, 1, partial(rnn_forward, activation=name), partial(rnn_backward, activation=name))
        for name in ACTIVATIONS
    },
    ("lstm", "tanh"): Cell(4, 2, lstm_forward, lstm_backward),
    ("gru", "tanh"): Cell(3, 1, gru_forward, gru_backward),
}


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Recurrent layers on top of each other; all that their functions need to know beside the weights.

    Parameters
    ----------
    cell : str
        `rnn`, `lstm` or `gru`.
    inputs, width : int
        Channels in; size of the hidden vector.
    layers : int
        Layers on top of each other.
    activation : str
        Of an `rnn`: `tanh`, `relu` or `sigmoid`. The gates of the others fix theirs.

    Raises
    ------
    ConfigError
        For a setting that cannot work.

    Examples
    --------
    >>> Stack(cell="lstm", inputs=10, width=20, layers=2).shapes()["weight_ih_l1"]
    (80, 20)
    """

    cell: str = "lstm"
    inputs: int
    width: int
    layers: int = 1
    activation: str = "tanh"

    def __post_init__(self) -> None:
        cells = dict.fromkeys(cell for cell, _ in CELLS)
        for setting, value, known in (("cell", self.cell, cells), ("activation", self.activation, ACTIVATIONS)):
            if value not in known:
                raise ConfigError(f"No {setting} is named {value!r}. {nearest(str(value), known)}")
        if (self.cell, self.activation) not in CELLS:
            raise ConfigError(
                f"Only an rnn may choose its activation; got {self.activation!r} for {self.cell!r}. Leave it out, or "
                f"say cell='rnn'."
            )
        for name, count in (("inputs", self.inputs), ("width", self.width), ("layers", self.layers)):
            if count < 1:
                raise ConfigError(f"{name} must be at least 1; got {count}.")

    def kind(self) -> Cell:
        """Return how its cell goes forward and back."""
        return CELLS[self.cell, self.activation]

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight by its name, in torch's order."""
        rows = self.kind().gates * self.width
        shapes: dict[str, tuple[int, ...]] = {}
        for layer in range(self.layers):
            inputs = self.width if layer else self.inputs
            for name, shape in zip(
                CellWeights._fields, ((rows, inputs), (rows, self.width), (rows,), (rows,)), strict=True
            ):
                shapes[f"{name}_l{layer}"] = shape
        return shapes


def start_stack(stack: Stack, seed: int = 0) -> Weights:
    """Draw weights evenly from -1/√W … 1/√W, as torch.nn starts them.

    Examples
    --------
    >>> start_stack(Stack(inputs=10, width=20))["bias_hh_l0"].shape
    (80,)
    """
    random, bound = np.random.default_rng(seed), stack.width**-0.5
    return {name: random.uniform(-bound, bound, shape) for name, shape in stack.shapes().items()}


def refuse_weights(shapes: dict[str, tuple[int, ...]], weights: Weights) -> None:
    """Refuse weights where one of these shapes is missing or another; what else lies among them is not looked at.

    Raises
    ------
    InputError
        Names the weight.
    """
    for name, shape in shapes.items():
        if name not in weights:
            raise InputError(f"The weight {name!r} is missing; got {', '.join(weights)}. Start from start_regressor.")
        if weights[name].shape != shape:
            raise InputError(
                f"The weight {name!r} has the shape {shape} in these layers; got {weights[name].shape}. Start from "
                f"start_regressor."
            )
