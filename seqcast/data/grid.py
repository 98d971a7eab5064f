"""Put the rows of a table on a grid of even steps: sorted, joined, averaged or with holes, as was asked, and said."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from seqcast.data.calendar import FIXED, MONTHS, Frequency
from seqcast.data.infer import infer, month_day, rows_as_steps
from seqcast.data.options import TableOptions
from seqcast.data.tidy import Tidy, averaged, in_order, one_for_each_time
from seqcast.data.timed import Rows, Timed
from seqcast.data.times import ParsedTimes
from seqcast.data.wall import DAY, finer
from seqcast.errors import ConfigError, TimeError

__all__ = ["Laid", "Rows", "lay"]

# A grid this much larger than the table is a mistaken step or a mistyped date, not a table with holes.
_MOST_HOLES = 50


@dataclass(frozen=True, eq=False, kw_only=True)
class Laid:
    """Rows in series order, one step after another.

    Parameters
    ----------
    times : int array (M,)
        Microseconds since 1970, or the integers of the table.
    values : float array (M, V)
        NaN where missing, and in every hole.
    offsets : int array (series + 1,)
        Rows of series s are `offsets[s]:offsets[s + 1]`.
    source : int array (M,)
        The row of the table that each row came from, the last one of rows that were joined; -1 in holes.
    frequency : Frequency
        The step between rows.
    notes : tuple of str
        What was sorted, joined, filled or left out, in sentences for the user.
    """

    times: Int[np.ndarray, "M"]
    values: Float[np.ndarray, "M V"]
    offsets: Int[np.ndarray, "starts"]
    source: Int[np.ndarray, "M"]
    frequency: Frequency
    notes: tuple[str, ...]


def lay(rows: Rows, parsed: ParsedTimes, options: TableOptions) -> Laid:
    """Return the rows of each series in order, an even step apart, as `options` asks.

    Parameters
    ----------
    rows : Rows
        The rows as they come.
    parsed : ParsedTimes
        Their times.
    options : TableOptions
        Of these `freq`, `resample` and `aggregate` are read.

    Raises
    ------
    TimeError
        When two rows of a series have the same time, or the rows lie on no grid.
    ConfigError
        When the options contradict each other or the table.

    Examples
    --------
    >>> one = np.zeros(3, dtype=np.int64)
    >>> rows = Rows(series=one, values=np.array([[3.0], [1.0], [4.0]]), names=("a",), columns=("y",), targets=1,
    ...             categorical=np.array([False]), lines=np.arange(2, 5))
    >>> parsed = ParsedTimes(values=np.array([2, 0, 3]), zone=None, precision="integer")
    >>> laid = lay(rows, parsed, TableOptions())
    >>> laid.values[:, 0].tolist(), laid.source.tolist()
    ([1.0, nan, 3.0, 4.0], [1, -1, 0, 2])
    """
    asked = _asked(options, parsed)
    tidy = one_for_each_time(in_order(rows, parsed), options.aggregate)
    if options.resample is not None and asked is not None:
        tidy = averaged(tidy, asked)
    frequency = _frequency(tidy.timed, asked)
    laid = _as_it_is(tidy, frequency) if frequency.unit == "rows" else _filled(tidy, frequency)
    told = () if asked is not None and frequency.unit != "rows" else (_described(frequency),)
    return _trimmed(replace(laid, notes=(*laid.notes, *told)), rows)


def _asked(options: TableOptions, parsed: ParsedTimes) -> Frequency | None:
    """Return the frequency that the user named, in the zone of the table."""
    if options.freq is not None and options.resample is not None:
        raise ConfigError("Give --freq to put rows on a grid or --resample to average them, not both.")
    text = options.resample if options.freq is None else options.freq
    if text is None:
        return None
    frequency = Frequency.from_name(text)
    if frequency.unit == "rows":
        if options.resample is not None:
            raise ConfigError("--resample needs a step of time such as 1h or 1d; got 'rows'.")
        return frequency
    if frequency.integer != parsed.integer:
        kind = (
            "whole numbers, whose step is one too, such as 1" if parsed.integer else "dates, whose step is such as 1d"
        )
        raise ConfigError(f"The step {text!r} does not fit the times of the table: they are {kind}.")
    return replace(frequency, zone=parsed.zone, precision=_shown(frequency, parsed, options.resample is not None))


def _shown(frequency: Frequency, parsed: ParsedTimes, averaged: bool) -> str:
    """Return how finely times on the grid are written: as in the table, finer where the step is."""
    if parsed.integer or averaged or frequency.unit not in MONTHS:
        return finer(frequency.precision, "integer" if averaged else parsed.precision)
    return parsed.precision


def _frequency(timed: Timed, asked: Frequency | None) -> Frequency:
    if asked is None:
        return infer(timed)
    if asked.unit == "rows":
        return rows_as_steps(timed)
    if asked.unit in MONTHS and asked.day is None:
        return replace(asked, day=month_day(timed.days))
    return asked


def _described(frequency: Frequency) -> str:
    if frequency.unit != "rows":
        return f"The step between rows is {frequency.name}."
    if frequency.weekdays:
        return "Each row is one step; the steps after the last row are Mondays to Fridays."
    step, units = (
        frequency.step,
        {"day": DAY, "hour": FIXED["hour"], "minute": FIXED["minute"], "second": FIXED["second"]},
    )
    unit = next((unit for unit, size in units.items() if step % size == 0), "microsecond")
    number = step // units.get(unit, 1)
    apart = step if frequency.integer else f"{number} {unit}{'s' if number > 1 else ''}"
    return f"Each row is one step; the steps after the last row are {apart} apart, the median of the table."


def _as_it_is(tidy: Tidy, frequency: Frequency) -> Laid:
    timed = tidy.timed
    rows = np.bincount(timed.series, minlength=len(timed.names))
    return Laid(
        times=timed.times,
        values=tidy.values,
        offsets=_offsets(rows),
        source=tidy.source,
        frequency=frequency,
        notes=tidy.notes,
    )


def _filled(tidy: Tidy, frequency: Frequency) -> Laid:
    """Return the rows with a row of missing values for each step that the table lacks."""
    timed = tidy.timed
    first = np.flatnonzero(~timed.follows)
    group = np.cumsum(~timed.follows) - 1
    step = frequency.between(timed.times[first][group], timed.times)
    length = step[np.append(first[1:], len(timed)) - 1] + 1
    _refuse_vast(timed, frequency, first, length)
    begin = _offsets(length)
    steps = np.arange(begin[-1]) - np.repeat(begin[:-1], length)
    times = frequency.shift(np.repeat(timed.times[first], length), steps)
    at = begin[group] + step
    off = times[at] != timed.times
    if off.any():
        row = int(np.argmax(off))
        raise TimeError(
            f"All rows must lie on the grid of {frequency.name} that begins with the first row of their series; "
            f"{timed.where(row)} does not. Say --resample {frequency.name} to average within steps, or --freq rows."
        )
    values = np.full((begin[-1], tidy.values.shape[1]), np.nan)
    values[at] = tidy.values
    source = np.full(begin[-1], -1, dtype=np.int64)
    source[at] = tidy.source
    rows = np.zeros(len(timed.names), dtype=np.int64)
    rows[timed.series[first]] = length
    return Laid(
        times=times, values=values, offsets=_offsets(rows), source=source, frequency=frequency, notes=tidy.notes
    )


def _refuse_vast(timed: Timed, frequency: Frequency, first: np.ndarray, length: np.ndarray) -> None:
    if length.sum() <= _MOST_HOLES * len(timed) + 1000:
        return
    last = int(np.append(first[1:], len(timed))[np.argmax(length)]) - 1
    raise TimeError(
        f"A grid of {frequency.name} would need {int(length.sum())} rows for the {len(timed)} of the table; see "
        f"{timed.where(int(first[np.argmax(length)]))} to {timed.where(last)}. Mend the dates, or choose a longer step."
    )


def _trimmed(laid: Laid, rows: Rows) -> Laid:
    """Return the rows from the first observed target of each series on, and notes on the holes that are left."""
    lengths = np.diff(laid.offsets)
    series = np.repeat(np.arange(len(lengths)), lengths)
    seen = np.flatnonzero(~np.isnan(laid.values[:, : rows.targets]).all(axis=1))
    with_target, place = np.unique(series[seen], return_index=True)
    begin = laid.offsets[:-1].copy()
    begin[with_target] = seen[place]
    keep = np.arange(len(series)) >= begin[series]
    source, notes = laid.source[keep], list(laid.notes)
    if not keep.all():
        cut = int((begin > laid.offsets[:-1]).sum())
        among = f" in {cut} of {len(lengths)} series" if len(lengths) > 1 else ""
        notes.append(f"{int((~keep).sum())} leading rows without a target were left out{among}.")
    holes = int((source < 0).sum())
    if holes:
        notes.append(f"{holes} of {len(source)} steps of {laid.frequency.name} have no row: kept as missing.")
    return Laid(
        times=laid.times[keep],
        values=laid.values[keep],
        offsets=_offsets(np.bincount(series[keep], minlength=len(lengths))),
        source=source,
        frequency=laid.frequency,
        notes=tuple(notes),
    )


def _offsets(lengths: np.ndarray) -> Int[np.ndarray, "starts"]:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
