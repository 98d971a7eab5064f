"""ARIMA of given orders by exact maximum likelihood, and autoregression with its order chosen by AICc.

The state-space likelihood (statsmodels) takes missing values as they are. Its diffuse start is diffuse only for data
of ordinary size, so it gets a history of standard deviation one: with raw values in the thousands its estimates are
off in the second digit.
"""

from functools import partial

import numpy as np
from jaxtyping import Float
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.statespace.sarimax import SARIMAX

from seqcast.forecasters.gaussian import History, LocalForecast
from seqcast.forecasters.guard import FitFailedError, Limits, Normal, guarded, interpolated
from seqcast.forecasters.orders import ArimaOrder
from seqcast.types import Task

NO_SEASON = "its seasonal part was left out: the season is a single step"

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


def estimate(history: History, order: ArimaOrder, season: int) -> tuple[Float[np.ndarray, "parameters"], SARIMAX]:
    """Return the maximum-likelihood parameters, in the order of statsmodels, and the model they belong to.

    The parameters are the mean (where nothing is differenced), ar, ma, seasonal ar, seasonal ma, and the variance.

    Examples
    --------
    >>> parameters, _ = estimate(np.random.default_rng(0).normal(size=50), ArimaOrder(p=1), 1)
    >>> parameters.shape
    (3,)
    """
    seasonal = order.seasonal and season > 1
    constant = order.d + order.D * seasonal == 0
    spent = order.d + season * order.D * seasonal + order.p + order.q + (order.P + order.Q) * seasonal + constant
    if (~np.isnan(history)).sum() < spent + 3:
        raise FitFailedError("too few observed values for these orders")
    shape = {
        "order": (order.p, order.d, order.q),
        "seasonal_order": (order.P, order.D, order.Q, season) if seasonal else (0, 0, 0, 0),
    }
    # statsmodels may write into the data that it is given.
    if constant:
        model = ARIMA(history.copy(), trend="c", **shape)
        return np.asarray(model.fit().params), model
    # Differencing first spares about half of the states. It is the same likelihood unless values are missing.
    whole = not np.isnan(history).any()
    fitted = SARIMAX(history.copy(), simple_differencing=whole, **shape).fit(disp=False)
    return np.asarray(fitted.params), SARIMAX(history.copy(), **shape)


def _given(history: History, steps: int, season: int, *, order: ArimaOrder) -> Normal:
    parameters, model = estimate(history, order, season)
    return _predicted(model, parameters, steps, NO_SEASON if order.seasonal and season == 1 else None)


def _predicted(model: SARIMAX, parameters: np.ndarray, steps: int, note: str | None = None) -> Normal:
    if not np.isfinite(parameters).all() or parameters[-1] <= 0:
        raise FitFailedError("the estimates are not finite, or its variance is zero")
    forecast = model.filter(parameters).get_forecast(steps)
    return Normal(np.asarray(forecast.predicted_mean), np.asarray(forecast.se_mean), note)


def _autoregression(history: History, steps: int, season: int) -> Normal:
    count = int((~np.isnan(history)).sum())
    most = min(max(int(10 * np.log10(count)), season + 2), count // 3)
    mean = float(np.nanmean(history))
    coefficients, variance = burg(interpolated(history) - mean, most)
    model = ARIMA(history.copy(), order=(len(coefficients), 0, 0), trend="c")
    return _predicted(model, np.array([mean, *coefficients, variance]), steps)


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
