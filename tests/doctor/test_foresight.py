"""A feature that knows the target is found however it is scaled, shifted or blurred; honest ones are not accused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcast.data.calendar import Frequency
from seqcast.doctor import leaks_in_data
from seqcast.doctor.compared import FARTHEST
from seqcast.doctor.foresight import AHEAD, leaks
from tests.doctor.tables import CLASSIC, KINDS, case_of, clean_series, table
from tests.doctor.test_copies import later
from tests.panels import make_panel

few = settings(max_examples=12)
TEN_MINUTES = Frequency(unit="minute", count=10, precision="minute")


def panel_of(*columns: np.ndarray, known: int = 0, **options):
    """Return a panel of one target; the last columns are known."""
    return make_panel({"a": np.column_stack(columns)}, past=len(columns) - 1 - known, known=known, **options)


@few
@given(st.sampled_from(KINDS), st.integers(0, 100), st.integers(1, FARTHEST), st.sampled_from([-0.01, 1.0, 7.0]))
def test_a_shifted_target_is_found_with_its_step(kind, seed, step, slope):
    y = clean_series(kind, seed, 900)
    [finding] = leaks_in_data(panel_of(y, slope * later(y, step)))
    assert (finding.check, finding.severity) == ("knows the future", "warning")
    assert [place.target for place in finding.places] == ["p0"] and finding.option.startswith("--ignore p0")
    rows = "1 row" if step == 1 else f"{step} rows"
    assert len(finding.details) == 1 and finding.details[0].endswith(f"{rows} later")


@few
@given(st.sampled_from(["walk", "autoregression", "noise"]), st.integers(0, 100), st.integers(1, AHEAD))
def test_a_blurred_copy_is_found_too(kind, seed, step):
    y = clean_series(kind, seed)
    blur = 0.2 * np.random.default_rng(seed + 1).normal(size=500)
    [finding] = leaks_in_data(panel_of(y, later(y, step) + blur))
    assert f"{step} row" in finding.details[0] and "of what is new in it" in finding.details[0]


def test_a_centred_average_is_found():
    y = clean_series("walk", 0)
    average = np.convolve(y, np.ones(3) / 3, mode="same")
    assert leaks_in_data(panel_of(y, average))[0].places[0].target == "p0"


@few
@given(st.integers(0, 100), st.integers(0, 5))
def test_what_is_late_or_of_the_same_row_is_no_leak_in_a_past_only_feature(seed, lag):
    y = clean_series("walk", seed)
    assert leaks_in_data(panel_of(y, later(y, -lag), y + np.random.default_rng(seed).normal(size=500))) == ()


@few
@given(st.integers(0, 100), st.integers(-30, 60), st.integers(1, 30))
def test_a_known_feature_may_hold_only_what_lies_a_horizon_back(seed, step, horizon):
    y = clean_series("walk", seed)
    found = leaks_in_data(panel_of(y, later(y, step), known=1), horizon)
    assert bool(found) == (step > -horizon)
    assert not found or "without --known" in found[0].option


@few
@given(st.integers(0, 1_000))
def test_a_known_feature_that_tells_the_target_of_its_row_too_well_is_told(seed):
    y = clean_series("autoregression", seed)
    noise = np.random.default_rng(seed + 1).normal(size=500)
    [finding] = leaks_in_data(panel_of(y, y + 0.1 * noise, known=1), 1)
    assert "of the same row: 99%" in finding.details[0] or "of the same row: 98%" in finding.details[0]
    assert leaks_in_data(panel_of(y, y + 0.5 * noise, known=1), 1) == ()


@pytest.mark.parametrize("known", [0, 1])
@pytest.mark.parametrize(
    ("period", "frequency"), [(24, Frequency(unit="hour", precision="minute")), (144, TEN_MINUTES)]
)
def test_a_clock_is_no_leak_however_strong_the_season(known, period, frequency):
    rows = np.arange(3_000)
    y = 10 * np.sin(2 * np.pi * rows / period) + np.random.default_rng(0).normal(size=3_000)
    clocks = [np.sin(2 * np.pi * (rows + phase) / period) for phase in range(0, period, period // 8)]
    clocks = [*clocks, rows % period, rows % (7 * period) // period, np.round(clocks[1], 3)]
    panel = make_panel(
        {"a": np.column_stack([y, *clocks])}, past=11 * (1 - known), known=11 * known, frequency=frequency
    )
    assert leaks_in_data(panel, 24) == ()


def test_a_promotion_known_in_advance_may_move_the_target_as_it_likes():
    rng = np.random.default_rng(0)
    promotion = (rng.random(500) < 0.3).astype(float)
    y = 100 + 500 * promotion + rng.normal(size=500)
    assert leaks_in_data(panel_of(y, promotion, known=1)) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_hardly_any_stranger_is_accused(kind):
    accused = 0
    for seed in range(15):
        y = clean_series(kind, seed, 60)
        others = [clean_series(other, 1_000 + seed + i, 60) for i, other in enumerate(KINDS)]
        accused += bool(leaks_in_data(panel_of(y, *others, known=2), 12))
    assert accused == 0


def test_marks_of_missing_values_hide_no_leak():
    y = clean_series("walk", 0).round(2)
    gone = np.random.default_rng(0).random(500) < 0.2
    [finding] = leaks_in_data(panel_of(np.where(gone, -9999.0, y), later(y, 1)))
    assert "1 row later" in finding.details[0]


def test_a_target_that_knows_another_cannot_be_ignored_only_left_out():
    y = clean_series("walk", 0)
    [finding] = leaks_in_data(make_panel({"a": np.column_stack([y, later(y, 1)])}, targets=2))
    assert finding.option.startswith("--target without y1")


@few
@given(st.integers(2, 6), st.integers(0, 50), st.integers(1, 10))
def test_a_leak_in_all_series_is_found_whatever_their_levels(series, seed, step):
    rng = np.random.default_rng(seed)
    panels = {}
    for name in "abcdef"[:series]:
        y = rng.normal(size=80).cumsum() * 10.0 ** rng.integers(-2, 4) + rng.normal() * 1_000
        panels[name] = np.column_stack([y, later(y, step) + rng.normal() * 100])
    [finding] = leaks_in_data(make_panel(panels, past=1))
    assert f"{step} row" in finding.details[0]


def test_rows_after_the_last_target_are_not_read():
    y, x = clean_series("walk", 0), clean_series("walk", 1)
    one, other = y.copy(), x.copy()
    one[450:], other[450:] = np.nan, 1e9
    assert leaks_in_data(panel_of(one, other, known=1)) == leaks_in_data(panel_of(one, x, known=1)) == ()


def test_a_late_quote_in_a_table_of_days_is_found_at_the_step_of_the_week():
    quoted = np.arange(1_400) % 7 == 0
    y = np.where(quoted, np.repeat(clean_series("walk", 0, 200), 7), np.nan)
    [finding] = leaks_in_data(panel_of(y, later(y, 7)))
    assert finding.details == ("p0 is y0 7 rows later",)


@pytest.mark.parametrize("target", ["rebar_weekly", "steel_daily", "appliances"])
def test_a_leak_planted_in_a_true_table_is_the_only_one_found(shared, target):
    panel = table(shared, target)
    values = panel.values.copy()
    column = panel.columns.values.index(panel.columns.past[3])
    values[:, column] = later(values[:, 0], 1) * 1.1
    found = leaks(case_of(panel.__class__(**{**vars(panel), "values": values})))
    assert [place.target for finding in found for place in finding.places] == [panel.columns.past[3]]


@pytest.mark.parametrize(
    "name",
    [
        *CLASSIC,
        "ETTh1",
        "ETTm1",
        "exchange",
        "rebar_weekly",
        "steel_daily",
        "us_macrodata",
        "air_quality",
        "appliances",
    ],
)
def test_no_feature_of_the_true_tables_is_accused(shared, name):
    assert leaks(case_of(table(shared, name))) == []
