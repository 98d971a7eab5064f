"""Gaps, their names and their map, and clocks that are put forward and back."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast import read_panel
from seqcast.doctor.clocks import doubled_hours, skipped_hours
from seqcast.doctor.opening import open_table
from seqcast.doctor.timing import gaps, stretches, strip, summer_time, uneven
from tests.doctor.tables import CLASSIC, case_of, table


def hourly(zone: str, first: str, last: str) -> pl.DataFrame:
    """Return a table of what the clocks of a zone show at each hour that passes."""
    ends = (pl.Series([text]).str.to_datetime(time_zone="UTC")[0] for text in (first, last))
    clock = pl.datetime_range(*ends, "1h", eager=True).dt.convert_time_zone(zone).dt.replace_time_zone(None)
    return pl.DataFrame({"ds": clock.dt.strftime("%Y-%m-%d %H:%M"), "y": np.arange(len(clock)) % 24})


def test_each_missing_month_of_the_milk_table_is_named(shared):
    whole, part = (
        pl.read_csv(shared / "data" / "classic" / f"{name}.csv")["Month"].to_list()
        for name in ("monthly_milk", "monthly_milk_incomplete")
    )
    lacking = sorted(set(whole) - set(part))
    [finding] = gaps(case_of(table(shared, "monthly_milk_incomplete")))
    assert finding.what == "13 of 168 steps of 1mo have no value." and len(lacking) == 13
    assert finding.details[0].split(", ") == lacking
    assert gaps(case_of(table(shared, "monthly_milk"))) == []


def test_every_missing_value_of_the_co2_table_lies_in_a_gap_that_is_named(shared):
    [finding] = gaps(case_of(table(shared, "co2")))
    raw = pl.read_csv(shared / "data" / "classic" / "co2_weekly.csv")
    lacking = raw.filter(pl.col("co2").is_null())["date"].cast(pl.String).str.to_date("%Y%m%d").to_list()
    assert finding.what.startswith("59 of 2,284") and len(lacking) == 59
    text = finding.details[0]
    for run in text.split(", "):
        for date in run.split(" (")[0].split(" to "):
            assert date in map(str, lacking)
    assert "1964-01-25 to 1964-05-23 (18)" in text


def test_the_leap_days_that_the_temperatures_skip_are_known_for_what_they_are(shared):
    [finding] = gaps(case_of(table(shared, "temps")))
    assert finding.details[0] == "1984-12-31, 1988-12-31" and "leap year" in finding.details[-1]


@pytest.mark.parametrize(
    "name", [*sorted({*CLASSIC} - {"monthly_milk_incomplete", "temps"}), "ETTh1", "appliances", "exchange"]
)
def test_tables_without_a_gap_have_none(shared, name):
    case = case_of(table(shared, name))
    assert gaps(case) == [] and uneven(case) == [] and summer_time(case) == []


@given(st.lists(st.booleans(), min_size=1, max_size=300), st.integers(1, 80))
def test_a_map_is_whole_only_where_all_is_there_and_empty_only_where_nothing_is(marks, width):
    there = np.array(marks)
    drawn = strip(there, width)
    assert len(drawn) == min(width, len(there))
    assert ("█" * len(drawn) == drawn) == bool(there.all()) and (not drawn.strip()) == (not there.any())


@given(st.lists(st.booleans(), max_size=60))
def test_stretches_are_what_the_mask_selects(marks):
    mask = np.array(marks, dtype=bool)
    again = np.zeros_like(mask)
    for first, last in stretches(mask):
        assert not again[first : last + 1].any()
        again[first : last + 1] = True
    assert np.array_equal(mask, again)


@pytest.mark.parametrize(
    ("zone", "spring", "autumn"),
    [
        ("Europe/Berlin", "2023-03-26", "2023-10-29"),
        ("America/New_York", "2023-03-12", "2023-11-05"),
        ("Australia/Sydney", "2023-10-01", "2023-04-02"),
    ],
)
def test_changes_of_the_clock_lie_where_the_law_puts_them(zone, spring, autumn):
    first, last = (int(np.datetime64(day, "us").astype(int)) for day in ("2023-01-01", "2024-01-01"))
    for hours, day in ((skipped_hours(first, last, zone), spring), (doubled_hours(first, last, zone), autumn)):
        assert [str(hour)[:10] for hour in hours.astype("datetime64[us]")] == [day]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_times_on_the_wall_are_found_by_the_hours_they_skip_and_double(zone):
    opened = open_table(hourly(zone, "2022-01-01", "2024-01-01"))
    found = {finding.check: finding for finding in opened.found}
    assert set(found) == {"times there twice", "clocks that went back"}
    assert zone in found["clocks that went back"].what and "+02:00" in found["clocks that went back"].option
    [spring] = summer_time(case_of(opened.panel))
    assert zone in spring.what and spring.severity == "warning"


def test_hours_in_utc_and_hours_that_are_missing_by_chance_are_no_change_of_clocks():
    clean = hourly("UTC", "2022-01-01", "2024-01-01")
    assert summer_time(case_of(read_panel(clean))) == []
    holes = clean.filter(pl.Series(np.random.default_rng(0).uniform(size=len(clean)) > 0.01))
    assert gaps(case_of(read_panel(holes))) and summer_time(case_of(read_panel(holes))) == []
    twice = pl.concat([clean, clean[[500, 5_000]]])
    assert [finding.check for finding in open_table(twice).found] == ["times there twice"]


def test_rows_as_steps_say_how_far_apart_they_are():
    days = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-13", "2024-01-14"]
    opened = open_table(pl.DataFrame({"ds": days, "y": range(5)}))
    assert opened.panel.frequency.unit == "rows"
    [finding] = uneven(case_of(opened.panel))
    assert finding.what == "Rows lie from 1 day to 10 days apart."
    assert finding.details[0] == "distances between rows: 1 day 75%, 10 days 25%"
    assert finding.details[1] == "longest: 2024-01-03 to 2024-01-13"
