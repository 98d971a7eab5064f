"""Quantiles from a model's own errors instead of a normal distribution: the residual bootstrap.

Paths ahead are simulated whose shocks are drawn from the one-step residuals (Thombs & Schucany 1990), so skewed or
heavy-tailed errors give skewed or heavy-tailed forecasts. Residuals are not yet errors to come, though:

- They were fitted. They are centred and enlarged to Akaike's final prediction error, whose variance is that of the
  residuals times (n + k) / (n - k) for k parameters: what the fit took off, and what its own error adds.
- They are few. A new error falls into each of the gaps between n residuals with probability 1 / (n + 1), so the k-th
  smallest is the quantile of level k / (n + 1); between two of them quantiles lie on a straight line, and beyond the
  outermost they go on as those of a normal distribution would.
- They are drawn without luck: at every step each of the same levels once, in a shuffled order (Latin hypercube; the
  balanced bootstrap of Davison, Hinkley & Schechtman 1986). The orders are the same for every history, so nothing
  depends on its scale, on its company, or on which process asks; one step ahead there is no simulation error at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Int

from seqcast.forecasters.gaussian import LocalForecast
from seqcast.types import Task

FEWEST_RESIDUALS = 20
"""Residuals below which a shape cannot be told from luck: the quantiles stay normal."""

PATHS = 4000
FEWEST_PATHS = 500
MOST_DRAWS = 8_000_000
"""Beyond so many numbers, which takes thousands of steps, fewer paths are simulated."""

TOO_FEW = f"normal intervals: there are fewer than {FEWEST_RESIDUALS} residuals to draw from"
NO_ERRORS = "normal intervals: there are no residuals of the same kind to draw from"
NOT_FINITE = "normal intervals: simulated paths explode"

Paths = Float[np.ndarray, "N H"]


@dataclass(frozen=True, eq=False)
class Errors:
    """How a model errs: its one-step residuals, and what shocks like them become on the way ahead.

    Parameters
    ----------
    residuals : float array (T,)
        One-step errors of the fit; NaN where nothing was observed.
    spent : float
        Parameters that were fitted to them.
    draws : int
        Shocks that one path takes.
    ahead : callable
        Shocks (N, draws) → errors of the forecast (N, H).

    Examples
    --------
    >>> walk = Errors(np.array([1.0, -1.0]), 0, 2, lambda shocks: np.cumsum(shocks, axis=1))
    >>> walk.ahead(np.array([[1.0, 2.0]])).tolist()
    [[1.0, 3.0]]
    """

    residuals: Float[np.ndarray, "T"]
    spent: float
    draws: int
    ahead: Callable[[Float[np.ndarray, "N D"]], Paths]

    def times(self, factors: Float[np.ndarray, "H"]) -> "Errors":
        """Return the errors of the forecast times a factor at each step."""

        def ahead(shocks: Float[np.ndarray, "N D"]) -> Paths:
            return self.ahead(shocks) * factors

        return replace(self, ahead=ahead)


def resampled(forecast: LocalForecast, errors: Errors | None, task: Task, scale: float = 1.0) -> LocalForecast:
    """Return the forecast with the quantiles that the task asks for; where they cannot be drawn, as it is, with a note.

    Parameters
    ----------
    forecast : LocalForecast
        With normal quantiles. Its mean stays.
    errors : Errors or None
        Of at least as many steps; the last ones are those of the forecast.
    task : Task
        Says whether the quantiles are to be normal.
    scale : float
        Of the forecast, in units of the errors.

    Examples
    --------
    >>> normal = LocalForecast(np.array([10.0]), np.array([[8.0, 12.0]]))
    >>> errors = Errors(np.arange(-99.0, 100.0), 0, 1, lambda shocks: shocks)
    >>> resampled(normal, errors, Task(horizon=1, quantiles=(0.25, 0.75), spread="bootstrap")).values.tolist()
    [[-40.0, 60.0]]
    """
    if task.spread == "normal" or not forecast.finite:
        return forecast
    if errors is None:
        return forecast.noted(NO_ERRORS)
    seen = errors.residuals[~np.isnan(errors.residuals)]
    if len(seen) < FEWEST_RESIDUALS:
        return forecast.noted(TOO_FEW)
    with np.errstate(all="ignore"):
        paths = errors.ahead(shocks(seen, errors.spent, errors.draws))[:, -task.horizon :]
        # The levels of the draws are midpoints, (i - 1/2) / N, which is where this method puts the i-th value.
        beside = scale * np.quantile(paths, task.quantiles, axis=0, method="hazen").T
    drawn = replace(forecast, values=forecast.mean[:, None] + beside)
    return drawn if drawn.finite else forecast.noted(NOT_FINITE)


def shocks(residuals: Float[np.ndarray, "n"], spent: float, draws: int) -> Float[np.ndarray, "N D"]:
    """Return shocks like these residuals for N paths; each column holds the same values in another order.

    They spread a little more than the residuals do, since one of them may lie beyond the outermost residual.

    Examples
    --------
    >>> residuals = np.random.default_rng(0).normal(size=400)
    >>> float(residuals.std().round(2)), shocks(residuals, 0, 3).std(axis=0).round(2).tolist()
    (1.0, [1.02, 1.02, 1.02])
    """
    order = orders(draws)
    values = quantile_function(enlarged(residuals, spent), (np.arange(len(order)) + 0.5) / len(order))
    return values[order]


def enlarged(residuals: Float[np.ndarray, "n"], spent: float) -> Float[np.ndarray, "n"]:
    """Return the residuals centred, and as large as the errors to come; what they were off zero enlarges them too.

    Examples
    --------
    >>> enlarged(np.array([3.0, 1.0]), 0).round(3).tolist()
    [2.236, -2.236]
    """
    count, centred = len(residuals), residuals - residuals.mean()
    size = np.sqrt(np.mean(residuals**2) * (count + spent) / max(count - spent, 1))
    spread = centred.std()
    return centred * (size / spread) if spread > 0 else centred


def quantile_function(values: Float[np.ndarray, "n"], levels: Float[np.ndarray, "N"]) -> Float[np.ndarray, "N"]:
    """Return the quantiles of what comes next of values of mean zero: the k-th smallest of n has the level k / (n + 1).

    Examples
    --------
    >>> quantile_function(np.array([-1.0, 0.0, 1.0]), np.array([0.25, 0.625, 0.9])).round(2).tolist()
    [-1.0, 0.5, 1.9]
    """
    ordered, count = np.sort(values), len(values)
    first = 1 / (count + 1)
    found = np.interp(levels, np.arange(1, count + 1) * first, ordered)
    normal = NormalDist()
    for beyond, end in ((levels < first, ordered[0]), (levels > 1 - first, ordered[-1])):
        scores = np.array([normal.inv_cdf(level) for level in levels[beyond].tolist()])
        found[beyond] = end * np.abs(scores / normal.inv_cdf(first))
    return found


@lru_cache(maxsize=4)
def orders(draws: int) -> Int[np.ndarray, "N D"]:
    """Return a shuffled order of N levels for each draw; more draws begin with the same ones.

    Examples
    --------
    >>> bool((np.sort(orders(2), axis=0) == np.arange(PATHS)[:, None]).all())
    True
    """
    paths = int(np.clip(MOST_DRAWS // draws, FEWEST_PATHS, PATHS))
    rng = np.random.default_rng(0)
    return np.column_stack([rng.permutation(paths) for _ in range(draws)])


def convolved(shocks: Float[np.ndarray, "N H"], weights: Float[np.ndarray, "H"]) -> Paths:
    """Return the errors of a linear model: at step h the sum of weight j times the shock of step h - j.

    Examples
    --------
    >>> convolved(np.array([[1.0, 10.0]]), np.array([1.0, 0.5])).round(9).tolist()
    [[1.0, 10.5]]
    """
    steps = len(weights)
    return np.fft.irfft(np.fft.rfft(shocks, 2 * steps) * np.fft.rfft(weights, 2 * steps), 2 * steps)[:, :steps]
