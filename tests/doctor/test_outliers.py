"""Spikes are found where they were planted; seasons, walks, steps and heavy tails hold none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.doctor.outliers import heavy_tailed, heavy_tails, outliers, spikes
from tests.doctor.tables import CLASSIC, KINDS, case_of, clean_series, table
from tests.panels import make_panel


@given(st.sampled_from(KINDS), st.integers(0, 30), st.integers(30, 460), st.integers(1, 3), st.sampled_from([-1, 1]))
def test_a_planted_spike_is_found_at_its_rows(kind, seed, row, width, sign):
    y = clean_series(kind, seed)
    y[row : row + width] += sign * (25 + 1.5 * np.ptp(y) * (kind == "walk"))
    [spike] = spikes(y, 12 if kind == "season" else 1)
    assert (spike.first, spike.last) == (row, row + width - 1)
    assert spike.before == y[row - 1] and spike.after == y[row + width] and spike.value in y[row : row + width]


@pytest.mark.parametrize("kind", KINDS)
def test_hardly_any_clean_series_has_a_spike(kind):
    alarms = sum(bool(spikes(clean_series(kind, seed), 12 if kind == "season" else 1)) for seed in range(200))
    assert alarms <= 2


def test_a_daily_peak_is_no_spike_but_one_in_the_night_is():
    hours = np.arange(24 * 40)
    y = np.random.default_rng(0).normal(size=len(hours)) + 60 * (hours % 24 == 18)
    assert spikes(y, 24) == []
    y[500] += 60
    assert [spike.first for spike in spikes(y, 24)] == [500]


@given(st.integers(20, 150), st.integers(0, 20))
def test_a_peak_without_another_season_to_compare_with_is_no_spike(rows, seed):
    hours = np.arange(rows)
    assert spikes(clean_series("noise", seed, rows) + 60 * (hours % 24 == 18), 24) == []


def test_a_spike_stands_alone_also_against_what_is_near():
    y = clean_series("noise", 0, 2_000)
    y[1_000] = 14.0
    assert [spike.first for spike in spikes(y)] == [1_000]
    y[985] = 7.0
    assert spikes(y) == []
    y[985], y[900] = 0.0, 7.0
    assert [spike.first for spike in spikes(y)] == [1_000]


def test_a_step_and_an_end_do_not_come_back():
    y = clean_series("noise", 0)
    assert spikes(y + 40 * (np.arange(500) > 250)) == []
    y[-1] += 40
    assert spikes(y) == []


def test_rare_sales_and_a_line_with_many_peaks_are_their_own_manner():
    sales = np.zeros(300)
    sales[[100, 200]] = 7.0
    assert spikes(sales) == []
    assert spikes(np.random.default_rng(0).pareto(1.2, size=2_000)) == []


def test_a_spike_beside_a_missing_value_is_found():
    y = clean_series("noise", 0)
    y[100] += 40
    y[[99, 101, 350]] = np.nan
    [finding] = outliers(case_of(make_panel({"a": y})))
    assert finding.places[0].first == "1970-01-05 04:00" and finding.severity == "warning"


def test_steel_daily_has_the_falls_that_come_back(shared):
    [finding] = outliers(case_of(table(shared, "steel_daily")))
    assert finding.severity == "note" and len(finding.places) <= 4
    assert "rici_metals, 2015-03-18 to 2015-03-19: 1,057.2 between 1,860.9 and 1,930.8" in finding.details
    assert "gsci_energy, 2014-01-03: 239.3 between 329.4 and 324.2" in finding.details


def test_a_grid_of_days_finds_the_same_falls(shared):
    one, other = (outliers(case_of(table(shared, name))) for name in ("steel_daily", "steel_grid"))
    assert one[0].details == other[0].details


def test_exchange_rates_of_one_day_that_all_leave_together_are_found(shared):
    [finding] = outliers(case_of(table(shared, "exchange")))
    assert sum("1999-10-30" in line for line in finding.details) >= 4


@pytest.mark.parametrize("name", [*CLASSIC, "co2", "rebar_weekly", "us_macrodata", "ETTm1", "air_quality"])
def test_tables_without_spikes_have_none(shared, name):
    assert outliers(case_of(table(shared, name))) == []


def test_hardly_any_series_of_m3_has_a_spike(shared):
    panel = table(shared, "m3")
    [finding] = outliers(case_of(panel))
    assert finding.looked == len(panel) and len(finding.places) < 0.02 * len(panel)


@pytest.mark.parametrize("kind", KINDS)
def test_clean_series_have_no_heavy_tail(kind):
    assert not any(heavy_tailed(clean_series(kind, seed)) for seed in range(100))


def test_appliances_are_heavy_tailed_and_the_loss_is_named(shared):
    [finding] = heavy_tails(case_of(table(shared, "appliances")))
    assert finding.details == ("Appliances: median 60, from 10 to 1,080",) and "training.loss=mae" in finding.option


@pytest.mark.parametrize("name", ["ETTh1", "exchange", "rebar_weekly", "temps", "lynx", "air_quality"])
def test_other_targets_are_not(shared, name):
    assert heavy_tails(case_of(table(shared, name))) == []
