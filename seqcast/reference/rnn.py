"""The simple recurrent network of Elman (1990), a step forward and back."""

from collections.abc import Callable

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

ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "relu": lambda sums: np.maximum(sums, 0.0),
    "sigmoid": sigmoid,
}
# Each derivative can be told from the value alone, so nothing else need be kept.
SLOPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": lambda value: 1 - value**2,
    "relu": lambda value: (value > 0).astype(value.dtype),
    "sigmoid": lambda value: value * (1 - value),
}


def rnn_forward(x: Float[np.ndarray, "B X"], state: State, weights: CellWeights, activation: str) -> Step:
    """Take one step: hidden' = activation(W_ih x + b_ih + W_hh hidden + b_hh).

    Parameters
    ----------
    x : float array (B, X)
        The step that is read.
    state : tuple of float array (B, W)
        The hidden vector, alone.
    weights : CellWeights
        With W rows.
    activation : str
        `tanh`, `relu` or `sigmoid`.

    Examples
    --------
    >>> weights = CellWeights(np.ones((2, 3)), np.ones((2, 2)), np.zeros(2), np.zeros(2))
    >>> rnn_forward(np.ones((1, 3)), (np.ones((1, 2)),), weights, "relu").after[0].tolist()
    [[5.0, 5.0]]
    """
    (hidden,) = state
    return Step(x, state, (ACTIVATIONS[activation](of_input(x, weights) + of_hidden(hidden, weights)),))


def rnn_backward(step: Step, d_after: State, weights: CellWeights, activation: str) -> StepGradients:
    """Take the derivative by the hidden vector after a step back to everything before it.

    With a = W_ih x + b_ih + W_hh hidden + b_hh and hidden' = activation(a):

    d_a = d_hidden' · activation'(a), where activation' is 1 - hidden'² of tanh, 1 or 0 of relu, hidden' (1 - hidden')
    of sigmoid. All of d_a goes on into both maps.

    Parameters
    ----------
    step : Step
        What `rnn_forward` returned.
    d_after : tuple of float array (B, W)
        Derivative by the hidden vector after it.
    weights : CellWeights
        Those that the step was taken with.
    activation : str
        That of the step.

    Examples
    --------
    >>> weights = CellWeights(np.ones((1, 1)), np.full((1, 1), 2.0), np.zeros(1), np.zeros(1))
    >>> step = rnn_forward(np.ones((1, 1)), (np.ones((1, 1)),), weights, "relu")
    >>> rnn_backward(step, (np.ones((1, 1)),), weights, "relu").before[0].tolist()
    [[2.0]]
    """
    d_sums = d_after[0] * SLOPES[activation](step.after[0])
    return back_through_maps(step, d_sums, d_sums, weights)
