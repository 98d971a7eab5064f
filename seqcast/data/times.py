"""Times of a table, from text, dates or whole numbers, to microseconds since 1970: settled or refused, not guessed."""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Int

from seqcast.data.counts import counted, from_serials, refuse_serials
from seqcast.data.dayorder import settled
from seqcast.data.formats import by_format
from seqcast.data.stamps import Stamps, parts_of, stamped, way_of
from seqcast.data.timecells import TimeCells
from seqcast.data.wall import DAY, common_zone, finer, needed_precision
from seqcast.errors import TimeError


@dataclass(frozen=True, eq=False, kw_only=True)
class ParsedTimes:
    """The times of a table, row by row as they come.

    Parameters
    ----------
    values : int array (N,)
        Microseconds since 1970, in UTC where there is a zone, else on the clock on the wall; or plain integers.
    zone : str or None
        Time zone, a name such as Europe/Berlin or an offset such as +09:00.
    precision : str
        How finely the table writes its times; `integer` for plain integers.
    notes : tuple of str
        What was settled, in sentences for the user.

    Examples
    --------
    >>> times = parse_times(pl.Series(["1949-01", "1949-02"]), "Month", np.array([2, 3]))
    >>> times.precision, np.diff(times.values) // DAY
    ('month', array([31]))
    """

    values: Int[np.ndarray, "N"]
    zone: str | None
    precision: str
    notes: tuple[str, ...] = ()

    @property
    def integer(self) -> bool:
        """Whether the times are plain integers, without a calendar."""
        return self.precision == "integer"


def parse_times(
    cells: pl.Series, column: str, lines: Int[np.ndarray, "N"], date_format: str | None = None, place: str = "line"
) -> ParsedTimes:
    """Return the times that a column of text holds.

    Parameters
    ----------
    cells : polars.Series
        Text, all written in one way: ISO 8601, other orders that leave no doubt, names of months, quarters, whole
        numbers.
    column : str
        Name of the column, for messages.
    lines : int array (N,)
        Where each cell stands, for messages.
    date_format : str, optional
        How the times are written, in the letters of strptime; or `excel` for serial numbers.
    place : str
        What `lines` count: "line" of a file, "row" of a data frame.

    Raises
    ------
    TimeError
        When a cell is missing, no time, or could be read in two ways.
    ConfigError
        When `date_format` is no format.
    """
    found = TimeCells.of(cells.cast(pl.String), column, lines, place)
    if date_format == "excel":
        return _from_counts(found, from_serials(found), None)
    if date_format is not None:
        return _from_stamps(found, by_format(found, date_format))
    digits = found.distinct.str.contains(r"^[+-]?[0-9]{1,18}$")
    if digits.all():
        return _from_counts(found, *counted(found, found.distinct.cast(pl.Int64).to_numpy()))
    if found.distinct.str.contains(r"^[0-9]{5}[.,][0-9]+$").all():
        refuse_serials(found)
    way = way_of(found)
    parts = parts_of(found, way)
    if way != "day and month":
        return _from_stamps(found, stamped(found, parts))
    return _from_stamps(found, stamped(found, *settled(found, parts)))


def typed_times(column: pl.Series, name: str, date_format: str | None = None) -> ParsedTimes:
    """Return the times of a column of a data frame: dates, datetimes, whole numbers or text.

    Parameters
    ----------
    column : polars.Series
        The column.
    name : str
        Its name, for messages.
    date_format : str, optional
        As for `parse_times`; only for text and numbers.

    Raises
    ------
    TimeError
        When it holds something else, or a time is missing.

    Examples
    --------
    >>> typed_times(pl.Series([1871, 1872, 1873]), "year").precision
    'year'
    """
    rows = np.arange(1, len(column) + 1)
    kind = column.dtype
    if kind in (pl.String, pl.Categorical, pl.Enum):
        return parse_times(column.cast(pl.String), name, rows, date_format, "row")
    if kind == pl.Date or kind.base_type() == pl.Datetime:
        return _from_datetimes(column, name, rows)
    if kind.is_float() and column.drop_nulls().round(0).equals(column.drop_nulls()):
        column = column.cast(pl.Int64, strict=False)
    if not column.dtype.is_integer():
        raise TimeError(f"Times are dates, datetimes, whole numbers or text; column {name!r} holds {kind}. Convert it.")
    if date_format is not None:
        return parse_times(column.cast(pl.String), name, rows, date_format, "row")
    found = TimeCells.of(column.cast(pl.Int64), name, rows, "row")
    return _from_counts(found, *counted(found, found.distinct.to_numpy()))


def numbered(series: Int[np.ndarray, "N"]) -> ParsedTimes:
    """Return the rows of each series numbered from 0, the times of a table that has none.

    Examples
    --------
    >>> numbered(np.array([0, 1, 0, 1, 1])).values.tolist()
    [0, 0, 1, 1, 2]
    """
    order = np.argsort(series, kind="stable")
    ends = np.searchsorted(series[order], series[order])
    values = np.empty(len(series), dtype=np.int64)
    values[order] = np.arange(len(series)) - ends
    return ParsedTimes(values=values, zone=None, precision="integer")


def _from_datetimes(column: pl.Series, name: str, rows: np.ndarray) -> ParsedTimes:
    zone = getattr(column.dtype, "time_zone", None)
    cells = TimeCells.of(column.cast(pl.Datetime("us", zone)), name, rows, "row")
    distinct = cells.distinct.to_physical().to_numpy()
    wall = cells.distinct.dt.replace_time_zone(None).to_physical().to_numpy() if zone else distinct
    clock = "minute" if zone else "day"
    precision = "day" if column.dtype == pl.Date else finer(clock, needed_precision(wall))
    return ParsedTimes(values=distinct[cells.codes], zone=zone, precision=precision)


def _from_counts(
    cells: TimeCells, distinct: np.ndarray, precision: str | None, notes: tuple[str, ...] = ()
) -> ParsedTimes:
    shown = precision or finer("day", needed_precision(distinct))
    return ParsedTimes(values=distinct[cells.codes], zone=None, precision=shown, notes=notes)


def _from_stamps(cells: TimeCells, stamps: Stamps) -> ParsedTimes:
    wall = stamps.days * DAY + stamps.clock
    if stamps.offset is None:
        return ParsedTimes(values=wall[cells.codes], zone=None, precision=stamps.precision, notes=stamps.notes)
    times = wall - stamps.offset
    zone = common_zone(times, stamps.offset)
    if zone is None:
        usual = np.bincount(np.unique(stamps.offset, return_inverse=True)[1][cells.codes]).argmax()
        strange = stamps.offset != np.unique(stamps.offset)[usual]
        rule = "All times must be of one time zone; their offsets from UTC are of no zone with summer time"
        cells.refuse(strange, rule, "Convert all times to one zone, such as UTC.")
    notes = stamps.notes
    if zone is not None and not re.match(r"^([+-]|UTC)", zone):
        notes = (
            *notes,
            f"The offsets of column {cells.column!r} change as summer time does in {zone}: taken as this zone.",
        )
    return ParsedTimes(values=times[cells.codes], zone=zone, precision=finer(stamps.precision, "minute"), notes=notes)
