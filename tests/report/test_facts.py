"""Facts against numbers worked out by hand, and against what must not change them."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from seqcast.data.calendar import Frequency
from seqcast.evaluate.leaderboard import leaderboard
from seqcast.report.facts import Run, build_facts
from seqcast.report.measure import first_cutoff
from seqcast.report.summary import gap_map
from seqcast.report.windows import choose, shown_rows
from seqcast.types import Forecast, Origins, Task
from tests.report.sample import make_panel, records, sample_run, scores_of

TASK = Task(horizon=2, quantiles=(0.1, 0.5, 0.9), season=2)


def constant(origins: Origins, level: float, width: float = 1.0, targets: int = 1) -> Forecast:
    """Return the forecast that says `level`, plus and minus `width`, whatever came before."""
    mean = np.full((len(origins), TASK.horizon, targets), level)
    return Forecast(origins, TASK.quantiles, mean, mean[..., None] + width * np.array([-1.0, 0.0, 1.0]))


@pytest.fixture
def small() -> Run:
    """Ten rows; inside the first six, a value and the one two rows before differ by 2, so the scale is 2."""
    values = np.array([0, 10, 2, 12, 4, 14, 3, 5, 4, np.nan], dtype=float)
    panel = make_panel(values[None, :, None])
    origins = Origins(np.array([0, 0]), np.array([6, 8]), np.array([0, 1]))
    tests = {"four": constant(origins, 4.0), "seasonal-naive": constant(origins, 9.0), "six": constant(origins, 6.0)}
    return Run(
        panel=panel,
        task=TASK,
        scores=scores_of(panel, TASK, tests),
        backtests=tests,
        final={"four": constant(panel.at_end(), 4.0)},
        training={"four": records(5, 3, 0)},
    )


def test_errors_are_as_worked_out_by_hand(small):
    # What came is 3, 5, 4 and nothing: "four" errs by 1, 1, 0; "six" by 3, 1, 2; seasonal naive by 6, 4, 5.
    facts = build_facts(small)
    by_model = dict(zip(facts.past_models, facts.past[0].mase.tolist(), strict=True))
    assert by_model == pytest.approx({"four": 1 / 3, "six": 1.0, "seasonal-naive": 2.5})
    row = facts.table[0]
    assert (row.mae, row.mase) == pytest.approx((2 / 3, 1 / 3))
    assert row.skill == pytest.approx(1 - (1 / 3) / 2.5)
    assert (row.winner, row.winner_mase) == ("four", pytest.approx(1 / 3))
    steps = dict(zip(facts.steps.models, facts.steps.error.tolist(), strict=True))
    assert not facts.steps.scaled
    assert steps["four"] == pytest.approx([0.5, 1.0])
    assert steps["six"] == pytest.approx([2.5, 1.0])


def test_share_below_each_level_counts_what_came_only(small):
    # Levels of "four" are 3, 4, 5; of the values 3, 5, 4 one is at or below 3, two at or below 4, all at or below 5.
    found = build_facts(small).calibration
    measured = dict(zip(found.models, found.measured.tolist(), strict=True))
    assert measured["four"] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert found.nominal == TASK.quantiles


def test_headline_names_best_yardstick_and_reach(small):
    head = build_facts(small).headline
    assert (head.best, head.yardstick, head.cutoffs) == ("four", "seasonal-naive", 2)
    assert (head.wins, head.judged) == (1, 1)
    assert (head.first_cutoff, head.last_cutoff) == ("2016-07-01 05:00", "2016-07-01 07:00")


def test_a_fan_is_history_and_then_the_forecast(small):
    fan = build_facts(small).fans[0]
    # The last row holds nothing, so the history has nine rows and the forecast starts at row 9.
    assert fan.cutoff == "2016-07-01 08:00"
    assert len(fan.times) == len(fan.actual) + 2
    assert fan.actual.tolist() == [0, 10, 2, 12, 4, 14, 3, 5, 4]
    assert fan.labels[-2:] == ("2016-07-01 09:00", "2016-07-01 10:00")
    assert (np.diff(fan.times) == 3_600_000_000).all()
    assert fan.values[0, 0].tolist() == [3.0, 4.0, 5.0]


def test_a_retrospect_holds_each_cutoff_in_its_place(small):
    past = build_facts(small).past[0]
    m = build_facts(small).past_models.index("six")
    assert past.cutoffs.tolist() == [6, 8]
    assert past.median[m].tolist() == [[6.0, 6.0], [6.0, 6.0]]
    assert (past.low[m] == 5.0).all() and (past.high[m] == 7.0).all()
    assert np.isnan(past.actual[past.rows == 9]).all()


def test_order_of_origins_and_models_changes_nothing(small):
    turned = {name: test.take(np.array([1, 0])) for name, test in reversed(list(small.backtests.items()))}
    other = replace(small, backtests=turned, scores=list(reversed(small.scores)))
    assert build_facts(other).to_json() == build_facts(small).to_json()


def test_the_table_agrees_with_the_leaderboard():
    values = np.random.default_rng(0).normal(size=(4, 60, 2)).cumsum(axis=1)
    values[1, 50:53, 0] = np.nan
    panel = make_panel(values, series=tuple("abcd"), targets=("x", "y"))
    task = Task(horizon=3, season=4)
    run = sample_run(panel, task, windows=3, names=("one", "seasonal-naive", "two"))
    pairs = {name: (forecast, 1.0) for name, forecast in run.backtests.items()}
    scores = leaderboard(panel, task, pairs, first_cutoff(panel, run.backtests))
    facts = build_facts(replace(run, scores=scores))
    assert len(facts.table) == 8
    assert np.mean([row.mase for row in facts.table]) == pytest.approx(scores[0].mase)
    assert np.mean([row.mae for row in facts.table]) == pytest.approx(scores[0].mae)
    for m, name in enumerate(facts.past_models):
        mean = np.mean([past.mase[m] for past in facts.past])
        assert mean == pytest.approx(next(score.mase for score in scores if score.model == name))
    measured = dict(zip(facts.calibration.models, facts.calibration.measured, strict=True))
    assert measured["one"][-1] - measured["one"][0] == pytest.approx(
        next(score.coverage for score in scores if score.model == "one"), abs=1e-9
    )


def test_many_pairs_show_worst_median_best_and_cut_the_table():
    values = np.random.default_rng(1).normal(size=(51, 40, 1)).cumsum(axis=1)
    panel = make_panel(values, series=tuple(f"s{i}" for i in range(51)))
    facts = build_facts(sample_run(panel, Task(horizon=2, season=4), windows=2, names=("one", "seasonal-naive")))
    best = facts.past_models.index(facts.headline.best)
    errors = [past.mase[best] for past in facts.past]
    assert len(facts.fans) == len(facts.past) == 12
    assert errors == sorted(errors, reverse=True)
    assert [past.place for past in facts.past if past.place] == ["worst", "median", "best"]
    assert len(facts.table) == 20
    assert [row.mase for row in facts.table] == sorted((row.mase for row in facts.table), reverse=True)
    assert facts.table[0].series == facts.past[0].series and facts.table[-1].series == facts.past[-1].series


@pytest.mark.parametrize("count", [13, 14, 40, 1428])
def test_choice_holds_the_true_median_once(count):
    mase = np.random.default_rng(count).permutation(count).astype(float)
    chosen = choose(mase)
    places = {place: pair for pair, place in chosen.items() if place}
    assert len(chosen) == 12
    assert mase[places["worst"]] == count - 1 and mase[places["best"]] == 0
    assert abs(mase[places["median"]] - np.median(mase)) <= 0.5


def test_choice_passes_over_pairs_without_an_error():
    mase = np.full(30, np.nan)
    mase[[3, 7, 20]] = [1.0, 3.0, 2.0]
    assert choose(mase) == {7: "worst", 20: "median", 3: "best"}


def test_rows_between_far_cutoffs_are_left_out_and_short_ones_kept():
    assert shown_rows(np.array([100, 500]), 10, 510).tolist() == [*range(90, 110), *range(490, 510)]
    assert shown_rows(np.array([100, 125]), 10, 510).tolist() == [*range(90, 135)]


def test_gap_map_against_counting_one_by_one():
    rng = np.random.default_rng(2)
    times, observed = rng.integers(0, 60, 300), rng.random((300, 3)) < 0.7
    bins, share = gap_map(times, observed, most=7)
    edges = [*bins.tolist(), times.max() + 1]
    for g in range(len(bins)):
        inside = (times >= edges[g]) & (times < edges[g + 1])
        assert share[:, g] == pytest.approx(observed[inside].mean(axis=0))


def test_data_summary_counts_gaps_and_leaves_the_future_out():
    values = np.arange(20, dtype=float).reshape(1, 10, 2)
    values[0, 3:5, 1] = np.nan
    values[0, 8:, 0] = np.nan
    panel = make_panel(values, targets=("y",))
    panel = replace(panel, columns=replace(panel.columns, target=("y",), known=("k",)))
    data = build_facts(sample_run(panel, Task(horizon=1), windows=1, names=("naive",))).data
    assert (data.rows, data.future_rows) == (8, 2)
    assert [(column.name, column.role, column.missing) for column in data.columns] == [
        ("y", "target", 0),
        ("k", "known", 2),
    ]
    assert (data.columns[0].low, data.columns[0].middle, data.columns[0].high) == (0.0, 7.0, 14.0)
    assert data.last == "2016-07-01 07:00"


def test_times_are_those_of_the_clock_on_the_wall():
    panel = replace(
        make_panel(np.zeros((1, 30, 1))), frequency=Frequency(unit="hour", zone="+09:00", precision="minute")
    )
    fan = build_facts(sample_run(panel, Task(horizon=2), windows=1, names=("naive",))).fans[0]
    assert str(np.datetime64(int(fan.times[-1]), "us"))[11:16] == fan.labels[-1][11:16]


def test_the_epoch_kept_is_the_one_of_least_validation_loss(small):
    curves = build_facts(small).curves[0]
    assert curves.best == int(curves.epoch[np.argmin(curves.valid_loss)])
    lost = tuple(replace(record, valid_loss=math.nan) for record in records(4, 2, 1))
    other = build_facts(replace(small, training={"four": lost})).curves[0]
    assert other.best == int(other.epoch[np.argmin(other.train_loss)])


def test_json_holds_no_number_that_json_does_not_know(small):
    data = json.loads(build_facts(small).to_json(), parse_constant=lambda name: pytest.fail(name))
    assert data["past"][0]["actual"][-1] is None
    assert data["headline"]["best"] == "four"


def test_a_run_without_backtest_and_forecast_still_has_facts(small):
    facts = build_facts(replace(small, backtests={}, scores=(), final={}, training={}))
    assert facts.headline.best is None and facts.fans == facts.past == facts.table == ()
    assert facts.data.rows == 9
