"""Rows on a grid as pandas lays them: holes, trading days, averages, clock changes; what is no grid is refused."""

from dataclasses import replace
from time import process_time

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.grid import Laid, Rows, lay
from seqcast.data.groups import joined
from seqcast.data.options import TableOptions
from seqcast.data.times import ParsedTimes, parse_times
from seqcast.errors import ConfigError, TimeError

DAY = 86_400_000_000
STEPS = [
    ("s", "1s"),
    ("15min", "15min"),
    ("h", "1h"),
    ("6h", "6h"),
    ("D", "1d"),
    ("2D", "2d"),
    ("B", "1bd"),
    ("W-WED", "1w"),
    ("2W-SUN", "2w"),
    ("MS", "1mo"),
    ("ME", "1mo-end"),
    ("2MS", "2mo"),
    ("QS", "1q"),
    ("QE", "1q-end"),
    ("YS", "1y"),
    ("YE-JUN", "1y-end"),
]


def table(index, *columns, series=None, names=("a",), targets=1, categorical=None):
    """Return rows and times as the reader of tables gives them."""
    values = np.column_stack(columns).astype(float) if columns else np.arange(len(index), dtype=float)[:, None]
    width = values.shape[1]
    rows = Rows(
        series=np.zeros(len(index), dtype=np.int64) if series is None else np.asarray(series),
        values=values,
        names=names,
        columns=tuple("yxzuvw"[:width]),
        targets=targets,
        categorical=np.zeros(width, dtype=bool) if categorical is None else np.array(categorical),
        lines=np.arange(2, len(index) + 2),
    )
    if not isinstance(index, pd.DatetimeIndex):
        return rows, ParsedTimes(values=np.asarray(index), zone=None, precision="integer")
    zone = None if index.tz is None else str(index.tz)
    bare = (index.tz_localize(None) if zone else index).normalize() == (index.tz_localize(None) if zone else index)
    precision = "day" if bare.all() and not zone else "second"
    return rows, ParsedTimes(values=index.as_unit("us").asi8, zone=zone, precision=precision)


def laid(index, *columns, aggregate=None, freq=None, resample=None, **more) -> Laid:
    rows, parsed = table(index, *columns, **more)
    return lay(rows, parsed, TableOptions(aggregate=aggregate, freq=freq, resample=resample))


def refusal(index, *columns, kind=TimeError, **more):
    with pytest.raises(kind) as caught:
        laid(index, *columns, **more)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(("offset", "name"), STEPS)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_steps_without_holes_are_found(offset, name, zone):
    index = pd.date_range("1955-01-04", periods=60, freq=offset, tz=zone)
    got = laid(index)
    assert got.frequency.name == name
    assert got.times.tolist() == index.as_unit("us").asi8.tolist()
    more = pd.date_range(index[-1], periods=11, freq=offset)[1:]
    assert got.frequency.after(got.times[-1], 10).tolist() == more.as_unit("us").asi8.tolist()


@pytest.mark.parametrize(("offset", "name"), [step for step in STEPS if step[0] != "B"])
@given(seed=st.integers(0, 10**6), share=st.floats(0.0, 0.2))
def test_holes_are_laid_out_and_masked(offset, name, seed, share):
    index = pd.date_range("1999-05-05", periods=200, freq=offset)
    keep = np.random.default_rng(seed).random(200) >= share
    keep[[0, 1, -2, -1]] = True
    got = laid(index[keep], np.flatnonzero(keep))
    assert got.frequency.name == name
    assert got.times.tolist() == index.as_unit("us").asi8.tolist()
    assert np.array_equal(got.values[:, 0], np.where(keep, np.arange(200), np.nan), equal_nan=True)
    assert np.array_equal(got.source, np.where(keep, np.cumsum(keep) - 1, -1))
    assert ("kept as missing" in " ".join(got.notes)) == (not keep.all())


@given(st.permutations(range(40)), st.lists(st.integers(0, 2), min_size=40, max_size=40))
def test_order_of_rows_changes_nothing(order, series):
    index = pd.date_range("2024-01-01", periods=40, freq="h")
    rows, parsed = table(index, np.arange(40), series=series, names=("a", "b", "c"))
    shuffle = np.array(order)
    moved = replace(rows, series=rows.series[shuffle], values=rows.values[shuffle], lines=rows.lines[shuffle])
    options = TableOptions(freq="1h")
    straight, turned = lay(rows, parsed, options), lay(moved, replace(parsed, values=parsed.values[shuffle]), options)
    for part in ("times", "values", "offsets"):
        assert np.array_equal(getattr(straight, part), getattr(turned, part), equal_nan=True)
    assert np.array_equal(np.where(turned.source < 0, -1, shuffle[turned.source]), straight.source)
    assert not any("sorted" in note for note in straight.notes)


def test_sorting_is_said():
    assert "sorted" in laid([3, 2, 1]).notes[0]


def test_series_stand_one_after_another_each_from_its_own_start():
    index = pd.DatetimeIndex(["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-04", "2024-01-02", "2024-01-03"])
    got = laid(index, np.arange(6), series=[1, 0, 1, 0, 0, 0], names=("x", "y"))
    assert got.offsets.tolist() == [0, 4, 6]
    assert got.source.tolist() == [1, 4, 5, 3, 0, 2]


def test_leading_rows_without_a_target_are_left_out():
    nan = float("nan")
    got = laid([0, 1, 2, 3, 5], [nan, nan, 2, nan, 4], [9, 9, 9, 9, 9])
    assert got.times.tolist() == [2, 3, 4, 5]
    assert "2 leading rows" in " ".join(got.notes)
    both = laid([0, 1, 2], [nan, nan, 2], [nan, 1, 2], targets=2)
    assert both.times.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("file", "name", "season", "rows", "holes"),
    [
        ("air_passengers", "1mo", 12, 144, 0),
        ("ausbeer", "1q", 4, 211, 0),
        ("co2_weekly", "1w", 52, 2284, 0),
        ("lynx", "1y", 1, 114, 0),
        ("monthly_milk_incomplete", "1mo", 12, 168, 13),
        ("nile", "1y", 1, 100, 0),
        ("temps", "1d", 7, 3652, 2),
        ("woolyrnq", "1q", 4, 119, 0),
    ],
)
def test_real_files(shared, file, name, season, rows, holes):
    frame = pl.read_csv(shared / "data" / "classic" / f"{file}.csv", infer_schema=False)
    time = next(c for c in frame.columns if c.lower() in ("month", "date", "year", ""))
    frame = frame.filter(frame[time].is_not_null())
    parsed = parse_times(frame[time], time, np.arange(frame.height))
    got = lay(table(parsed.values)[0], parsed, TableOptions())
    assert (got.frequency.name, got.frequency.season, len(got.times)) == (name, season, rows)
    assert (got.source < 0).sum() == holes


def steel(shared):
    cells = pl.read_csv(shared / "data" / "steel" / "kr_steel_daily.csv.gz", infer_schema=False)["date"]
    return pd.DatetimeIndex(cells.to_list())


def test_irregular_steel_prices_need_a_rule(shared):
    index = steel(shared)
    message = refusal(index)
    assert [rule for rule in ("--freq rows", "--freq 1d", "--resample") if rule not in message] == []
    rows, grid = laid(index, freq="rows"), laid(index, freq="1d")
    assert (len(rows.times), len(grid.times)) == (3119, 3651)
    weekly = pd.read_csv(shared / "data" / "steel" / "kr_rebar_weekly.csv")
    assert laid(pd.DatetimeIndex(weekly.date)).frequency.name == "1w"


@given(st.integers(0, 10**6))
def test_trading_days_with_holidays_need_a_rule(seed):
    days = pd.bdate_range("2022-01-03", periods=500)
    keep = np.random.default_rng(seed).random(500) > 0.04
    keep[[0, -1]] = True
    keep[100] = False
    index = days[keep]
    message = refusal(index)
    assert [rule for rule in ("--freq rows", "--freq 1bd", "--freq 1d") if rule not in message] == []
    rows = laid(index, freq="rows")
    assert rows.times.tolist() == index.as_unit("us").asi8.tolist()
    assert (rows.frequency.season, rows.frequency.weekdays) == (5, True)
    assert (
        rows.frequency.after(rows.times[-1], 7).tolist()
        == pd.bdate_range(index[-1], periods=8)[1:].as_unit("us").asi8.tolist()
    )
    assert len(laid(index, freq="1bd").times) == 500
    assert len(laid(index, freq="1d").times) == (index[-1] - index[0]).days + 1


def test_weekdays_without_a_hole_are_business_days():
    got = laid(pd.bdate_range("2024-01-03", periods=8))
    assert (got.frequency.name, got.notes) == ("1bd", ("The step between rows is 1bd.",))
    assert laid(pd.bdate_range("2024-01-01", periods=5)).frequency.name == "1d"


def test_a_shop_that_is_closed_on_sundays_needs_a_rule():
    days = pd.date_range("2024-01-01", periods=90, freq="D")
    message = refusal(days[days.dayofweek != 6])
    assert "some days of the week" in message
    assert "1bd" not in message


def test_rows_as_steps_of_other_kinds():
    ticks = pd.DatetimeIndex(
        ["2024-01-01 00:00", "2024-01-01 03:00", "2024-01-01 07:00", "2024-01-02 19:00", "2024-01-02 22:00"]
    )
    got = laid(ticks, freq="rows")
    assert got.frequency.label(got.frequency.after(got.times[-1], 1)) == ["2024-01-03 02:00:00"]
    assert "4 hours apart" in got.notes[-1]
    assert laid([1, 4, 9, 14], freq="rows").frequency.after(14, 2).tolist() == [19, 24]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pd.date_range("2023-01-01", periods=700, freq="D"), pd.date_range("2025-01-01", periods=20, freq="MS")),
        (pd.date_range("2023-01-01", periods=744, freq="h"), pd.date_range("2023-02-02", periods=20, freq="D")),
        (pd.date_range("2000-01-01", periods=200, freq="MS"), pd.date_range("2017-01-01", periods=12, freq="QS")),
    ],
)
def test_a_table_whose_step_changes_is_refused(first, second):
    message = refusal(first.append(second))
    assert "one step throughout" in message
    assert f"(line {len(first) + 1})" in message
    assert "--resample" in message


@pytest.mark.parametrize(
    "index",
    [
        [0, 1, 2, 3, 40, 41, 90, 91, 92],
        [0, 2, 3, 5, 7, 9, 11, 13, 15],
        pd.DatetimeIndex(
            ["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 02:00", "2024-01-01 02:30", "2024-01-01 04:00"]
        ),
        pd.date_range("2024-01-01", periods=30, freq="W-MON").append(pd.DatetimeIndex(["2024-07-30"])),
    ],
)
def test_uneven_rows_are_refused(index):
    message = refusal(index)
    assert "even step" in message
    assert "--freq rows" in message


def test_series_of_different_steps_are_refused():
    days, months = pd.date_range("2024-01-01", periods=100), pd.date_range("2024-01-01", periods=12, freq="MS")
    assert "of it is there" in refusal(days.append(months), series=[0] * 100 + [1] * 12, names=("day", "month"))


def test_lone_rows_are_refused():
    assert "two times" in refusal([5])
    assert "two times" in refusal([5, 6], series=[0, 1], names=("a", "b"))


def test_duplicates_name_series_time_and_both_lines():
    index = pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-01", "2024-01-02", "2024-01-02"])
    message = refusal(index, series=[0, 0, 1, 1, 1], names=("north", "south"))
    assert [part for part in ("2024-01-02", "'south'", "line 6", "line 5", "--aggregate") if part not in message] == []
    assert "--series" in refusal(index.repeat(3).unique().repeat(3))


def test_the_hour_shown_twice_says_why():
    berlin = pd.date_range("2024-10-26", "2024-10-29", freq="h", tz="Europe/Berlin")
    message = refusal(berlin.tz_localize(None))
    assert [
        part for part in ("2024-10-27 02:00:00", "clocks", "offset", "--aggregate mean") if part not in message
    ] == []
    assert len(laid(berlin.tz_localize(None), aggregate="mean").times) == len(berlin) - 1
    assert laid(berlin).times.tolist() == berlin.as_unit("us").asi8.tolist()


@given(
    st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(-9, 9)), min_size=1, max_size=40),
    st.sampled_from(["mean", "sum", "first", "last"]),
)
def test_rows_of_one_time_are_joined_as_pandas_does(rows, rule):
    index = np.array([time for time, _ in rows])
    values = np.array([np.nan if value is None else value for _, value in rows], dtype=float)
    order = np.argsort(index, kind="stable")
    grouped = pd.Series(values[order]).groupby(index[order])
    truth = grouped.sum(min_count=1) if rule == "sum" else getattr(grouped, rule)()
    starts = np.flatnonzero(np.diff(index[order], prepend=-1))
    assert np.allclose(joined(values[order, None], starts, rule, np.array([False]))[:, 0], truth, equal_nan=True)


def test_joined_categories_keep_the_last():
    got = laid([0, 0, 1], [1, 3, 5], [0, 2, 1], aggregate="mean", categorical=[False, True])
    assert got.values.tolist() == [[2, 2], [5, 1]]
    assert got.source.tolist() == [1, 2]
    assert "joined by mean" in got.notes[0]
    assert "median" in refusal([0, 0], aggregate="median", kind=ConfigError)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("1h", "h"),
        ("30min", "30min"),
        ("1d", "D"),
        ("1w", "W-SUN"),
        ("1mo", "MS"),
        ("1q", "QS"),
        ("1y", "YS"),
        ("6h", "6h"),
        ("2d", "2D"),
    ],
)
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_averages_as_pandas_takes_them(name, rule, zone):
    index = pd.date_range("2021-12-31 22:20", periods=40_000, freq="20min", tz=zone)
    generator = np.random.default_rng(1)
    values = np.where(generator.random(len(index)) < 0.1, np.nan, generator.normal(size=len(index)))
    keep = generator.random(len(index)) > 0.3
    keep[[0, 1, -2, -1]] = True
    week = {"label": "left", "closed": "left"} if rule == "W-SUN" else {}
    rule = "W-MON" if rule == "W-SUN" else rule
    truth = pd.Series(values[keep], index[keep]).resample(rule, **week).mean()
    got = laid(index[keep], values[keep], resample=name)
    own = pd.Series(got.values[:, 0], pd.to_datetime(got.times, unit="us", utc=True))
    truth.index = truth.index.tz_convert("UTC") if zone else truth.index.tz_localize("UTC")
    truth = truth[truth.first_valid_index() :]
    both = pd.concat([own, truth], axis=1)
    missing = both[0].isna() != both[1].isna()
    assert set(np.flatnonzero(missing)) <= {0, len(both) - 1}  # partial steps at the edges
    assert np.allclose(*both[~missing].to_numpy().T, equal_nan=True)
    assert len(own) >= len(truth) - 2


def test_partial_steps_at_the_edges_are_left_out_and_said():
    index = pd.date_range("2024-01-01 00:50", "2024-01-01 06:00", freq="10min")
    got = laid(index, resample="1h")
    assert got.frequency.label(got.times) == [f"2024-01-01 0{hour}:00" for hour in range(1, 6)]
    assert "2 first or last steps" in " ".join(got.notes)


def test_averages_of_categories_and_of_nothing():
    index = pd.DatetimeIndex(["2024-01-01 00:00", "2024-01-01 00:30", "2024-01-01 02:00", "2024-01-01 02:30"])
    got = laid(index, [1, 2, 3, 4], [0, 1, 1, 0], resample="1h", categorical=[False, True])
    assert np.array_equal(got.values, [[1.5, 1], [np.nan, np.nan], [3.5, 0]], equal_nan=True)
    assert got.source.tolist() == [1, -1, 3]
    assert laid([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], resample="2").values[:, 0].tolist() == [0.5, 2.5, 4.5]


def test_weekends_belong_to_the_friday_before():
    got = laid(pd.date_range("2024-01-01", "2024-01-14"), np.arange(14), resample="1bd")
    assert got.values[:, 0].tolist() == [0, 1, 2, 3, 5, 7, 8, 9, 10, 12]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"freq": "1d", "resample": "1d"}, "not both"),
        ({"resample": "rows"}, "rows"),
        ({"freq": "1"}, "does not fit"),
        ({"freq": "daily"}, "'daily'"),
        ({"resample": "1m"}, "'1m'"),
    ],
)
def test_options_that_cannot_work(options, part):
    assert part in refusal(pd.date_range("2024-01-01", periods=9), kind=ConfigError, **options)


def test_integers_need_steps_of_integers():
    assert "whole numbers" in refusal([1, 2, 3], freq="1d", kind=ConfigError)
    assert laid([0, 10, 30], freq="10").times.tolist() == [0, 10, 20, 30]


def test_rows_off_the_chosen_grid_are_named():
    index = pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-03 05:00"])
    message = refusal(index, freq="1d")
    assert [part for part in ("1d", "2024-01-03 05:00", "line 4", "--resample 1d") if part not in message] == []
    weekend = refusal(pd.date_range("2024-01-01", periods=9), freq="1bd")
    assert "2024-01-06 (line 7)" in weekend


def test_a_mistyped_date_does_not_make_a_vast_grid():
    index = pd.date_range("2024-01-01", periods=50, freq="min").append(pd.DatetimeIndex(["2042-01-01"]))
    assert "2042-01-01" in refusal(index, freq="1min")


def test_month_ends_stay_month_ends():
    index = pd.DatetimeIndex(["2023-01-31", "2023-02-28", "2023-03-31", "2023-04-30"])
    got = laid(index, freq="1mo")
    assert got.frequency.label(got.frequency.after(got.times[-1], 3)) == ["2023-05-31", "2023-06-30", "2023-07-31"]
    thirtieth = laid(pd.DatetimeIndex(["2023-12-30", "2024-01-30", "2024-02-29", "2024-03-30"]))
    assert thirtieth.frequency.label(thirtieth.frequency.after(thirtieth.times[-1], 2)) == ["2024-04-30", "2024-05-30"]


def test_labels_keep_the_form_of_the_table():
    months = parse_times(pl.Series(["1949-01", "1949-02", "1949-04"]), "Month", np.arange(3))
    rows, _ = table([0, 1, 2])
    for freq, labels in (
        (None, ["1949-03", "1949-04"]),
        ("1mo", ["1949-03", "1949-04"]),
        ("1d", ["1949-03-31", "1949-04-01"]),
    ):
        got = lay(rows, months, TableOptions(freq=freq or "1mo"))
        assert got.frequency.label(got.times[-2:]) == labels


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.05])
def test_a_hundred_thousand_series_take_seconds(share):
    number, length = 100_000, 100
    keep = np.random.default_rng(0).random(number * length) >= share
    times = np.tile(np.arange(length) * DAY, number)[keep]
    rows = Rows(
        series=np.repeat(np.arange(number), length)[keep],
        values=np.ones((keep.sum(), 2)),
        names=tuple(map(str, range(number))),
        columns=("y", "x"),
        targets=1,
        categorical=np.array([False, False]),
        lines=np.arange(keep.sum()),
    )
    begin = process_time()
    got = lay(rows, ParsedTimes(values=times, zone=None, precision="day"), TableOptions())
    assert process_time() - begin < 60
    assert got.frequency.name == "1d"
