"""The ways in which people write dates and times, one regular expression each, and what a match adds up to.

A column is written in one of these ways throughout. No date is ever guessed: ways that two readers could take for
different days are told apart by the whole column, in `dayorder`, or refused.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Int

from seqcast.data import steps
from seqcast.data.timecells import TimeCells

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH_NAME = (
    r"(?<mon>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEAR, _MONTH, _DAY = r"(?<y>[0-9]{4})", r"(?<m>[0-9]{1,2})", r"(?<d>[0-9]{1,2})"
_NTH = _DAY + r"(?:st|nd|rd|th)?"
_OFFSET = r"(?<z>Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)"
_TWO = "(?<{}>[0-9]{{2}})"
_CLOCK = (
    r"(?:(?:T|,?\s+)(?<h>[0-9]{1,2})(?:[:.](?<mi>[0-9]{2})(?:[:.](?<s>[0-9]{2})(?:[.,](?<f>[0-9]{1,9}))?)?)?"
    rf"\s*(?<ap>[ap]\.?m\.?)?\s*{_OFFSET}?)?"
)
_BASIC_CLOCK = f"{_TWO.format('h')}:?{_TWO.format('mi')}:?{_TWO.format('s')}?{_OFFSET}?"
_WAYS = {
    "year first": rf"{_YEAR}(?:\s?[-/.]\s?|년\s?|年){_MONTH}(?:\s?[-/.]\s?|월\s?|月){_DAY}(?:\.|일|日)?{_CLOCK}",
    "day and month": rf"(?<a>[0-9]{{1,2}})[-/](?<b>[0-9]{{1,2}})[-/]{_YEAR}{_CLOCK}",
    "day first": rf"{_DAY}\.\s?{_MONTH}\.\s?{_YEAR}{_CLOCK}",
    "day, name of the month": rf"{_NTH}[-\s/.]\s?{MONTH_NAME}[-\s/,]\s?{_YEAR}{_CLOCK}",
    "name of the month, day": rf"{MONTH_NAME}[-\s/]{_NTH}[-\s/,]\s?{_YEAR}{_CLOCK}",
    "year, name of the month, day": rf"{_YEAR}[-\s/]{MONTH_NAME}[-\s/]{_DAY}{_CLOCK}",
    "basic": rf"{_YEAR}{_TWO.format('m')}{_TWO.format('d')}T{_BASIC_CLOCK}",
    "year, week": rf"{_YEAR}-?W(?<w>[0-9]{{2}})(?:-?(?<wd>[1-7]))?",
    "month": rf"{_YEAR}(?:[-/]|\s?M|년\s?|年){_MONTH}(?:월|月)?",
    "month first": rf"{_MONTH}[-/]{_YEAR}",
    "name of the month": rf"{MONTH_NAME}[-\s/,]\s?{_YEAR}",
    "year, name of the month": rf"{_YEAR}[-\s/]?{MONTH_NAME}",
    "quarter": rf"{_YEAR}[-\s/:]?Q(?<q>[0-9])",
    "quarter first": rf"Q(?<q>[0-9])[-\s/]?{_YEAR}",
}
_TWO_DIGITS = (
    r"(?i)^(?:[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{2}|[0-9]{1,2}[-/ ][a-z]{3,9}\.?[-/, ]+[0-9]{2})(?:[T ,].*)?$|"
    r"(?i)^[a-z]{3,9}[-/ ']+[0-9]{2}$"
)
_FORMAT_HINT = "Say how times are written with --date-format, such as '%d/%m/%Y %H:%M'."


@dataclass(frozen=True, eq=False, kw_only=True)
class Stamps:
    """What the distinct cells of a column say.

    Parameters
    ----------
    days : int array (U,)
        Dates as days since 1970.
    clock : int array (U,)
        Microseconds since midnight.
    offset : int array (U,) or None
        Microseconds ahead of UTC; None where no cell says it.
    precision : str
        What the cells show.
    notes : tuple of str
        What had to be settled.
    """

    days: Int[np.ndarray, "U"]
    clock: Int[np.ndarray, "U"]
    offset: Int[np.ndarray, "U"] | None
    precision: str
    notes: tuple[str, ...] = ()


def way_of(cells: TimeCells) -> str:
    """Return the one way in which all cells are written.

    Raises
    ------
    TimeError
        When a cell is no time, its year has two digits, or the cells are not all written alike.
    """
    short = cells.distinct.str.contains(_TWO_DIGITS).to_numpy()
    cells.refuse(
        short,
        "A year of two digits may be of any century",
        "Write years in full, or say --date-format, such as '%d/%m/%y'.",
    )
    first = cells.distinct.head(1)
    way = next((way for way, pattern in _WAYS.items() if first.str.contains(_whole(pattern))[0]), None)
    if way is None:
        cells.refuse(np.array([True]), "A time such as 2024-01-31 or 2024-01-31 18:00 was expected", _FORMAT_HINT)
    other = ~cells.distinct.str.contains(_whole(_WAYS[str(way)])).to_numpy()
    rule = f"All times must be written alike, as {str(first[0])!r} in {cells.place} {cells.lines[0]}"
    cells.refuse(other, rule, "Mend or delete this row.")
    return str(way)


def parts_of(cells: TimeCells, way: str) -> pl.DataFrame:
    """Return what each cell shows, one column for a part: y, m, d, a, b, q, w, wd, mon, h, mi, s, f, ap, z."""
    return cells.distinct.str.extract_groups(_whole(_WAYS[way])).struct.unnest()


def number(parts: pl.DataFrame, name: str, default: int) -> Int[np.ndarray, "U"]:
    """Return a part as numbers, `default` where the cells lack it.

    Examples
    --------
    >>> number(pl.DataFrame({"m": ["01", None]}), "m", 7).tolist(), number(pl.DataFrame({"m": ["01"]}), "q", 1).tolist()
    ([1, 7], [1])
    """
    if name not in parts.columns:
        return np.full(parts.height, default, dtype=np.int64)
    return parts[name].cast(pl.Int64).fill_null(default).to_numpy()


def date_of(cells: TimeCells, parts: pl.DataFrame) -> Int[np.ndarray, "U"]:
    """Return the dates as days since 1970: of the first day where a month, a quarter or a week is shown.

    Raises
    ------
    TimeError
        When there is no such date, as 30 February.
    """
    year = number(parts, "y", 1970)
    if "w" in parts.columns:
        return _date_of_week(cells, year, parts)
    month, day = _month(parts), number(parts, "d", 1)
    calendar = "Mend the cell, or say --date-format if it is another part of the date."
    quarter = number(parts, "q", 1)
    cells.refuse((quarter < 1) | (quarter > 4), "A year has quarters 1 to 4", calendar)
    cells.refuse((month < 1) | (month > 12) | (year < 1), "A year has months 1 to 12", calendar)
    months = 12 * (year - 1970) + month - 1
    length = steps.first_of(months + 1) - steps.first_of(months)
    cells.refuse((day < 1) | (day > length), "There is no such day in that month", calendar)
    return steps.first_of(months) + day - 1


def clock_of(cells: TimeCells, parts: pl.DataFrame) -> Int[np.ndarray, "U"]:
    """Return the microseconds since midnight.

    Raises
    ------
    TimeError
        When no clock shows that.
    """
    hour, minute, second = number(parts, "h", 0), number(parts, "mi", 0), number(parts, "s", 0)
    wrong = (minute > 59) | (second > 59) | (hour > 24) | ((hour == 24) & (minute + second > 0))
    if "ap" in parts.columns and parts["ap"].is_not_null().any():
        said = parts["ap"].str.to_lowercase().str.starts_with("p")
        half = said.is_not_null().to_numpy()
        wrong |= half & ((hour < 1) | (hour > 12))
        hour = np.where(half, hour % 12 + 12 * said.fill_null(False).to_numpy(), hour)
    cells.refuse(wrong, "A day has the times 00:00:00 to 23:59:59", "Mend the cell.")
    fraction = (
        parts["f"].str.pad_end(9, "0").cast(pl.Int64).fill_null(0).to_numpy() // 1000 if "f" in parts.columns else 0
    )
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction


def offset_of(cells: TimeCells, parts: pl.DataFrame) -> Int[np.ndarray, "U"] | None:
    """Return the microseconds ahead of UTC, None where no cell shows an offset.

    Raises
    ------
    TimeError
        When only some cells show one, or it is beyond 14 hours.
    """
    if "z" not in parts.columns or parts["z"].is_null().all():
        return None
    shown = parts["z"].is_not_null().to_numpy()
    rule = "Either all times carry their offset from UTC, such as +01:00, or none does; this one has none"
    cells.refuse(~shown, rule, "Add or remove the offset.")
    signed = (
        parts["z"]
        .str.replace_all(r"(?i)^(Z|UTC|GMT)$", "+00:00")
        .str.extract_groups(r"^([+-])([0-9]{2}):?([0-9]{2})?$")
    )
    sign, hours, minutes = signed.struct.unnest().get_columns()
    minute = hours.cast(pl.Int64).to_numpy() * 60 + minutes.cast(pl.Int64).fill_null(0).to_numpy()
    cells.refuse(minute > 14 * 60, "An offset from UTC is at most 14 hours", "Mend the cell.")
    return np.where((sign == "-").to_numpy(), -minute, minute) * 60_000_000


def precision_of(parts: pl.DataFrame) -> str:
    """Return how finely the cells are written.

    Examples
    --------
    >>> precision_of(pl.DataFrame({"y": ["2024"], "m": ["1"], "d": ["5"], "s": [None]}))
    'day'
    """
    shown = {name for name in parts.columns if parts[name].is_not_null().any()}
    if "f" in shown:
        return "microsecond" if (parts["f"].str.len_chars() > 3).any() else "millisecond"
    order = (("second", "s"), ("minute", "h"), ("day", "d"), ("day", "a"), ("day", "w"), ("quarter", "q"))
    return next((precision for precision, part in order if part in shown), "month")


def stamped(cells: TimeCells, parts: pl.DataFrame, notes: tuple[str, ...] = ()) -> Stamps:
    """Return what the parts add up to."""
    clock = clock_of(cells, parts)
    bare = parts["h"].is_null().sum() if "h" in parts.columns else 0
    some = (
        (f"{bare} of the times in column {cells.column!r} have no clock: read as midnight.",)
        if 0 < bare < parts.height
        else ()
    )
    return Stamps(
        days=date_of(cells, parts),
        clock=clock,
        offset=offset_of(cells, parts),
        precision=precision_of(parts),
        notes=(*notes, *some),
    )


def _month(parts: pl.DataFrame) -> np.ndarray:
    if "mon" in parts.columns:
        short = parts["mon"].str.to_lowercase().str.head(3)
        return short.replace_strict(list(_MONTHS), list(range(1, 13)), return_dtype=pl.Int64).to_numpy()
    return number(parts, "m", 1) + 3 * (number(parts, "q", 1) - 1)


def _date_of_week(cells: TimeCells, year: np.ndarray, parts: pl.DataFrame) -> np.ndarray:
    week = number(parts, "w", 1)
    fourth, next_fourth = (steps.first_of(12 * (y - 1970)) + 3 for y in (year, year + 1))
    monday, next_monday = (day - steps.weekday_of(day) for day in (fourth, next_fourth))
    wrong = (week < 1) | (monday + 7 * (week - 1) >= next_monday)
    cells.refuse(wrong, "There is no such week in that year", "Mend the cell.")
    return monday + 7 * (week - 1) + number(parts, "wd", 1) - 1


def _whole(pattern: str) -> str:
    return f"(?i)^{pattern}$"
