"""Stretches that stand still are found where they were planted; a line's own habit of repeating is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.doctor.constants import STILL, constant, runs, stuck, stuck_runs, unchanged, zero_moves
from tests.doctor.tables import CLASSIC, KINDS, case_of, clean_series, found_in, table
from tests.panels import make_panel

LEVELS = st.lists(st.integers(0, 3), min_size=1, max_size=60)


@given(LEVELS)
def test_runs_are_maximal_in_order_of_length_and_cover_the_line(levels):
    y = np.array(levels, dtype=float)
    found = runs(y, 1)
    assert [len(run) for run in found] == sorted((len(run) for run in found), reverse=True)
    assert sorted(row for run in found for row in range(run.first, run.last + 1)) == list(range(len(y)))
    for run in found:
        assert (y[run.first : run.last + 1] == run.value).all()
        assert run.first == 0 or y[run.first - 1] != run.value
        assert run.last == len(y) - 1 or y[run.last + 1] != run.value


@given(LEVELS, st.integers(2, 10))
def test_shorter_runs_are_left_out(levels, fewest):
    y = np.array(levels, dtype=float)
    assert runs(y, fewest) == [run for run in runs(y, 1) if len(run) >= fewest]


@given(LEVELS)
def test_zero_moves_are_counted(levels):
    moves = list(zip(levels, levels[1:], strict=False))
    expected = sum(a == b for a, b in moves) / len(moves) if moves else 0.0
    assert zero_moves(np.array(levels, dtype=float)) == pytest.approx(expected)


@given(st.sampled_from(KINDS), st.integers(0, 30), st.integers(0, 460), st.integers(8, 40), st.booleans())
def test_a_planted_stretch_is_found_at_its_rows(kind, seed, first, length, rounded):
    y = clean_series(kind, seed) + 100
    y = y.round(1) if rounded else y
    y[first : first + length] = 100.55
    length += 6 * rounded  # with one digit, values repeat by themselves
    y[first : first + length] = 100.55
    [run] = stuck_runs(y)
    assert (run.first, run.last, run.value) == (first, min(first + length, 500) - 1, 100.55)


@pytest.mark.parametrize("kind", KINDS)
def test_clean_series_have_no_stretch_however_they_are_rounded(kind):
    for seed in range(100):
        y = clean_series(kind, seed)
        assert stuck_runs(y) == [] and stuck_runs(y.round(1)) == [] and stuck_runs(y.round()) == []


def test_nights_full_tanks_and_prices_that_rest_are_no_stuck_sensors():
    hours = np.arange(24 * 40)
    rng = np.random.default_rng(0)
    sun = np.maximum(0, np.sin(2 * np.pi * hours / 24) * rng.uniform(50, 900, len(hours)))
    tank = np.minimum(100, 80 + 40 * np.sin(2 * np.pi * hours / 240) + rng.normal(size=len(hours)))
    price = np.repeat(rng.normal(600, 20, size=80).round(), 12)
    assert stuck_runs(sun) == [] and stuck_runs(tank) == [] and stuck_runs(price) == []


def test_a_stretch_before_a_gap_and_after_it_is_one_of_values():
    y = clean_series("noise", 0)
    y[100:130] = y[100]
    y[110:115] = np.nan
    [finding] = stuck(case_of(make_panel({"a": y})))
    assert finding.severity == "warning" and "25 values" in finding.details[0]
    assert (finding.places[0].first, finding.places[0].last) == ("1970-01-05 04:00", "1970-01-06 09:00")


def test_a_feature_that_sticks_is_a_note():
    values = np.column_stack([clean_series("noise", 0), clean_series("noise", 1)])
    values[100:130, 1] = values[100, 1]
    [finding] = stuck(case_of(make_panel({"a": values}, past=1)))
    assert finding.severity == "note" and [place.target for place in finding.places] == ["p0"]


def test_features_of_one_value_and_almost_of_one_are_told_and_switches_are_not():
    rows = np.arange(500)
    rng = np.random.default_rng(0)
    values = np.column_stack(
        [rng.normal(size=500), np.full(500, 3.0), np.where(rows % 120 == 0, rng.normal(size=500), 7.0), rows > 495]
    )
    found = constant(case_of(make_panel({"a": values}, past=3)))
    assert found_in(found) == {"constant column": ["p0"], "nearly constant": ["p1"]}
    assert [finding.option for finding in found] == ["--ignore p0", "--ignore p1"]
    assert found[0].details == ("p0: 100.0% of its values are 3",) and found[0].looked == 3
    assert found[1].details == ("p1: 99.0% of its values are 7",)


def test_a_column_that_tells_series_apart_is_not_constant():
    values = {name: np.column_stack([clean_series("noise", i), np.full(500, i)]) for i, name in enumerate("ab")}
    assert constant(case_of(make_panel(values, past=1))) == []


@given(st.integers(0, 100), st.floats(0.3, 0.9))
def test_what_often_rests_is_told_with_its_share(seed, share):
    rng = np.random.default_rng(seed)
    y = np.cumsum(np.where(rng.random(600) < share, 0.0, rng.normal(size=600)))
    [finding] = unchanged(case_of(make_panel({"a": y})))
    assert f"{np.mean(np.diff(y) == 0):.0%} of the moves are zero" in finding.details[0]


def test_what_always_or_hardly_rests_is_not_told():
    rng = np.random.default_rng(0)
    y = np.cumsum(np.where(rng.random(600) < STILL / 2, 0.0, rng.normal(size=600)))
    assert unchanged(case_of(make_panel({"a": y, "b": np.ones(600), "c": rng.integers(0, 2, 600) * 1.0}))) == []


@pytest.mark.parametrize(("name", "day"), [("ETTh1", 24), ("ETTm1", 96)])
def test_ett_has_days_that_stand_still_in_every_column(shared, name, day):
    panel = table(shared, name)
    [finding] = stuck(case_of(panel))
    assert len(finding.places) == finding.looked == 7 and finding.severity == "warning"
    for column, line in enumerate(finding.details):
        longest = max(len(run) for run in runs(panel.values[:, column]))
        assert longest >= day and f": {longest} values of " in line


def test_the_days_on_which_all_loads_of_ett_are_zero_are_among_them(shared):
    panel = table(shared, "ETTh1")
    for column, name in enumerate(panel.columns.values):
        zero = [run for run in stuck_runs(panel.values[:, column]) if run.value == 0 and len(run) > 48]
        starts = [panel.frequency.label(panel.times[[run.first]])[0] for run in zero]
        assert any(start.startswith("2016-12-05") for start in starts) == (name != "OT")


def test_zeros_are_a_fault_only_where_values_go_below_them():
    y = clean_series("noise", 0)
    y[100:130] = 0.0
    assert [(run.first, run.last) for run in stuck_runs(y)] == [(100, 129)] and stuck_runs(np.abs(y)) == []


def test_half_of_the_weeks_the_price_of_rebar_rests(shared):
    panel = table(shared, "rebar_weekly")
    [finding] = unchanged(case_of(panel))
    price = panel.values[:, 0]
    share = float(np.mean(np.diff(price[~np.isnan(price)]) == 0))
    assert 0.45 < share < 0.55 and finding.details[0].startswith(f"rebar_hd10_kr: {share:.0%} of the moves are zero")
    assert "skill against naive" in finding.option


def test_one_exchange_rate_rests_on_a_third_of_the_days(shared):
    [finding] = unchanged(case_of(table(shared, "exchange")))
    assert [place.target for place in finding.places] == ["4"] and finding.details[0].startswith("4: 33%")


@pytest.mark.parametrize("name", [*CLASSIC, "co2", "exchange", "rebar_weekly", "steel_daily", "us_macrodata"])
def test_tables_without_stuck_sensors_have_none(shared, name):
    case = case_of(table(shared, name))
    assert stuck(case) == [] and constant(case) == []


def test_hardly_any_series_of_m3_is_stuck(shared):
    [finding] = stuck(case_of(table(shared, "m3")))
    assert len(finding.places) < 0.002 * finding.looked
