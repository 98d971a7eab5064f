"""Windows to targets: recurrent layers, the hidden vector of the last step, a linear map; squared error."""

import numpy as np
from jaxtyping import Float

from seqcast.errors import ConfigError, InputError
from seqcast.reference.bptt import back, read
from seqcast.reference.stack import Stack, Weights, refuse_weights, start_stack

HEAD = "head.weight"
HEAD_BIAS = "head.bias"


def regressor_shapes(stack: Stack, targets: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of every weight by its name: those of the layers, then those of the linear map.

    Raises
    ------
    ConfigError
        Without a target.

    Examples
    --------
    >>> regressor_shapes(Stack(inputs=10, width=20), 1)["head.weight"]
    (1, 20)
    """
    if targets < 1:
        raise ConfigError(f"targets must be at least 1; got {targets}.")
    return {**stack.shapes(), HEAD: (targets, stack.width), HEAD_BIAS: (targets,)}


def targets_of(weights: Weights) -> int:
    """Return how many numbers the linear map tells; without one it would be 1.

    Examples
    --------
    >>> targets_of({"head.weight": np.zeros((3, 20))})
    3
    """
    return len(weights[HEAD]) if HEAD in weights else 1


def start_regressor(stack: Stack, targets: int = 1, seed: int = 0) -> Weights:
    """Draw the weights of layers and linear map evenly from -1/√W … 1/√W, as torch.nn starts them.

    Parameters
    ----------
    stack : Stack
        The layers.
    targets : int
        Numbers that are told of each window.
    seed : int
        Of the draw.

    Examples
    --------
    >>> list(start_regressor(Stack(inputs=10, width=20), 3))[-2:]
    ['head.weight', 'head.bias']
    """
    weights, random, bound = start_stack(stack, seed), np.random.default_rng([seed, 1]), stack.width**-0.5
    for name, shape in regressor_shapes(stack, targets).items():
        if name not in weights:
            weights[name] = random.uniform(-bound, bound, shape)
    return weights


def predict(stack: Stack, weights: Weights, windows: Float[np.ndarray, "B T X"]) -> Float[np.ndarray, "B K"]:
    """Return what is told of each window.

    Examples
    --------
    >>> stack = Stack(cell="lstm", inputs=10, width=20, layers=2)
    >>> predict(stack, start_regressor(stack), np.zeros((4, 35, 10))).shape
    (4, 1)
    """
    return _head(stack, weights, read(stack, weights, windows).hidden[:, -1])


def mse(predicted: Float[np.ndarray, "B K"], asked: Float[np.ndarray, "B K"]) -> float:
    """Return the mean squared error.

    Examples
    --------
    >>> mse(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
    2.0
    """
    return float(np.mean((predicted - asked) ** 2))


def loss_and_gradients(
    stack: Stack,
    weights: Weights,
    windows: Float[np.ndarray, "B T X"],
    asked: Float[np.ndarray, "B K"],
    truncation: int | None = None,
) -> tuple[float, Weights]:
    """Return the mean squared error, and its derivative by each weight.

    With predicted = W hidden_T + b and loss = mean (predicted - asked)² over B windows and K targets:

    - d_predicted = 2 (predicted - asked) / (B K)
    - d_W = Σ d_predicted hidden_Tᵀ; d_b = Σ d_predicted; both over the batch
    - d_hidden_T = Wᵀ d_predicted; the loss reads no earlier step, so of all others it is 0

    and from there back through time.

    Parameters
    ----------
    stack, weights : Stack and dict of str to float array
        Layers, and what `start_regressor` returned.
    windows : float array (B, T, X)
        What is read.
    asked : float array (B, K)
        What should be told of each window.
    truncation : int or None
        Steps in a piece that no gradient leaves (see `back`); None for the whole window.

    Raises
    ------
    InputError
        When there is not one row of targets for each window.

    Examples
    --------
    >>> stack = Stack(cell="lstm", inputs=10, width=20, layers=2)
    >>> loss, gradients = loss_and_gradients(stack, start_regressor(stack), np.ones((4, 35, 10)), np.ones((4, 1)))
    >>> gradients["weight_hh_l1"].shape
    (80, 20)
    """
    reading = read(stack, weights, windows)
    last = reading.hidden[:, -1]
    predicted = _head(stack, weights, last)
    if predicted.shape != asked.shape:
        raise InputError(
            f"One row of targets is asked for each window, as (B, K) = {predicted.shape}; got {asked.shape}."
        )
    d_predicted = 2 * (predicted - asked) / predicted.size
    d_hidden = np.zeros_like(reading.hidden)
    d_hidden[:, -1] = d_predicted @ weights[HEAD]
    found = back(stack, weights, reading, d_hidden, truncation=truncation)
    head = {HEAD: d_predicted.T @ last, HEAD_BIAS: d_predicted.sum(axis=0)}
    return mse(predicted, asked), {**found.weights, **head}


def _head(stack: Stack, weights: Weights, last: Float[np.ndarray, "B W"]) -> Float[np.ndarray, "B K"]:
    refuse_weights(regressor_shapes(stack, targets_of(weights)), weights)
    return last @ weights[HEAD].T + weights[HEAD_BIAS]
