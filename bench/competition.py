"""The measures of the M4 competition, and Naive2, the forecast that it measures every other by.

After Makridakis, Spiliotis & Assimakopoulos (2020) and the R code of the organisers, whose details count: the
autocorrelations reach only as far back as R's `acf` does, 10 log10(n) steps, so that a series with a longer season and
few rows is never called seasonal. Their Python code sums the first autocorrelation unsquared and takes another moving
average; the published figures are those of R.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from seqcast.errors import HistoryError

# Published sMAPE, MASE and OWA, None where not told, by number of series and horizon: file names differ, these do not.
# M3: Makridakis & Hibon (2000) and, for N-BEATS-G, Oreshkin et al. (2020). M4: Makridakis et al. (2020).
ANCHORS: dict[tuple[int, int], dict[str, tuple[float | None, float | None, float | None]]] = {
    (645, 6): {"Naive2": (17.88, None, None), "Theta": (16.90, None, None), "N-BEATS-G": (16.20, None, None)},
    (756, 8): {"Naive2": (9.95, None, None), "Theta": (8.96, None, None), "N-BEATS-G": (8.92, None, None)},
    (1428, 18): {"Naive2": (16.91, None, None), "Theta": (13.85, None, None), "N-BEATS-G": (13.19, None, None)},
    (174, 8): {"Naive2": (6.30, None, None), "Theta": (4.41, None, None), "N-BEATS-G": (4.19, None, None)},
    (414, 48): {"Naive2": (18.383, 2.395, 1.0), "Smyl": (9.328, 0.893, 0.440)},
    (359, 13): {"Naive2": (9.161, 2.777, 1.0), "Smyl": (7.817, 2.356, 0.851)},
}

_CRITICAL = 1.645  # 90 %, both sides
_FEWEST_SEASONS = 3

History = Float[np.ndarray, "T"]


@dataclass(frozen=True)
class Scores:
    """Both measures, each the mean over the series.

    Examples
    --------
    >>> Scores(10.0, 1.5).owa(Scores(20.0, 1.0))
    1.0
    """

    smape: float
    mase: float

    def owa(self, naive2: "Scores") -> float:
        """Return the overall weighted average: the mean of both measures, each over that of Naive2."""
        return (self.smape / naive2.smape + self.mase / naive2.mase) / 2


def scores(
    actual: Float[np.ndarray, "N H"], forecast: Float[np.ndarray, "N H"], steps: Float[np.ndarray, "N"]
) -> Scores:
    """Return sMAPE and MASE of one forecast for each series.

    Parameters
    ----------
    actual, forecast : float array (N, H)
        What came and what was said.
    steps : float array (N,)
        Mean step of each series, by `seasonal_step`.

    Examples
    --------
    >>> scores(np.array([[100.0, 0.0]]), np.array([[300.0, 0.0]]), np.array([50.0]))
    Scores(smape=50.0, mase=2.0)
    """
    wrong, size = np.abs(actual - forecast), np.abs(actual) + np.abs(forecast)
    # Where both are zero nothing is wrong. The competition has no such value; tourism has.
    shares = np.divide(200 * wrong, size, out=np.zeros_like(wrong), where=size > 0)
    return Scores(float(shares.mean(axis=1).mean()), float((wrong.mean(axis=1) / steps).mean()))


def seasonal_step(name: str, history: History, season: int) -> float:
    """Return the mean absolute change over one season, which errors are measured in.

    Raises
    ------
    HistoryError
        When the series has none, or it is zero.

    Examples
    --------
    >>> seasonal_step("a", np.array([1.0, 2.0, 4.0, 6.0]), season=2)
    3.5
    """
    if len(history) <= season:
        raise HistoryError(
            f"MASE compares rows one season apart, so a series needs more than {season}; {name!r} has {len(history)}. "
            "Leave it out, or give a shorter --season."
        )
    step = float(np.abs(history[season:] - history[:-season]).mean())
    if step == 0:
        raise HistoryError(
            f"MASE divides by the mean change over one season of {season}; that of {name!r} is 0. Leave the series out."
        )
    return step


def is_seasonal(history: History, season: int) -> bool:
    """Tell whether the autocorrelation at the season is above what Bartlett's formula allows at 90 %.

    Examples
    --------
    >>> is_seasonal(np.resize([1.0, 2.0, 3.0, 5.0], 24), 4), is_seasonal(np.resize([1.0, 2.0, 3.0, 5.0], 11), 4)
    (True, False)
    """
    count = len(history)
    if season < 2 or count < _FEWEST_SEASONS * season or season > int(10 * math.log10(count)):
        return False
    centred = history - history.mean()
    products = np.array([centred[lag:] @ centred[: count - lag] for lag in range(season + 1)])
    if products[0] == 0:
        return False
    correlation = products[1:] / products[0]
    limit = _CRITICAL * math.sqrt((1 + 2 * np.square(correlation[:-1]).sum()) / count)
    return bool(abs(correlation[-1]) > limit)


def seasonal_indices(history: History, season: int) -> Float[np.ndarray, "season"]:
    """Return what each position of the season multiplies the level by, by classical decomposition; their mean is 1.

    Position 0 is that of the first row. All are 1 for a series that is not seasonal.

    Examples
    --------
    >>> seasonal_indices(np.resize([2.0, 4.0, 6.0], 30), 3).round(6).tolist()
    [0.5, 1.0, 1.5]
    """
    flat = np.ones(season)
    if not is_seasonal(history, season):
        return flat
    ends = [0.5] if season % 2 == 0 else []
    window = np.array([*ends, *np.ones(season - len(ends)), *ends]) / season
    half = season // 2
    ratios = np.full(len(history) + -len(history) % season, np.nan)
    trend = np.convolve(history, window, mode="valid")
    middle = history[half : half + len(trend)]
    ratios[half : half + len(trend)] = np.divide(middle, trend, out=np.full_like(middle, np.nan), where=trend != 0)
    indices = np.nanmean(ratios.reshape(-1, season), axis=0)
    indices /= indices.mean()
    # A position that is always 0 leaves nothing to divide by. The competition has no such series; tourism may.
    return indices if np.isfinite(indices).all() and indices.min() > 0 else flat


def naive2(history: History, season: int, horizon: int) -> Float[np.ndarray, "H"]:
    """Return the last seasonally adjusted value, with the season of each step put back.

    Examples
    --------
    >>> naive2(np.resize([2.0, 4.0, 6.0], 30), season=3, horizon=4).round(6).tolist()
    [2.0, 4.0, 6.0, 2.0]
    """
    indices = seasonal_indices(history, season)
    position = len(history) + np.arange(horizon)
    return history[-1] / indices[(len(history) - 1) % season] * indices[position % season]
