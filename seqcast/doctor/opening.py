"""Open a table as it lies: what the door refuses is told as a finding, and looked past where that guesses nothing.

The door is asked first; only a table that it refuses is opened here, step by step as the door does it. Where there are
two ways to read something, the one that changes no number is taken: rows in their order instead of times that cannot be
read, a cell left out instead of one mended. What was done is always told.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from seqcast.data.assemble import assemble
from seqcast.data.cast import Cells
from seqcast.data.clock import find_time, is_date, named_time, read_times
from seqcast.data.intake import keep_rows, without_void
from seqcast.data.names import normal
from seqcast.data.options import RoleOptions, TableOptions
from seqcast.data.panel import Panel
from seqcast.data.records import Records, count
from seqcast.data.roles import Roles, find_roles
from seqcast.data.source import read_bytes
from seqcast.data.table import read_panel
from seqcast.doctor.findings import Finding, shortened
from seqcast.doctor.mending import read_anyway, refused
from seqcast.doctor.numerals import cells_anyway
from seqcast.doctor.twins import clock_change, dates_beside, doubled, series_column
from seqcast.errors import CellError, ColumnError, HistoryError, InputError, TimeError

_MOST_TRIALS = 12
_MOST_ROWS = 5
"""Rows with an unreadable time that are left out one by one; where there are more, times are not read at all."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Opened:
    """A table as far as it could be opened.

    Parameters
    ----------
    panel : Panel or None
        The table; None where nothing can be read.
    found : tuple of Finding
        What the door refuses, and how it was looked past.
    """

    panel: Panel | None
    found: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trial:
    records: Records
    cells: dict[str, Cells]
    roles: Roles
    options: TableOptions
    left_out: int = 0
    found: tuple[Finding, ...] = ()

    def where(self, keep: np.ndarray) -> "_Trial":
        cells = {name: column.where(keep) for name, column in self.cells.items()}
        return replace(self, records=self.records.where(keep), cells=cells)

    def told(self, finding: Finding) -> "_Trial":
        return replace(self, found=(*self.found, finding))


def open_table(source: Any, roles: RoleOptions | None = None, options: TableOptions | None = None) -> Opened:
    """Return the table of a source, and what `read_panel` would refuse about it.

    Parameters
    ----------
    source, roles, options
        As for `read_panel`.

    Raises
    ------
    ConfigError
        When an option cannot work.
    FileError
        When there is no such file.
    ColumnError
        When a column that was named is not in the table, or has two roles.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"ds": ["2024-01-01", "2024-01-02", "2024-03-05"], "a": [1.0, 2.0, 4.0], "b": [5, 6, 7]})
    >>> opened = open_table(table)
    >>> opened.panel.columns.target, [finding.check for finding in opened.found]
    (('a', 'b'), ['no certain target', 'uneven steps'])
    """
    roles, options = roles or RoleOptions(), options or TableOptions()
    if isinstance(source, str | Path) and options.query is None and "://" not in str(source):
        read_bytes(Path(source))  # a wrong path is no fault of a table
    try:
        return Opened(panel=read_panel(source, roles, options), found=())
    except InputError as error:
        refusal = error
    try:
        records, options, found = read_anyway(source, options)
    except InputError as error:
        return Opened(panel=None, found=(_unusable(error, str(source)),))
    records = keep_rows(records, options)
    _check_names(roles, records, refusal)
    try:
        records, cells, options, said = cells_anyway(records, roles, options)
        found = (*found, *said)
        settled, said = _roles(records, cells, roles)
        found = (*found, *said)
        records, cells = without_void(records, cells, settled)
        if records.frame.height < 2:
            raise HistoryError(f"A forecast needs a history; {records.place} has one row. Give more rows.")
        trial = _Trial(records=records, cells=cells, roles=settled, options=options, found=found)
        return _assembled(trial)
    except InputError as error:
        return Opened(panel=None, found=(*found, _unusable(error, records.place)))


def _unusable(error: InputError, place: str) -> Finding:
    return refused(error, "cannot be read", Path(place).name, severity="unusable")


def _check_names(roles: RoleOptions, records: Records, refusal: InputError) -> None:
    """Refuse a name that is in no column: a slip of the user is no finding."""
    given = [*roles.target, *roles.known, *roles.static, *roles.ignore, roles.series]
    names = [normal(name) for name in given if name is not None]
    if roles.time is not None:
        names += named_time(normal(roles.time), tuple(records.frame.columns))
    if len(set(names)) < len(names) or set(names) - set(records.frame.columns):
        raise refusal


def _roles(records: Records, cells: Mapping[str, Cells], options: RoleOptions) -> tuple[Roles, tuple[Finding, ...]]:
    found: list[Finding] = []
    try:
        return find_roles(records, cells, options), ()
    except ColumnError as error:
        refusal = error
    if "The time column must be certain" in str(refusal):
        dates = [name for name, column in cells.items() if is_date(column)] or list(cells)
        time = max(dates, key=lambda name: cells[name].column.n_unique())
        options = replace(options, time=time)
        found.append(refused(refusal, "no certain time", records.place, done=f"It is read by {time!r} here."))
        try:
            return find_roles(records, cells, options), tuple(found)
        except ColumnError as error:
            refusal = error
    if "The target must be certain" not in str(refusal):
        raise refusal
    taken = {options.series, *options.known, *options.static, *options.ignore}
    free = {name: column for name, column in cells.items() if name not in taken}
    time = named_time(options.time, tuple(cells)) if options.time else find_time(free, records, [])
    dates, said = dates_beside(free, time)
    found += said
    options = replace(options, ignore=(*options.ignore, *dates), time="+".join(time) or None)
    targets = _numeric(records, {name: column for name, column in free.items() if name not in dates}, time, options)
    done = "All of them are examined here, each as if it were the target."
    found.append(refused(refusal, "no certain target", records.place, severity="note", done=done))
    return find_roles(records, cells, replace(options, target=targets)), tuple(found)


def _numeric(
    records: Records, free: Mapping[str, Cells], time: tuple[str, ...], options: RoleOptions
) -> tuple[str, ...]:
    """Return every column of numbers that could be a target, row numbers not among them."""
    numeric = [name for name, column in free.items() if column.kind == "number" and name not in time]
    first = next((name for name in numeric if name not in records.unnamed), numeric[0])
    roles = find_roles(records, free, replace(options, target=(first,), known=(), static=(), ignore=(), series=None))
    return tuple(name for name in numeric if name == first or name in roles.past)


def _assembled(trial: _Trial) -> Opened:
    for _ in range(_MOST_TRIALS):
        try:
            panel = assemble(trial.records, trial.cells, trial.roles, trial.options)
        except InputError as error:
            trial = _past(trial, error)
            continue
        return Opened(panel=panel, found=trial.found)
    raise HistoryError(f"{trial.records.place} has more faults than can be looked past. Mend the first of them.")


def _past(trial: _Trial, error: InputError) -> _Trial:
    """Return the trial with what was refused looked past, or raise the refusal."""
    for kind, said, way in _WAYS:
        if isinstance(error, kind) and said in str(error):
            return way(trial, error)
    if isinstance(error, TimeError) and trial.roles.time:
        return _numbered(trial, error)
    raise error


def _as_rows(trial: _Trial, error: InputError) -> _Trial:
    if trial.options.freq == "rows":
        raise error
    done = "Each row is taken as one step here, whatever time has passed."
    finding = refused(error, "uneven steps", trial.records.place, done=done)
    return replace(trial, options=replace(trial.options, freq="rows", resample=None)).told(finding)


def _one_for_each_time(trial: _Trial, error: InputError) -> _Trial:
    times = read_times(trial.records, trial.roles.time, trial.options)
    series = None if trial.roles.series is None else trial.cells[trial.roles.series]
    if series is None:
        name = series_column(trial.cells, times.values, trial.roles)
        if name is not None:
            done = f"Times are there once for each {name!r}, which is taken as the series here."
            finding = refused(error, "several series", trial.records.place, done=done)
            past = tuple(other for other in trial.roles.past if other != name)
            roles = replace(trial.roles, series=name, past=past)
            return replace(trial, roles=roles).told(replace(finding, option=f"--series {name!r}"))
    told, again = doubled(trial.records, times, None if series is None else series.text)
    done = f"{count(again, 'row')} share the time of another; such rows are averaged here."
    finding = refused(error, "times there twice", trial.records.place, done=done, details=shortened(told))
    found = (finding, *clock_change(times, trial.records.place))
    moved = replace(trial, options=replace(trial.options, aggregate="mean"))
    return replace(moved, found=(*trial.found, *found))


def _without_rows(trial: _Trial, error: InputError) -> _Trial:
    """Leave out rows without a time or a series."""
    names = (*trial.roles.time, *(() if trial.roles.series is None else (trial.roles.series,)))
    texts = [trial.cells[name].text for name in names]
    keep = np.logical_and.reduce([(text.fill_null("") != "").to_numpy() for text in texts])
    if keep.all() or not keep.any():
        return _without_row(trial, error)
    lines = [trial.records.at(int(row)) for row in np.flatnonzero(~keep)]
    done = f"{count(len(lines), 'row')} left out here."
    finding = refused(error, "rows without a time", trial.records.place, done=done, details=shortened(lines))
    return trial.where(keep).told(finding)


def _without_row(trial: _Trial, error: InputError) -> _Trial:
    """Leave out the row whose time cannot be read, unless there are many of them."""
    line = re.search(rf"{trial.records.unit} (\d+)", str(error))
    rows = np.flatnonzero(trial.records.numbers == int(line[1])) if line else np.zeros(0, dtype=np.int64)
    if trial.left_out >= _MOST_ROWS or not len(rows) or trial.records.frame.height <= 2:
        return _numbered(trial, error)
    done = f"{trial.records.at(int(rows[0])).capitalize()} is left out here."
    keep = np.arange(trial.records.frame.height) != rows[0]
    finding = refused(error, "unreadable time", trial.records.place, done=done)
    return replace(trial.where(keep), left_out=trial.left_out + 1).told(finding)


def _numbered(trial: _Trial, error: InputError) -> _Trial:
    """Return the trial with rows numbered in their order: no time is better than a wrong one."""
    if not trial.roles.time:
        raise error
    done = "Its times are not read here: rows are numbered in their order."
    finding = refused(error, "unreadable times", trial.records.place, done=done)
    kept = tuple(finding for finding in trial.found if finding.check != "unreadable time")
    options = replace(trial.options, freq=None, resample=None)
    return replace(trial, roles=replace(trial.roles, time=()), options=options, found=(*kept, finding))


def _without_target(trial: _Trial, error: InputError) -> _Trial:
    empty = [name for name in trial.roles.target if np.isnan(trial.cells[name].values).all()]
    targets = tuple(name for name in trial.roles.target if name not in empty)
    if not targets:
        raise error
    finding = refused(error, "target without a value", ", ".join(empty), done="It is left out here.")
    return replace(trial, roles=replace(trial.roles, target=targets)).told(finding)


_WAYS: tuple[tuple[type[InputError], str, Callable[[_Trial, InputError], _Trial]], ...] = (
    (TimeError, "A series has one row for each time", _one_for_each_time),
    (TimeError, "--freq rows", _as_rows),
    (TimeError, "Every row needs a time", _without_rows),
    (CellError, "Every row needs a series", _without_rows),
    (TimeError, "Dates must be all", lambda trial, error: _numbered(trial, error)),
    (TimeError, "Dates may be", lambda trial, error: _numbered(trial, error)),
    (TimeError, "Say --date-format", lambda trial, error: _numbered(trial, error)),
    (TimeError, "A step needs two times", lambda trial, error: _numbered(trial, error)),
    (TimeError, "All times must be of one time zone", lambda trial, error: _numbered(trial, error)),
    (TimeError, "", _without_row),
    (ColumnError, "A target needs values", _without_target),
)
"""What the refusals of the door say, and what looks past them; the first that fits."""
