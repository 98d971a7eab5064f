"""The Theta method, fitted by statsforecast on a history without its season; the intervals are ours."""

from functools import partial

import numpy as np
from statsforecast.theta import forecast_theta, thetamodel

from seqcast.forecasters.bootstrap import Errors, Paths
from seqcast.forecasters.gaussian import History, LocalForecast
from seqcast.forecasters.guard import Limits, Normal, guarded, level_matters
from seqcast.forecasters.season import classical_pattern
from seqcast.types import Task

_FITTED = 3  # the first level, alpha and theta


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
    return rest.seasoned(ahead, season - 1, multiplies=multiplies)


def _dynamic_theta(history: History, steps: int) -> Normal:
    model = thetamodel(history, m=1, modeltype="DOTM", initial_smoothed=np.nan, alpha=np.nan, theta=np.nan, nmse=3)
    # The first three residuals only warm the level up. Past them the errors are those of exponential smoothing.
    sigma = np.std(model["residuals"][3:], ddof=1)
    widening = np.sqrt(1 + np.arange(steps) * model["par"]["alpha"] ** 2)
    way = partial(errors_of_theta, model["par"]["alpha"], model["par"]["theta"], len(history))
    errors = Errors(model["residuals"][3:], _FITTED, steps, way)
    return Normal(np.asarray(forecast_theta(model, steps)["mean"]), sigma * widening, errors=errors)


def errors_of_theta(alpha: float, theta: float, known: int, shocks: Paths) -> Paths:
    """Return what shocks become on the way ahead: level, mean and line are updated with every value that comes.

    The recursions of Fiorucci et al. are linear in the values, so those of the errors are the same, from zero. The
    normal interval leaves the line as it is.

    Examples
    --------
    >>> errors_of_theta(0.5, 1.0, 40, np.array([[1.0, 0.0, 0.0]])).tolist()
    [[1.0, 0.5, 0.5]]
    """
    level, mean, start, slope = np.zeros((4, len(shocks)))
    errors = np.empty_like(shocks)
    for step, shock in enumerate(shocks.T):
        count = known + step + 1
        kept = (1 - alpha) ** (count - 1)
        line = start * kept + slope * (1 - kept * (1 - alpha)) / alpha
        came = errors[:, step] = level + (1 - 1 / theta) * line + shock
        level = alpha * came + (1 - alpha) * level
        slope = ((count - 2) * slope + 6 * (came - mean) / count) / (count + 1)
        mean = ((count - 1) * mean + came) / count
        start = mean - (count + 1) / 2 * slope
    return errors
