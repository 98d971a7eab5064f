"""Times as Python's own datetime reads them, whatever the way of writing; what can be read in two ways is refused."""

from datetime import UTC, date, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.times import ParsedTimes, numbered, parse_times, typed_times
from seqcast.data.wall import written
from seqcast.errors import ConfigError, TimeError

EPOCH = datetime(1970, 1, 1)
DAY = 86_400_000_000
DATES = st.dates(date(1500, 1, 1), date(2200, 12, 31))


def micros(moment):
    naive = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)
    start = EPOCH if naive.tzinfo is None else EPOCH.replace(tzinfo=UTC)
    return (naive - start) // timedelta(microseconds=1)


def parsed(cells, column="ds", date_format=None) -> ParsedTimes:
    return parse_times(pl.Series(cells, dtype=pl.String), column, np.arange(2, len(cells) + 2), date_format)


def labels(cells, column="ds", date_format=None):
    times = parsed(cells, column, date_format)
    return written(times.values, times.zone, times.precision)


def refusal(cells, column="ds", date_format=None):
    with pytest.raises(TimeError) as caught:
        parsed(cells, column, date_format)
    message = str(caught.value)
    assert "\n" not in message
    assert repr(column) in message
    return message


def seconds_of(work):
    begin = perf_counter()
    work()
    return perf_counter() - begin


WAYS = [
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%Y. %m. %d.",
    "%Y년 %m월 %d일",
    "%Y年%m月%d日",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d %B %Y",
    "%b-%d-%Y",
    "%B %d, %Y",
    "%Y %b %d",
    "%Y-%b-%d",
    "%Y%m%d",
    "%G-W%V-%u",
]


@given(st.lists(DATES, min_size=1, max_size=20), st.sampled_from(WAYS))
def test_dates_in_every_way_of_writing(days, way):
    cells = [day.strftime(way).replace(f"{day.year}", f"{day.year:04}") for day in days]
    times = parsed(cells)
    assert times.values.tolist() == [micros(day) for day in days]
    assert (times.zone, times.precision) == (None, "day")


CLOCKS = [
    ("%Y-%m-%d %H:%M:%S", "second"),
    ("%Y-%m-%dT%H:%M:%S", "second"),
    ("%d.%m.%Y %H.%M.%S", "second"),
    ("%Y%m%dT%H%M%S", "second"),
    ("%d %b %Y, %I:%M:%S %p", "second"),
    ("%Y-%m-%d  %H:%M:%S.%f", "microsecond"),
    ("%Y-%m-%d %H:%M:%S,%f", "microsecond"),
]


@given(
    st.lists(st.datetimes(datetime(1600, 1, 1), datetime(2200, 1, 1)), min_size=1, max_size=20), st.sampled_from(CLOCKS)
)
def test_clocks_in_every_way_of_writing(moments, way):
    form, precision = way
    moments = [moment.replace(microsecond=0) if precision == "second" else moment for moment in moments]
    times = parsed([moment.strftime(form) for moment in moments])
    assert times.values.tolist() == [micros(moment) for moment in moments]
    assert times.precision == precision


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["1949-01", "1949-02"], ["1949-01", "1949-02"]),
        (["1995-Jan", "1995-Feb"], ["1995-01", "1995-02"]),
        (["Jan 1995", "May 1995"], ["1995-01", "1995-05"]),
        (["1995M01", "1995M12"], ["1995-01", "1995-12"]),
        (["01/1995", "12/1995"], ["1995-01", "1995-12"]),
        (["2008Q3", "2008Q4"], ["2008Q3", "2008Q4"]),
        (["1959 Q1", "1959 Q2"], ["1959Q1", "1959Q2"]),
        (["Q1 1959", "Q4-1959"], ["1959Q1", "1959Q4"]),
        (["1871", "1872", "1873"], ["1871", "1872", "1873"]),
        (["195811", "195812", "195901"], ["1958-11", "1958-12", "1959-01"]),
        (["2024-01-01 23:00", "2024-01-01 24:00"], ["2024-01-01 23:00", "2024-01-02 00:00"]),
        (["2024-01-02T03", "2024-01-02T04"], ["2024-01-02 03:00", "2024-01-02 04:00"]),
        (["2024-01-02", "2024-01-02 01:30"], ["2024-01-02 00:00", "2024-01-02 01:30"]),
        (["2024-01-02T03:04:05.678+01:00"], ["2024-01-02T03:04:05.678+01:00"]),
        (["2024-01-02T03:04Z", "2024-01-02T04:04+00"], ["2024-01-02T03:04+00:00", "2024-01-02T04:04+00:00"]),
        (["2024-01-02 03:04 -0330"], ["2024-01-02T03:04-03:30"]),
        (["7", "-3", "12"], ["7", "-3", "12"]),
    ],
)
def test_labels_are_written_as_the_table_shows_them(cells, said):
    assert labels(cells) == said


def test_a_column_named_year_needs_no_run_of_years():
    assert parsed(["1871", "1880"], "year").precision == "year"
    assert parsed(["1871", "1880"], "step").integer


def test_day_and_month_are_settled_by_a_day_beyond_twelve():
    assert labels(["1/2/2024", "1/13/2024"]) == ["2024-01-02", "2024-01-13"]
    assert labels(["1/2/2024", "13/2/2024"]) == ["2024-02-01", "2024-02-13"]
    assert "day/month/year" in parsed(["1-2-2024 5:00", "13-2-2024 6:00"]).notes[0]


def test_day_and_month_are_settled_by_an_even_step():
    firsts = [f"{month}/1/{year}" for year in (2020, 2021) for month in range(1, 13)]
    assert labels(firsts)[1] == "2020-02-01"
    turned = [f"1/{month}/{year}" for year in (2020, 2021) for month in range(1, 13)]
    assert labels(turned * 2)[1] == "2020-02-01"


def test_day_and_month_are_settled_by_order():
    days = [date(2023, 1, 2), *(date(2024, month, 12 - month) for month in range(1, 10))]
    assert labels([f"{day.month}/{day.day}/{day.year}" for day in days]) == [day.isoformat() for day in days]


@pytest.mark.parametrize(
    "cells", [["1/2/2024"], ["1/1/1981", "1/2/1981", "1/3/1981"], [f"{m}/1/2020" for m in range(1, 13)]]
)
def test_day_and_month_that_nothing_settles(cells):
    message = refusal(cells)
    assert "day/month/year or month/day/year" in message
    assert "--date-format %d/%m/%Y" in message


@given(DATES, st.integers(40, 200), st.integers(20, 39), st.integers(2, 8))
def test_a_file_that_switches_day_and_month(start, number, at, length):
    """The classic silent corruption: a stretch of dates the other way round, each of them valid both ways."""
    days = [start + timedelta(days=step) for step in range(number)]
    cells = [f"{day.month}/{day.day}/{day.year}" for day in days]
    turned = [f"{day.day}/{day.month}/{day.year}" for day in days]
    cells[at : at + length] = turned[at : at + length]
    truth = [micros(day) for day in days]
    try:
        assert parsed(cells).values.tolist() == truth  # all of the turned ones read alike both ways
    except TimeError as error:
        assert "all month/day/year" in str(error)


def test_a_switch_is_named_by_its_line():
    days = [date(2024, 1, 1) + timedelta(days=step) for step in range(33)]
    cells = [f"{day.month}/{day.day}/{day.year}" for day in days[:31]] + ["1/2/2024", "2/2/2024"]
    assert "line 33: '1/2/2024'" in refusal(cells)
    assert "line 3: '2/13/2024'" in refusal(["13/2/2024", "2/13/2024"])


@pytest.mark.parametrize(
    ("cells", "parts"),
    [
        (["2024-01-01", None], ["empty in line 3", "delete the row"]),
        (["2024-01-01", "  "], ["empty in line 3"]),
        (["2024-01-01", "Total"], ["line 3", "'Total'", "alike"]),
        (["2024-01-01", "02/01/2024"], ["line 3", "'02/01/2024'", "alike"]),
        (["yesterday"], ["'yesterday'", "--date-format"]),
        (["01/02/24", "01/03/24"], ["two digits", "line 2", "--date-format"]),
        (["1 Jan 24"], ["two digits"]),
        (["May-24"], ["two digits"]),
        (["2023-02-28", "2023-02-30"], ["no such day", "line 3: '2023-02-30'"]),
        (["20230228", "20230230", "20230301"], ["no such day", "line 3: '20230230'"]),
        (["29.02.2023"], ["no such day"]),
        (["2024-13-01"], ["months 1 to 12", "line 2"]),
        (["12.31.2024"], ["months 1 to 12", "--date-format"]),
        (["2024Q5"], ["quarters 1 to 4"]),
        (["2023-W53"], ["no such week"]),
        (["2024-01-01 25:00"], ["23:59:59", "'2024-01-01 25:00'"]),
        (["2024-01-01 23:60"], ["23:59:59"]),
        (["2024-01-01 13:00 pm"], ["23:59:59"]),
        (["43831", "43832"], ["serial number of a spreadsheet", "--date-format excel"]),
        (["43831.25", "43831.5"], ["serial number of a spreadsheet"]),
        (["200101", "200102", "200201"], ["Six digits", "%y%m%d"]),
        (["2024-01-01T00:00Z", "2024-01-01T01:00"], ["offset", "line 3", "none"]),
        (["2024-01-01T00:00", "2024-01-01T01:00Z"], ["offset", "line 2"]),
        (
            ["2024-01-01T00:00+01:00", "2024-01-01T01:00+01:00", "2024-01-01T09:00+09:00"],
            ["one time zone", "line 4", "UTC"],
        ),
        (["2024-01-01T00:00+15:00"], ["14 hours"]),
    ],
)
def test_what_is_refused(cells, parts):
    message = refusal(cells)
    assert [part for part in parts if part not in message] == []


def test_an_empty_column_is_refused():
    assert "none" in refusal([])


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Seoul"])
def test_offsets_of_summer_time_are_one_zone(zone):
    truth = pd.date_range("2023-01-01", "2024-12-31", freq="7h", tz=zone)
    times = parsed([moment.isoformat() for moment in truth])
    assert times.values.tolist() == truth.as_unit("us").asi8.tolist()
    if zone == "Asia/Seoul":
        assert (times.zone, times.notes) == ("+09:00", ())
    else:
        assert times.zone is not None and zone in times.notes[0]
        assert [ZoneInfo(times.zone).utcoffset(moment.to_pydatetime()) for moment in truth] == [
            m.utcoffset() for m in truth
        ]


@pytest.mark.parametrize(
    ("cell", "form", "label"),
    [
        ("03/04/24", "%d/%m/%y", "2024-04-03"),
        ("03/04/70", "%m/%d/%y", "1970-03-04"),
        ("2024-5", "%Y-%m", "2024-05"),
        ("240531", "%y%m%d", "2024-05-31"),
        ("20240531 0304", "%Y%m%d %H%M", "2024-05-31 03:04"),
        ("Friday, 31 May 2024", "%A, %d %B %Y", "2024-05-31"),
        ("31.5.2024 18h", "%d.%m.%Y %Hh", "2024-05-31 18:00"),
        ("5/31/2024 3 PM", "%m/%d/%Y %I %p", "2024-05-31 15:00"),
        ("2024-05-31T01:02:03.5+0200", "%FT%T.%f%z", "2024-05-31T01:02:03.500+02:00"),
        ("100% 2024 Q2", "100%% %Y Q%q", "2024Q2"),
        ("43831", "excel", "2020-01-01"),
        ("43831.75", "excel", "2020-01-01 18:00"),
    ],
)
def test_a_format_settles_what_is_ambiguous(cell, form, label):
    assert labels([cell], date_format=form) == [label]


@given(st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2068, 1, 1)), min_size=1, max_size=9))
@pytest.mark.parametrize("form", ["%d/%m/%y %H:%M", "%Y%m%d%H%M", "%b %d %Y %I:%M %p", "%Y.%d.%m %H h %M"])
def test_formats_read_what_strptime_reads(form, moments):
    cells = [moment.strftime(form) for moment in moments]
    assert parsed(cells, date_format=form).values.tolist() == [micros(datetime.strptime(cell, form)) for cell in cells]


def test_formats_are_held_to():
    assert "line 3: '13/13/2024'" in refusal(["12/12/2024", "13/13/2024"], date_format="%d/%m/%Y")
    assert "line 3: '2024-01-05'" in refusal(["12/12/2024", "2024-01-05"], date_format="%d/%m/%Y")
    assert "line 2: '1/2/24'" in refusal(["1/2/24"], date_format="%d/%m/%Y")
    assert "line 2: '2024-01-05'" in refusal(["2024-01-05"], date_format="excel")
    for form, part in (("%d/%Q/%Y", "%Q"), ("%d/%m", "year"), ("%Y %Y", "twice"), ("%Y-%m-%", "letter")):
        with pytest.raises(ConfigError, match=part):
            parsed(["2024"], date_format=form)


def test_data_frames_bring_their_own_types():
    hours = pl.datetime_range(datetime(2024, 3, 30), datetime(2024, 4, 2), "1h", time_zone="Europe/Berlin", eager=True)
    for unit in ("ms", "us", "ns"):
        times = typed_times(hours.dt.cast_time_unit(unit), "ds")
        assert times.values.tolist() == [micros(moment) for moment in hours]
        assert (times.zone, times.precision) == ("Europe/Berlin", "minute")
    days = typed_times(pl.Series([date(2024, 2, 29)]), "ds")
    assert (days.values.tolist(), days.precision) == ([micros(date(2024, 2, 29))], "day")
    assert typed_times(pl.Series([datetime(2024, 1, 1)]), "ds").precision == "day"
    assert typed_times(pl.Series([datetime(2024, 1, 1, 0, 0, 1)]), "ds").precision == "second"


@pytest.mark.parametrize("kind", [pl.Int8, pl.UInt32, pl.Int64, pl.Float64])
def test_whole_numbers_of_any_type(kind):
    assert typed_times(pl.Series([3, 1, 2], dtype=kind), "t").values.tolist() == [3, 1, 2]


def test_numbers_in_data_frames_follow_the_same_rules():
    assert typed_times(pl.Series([20240228, 20240229]), "ds").precision == "day"
    assert typed_times(pl.Series([1990, 1991, 1992]), "n").precision == "year"
    assert typed_times(pl.Series([43831]), "ds", "excel").values.tolist() == [micros(date(2020, 1, 1))]
    assert typed_times(pl.Series(["2024-01", "2024-02"]).cast(pl.Categorical), "ds").precision == "month"
    for column, part in (
        (pl.Series([43831, 43832]), "row 1"),
        (pl.Series([datetime(2024, 1, 1), None]), "row 2"),
        (pl.Series([1, None]), "row 2"),
        (pl.Series([1.0, float("nan")]), "row 2"),
        (pl.Series([1.5]), "Float64"),
        (pl.Series([True]), "Boolean"),
        (pl.Series([timedelta(1)]), "Duration"),
    ):
        with pytest.raises(TimeError, match=part):
            typed_times(column, "date")


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_rows_are_numbered_within_their_series(series):
    truth = [series[:row].count(code) for row, code in enumerate(series)]
    assert numbered(np.array(series)).values.tolist() == truth


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M", "%Y-%m-%dT%H:%M:%S+01:00"])
def test_no_loop_runs_over_the_cells(form):
    """Half a million cells take .4 s where a loop takes 4 s; the loop is timed too, as the machine may be busy."""
    cells = (pl.Series(np.arange(500_000) * 60_000_000).cast(pl.Datetime("us"))).dt.strftime(form)
    loop = 100 * seconds_of(lambda: [datetime.strptime(cell, form) for cell in cells[:5000].to_list()])
    assert min(seconds_of(lambda: parse_times(cells, "ds", np.arange(500_000))) for _ in range(3)) < loop / 3


@pytest.mark.parametrize(
    ("file", "column", "label"),
    [
        ("air_passengers", "Month", "1949-01"),
        ("ausbeer", "date", "1956-01-01"),
        ("co2_weekly", "date", "1958-03-29"),
        ("lynx", "", "1821"),
        ("monthly_sunspots", "Month", "1749-01"),
        ("nile", "year", "1871"),
        ("sunspots_yearly", "YEAR", "1700"),
        ("temps", "Date", "1981-01-01"),
        ("woolyrnq", "date", "1965-01-01"),
        ("shampoo_sales", "Time", "1991-01"),
    ],
)
def test_real_files(shared, file, column, label):
    cells = pl.read_csv(shared / "data" / "classic" / f"{file}.csv", infer_schema=False)[column]
    times = parse_times(cells, column, np.arange(2, len(cells) + 2))
    assert written(times.values[:1], times.zone, times.precision) == [label]
    assert (np.diff(times.values) > 0).all()
