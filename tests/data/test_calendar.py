"""Frequency steps as pandas' offsets and Python's zoneinfo do, on every unit and across clock changes."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.calendar import Frequency, calendar_features, cycles_seen_twice
from seqcast.errors import BundleError, ConfigError

HOUR = 3_600_000_000
DAY = 24 * HOUR
NAMES = ["7us", "100ms", "30s", "15min", "1h", "6h", "1d", "3d", "1bd", "2bd", "1w", "2w"]


def micros(index: pd.DatetimeIndex) -> np.ndarray:
    return index.as_unit("us").asi8


@pytest.mark.parametrize(
    ("name", "offset"),
    [(name, name.replace("bd", "B").replace("d", "D").replace("1w", "7D").replace("2w", "14D")) for name in NAMES],
)
@pytest.mark.parametrize("start", ["1969-12-29 13:45", "2023-12-29 00:00", "2024-02-26 23:30"])
def test_after_is_the_date_range_of_pandas(name, offset, start):
    truth = micros(pd.date_range(start, periods=300, freq=offset))
    assert Frequency.from_name(name).after(truth[0], 299).tolist() == truth[1:].tolist()


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        ("1mo", "MS"),
        ("ME", "ME"),
        ("5mo", "5MS"),
        ("1q", "QS"),
        ("1q-end", "QE"),
        ("YS", "YS"),
        ("1y-end", "YE"),
        ("2y", "2YS"),
    ],
)
def test_after_steps_months_as_pandas(name, offset):
    truth = micros(pd.date_range("1895-01-01", periods=120, freq=offset))
    assert Frequency.from_name(name).after(truth[0], 119).tolist() == truth[1:].tolist()


@given(st.integers(29, 31), st.integers(0, 600), st.integers(1, 5))
def test_months_end_where_the_day_is_missing(day, first, count):
    start = pd.Timestamp("1980-01-31").replace(day=day)
    truth = [start + pd.DateOffset(months=count * step) for step in range(first, first + 30)]
    frequency = Frequency(unit="month", count=count, day=day)
    values = micros(pd.DatetimeIndex(truth))
    assert frequency.after(values[0], 29).tolist() == values[1:].tolist()


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Seoul"])
@pytest.mark.parametrize("clock", ["00:00", "01:30", "02:15"])
@pytest.mark.parametrize("name", ["1d", "1w", "1mo"])
def test_days_follow_the_clock_on_the_wall(zone, clock, name):
    start = datetime.fromisoformat(f"2023-09-01T{clock}").replace(tzinfo=ZoneInfo(zone))
    days = {"1d": range(400), "1w": range(0, 2800, 7)}.get(name)
    walls = (
        [start + timedelta(days=d) for d in days]
        if days
        else pd.date_range(start.replace(tzinfo=None), periods=60, freq="MS")
    )
    truth = [
        round(datetime(w.year, w.month, w.day, w.hour, w.minute, tzinfo=ZoneInfo(zone)).timestamp() * 1e6)
        for w in walls
    ]
    frequency = Frequency(unit={"1d": "day", "1w": "week", "1mo": "month"}[name], zone=zone)
    assert frequency.after(truth[0], len(truth) - 1).tolist() == truth[1:]


def test_hours_follow_the_time_that_passes():
    truth = micros(pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Berlin"))
    frequency = Frequency(unit="hour", zone="Europe/Berlin", precision="minute")
    assert frequency.after(truth[0], 59).tolist() == truth[1:].tolist()
    assert frequency.label(truth[24:28]) == [f"2024-03-31T0{h}:00+0{z}:00" for h, z in ((0, 1), (1, 1), (3, 2), (4, 2))]


def test_days_of_23_and_25_hours():
    frequency = Frequency(unit="day", zone="Europe/Berlin")
    for start, hours in (("2024-03-31", 23), ("2024-10-27", 25), ("2024-06-01", 24)):
        midnight = pd.Timestamp(start, tz="Europe/Berlin").value // 1000
        assert frequency.after(midnight, 1)[0] - midnight == hours * HOUR


@given(st.sampled_from([*NAMES, "1mo", "1mo-end", "1q", "1y"]), st.integers(0, 10**4), st.integers(0, 500))
def test_between_undoes_shift(name, start, number):
    frequency = Frequency.from_name(name)
    first = frequency.after(1_000 * start * HOUR, 1)
    assert frequency.between(first, frequency.shift(first, np.array([number]))).tolist() == [number]


@pytest.mark.parametrize(
    ("name", "season"),
    [
        ("1min", 1440),
        ("15min", 96),
        ("7min", 1),
        ("30s", 120),
        ("1s", 60),
        ("1ms", 1),
        ("1h", 24),
        ("6h", 4),
        ("24h", 7),
        ("1d", 7),
        ("2d", 1),
        ("1bd", 5),
        ("1w", 52),
        ("4w", 13),
        ("1mo", 12),
        ("6mo", 2),
        ("1q", 4),
        ("1y", 1),
        ("10", 1),
        ("rows", 1),
    ],
)
def test_season_is_the_main_cycle_in_steps(name, season):
    assert Frequency.from_name(name).season == season


def test_rows_of_trading_days_step_over_weekends():
    rows = Frequency(unit="rows", step=DAY, weekdays=True)
    friday = pd.Timestamp("2024-05-31").value // 1000
    assert rows.label(rows.after(friday, 3)) == ["2024-06-03", "2024-06-04", "2024-06-05"]
    assert (rows.season, rows.name) == (5, "rows")


def test_rows_without_weekday_pattern_step_by_their_median():
    assert Frequency(unit="rows", step=5 * HOUR).after(0, 2).tolist() == [5 * HOUR, 10 * HOUR]
    assert Frequency(unit="rows", step=3, precision="integer").after(7, 2).tolist() == [10, 13]


@pytest.mark.parametrize("name", [*NAMES, "1mo", "1mo-end", "1q", "1q-end", "1y", "10"])
def test_names_and_saved_data_read_back(name):
    frequency = Frequency.from_name(name)
    assert frequency.name == name
    assert Frequency.from_dict(frequency.to_dict()) == frequency


@pytest.mark.parametrize(
    ("alias", "name"),
    [("H", "1h"), ("D", "1d"), ("B", "1bd"), ("W", "1w"), ("MS", "1mo"), ("ME", "1mo-end"), ("QS", "1q"), ("YS", "1y")],
)
def test_spellings_of_pandas(alias, name):
    assert Frequency.from_name(alias).name == name


@pytest.mark.parametrize("text", ["", "1m", "M", "0h", "-1h", "hourly", "1.5h", "1h-end", "1mo-start", "0", "h1", "١h"])
def test_other_names_are_refused(text):
    with pytest.raises(ConfigError, match="1mo") as caught:
        Frequency.from_name(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("change", [{"unit": 3}, {"count": "1"}, {"extra": 1}, {"weekdays": 1}])
def test_changed_data_is_refused(change):
    with pytest.raises(BundleError, match="frequency"):
        Frequency.from_dict(Frequency(unit="day").to_dict() | change)


def test_settings_that_cannot_work_are_refused():
    for wrong in (
        {"unit": "fortnight"},
        {"unit": "day", "count": 0},
        {"unit": "day", "zone": "Mars/Base"},
        {"unit": "rows"},
    ):
        with pytest.raises(ConfigError):
            Frequency(**wrong)


@pytest.mark.parametrize(
    ("precision", "zone", "text"),
    [
        ("year", None, "2024"),
        ("quarter", None, "2024Q1"),
        ("month", None, "2024-01"),
        ("day", None, "2024-01-01"),
        ("minute", None, "2024-01-01 00:00"),
        ("second", None, "2024-01-01 00:00:00"),
        ("second", "UTC", "2024-01-01T00:00:00+00:00"),
        ("minute", "-03:30", "2023-12-31T20:30-03:30"),
        ("millisecond", None, "2024-01-01 00:00:00.000"),
    ],
)
def test_labels_are_as_fine_as_the_table(precision, zone, text):
    times = np.array([pd.Timestamp("2024-01-01").value // 1000])
    assert Frequency(unit="day", precision=precision, zone=zone).label(times) == [text]


@given(st.lists(st.integers(-(10**16), 4 * 10**15), min_size=1, max_size=5), st.sampled_from(["year", "day", "minute"]))
def test_labels_lose_nothing(times, precision):
    array = np.array(times)
    labels = Frequency(unit="second", precision=precision, zone="Asia/Kolkata").label(array)
    parsed = [datetime.fromisoformat(text) for text in labels]
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    assert [round((p - epoch) / timedelta(microseconds=1)) for p in parsed if p.year >= 1950] == [
        t for t, p in zip(times, parsed, strict=True) if p.year >= 1950
    ]


def test_columns_for_output_tables():
    days = np.array([0, DAY])
    assert Frequency(unit="day").datetimes(days).dtype == pl.Date
    assert Frequency(unit="hour", precision="minute").datetimes(days).dtype == pl.Datetime("us")
    assert Frequency(unit="day").datetimes(days + 1).dtype == pl.Datetime("us")
    assert Frequency(unit="year", precision="year").datetimes(np.array([0, 365 * DAY])).to_list() == [1970, 1971]
    assert Frequency(unit="integer", precision="integer").datetimes(days).dtype == pl.Int64
    aware = Frequency(unit="hour", precision="minute", zone="Asia/Seoul").datetimes(days)
    assert aware.dtype == pl.Datetime("us", "Asia/Seoul")
    assert aware[0] == datetime(1970, 1, 1, 9, tzinfo=ZoneInfo("Asia/Seoul"))


@pytest.mark.parametrize(
    ("name", "cycles"),
    [
        ("1min", "hour day week year"),
        ("1h", "day week year"),
        ("1d", "week month year"),
        ("1bd", "week month year"),
        ("1w", "month year"),
        ("1mo", "year"),
        ("1q", "year"),
        ("1y", ""),
        ("12mo", ""),
        ("1", ""),
        ("rows", "week month year"),
    ],
)
def test_features_are_the_cycles_longer_than_a_step(name, cycles):
    names, values = calendar_features(np.arange(10) * DAY, Frequency.from_name(name))
    assert names == tuple(f"{cycle}_{form}" for cycle in cycles.split() for form in ("sin", "cos"))
    assert values.shape == (10, len(names))
    assert np.allclose((values**2).reshape(10, -1, 2).sum(-1), 1)


@pytest.mark.parametrize("zone", [None, "America/New_York"])
def test_features_stand_where_the_calendar_says(zone):
    index = pd.date_range("2023-03-01", periods=24 * 400, freq="h", tz=zone)
    names, values = calendar_features(micros(index), Frequency(unit="hour", zone=zone, precision="minute"))
    angle = {
        name[:-4]: np.angle(values[:, i + 1] + 1j * values[:, i]) / (2 * np.pi) % 1
        for i, name in enumerate(names)
        if i % 2 == 0
    }
    assert np.allclose(angle["day"], index.hour / 24)
    assert np.allclose(angle["week"] * 7, index.dayofweek + index.hour / 24)
    year = np.where(index.is_leap_year, 366, 365)
    assert np.allclose(angle["year"] * year, index.dayofyear - 1 + index.hour / 24)


def test_months_stand_evenly_round_the_year():
    _, values = calendar_features(micros(pd.date_range("2023-01-01", periods=12, freq="MS")), Frequency(unit="month"))
    assert np.allclose(values[:, 0], np.sin(2 * np.pi * np.arange(12) / 12))


@pytest.mark.parametrize(
    ("name", "rows", "cycles"),
    [
        ("1h", 24 * 365, "day week"),
        ("1h", 24 * 730, "day week year"),
        ("1h", 47, ""),
        ("1d", 13, ""),
        ("1d", 56, "week month"),
        ("1mo", 23, ""),
        ("1mo", 24, "season"),
        ("1", 500, ""),
    ],
)
def test_a_cycle_counts_once_it_was_gone_through_twice(name, rows, cycles):
    frequency = Frequency.from_name(name)
    times = frequency.after(0, rows)
    assert cycles_seen_twice(times, frequency) == tuple(cycles.split())


def test_no_rows_have_no_cycles():
    assert cycles_seen_twice(np.zeros(0, dtype=np.int64), Frequency.from_name("1h")) == ()
