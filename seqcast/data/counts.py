"""Whole numbers as times: years, dates such as 20240131, or plain steps. Spreadsheet serials are refused by name."""

import re

import numpy as np
import polars as pl
from jaxtyping import Bool, Int

from seqcast.data import steps
from seqcast.data.timecells import TimeCells
from seqcast.data.wall import DAY

_YEAR_NAMES = re.compile(r"(?i)^(year|years|yr|fiscal[ _]?year|jahr|ano|año|annee|année|연도|년도|年|年度)$")
_DATE_NAMES = re.compile(r"(?i)(date|datum|fecha|timestamp|^ds$|^day$|날짜|일자|日期|日付)")


def counted(cells: TimeCells, numbers: Int[np.ndarray, "U"]) -> tuple[Int[np.ndarray, "U"], str, tuple[str, ...]]:
    """Return the times, their precision (`integer` for plain numbers) and notes.

    Raises
    ------
    TimeError
        When they are serial numbers of a spreadsheet, or dates of which one does not exist.
    """
    if ((numbers > 1500_00_00) & (numbers < 2201_00_00)).all():
        dates, real = _compact(numbers)
        if real.mean() > 0.5:
            cells.refuse(~real, "There is no such day in that month", "Mend the cell.")
            return dates * DAY, "day", ()
    if ((numbers > 1900_00) & (numbers < 2201_00)).all() and _are_months(numbers):
        _refuse_short(cells, numbers)
        months = 12 * (numbers // 100 - 1970) + numbers % 100 - 1
        return (
            steps.first_of(months) * DAY,
            "month",
            (f"Numbers of column {cells.column!r} were read as year and month.",),
        )
    if _are_years(cells.column, numbers):
        note = f"Numbers {numbers.min()} to {numbers.max()} of column {cells.column!r} were read as years."
        return steps.first_of(12 * (numbers - 1970)) * DAY, "year", (note,)
    serial = (numbers > 20_000) & (numbers < 80_000)
    if serial.all() and _DATE_NAMES.search(cells.column):
        refuse_serials(cells)
    return numbers, "integer", ()


def refuse_serials(cells: TimeCells) -> None:
    """Raise about numbers that count days as spreadsheets do."""
    cells.refuse(
        np.array([True]),
        "Dates must be written as dates, not as the serial number of a spreadsheet",
        "Format the column as a date before saving, or say --date-format excel.",
    )


def from_serials(cells: TimeCells) -> Int[np.ndarray, "U"]:
    """Return the times that the serial numbers of a spreadsheet stand for, to the second.

    Raises
    ------
    TimeError
        When a cell is no such number.
    """
    numbers = cells.distinct.cast(pl.Float64, strict=False)
    within = ((numbers >= 61) & (numbers < 2_958_466)).fill_null(False).to_numpy()
    cells.refuse(
        ~within, "With --date-format excel all times are numbers of days since 1900", "Mend or delete this row."
    )
    # Day 60 is 29 February 1900, which never was; from day 61 the count is that of days after 30 December 1899.
    seconds = np.rint((numbers.to_numpy() - 25_569) * 86_400).astype(np.int64)
    return seconds * 1_000_000


def _compact(numbers: np.ndarray) -> tuple[Int[np.ndarray, "U"], Bool[np.ndarray, "U"]]:
    months, day = 12 * (numbers // 10_000 - 1970) + numbers // 100 % 100 - 1, numbers % 100
    dates = steps.in_month(months, np.maximum(day, 1))
    month = numbers // 100 % 100
    return dates, (month >= 1) & (month <= 12) & (day >= 1) & (steps.day_of_month(dates) == day)


def _are_months(numbers: np.ndarray) -> bool:
    month = numbers % 100
    return bool(((month >= 1) & (month <= 12)).all() and len(np.unique(numbers // 100)) > 1)


def _refuse_short(cells: TimeCells, numbers: np.ndarray) -> None:
    _, real = _compact(numbers + 20_000_000)
    if real.all():
        cells.refuse(
            real, "Six digits may be year and month or a year of two digits", "Say --date-format %Y%m or %y%m%d."
        )


def _are_years(column: str, numbers: np.ndarray) -> bool:
    if not ((numbers >= 1500) & (numbers <= 2200)).all():
        return False
    return bool(_YEAR_NAMES.match(column)) or (len(numbers) > 2 and bool((np.diff(np.unique(numbers)) == 1).all()))
