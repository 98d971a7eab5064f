"""What the outputs of a network mean, by the loss that it was trained with: a point forecast and its quantiles.

All in scaled units: whatever shifts and stretches the outputs does the same to what is read from them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from seqcast.errors import ConfigError, nearest
from seqcast.train.distributions import DISTRIBUTIONS, Distribution

Levels = tuple[float, ...]


class Answer(NamedTuple):
    """A point forecast and quantiles, or what they are to be added to."""

    point: Float[np.ndarray, "N H K"]
    quantiles: Float[np.ndarray, "N H K Q"]


@dataclass(frozen=True)
class Reading:
    """How many outputs a loss asks of a network for each target, and how they are read.

    Parameters
    ----------
    outputs : callable
        Quantile levels to the number of outputs.
    read : callable
        Outputs (N, H, K, outputs) and levels to an Answer.
    places : callable
        Quantile levels to those at which the outputs shall stand before training.
    residuals : bool
        Whether the outputs say nothing of their own uncertainty, so that intervals come from the validation residuals.
    affine : bool
        Whether the outputs mean something only where they are, so that a sigmoid may not bend them.
    """

    outputs: Callable[[Levels], int]
    read: Callable[[np.ndarray, Levels], Answer]
    places: Callable[[Levels], Levels]
    residuals: bool = False
    affine: bool = False


def reading_of(loss: str) -> Reading:
    """Return how the outputs of a network that was trained with this loss are read.

    Raises
    ------
    ConfigError
        For a loss of classes, or an unknown one.

    Examples
    --------
    >>> reading = reading_of("gaussian")
    >>> reading.outputs((0.1, 0.5, 0.9)), reading.read(np.array([[[[8.0, 10.0]]]]), (0.5, 0.975)).quantiles.round(2)
    (2, array([[[[10.  , 13.92]]]]))
    """
    if loss not in READINGS:
        raise ConfigError(
            f"A forecast is a number, so it can be learnt with any loss but one of classes; got {loss!r}. "
            f"{nearest(loss, READINGS)}"
        )
    return READINGS[loss]


def _quantiles(outputs: Float[np.ndarray, "N H K Q"], levels: Levels) -> Answer:
    """Take as the point the mean of evenly placed quantiles, which is near the mean; else the one in the middle."""
    even = np.allclose(np.array(levels) + np.array(levels)[::-1], 1.0)
    return Answer(outputs.mean(axis=-1) if even else outputs[..., len(levels) // 2], outputs)


def _point(outputs: Float[np.ndarray, "N H K 1"], levels: Levels) -> Answer:
    return Answer(outputs[..., 0], outputs)


def _of(distribution: Distribution) -> Reading:
    def read(outputs: Float[np.ndarray, "N H K outputs"], levels: Levels) -> Answer:
        return Answer(outputs[..., distribution.outputs // 2], distribution.quantiles(outputs, np.array(levels)))

    return Reading(lambda levels: distribution.outputs, read, lambda levels: distribution.places, affine=True)


READINGS = {
    "pinball": Reading(len, _quantiles, lambda levels: levels),
    **dict.fromkeys(("mse", "mae", "huber"), Reading(lambda levels: 1, _point, lambda levels: (0.5,), residuals=True)),
    **{name: _of(distribution) for name, distribution in DISTRIBUTIONS.items()},
}
