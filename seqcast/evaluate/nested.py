"""What is learnt on the inner windows and scored once on the outer ones: weights, the width of intervals, the choice.

After Varma & Simon (2006): a choice made on the windows that score it flatters itself. Here the inner windows come
before the outer ones in time, so that nothing chosen has seen what it is scored by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcast.data.panel import Panel
from seqcast.evaluate.backtest import Backtest, joined
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.combine import best_members, combined, greedy_weights, median_of
from seqcast.evaluate.conformal import calibrated
from seqcast.evaluate.leaderboard import Score, leaderboard
from seqcast.evaluate.plan import Plan
from seqcast.forecasters.calibrated import Calibration
from seqcast.forecasters.ensemble import GREEDY, MEDIAN
from seqcast.types import Forecast

FEWEST_MEMBERS = 3  # of two, the better one is all that there is to find
FAR_AHEAD = 0.5  # of the error of the median


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
    middle: tuple[str, ...] = ()
    honest = {name: _inner(test.forecast, plan) for name, test in members.items()}
    if ensembles and plan.inner and len(members) >= FEWEST_MEMBERS:
        said = {name: test.forecast for name, test in members.items()}
        weights, middle = _weights(panel, plan, said), _best(panel, plan, said)
        raw[MEDIAN] = _together(_median(said, middle), {name: members[name] for name in middle})
        raw[GREEDY] = _together(combined(GREEDY, said, weights), {name: members[name] for name in weights})
        # On the windows that its members were picked by, a combination cannot lose, and would always be chosen.
        honest[MEDIAN], honest[GREEDY] = (
            joined([_by_the_others(name, panel, plan, said, fold) for fold in range(plan.inner)])
            if plan.inner > 1
            else _inner(raw[name].forecast, plan)
            for name in (MEDIAN, GREEDY)
        )
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
        model=_chosen(inner),
        windows=plan.inner,
        inner=inner if plan.inner else (),
        outer=outer,
        weights=weights,
        middle=middle,
    )
    return Settled(delivered, raw, calibrations, choice)


def _chosen(ranked: Sequence[Score]) -> str:
    """Return the median of the best models, which is there wherever three were compared; else the best of them.

    Whatever has the least error on a few windows was lucky there too: the median of the best three had 4 to 5 % less
    on the windows after them, on six or all of seven tables (bench/LOG.md). A model far ahead of it is more than lucky.
    """
    single = next((score for score in ranked if score.model not in (MEDIAN, GREEDY)), ranked[0])
    middle = next((score for score in ranked if score.model == MEDIAN), single)
    return middle.model if single.mase >= FAR_AHEAD * middle.mase else single.model


def _inner(forecast: Forecast, plan: Plan) -> Forecast:
    return forecast.take(forecast.origins.fold < plan.inner)


def _outer(forecast: Forecast, plan: Plan) -> Forecast:
    """Return the outer windows alone, numbered from 0."""
    kept = forecast.take(forecast.origins.fold >= plan.inner)
    return replace(kept, origins=replace(kept.origins, fold=kept.origins.fold - plan.inner))


def _weights(panel: Panel, plan: Plan, said: Mapping[str, Forecast], without: int = -1) -> dict[str, float]:
    """Return the weights learnt on the inner windows, all but one."""
    return greedy_weights(panel, plan.task, _teaching(plan, said, without), plan.folds.known[0])


def _best(panel: Panel, plan: Plan, said: Mapping[str, Forecast], without: int = -1) -> tuple[str, ...]:
    """Return the best models of the inner windows, all but one."""
    return best_members(panel, plan.task, _teaching(plan, said, without), plan.folds.known[0])


def _teaching(plan: Plan, said: Mapping[str, Forecast], without: int) -> dict[str, Forecast]:
    return {
        name: forecast.take((forecast.origins.fold < plan.inner) & (forecast.origins.fold != without))
        for name, forecast in said.items()
    }


def _by_the_others(name: str, panel: Panel, plan: Plan, said: Mapping[str, Forecast], fold: int) -> Forecast:
    """Return what a combination says at one inner window, with what the others teach."""
    here = {model: forecast.take(forecast.origins.fold == fold) for model, forecast in said.items()}
    if name == MEDIAN:
        return _median(here, _best(panel, plan, said, fold))
    return combined(GREEDY, here, _weights(panel, plan, said, fold))


def _median(said: Mapping[str, Forecast], members: tuple[str, ...]) -> Forecast:
    return median_of(MEDIAN, {name: said[name] for name in members})


def _together(forecast: Forecast, members: Mapping[str, Backtest]) -> Backtest:
    return Backtest(forecast, float(np.sum([member.seconds for member in members.values()])))
