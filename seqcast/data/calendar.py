"""Frequency: the step from one row to the next, as a value that can go forward in time, be named and be saved.

Steps of a day and longer go by the calendar and the clock on the wall of the zone, so a day may have 23 or 25 hours.
Steps of hours and shorter go by the time that passes.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from seqcast.data import steps
from seqcast.data.features import circles
from seqcast.data.wall import DAY, PRECISIONS, fixed_offset, known_zone, needed_precision, to_utc, to_wall, written
from seqcast.errors import BundleError, ConfigError

FIXED = {
    "microsecond": 1,
    "millisecond": 1000,
    "second": 10**6,
    "minute": 60 * 10**6,
    "hour": 3600 * 10**6,
}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
_SHORT = {
    "microsecond": "us",
    "millisecond": "ms",
    "second": "s",
    "minute": "min",
    "hour": "h",
    "day": "d",
    "business day": "bd",
    "week": "w",
    "month": "mo",
    "quarter": "q",
    "year": "y",
}
_PANDAS = {"H": "h", "D": "d", "B": "bd", "W": "w", "MS": "mo", "QS": "q", "YS": "y"} | {
    "ME": "mo-end",
    "QE": "q-end",
    "YE": "y-end",
}
_LENGTHS = {"hour": FIXED["hour"], "day": DAY, "week": 7 * DAY, "month": 28 * DAY, "year": 365 * DAY}
_UNITS = {short: unit for unit, short in _SHORT.items()}


@dataclass(frozen=True, kw_only=True)
class Frequency:
    """The step from one row to the next.

    Parameters
    ----------
    unit : str
        microsecond, millisecond, second, minute, hour, day, business day, week, month, quarter, year, integer, or rows,
        where each row of the table is one step whatever time has passed.
    count : int
        Units to a step.
    zone : str or None
        Time zone, a name such as Europe/Berlin or an offset such as +09:00; None for times without a zone.
    precision : str
        How finely times are written: integer, year, quarter, month, day, minute, second, millisecond or microsecond.
    day : int or None
        Day of the month that steps of months aim at, 31 for the last one; None for the day they start from.
    step : int
        Of rows: the median step in microseconds, or in the integers of the table.
    weekdays : bool
        Of rows: whether all lie on Mondays to Fridays, a day apart.

    Examples
    --------
    >>> month = Frequency(unit="month", day=31)
    >>> month.name, month.season, month.label(month.after(30 * DAY, 2))
    ('1mo-end', 12, ['1970-02-28', '1970-03-31'])
    """

    unit: str
    count: int = 1
    zone: str | None = None
    precision: str = "day"
    day: int | None = None
    step: int = 0
    weekdays: bool = False

    def __post_init__(self) -> None:
        if self.unit not in (*_SHORT, "integer", "rows"):
            raise ConfigError(f"Unknown unit of a frequency: {self.unit!r}. Known: {', '.join(_SHORT)}, integer, rows.")
        if self.count < 1 or (self.unit == "rows" and self.step < 1):
            raise ConfigError(f"A step must go forward; got {self.count} × {self.unit}, rows {self.step} apart.")
        if self.precision not in PRECISIONS:
            raise ConfigError(f"Unknown precision {self.precision!r}. Known: {', '.join(PRECISIONS)}.")
        if self.zone is not None and not known_zone(self.zone):
            raise ConfigError(f"Unknown time zone {self.zone!r}: give a name such as Europe/Berlin or +01:00.")

    @property
    def name(self) -> str:
        """Short name, as `--freq` takes it: 1h, 15min, 1d, 1bd, 1w, 1mo, 1mo-end, 1q, 1y, rows, or the integer step."""
        if self.unit in ("rows", "integer"):
            return "rows" if self.unit == "rows" else str(self.count)
        end = "-end" if self.day == 31 and self.unit in MONTHS else ""
        return f"{self.count}{_SHORT[self.unit]}{end}"

    @property
    def season(self) -> int:
        """Steps of the main cycle: the day for shorter steps, the week for days, the year for longer ones; else 1."""
        if self.unit == "rows":
            return 5 if self.weekdays else 1
        if self.unit in FIXED:
            return _season_of(FIXED[self.unit] * self.count)
        units = {"day": 7, "business day": 5, "week": 52, "month": 12, "quarter": 4}.get(self.unit, 1)
        return units // self.count if units % self.count == 0 else 1

    @property
    def cycles(self) -> tuple[str, ...]:
        """Cycles that the steps move through; those not longer than a step are left out."""
        if self.integer:
            return ()
        if self.unit in MONTHS:
            return ("season",) if MONTHS[self.unit] * self.count < 12 else ()
        step = self._plain_step or DAY * self._days
        longer = [cycle for cycle, length in _LENGTHS.items() if step < length]
        return tuple(cycle for cycle in longer if cycle != "month" or step >= DAY)

    @property
    def integer(self) -> bool:
        """Whether times are plain integers, without a calendar."""
        return self.precision == "integer"

    def after(self, last: int | np.integer, steps: int | np.integer) -> Int[np.ndarray, "steps"]:
        """Return the times of the `steps` steps after `last`."""
        return self.shift(np.full(steps, last, dtype=np.int64), np.arange(1, steps + 1))

    def shift(self, times: Int[np.ndarray, "N"], number: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
        """Return each time moved by its own number of steps."""
        plain = self._plain_step
        if plain is not None:
            return times + plain * number
        wall = to_wall(times, self.zone)
        moved = to_utc(self._shift_days(wall // DAY, number) * DAY + wall % DAY, self.zone)
        return np.where(number == 0, times, moved)

    def between(self, start: Int[np.ndarray, "N"], end: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
        """Return the whole steps from `start` to `end`; shifting `start` by them gives `end` if it is on the grid."""
        plain = self._plain_step
        if plain is not None:
            return (end - start) // plain
        first, last = to_wall(start, self.zone) // DAY, to_wall(end, self.zone) // DAY
        if self._workdays:
            return steps.workdays_between(first, last) // self.count
        if self.unit in MONTHS:
            return (steps.month_of(last) - steps.month_of(first)) // (MONTHS[self.unit] * self.count)
        return (last - first) // self._days

    def label(self, times: Int[np.ndarray, "N"]) -> list[str]:
        """Return the times as text, as the table writes them: dates without a clock where it had none."""
        return written(times, self.zone, self.precision)

    def datetimes(self, times: Int[np.ndarray, "N"]) -> pl.Series:
        """Return the times as a column: Int64 for integers and years, Date without a clock, else Datetime."""
        column = pl.Series("time", times, dtype=pl.Int64)
        if self.integer:
            return column
        if self.zone is not None:
            aware = column.cast(pl.Datetime("us", "UTC"))
            return aware if fixed_offset(self.zone) is not None else aware.dt.convert_time_zone(self.zone)
        needed = needed_precision(times)
        naive = column.cast(pl.Datetime("us"))
        if self.precision == needed == "year":
            return naive.dt.year().cast(pl.Int64)
        coarse = max(PRECISIONS.index(self.precision), PRECISIONS.index(needed)) <= PRECISIONS.index("day")
        return naive.cast(pl.Date) if coarse else naive

    def to_dict(self) -> dict[str, object]:
        """Return the frequency as plain data, for a manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Frequency":
        """Return the frequency that `to_dict` wrote.

        Raises
        ------
        BundleError
            When the data is not what `to_dict` writes.
        """
        kinds = {"unit": str, "count": int, "zone": str, "precision": str, "day": int, "step": int, "weekdays": bool}
        strange = {key: value for key, value in data.items() if value is not None and type(value) is not kinds.get(key)}
        lacking = {part.name for part in fields(cls)} - set(data)
        if strange or lacking:
            raise BundleError(f"The frequency is not as it was saved: got {dict(data)}. Fit and save the model anew.")
        return cls(**data)  # pyrefly: ignore

    @classmethod
    def from_name(cls, text: str) -> "Frequency":
        """Return the frequency that a name such as 1h, 15min, 1d, 1bd, 1w, 1mo, 1q, 1y or rows stands for.

        Raises
        ------
        ConfigError
            When the text names no frequency.

        Examples
        --------
        >>> Frequency.from_name("15min").season, Frequency.from_name("MS").name, Frequency.from_name("10").unit
        (96, '1mo', 'integer')
        """
        if text == "rows":
            return cls(unit="rows", step=DAY)
        found = re.fullmatch(r"([0-9]{0,9})\s*([A-Za-z-]*)", text.strip())
        number, unit = found.groups() if found else ("", "")
        if unit == "" and number and int(number):
            return cls(unit="integer", count=int(number), precision="integer")
        short, _, end = _PANDAS.get(unit, unit).partition("-")
        named = _UNITS.get(short, "")
        if number == "0" or not named or (end and (end != "end" or named not in MONTHS)):
            known = "15min, 1h, 1d, 1bd, 1w, 1mo, 1mo-end, 1q, 1y"
            raise ConfigError(f"A step is 'rows', or a count and a unit such as {known}; got {text!r}.")
        precision = "minute" if named in FIXED else "day"
        return cls(unit=named, count=int(number or 1), precision=precision, day=31 if end else None)

    @property
    def _plain_step(self) -> int | None:
        if self.integer:
            return self.step if self.unit == "rows" else self.count
        if self.unit in FIXED:
            return FIXED[self.unit] * self.count
        return self.step if self.unit == "rows" and not self.weekdays and self.step % DAY else None

    @property
    def _workdays(self) -> bool:
        return self.unit == "business day" or self.weekdays

    @property
    def _days(self) -> int:
        return self.step // DAY if self.unit == "rows" else self.count * (7 if self.unit == "week" else 1)

    def _shift_days(self, days: np.ndarray, number: np.ndarray) -> np.ndarray:
        if self._workdays:
            return steps.after_workdays(days, number * self.count)
        if self.unit in MONTHS:
            return steps.after_months(days, number * MONTHS[self.unit] * self.count, self.day)
        return days + number * self._days


def calendar_features(
    times: Int[np.ndarray, "T"], frequency: Frequency, cycles: tuple[str, ...] | None = None
) -> tuple[tuple[str, ...], Float[np.ndarray, "T F"]]:
    """Return names and values of sine and cosine of these cycles; of all that a step moves through unless told.

    Returns
    -------
    tuple
        The F names, and the values (T, F); F is 0 for years and for plain integers.

    Examples
    --------
    >>> names, values = calendar_features(np.array([0, DAY]), Frequency(unit="day"))
    >>> names, values.shape
    (('week_sin', 'week_cos', 'month_sin', 'month_cos', 'year_sin', 'year_cos'), (2, 6))
    """
    return circles(to_wall(times, frequency.zone), frequency.cycles if cycles is None else cycles)


def cycles_seen_twice(times: Int[np.ndarray, "T"], frequency: Frequency) -> tuple[str, ...]:
    """Return the cycles that these times of one series go through at least twice.

    Of a year that was seen once, a network can only learn that this winter was this winter.

    Examples
    --------
    >>> cycles_seen_twice(np.arange(14) * DAY, Frequency(unit="day"))
    ('week',)
    """
    if not len(times):
        return ()
    first, end = to_wall(np.append(times[:1], frequency.after(times[-1], 1)), frequency.zone)
    return tuple(
        cycle for cycle in frequency.cycles if end - first >= 2 * _LENGTHS["year" if cycle == "season" else cycle]
    )


def _season_of(step: int) -> int:
    """Return the steps of the longest of day, hour and minute that holds at most 1,440; of a week for days."""
    if step >= DAY:
        return 7 * DAY // step if 7 * DAY % step == 0 else 1
    whole = [cycle // step for cycle in (DAY, FIXED["hour"], FIXED["minute"]) if cycle % step == 0]
    return next((number for number in whole if number <= 1440), 1)
