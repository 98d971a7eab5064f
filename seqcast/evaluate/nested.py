"""What is learnt on the inner windows and scored once on the outer ones: weights, the width of intervals, the choice.

After Varma & Simon (2006): a choice made on the windows that score it flatters itself. Here the inner windows come
before the outer ones in time, so that nothing chosen has seen what it is scored by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from seqcast.data.panel import Panel
from seqcast.evaluate.backtest import Backtest, joined
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.combine import combined, greedy_weights, median_of
from seqcast.evaluate.conformal import calibrated
from seqcast.evaluate.leaderboard import leaderboard
from seqcast.evaluate.plan import Plan
from seqcast.forecasters.calibrated import Calibration
from seqcast.forecasters.ensemble import GREEDY, MEDIAN
from seqcast.types import Forecast

FEWEST_MEMBERS = 3  # of two, the better one is all that there is to find


@dataclass(frozen=True, eq=False)
class Settled:
    """What the inner windows decided.

    Parameters
    ----------
    backtests : mapping of str to Backtest
        What each model said at the outer cutoffs, with its intervals corrected.
    raw : mapping of str to Backtest
        What it said at every cutoff, the inner ones first, as the model gave it.
    calibrations : mapping of str to Calibration
        What corrects its forecast past the last row; empty where intervals are left as the models give them.
    choice : Choice
        The model that forecasts, and the scores.
    """

    backtests: Mapping[str, Backtest]
    raw: Mapping[str, Backtest]
    calibrations: Mapping[str, Calibration]
    choice: Choice


def settle(panel: Panel, plan: Plan, members: Mapping[str, Backtest], intervals: str, ensembles: bool) -> Settled:
    """Learn weights and corrections on the inner windows, score everything on the outer ones, and choose.

    Parameters
    ----------
    members : mapping of str to Backtest
        What each model said at every cutoff of the plan.
    intervals : str
        `adaptive`, `split` or `model`.
    ensembles : bool
        Whether to combine the members where there are three at least and inner windows to learn weights on.
    """
    raw = dict(members)
    weights: dict[str, float] = {}
    honest = {name: _inner(test.forecast, plan) for name, test in members.items()}
    if ensembles and plan.inner and len(members) >= FEWEST_MEMBERS:
        said = {name: test.forecast for name, test in members.items()}
        weights = _weights(panel, plan, said)
        raw[MEDIAN] = _together(median_of(MEDIAN, said), members)
        honest[MEDIAN] = _inner(raw[MEDIAN].forecast, plan)
        raw[GREEDY] = _together(combined(GREEDY, said, weights), {name: members[name] for name in weights})
        if plan.inner > 1:
            honest[GREEDY] = _each_by_the_others(panel, plan, said)
    delivered: dict[str, Backtest] = {}
    calibrations: dict[str, Calibration] = {}
    for name, test in raw.items():
        forecast = test.forecast
        if intervals != "model":
            forecast, calibrations[name] = calibrated(panel, forecast, plan.folds, plan.task, intervals)
        delivered[name] = replace(test, forecast=_outer(forecast, plan))
    first = plan.folds.known[0]
    outer = leaderboard(
        panel, plan.task, {name: (test.forecast, test.seconds) for name, test in delivered.items()}, first
    )
    inner = outer
    if plan.inner:
        inner = leaderboard(panel, plan.task, {name: (said, raw[name].seconds) for name, said in honest.items()}, first)
    choice = Choice(
        model=inner[0].model, windows=plan.inner, inner=inner if plan.inner else (), outer=outer, weights=weights
    )
    return Settled(delivered, raw, calibrations, choice)


def _inner(forecast: Forecast, plan: Plan) -> Forecast:
    return forecast.take(forecast.origins.fold < plan.inner)


def _outer(forecast: Forecast, plan: Plan) -> Forecast:
    """Return the outer windows alone, numbered from 0."""
    kept = forecast.take(forecast.origins.fold >= plan.inner)
    return replace(kept, origins=replace(kept.origins, fold=kept.origins.fold - plan.inner))


def _weights(panel: Panel, plan: Plan, said: Mapping[str, Forecast], without: int = -1) -> dict[str, float]:
    """Return the weights learnt on the inner windows, all but one."""
    kept = {
        name: forecast.take((forecast.origins.fold < plan.inner) & (forecast.origins.fold != without))
        for name, forecast in said.items()
    }
    return greedy_weights(panel, plan.task, kept, plan.folds.known[0])


def _each_by_the_others(panel: Panel, plan: Plan, said: Mapping[str, Forecast]) -> Forecast:
    """Return the greedy ensemble of each inner window with the weights of the others.

    On the windows that its weights were learnt on it cannot lose against its members, and would always be chosen.
    """
    parts = []
    for fold in range(plan.inner):
        weights = _weights(panel, plan, said, without=fold)
        here = {name: forecast.take(forecast.origins.fold == fold) for name, forecast in said.items()}
        parts.append(combined(GREEDY, here, weights))
    return joined(parts)


def _together(forecast: Forecast, members: Mapping[str, Backtest]) -> Backtest:
    return Backtest(forecast, float(np.sum([member.seconds for member in members.values()])))
