"""The Theta method, fitted by statsforecast on a history without its season; the intervals are ours."""

import numpy as np
from statsforecast.theta import forecast_theta, thetamodel

from seqcast.forecasters.gaussian import History, LocalForecast
from seqcast.forecasters.guard import Limits, Normal, guarded, level_matters
from seqcast.forecasters.season import classical_pattern
from seqcast.types import Task


def theta(history: History, task: Task) -> LocalForecast:
    """Forecast by the dynamic optimised Theta method (Fiorucci et al. 2016) on the seasonally adjusted history.

    Examples
    --------
    >>> theta(np.arange(40.0) + np.resize([0.0, 0.3, -0.2], 40), Task(horizon=1)).mean.shape
    (1,)
    """
    return guarded(_theta, history, task, Limits(level=level_matters(history)))


def _theta(history: History, steps: int, season: int) -> Normal:
    found = classical_pattern(history, season)
    if found is None:
        return _dynamic_theta(history, steps)
    pattern, multiplies = found
    rest = _dynamic_theta(history / pattern if multiplies else history - pattern, steps)
    # The pattern is periodic over the whole history; what comes next is one season after its last rows.
    ahead = np.resize(pattern[-season:], steps)
    if multiplies:
        return Normal(rest.mean * ahead, rest.sigma * np.abs(ahead))
    return Normal(rest.mean + ahead, rest.sigma)


def _dynamic_theta(history: History, steps: int) -> Normal:
    model = thetamodel(history, m=1, modeltype="DOTM", initial_smoothed=np.nan, alpha=np.nan, theta=np.nan, nmse=3)
    # The first three residuals only warm the level up. Past them the errors are those of exponential smoothing.
    sigma = np.std(model["residuals"][3:], ddof=1)
    widening = np.sqrt(1 + np.arange(steps) * model["par"]["alpha"] ** 2)
    return Normal(np.asarray(forecast_theta(model, steps)["mean"]), sigma * widening)
