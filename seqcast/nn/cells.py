"""One step of a recurrent network, written out: RNN, LSTM and GRU.

Elman (1990); Hochreiter & Schmidhuber (1997) with the forget gate of Gers, Schmidhuber & Cummins (2000); Cho et al.
(2014). A step is a pure function of what is read, of the state and of the weights; a module only owns weights. Names,
layout and order of the weights are those of torch.nn, so that a state dict goes across both ways.

The leading axes N of a step are free: (B,) for one step of a batch, or (B, T) to see the gates of all steps at once.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqcast.errors import ConfigError, nearest
from seqcast.nn.weights import CellWeights, open_forget_gate, own_weights, weights_of

CellActivation = Literal["tanh", "relu", "sigmoid"]
LSTMState = tuple[Float[Tensor, "*N W"], Float[Tensor, "*N W"]]  # hidden, memory
_ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid}


class LSTMGates(NamedTuple):
    """What an LSTM decides at a step; all but the candidate (-1 … 1) lie in 0 … 1."""

    input: Float[Tensor, "*N W"]
    forget: Float[Tensor, "*N W"]
    candidate: Float[Tensor, "*N W"]
    output: Float[Tensor, "*N W"]


class GRUGates(NamedTuple):
    """What a GRU decides at a step; all but the candidate (-1 … 1) lie in 0 … 1."""

    reset: Float[Tensor, "*N W"]
    update: Float[Tensor, "*N W"]
    candidate: Float[Tensor, "*N W"]


def activation_named(name: str) -> Callable[[Tensor], Tensor]:
    """Return the activation of that name.

    Raises
    ------
    ConfigError
        For a name that is none of `tanh`, `relu` and `sigmoid`.

    Examples
    --------
    >>> activation_named("relu")(torch.tensor([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    if name not in _ACTIVATIONS:
        raise ConfigError(f"No activation is named {name!r}. {nearest(name, _ACTIVATIONS)}")
    return _ACTIVATIONS[name]


def rnn_step(
    x: Float[Tensor, "*N X"],
    hidden: Float[Tensor, "*N W"],
    weights: CellWeights,
    activation: CellActivation = "tanh",
) -> Float[Tensor, "*N W"]:
    """Return the next hidden vector of a simple recurrent network (Elman, 1990).

    hidden' = activation(W_ih x + b_ih + W_hh hidden + b_hh)

    Parameters
    ----------
    x : float tensor (*N, X)
        The step that is read.
    hidden : float tensor (*N, W)
        What was kept so far.
    weights : CellWeights
        With W rows.
    activation : str
        `tanh`, `relu` or `sigmoid`.

    Examples
    --------
    >>> rnn_step(torch.ones(4, 3), torch.zeros(4, 5), weights_of(RNNCell(3, 5)), "sigmoid").shape
    torch.Size([4, 5])
    """
    return activation_named(activation)(weights.of_input(x) + weights.of_hidden(hidden))


def lstm_gates(x: Float[Tensor, "*N X"], hidden: Float[Tensor, "*N W"], weights: CellWeights) -> LSTMGates:
    """Return the gates of an LSTM: one linear map to 4 W numbers, cut in four, in the order i, f, g, o.

    input, forget, output = sigmoid(their rows of W_ih x + b_ih + W_hh hidden + b_hh); candidate = tanh(its rows)

    Parameters
    ----------
    x : float tensor (*N, X)
        The step that is read.
    hidden : float tensor (*N, W)
        The hidden vector before the step.
    weights : CellWeights
        With 4 W rows.

    Examples
    --------
    >>> gates = lstm_gates(torch.zeros(1, 3), torch.zeros(1, 5), weights_of(LSTMCell(3, 5, forget_bias=9.0)))
    >>> bool((gates.forget > 0.99).all())
    True
    """
    i, f, g, o = (weights.of_input(x) + weights.of_hidden(hidden)).chunk(4, dim=-1)
    return LSTMGates(input=i.sigmoid(), forget=f.sigmoid(), candidate=g.tanh(), output=o.sigmoid())


def lstm_step(x: Float[Tensor, "*N X"], state: LSTMState, weights: CellWeights) -> LSTMState:
    """Return the next hidden and memory vector of an LSTM.

    memory' = forget · memory + input · candidate; hidden' = output · tanh(memory')

    Parameters
    ----------
    x : float tensor (*N, X)
        The step that is read.
    state : tuple of float tensor (*N, W)
        Hidden and memory vector (h and c).
    weights : CellWeights
        With 4 W rows, as for `lstm_gates`.

    Examples
    --------
    >>> hidden, memory = lstm_step(torch.ones(4, 3), (torch.zeros(4, 5), torch.zeros(4, 5)), weights_of(LSTMCell(3, 5)))
    >>> memory.shape
    torch.Size([4, 5])
    """
    hidden, memory = state
    gates = lstm_gates(x, hidden, weights)
    memory = gates.forget * memory + gates.input * gates.candidate
    return gates.output * memory.tanh(), memory


def gru_gates(x: Float[Tensor, "*N X"], hidden: Float[Tensor, "*N W"], weights: CellWeights) -> GRUGates:
    """Return the gates of a GRU: two linear maps to 3 W numbers, each cut in three, in the order r, z, n.

    reset, update = sigmoid(their rows of W_ih x + b_ih + W_hh hidden + b_hh)
    candidate = tanh(its rows of W_ih x + b_ih, plus reset · its rows of W_hh hidden + b_hh)

    Resetting after the map from the hidden vector and not before it, as torch and cuDNN do, departs from Cho et al.

    Parameters
    ----------
    x : float tensor (*N, X)
        The step that is read.
    hidden : float tensor (*N, W)
        The hidden vector before the step.
    weights : CellWeights
        With 3 W rows.

    Examples
    --------
    >>> gru_gates(torch.zeros(1, 3), torch.zeros(1, 5), weights_of(GRUCell(3, 5)))._fields
    ('reset', 'update', 'candidate')
    """
    reset_x, update_x, candidate_x = weights.of_input(x).chunk(3, dim=-1)
    reset_h, update_h, candidate_h = weights.of_hidden(hidden).chunk(3, dim=-1)
    reset = (reset_x + reset_h).sigmoid()
    return GRUGates(
        reset=reset, update=(update_x + update_h).sigmoid(), candidate=(candidate_x + reset * candidate_h).tanh()
    )


def gru_step(x: Float[Tensor, "*N X"], hidden: Float[Tensor, "*N W"], weights: CellWeights) -> Float[Tensor, "*N W"]:
    """Return the next hidden vector of a GRU.

    hidden' = update · hidden + (1 - update) · candidate

    Parameters
    ----------
    x : float tensor (*N, X)
        The step that is read.
    hidden : float tensor (*N, W)
        What was kept so far.
    weights : CellWeights
        With 3 W rows, as for `gru_gates`.

    Examples
    --------
    >>> gru_step(torch.ones(4, 3), torch.zeros(4, 5), weights_of(GRUCell(3, 5))).shape
    torch.Size([4, 5])
    """
    gates = gru_gates(x, hidden, weights)
    return gates.update * hidden + (1 - gates.update) * gates.candidate


class RNNCell(nn.Module):
    """Weights of a simple recurrent network, for one step of a batch; a state dict is that of torch.nn.RNNCell.

    Parameters
    ----------
    inputs, width : int
        Channels read; size of the hidden vector.
    activation : str
        `tanh`, `relu` or `sigmoid`.

    Examples
    --------
    >>> RNNCell(3, 5)(torch.ones(4, 3)).shape
    torch.Size([4, 5])
    """

    def __init__(self, inputs: int, width: int, *, activation: CellActivation = "tanh"):
        super().__init__()
        activation_named(activation)
        own_weights(self, 1, inputs, width)
        self.width = width
        self.activation: CellActivation = activation

    def forward(self, x: Float[Tensor, "B X"], hidden: Float[Tensor, "B W"] | None = None) -> Float[Tensor, "B W"]:
        """Return the hidden vector after this step; before the first step (None) it is zero."""
        hidden = x.new_zeros(len(x), self.width) if hidden is None else hidden
        return rnn_step(x, hidden, weights_of(self), self.activation)


class LSTMCell(nn.Module):
    """Weights of an LSTM, for one step of a batch; a state dict is that of torch.nn.LSTMCell.

    Parameters
    ----------
    inputs, width : int
        Channels read; size of the hidden and of the memory vector.
    forget_bias : float
        Added to where the bias of the forget gate starts; 1 starts with the gate open (Jozefowicz et al., 2015).

    Examples
    --------
    >>> cell = LSTMCell(3, 5, forget_bias=1.0)
    >>> hidden, memory = cell(torch.ones(4, 3))
    >>> hidden, memory = cell(torch.ones(4, 3), (hidden, memory))
    """

    def __init__(self, inputs: int, width: int, *, forget_bias: float = 0.0):
        super().__init__()
        own_weights(self, 4, inputs, width)
        open_forget_gate(weights_of(self), forget_bias)
        self.width = width

    def forward(
        self, x: Float[Tensor, "B X"], state: tuple[Float[Tensor, "B W"], Float[Tensor, "B W"]] | None = None
    ) -> tuple[Float[Tensor, "B W"], Float[Tensor, "B W"]]:
        """Return hidden and memory vector after this step; before the first step (None) both are zero."""
        zero = x.new_zeros(len(x), self.width)
        return lstm_step(x, state or (zero, zero), weights_of(self))


class GRUCell(nn.Module):
    """Weights of a GRU, for one step of a batch; a state dict is that of torch.nn.GRUCell.

    Parameters
    ----------
    inputs, width : int
        Channels read; size of the hidden vector.

    Examples
    --------
    >>> GRUCell(3, 5)(torch.ones(4, 3)).shape
    torch.Size([4, 5])
    """

    def __init__(self, inputs: int, width: int):
        super().__init__()
        own_weights(self, 3, inputs, width)
        self.width = width

    def forward(self, x: Float[Tensor, "B X"], hidden: Float[Tensor, "B W"] | None = None) -> Float[Tensor, "B W"]:
        """Return the hidden vector after this step; before the first step (None) it is zero."""
        return gru_step(x, x.new_zeros(len(x), self.width) if hidden is None else hidden, weights_of(self))
