"""Numbers that stand for a missing value are found and counted; true zeros, switches and limits are not among them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.doctor.sentinels import clipped, clipping, marks, measured, sentinels
from tests.doctor.tables import KINDS, case_of, clean_series, table
from tests.panels import make_panel

AIR = {"CO(GT)": 1683, "NMHC(GT)": 8443, "NOx(GT)": 1639, "NO2(GT)": 1642}


def temperatures(seed: int, rows: int = 400) -> np.ndarray:
    return np.random.default_rng(seed).normal(18, 4, size=rows).round(1)


@given(st.integers(0, 50), st.sampled_from([-200.0, -999.0, -9999.0, 9999.0, 99999.0, 1e20]), st.integers(3, 150))
def test_a_planted_mark_is_found_with_its_count(seed, value, count):
    y = temperatures(seed)
    y[np.random.default_rng(seed).choice(400, count, replace=False)] = value
    [mark] = marks(y)
    assert (mark.value, mark.count) == (value, count)


@given(st.integers(0, 50))
def test_two_marks_on_one_side_and_one_on_the_other_are_all_found(seed):
    y = temperatures(seed)
    y[::40], y[1::40], y[2::40] = -999.0, -9999.0, 99999.0
    assert sorted(mark.value for mark in marks(y)) == [-9999.0, -999.0, 99999.0]


@pytest.mark.parametrize("kind", KINDS)
def test_clean_series_have_neither_marks_nor_limits(kind):
    for seed in range(60):
        y = clean_series(kind, seed)
        for values in (y, y.round(1), y.round(), np.exp(y / 5).round(2)):
            assert marks(values) == [] and (kind == "trend" or clipped(values) == [])


def test_true_zeros_are_no_marks():
    rng = np.random.default_rng(0)
    rain = np.where(rng.random(1000) < 0.7, 0.0, rng.exponential(5, 1000).round(1))
    sales = rng.poisson(0.8, 1000).astype(float)
    lots = rng.poisson(0.5, 1000) * 50.0
    sun = np.maximum(0, np.sin(2 * np.pi * np.arange(1000) / 24) * rng.uniform(50, 900, 1000)).round()
    closed = np.where(np.arange(1000) % 14 == 13, 0.0, rng.normal(500, 30, 1000).round())
    switch = (rng.random(1000) < 0.9).astype(float)
    for values in (rain, sales, lots, sun, closed, switch):
        assert marks(values) == []


def test_a_zero_where_nothing_is_near_is_asked_about():
    y = np.random.default_rng(0).normal(400, 10, size=500).round(1)
    y[[30, 31, 200, 411, 412]] = 0.0
    [finding] = sentinels(case_of(make_panel({"a": y})))
    assert finding.severity == "note" and finding.option == "--missing 0" and "5 of 500" in finding.details[0]


def test_a_price_that_stood_still_and_fell_is_no_mark():
    y = np.concatenate([np.full(80, 900_000.0), 550_000 + 5_000 * np.random.default_rng(0).integers(-5, 5, 200)])
    assert marks(y) == []


def test_a_sensor_at_the_end_of_its_scale_is_clipped_and_holds_no_mark():
    y = np.random.default_rng(0).normal(80, 15, size=2_000).round(1)
    full = np.minimum(y, 100.0)
    assert marks(full) == [] and [mark.value for mark in clipped(full)] == [100.0]
    [finding] = clipping(case_of(make_panel({"a": full})))
    assert finding.check == "clipped" and "at 100" in finding.details[0]


def test_lines_are_measured_without_their_marks():
    y = temperatures(0)
    y[::9] = -999.0
    [line] = measured(make_panel({"a": y}))
    assert line.rows.tolist() == [row for row in range(400) if row % 9] and line.values.min() > -10


def test_air_quality_marks_are_counted_column_by_column(shared):
    case = case_of(table(shared, "air_quality"))
    [finding] = sentinels(case)
    assert finding.severity == "warning" and finding.option == "--missing -200"
    assert len(finding.places) == finding.looked == 13
    told = dict(zip([place.target for place in finding.places], _counts(case), strict=True))
    assert told == {name: AIR.get(name, 366) for name in case.panel.columns.values}
    assert finding.places[2].first.startswith("2004-03-12 09:00") and "8,443 of 9,357" in finding.details[2]


def test_a_second_look_without_the_marks_finds_none(shared):
    panel = table(shared, "air_quality")
    for line in measured(panel):
        assert marks(line.values) == [] and line.values.min() > -200


@pytest.mark.parametrize("name", ["ETTh1", "exchange", "rebar_weekly", "steel_daily", "us_macrodata", "appliances"])
def test_tables_without_marks_have_none(shared, name):
    assert sentinels(case_of(table(shared, name))) == []


def test_the_humidity_outdoors_of_appliances_is_clipped_at_both_ends(shared):
    [finding] = clipping(case_of(table(shared, "appliances")))
    assert [place.target for place in finding.places] == ["RH_6"]
    assert finding.details == ("RH_6: 1,452 of 19,735 at 1", "RH_6: 751 of 19,735 at 99.9")


def _counts(case):
    return [int(np.sum(column == -200)) for column in case.panel.values.T]
