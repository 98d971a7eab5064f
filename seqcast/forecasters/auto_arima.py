"""Automatic ARIMA, MA and ARMA: statsforecast searches the orders, exact maximum likelihood estimates and judges them.

The library's own estimates are not taken: its optimiser often ends where it began (even at coefficients of zero), and
missing values make them NaN. They are where the exact estimation begins, on the history with its holes; what comes out
must be no worse than what simpler models give by the same likelihood.

The search is bounded so that a fit costs a fraction of a second: a season of up to 12 steps is searched with seasonal
terms on the latest 20 seasons, a longer one is taken out by STL first. `bench/LOG.md` has the figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from statsforecast.arima import auto_arima_f

from seqcast.forecasters.gaussian import History, LocalForecast
from seqcast.forecasters.guard import FILLED, FIT_FAILURES, FitFailedError, Limits, Normal, guarded, interpolated
from seqcast.forecasters.likelihood import Estimate, estimate
from seqcast.forecasters.orders import ArimaOrder
from seqcast.forecasters.regressors import Known, design
from seqcast.forecasters.season import on_remainder
from seqcast.types import Task

Model = dict[str, Any]

LONGEST_SEASON = 12
SIMPLER = "the automatic search came back with a worse model than {}; that was taken"
UNSOUND = "the automatic search came back with estimates of zero or NaN; {} was estimated by exact likelihood alone"
HOLES = "missing values were interpolated to search the orders; the estimates integrate them out"

SLACK = 2.0
"""Units of AICc that a simpler model must be better by: the search compares models by its own, rougher likelihood."""


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


@dataclass(frozen=True, eq=False)
class Candidate:
    """A model that may answer, and what the user is told if it is taken."""

    estimate: Estimate
    ahead: np.ndarray | None
    note: str | None

    def forecast(self, steps: int) -> Normal:
        """Return its forecast, with its note."""
        return replace(self.estimate.forecast(steps, self.ahead), note=self.note)


_EXACT_UP_TO = 150
_ROWS_A_TERM = 8
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
    limits = Limits(seasons=20, steps=200, holes=True) if short else Limits(holes=True)
    return guarded(_auto_arima, history, task, limits)


def moving_average(history: History, task: Task) -> LocalForecast:
    """Forecast by MA(q) about a mean, q up to 5 by AICc.

    Examples
    --------
    >>> moving_average(np.random.default_rng(0).normal(size=80), Task(horizon=3)).mean.shape
    (3,)
    """
    return guarded(partial(_searched, search=_MOVING_AVERAGE), history, task, Limits(holes=True))


def mixed(history: History, task: Task) -> LocalForecast:
    """Forecast by ARMA(p,q) about a mean, p and q up to 3 by AICc.

    Examples
    --------
    >>> mixed(np.random.default_rng(0).normal(size=80), Task(horizon=3)).mean.shape
    (3,)
    """
    return guarded(partial(_searched, search=_MIXED), history, task, Limits(holes=True))


def _auto_arima(history: History, steps: int, season: int) -> Normal:
    plain = partial(_searched, search=_PLAIN)
    if season > LONGEST_SEASON:
        whole = on_remainder(plain, interpolated(history), steps, season)
        filled = FILLED if np.isnan(history).any() else None
        return replace(whole, note="; ".join(part for part in (filled, whole.note) if part) or None)
    if season == 1 or len(history) < 2 * season + 2:
        return plain(history, steps, 1)
    return _searched(history, steps, season, search=_SEASONAL)


def _searched(history: History, steps: int, season: int, *, search: Search) -> Normal:
    period = season if search.seasonal else 1
    found = _search(interpolated(history), period, search)
    holes = HOLES if np.isnan(history).any() else None
    candidates = [] if found is None else [_anew(found, history, steps, period, holes)]
    d, D = found["arma"][5:] if found else (0 if search.stationary else 1, 0)
    for order in (ArimaOrder(d=d, D=D), ArimaOrder(p=1, d=d, D=D) if search.p else ArimaOrder(d=d, q=1, D=D)):
        candidates.append(_exact(history, order, period, SIMPLER.format(order.name.upper())))
    sane = [candidate for candidate in candidates if candidate is not None]
    if not sane:
        raise FitFailedError("neither the automatic search nor a simpler model gave a sane fit")
    least = min(candidate.estimate.aicc for candidate in sane)
    return next(candidate for candidate in sane if candidate.estimate.aicc <= least + SLACK).forecast(steps)


def _search(history: History, period: int, search: Search) -> Model | None:
    """Return what the library finds, or None where it fails."""
    # AICc turns negative where there are more parameters than rows, and the library would call that the best.
    most = max(len(history) - period * (period > 1), 0) // _ROWS_A_TERM
    try:
        return auto_arima_f(
            history,
            period=period,
            max_p=min(search.p, most),
            max_q=min(search.q, most),
            max_P=min(search.seasonal, most),
            max_Q=min(search.seasonal, most),
            max_order=search.order,
            nmodels=search.models,
            stationary=search.stationary,
            approximation=period == 1 and len(history) > _EXACT_UP_TO,
        )
    except FIT_FAILURES:
        return None


def _anew(found: Model, history: History, steps: int, period: int, holes: str | None) -> Candidate | None:
    """Return the model that was found, estimated from where the library ended, if that can be meant."""
    p, q, P, Q, _, d, D = found["arma"]
    order = ArimaOrder(p=p, d=d, q=q, P=P, D=D, Q=Q)
    values = [float(value) for value in found["coef"].values()]
    sound = np.isfinite([*values, found["sigma2"], found["loglik"]]).all() and found["sigma2"] > 0 and all(values)
    unsound = None if sound else UNSOUND.format(order.name.upper())
    note = "; ".join(part for part in (holes, unsound) if part) or None
    drift = steps if "drift" in found["coef"] else 0
    return _exact(history, order, period, note, drift, values[: p + q + P + Q] if sound else None)


def _exact(
    history: History,
    order: ArimaOrder,
    period: int,
    note: str | None,
    drift: int = 0,
    start: Sequence[float] | None = None,
) -> Candidate | None:
    """Return the model by exact maximum likelihood, with a drift over so many steps ahead; None where that fails."""
    chosen = ahead = None
    try:
        if drift:
            trend = np.arange(float(len(history) + drift))[:, None]
            chosen = design(Known(("drift",), trend), ~np.isnan(history), order, period)
            ahead = chosen.values[len(history) :]
        model = estimate(history, order, period, chosen, start)
    except FIT_FAILURES:
        return None
    sane = np.isfinite([*model.parameters, model.log_likelihood]).all() and model.parameters[-1] > 0
    return Candidate(model, ahead, note) if sane else None
