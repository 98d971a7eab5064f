"""ARIMA of given orders, also as the errors of a regression on known columns; autoregression of the order AICc chooses.

The first two by exact maximum likelihood, with missing values as they are. The history has a standard deviation of one:
the optimiser's first step and its tolerance are meant for such data.
"""

from dataclasses import replace
from functools import partial

import numpy as np
from jaxtyping import Float
from statsmodels.tsa.statespace.sarimax import SARIMAX

from seqcast.forecasters.gaussian import History, LocalForecast
from seqcast.forecasters.guard import FitFailedError, Limits, Normal, guarded, interpolated
from seqcast.forecasters.likelihood import estimate, predicted
from seqcast.forecasters.orders import ArimaOrder
from seqcast.forecasters.regressors import Known, design
from seqcast.types import Task

NO_SEASON = "its seasonal part was left out: the season is a single step"
LEFT_OUT = "left out, for it says nothing of its own in the history: {}"

_AS_IT_IS = Limits(holes=True)


def given_arima(history: History, task: Task, *, order: ArimaOrder) -> LocalForecast:
    """Forecast by the ARIMA model of these orders.

    Examples
    --------
    >>> order = ArimaOrder.parse("arima(0,1,1)")
    >>> given_arima(np.arange(30.0) % 7, Task(horizon=2), order=order).mean.shape
    (2,)
    """
    return guarded(partial(_given, order=order), history, task, _AS_IT_IS)


def regression_arima(history: History, task: Task, *, order: ArimaOrder, known: Known) -> LocalForecast:
    """Forecast by a regression on the known columns whose errors are an ARIMA model of these orders.

    Both are estimated at once by exact maximum likelihood; where the model differences, it differences the columns
    too. A column that cannot be told apart from the mean, the differences or other columns is left out, and said.

    Parameters
    ----------
    known : Known
        One row for each of the history, then one for each step of the horizon.

    Examples
    --------
    >>> steps = np.arange(32.0)
    >>> waves, noise = np.sin(steps), np.random.default_rng(0).normal(size=30)
    >>> forecast = regression_arima(
    ...     10 * waves[:30] + noise, Task(horizon=2), order=ArimaOrder(p=1), known=Known(("waves",), waves[:, None])
    ... )
    >>> bool(np.abs(forecast.mean - 10 * waves[30:]).max() < 1)
    True
    """
    return guarded(partial(_regressed, order=order, known=known, horizon=task.horizon), history, task, _AS_IT_IS)


def autoregression(history: History, task: Task) -> LocalForecast:
    """Forecast by an autoregression about a mean, its order chosen by AICc, its coefficients by Burg's method.

    Up to two steps past one season, or 10·log10 of the length, or a third of it, whichever binds. Burg's
    coefficients are always stationary and cost one pass for all orders.

    Examples
    --------
    >>> autoregression(np.arange(30.0) % 3 + 1, Task(horizon=3)).mean.round(1).tolist()
    [1.0, 2.0, 3.0]
    """
    return guarded(_autoregression, history, task, _AS_IT_IS)


def _given(history: History, steps: int, season: int, *, order: ArimaOrder) -> Normal:
    forecast = estimate(history, order, season).forecast(steps)
    return replace(forecast, note=NO_SEASON if order.seasonal and season == 1 else None)


def _regressed(history: History, steps: int, season: int, *, order: ArimaOrder, known: Known, horizon: int) -> Normal:
    chosen = design(known.latest(len(history) + steps), ~np.isnan(history), order.at(season), season)
    if np.isnan(chosen.values[-horizon:]).any():
        raise FitFailedError("a known column has no value at some step of the horizon")
    # Rows between the last observed value and the origin have no forecast to give: a gap in them is nobody's.
    ahead = np.nan_to_num(chosen.values[len(history) :])
    forecast = estimate(history, order, season, chosen).forecast(steps, ahead)
    notes = [NO_SEASON] if order.seasonal and season == 1 else []
    notes += [LEFT_OUT.format(", ".join(chosen.dropped))] if chosen.dropped else []
    return replace(forecast, note="; ".join(notes) or None)


def _autoregression(history: History, steps: int, season: int) -> Normal:
    count = int((~np.isnan(history)).sum())
    most = min(max(int(10 * np.log10(count)), season + 2), count // 3)
    mean = float(np.nanmean(history))
    coefficients, variance = burg(interpolated(history) - mean, most)
    model = SARIMAX(history.copy(), np.ones((len(history), 1)), order=(len(coefficients), 0, 0))
    return predicted(model, np.array([mean, *coefficients, variance]), steps)


def burg(centred: Float[np.ndarray, "T"], most: int) -> tuple[Float[np.ndarray, "p"], float]:
    """Return the coefficients and innovation variance of the autoregression of least AICc, by Burg's recursion.

    Parameters
    ----------
    centred : float array (T,)
        History of mean zero.
    most : int
        The largest order tried.

    Examples
    --------
    >>> wave = np.sin(np.arange(200) * 0.3)
    >>> burg(wave, 2)[0].round(2).tolist()
    [1.91, -1.0]
    """
    count = len(centred)
    forward, backward = centred, centred
    variance = float(centred @ centred) / count
    coefficients = np.empty(0)
    best = (coefficients, variance)
    least = count * np.log(variance) + 4 * count / (count - 3)
    for order in range(1, min(most, count - 5) + 1):
        ahead, behind = forward[1:], backward[:-1]
        reflection = 2 * float(ahead @ behind) / float(ahead @ ahead + behind @ behind)
        coefficients = np.append(coefficients - reflection * coefficients[::-1], reflection)
        variance *= 1 - reflection**2
        if not 0 < variance < np.inf:
            break
        forward, backward = ahead - reflection * behind, behind - reflection * ahead
        criterion = count * np.log(variance) + 2 * (order + 2) * count / (count - order - 3)
        if criterion < least:
            least, best = criterion, (coefficients, variance)
    return best
