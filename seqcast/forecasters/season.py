"""A seasonal pattern taken out of a history, so that a model without seasons can be fitted to the rest."""

import numpy as np
from jaxtyping import Float
from statsmodels.tsa.seasonal import STL, seasonal_decompose

from seqcast.forecasters.guard import Fit, History, Normal

_SPENT = 0.17
"""Parameters that STL spends on the season for each value: the weight of the middle one in its window of 11."""


def on_remainder(fit: Fit, history: History, steps: int, season: int) -> Normal:
    """Return the forecast of `fit` on the seasonally adjusted history, with the latest season added back.

    The adjustment is STL (Cleveland et al. 1990) with a seasonal window of 11. The season is taken as known, so the
    interval is that of the adjusted series. Less than two seasons of history have no season to take out.

    Examples
    --------
    >>> rows = np.arange(60)
    >>> wave = np.sin(rows * np.pi / 3)
    >>> last = on_remainder(lambda y, steps, season: Normal(np.full(steps, y[-1]), np.ones(steps)), wave, 6, 6)
    >>> bool(np.allclose(last.mean, wave[:6], atol=0.02))
    True
    """
    if len(history) < 2 * season + 2:
        return fit(history, steps, 1)
    pattern = STL(history, period=season, seasonal=11, seasonal_deg=0).fit().seasonal
    rest = fit(history - pattern, steps, 1)
    return rest.seasoned(np.resize(pattern[-season:], steps), _SPENT * len(history))


def classical_pattern(history: History, season: int) -> tuple[Float[np.ndarray, "T"], bool] | None:
    """Return the fixed seasonal pattern and whether it multiplies; None where none is significant.

    The test is that of the Theta method (Assimakopoulos & Nikolopoulos 2000): the autocorrelation at the season,
    against what Bartlett's formula allows at 90 %. The pattern multiplies where that leaves less unexplained.

    Examples
    --------
    >>> classical_pattern(np.random.default_rng(0).normal(size=60), 12) is None
    True
    """
    if season < 2 or len(history) < 2 * season + 2:
        return None
    centred = history - history.mean()
    products = [centred[lag:] @ centred[: len(centred) - lag] for lag in range(season + 1)]
    correlation = np.array(products[1:]) / products[0]
    if abs(correlation[-1]) <= 1.645 * np.sqrt((1 + 2 * np.sum(correlation[:-1] ** 2)) / len(history)):
        return None
    adding = seasonal_decompose(history, model="additive", period=season)
    if history.min() > 0:
        multiplying = seasonal_decompose(history, model="multiplicative", period=season)
        unexplained = np.nanstd((multiplying.resid - 1) * multiplying.trend * multiplying.seasonal)
        if multiplying.seasonal.min() > 0.01 and unexplained <= np.nanstd(adding.resid):
            return multiplying.seasonal, True
    return adding.seasonal, False
