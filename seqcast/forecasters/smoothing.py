"""Exponential smoothing: ETS chosen by AICc, and the Theta method. Fitted by statsforecast; the intervals are ours.

Variances after Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing (2008), chapter 6: exact for
additive models, and for multiplicative errors; approximate where the season multiplies too.
"""

from itertools import product

import numpy as np
from jaxtyping import Float
from statsforecast.ets import etsmodel, pegelsfcast_C
from statsforecast.theta import forecast_theta, thetamodel

from seqcast.forecasters.gaussian import History, LocalForecast
from seqcast.forecasters.guard import FitFailedError, Limits, Normal, guarded
from seqcast.forecasters.season import classical_pattern, on_remainder
from seqcast.types import Task

LONGEST_SEASON = 12
"""A longer season is taken out by STL first: each of its positions would be one more state to optimise."""

_PHI = (0.8, 0.98)
_MULTIPLICATIVE_FROM = 0.02


def ets(history: History, task: Task) -> LocalForecast:
    """Forecast by exponential smoothing; error, trend and season chosen by AICc.

    Multiplicative ones are tried when every value is positive and they could differ from additive ones.

    Examples
    --------
    >>> line = np.arange(40.0) + np.resize([0.0, 0.3, -0.2], 40)
    >>> ets(line, Task(horizon=2)).mean.round().tolist()
    [40.0, 41.0]
    """
    level = _level_matters(history)
    return guarded(_ets, history, task, Limits(level=level))


def theta(history: History, task: Task) -> LocalForecast:
    """Forecast by the dynamic optimised Theta method (Fiorucci et al. 2016) on the seasonally adjusted history.

    Examples
    --------
    >>> theta(np.arange(40.0) + np.resize([0.0, 0.3, -0.2], 40), Task(horizon=1)).mean.shape
    (1,)
    """
    return guarded(_theta, history, task, Limits(level=_level_matters(history)))


def _level_matters(history: History) -> bool:
    seen = history[~np.isnan(history)]
    return len(seen) > 0 and seen.min() > 0 and bool(np.std(seen) > _MULTIPLICATIVE_FROM * np.mean(seen))


def _ets(history: History, steps: int, season: int) -> Normal:
    if season > LONGEST_SEASON:
        return on_remainder(_ets, history, steps, season)
    positive = bool(history.min() > 0)
    seasons = "N" if season == 1 or len(history) < 2 * season + 2 else "NAM" if positive else "NA"
    best, best_aicc = None, np.inf
    for error, trend, shape, damped in product("AM" if positive else "A", "NA", seasons, (False, True)):
        if (damped and trend == "N") or (error == "A" and shape == "M"):
            continue
        model = _etsmodel(history, season if shape != "N" else 1, error + trend + shape, damped)
        if np.isfinite(model["aicc"]) and model["aicc"] < best_aicc and 0 < model["sigma2"] < np.inf:
            best, best_aicc = model, model["aicc"]
    if best is None:
        raise FitFailedError("no ETS model could be fitted")
    mean = pegelsfcast_C(steps, best)
    return Normal(mean, ets_sigma(best, mean))


def _etsmodel(history: History, season: int, form: str, damped: bool) -> dict:
    unset = dict.fromkeys(("alpha", "beta", "gamma", "phi"), np.nan)
    lower, upper = np.array([1e-4, 1e-4, 1e-4, _PHI[0]]), np.array([0.9999, 0.9999, 0.9999, _PHI[1]])
    return etsmodel(
        history, season, *form, damped, **unset, lower=lower, upper=upper, opt_crit="lik", nmse=3, bounds="both"
    )


def ets_sigma(model: dict, mean: Float[np.ndarray, "H"]) -> Float[np.ndarray, "H"]:
    """Return the standard deviation of each step of a fitted ETS model.

    Parameters
    ----------
    model : dict
        As statsforecast's `etsmodel` returns it.
    mean : float array (H,)
        Its forecast.

    Examples
    --------
    >>> walk = {"components": "ANNN", "par": [1.0, np.nan, np.nan, np.nan], "sigma2": 4.0, "m": 1}
    >>> ets_sigma(walk, np.zeros(4)).tolist()
    [2.0, 2.8284271247461903, 3.4641016151377544, 4.0]
    """
    error, _, shape, damped = model["components"]
    alpha, beta, gamma, phi = np.nan_to_num(np.asarray(model["par"][:4], dtype=np.float64))
    phi = phi if damped == "D" else 1.0
    lags = np.arange(1, len(mean))
    effect = alpha + beta * np.cumsum(phi**lags)
    variance = float(model["sigma2"])
    if shape == "A":
        effect = effect + gamma * (lags % model["m"] == 0)
    if error == "A":
        return np.sqrt(variance * np.concatenate([[1.0], 1 + np.cumsum(effect**2)]))
    pattern = _seasonal_factors(model, len(mean)) if shape == "M" else np.ones(len(mean))
    rest = mean / pattern
    second = np.empty(len(mean))
    for step in range(len(mean)):
        second[step] = rest[step] ** 2 + variance * (effect[:step] ** 2 @ second[:step][::-1])
    cycles = np.arange(len(mean)) // model["m"] if shape == "M" else np.zeros(len(mean))
    drifted = (1 + gamma**2 * variance) ** cycles
    return np.abs(pattern) * np.sqrt(np.maximum(second * (1 + variance) * drifted - rest**2, 0.0))


def _seasonal_factors(model: dict, steps: int) -> Float[np.ndarray, "H"]:
    # The states hold the latest season first, so the one that comes next is the last.
    return np.resize(np.asarray(model["states"])[-1, -model["m"] :][::-1], steps)


def _theta(history: History, steps: int, season: int) -> Normal:
    found = classical_pattern(history, season)
    if found is None:
        return _dynamic_theta(history, steps)
    pattern, multiplies = found
    rest = _dynamic_theta(history / pattern if multiplies else history - pattern, steps)
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
