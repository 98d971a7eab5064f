"""Automatic ARIMA, MA and ARMA: statsforecast searches, and what it finds must be no worse than what is simpler.

The search is bounded so that a fit costs a fraction of a second: a season of up to 12 steps is searched with seasonal
terms on the latest 20 seasons, a longer one is taken out by STL first. `bench/LOG.md` has the figures.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from statistics import NormalDist
from typing import Any

import numpy as np
from statsforecast.arima import Arima, auto_arima_f, forecast_arima

from seqcast.forecasters.gaussian import History, LocalForecast
from seqcast.forecasters.guard import FIT_FAILURES, FitFailedError, Limits, Normal, guarded
from seqcast.forecasters.season import on_remainder
from seqcast.types import Task

Model = dict[str, Any]

LONGEST_SEASON = 12
SIMPLER = "the automatic search came back with a worse model than {}; that was taken"


@dataclass(frozen=True, kw_only=True)
class Search:
    """Bounds of the stepwise search.

    Examples
    --------
    >>> Search(p=0, stationary=True).q
    5
    """

    p: int = 5
    q: int = 5
    seasonal: int = 0
    order: int = 5
    models: int = 30
    stationary: bool = False


_EXACT_UP_TO = 150
_PLAIN = Search()
_SEASONAL = Search(p=3, q=3, seasonal=1, order=4, models=25)
_MOVING_AVERAGE = Search(p=0, stationary=True)
_MIXED = Search(p=3, q=3, stationary=True)


def auto_arima(history: History, task: Task) -> LocalForecast:
    """Forecast by the ARIMA model of least AICc in a bounded stepwise search (Hyndman & Khandakar 2008).

    Examples
    --------
    >>> auto_arima(np.cumsum(np.random.default_rng(0).normal(size=80)), Task(horizon=3)).mean.shape
    (3,)
    """
    short = 1 < task.season <= LONGEST_SEASON
    return guarded(_auto_arima, history, task, Limits(seasons=20, steps=200) if short else Limits())


def moving_average(history: History, task: Task) -> LocalForecast:
    """Forecast by MA(q) about a mean, q up to 5 by AICc.

    Examples
    --------
    >>> moving_average(np.random.default_rng(0).normal(size=80), Task(horizon=3)).mean.shape
    (3,)
    """
    return guarded(partial(_searched, search=_MOVING_AVERAGE), history, task, Limits())


def mixed(history: History, task: Task) -> LocalForecast:
    """Forecast by ARMA(p,q) about a mean, p and q up to 3 by AICc.

    Examples
    --------
    >>> mixed(np.random.default_rng(0).normal(size=80), Task(horizon=3)).mean.shape
    (3,)
    """
    return guarded(partial(_searched, search=_MIXED), history, task, Limits())


def _auto_arima(history: History, steps: int, season: int) -> Normal:
    plain = partial(_searched, search=_PLAIN)
    if season > LONGEST_SEASON:
        return on_remainder(plain, history, steps, season)
    if season == 1 or len(history) < 2 * season + 2:
        return plain(history, steps, 1)
    return _searched(history, steps, season, search=_SEASONAL)


def _searched(history: History, steps: int, season: int, *, search: Search) -> Normal:
    period = season if search.seasonal else 1
    found = _attempt(partial(_search, history, period, search))
    d, D = found["arma"][5:] if found else (0 if search.stationary else 1, 0)
    simple = ((0, d, 0), (1, d, 0) if search.p else (0, d, 1))
    rivals = [_attempt(partial(_one, history, order, (0, D, 0), period)) for order in simple]
    sane = [model for model in (found, *rivals) if model is not None]
    if not sane:
        raise FitFailedError("neither the automatic search nor a simpler model gave a sane fit")
    best = min(sane, key=_aicc)
    # Two units of AICc are within what another optimiser would give; more means that the search went wrong.
    if found is not None and _aicc(found) <= _aicc(best) + 2:
        return _normal(found, steps)
    return replace(_normal(best, steps), note=SIMPLER.format(_name(best)))


def _attempt(fit: Callable[[], Model]) -> Model | None:
    """Return the fitted model, or None where the fit failed or what came back cannot be meant."""
    try:
        model = fit()
    except FIT_FAILURES:
        return None
    figures = [*model["coef"].values(), model["sigma2"], model["loglik"], _aicc(model)]
    return model if np.isfinite(figures).all() and model["sigma2"] > 0 else None


def _search(history: History, period: int, search: Search) -> Model:
    return auto_arima_f(
        history,
        period=period,
        max_p=search.p,
        max_q=search.q,
        max_P=search.seasonal,
        max_Q=search.seasonal,
        max_order=search.order,
        nmodels=search.models,
        stationary=search.stationary,
        approximation=period == 1 and len(history) > _EXACT_UP_TO,
    )


def _one(history: History, order: tuple[int, ...], seasonal: tuple[int, ...], period: int) -> Model:
    # CSS-ML is maximum likelihood from a start by conditional sum of squares: what the search compares by.
    return Arima(
        history,
        order=order,
        seasonal={"order": seasonal, "period": period},
        include_constant=order[1] + seasonal[1] < 2,
        method="CSS-ML",
    )


def _aicc(model: Model) -> float:
    return float(model.get("aicc", np.nan))


def _name(model: Model) -> str:
    p, q, P, Q, _, d, D = model["arma"]
    return f"ARIMA({p},{d},{q})" + (f"({P},{D},{Q})" if P + D + Q else "")


def _normal(model: Model, steps: int) -> Normal:
    forecast = forecast_arima({**model, "lambda": None}, steps, level=[95])
    mean = np.asarray(forecast["mean"], dtype=np.float64)
    upper = np.asarray(forecast["upper"], dtype=np.float64)[:, 0]
    sigma = (upper - mean) / NormalDist().inv_cdf(0.975)
    return Normal(mean, sigma)
