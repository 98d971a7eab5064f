"""Lasting steps are found where they were planted; walks, seasons and spikes hold none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.doctor.shifts import level_shifts, steps
from tests.doctor.tables import CLASSIC, KINDS, case_of, clean_series, table
from tests.panels import make_panel

SIZES = {"walk": 40.0, "autoregression": 25.0, "season": 20.0, "trend": 12.0, "noise": 12.0}


@given(st.sampled_from(KINDS), st.integers(0, 30), st.integers(60, 430), st.sampled_from([-1, 1]))
def test_a_planted_step_is_found_at_its_row(kind, seed, row, sign):
    y = clean_series(kind, seed) + sign * SIZES[kind] * (np.arange(500) >= row)
    [step] = steps(y, 12 if kind == "season" else 1)
    assert step.row == row and np.sign(step.after - step.before) == sign


@given(st.integers(0, 30), st.integers(60, 200), st.integers(270, 430))
def test_two_steps_are_both_found_in_order(seed, first, second):
    rows = np.arange(500)
    y = clean_series("noise", seed) + 15 * (rows >= first) + 15 * (rows >= second)
    assert [step.row for step in steps(y)] == [first, second]


@pytest.mark.parametrize("kind", KINDS)
def test_hardly_any_clean_series_has_a_step(kind):
    alarms = sum(bool(steps(clean_series(kind, seed), season)) for seed in range(200) for season in (1, 12))
    assert alarms <= 4


def test_a_walk_of_heavy_steps_is_hardly_ever_taken_for_one():
    rng = np.random.default_rng(0)
    assert sum(bool(steps(rng.standard_t(4, size=500).cumsum())) for _ in range(200)) <= 4


def test_a_ramp_a_spike_and_a_hump_are_no_steps():
    y = clean_series("noise", 0)
    rows = np.arange(500)
    assert steps(y + np.clip(rows - 200, 0, 60)) == []
    assert steps(y + 40 * (rows == 200)) == []
    assert steps(y + 40 * ((rows >= 200) & (rows < 205))) == []


def test_what_climbs_for_long_and_falls_back_at_once_did_not_step():
    rows = np.arange(500)
    y = 0.2 * clean_series("noise", 0) + np.where(rows < 300, np.maximum(0, rows - 285), 0)
    assert steps(y) == []
    assert [step.row for step in steps(y + 15 * (rows >= 300))] == []  # it climbed there, and stayed
    assert [step.row for step in steps(0.2 * clean_series("noise", 0) + 15 * (rows >= 300))] == [300]


def test_a_step_between_quotes_is_dated_by_the_first_new_one():
    y = np.where(np.arange(700) % 7 == 0, 500 + clean_series("noise", 0, 700).cumsum(), np.nan)
    y[350:] += 300
    [finding] = level_shifts(case_of(make_panel({"a": y}), season=7))
    assert finding.places[0].first == finding.places[0].last == "1970-01-15 14:00" and finding.severity == "warning"


@pytest.mark.parametrize("name", ["steel_daily", "steel_grid"])
def test_steel_daily_has_its_new_contract_and_its_new_list_price(shared, name):
    [finding] = level_shifts(case_of(table(shared, name)))
    assert "heavy_plate_kr, 2015-01-19: from 900,000 to 550,000 (-39%)" in finding.details
    assert "wire_rod_shfe, 2018-05-15: from 2,941 to 4,012 (+36%)" in finding.details
    assert any(line.startswith("usd_cny, 2015-08-11") for line in finding.details)  # the yuan was devalued that day
    assert len(finding.places) <= 7


@pytest.mark.parametrize("name", [*CLASSIC, "co2", "rebar_weekly", "us_macrodata", "air_quality"])
def test_tables_without_steps_have_none(shared, name):
    assert level_shifts(case_of(table(shared, name))) == []


def test_hardly_any_series_of_m3_has_a_step(shared):
    [finding] = level_shifts(case_of(table(shared, "m3")))
    assert len(finding.places) < 0.015 * finding.looked
