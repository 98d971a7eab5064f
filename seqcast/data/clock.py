"""The column of the times, or the columns that make a time together, found by content first and by name second."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import polars as pl

from seqcast.data.cast import Cells
from seqcast.data.options import TableOptions
from seqcast.data.records import Records, listed
from seqcast.data.times import ParsedTimes, parse_times, typed_times
from seqcast.errors import ColumnError, TimeError

TIME_NAMES = (
    *(
        "ds",
        "timestamp",
        "datetime",
        "date_time",
        "date",
        "time",
        "t",
        "month",
        "year",
        "quarter",
        "week",
        "day",
        "period",
    ),
    *("dt", "index", "날짜", "일자", "일시", "日期", "时间", "日付"),
)
_PARTS = ("year", "quarter", "month", "day", "hour", "minute")
_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = (
    r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T,].*)?$"  # 2024-01-31, 31.1.2024 18:00
    r"|^\d{4}[-/]\d{1,2}$|^\d{4}-?[QW]\d{1,2}(-\d)?$|^\d{8}T\d{4,6}.*$"  # 2024-01, 2024Q1, 2024-W05
    rf"|^{_MONTH}[-/. ]+\d{{1,2}}([-/., ]+\d{{2,4}})?.*$|^\d{{1,2}}[-/. ]*{_MONTH}[-/., ]*\d{{2,4}}.*$"
    rf"|^{_MONTH}[-/., ]+\d{{4}}$|^\d{{4}}[-/. ]*{_MONTH}.*$|^\d{{4}}年.*$|^\d{{4}}년.*$"
)
_TIME_OF_DAY = r"^([01]?\d|2[0-3])(:[0-5]\d(:[0-5]\d(\.\d+)?)?|\.[0-5]\d\.[0-5]\d)$"


def named_time(name: str, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that a named time stands for: itself, or `Date+Time` for two that belong together.

    Examples
    --------
    >>> named_time("Date+Time", ("Date", "Time", "y"))
    ('Date', 'Time')
    """
    parts = tuple(part.strip() for part in name.split("+"))
    together = name not in columns and len(parts) > 1 and all(part in columns for part in parts)
    return parts if together else (name,)


def find_time(free: Mapping[str, Cells], records: Records, notes: list[str]) -> tuple[str, ...]:
    """Return the columns that hold the time among those that have no other role; none when there is no such column.

    Raises
    ------
    ColumnError
        When several columns could be the time.
    """
    clocks = [name for name, cells in free.items() if _mostly(cells, _TIME_OF_DAY)]
    dates = [name for name, cells in free.items() if is_date(cells)]
    if len(dates) > 1:  # 18.00.00 could be a date, but not beside one
        dates = [name for name in dates if name not in clocks] or dates
    if dates:
        found = _from_dates(dates, clocks, free, records)
    else:
        found = _from_numbers(free, records)
    if not found:
        notes.append("There is no column of times: the rows are numbered in their order.")
    else:
        verb = "holds the times" if len(found) == 1 else "make the time together"
        notes.append(f"Column{'s' if len(found) > 1 else ''} {listed(found)} {verb}.")
    return found


def read_times(records: Records, time: tuple[str, ...], options: TableOptions) -> ParsedTimes:
    """Return the times of the records.

    Raises
    ------
    TimeError
        When a time is missing or cannot be read; names the line and the value.
    """
    name = "+".join(time)
    column = records.frame[time[0]] if len(time) == 1 else _joined(records.frame.select(time))
    missing = column.is_null() if column.dtype != pl.String else column.str.strip_chars() == ""
    _check_footer(column, records, name)
    if missing.fill_null(True).any():
        index = int(missing.fill_null(True).arg_max() or 0)
        raise TimeError(
            f"Every row needs a time; column {name!r} is empty on {records.at(index)}. Fill or delete the row."
        )
    if isinstance(column.dtype, pl.Categorical | pl.Enum):
        column = column.cast(pl.String)
    if column.dtype != pl.String:
        return typed_times(column, name, options.date_format)
    return parse_times(column, name, records.numbers, options.date_format, records.unit)


@contextmanager
def naming(place: str) -> Iterator[None]:
    """Put the name of the source before complaints about times that do not have it.

    Examples
    --------
    >>> with naming("sales.csv"):
    ...     raise TimeError("There is no 30 February.")
    Traceback (most recent call last):
    seqcast.errors.TimeError: sales.csv: There is no 30 February.
    """
    try:
        yield
    except TimeError as error:
        said = str(error)
        raise TimeError(said if place in said else f"{place}: {said}") from None


def is_date(cells: Cells) -> bool:
    """Tell whether a column holds dates, by its type or by most of its texts.

    Examples
    --------
    >>> is_date(Cells(pl.Series("a", ["2024-01-31", "2024-02-01"]), "text", np.zeros(2), np.ones(2, bool)))
    True
    """
    return cells.kind == "time" or _mostly(cells, _DATE)


def _mostly(cells: Cells, pattern: str) -> bool:
    """Tell whether most filled cells fit; a first look at a few keeps columns of numbers cheap."""
    if cells.kind != "text" and cells.column.dtype != pl.String:
        return False
    if cells.kind == "number" and not cells.text.head(50).str.contains(pattern).any():
        return False
    filled = cells.text.filter(cells.text.fill_null("") != "")
    return len(filled) > 0 and float(filled.str.contains(pattern).to_numpy().mean()) > 0.5


def _from_dates(dates: list[str], clocks: list[str], free: Mapping[str, Cells], records: Records) -> tuple[str, ...]:
    if len(dates) > 1:
        named = [name for name in dates if name.lower() in TIME_NAMES[:2]]
        raise ColumnError(
            f"The time column must be certain; {records.place} has {len(dates)} columns of dates: {listed(dates)}. "
            f"Name it with --time{f', such as --time {named[0]}' if named else ''}."
        )
    bare = not free[dates[0]].text.head(50).str.contains(r"\d[ T]+\d{1,2}[:.]").any()
    return (dates[0], clocks[0]) if len(clocks) == 1 and bare else (dates[0],)


def _from_numbers(free: Mapping[str, Cells], records: Records) -> tuple[str, ...]:
    whole = {name: cells for name, cells in free.items() if _is_whole(cells)}
    by_part = {name.lower(): name for name in whole if name.lower() in _PARTS}
    if "year" in by_part and len(by_part) > 1:
        return tuple(by_part[part] for part in _PARTS if part in by_part)
    named = [
        name
        for known in TIME_NAMES
        for name in free
        if name.lower() == known and (name in whole or _worded(free[name]))
    ]
    if len(named) > 1:
        raise ColumnError(
            f"The time column must be certain; {records.place} has {len(named)} columns that could be it: "
            f"{listed(named)}. Name it with --time."
        )
    if named:
        return (named[0],)
    first = next(iter(free), None)
    if first in records.unnamed and first in whole and len(free) > 1:
        return (first,)
    return ()


def _worded(cells: Cells) -> bool:
    return cells.kind in ("mixed", "text")


def _is_whole(cells: Cells) -> bool:
    if cells.kind != "number":
        return False
    values = cells.values[~np.isnan(cells.values)]
    return bool((values == np.floor(values)).all())


def _joined(parts: pl.DataFrame) -> pl.Series:
    names = [name.lower() for name in parts.columns]
    text = parts.select(pl.all().cast(pl.String).str.strip_chars())
    if names[0] != "year":
        clock = text.to_series(1).str.replace_all(".", ":", literal=True)
        return (text.to_series(0) + " " + clock).alias("+".join(parts.columns))
    whole = dict(zip(names, text.get_columns(), strict=True))
    month = whole.get("month")
    if "quarter" in whole and month is None:
        month = (whole["quarter"].cast(pl.Int64, strict=False) * 3 - 2).cast(pl.String)
    one = pl.Series(["1"] * len(text))
    date = (
        whole["year"]
        + "-"
        + (month if month is not None else one).str.zfill(2)
        + "-"
        + whole.get("day", one).str.zfill(2)
    )
    if "hour" not in whole:
        return date.alias("+".join(parts.columns))
    minute = whole.get("minute", pl.Series(["0"] * len(text))).str.zfill(2)
    return (date + " " + whole["hour"].str.zfill(2) + ":" + minute).alias("+".join(parts.columns))


def _check_footer(column: pl.Series, records: Records, name: str) -> None:
    if column.dtype != pl.String or len(column) < 2:
        return
    last, before = column[-1] or "", column[-2] or ""
    if not any(sign.isdigit() for sign in last) and any(sign.isdigit() for sign in before):
        raise TimeError(
            f"Every row needs a time; {records.at(len(column) - 1)}, the last, has {last!r} in column {name!r} and "
            "looks like a footer. Delete that line."
        )
