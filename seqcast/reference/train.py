"""The training loop, for all to see: shuffle, cut into batches, gradients, one step of the optimizer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from seqcast.errors import ConfigError, InputError, TrainingError
from seqcast.reference.optimizer import Adam, Optimizer, no_moments
from seqcast.reference.regressor import loss_and_gradients
from seqcast.reference.stack import Stack, Weights


@dataclass(frozen=True, kw_only=True)
class Training:
    """Settings of training.

    Parameters
    ----------
    epochs : int
        How often all windows are read.
    batch : int
        Windows to a step of the optimizer.
    optimizer : Optimizer
        `Adam` or `SGD`.
    truncation : int or None
        Steps in a piece of a window that no gradient leaves; None for the whole window.
    seed : int
        Of the order of the windows.

    Raises
    ------
    ConfigError
        For a setting that cannot work.

    Examples
    --------
    >>> Training(truncation=5).optimizer
    Adam(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-08)
    """

    epochs: int = 100
    batch: int = 32
    optimizer: Optimizer = field(default_factory=Adam)
    truncation: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch) < 1:
            raise ConfigError(f"epochs and batch must be at least 1; got {self.epochs} and {self.batch}.")
        if self.truncation is not None and self.truncation < 1:
            raise ConfigError(f"truncation must be at least 1 step, or None for no cut; got {self.truncation}.")


class Epoch(NamedTuple):
    """One epoch that is over: its number from 1, the mean loss over it, and the weights at its end."""

    number: int
    loss: float
    weights: Weights


def train(
    stack: Stack,
    weights: Weights,
    windows: Float[np.ndarray, "N T X"],
    asked: Float[np.ndarray, "N K"],
    training: Training,
) -> Iterator[Epoch]:
    """Train, and hand over each epoch as it ends; whoever asks for no more stops the training.

    Parameters
    ----------
    stack, weights : Stack and dict of str to float array
        Layers, and the weights to start from, which stay as they are.
    windows : float array (N, T, X)
        What is read.
    asked : float array (N, K)
        What should be told of each window.
    training : Training
        Settings.

    Raises
    ------
    InputError
        When there is no window, or not one row of targets for each.
    TrainingError
        When the loss is no longer a finite number; names epoch and batch.

    Examples
    --------
    >>> from seqcast.reference.regressor import start_regressor
    >>> stack, random = Stack(cell="gru", inputs=1, width=4), np.random.default_rng(0)
    >>> windows = random.normal(size=(64, 5, 1))
    >>> epochs = list(train(stack, start_regressor(stack), windows, windows[:, -1], Training(epochs=20)))
    >>> epochs[-1].loss < epochs[0].loss
    True
    """
    if len(windows) != len(asked) or not len(windows):
        raise InputError(
            f"At least one window and one row of targets for each are learnt from; got {len(windows)} windows and "
            f"{len(asked)} rows."
        )
    return _epochs(stack, weights, windows, asked, training)


def _epochs(
    stack: Stack, weights: Weights, windows: np.ndarray, asked: np.ndarray, training: Training
) -> Iterator[Epoch]:
    random, kept, count = np.random.default_rng(training.seed), no_moments(weights), len(windows)
    for number in range(1, training.epochs + 1):
        summed, order = 0.0, random.permutation(count)
        for start in range(0, count, training.batch):
            rows = order[start : start + training.batch]
            loss, gradients = loss_and_gradients(stack, weights, windows[rows], asked[rows], training.truncation)
            if not np.isfinite(loss):
                raise TrainingError(
                    f"The loss must stay a finite number; it is {loss} in epoch {number}, batch "
                    f"{start // training.batch + 1}. Look for NaN in the windows, or lower lr."
                )
            weights, kept = training.optimizer.step(weights, gradients, kept)
            summed += loss * len(rows)
        yield Epoch(number, summed / count, weights)
