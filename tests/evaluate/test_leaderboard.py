"""The leaderboard weighs series alike, breaks ties the same way each time, and hides no failed forecast."""

import math
from dataclasses import replace

import numpy as np
import pytest

from seqcast.evaluate.leaderboard import leaderboard, to_frame
from seqcast.evaluate.tables import by_horizon, by_series
from seqcast.types import Task
from tests.evaluate.panels import forecast_of, origins_of, panel_of

TASK = Task(horizon=2, quantiles=(0.1, 0.5, 0.9), season=1)
# Two series of other sizes: their scales (mean step before the cutoff) are 1 and 100.
PANEL = panel_of([1, 2, 3, 4, 5, 6], [100, 200, 300, 400, 500, 600, 700, 800])
KNOWN = np.array([2, 2])
# Two cutoffs for the first series, three for the second.
ORIGINS = origins_of([0, 0, 1, 1, 1], [2, 4, 2, 4, 6])


def off_by(first, second):
    """Return forecasts that miss every value of the two series by these amounts."""
    actual = PANEL.actual(ORIGINS, 2)
    return forecast_of(ORIGINS, actual + np.where(ORIGINS.series == 0, first, second)[:, None, None])


def scores_of(**backtests):
    return leaderboard(PANEL, TASK, {name.replace("_", "-"): pair for name, pair in backtests.items()}, KNOWN)


def test_figures_by_hand():
    board = scores_of(seasonal_naive=(off_by(1.0, 100.0), 0.1), lstm=(off_by(0.5, -30.0), 2.0))
    assert [score.model for score in board] == ["lstm", "seasonal-naive"]
    lstm, naive = board
    # Series weigh alike although the second has more cutoffs: (0.5 / 1 + 30 / 100) / 2.
    assert lstm.mase == pytest.approx(0.4) and lstm.rmsse == pytest.approx(0.4)
    assert lstm.mae == pytest.approx(15.25) and lstm.rmse == pytest.approx(15.25)
    assert lstm.skill == pytest.approx(0.6) and naive.skill == 0
    assert (lstm.seconds, naive.seconds) == (2.0, 0.1)
    # The interval reaches 1 to each side: it holds every value of the first series and none of the second.
    assert lstm.coverage == pytest.approx(0.5) and lstm.nominal == pytest.approx(0.8)
    # Pinball at a miss of +0.5 with levels .1, .5, .9 one apart: gaps +0.5, -0.5, -1.5.
    first = (0.1 * 0.5 + 0.5 * 0.5 + 0.1 * 1.5) / 3
    second = (0.1 * 31 + 0.5 * 30 + 0.9 * 29) / 3
    assert lstm.crps == pytest.approx(first + second)


def test_two_targets_weigh_alike():
    values = np.arange(12.0).reshape(6, 2) * [1, 10]
    panel = panel_of(values, targets=("y", "z"))
    origins = origins_of([0], [4])
    forecast = forecast_of(origins, panel.actual(origins, 2) + [1.0, 40.0])
    [score] = leaderboard(panel, TASK, {"m": (forecast, 0.0)}, np.array([4]))
    assert score.mase == pytest.approx((1 / 2 + 40 / 20) / 2)
    assert math.isnan(score.skill)


def test_ties_are_broken_by_error_then_by_name_whatever_the_order():
    same = off_by(1.0, 100.0)
    backtests = {name: (same, float(place)) for place, name in enumerate(("theta", "ets", "seasonal-naive", "ar"))}
    expected = ["ar", "ets", "seasonal-naive", "theta"]
    assert [score.model for score in leaderboard(PANEL, TASK, backtests, KNOWN)] == expected
    turned = dict(reversed(backtests.items()))
    assert [score.model for score in leaderboard(PANEL, TASK, turned, KNOWN)] == expected


def test_a_failed_forecast_stands_last_and_shows_no_figure():
    good, bad = off_by(50.0, 5000.0), off_by(0.0, 0.0)
    spoiled = replace(bad, mean=np.where(np.arange(5)[:, None, None] == 3, np.nan, bad.mean), values=bad.values.copy())
    spoiled.values[3] = np.nan
    board = scores_of(good=(good, 1.0), bad=(spoiled, 1.0))
    assert [score.model for score in board] == ["good", "bad"]
    assert math.isnan(board[1].mase) and math.isnan(board[1].mae) and math.isnan(board[1].rmse)
    assert to_frame(board).row(1, named=True)["mase"] is None


def test_models_judged_at_other_origins_are_not_compared():
    forecast = off_by(1.0, 1.0)
    with pytest.raises(ValueError, match="same origins only; a and b have others"):
        scores_of(a=(forecast, 0.0), b=(forecast.take(np.arange(4)), 0.0))
    turned = forecast.take(np.arange(5)[::-1])
    assert {score.mase for score in scores_of(a=(forecast, 0.0), b=(turned, 0.0))} == {0.505}


def test_a_constant_series_has_no_mase_but_an_error():
    panel = panel_of([5.0] * 6, [1, 2, 3, 4, 5, 6])
    origins = origins_of([0, 1], [4, 4])
    forecast = forecast_of(origins, panel.actual(origins, 2) + 2)
    [score] = leaderboard(panel, TASK, {"m": (forecast, 0.0)}, np.array([4, 4]))
    assert score.mase == pytest.approx(2.0) and score.mae == pytest.approx(2.0)


def test_only_the_training_part_gives_the_scale():
    later = PANEL.values.copy()
    later[4:6] *= 1000
    panel = replace(PANEL, values=later)
    forecast = off_by(1.0, 100.0)
    first = origins_of([0], [2])
    one = leaderboard(PANEL, TASK, {"m": (forecast.take(np.array([0])), 0.0)}, KNOWN)
    two = leaderboard(panel, TASK, {"m": (forecast.take(np.array([0])), 0.0)}, KNOWN)
    assert len(first) == 1 and one[0].mase == two[0].mase == pytest.approx(1.0)


def test_the_frame_keeps_order_and_types():
    board = scores_of(seasonal_naive=(off_by(1.0, 100.0), 0.1), lstm=(off_by(0.5, -30.0), 2.0))
    frame = to_frame(board)
    assert frame["model"].to_list() == ["lstm", "seasonal-naive"]
    assert frame["skill"].to_list() == [score.skill for score in board]


def test_tables_agree_with_the_leaderboard():
    backtests = {"lstm": (off_by(0.5, -30.0), 2.0), "naive": (off_by(1.0, 100.0), 0.1)}
    board = {score.model: score for score in leaderboard(PANEL, TASK, backtests, KNOWN)}
    series = by_series(PANEL, TASK, backtests, KNOWN)
    assert series.select("model", "series", "target").rows()[:2] == [("lstm", "a", "y"), ("lstm", "b", "y")]
    means = {
        row["model"]: row for row in series.drop("series", "target").group_by("model").mean().iter_rows(named=True)
    }
    steps = by_horizon(PANEL, TASK, backtests, KNOWN)
    assert steps["step"].to_list() == [1, 2, 1, 2]
    # Every cutoff has both steps here, so the mean over steps is the mean over everything.
    over_steps = {row["model"]: row for row in steps.drop("target").group_by("model").mean().iter_rows(named=True)}
    for name, score in board.items():
        for figure in ("mase", "mae", "smape", "crps", "coverage"):
            assert means[name][figure] == pytest.approx(getattr(score, figure)), figure
            assert over_steps[name][figure] == pytest.approx(getattr(score, figure)), figure


def test_errors_that_grow_with_the_horizon_are_seen():
    actual = PANEL.actual(ORIGINS, 2)
    growing = forecast_of(ORIGINS, actual + np.array([1.0, 3.0])[None, :, None])
    steps = by_horizon(PANEL, TASK, {"m": (growing, 0.0)}, KNOWN)
    assert steps["mae"].to_list() == [1.0, 3.0]
    assert steps["mase"].to_list() == pytest.approx([(1 + 0.01) / 2, (3 + 0.03) / 2])
