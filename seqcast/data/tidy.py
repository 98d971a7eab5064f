"""Rows made fit for a grid: in order, one for each time, averaged within steps where that was asked."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.data.bins import bin_starts
from seqcast.data.calendar import Frequency
from seqcast.data.groups import RULES, joined
from seqcast.data.timed import Rows, Timed
from seqcast.data.times import ParsedTimes
from seqcast.data.wall import DAY
from seqcast.errors import ConfigError, TimeError


@dataclass(frozen=True, eq=False)
class Tidy:
    """Rows in order of series and time, with what was done to them.

    Parameters
    ----------
    timed : Timed
        Their times.
    values : float array (N, V)
        Value columns, NaN where missing.
    source : int array (N,)
        The row of the table that each came from, the last one of rows that were joined.
    categorical : bool array (V,)
        Columns that hold codes.
    notes : tuple of str
        What was done, in sentences for the user.
    """

    timed: Timed
    values: Float[np.ndarray, "N V"]
    source: Int[np.ndarray, "N"]
    categorical: Bool[np.ndarray, "V"]
    notes: tuple[str, ...] = ()

    def take(self, keep: Int[np.ndarray, "M"], note: str) -> "Tidy":
        """Return only the rows `keep`."""
        moved = {part: getattr(self.timed, part)[keep] for part in ("times", "series", "lines")}
        timed = replace(self.timed, **moved)
        return replace(self, timed=timed, values=self.values[keep], source=self.source[keep], notes=(*self.notes, note))

    def join(self, starts: Int[np.ndarray, "G"], rule: str, note: str) -> "Tidy":
        """Return one row for each group of rows that begins at `starts`, at the time of its last row."""
        last = np.append(starts[1:], len(self.source)) - 1
        return replace(self.take(last, note), values=joined(self.values, starts, rule, self.categorical))


def in_order(rows: Rows, parsed: ParsedTimes) -> Tidy:
    """Return the rows sorted by series and time; says so if a series was not in order of time."""
    times, series = parsed.values, rows.series
    order = np.lexsort((times, series))
    grouped = np.argsort(series, kind="stable")
    back = int(((np.diff(times[grouped]) < 0) & (np.diff(series[grouped]) == 0)).sum())
    timed = Timed(
        times=times[order],
        series=series[order],
        lines=rows.lines[order],
        place=rows.place,
        names=rows.names,
        zone=parsed.zone,
        precision=parsed.precision,
    )
    notes = (f"Rows were not in order of time ({back} steps back): sorted.",) if back else ()
    return Tidy(timed, rows.values[order], order, rows.categorical, notes)


def one_for_each_time(tidy: Tidy, rule: str | None) -> Tidy:
    """Return the rows with those of the same series and time joined by `rule`.

    Raises
    ------
    TimeError
        When there are such rows and no rule.
    ConfigError
        When the rule is unknown.
    """
    if rule is not None and rule not in RULES:
        raise ConfigError(f"Rows of the same time are joined by one of {', '.join(RULES)}; got {rule!r}.")
    timed = tidy.timed
    again = timed.follows & np.concatenate([[False], np.diff(timed.times) == 0])
    if not again.any():
        return tidy
    if rule is None:
        raise TimeError(_duplicate(timed, again))
    note = f"{int(again.sum())} rows had the time of another row of their series: joined by {rule}."
    return tidy.join(np.flatnonzero(~again), rule, note)


def averaged(tidy: Tidy, frequency: Frequency) -> Tidy:
    """Return one row for each step that has rows: the mean of what is there, the last of categories.

    A first or last step of a series that holds less than half of the usual rows would stand beside full ones as if it
    were one of them: it is left out.
    """
    starts_of = bin_starts(tidy.timed.times, frequency)
    starts = np.flatnonzero(~tidy.timed.follows | np.concatenate([[True], np.diff(starts_of) != 0]))
    number = np.diff(np.append(starts, len(starts_of)))
    note = f"Rows were averaged within steps of {frequency.name}; a step is named by its beginning."
    out = tidy.join(starts, "mean", note)
    out = replace(out, timed=replace(out.timed, times=starts_of[starts], precision=frequency.precision))
    first = ~out.timed.follows
    edge = first ^ np.append(first[1:], True)
    partial = edge & (number < np.median(number) / 2)
    if not partial.any():
        return out
    note = f"{int(partial.sum())} first or last steps with less than half of the usual rows were left out."
    return out.take(np.flatnonzero(~partial), note)


def _duplicate(timed: Timed, again: np.ndarray) -> str:
    row = int(np.argmax(again))
    message = (
        f"A series has one row for each time; {timed.where(row)} is also {timed.place} {timed.lines[row - 1]}"
        f"{f', and {int(again.sum()) - 1} more' if again.sum() > 1 else ''}."
    )
    clock = timed.wall[again]
    if not timed.integer and timed.zone is None and ((clock % DAY).any() and (clock % DAY < DAY // 6).all()):
        return (
            f"{message} If clocks went back in that night, write times with their offset, such as "
            "2024-10-27T02:30+02:00, or say --aggregate mean."
        )
    if len(timed.names) == 1 and again.mean() > 0.3:
        return f"{message} Name the column that tells series apart with --series, or say --aggregate mean."
    return f"{message} Delete one, or say --aggregate mean, sum, first or last."
