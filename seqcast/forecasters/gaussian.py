"""The answer of a local forecaster, and how a normal predictive distribution becomes one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from jaxtyping import Float

from seqcast.types import Task

History = Float[np.ndarray, "T"]


@dataclass(frozen=True, eq=False)
class LocalForecast:
    """The forecast of one target of one series from one origin.

    Parameters
    ----------
    mean : float array (H,)
        Point forecast, in the unit of the history.
    values : float array (H, Q)
        Quantile forecasts, not decreasing along the last axis.
    note : str or None
        What was done that was not asked for, such as a simpler model; the user reads it.

    Examples
    --------
    >>> LocalForecast(np.zeros(2), np.zeros((2, 9))).note is None
    True
    """

    mean: Float[np.ndarray, "H"]
    values: Float[np.ndarray, "H Q"]
    note: str | None = None

    @property
    def finite(self) -> bool:
        """Whether every figure is a number."""
        return bool(np.isfinite(self.mean).all() and np.isfinite(self.values).all())

    def noted(self, note: str | None) -> "LocalForecast":
        """Return the same forecast with `note` put before its own."""
        return replace(self, note="; ".join(part for part in (note, self.note) if part) or None)


LocalFunction = Callable[[History, Task], LocalForecast]


def gaussian(
    mean: Float[np.ndarray, "H"], sigma: Float[np.ndarray, "H"], task: Task, note: str | None = None
) -> LocalForecast:
    """Return the forecast whose distribution at each step is normal.

    Examples
    --------
    >>> forecast = gaussian(np.array([10.0]), np.array([2.0]), Task(horizon=1, quantiles=(0.5, 0.975)))
    >>> forecast.values.round(2).tolist()
    [[10.0, 13.92]]
    """
    scores = np.array([NormalDist().inv_cdf(level) for level in task.quantiles])
    return LocalForecast(np.asarray(mean, dtype=np.float64), mean[:, None] + sigma[:, None] * scores, note)


def rescaled(function: LocalFunction, history: History, task: Task) -> LocalForecast:
    """Return the forecast of `function`, made on a history of magnitude one.

    The factor is a power of two, so scaling rounds nothing and 1e300 or 1e-300 cannot overflow on the way. A quantile
    beyond the largest double is held there.

    Examples
    --------
    >>> rescaled(lambda y, task: gaussian(y[-1:], y[-1:], task), np.array([3e300]), Task(horizon=1)).mean.tolist()
    [3e+300]
    """
    peak = np.nanmax(np.abs(history), initial=0.0)
    power = int(np.frexp(peak)[1]) if np.isfinite(peak) else 0
    forecast = function(np.ldexp(history, -power), task)
    largest = np.finfo(np.float64).max
    with np.errstate(over="ignore"):
        mean, values = np.ldexp(forecast.mean, power), np.ldexp(forecast.values, power)
    return LocalForecast(np.clip(mean, -largest, largest), np.clip(values, -largest, largest), forecast.note)
