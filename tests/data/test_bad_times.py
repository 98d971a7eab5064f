"""What becomes of times in disorder, in doubt or in two zones, through the door, for files and data frames alike."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest

from seqcast.errors import TimeError
from tests.data.tables import KINDS, Handled, Refused, as_kind, assert_same, assert_says, faults, read, refusal

HOUR = 3_600_000_000


def table(*times: str, header: str = "ds,y") -> str:
    """Return a CSV of these times with the values 1, 2, 3, …"""
    return "\n".join([header, *(f'"{time}",{row}' for row, time in enumerate(times, start=1))]) + "\n"


DAYS = table("2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04", "2024-01-05")

REFUSED = [
    Refused(
        "duplicate",
        table("2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03"),
        TimeError,
        ("2024-01-02", "@4", "--aggregate"),
    ),
    Refused(
        "irregular",
        table("2024-01-01", "2024-01-03", "2024-01-12", "2024-02-01", "2024-02-20"),
        TimeError,
        ("even step", "--freq rows", "--freq 1d", "--resample"),
    ),
    Refused(
        "trading days",
        table(*(str(np.busday_offset("2024-01-01", n)) for n in range(30) if n not in (7, 8, 20))),
        TimeError,
        ("trading days", "--freq rows", "--freq 1d", "--resample 1w"),
    ),
    Refused(
        "mixed frequency",
        table(*(f"2024-01-{n:02}" for n in range(1, 20)), *(f"2024-{n:02}-01" for n in range(2, 13))),
        TimeError,
        ("--freq rows", "--resample"),
    ),
    Refused(
        "ambiguous day and month",
        table("01/02/2024", "02/02/2024", "03/02/2024"),
        TimeError,
        ("'ds'", "01/02/2024", "--date-format"),
    ),
    Refused(
        "mixed day and month",
        table("13/01/2024", "14/01/2024", "01/15/2024", "01/16/2024"),
        TimeError,
        ("'ds'", "can only be the first", "Write all dates alike"),
    ),
    Refused(
        "two-digit years", table("13/01/24", "14/01/24", "15/01/24"), TimeError, ("'ds'", "13/01/24", "--date-format")
    ),
    Refused("30 February", table("2024-02-28", "2024-02-29", "2024-02-30"), TimeError, ("'ds'", "2024-02-30", "@4")),
    Refused("serial numbers", table("45292", "45293", "45294", header="date,y"), TimeError, ("45292", "--date-format")),
    Refused(
        "half-aware",
        table("2024-01-01T00:00Z", "2024-01-01T01:00", "2024-01-01T02:00Z"),
        TimeError,
        ("'ds'", "@3", "offset", "Add or remove"),
    ),
    Refused(
        "mixed zones",
        table("2024-01-01T00:00+01:00", "2024-01-01T01:00+05:30", "2024-01-01T02:00+01:00"),
        TimeError,
        ("'ds'", "@3", "zone"),
    ),
    Refused("no time", DAYS.replace("2024-01-03", "soon"), TimeError, ("'ds'", "@4", "'soon'")),
    Refused("empty time", DAYS.replace('"2024-01-03"', ""), TimeError, ("'ds' is empty", "@4", "Fill or delete")),
    Refused("footer", DAYS + "Total,15\n", TimeError, ("@7", "'Total'", "footer")),
]


@pytest.mark.parametrize("kind", KINDS)
@faults(REFUSED)
def test_refused(case, kind, tmp_path):
    message = refusal(as_kind(case.text, kind, tmp_path), case)
    assert {"csv": "table.csv", "parquet": "table.parquet", "feather": "table.arrow"}.get(
        kind, "the data frame"
    ) in message
    pieces = tuple(piece for piece in case.said if not piece.startswith("@"))
    assert_says(message, pieces)
    for piece in set(case.said) - set(pieces):
        number = int(piece[1:])
        assert (f"line {number}" if kind == "csv" else f"row {number - 1}") in message, message


UNSORTED = "ds,y\n2024-01-04,4\n2024-01-02,2\n2024-01-05,5\n2024-01-01,1\n2024-01-03,3\n"
HOLES = "ds,y\n2024-01-01,1\n2024-01-02,2\n2024-01-04,4\n2024-01-05,5\n2024-01-06,6\n"
HANDLED = [
    Handled("unsorted", UNSORTED, DAYS, ("not in order", "sorted")),
    Handled("newest first", "\n".join(["ds,y", *DAYS.splitlines()[:0:-1]]) + "\n", DAYS, ("sorted",)),
    Handled("gap", HOLES, HOLES.replace("2024-01-04", "2024-01-03,\n2024-01-04"), ("1 of 6 steps of 1d have no row",)),
    Handled(
        "duplicates joined",
        "ds,y\n2024-01-01,1\n2024-01-02,1\n2024-01-02,3\n2024-01-03,3\n2024-01-04,4\n2024-01-05,5\n",
        DAYS,
        ("joined by mean",),
        options={"aggregate": "mean"},
    ),
    Handled(
        "day first",
        table("12/01/2024", "13/01/2024", "14/01/2024"),
        table("2024-01-12", "2024-01-13", "2024-01-14"),
        ("day/month/year",),
    ),
    Handled(
        "month first",
        table("1/12/2024", "1/13/2024", "1/14/2024"),
        table("2024-01-12", "2024-01-13", "2024-01-14"),
        ("month/day/year",),
    ),
    Handled(
        "ambiguous but named",
        table("01/02/2024", "02/02/2024", "03/02/2024"),
        table("2024-02-01", "2024-02-02", "2024-02-03"),
        (),
        options={"date_format": "%d/%m/%Y"},
    ),
    Handled(
        "two-digit years but named",
        table("13/01/24", "14/01/24", "15/01/24"),
        table("2024-01-13", "2024-01-14", "2024-01-15"),
        (),
        options={"date_format": "%d/%m/%y"},
    ),
    Handled(
        "serial numbers named",
        table("45292", "45293", "45294", header="date,y"),
        table("2024-01-01", "2024-01-02", "2024-01-03", header="date,y"),
        (),
        options={"date_format": "excel"},
    ),
    Handled(
        "dates as numbers",
        table("20240101", "20240102", "20240103"),
        table("2024-01-01", "2024-01-02", "2024-01-03"),
        (),
    ),
    Handled(
        "months in words",
        table("Jan-1-2024", "Jan-2-2024", "Jan-3-2024"),
        table("2024-01-01", "2024-01-02", "2024-01-03"),
        (),
    ),
    Handled(
        "padded times",
        table(" 2024-01-01", "2024-01-02 ", "2024-01-03"),
        table("2024-01-01", "2024-01-02", "2024-01-03"),
        (),
    ),
    Handled(
        "month ends",
        table("2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"),
        table("2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31"),
        ("1mo-end",),
    ),
]


@pytest.mark.parametrize("kind", KINDS)
@faults(HANDLED)
def test_handled(case, kind, tmp_path):
    (tmp_path / "clean").mkdir()
    panel = read(as_kind(case.text, kind, tmp_path), case.roles, case.options)
    assert_same(panel, read(as_kind(case.clean, kind, tmp_path / "clean"), case.roles))
    assert_says(" ".join(panel.notes), case.said)


WAYS = [
    ({"freq": "rows"}, "rows", [1.0, 2.0, 3.0, 4.0, 5.0]),
    ({"freq": "1d"}, "1d", [1.0, 2.0, np.nan, np.nan, 3.0, 4.0, np.nan, 5.0]),
    ({"resample": "2d"}, "2d", [1.5, np.nan, 3.5, 5.0]),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("options", "step", "values"), WAYS)
def test_irregular_times_go_by_the_rule_that_is_chosen(options, step, values, kind, tmp_path):
    text = table("2024-01-01", "2024-01-02", "2024-01-05", "2024-01-06", "2024-01-08")
    panel = read(as_kind(text, kind, tmp_path), options=options)
    assert panel.frequency.name == step
    assert np.array_equal(panel.values[:, 0], values, equal_nan=True)


def rows_of(times: list[object]) -> pl.DataFrame:
    return pl.DataFrame({"ds": times, "y": np.arange(len(times), dtype=float)})


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow", "index", "csv"])
def test_days_of_23_and_25_hours_are_steps_like_others(kind, tmp_path):
    zone = ZoneInfo("Europe/Berlin")
    start = datetime(2024, 3, 30, 12, tzinfo=UTC)
    frame = rows_of([start + timedelta(hours=hour) for hour in range(48)]).with_columns(
        pl.col("ds").dt.convert_time_zone("Europe/Berlin")
    )
    if kind == "csv":
        text = "ds,y\n" + "".join(f"{time.isoformat()},{y}\n" for time, y in frame.rows())
        source = as_kind(text, "csv", tmp_path)
    else:
        pandas = frame.to_pandas()
        source = {"polars": frame, "pandas": pandas, "arrow": frame.to_arrow(), "index": pandas.set_index("ds")}[kind]
    panel = read(source)
    assert panel.frequency.name == "1h"
    first = int(start.timestamp() * 1e6)
    assert panel.times.tolist() == [first + hour * HOUR for hour in range(48)]
    last = datetime.fromtimestamp(int(panel.times[-1]) / 1e6, tz=zone)
    shown = panel.frequency.label(panel.times[-1:])[0]
    assert shown.startswith(last.strftime("%Y-%m-%d")) and last.strftime("%H") in shown


def test_calendar_days_across_a_change_of_clocks():
    midnights = pl.datetime_range(
        datetime(2024, 10, 25), datetime(2024, 10, 30), "1d", time_zone="Europe/Berlin", eager=True
    )
    panel = read(pl.DataFrame({"ds": midnights, "y": [1.0, 2.0, 3.0, 4.0, 5.0, 7.0]}))
    assert panel.frequency.name == "1d"
    after = panel.frequency.after(int(panel.times[1]), 3)
    assert np.diff(panel.times).tolist() == [24 * HOUR, 24 * HOUR, 25 * HOUR, 24 * HOUR, 24 * HOUR]
    assert after.tolist() == panel.times[2:5].tolist()


TYPED = [
    ("dates", [date(2024, 1, day) for day in (29, 30, 31)], "1d"),
    ("leap days", [date(2024, 2, day) for day in (27, 28, 29)], "1d"),
    ("business days", [date(2024, 1, day) for day in (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 15)], "1bd"),
    ("month ends", [date(2023, 12, 31), date(2024, 1, 31), date(2024, 2, 29)], "1mo-end"),
    ("quarters", [date(2023, 10, 1), date(2024, 1, 1), date(2024, 4, 1)], "1q"),
    ("datetimes", [datetime(2024, 1, 1, hour) for hour in (5, 6, 7)], "1h"),
    ("years as integers", [1999, 2000, 2001], "1y"),
    ("counts", [5, 6, 7], "1"),
]


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow", "parquet", "index"])
@pytest.mark.parametrize(("times", "step"), [row[1:] for row in TYPED], ids=[row[0] for row in TYPED])
def test_typed_times(times, step, kind, tmp_path):
    frame = rows_of(times)
    frame.write_parquet(tmp_path / "table.parquet")
    sources = {
        "polars": frame,
        "pandas": frame.to_pandas(),
        "arrow": frame.to_arrow(),
        "parquet": tmp_path / "table.parquet",
        "index": frame.to_pandas().set_index("ds"),
    }
    panel = read(sources[kind])
    assert panel.columns.time == "ds"
    assert panel.frequency.name == step
    assert panel.frequency.label(panel.times)[0].startswith(str(times[0])[:4])


def test_a_typed_time_that_is_missing_is_refused():
    frame = rows_of([date(2024, 1, 1), None, date(2024, 1, 3), date(2024, 1, 4)])
    with pytest.raises(TimeError, match="'ds' is empty on row 2 of the data frame"):
        read(frame)


def test_pandas_objects_of_two_zones_are_refused():
    times = [pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-01 01:00", tz="Asia/Seoul")]
    frame = pd.DataFrame({"ds": pd.Series([*times, times[0]], dtype=object), "y": [1, 2, 3]})
    with pytest.raises(TimeError, match="zone"):
        read(frame)


def test_unsorted_series_among_series(tmp_path):
    head, *rows = ["id,ds,y", *(f"{name},2024-01-0{day},{day}" for name in "ab" for day in (1, 2, 3, 4))]
    mixed = [rows[0], rows[4], rows[3], rows[2], rows[7], rows[1], rows[5], rows[6]]
    one = read(as_kind("\n".join([head, *mixed]) + "\n", "csv", tmp_path))
    assert_same(one, read(as_kind("\n".join([head, *rows]) + "\n", "csv", tmp_path)))
    assert any("sorted" in note for note in one.notes)
