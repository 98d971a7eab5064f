"""Copies are found by name, with the line that makes one of the other; what merely looks alike is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcast.doctor.compared import FARTHEST, sample_of
from seqcast.doctor.copies import copies
from tests.doctor.tables import CLASSIC, case_of, clean_series, found_in, table
from tests.panels import make_panel


def later(y: np.ndarray, step: int) -> np.ndarray:
    """Return what `y` is so many rows later; nan where it is not there."""
    moved = np.full(len(y), np.nan)
    moved[max(0, -step) : len(y) - max(0, step)] = y[max(0, step) : len(y) + min(0, step)]
    return moved


@settings(max_examples=25)
@given(st.integers(0, 1_000), st.sampled_from([-0.01, 1.0, 3.6]), st.integers(1, 4))
def test_a_feature_in_another_unit_is_a_copy_of_the_first(seed, slope, series):
    rng = np.random.default_rng(seed)
    panels = {}
    for name in "abcd"[:series]:
        y, x = rng.normal(size=(2, 80)).cumsum(axis=1)
        panels[name] = np.column_stack([y, x, slope * x + 32])
    [finding] = copies(case_of(make_panel(panels, past=2)))
    assert found_in([finding]) == {"copies": ["p1"]} and finding.option == "--ignore p1"
    assert finding.severity == "note" and finding.details[0].startswith("p1 is ") and "p0 + 32" in finding.details[0]


@settings(max_examples=25)
@given(st.integers(0, 1_000), st.integers(1, FARTHEST))
def test_a_lagged_target_is_told_and_harmless(seed, lag):
    y = np.random.default_rng(seed).normal(size=700).cumsum()
    [finding] = copies(case_of(make_panel({"a": np.column_stack([y, later(y, -lag)])}, past=1)))
    rows = "1 row" if lag == 1 else f"{lag} rows"
    assert (finding.check, finding.severity) == ("late copies", "note")
    assert finding.details == (f"p0 is y0, {rows} before",) or finding.details == (f"p0 is y0 {rows} before",)


def test_a_target_is_not_ignored_but_no_longer_named():
    y = clean_series("walk", 0)
    [finding] = copies(case_of(make_panel({"a": np.column_stack([y, 2 * y])}, targets=2)))
    assert finding.option == "--target without y1"


def test_columns_that_share_a_trend_or_a_season_are_no_copies():
    rng = np.random.default_rng(0)
    rows = np.arange(500)
    wave = np.sin(2 * np.pi * rows / 24)
    columns = [5 * rows + rng.normal(size=500), 5 * rows + rng.normal(size=500), wave, wave + rng.normal(size=500) / 9]
    assert copies(case_of(make_panel({"a": np.column_stack([clean_series("noise", 1), *columns])}, past=4))) == []


def test_marks_of_missing_values_make_no_copies_and_hide_none():
    y, x, other = np.random.default_rng(0).normal(size=(3, 500)).round(2)
    gone = np.random.default_rng(1).random(500) < 0.2
    values = np.column_stack([y, np.where(gone, -999.0, x), np.where(gone, -999.0, other), x])
    [finding] = copies(case_of(make_panel({"a": values}, past=3)))
    assert finding.details == ("p2 is p0",)


def test_series_do_not_run_into_each_other():
    y, x = np.random.default_rng(0).normal(size=(2, 200))
    panel = make_panel({"a": np.column_stack([y, x]), "b": np.column_stack([x, y])}, past=1)
    assert copies(case_of(panel)) == []


def test_of_many_series_and_rows_a_part_is_compared_and_this_is_said():
    values = np.random.default_rng(0).normal(size=(300, 200, 2))
    values[:, :, 1] = values[:, :, 0]
    panel = make_panel({f"s{i}": block for i, block in enumerate(values)}, past=1)
    sample = sample_of(panel)
    assert (~np.isnan(sample.values[:, 0])).sum() == 200 * 50
    [finding] = copies(case_of(panel))
    assert finding.details[1:] == (
        "200 of 300 series are compared, evenly chosen",
        "the latest 50 rows of a series are compared",
    )


def test_the_two_random_columns_of_appliances_are_one(shared):
    [finding] = copies(case_of(table(shared, "appliances")))
    assert finding.details[0] == "rv2 is rv1" and finding.option == "--ignore rv2"


@pytest.mark.parametrize(
    "name", [*CLASSIC, "ETTh1", "ETTm1", "exchange", "rebar_weekly", "steel_daily", "us_macrodata", "air_quality"]
)
def test_tables_without_copies_have_none(shared, name):
    assert copies(case_of(table(shared, name))) == []
