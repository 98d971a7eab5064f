"""What every recurrent cell has in common: two linear maps, a step forward, and a step back by the chain rule.

Everywhere in this room `d_v` is the derivative of the loss by `v`, and has the shape of `v`. Names, layout and order of
the weights are those of torch.nn. A state is a tuple: the hidden vector, of an LSTM the memory too.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

State = tuple[Float[np.ndarray, "B W"], ...]


class CellWeights(NamedTuple):
    """The weights of one cell, or the derivatives by them; those of its gates lie on top of each other, W rows each."""

    weight_ih: Float[np.ndarray, "rows X"]
    weight_hh: Float[np.ndarray, "rows W"]
    bias_ih: Float[np.ndarray, "rows"]
    bias_hh: Float[np.ndarray, "rows"]


class Step(NamedTuple):
    """One step that was taken, with all that the way back needs: what was read, both states, and the gates."""

    x: Float[np.ndarray, "B X"]
    before: State
    after: State
    gates: tuple[Float[np.ndarray, "B W"], ...] = ()


class StepGradients(NamedTuple):
    """Derivatives of the loss by what a step read, by the state before it, and by the weights."""

    x: Float[np.ndarray, "B X"]
    before: State
    weights: CellWeights


class Cell(NamedTuple):
    """A kind of cell: W rows of weights for each of its `gates`, so many `vectors` of state, the step and its way back.

    `forward` takes what is read, the state and the weights. `backward` takes the step, the derivatives by the state
    after it, and the weights.
    """

    gates: int
    vectors: int
    forward: Callable[[np.ndarray, State, CellWeights], Step]
    backward: Callable[[Step, State, CellWeights], StepGradients]


def of_input(x: Float[np.ndarray, "B X"], weights: CellWeights) -> Float[np.ndarray, "B rows"]:
    """Return W_ih x + b_ih, the map from what is read."""
    return x @ weights.weight_ih.T + weights.bias_ih


def of_hidden(hidden: Float[np.ndarray, "B W"], weights: CellWeights) -> Float[np.ndarray, "B rows"]:
    """Return W_hh hidden + b_hh, the map from the hidden vector."""
    return hidden @ weights.weight_hh.T + weights.bias_hh


def back_through_maps(
    step: Step,
    d_of_input: Float[np.ndarray, "B rows"],
    d_of_hidden: Float[np.ndarray, "B rows"],
    weights: CellWeights,
) -> StepGradients:
    """Take derivatives by the two maps back to what was read, to the hidden vector before, and to the weights.

    a = W v + b, so d_v = Wᵀ d_a; d_W = d_a vᵀ; d_b = d_a. The weights are shared, so theirs are summed over the batch.

    Parameters
    ----------
    step : Step
        The step that was taken.
    d_of_input, d_of_hidden : float array (B, gates · W)
        Derivatives by `of_input` and by `of_hidden`.
    weights : CellWeights
        Those that the step was taken with.

    Examples
    --------
    >>> weights = CellWeights(np.full((1, 2), 3.0), np.full((1, 1), 5.0), np.zeros(1), np.zeros(1))
    >>> step = Step(np.array([[10.0, 20.0]]), (np.array([[7.0]]),), (np.zeros((1, 1)),))
    >>> found = back_through_maps(step, np.ones((1, 1)), np.ones((1, 1)), weights)
    >>> found.x.tolist(), found.before[0].tolist(), found.weights.weight_ih.tolist(), found.weights.weight_hh.tolist()
    ([[3.0, 3.0]], [[5.0]], [[10.0, 20.0]], [[7.0]])
    """
    d_weights = CellWeights(
        weight_ih=d_of_input.T @ step.x,
        weight_hh=d_of_hidden.T @ step.before[0],
        bias_ih=d_of_input.sum(axis=0),
        bias_hh=d_of_hidden.sum(axis=0),
    )
    return StepGradients(d_of_input @ weights.weight_ih, (d_of_hidden @ weights.weight_hh,), d_weights)


def sigmoid(sums: Float[np.ndarray, "*N"]) -> Float[np.ndarray, "*N"]:
    """Return 1 / (1 + exp(-sums)), written so that no exponential overflows.

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    return 0.5 + 0.5 * np.tanh(0.5 * sums)
