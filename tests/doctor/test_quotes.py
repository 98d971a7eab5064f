"""On which days a column has values, and which figures carry a date on which nobody knew them."""

import numpy as np
import polars as pl
import pytest

from seqcast import read_panel
from seqcast.data.options import RoleOptions, TableOptions
from seqcast.doctor.quotes import hours, of_the_period, of_the_week, weekly
from tests.doctor.tables import case_of, table

MONTHLY = {
    *("cn_leading_index", "cn_pmi_cflp", "cn_pmi_hsbc", "cn_cpi", "cn_exports", "cn_imports", "cn_fx_reserves"),
    "cn_gdp",
}


def days(column, name="x", rows=1_000):
    dates = np.datetime64("2020-01-01") + np.arange(rows)
    rng = np.random.default_rng(0)
    values = [float(rng.normal()) if column(date.astype(object)) else None for date in dates]
    frame = pl.DataFrame({"ds": dates.astype(str).tolist(), "y": rng.normal(size=rows), name: values})
    return case_of(read_panel(frame, RoleOptions(target=("y",))))


@pytest.mark.parametrize("name", ["steel_daily", "steel_grid"])
def test_the_monday_quotes_of_the_steel_table_are_counted_with_their_holes(shared, name):
    [finding] = weekly(case_of(table(shared, name)))
    told = next(detail for detail in finding.details if detail.startswith("rebar_hd10_kr"))
    raw = pl.read_csv(shared / "data" / "steel" / "kr_steel_daily.csv.gz", infer_schema=False)
    dates = raw.filter(pl.col("rebar_hd10_kr") != "")["date"].str.to_date()
    mondays = int((dates.dt.weekday() == 1).sum())
    assert len(dates) == 512 and f"{mondays} values on Mondays" in told
    assert "1 on a Wednesday, 1 on a Sunday" in told and "9 holes of 2 weeks, 1 hole of 3 weeks" in told


def test_figures_for_months_and_quarters_must_be_lagged(shared):
    [finding] = of_the_period(case_of(table(shared, "steel_daily")))
    assert {place.target for place in finding.places} == MONTHLY and finding.severity == "warning"
    assert any(detail.startswith("cn_gdp") and "quarters" in detail for detail in finding.details)
    assert "Lag" in finding.option


def test_stocks_on_the_monday_of_the_week_they_average_are_named(shared):
    [finding] = of_the_week(case_of(table(shared, "steel_daily")))
    assert len(finding.places) == 6 and all(place.target.endswith("_stock") for place in finding.places)


@pytest.mark.parametrize("name", ["temps", "exchange", "rebar_weekly", "ETTh1", "air_quality", "co2", "appliances"])
def test_tables_whose_columns_have_values_on_every_row_have_no_days_of_their_own(shared, name):
    case = case_of(table(shared, name))
    assert weekly(case) == of_the_period(case) == of_the_week(case) == hours(case) == []


def test_what_is_sparse_by_chance_has_no_weekday():
    chance = np.random.default_rng(3).uniform(size=10_000) < 0.2
    case = days(lambda date: chance[date.toordinal() % 10_000])
    assert weekly(case) == of_the_period(case) == []


def test_a_weekly_price_is_no_figure_of_a_week():
    assert weekly(days(lambda date: date.weekday() == 0)) and not of_the_week(days(lambda date: date.weekday() == 0))
    assert of_the_week(days(lambda date: date.weekday() == 0, name="iron_stock"))
    assert not of_the_week(days(lambda date: date.weekday() == 4, name="iron_stock"))


def test_month_ends_are_no_first_days():
    [finding] = of_the_period(days(lambda date: date.day == 1))
    assert "months" in finding.details[0]
    assert of_the_period(days(lambda date: date.day == 28)) == []


def test_hours_that_are_never_measured_are_named():
    clock = np.datetime64("2024-01-01T00:00") + np.arange(24 * 60) * np.timedelta64(60, "m")
    open_hours = [8 <= moment.astype(object).hour < 22 for moment in clock]
    y = np.where(open_hours, np.random.default_rng(0).normal(size=len(clock)), np.nan)
    case = case_of(read_panel(pl.DataFrame({"ds": [str(moment) for moment in clock], "y": y}), None, TableOptions()))
    [finding] = hours(case)
    assert finding.details == ("never: 00, 01, 02, 03, 04, 05, 06, 07, 22, 23",)
