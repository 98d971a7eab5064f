"""Columns that lack values, begin late or end early; series that are short; histories too short for a horizon."""

import numpy as np
import polars as pl
import pytest

from seqcast import read_panel
from seqcast.data.options import RoleOptions
from seqcast.doctor.spans import ends, horizon, lengths, missing, starts
from seqcast.doctor.told import mended
from tests.doctor.tables import case_of, table
from tests.panels import MONTHLY, make_panel


def daily(**columns):
    rows = len(next(iter(columns.values())))
    dates = [str(np.datetime64("2024-01-01") + day) for day in range(rows)]
    return case_of(read_panel(pl.DataFrame({"ds": dates, **columns}), RoleOptions(target=("y",))))


def series(lengths):
    rng = np.random.default_rng(0)
    return {f"s{i}": rng.normal(size=rows) for i, rows in enumerate(lengths)}


def test_a_feature_that_stops_before_the_target_is_named_with_both_dates():
    x = np.where(np.arange(60) < 50, np.arange(60.0), np.nan)
    [finding] = ends(daily(y=np.arange(60.0), x=x))
    assert finding.severity == "warning" and [place.target for place in finding.places] == ["x"]
    assert finding.details == ("x: last on 2024-02-19, table to 2024-02-29",)


def test_a_weekly_column_that_waits_for_its_next_value_has_not_stopped():
    x = np.where(np.arange(60) % 7 == 0, np.arange(60.0), np.nan)
    assert ends(daily(y=np.arange(60.0), x=x)) == []


def test_a_feature_that_begins_late_is_named_with_the_row_from_which_all_is_there():
    x = np.where(np.arange(60) >= 20, np.arange(60.0), np.nan)
    [finding] = starts(daily(y=np.arange(60.0), x=x))
    assert finding.details == ("all columns have begun on 2024-01-21: 40 rows from there", "x: from 2024-01-21 on")


def test_the_first_complete_row_of_the_weekly_steel_table_is_told(shared):
    case = case_of(table(shared, "rebar_weekly"))
    [finding] = missing(case)
    raw = pl.read_csv(shared / "data" / "steel" / "kr_rebar_weekly.csv")
    whole = raw.drop_nulls()
    assert finding.details[-1] == f"all columns have begun on {whole['date'][0]}: {len(whole)} rows from there"
    assert starts(case) == []


def test_missing_values_are_counted_in_rows_that_others_have():
    x = np.where(np.arange(60) % 4 == 1, np.nan, np.arange(60.0))
    z = np.where(np.arange(60) % 4 == 0, np.arange(60.0), np.nan)
    found = {finding.check: finding for finding in missing(daily(y=np.arange(60.0), x=x, z=z))}
    assert found["missing values"].details == ("x: 15 of 60 (25%)",)
    assert found["mostly empty columns"].details == ("z: 45 of 60 (75%)",)
    assert found["mostly empty columns"].severity == "warning"


def test_a_whole_table_lacks_nothing():
    case = daily(y=np.arange(60.0), x=np.arange(60.0) ** 2)
    assert missing(case) == ends(case) == starts(case) == lengths(case) == mended(case) == []


def test_series_of_unlike_lengths_are_told_from_those_of_one_length():
    [finding] = lengths(case_of(make_panel(series([100, 30, 100]), frequency=MONTHLY)))
    assert "from 30 to 100 rows, and 1 of 3 end before the last" in finding.what
    assert [place.name for place in finding.places] == ["s1"]
    assert lengths(case_of(make_panel(series([100, 100]), frequency=MONTHLY))) == []


@pytest.mark.parametrize(("rows", "steps", "severities"), [(400, 12, []), (30, 12, ["unusable"]), (60, 8, ["warning"])])
def test_a_horizon_is_judged_by_the_plan_of_a_run(rows, steps, severities):
    found = horizon(case_of(make_panel(series([rows]), frequency=MONTHLY), horizon=steps))
    assert [finding.severity for finding in found] == severities


def test_without_a_horizon_nothing_is_said_of_it():
    assert horizon(case_of(make_panel(series([10]), frequency=MONTHLY))) == []


def test_empty_rows_and_columns_of_the_air_quality_table_are_found(shared):
    [finding] = mended(case_of(table(shared, "air_quality")))
    assert "114 empty rows" in finding.what and "2 empty columns" in finding.what
