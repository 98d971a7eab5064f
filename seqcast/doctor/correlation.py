"""How much a series has to do with itself so many rows ago: autocorrelation, plain and partial."""

import math

import numpy as np
from jaxtyping import Float

MOST_LAGS = 400
_WITHOUT_SEASON = 40


def lags_shown(rows: int, season: int) -> int:
    """Return up to which lag correlations are worth a look: three seasons, 40 lags where there is none.

    Examples
    --------
    >>> lags_shown(144, 12), lags_shown(17_420, 24), lags_shown(60, 1), lags_shown(5_000, 288)
    (36, 72, 20, 400)
    """
    return max(1, min(3 * season if season > 1 else _WITHOUT_SEASON, MOST_LAGS, rows // 3))


def autocovariances(rest: Float[np.ndarray, "T"], lags: int) -> Float[np.ndarray, "L"]:
    """Return the sums of `rest[t]·rest[t - lag]` for the lags 0 to `lags`; `rest` has mean zero.

    Examples
    --------
    >>> autocovariances(np.array([1.0, -1.0, 1.0, -1.0]), 2).tolist()
    [4.0, -3.0, 2.0]
    """
    return np.array([rest[lag:] @ rest[: len(rest) - lag] for lag in range(lags + 1)])


def acf(y: Float[np.ndarray, "T"], lags: int) -> Float[np.ndarray, "L"]:
    """Return the autocorrelations at the lags 1 to `lags`, all sums divided by the same variance.

    Examples
    --------
    >>> acf(np.array([1.0, -1.0, 1.0, -1.0]), 2).tolist()
    [-0.75, 0.5]
    """
    sums = autocovariances(y - y.mean(), lags)
    return sums[1:] / sums[0]


def pacf(correlation: Float[np.ndarray, "L"]) -> Float[np.ndarray, "L"]:
    """Return the partial autocorrelations that belong to autocorrelations: what each lag adds to the shorter ones.

    Durbin-Levinson recursion on the Yule-Walker equations, as in R's `pacf`; all lie between -1 and 1.

    Examples
    --------
    >>> np.allclose(pacf(0.8 ** np.arange(1, 5)), [0.8, 0, 0, 0])
    True
    """
    partial = np.zeros_like(correlation)
    weights = np.zeros(0)
    for lag, next_one in enumerate(correlation):
        before = correlation[:lag]
        left = 1 - weights @ before
        # What is predicted exactly leaves nothing for further lags to add.
        partial[lag] = (next_one - weights @ before[::-1]) / left if left > 1e-12 else 0.0
        weights = np.append(weights - partial[lag] * weights[::-1], partial[lag])
    return partial


def band(rows: int) -> float:
    """Return half the width of the band in which 95 % of the correlations of pure noise lie.

    Examples
    --------
    >>> round(band(100), 3)
    0.196
    """
    return 1.96 / math.sqrt(rows)
