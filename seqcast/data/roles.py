"""Which column plays which role: what the user says wins, the rest is recognised by name or content, and said."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from seqcast.data.cast import Cells
from seqcast.data.clock import find_time, named_time
from seqcast.data.names import normal
from seqcast.data.options import RoleOptions
from seqcast.data.records import Records, listed
from seqcast.errors import ColumnError, nearest

SERIES_NAMES = ("unique_id", "item_id", "series_id", "series", "id")
TARGET_NAMES = ("y", "target")


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The columns of a table by role, and what was inferred.

    Parameters
    ----------
    time : tuple of str
        Columns that together make the time; none when rows are only numbered.
    target, past, known, static : tuple of str
        As in `Columns`.
    series : str or None
        Column that names the series.
    notes : tuple of str
        One sentence for each thing inferred.
    """

    time: tuple[str, ...]
    target: tuple[str, ...]
    series: str | None
    past: tuple[str, ...]
    known: tuple[str, ...]
    static: tuple[str, ...]
    notes: tuple[str, ...]


def find_roles(records: Records, cells: Mapping[str, Cells], options: RoleOptions) -> Roles:
    """Return the role of every column.

    Raises
    ------
    ColumnError
        When a column named is not there or has two roles, or when a role cannot be told.
    """
    asked = _normal_roles(options)
    names = tuple(cells)
    _check_named(asked, names, records.place)
    notes: list[str] = []
    taken = {*asked.target, *asked.known, *asked.static, *asked.ignore}
    series = asked.series or _find_series(cells, taken, notes)
    free = {name: column for name, column in cells.items() if name not in taken and name != series}
    if asked.time is not None:
        time = named_time(asked.time, names)
    else:
        time = find_time(free, records, notes)
    free = {name: column for name, column in free.items() if name not in time}
    free = _without_counters(free, records, notes)
    target = asked.target or _find_target(free, records.place, notes)
    past = tuple(name for name in free if name not in target)
    unnamed = [name for name in (*time, *target, *past) if name in records.unnamed]
    if unnamed:
        notes.append(f"Columns without a name are called by their position: {listed(unnamed)}.")
    return Roles(
        time=time, target=target, series=series, past=past, known=asked.known, static=asked.static, notes=tuple(notes)
    )


def _normal_roles(options: RoleOptions) -> RoleOptions:
    def clean(names: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(normal(name) for name in names))

    return replace(
        options,
        target=clean(options.target),
        time=None if options.time is None else normal(options.time),
        series=None if options.series is None else normal(options.series),
        known=clean(options.known),
        static=clean(options.static),
        ignore=clean(options.ignore),
    )


def _check_named(asked: RoleOptions, names: tuple[str, ...], place: str) -> None:
    seen: dict[str, str] = {}
    time = () if asked.time is None else named_time(asked.time, names)
    series = () if asked.series is None else (asked.series,)
    roles = {
        "target": asked.target,
        "time": time,
        "series": series,
        "known": asked.known,
        "static": asked.static,
        "ignore": asked.ignore,
    }
    for role, columns in roles.items():
        for name in columns:
            if name not in names:
                raise ColumnError(f"The {role} column {name!r} is not in {place}. {nearest(name, names)}")
            if name in seen:
                raise ColumnError(
                    f"A column plays one role; {name!r} was named as {seen[name]} and as {role}. Name it once."
                )
            seen[name] = role


def _find_series(cells: Mapping[str, Cells], taken: set[str], notes: list[str]) -> str | None:
    found = [name for known in SERIES_NAMES for name in cells if name.lower() == known and name not in taken]
    for name in found:
        if cells[name].column.n_unique() < len(cells[name].column):
            notes.append(f"Column {name!r} names the series.")
            return name
    return None


def _without_counters(free: dict[str, Cells], records: Records, notes: list[str]) -> dict[str, Cells]:
    """Leave out row numbers: an unnamed column, or one called id, that counts the rows tells nothing of the future."""
    counters = [
        name
        for name, cells in free.items()
        if (name in records.unnamed or name.lower() in SERIES_NAMES) and _counts(cells)
    ]
    if counters:
        notes.append(f"Row numbers left out: {listed(counters)}.")
    return {name: cells for name, cells in free.items() if name not in counters}


def _counts(cells: Cells) -> bool:
    return cells.kind == "number" and len(cells.values) > 1 and bool((np.diff(cells.values) == 1).all())


def _find_target(free: Mapping[str, Cells], place: str, notes: list[str]) -> tuple[str, ...]:
    named = [name for name in free if name.lower() in TARGET_NAMES]
    numeric = [name for name, cells in free.items() if cells.kind == "number"]
    likely = named or numeric or [name for name, cells in free.items() if cells.kind in ("mixed", "empty")]
    if len(likely) == 1:
        notes.append(f"Column {likely[0]!r} is the target.")
        return (likely[0],)
    if not likely:
        raise ColumnError(f"A forecast needs a column of numbers; {place} has none but times: {listed(list(free))}.")
    raise ColumnError(
        f"The target must be certain; {place} has {len(likely)} columns that could be it: {listed(likely)}. "
        "Name it with --target."
    )
