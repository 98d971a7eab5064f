"""Is one model better than another, or was it luck? Tests and intervals that count independent pieces, not numbers.

The errors of one window lean on each other: its 24 steps are far from 24 independent numbers, and the usual test on
single steps rejects equal models in 7 to 13 of 100 cases when there are 3 to 20 windows. So the losses of a window,
averaged over series, targets and steps, are one piece. Of windows that do not overlap they are as good as independent,
and a test at 5 % rejects equal models in 4 to 6 of 100 cases, be there 3 windows or 40.

Diebold & Mariano (1995), Harvey, Leybourne & Newbold (1997) for small samples, Lazarus, Lewis, Stock & Watson (2018)
for windows that overlap, Kish (1965) for series that move together, Holm (1979).
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.special import stdtr

LEVEL = 0.05  # of every test; intervals hold 1 - LEVEL

Pieces = Float[np.ndarray, "N"]


@dataclass(frozen=True)
class Contrast:
    """What a test of equal loss says.

    Parameters
    ----------
    statistic : float
        Student's; positive where the first loss is the larger one.
    p_value : float
        Chance of a statistic as far from 0, either way, among equal models; 1 where nothing can be said.
    freedom : float
        Degrees of freedom: independent pieces less one; 0 where there are too few to say anything.
    block : int
        Pieces next to each other that lean on each other, for resampling.
    inflation : float
        How many times larger the variance of the mean is than it would be of independent pieces.
    """

    statistic: float
    p_value: float
    freedom: float
    block: int = 1
    inflation: float = 1.0


NOTHING = Contrast(0.0, 1.0, 0.0)


def diebold_mariano(difference: Pieces, horizon: int = 1) -> tuple[float, float]:
    """Return the Diebold-Mariano statistic after Harvey, Leybourne & Newbold, and its p-value by Student's t.

    The variance is that of the paper: autocovariances up to lag `horizon` - 1 with equal weights. Beyond a horizon of 1
    it need not be positive; then both are nan, and `over_windows` takes another estimate.

    Parameters
    ----------
    difference : float array (N,)
        Loss of the first model less that of the second, in the order of time.
    horizon : int
        Steps ahead of the forecasts, so that neighbours share `horizon` - 1 steps.

    Examples
    --------
    >>> statistic, p_value = diebold_mariano(np.array([1.0, 2.0, 3.0, 2.0]))
    >>> round(statistic, 4), round(p_value, 4)
    (4.899, 0.0163)
    """
    count = len(difference)
    if count < 2:
        return math.nan, math.nan
    values = _of_one_size(difference)
    centred = values - values.mean()
    covariances = [float(centred[lag:] @ centred[: count - lag]) / count for lag in range(min(horizon, count))]
    variance = (covariances[0] + 2 * sum(covariances[1:])) / count
    if not values.any():
        return 0.0, 1.0
    if variance < 0 or (variance == 0 and horizon > 1):
        return math.nan, math.nan
    correction = (count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count
    statistic = _over(float(values.mean()) * math.sqrt(max(correction, 0.0)), math.sqrt(variance))
    return statistic, _two_sided(statistic, count - 1)


def cosine_test(difference: Pieces, terms: int) -> tuple[float, float]:
    """Return the statistic with the equal-weighted cosine variance, and its p-value by Student's t.

    The variance of the mean is read off the `terms` slowest cosine waves of the series: it is never negative, and
    Student's t with `terms` degrees of freedom gives its critical values, however few there are.

    Examples
    --------
    >>> statistic, p_value = cosine_test(np.array([1.0, 2.0, 3.0, 2.0, 4.0, 1.0]), terms=2)
    >>> round(statistic, 3), round(p_value, 3)
    (4.572, 0.045)
    """
    values, count = _of_one_size(difference), len(difference)
    if not values.any():
        return 0.0, 1.0
    places = (np.arange(count) + 0.5) / count
    waves = math.sqrt(2 / count) * np.cos(np.pi * np.arange(1, terms + 1)[:, None] * places)
    statistic = _over(float(values.mean()), math.sqrt(float(((waves @ values) ** 2).mean()) / count))
    return statistic, _two_sided(statistic, terms)


def over_windows(difference: Pieces, overlap: int = 1) -> Contrast:
    """Test equal loss on one number a window.

    Windows that do not overlap take Diebold-Mariano after Harvey, Leybourne & Newbold at lag 0. Where windows share
    steps, the kernel of that paper rejects equal models in 5 to 50 of 100 cases, and that of Bartlett with the fixed-b
    values of Coroneo & Iacone (2020) in 6 to 72; the cosine variance, with half a term for each window that shares no
    step with the next, in 5 or 6 (`bench/significance.py`).

    Parameters
    ----------
    difference : float array (N,)
        Loss of the first model less that of the second in each window, in the order of time.
    overlap : int
        Windows that begin within one horizon; 1 when none overlap.

    Examples
    --------
    >>> over_windows(np.array([1.0, 2.0, 3.0, 2.0])).freedom
    3.0
    """
    if overlap == 1:
        if len(difference) < 3:
            return NOTHING
        return Contrast(*diebold_mariano(difference), freedom=len(difference) - 1.0)
    terms = len(difference) // (2 * overlap)
    if terms < 2:
        return NOTHING
    return Contrast(*cosine_test(difference, terms), freedom=float(terms), block=overlap)


def over_series(difference: Pieces, inflation: float) -> Contrast:
    """Test equal loss on one number a series, which count as fewer where series move together.

    Parameters
    ----------
    difference : float array (N,)
        Loss of the first model less that of the second on each series.
    inflation : float
        The design effect, from `design_effect`.

    Examples
    --------
    >>> round(over_series(np.arange(40.0) - 10, inflation=4.0).freedom, 2)
    9.0
    """
    inflation = max(1.0, inflation)
    freedom = len(difference) / inflation - 1
    if freedom < 2:
        return NOTHING
    values = _of_one_size(difference)
    error = math.sqrt(inflation * float(values.var(ddof=1)) / len(values))
    statistic = _over(float(values.mean()), error)
    return Contrast(statistic, _two_sided(statistic, freedom), freedom, inflation=inflation)


def design_effect(
    difference: Float[np.ndarray, "N H"], series: Int[np.ndarray, "N"], times: Int[np.ndarray, "N H"]
) -> float:
    """Return how many times larger the variance of a mean over series is than if they did not move together.

    Each difference is taken from the mean of its series; at each time the sum over series is squared. Of independent
    series these squares add up to the sum of all squares (1), of equal ones to as many times that as there are series.

    Parameters
    ----------
    difference : float array (N, H)
        Loss of the first model less that of the second at each forecast and step, NaN where nothing was observed.
    series : int array (N,)
        Series of each forecast, from 0.
    times : int array (N, H)
        Time of each step, numbered from 0.

    Examples
    --------
    >>> together = np.array([[1.0, -1.0, 2.0], [1.0, -1.0, 2.0]])
    >>> round(design_effect(together, np.array([0, 1]), np.array([[0, 1, 2], [0, 1, 2]])), 9)
    2.0
    """
    seen = ~np.isnan(difference)
    places = np.broadcast_to(series[:, None], difference.shape)[seen]
    values = _of_one_size(difference[seen])
    counts = np.maximum(np.bincount(places), 1)
    values = values - (np.bincount(places, values) / counts)[places]
    own = float(values @ values)
    together = float((np.bincount(times[seen], values) ** 2).sum())
    return together / own if own > 0 else 1.0


def holm(p_values: Float[np.ndarray, "M"]) -> Float[np.ndarray, "M"]:
    """Return p-values adjusted for having tested all of them.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    order, count = np.argsort(p_values, kind="stable"), len(p_values)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * np.arange(count, 0, -1)), 1.0)
    return adjusted


def _two_sided(statistic: float, freedom: float) -> float:
    return float(2 * stdtr(freedom, -abs(statistic)))


def _over(mean: float, error: float) -> float:
    """Return mean / error; a difference that never varies is as sure as can be."""
    if mean == 0:
        return 0.0
    return mean / error if error > 0 else math.copysign(math.inf, mean)


def _of_one_size(values: np.ndarray) -> np.ndarray:
    """Return the values over the largest of them, so that no square overflows or vanishes."""
    largest = float(np.abs(values).max(initial=0.0))
    return values / largest if largest > 0 else values
