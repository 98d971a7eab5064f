"""The verdict says what the windows prove, in words that are true, and never more."""

import json
import math
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
import pytest

from seqcast.data.calendar import Frequency
from seqcast.data.panel import Panel
from seqcast.data.table import read_panel
from seqcast.evaluate.comparisons import Comparison
from seqcast.evaluate.leaderboard import leaderboard
from seqcast.evaluate.pieces import losses_of
from seqcast.evaluate.plan import plan
from seqcast.evaluate.study import Limits, compare
from seqcast.evaluate.verdict import judge
from seqcast.evaluate.wording import Entrants, not_proven, sentence
from seqcast.forecasters.classical import build_local
from seqcast.options import RunOptions
from seqcast.types import Columns, Forecast, Origins, Task

STEPS = 6


def contest(missed, windows=10, series=1, stride=STEPS, seconds=None, seed=0):
    """Return what `judge` takes: walks, and models whose errors are about `missed[name]` in size, each its own.

    A function in the place of a number makes the errors (series, windows, steps) itself.
    """
    draw, rows = np.random.default_rng(seed), 40 + (windows - 1) * stride + STEPS
    walks = draw.normal(size=(series, rows)).cumsum(axis=1)
    panel = Panel(
        columns=Columns(time="t", target=("y",), series="id"),
        frequency=Frequency(unit="integer"),
        series=tuple(f"s{place}" for place in range(series)),
        offsets=np.arange(series + 1) * rows,
        times=np.tile(np.arange(rows), series),
        values=walks.reshape(-1, 1),
        static=np.zeros((series, 0)),
    )
    folds = np.tile(np.arange(windows), series)
    origins = Origins(np.repeat(np.arange(series), windows), 40 + folds * stride, folds)
    actual = panel.actual(origins, STEPS)
    said = {}
    for name, size in missed.items():
        shape = (series, windows, STEPS)
        errors = size(shape) if callable(size) else size * (1 + 0.2 * draw.normal(size=shape))
        mean = actual + errors.reshape(-1, STEPS, 1)
        said[name] = (Forecast(origins, (0.5,), mean, mean[..., None]), (seconds or {}).get(name, 1.0))
    return panel, Task(horizon=STEPS, quantiles=(0.5,)), said, np.full(series, 40)


def verdict_of(missed, networks=("lstm", "gru"), **settings):
    return judge(*contest(missed, **settings), list(networks))


def wild(shape, size=1.0, seed=5):
    """Return errors whose windows differ so much that nothing can be proven."""
    draw = np.random.default_rng(seed)
    return size * draw.gamma(0.5, size=(*shape[:2], 1)) * np.ones(shape)


class TestSentences:
    def test_a_network_that_is_better(self):
        missed = {"seasonal-naive": 2.0, "arima": 1.0, "lstm": 0.8, "gru": 1.2}
        verdict = verdict_of(missed, seconds={"lstm": 60.0, "arima": 1.5, "seasonal-naive": 0.01, "gru": 1.0})
        [one] = [one for one in verdict.comparisons if (one.model, one.against) == ("lstm", "arima")]
        assert one.gain == pytest.approx(0.2, abs=0.05) and one.low < one.gain < one.high and one.adjusted < 0.05
        figures = f"{100 * one.gain:.0f} % MASE (95 % interval {100 * one.low:.0f} to {100 * one.high:.0f} %)"
        assert verdict.sentence == f"lstm beats arima, the best classical model, by {figures}, at 40× its compute"

    def test_a_classical_model_that_beats_every_network(self):
        verdict = verdict_of({"seasonal-naive": 2.0, "arima": 1.0, "lstm": 1.3, "gru": 1.5}, seconds={"lstm": 0.5})
        [one] = [one for one in verdict.comparisons if (one.model, one.against) == ("lstm", "arima")]
        more = f"{-100 * one.gain:.0f} % more MASE (95 % interval {-100 * one.high:.0f} to {-100 * one.low:.0f} %)"
        start = "arima beats every network: the best of them, lstm, has"
        assert verdict.sentence == f"{start} {more} at 0.5× the compute"
        assert 0 < -one.high < -one.gain < -one.low

    def test_a_classical_model_that_beats_only_the_best_network_for_sure(self):
        unsure = partial(wild, size=6.0)
        verdict = verdict_of({"seasonal-naive": 1.0, "lstm": 1.3, "gru": unsure})
        assert verdict.sentence.startswith("seasonal-naive beats lstm, which has 3")

    @pytest.mark.parametrize("seeds", [(5, 6), (6, 5)])
    def test_two_that_cannot_be_told_apart(self, seeds):
        arima, lstm = (partial(wild, seed=seed) for seed in seeds)
        verdict = verdict_of({"seasonal-naive": 2.0, "arima": arima, "lstm": lstm})
        assert verdict.sentence.startswith("not proven: the data cannot tell lstm from arima (")
        assert {"lstm", "arima"} <= set(verdict.confidence_set)
        [one] = [one for one in verdict.comparisons if one.against == "arima"]
        assert (one.gain > 0) == (seeds == (5, 6))
        word, low, high = ("less", one.low, one.high) if one.gain > 0 else ("more", -one.high, -one.low)
        assert f"{abs(100 * one.gain):.0f} % {word} MASE" in verdict.sentence
        assert f"interval {100 * low:.0f} to {100 * high:.0f} %".replace("-", "−") in verdict.sentence

    def test_a_win_over_the_best_classical_model_alone_is_told_so(self):
        # The same unsteady errors as the yardstick have no say about it, the steady ones of arima have.
        missed = {"seasonal-naive": partial(wild, size=2.2), "arima": 1.0, "lstm": 0.8}
        verdict = verdict_of(missed)
        assert verdict.sentence.startswith("lstm beats arima")
        assert verdict.sentence.endswith("; that it beats seasonal-naive is not proven")

    def test_only_the_yardstick_is_classical(self):
        verdict = verdict_of({"seasonal-naive": 1.0, "lstm": 0.7})
        assert verdict.sentence.startswith("lstm beats seasonal-naive by ")
        assert [one.against for one in verdict.comparisons] == ["seasonal-naive"]
        verdict = verdict_of({"seasonal-naive": 1.0, "theta": 2.0, "lstm": 0.7})
        assert verdict.sentence.startswith("lstm beats seasonal-naive, the best classical model, by ")

    @pytest.mark.parametrize(
        ("missed", "expected"),
        [
            (
                {"seasonal-naive": 2.0, "arima": 1.0},
                "no network was compared; arima beats seasonal-naive by 49 % MASE (",
            ),
            (
                {"seasonal-naive": wild, "arima": partial(wild, size=0.9, seed=6)},
                "no network was compared; that arima beats seasonal-naive is not proven",
            ),
            (
                {"seasonal-naive": 1.0, "arima": 2.0},
                "no network was compared; no classical model has a lower error than seasonal-naive",
            ),
            (
                {"seasonal-naive": 1.0},
                "no network was compared; nor was there a classical model beside seasonal-naive to compare it with",
            ),
            ({"lstm": 1.0}, "not proven: no classical model could be compared with lstm"),
        ],
    )
    def test_without_networks_or_rivals(self, missed, expected):
        assert verdict_of(missed).sentence.startswith(expected)

    def test_equal_forecasts(self):
        verdict = verdict_of({"seasonal-naive": np.ones, "lstm": np.ones})
        assert verdict.sentence == "not proven: lstm and seasonal-naive do equally well, at 1× its compute"
        [one] = verdict.comparisons
        assert (one.gain, one.low, one.high, one.statistic, one.p_value) == (0.0, 0.0, 0.0, 0.0, 1.0)
        assert verdict.confidence_set == ("lstm", "seasonal-naive")

    def test_a_rival_without_error(self):
        verdict = verdict_of({"seasonal-naive": np.zeros, "lstm": 1.0, "gru": 2.0})
        expected = "seasonal-naive beats every network: the best of them, lstm, has errors where it has none"
        assert verdict.sentence == expected
        json.dumps(verdict.to_mapping(), allow_nan=False)


class TestTooLittle:
    @pytest.mark.parametrize("windows", [1, 2])
    def test_few_windows(self, windows):
        verdict = verdict_of({"seasonal-naive": 9.0, "lstm": 0.1}, windows=windows)
        counted = {1: "1 window is", 2: "2 windows are"}[windows]
        assert verdict.sentence.startswith(f"not proven: {counted} too few to tell lstm from seasonal-naive")
        assert verdict.confidence_set == ("lstm", "seasonal-naive")
        [one] = verdict.comparisons
        assert one.gain > 0.9 and math.isnan(one.low) and one.p_value == 1.0
        assert (verdict.windows, verdict.points) == (windows, windows * STEPS)

    def test_few_windows_of_few_series(self):
        verdict = verdict_of({"seasonal-naive": 9.0, "lstm": 0.1}, windows=2, series=5)
        assert verdict.sentence.startswith("not proven: 2 windows of 5 series are too few")

    def test_windows_that_overlap(self):
        verdict = verdict_of({"seasonal-naive": 9.0, "lstm": 0.1}, windows=10, stride=1)
        assert verdict.sentence.startswith("not proven: 10 windows, which overlap, are too few")
        verdict = verdict_of({"seasonal-naive": 9.0, "lstm": 0.1}, windows=24, stride=2)
        assert verdict.sentence.startswith("lstm beats seasonal-naive")
        assert [one.freedom for one in verdict.comparisons] == [4.0]
        assert "24 windows, which overlap and are worth 5 that do not" in verdict.details[0]

    def test_a_model_with_a_missing_forecast_is_left_out_and_named(self):
        panel, task, said, known = contest({"seasonal-naive": 1.0, "lstm": 0.7, "gru": 0.1})
        forecast, seconds = said["gru"]
        values = forecast.values.copy()
        values[3, 2] = np.nan
        said["gru"] = (replace(forecast, values=values), seconds)
        verdict = judge(panel, task, said, known, ["lstm", "gru"])
        assert verdict.sentence.startswith("lstm beats seasonal-naive")
        assert verdict.details[0] == "Forecasts are missing of gru, which is not compared."
        assert "gru" not in verdict.confidence_set
        alone = judge(panel, task, said, known, ["gru"])
        assert alone.sentence == "not proven: forecasts of gru are missing, and no other network was compared"

    def test_series_that_never_varied(self):
        panel, task, said, known = contest({"seasonal-naive": 1.0, "lstm": 0.5})
        flat = replace(panel, values=np.full_like(panel.values, 3.0))
        verdict = judge(flat, task, said, known, ["lstm"])
        assert verdict.sentence.startswith("not proven: nothing can be judged")
        assert (verdict.points, verdict.windows, verdict.comparisons, verdict.details) == (0, 0, (), ())

    def test_one_constant_series_among_others_changes_nothing(self):
        panel, task, said, known = contest({"seasonal-naive": 1.0, "lstm": 0.5}, series=3)
        values = panel.values.copy()
        values[panel.offsets[1] : panel.offsets[2]] = 3.0
        verdict = judge(replace(panel, values=values), task, said, known, ["lstm"])
        kept = np.array([0, 2])
        only = {
            name: (forecast.take(forecast.origins.series != 1), seconds) for name, (forecast, seconds) in said.items()
        }
        only = {
            name: (replace(part, origins=replace(part.origins, series=np.repeat([0, 1], 10))), seconds)
            for name, (part, seconds) in only.items()
        }
        assert judge(panel.only(kept), task, only, known[kept], ["lstm"]) == verdict

    def test_no_backtest_at_all(self):
        panel, task, _, known = contest({})
        assert judge(panel, task, {}, known, ["lstm"]).sentence.startswith("not proven: nothing can be judged")


class TestManySeries:
    MISSED = {"seasonal-naive": 1.0, "lstm": 0.8}

    def test_series_are_the_pieces_of_one_window(self):
        verdict = verdict_of(self.MISSED, windows=1, series=60)
        assert verdict.sentence.startswith("lstm beats seasonal-naive by ")
        [one] = verdict.comparisons
        assert one.by_series and one.freedom > 40
        assert "1 window of 60 series, which count as " in verdict.details[0]
        assert verdict.ranks is not None and verdict.ranks.series == 60 and verdict.ranks.models[0] == "lstm"

    def test_series_that_move_as_one_prove_nothing(self):
        def together(shape):
            # Each step has one error for all series: better on some, worse on others.
            return np.broadcast_to(np.array([0.2, 2.0, 0.1, 0.3, 1.9, 0.2]), shape).copy()

        verdict = verdict_of({"seasonal-naive": 1.0, "lstm": together}, windows=1, series=60)
        assert verdict.sentence.startswith("not proven: 1 window of 60 series is too few to tell lstm from")

    def test_windows_stay_the_pieces_where_they_are_more(self):
        def together(shape):
            return np.broadcast_to(wild((1, *shape[1:])), shape).copy()

        verdict = verdict_of({"seasonal-naive": 1.0, "lstm": together}, windows=20, series=40)
        assert [(one.by_series, one.freedom) for one in verdict.comparisons] == [(False, 19.0)]

        def partly(shape):
            draw = np.random.default_rng(8)
            return 3 + draw.normal(size=shape) + 0.45 * draw.normal(size=(1, *shape[1:]))

        few, many = (verdict_of({"seasonal-naive": 1.0, "lstm": partly}, windows=w, series=40) for w in (3, 20))
        assert few.comparisons[0].by_series and 2 < few.comparisons[0].freedom < 19
        assert not many.comparisons[0].by_series

    def test_thousands(self):
        verdict = verdict_of(self.MISSED | {"gru": 1.5}, windows=1, series=3000)
        assert verdict.confidence_set == ("lstm",)
        [one] = [one for one in verdict.comparisons if one.model == "lstm"]
        assert one.low < 0.2 < one.high < 0.25


def test_gains_are_those_of_the_leaderboard_and_holm_pays_for_all():
    asked = contest({"seasonal-naive": 2.0, "arima": 1.0, "theta": 1.3, "lstm": 0.9, "gru": 1.1}, windows=5, series=3)
    verdict = judge(*asked, ["lstm", "gru"])
    mase = {score.model: score.mase for score in leaderboard(*asked)}
    against = [one.against for one in verdict.comparisons]
    assert against == ["seasonal-naive"] * 4 + ["arima"] * 2
    for one in verdict.comparisons:
        assert one.gain == pytest.approx(1 - mase[one.model] / mase[one.against])
        assert one.p_value <= one.adjusted <= 4 * one.p_value
    smallest = min(verdict.comparisons[:4], key=lambda one: one.p_value)
    assert smallest.adjusted == pytest.approx(4 * smallest.p_value)


def test_ensembles_are_neither_networks_nor_classical():
    verdict = verdict_of({"seasonal-naive": 2.0, "arima": 1.0, "lstm": 0.8, "median": 0.1, "ensemble": 0.1})
    assert verdict.sentence.startswith("lstm beats arima")
    assert {one.model for one in verdict.comparisons if one.against == "seasonal-naive"} >= {"median", "ensemble"}


def test_order_of_models_series_and_windows_changes_nothing():
    panel, task, said, known = contest({"seasonal-naive": 1.0, "arima": 0.9, "lstm": 0.8}, windows=7, series=3)
    order = np.random.default_rng(0).permutation(21)
    turned = {name: (forecast.take(order), seconds) for name, (forecast, seconds) in reversed(said.items())}
    assert judge(panel, task, turned, known, ["lstm"]) == judge(panel, task, said, known, ["lstm"])


def test_models_judged_at_other_origins_are_not_compared():
    panel, task, said, known = contest({"seasonal-naive": 1.0, "lstm": 1.0})
    said["lstm"] = (said["lstm"][0].take(np.arange(9)), 1.0)
    with pytest.raises(ValueError, match="same origins only; seasonal-naive and lstm have others"):
        judge(panel, task, said, known, ["lstm"])


def test_the_mapping_is_json_and_whole():
    verdict = verdict_of({"seasonal-naive": 9.0, "lstm": 0.1}, windows=1, series=12, seconds={"seasonal-naive": 0.0})
    back = json.loads(json.dumps(verdict.to_mapping(), allow_nan=False))
    assert back["sentence"] == verdict.sentence and back["points"] == 72
    [one] = back["comparisons"]
    assert one["gain"] == verdict.comparisons[0].gain and one["low"] is None and one["cost"] is None
    assert back["ranks"]["average"] == [1.0, 2.0] and back["confidence_set"] == ["lstm", "seasonal-naive"]


@pytest.mark.parametrize("name", ["classic/air_passengers.csv", "classic/monthly_milk.csv"])
def test_real_data_prove_no_more_than_a_t_test_of_the_windows(name, shared):
    from scipy import stats

    panel = read_panel(shared / "data" / name)
    planned = plan(panel, RunOptions(horizon=12, models=("naive", "theta"), inner=0))
    models = [build_local(one, workers=1) for one in ("naive", "theta")]
    study = compare(panel, planned, models, Limits(intervals="model", ensembles=False))
    said = {name: (test.forecast, test.seconds) for name, test in study.backtests.items()}
    verdict = judge(panel, planned.task, said, planned.folds.known[0], ["theta"])
    windows = {}
    for one in ("theta", "seasonal-naive"):
        forecast = said[one][0]
        errors = np.abs(panel.actual(forecast.origins, 12) - forecast.median).mean(axis=(1, 2))
        windows[one] = errors[np.argsort(forecast.origins.fold)]
    found = next(one for one in verdict.comparisons if (one.model, one.against) == ("theta", "seasonal-naive"))
    expected = stats.ttest_rel(windows["theta"], windows["seasonal-naive"])
    assert found.p_value == pytest.approx(expected.pvalue) and verdict.windows == 5
    assert found.gain == pytest.approx(1 - windows["theta"].mean() / windows["seasonal-naive"].mean())
    assert verdict.sentence.startswith("theta beats seasonal-naive") == (found.gain > 0 and found.adjusted < 0.05)


def comparison(**more):
    facts = {"gain": 0.2, "low": 0.01, "high": 0.4, "statistic": -2.0, "p_value": 0.2, "adjusted": 0.4, "cost": 1.0}
    return Comparison(model="lstm", against="theta", **{**facts, "freedom": 4.0, **more})


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({}, "1.0 to 40 %, of too few pieces to rely on)"),
        ({"p_value": 0.03}, "1.0 to 40 % of this pair alone, not of the best among many)"),
        ({"low": -0.1}, "−10 to 40 %)"),
        ({"gain": -5.7, "low": -19.87, "high": -0.49}, "49 to 1987 %, of too few pieces to rely on)"),
    ],
)
def test_an_interval_without_zero_is_not_left_to_contradict_what_is_not_proven(more, end):
    losses = losses_of(*losses_for())
    assert not_proven(losses, comparison(**more)).endswith(end)


def losses_for():
    task = Task(horizon=6, season=1)
    panel = read_panel(pl.DataFrame({"ds": range(40), "y": [float(i * i % 7) for i in range(40)]}))
    origins = Origins(np.array([0, 0]), np.array([28, 34]), np.array([0, 1]))
    told = Forecast(origins, (0.5,), np.zeros((2, 6, 1)), np.zeros((2, 6, 1, 1)))
    return panel, task, {"lstm": (told, 1.0), "theta": (told, 1.0)}, np.array([28])


@pytest.mark.parametrize(
    ("cost", "words"),
    [(0.0004, "at less than 0.1 % of its compute"), (0.05, "at 5.0 % of its compute"), (0.5, "at 0.5× its compute")],
)
def test_a_model_that_costs_next_to_nothing_is_told_as_a_share(cost, words):
    one = comparison(adjusted=0.01, p_value=0.01, cost=cost)
    entrants = Entrants(networks=("lstm",), classical=("theta",), failed=(), asked=("lstm",))
    assert sentence(losses_of(*losses_for()), entrants, [one]).endswith(words)
