"""Which windows choose and which score: the outer ones are what they were, the inner ones come before them in time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.errors import HistoryError
from seqcast.evaluate.plan import plan
from seqcast.options import RunOptions
from tests.evaluate.panels import panel_of

CLASSICAL = ("naive", "theta")


def planned(rows, horizon=4, models=CLASSICAL, **more):
    return plan(panel_of(np.arange(float(rows))), RunOptions(horizon=horizon, models=models, season=1, **more))


@given(rows=st.integers(30, 400), horizon=st.integers(1, 6), windows=st.integers(1, 6), inner=st.integers(0, 6))
def test_the_inner_windows_lie_before_the_outer_ones_and_move_none_of_them(rows, horizon, windows, inner):
    options = {"horizon": horizon, "windows": windows}
    try:
        alone = planned(rows, inner=0, **options)
    except HistoryError:
        return
    both = planned(rows, inner=inner, **options)
    assert both.inner <= inner and both.outer == alone.outer == windows
    np.testing.assert_array_equal(both.folds.known[both.inner :], alone.folds.known)
    assert (np.diff(both.folds.known[:, 0]) == horizon).all()
    # What the last inner window is judged by is known at the first outer cutoff.
    if both.inner:
        assert both.folds.known[both.inner - 1, 0] + horizon <= both.folds.known[both.inner, 0]


def test_there_are_as_many_inner_windows_as_outer_ones_where_there_is_room():
    assert (planned(400).inner, planned(400).outer) == (5, 5)
    assert (planned(400, inner=2).inner, planned(400, windows=3).inner) == (2, 3)


def test_a_history_without_room_for_them_says_what_that_costs():
    found = planned(9, windows=1)
    assert found.inner == 0
    assert any("chosen by the windows that score it" in note for note in found.notes)
    assert not any("chosen by" in note for note in planned(9, windows=1, models=("naive",)).notes)


def test_inner_windows_leave_two_seasons_to_learn_from():
    panel = panel_of(np.arange(60.0))
    options = RunOptions(horizon=12, models=CLASSICAL, season=12, windows=1)
    assert plan(panel, options).folds.known[0, 0] >= 24
    assert plan(panel, options).task.season == plan(panel, replace(options, inner=0)).task.season == 12


def test_a_network_trained_before_the_inner_windows_serves_a_long_history_only():
    long, short = planned(4_000), planned(200)
    assert long.starts(refit=False) == (0,)
    assert short.starts(refit=False) == (0, short.inner)
    assert long.starts(refit=True) == tuple(range(10))
    assert planned(200, inner=0).starts(refit=False) == (0,)


def test_a_series_too_short_for_the_inner_windows_is_judged_by_the_outer_ones():
    panel = panel_of(np.arange(300.0), np.arange(24.0))
    found = plan(panel, RunOptions(horizon=4, models=CLASSICAL, season=1, windows=3))
    origins = found.folds.origins
    assert found.inner == 3
    assert set(origins.series[origins.fold < 3]) == {0} and set(origins.series[origins.fold >= 3]) == {0, 1}
    assert found.starts(refit=False) == (0, 3)


def test_the_plan_until_the_first_outer_window_is_its_beginning():
    whole = planned(400)
    part = whole.until_first_outer()
    assert (part.inner, part.outer) == (5, 1)
    np.testing.assert_array_equal(part.folds.known, whole.folds.known[:6])
    assert part.folds.origins.fold.max() == 5


@pytest.mark.parametrize("name", ["inner", "windows"])
def test_a_count_below_what_is_possible_is_refused(name):
    from seqcast.errors import ConfigError

    with pytest.raises(ConfigError, match=f"{name} must"):
        RunOptions(horizon=1, **{name: -1})
