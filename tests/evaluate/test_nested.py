"""Nothing is chosen by what scores it: inner windows decide, outer windows score once."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest

from seqcast.budget import Deadline
from seqcast.evaluate import nested
from seqcast.evaluate.backtest import backtest
from seqcast.evaluate.combine import best_members, combined, greedy_weights
from seqcast.evaluate.leaderboard import Score
from seqcast.evaluate.nested import settle
from seqcast.evaluate.plan import plan
from seqcast.evaluate.study import Limits, compare
from seqcast.options import RunOptions
from seqcast.types import Forecast
from tests.evaluate.panels import panel_of

OPTIONS = RunOptions(horizon=4, models=("one", "two"), season=1, windows=3, quantiles=(0.1, 0.5, 0.9))


@dataclass(frozen=True)
class Planted:
    """A forecaster that is off by one amount before a row and by another from there on."""

    name: str
    early: float
    late: float
    turn: int

    notes, records, ending = (), (), "finished"

    def fit(self, panel, task, deadline):
        return self

    def moved(self, panel, known):
        return self

    def predict(self, panel, origins):
        truth = np.nan_to_num(panel.actual(origins, OPTIONS.horizon))
        off = np.where(origins.rows < self.turn, self.early, self.late)[:, None, None]
        return Forecast(origins, OPTIONS.quantiles, truth + off, (truth + off)[..., None] + np.array([-1.0, 0.0, 1.0]))


def walk(rows=60, seed=0):
    return np.random.default_rng(seed).normal(size=rows).cumsum()


def studied(panel, *forecasters, **limits):
    planned = plan(panel, OPTIONS)
    return planned, compare(panel, planned, forecasters, Limits(**{"intervals": "model", "ensembles": False, **limits}))


def test_the_inner_windows_choose_and_the_outer_ones_show_what_that_was_worth():
    planned, study = studied(panel_of(walk()), Planted("one", 0.1, 5.0, 48), Planted("two", 2.0, 0.1, 48))
    assert planned.inner == 3 and planned.folds.known[3, 0] == 48
    assert study.best == "one" and study.scores[0].model == "two"
    unit = np.abs(np.diff(walk()[: planned.folds.known[0, 0]])).mean()
    choice = study.choice
    assert choice.inner_mase == pytest.approx(0.1 / unit) and choice.outer_mase == pytest.approx(5.0 / unit)
    assert choice.optimism == pytest.approx(4.9 / unit)
    assert study.order[0] == "one" and set(study.order) == {"one", "two", "seasonal-naive"}
    assert choice.to_mapping()["inner_windows"] == 3


def test_the_gap_of_the_middle_model_says_how_much_harder_the_outer_windows_were():
    parts = (Planted("one", 1.0, 2.0, 48), Planted("two", 1.5, 2.5, 48), Planted("three", 2.0, 3.0, 48))
    planned, study = studied(panel_of(walk()), *parts, Planted("four", 3.0, 4.0, 48))
    unit = np.abs(np.diff(walk()[: planned.folds.known[0, 0]])).mean()
    assert study.choice.harder == pytest.approx(1.0 / unit)
    assert study.choice.optimism == pytest.approx(1.0 / unit)


def test_without_inner_windows_the_outer_ones_choose_and_nothing_is_called_optimism():
    panel = panel_of(walk(24))
    planned = plan(panel, replace(OPTIONS, inner=0))
    study = compare(panel, planned, [Planted("one", 0.1, 0.1, 0)], Limits(ensembles=False))
    assert study.choice.windows == 0 and study.choice.inner == () and study.best == "one"
    assert np.isnan(study.choice.optimism) and study.choice.to_mapping()["optimism"] is None


def test_the_outer_windows_are_delivered_alone_and_numbered_from_0():
    _, study = studied(panel_of(walk()), Planted("one", 0.1, 5.0, 48))
    origins = study.backtests["one"].forecast.origins
    assert sorted(set(origins.fold)) == [0, 1, 2] and origins.rows.min() == 48
    assert len(study.settled.raw["one"].forecast.origins) == 6


@pytest.mark.parametrize("intervals", ["adaptive", "split"])
def test_what_comes_after_the_first_outer_cutoff_moves_nothing_that_was_settled_at_it(intervals):
    values = walk()
    planned = plan(panel_of(values), OPTIONS)
    cut = planned.folds.known[3, 0]
    names = ("naive", "drift", "theta")

    def settled(after):
        panel = panel_of(np.concatenate([values[:cut], after]))
        from seqcast.forecasters.classical import build_local

        limits = Limits(intervals=intervals, ensembles=True)
        study = compare(panel, planned.until_first_outer(), [build_local(name, workers=1) for name in names], limits)
        said = [study.backtests[name].forecast.values for name in sorted(study.backtests)]
        return study.best, dict(study.choice.weights), np.concatenate(said)

    best, weights, said = settled(values[cut:])
    for after in (np.full(60 - cut, np.nan), np.full(60 - cut, 7.0), 1e4 * walk(60 - cut, seed=9)):
        again = settled(after)
        assert again[:2] == (best, weights)
        np.testing.assert_array_equal(again[2], said)
    assert set(weights) <= {*names, "seasonal-naive"} and sum(weights.values()) == pytest.approx(1.0)


def noisy_members(panel, planned, count=4):
    """Return backtests of models that are off by more the higher their number, and by chance."""
    members = {}
    for seed in range(count):
        name = f"model {seed}"
        noisy = Planted(name, 0.5 * seed, 0.5, 60)
        test = backtest(noisy, panel, planned.task, planned.folds, deadline=Deadline())
        noise = np.random.default_rng(seed).normal(size=test.forecast.mean.shape)
        values = test.forecast.values + noise[..., None]
        members[name] = replace(test, forecast=replace(test.forecast, mean=test.forecast.mean + noise, values=values))
    return members


def test_a_combination_is_judged_for_the_choice_by_what_the_other_windows_teach():
    panel = panel_of(walk(80, seed=3))
    planned = plan(panel, OPTIONS)
    members = noisy_members(panel, planned, count=7)
    found = settle(panel, planned, members, "model", ensembles=True)
    assert set(found.backtests) == {*members, "ensemble", "median"}

    errors, middles, actual = [], [], panel.actual(planned.folds.origins, 4)
    for fold in range(planned.inner):
        others = {
            name: test.forecast.take(
                (test.forecast.origins.fold < planned.inner) & (test.forecast.origins.fold != fold)
            )
            for name, test in members.items()
        }
        weights = greedy_weights(panel, planned.task, others, planned.folds.known[0])
        here = {name: test.forecast.take(test.forecast.origins.fold == fold) for name, test in members.items()}
        said = combined("ensemble", here, weights).median
        errors.append(np.abs(said - actual[planned.folds.origins.fold == fold]).mean())
        best = best_members(panel, planned.task, others, planned.folds.known[0])
        middle = np.median([here[name].median for name in best], axis=0)
        middles.append(np.abs(middle - actual[planned.folds.origins.fold == fold]).mean())
    inner = {score.model: score for score in found.choice.inner}
    assert inner["ensemble"].mae == pytest.approx(np.mean(errors))
    assert inner["median"].mae == pytest.approx(np.mean(middles))


def test_the_median_is_of_the_best_models_of_the_inner_windows():
    panel = panel_of(walk(80, seed=3))
    planned = plan(panel, OPTIONS)
    members = noisy_members(panel, planned, count=8)
    found = settle(panel, planned, members, "model", ensembles=True)
    taught = {name: test.forecast.take(test.forecast.origins.fold < 3) for name, test in members.items()}
    assert found.choice.middle == best_members(panel, planned.task, taught, planned.folds.known[0])
    assert len(found.choice.middle) == 3
    outer = [members[name].forecast.take(members[name].forecast.origins.fold >= 3) for name in found.choice.middle]
    expected = np.median([forecast.median for forecast in outer], axis=0)
    np.testing.assert_allclose(found.backtests["median"].forecast.median, expected)
    assert found.backtests["median"].seconds == pytest.approx(sum(members[n].seconds for n in found.choice.middle))


def test_two_models_are_not_combined():
    planned, study = studied(panel_of(walk()), Planted("one", 0.1, 5.0, 48), ensembles=True)
    assert set(study.backtests) == {"one", "seasonal-naive"} and not study.choice.weights


def test_intervals_are_left_alone_where_that_is_asked():
    panel = panel_of(walk())
    _, study = studied(panel, Planted("one", 0.1, 5.0, 48))
    assert study.settled.calibrations == {}
    raw = study.settled.raw["one"].forecast
    np.testing.assert_array_equal(study.backtests["one"].forecast.values, raw.values[raw.origins.fold >= 3])


def score_of(model, mase):
    return Score(**{**{part.name: 0.0 for part in fields(Score)}, "model": model, "mase": mase})


@pytest.mark.parametrize(
    ("mases", "chosen"),
    [
        ({"ensemble": 0.7, "ets": 0.8, "median": 0.9, "lstm": 1.0}, "median"),
        ({"ets": 0.46, "median": 0.9, "ensemble": 1.0}, "median"),
        ({"ensemble": 0.3, "ets": 0.44, "median": 0.9}, "ets"),
        ({"ets": 0.0, "median": 0.1, "ensemble": 0.2}, "ets"),
        ({"ets": 0.0, "median": 0.0, "ensemble": 0.0}, "median"),
        ({"lstm": 0.8, "seasonal-naive": 1.0}, "lstm"),
        ({"ets": 0.5, "ensemble": 0.6, "median": np.nan}, "ets"),
    ],
)
def test_the_median_is_chosen_wherever_it_is_there_unless_one_model_is_far_ahead(mases, chosen):
    assert nested._chosen([score_of(model, mase) for model, mase in mases.items()]) == chosen


def test_a_run_of_three_models_forecasts_with_the_median_of_the_best_three():
    panel = panel_of(walk(80, seed=3))
    planned = plan(panel, OPTIONS)
    found = settle(panel, planned, noisy_members(panel, planned), "model", ensembles=True)
    assert found.choice.model == "median"
    assert found.choice.title == "the median of {}, {} and {}".format(*found.choice.middle)
    assert found.choice.to_mapping()["median_of"] == list(found.choice.middle)
