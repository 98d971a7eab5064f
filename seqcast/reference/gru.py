"""The GRU of Cho et al. (2014), as torch and cuDNN have it, a step forward and back."""

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


def gru_forward(x: Float[np.ndarray, "B X"], state: State, weights: CellWeights) -> Step:
    """Take one step; the rows of the weights are reset gate r, update gate z and candidate n.

    u_r, u_z, u_n = W_ih x + b_ih, cut in three; v_r, v_z, v_n = W_hh hidden + b_hh, cut in three

    r = sigmoid(u_r + v_r); z = sigmoid(u_z + v_z); n = tanh(u_n + r · v_n)

    hidden' = z · hidden + (1 - z) · n

    Resetting after the map from the hidden vector and not before it departs from Cho et al.

    Parameters
    ----------
    x : float array (B, X)
        The step that is read.
    state : tuple of float array (B, W)
        The hidden vector, alone.
    weights : CellWeights
        With 3 W rows.

    Examples
    --------
    >>> weights = CellWeights(np.zeros((6, 3)), np.zeros((6, 2)), np.zeros(6), np.zeros(6))
    >>> gru_forward(np.ones((1, 3)), (np.full((1, 2), 10.0),), weights).after[0].tolist()
    [[5.0, 5.0]]
    """
    (hidden,) = state
    u_r, u_z, u_n = np.split(of_input(x, weights), 3, axis=1)
    v_r, v_z, v_n = np.split(of_hidden(hidden, weights), 3, axis=1)
    r, z = sigmoid(u_r + v_r), sigmoid(u_z + v_z)
    n = np.tanh(u_n + r * v_n)
    return Step(x, state, (z * hidden + (1 - z) * n,), (r, z, n, v_n))


def gru_backward(step: Step, d_after: State, weights: CellWeights) -> StepGradients:
    """Take the derivative by the hidden vector after a step back to everything before it.

    hidden' = z · hidden + (1 - z) · n, so

    - d_z = d_hidden' · (hidden - n); d_n = d_hidden' · (1 - z)
    - d_hidden gains d_hidden' · z, past all maps

    n = tanh(a_n) with a_n = u_n + r · v_n, so

    - d_a_n = d_n · (1 - n²); d_u_n = d_a_n; d_v_n = d_a_n · r; d_r = d_a_n · v_n

    r and z are sigmoids of u + v, so

    - d_u_r = d_v_r = d_r · r (1 - r); d_u_z = d_v_z = d_z · z (1 - z)

    The u go on into the map from what was read, the v into the map from the hidden vector.

    Parameters
    ----------
    step : Step
        What `gru_forward` returned.
    d_after : tuple of float array (B, W)
        Derivative by the hidden vector after it.
    weights : CellWeights
        Those that the step was taken with.

    Examples
    --------
    >>> weights = CellWeights(np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3), np.zeros(3))
    >>> step = gru_forward(np.ones((1, 1)), (np.zeros((1, 1)),), weights)
    >>> gru_backward(step, (np.ones((1, 1)),), weights).before[0].tolist()
    [[0.5]]
    """
    r, z, n, v_n = step.gates
    hidden, d_hidden = step.before[0], d_after[0]
    d_z, d_n = d_hidden * (hidden - n), d_hidden * (1 - z)
    d_a_n = d_n * (1 - n**2)
    d_r = d_a_n * v_n
    d_sum_r, d_sum_z = d_r * r * (1 - r), d_z * z * (1 - z)
    d_of_input = np.concatenate([d_sum_r, d_sum_z, d_a_n], axis=1)
    d_of_hidden = np.concatenate([d_sum_r, d_sum_z, d_a_n * r], axis=1)
    found = back_through_maps(step, d_of_input, d_of_hidden, weights)
    return found._replace(before=(found.before[0] + d_hidden * z,))
