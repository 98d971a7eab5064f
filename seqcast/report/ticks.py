"""Where an axis has its marks and what they say: for numbers, for plain integers and for moments."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from seqcast.report.numbers import fixed

MICROSECONDS = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "D": 86_400_000_000}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# From the finest to the coarsest: the unit and how many of it lie between two marks.
STEPS = (
    *((n, "us") for n in (1, 10, 100, 1_000, 10_000, 100_000)),
    *((n, "s") for n in (1, 2, 5, 10, 15, 30)),
    *((n, "m") for n in (1, 2, 5, 10, 15, 30)),
    *((n, "h") for n in (1, 2, 3, 6, 12)),
    *((n, "D") for n in (1, 2, 7, 14)),
    *((n, "M") for n in (1, 2, 3, 6)),
    *((n, "Y") for n in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
)


@dataclass(frozen=True)
class Tick:
    """A mark at index `at` of the axis; `more` is a second line, said once until it changes."""

    at: float
    text: str
    more: str = ""


def number_ticks(low: float, high: float, most: int = 6) -> list[Tick]:
    """Return round marks from `low` to `high`, both within the axis.

    Examples
    --------
    >>> [tick.text for tick in number_ticks(0.0, 23.0)]
    ['0', '5', '10', '15', '20']
    """
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return []
    step = nice_step((high - low) / most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [Tick(i * step, _short(i * step, decimals, max(abs(low), abs(high)))) for i in range(first, last + 1)]


def nice_step(least: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that is at least `least`.

    Examples
    --------
    >>> nice_step(0.3), nice_step(7.0)
    (0.5, 10.0)
    """
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def time_ticks(times: Int[np.ndarray, "T"], clock: bool, most: int = 6) -> list[Tick]:
    """Return marks along rows that lie one step apart, whatever time each has.

    A mark stands at the first row of each new hour, day, month or year, so calendars with holes in them (trading days)
    are marked as well as even ones.

    Parameters
    ----------
    times : int array (T,)
        Microseconds since 1970, or plain integers.
    clock : bool
        Which of both.
    most : int
        Marks at most.

    Returns
    -------
    list of Tick
        With `at` between 0 and T - 1.

    Examples
    --------
    >>> hours = np.arange(48) * 3_600_000_000
    >>> [(tick.at, tick.text, tick.more) for tick in time_ticks(hours, clock=True, most=4)]
    [(0, '00:00', '1 Jan 1970'), (12, '12:00', ''), (24, '00:00', '2 Jan 1970'), (36, '12:00', '')]
    >>> [tick.text for tick in time_ticks(np.arange(7, 30), clock=False, most=4)]
    ['10', '20']
    """
    if not len(times):
        return []
    if not clock:
        return _integer_ticks(times, most)
    finest = _finest(times)
    for size, unit in STEPS[[unit for _, unit in STEPS].index(finest) :]:
        bucket = _bucket(times, size, unit)
        before = bucket[:1] - 1 if (size, unit) == (1, finest) else _bucket(times[:1] - 1, size, unit)
        marks = _starts(np.concatenate([before, bucket]))
        if 0 < len(marks) <= most:
            return _label(times, marks, unit)
    return _label(times, np.array([0]), finest)


def _integer_ticks(times: np.ndarray, most: int) -> list[Tick]:
    step = max(1, round(nice_step(max(float(times[-1] - times[0]), 1.0) / most)))
    marks = _starts(np.concatenate([(times[:1] - 1) // step, times // step]))
    return [Tick(int(at), f"{int(times[at]):,}" if abs(times[at]) >= 10_000 else str(int(times[at]))) for at in marks]


def _starts(bucket: np.ndarray) -> np.ndarray:
    """Return the rows at which a new bucket starts, given the bucket just before the first row too."""
    return np.flatnonzero(np.diff(bucket) != 0)


def _bucket(times: np.ndarray, size: int, unit: str) -> np.ndarray:
    moments = times.astype("datetime64[us]")
    if unit == "us":
        return times // size
    if unit in MICROSECONDS and unit != "D":
        return times // (size * MICROSECONDS[unit])
    if unit == "D" and size in (1, 7, 14):
        return (moments.astype("datetime64[D]").astype(np.int64) + 3) // size
    if unit == "D":
        day = (moments.astype("datetime64[D]") - moments.astype("datetime64[M]").astype("datetime64[D]")).astype(
            np.int64
        )
        return moments.astype("datetime64[M]").astype(np.int64) * 100 + np.minimum(day // size, 30 // size - 1)
    months = moments.astype("datetime64[M]").astype(np.int64)
    return months // size if unit == "M" else (months // 12 + 1970) // size


def _finest(times: np.ndarray) -> str:
    """Return the finest unit in which these times differ: marks finer than that would say nothing."""
    for unit in ("D", "m", "s"):
        if (times % MICROSECONDS[unit] == 0).all():
            break
    else:
        return "us"
    if unit != "D":
        return unit
    days = times.astype("datetime64[us]").astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    starts, ends = days == months.astype("datetime64[D]"), days + 1 == (months + 1).astype("datetime64[D]")
    if not (starts.all() or ends.all()):
        return "D"
    return "Y" if len(np.unique(months.astype(np.int64) % 12)) == 1 else "M"


def _label(times: np.ndarray, marks: np.ndarray, unit: str) -> list[Tick]:
    ticks: list[Tick] = []
    said = ""
    for at in marks:
        text, more = _words(int(times[at]), unit)
        ticks.append(Tick(int(at), text, "" if more == said else more))
        said = more
    return ticks


def _words(time: int, unit: str) -> tuple[str, str]:
    """Return what a mark says, and the larger unit that it lies in."""
    moment = np.datetime64(time, "us")
    year, month, day = str(moment.astype("datetime64[D]")).rsplit("-", 2)
    name, date = MONTHS[int(month) - 1], f"{int(day)} {MONTHS[int(month) - 1]}"
    clock = str(moment).split("T")[1]
    words = {"Y": (year, ""), "M": (name, year), "D": (date, year), "s": (clock[:8], f"{date} {year}")}
    return words.get(unit, (clock if unit == "us" else clock[:5], f"{date} {year}"))


def _short(value: float, decimals: int, largest: float) -> str:
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if largest >= size:
            unit = 1e3 if letter == "k" else size
            text = f"{value / unit:.6g}".replace("-", "\N{MINUS SIGN}")
            return f"{text}{letter}" if value else "0"
    return fixed(value, decimals) if largest >= 1e-5 or not value else f"{value:.3g}".replace("-", "\N{MINUS SIGN}")
