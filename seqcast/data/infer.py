"""Find the step of a table: an even grid that may have holes, or a refusal that names the rules to choose from.

A step is taken only if every row lies on its grid, if it is also the commonest distance between rows, and if at least
half of the grid is there. Weekends or other days that are missing as a rule are no holes.
"""

import numpy as np
from jaxtyping import Int

from seqcast.data import steps
from seqcast.data.calendar import FIXED, MONTHS, Frequency
from seqcast.data.timed import Timed
from seqcast.data.wall import DAY
from seqcast.errors import TimeError

_ROWS = "--freq rows takes each row as one step"


def infer(timed: Timed) -> Frequency:
    """Return the step of the table.

    Raises
    ------
    TimeError
        When the rows lie on no grid, on grids of different steps, or when no series has two rows.

    Examples
    --------
    >>> times, one = np.array([0, 31, 90]) * DAY, np.zeros(3, dtype=np.int64)
    >>> table = Timed(times=times, series=one, lines=one, place="line", names=("a",), zone=None, precision="day")
    >>> infer(table).name
    '1mo'
    """
    ends = np.flatnonzero(timed.follows)
    if not len(ends):
        raise TimeError(
            f"A step needs two times in a series; {timed.where(0)} stands alone. Give more rows, or name the column "
            "that tells series apart only if there are several."
        )
    frequency = _candidate(timed, ends)
    moves = frequency.between(timed.times[ends - 1], timed.times[ends])
    if frequency.unit == "day" and frequency.count == 1:
        frequency = _week_of(timed, ends, moves, frequency)
        if frequency.unit == "business day":
            return frequency
    _refuse_uneven(timed, ends, moves, frequency)
    _refuse_mixed(timed, ends, moves, frequency)
    return frequency


def rows_as_steps(timed: Timed) -> Frequency:
    """Return the frequency that takes each row as one step, with what is needed to go on past the last row.

    Examples
    --------
    >>> times, one = np.array([0, 1, 4, 5]) * DAY, np.zeros(4, dtype=np.int64)
    >>> table = Timed(times=times, series=one, lines=one, place="line", names=("a",), zone=None, precision="day")
    >>> rows_as_steps(table).weekdays
    True
    """
    ends = np.flatnonzero(timed.follows)
    wall = timed.wall
    moves = np.sort(wall[ends] - wall[ends - 1])
    unit = 1 if timed.integer else DAY
    step = int(moves[len(moves) // 2]) if len(moves) else unit
    weekdays = not timed.integer and step == DAY and bool((steps.weekday_of(timed.days) < 5).all())
    return Frequency(unit="rows", step=step, weekdays=weekdays, zone=timed.zone, precision=timed.precision)


def month_day(days: Int[np.ndarray, "N"]) -> int | None:
    """Return the day of the month that all dates aim at, 31 if all are month ends; None where they differ.

    Examples
    --------
    >>> month_day(np.array([30, 58])), month_day(np.array([0, 31])), month_day(np.array([0, 32]))
    (31, 1, None)
    """
    months, day = steps.month_of(days), steps.day_of_month(days)
    aim = 31 if (steps.in_month(months, np.full_like(months, 31)) == days).all() else int(day.max())
    return aim if (steps.in_month(months, np.full_like(months, aim)) == days).all() else None


def _candidate(timed: Timed, ends: np.ndarray) -> Frequency:
    """Return the largest step whose grid holds all rows."""
    if timed.integer:
        gap = int(np.gcd.reduce(timed.times[ends] - timed.times[ends - 1]))
        return Frequency(unit="integer", count=gap, precision="integer")
    clock = timed.wall % DAY
    if (clock[ends] != clock[ends - 1]).any():
        return _of_clock(timed, int(np.gcd.reduce(timed.times[ends] - timed.times[ends - 1])))
    days = timed.days
    gaps = days[ends] - days[ends - 1]
    day = month_day(days)
    if day is not None and gaps.min() >= 28:
        months = int(np.gcd.reduce(np.diff(steps.month_of(days))[ends - 1]))
        unit = next(unit for unit in ("year", "quarter", "month") if months % MONTHS[unit] == 0)
        return _dated(timed, unit, months // MONTHS[unit], day)
    gap = int(np.gcd.reduce(gaps))
    return _dated(timed, "week", gap // 7) if gap % 7 == 0 else _dated(timed, "day", gap)


def _of_clock(timed: Timed, gap: int) -> Frequency:
    unit = next(unit for unit in reversed(FIXED) if gap % FIXED[unit] == 0)
    return _dated(timed, unit, gap // FIXED[unit])


def _dated(timed: Timed, unit: str, count: int, day: int | None = None) -> Frequency:
    return Frequency(unit=unit, count=count, day=day, zone=timed.zone, precision=timed.precision)


def _week_of(timed: Timed, ends: np.ndarray, moves: np.ndarray, frequency: Frequency) -> Frequency:
    """Return daily or business daily steps; refuse days of the week that are missing as a rule."""
    days = timed.days
    first, last = np.flatnonzero(~timed.follows), np.append(np.flatnonzero(~timed.follows)[1:] - 1, len(days) - 1)
    kind = np.arange(7)
    offset = (kind - steps.weekday_of(days[first])[:, None]) % 7
    expected = ((days[last] - days[first])[:, None] - offset + 7).clip(0) // 7
    expected, present = expected.sum(axis=0), np.bincount(steps.weekday_of(days), minlength=7)
    worked_only = present[5:].sum() == 0 < expected[5:].sum()
    if worked_only and (present[:5] == expected[:5]).all():
        return _dated(timed, "business day", 1)
    rate = present / np.maximum(expected, 1)
    seldom = (rate < 0.5) & (expected - present >= 3)
    if worked_only or (seldom.any() and rate.max() > 0.8):
        workdays = "" if present[5:].any() else "--freq 1bd counts Mondays to Fridays and leaves the others as holes, "
        hole = ends[np.argmax(moves > 1)]
        missing = "weekends and other days" if worked_only else "some days of the week"
        raise TimeError(
            f"Rows must lie an even step apart; {missing} are missing, as between {timed.where(hole - 1)} and "
            f"{timed.where(hole)}. Choose: {_ROWS} (best for trading days), {workdays}"
            "--freq 1d puts the rows on all days and leaves holes, --resample 1w averages."
        )
    return frequency


def _refuse_uneven(timed: Timed, ends: np.ndarray, moves: np.ndarray, frequency: Frequency) -> None:
    sizes, times = np.unique(moves, return_counts=True)
    share = len(timed) / (len(timed) + int((moves - 1).sum()))
    if sizes[np.argmax(times)] == 1 and share >= 0.5:
        return
    usual = int(sizes[np.argmax(times)])
    odd = ends[np.argmax(moves != usual)] if (moves != usual).any() else ends[0]
    raise TimeError(
        f"Rows must lie an even step apart; the only grid that holds all rows is {frequency.name}, and "
        f"{100 * share:.0f} % of it is there: see {timed.where(odd - 1)} and {timed.where(odd)}. "
        f"{_choices(timed, frequency)}"
    )


def _refuse_mixed(timed: Timed, ends: np.ndarray, moves: np.ndarray, frequency: Frequency) -> None:
    """Refuse a stretch in which no step is the usual one: too long to be chance, as when days turn into weeks."""
    single = moves == 1
    fresh = np.concatenate([[True], np.diff(ends) > 1])
    stretch = np.cumsum(single | fresh)
    lengths = np.bincount(stretch, weights=~single).astype(np.int64)
    longest, chance = int(lengths.max()), 1 - single.mean()
    if longest < 5 or len(moves) * chance**longest > 1e-5:
        return
    start = ends[np.flatnonzero((stretch == lengths.argmax()) & ~single)[0]]
    raise TimeError(
        f"A table has one step throughout; most rows are {frequency.name} apart, but {longest} rows running, from "
        f"{timed.where(start - 1)} on, are further apart. Take them out with --where. "
        f"{_choices(timed, frequency)}"
    )


def _choices(timed: Timed, frequency: Frequency) -> str:
    average = "10" if timed.integer else {"day": "1w", "business day": "1w", "week": "1mo"}.get(frequency.unit, "1d")
    coarse = "1y" if frequency.unit in MONTHS else average
    return f"Choose: {_ROWS}, --freq {frequency.name} leaves holes, --resample {coarse} averages within each step."
