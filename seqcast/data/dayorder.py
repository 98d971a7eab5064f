"""Settle whether 3/4/2024 is 3 April or 4 March: by the whole column, or not at all."""

import numpy as np
import polars as pl
from jaxtyping import Int

from seqcast.data import steps
from seqcast.data.stamps import number
from seqcast.data.timecells import TimeCells
from seqcast.errors import TimeError

DAY_FIRST, MONTH_FIRST = "day/month/year", "month/day/year"
_WAY_OUT = "Say which it is: --date-format %d/%m/%Y or %m/%d/%Y, with the clock if there is one (%H:%M)."


def settled(cells: TimeCells, parts: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the parts with columns d and m in place of a and b, and what was decided.

    Raises
    ------
    TimeError
        When both readings are possible, or the file switches from one to the other.
    """
    first, second = number(parts, "a", 1), number(parts, "b", 1)
    order = _by_size(cells, first, second) or _by_sequence(cells, parts, first, second)
    day, month = ("a", "b") if order == DAY_FIRST else ("b", "a")
    _refuse_switch(cells, parts, day, month)
    note = f"Times in column {cells.column!r} were read as {order}."
    return parts.rename({day: "d", month: "m"}), (note,)


def _by_size(cells: TimeCells, first: np.ndarray, second: np.ndarray) -> str | None:
    if (first > 12).any() and (second > 12).any():
        one, two = (int(cells.first[np.argmax(part > 12)]) for part in (first, second))
        raise TimeError(
            f"Dates must be all {DAY_FIRST} or all {MONTH_FIRST}; {cells.where(one)} can only be the first, "
            f"{cells.where(two)} only the second. "
            "Write all dates alike."
        )
    return DAY_FIRST if (first > 12).any() else MONTH_FIRST if (second > 12).any() else None


def _by_sequence(cells: TimeCells, parts: pl.DataFrame, first: np.ndarray, second: np.ndarray) -> str:
    if (first == second).all():
        return DAY_FIRST
    readings = {DAY_FIRST: _days(parts, "a", "b"), MONTH_FIRST: _days(parts, "b", "a")}
    even = [order for order, days in readings.items() if _even(days)]
    ordered = [order for order, days in readings.items() if _ordered(days[cells.codes])]
    for fitting in (even, ordered):
        if len(fitting) == 1:
            return fitting[0]
    unlike = int(cells.first[np.argmax(first != second)])
    raise TimeError(f"Dates may be {DAY_FIRST} or {MONTH_FIRST}, nothing settles it; {cells.where(unlike)}. {_WAY_OUT}")


def _days(parts: pl.DataFrame, day: str, month: str) -> Int[np.ndarray, "U"]:
    months = 12 * (number(parts, "y", 1970) - 1970) + np.clip(number(parts, month, 1), 1, 12) - 1
    return steps.in_month(months, np.maximum(number(parts, day, 1), 1))


def _even(days: np.ndarray) -> bool:
    dates = np.unique(days)
    months = steps.month_of(dates)
    same_day = len(np.unique(steps.day_of_month(dates))) == 1
    return len(dates) > 2 and bool((same_day and np.ptp(np.diff(months)) == 0) or np.ptp(np.diff(dates)) == 0)


def _ordered(days: np.ndarray) -> bool:
    moves = np.diff(days)
    return len(np.unique(days)) >= 8 and bool((moves >= 0).all() or (moves <= 0).all())


def _refuse_switch(cells: TimeCells, parts: pl.DataFrame, day: str, month: str) -> None:
    """Refuse a regular column in which some dates fit only when read the other way round."""
    chosen, other = _days(parts, day, month), _days(parts, month, day)
    swappable = (number(parts, day, 1) <= 12) & (chosen != other)
    read, turned, may_turn = chosen[cells.codes], other[cells.codes], swappable[cells.codes]
    moves = np.diff(read)
    if not moves.any():
        return
    sizes, times = np.unique(moves[moves != 0], return_counts=True)
    usual = sizes[np.argmax(times)]
    if times.max() < 0.8 * times.sum():
        return
    odd = (moves != usual) & (moves != 0) & may_turn[1:]
    from_read, from_turned = turned[1:] - read[:-1] == usual, (turned[1:] - turned[:-1] == usual) & may_turn[:-1]
    found = np.flatnonzero(odd & (from_read | from_turned))
    if len(found):
        row = int(found[0]) + 1
        raise TimeError(
            f"Dates must be all {DAY_FIRST} or all {MONTH_FIRST}, and this file seems to switch; "
            f"{cells.where(row)} fits its neighbours only the other way round. {_WAY_OUT}"
        )
