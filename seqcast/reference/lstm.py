"""The LSTM of Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000), a step forward and back."""

import numpy as np
from jaxtyping import Float

from seqcast.reference.cell import (
    CellWeights,
    State,
    Step,
    StepGradients,
    back_through_maps,
    of_hidden,
    of_input,
    sigmoid,
)


def lstm_forward(x: Float[np.ndarray, "B X"], state: State, weights: CellWeights) -> Step:
    """Take one step; the rows of the weights are input gate i, forget gate f, candidate g and output gate o.

    a_i, a_f, a_g, a_o = W_ih x + b_ih + W_hh hidden + b_hh, cut in four

    i, f, o = sigmoid(a_i), sigmoid(a_f), sigmoid(a_o); g = tanh(a_g)

    memory' = f · memory + i · g; hidden' = o · tanh(memory')

    Parameters
    ----------
    x : float array (B, X)
        The step that is read.
    state : tuple of float array (B, W)
        The hidden vector and the memory.
    weights : CellWeights
        With 4 W rows.

    Examples
    --------
    With all weights zero, each gate is half open and the candidate is 0, so half of the memory stays.

    >>> weights = CellWeights(np.zeros((8, 3)), np.zeros((8, 2)), np.zeros(8), np.zeros(8))
    >>> step = lstm_forward(np.ones((1, 3)), (np.zeros((1, 2)), np.full((1, 2), 10.0)), weights)
    >>> step.after[1].tolist()
    [[5.0, 5.0]]
    """
    hidden, memory = state
    a_i, a_f, a_g, a_o = np.split(of_input(x, weights) + of_hidden(hidden, weights), 4, axis=1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    new_memory = f * memory + i * g
    return Step(x, state, (o * np.tanh(new_memory), new_memory), (i, f, g, o))


def lstm_backward(step: Step, d_after: State, weights: CellWeights) -> StepGradients:
    """Take the derivatives by hidden vector and memory after a step back to everything before it.

    hidden' = o · tanh(memory'), so

    - d_o = d_hidden' · tanh(memory')
    - d_memory' gains d_hidden' · o · (1 - tanh²(memory')) beside what later steps sent back along the memory

    memory' = f · memory + i · g, so

    - d_f = d_memory' · memory; d_i = d_memory' · g; d_g = d_memory' · i
    - d_memory = d_memory' · f: no matrix and no slope lies on this path, which is why an LSTM remembers

    i, f, o are sigmoids and g a tanh of their sums, so

    - d_a_i = d_i · i (1 - i); d_a_f = d_f · f (1 - f); d_a_g = d_g · (1 - g²); d_a_o = d_o · o (1 - o)

    All of them go on into both maps.

    Parameters
    ----------
    step : Step
        What `lstm_forward` returned.
    d_after : tuple of float array (B, W)
        Derivatives by hidden vector and memory after it.
    weights : CellWeights
        Those that the step was taken with.

    Examples
    --------
    >>> weights = CellWeights(np.zeros((4, 1)), np.zeros((4, 1)), np.zeros(4), np.zeros(4))
    >>> step = lstm_forward(np.ones((1, 1)), (np.zeros((1, 1)), np.zeros((1, 1))), weights)
    >>> lstm_backward(step, (np.zeros((1, 1)), np.ones((1, 1))), weights).before[1].tolist()
    [[0.5]]
    """
    i, f, g, o = step.gates
    memory, squashed = step.before[1], np.tanh(step.after[1])
    d_hidden, d_memory = d_after
    d_o = d_hidden * squashed
    d_memory = d_memory + d_hidden * o * (1 - squashed**2)
    d_i, d_f, d_g = d_memory * g, d_memory * memory, d_memory * i
    d_sums = np.concatenate([d_i * i * (1 - i), d_f * f * (1 - f), d_g * (1 - g**2), d_o * o * (1 - o)], axis=1)
    found = back_through_maps(step, d_sums, d_sums, weights)
    return found._replace(before=(found.before[0], d_memory * f))
