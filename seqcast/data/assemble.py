"""From records with roles to a panel: series, columns, times, the grid, and a note on all that was mended."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from seqcast.data.cast import Cells, told
from seqcast.data.clock import naming, read_times
from seqcast.data.columns import Feature, Series, read_feature, read_series, read_static, read_values, uninformative
from seqcast.data.grid import Laid, Rows, lay
from seqcast.data.options import TableOptions
from seqcast.data.panel import Panel
from seqcast.data.records import Records, count, listed
from seqcast.data.roles import Roles
from seqcast.data.times import numbered
from seqcast.types import Columns


@dataclass(frozen=True, eq=False)
class _Parts:
    """The columns of a table as numbers, row by row as in the source, and one row of statics for each series."""

    series: Series
    features: list[Feature]
    targets: int
    statics: list[Feature]
    static: Float[np.ndarray, "series S"]
    notes: tuple[str, ...]


def assemble(records: Records, cells: Mapping[str, Cells], roles: Roles, options: TableOptions) -> Panel:
    """Return the panel of these records.

    Raises
    ------
    InputError
        When a cell, a time or a column is not what its role asks for.
    """
    parts, records = _observed_series(_parts(records, cells, roles, options), records)
    rows = Rows(
        series=parts.series.index,
        values=np.column_stack([feature.values for feature in parts.features]),
        names=parts.series.names,
        columns=tuple(feature.name for feature in parts.features),
        targets=parts.targets,
        categorical=np.array([feature.labels is not None for feature in parts.features]),
        lines=records.numbers,
        place=records.unit,
    )
    with naming(records.place):
        parsed = read_times(records, roles.time, options) if roles.time else numbered(parts.series.index)
        laid = lay(rows, parsed, options)
    panel = _panel(laid, parts, roles)
    used = (*panel.columns.values, *panel.columns.static)
    said = told([cells[name] for name in used])
    notes = (*records.notes, *roles.notes, *parts.notes, *parsed.notes, *laid.notes, *said, *panel.notes)
    return replace(panel, notes=tuple(dict.fromkeys(notes)))


def _parts(records: Records, cells: Mapping[str, Cells], roles: Roles, options: TableOptions) -> _Parts:
    series = read_series(records, roles.series, cells)
    features, left_out = read_values(records, cells, roles, options)
    statics = [read_feature(cells[name], records, options, keep_codes=True) for name in roles.static]
    static = read_static(statics, series, records)
    return _Parts(series, features, len(roles.target), statics, static, (*series.notes, *left_out))


def _observed_series(parts: _Parts, records: Records) -> tuple[_Parts, Records]:
    """Leave out series without any target: nothing can be learnt from them, nor said of them."""
    targets = np.column_stack([feature.values for feature in parts.features[: parts.targets]])
    seen = np.zeros(len(parts.series.names), dtype=bool)
    seen[parts.series.index[~np.isnan(targets).all(axis=1)]] = True
    if seen.all():
        return parts, records
    gone = [name for name, there in zip(parts.series.names, seen, strict=True) if not there]
    keep = seen[parts.series.index]
    index = (np.cumsum(seen) - 1)[parts.series.index[keep]]
    names = tuple(name for name in parts.series.names if name not in set(gone))
    kept = replace(
        parts,
        series=replace(parts.series, names=names, index=index),
        features=[replace(feature, values=feature.values[keep]) for feature in parts.features],
        static=parts.static[seen],
        notes=(*parts.notes, f"{count(len(gone), 'series')} left out that never have a target: {listed(gone)}."),
    )
    return kept, records.where(keep)


def _panel(laid: Laid, parts: _Parts, roles: Roles) -> Panel:
    past = _history(laid, parts.targets)
    values_gone = uninformative(laid.values, parts.features, parts.targets, past)
    static_gone = uninformative(parts.static, parts.statics, 0, np.ones(len(parts.static), dtype=bool))
    names = [feature.name for feature in parts.features]
    keep = np.array([feature.name not in values_gone for feature in parts.features])
    keep_static = np.array([feature.name not in static_gone for feature in parts.statics], dtype=bool)
    columns = Columns(
        time="+".join(roles.time) or None,
        target=roles.target,
        series=roles.series,
        past=tuple(name for name in names if name in roles.past and name not in values_gone),
        known=tuple(name for name in roles.known if name not in values_gone),
        static=tuple(name for name in roles.static if name not in static_gone),
    )
    gone = values_gone | static_gone
    said = [f"Left out, {why}: {listed(names)}." for why, names in _by_reason(gone).items()]
    panel = Panel(
        columns=columns,
        frequency=laid.frequency,
        series=parts.series.names,
        offsets=laid.offsets,
        times=laid.times,
        values=np.ascontiguousarray(laid.values[:, keep]),
        static=np.ascontiguousarray(parts.static[:, keep_static]),
        categories=_categories([*parts.features, *parts.statics], {*columns.values, *columns.static}),
    )
    return replace(panel, notes=(*said, *_remarks(panel, past)))


def _by_reason(gone: Mapping[str, str]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for name, why in gone.items():
        reasons.setdefault(why, []).append(name)
    return reasons


def _history(laid: Laid, targets: int) -> Bool[np.ndarray, "N"]:
    """Tell which rows are not after the last observed target of their series."""
    seen = np.atleast_1d(~np.isnan(laid.values[:, :targets]).all(axis=1))
    later = np.cumsum(seen[::-1])[::-1]
    lengths = np.diff(laid.offsets)
    after = np.append(later, 0)[laid.offsets[1:]]
    return later > np.repeat(after, lengths)


def _categories(features: list[Feature], kept: set[str]) -> dict[str, tuple[str, ...]]:
    return {feature.name: feature.labels for feature in features if feature.labels is not None and feature.name in kept}


def _remarks(panel: Panel, past: Bool[np.ndarray, "N"]) -> list[str]:
    notes = []
    for column, name in enumerate(panel.columns.target):
        seen = panel.values[panel.observed[:, column], column]
        if seen.min() == seen.max():
            notes.append(f"Target {name!r} never changes: the naive forecast is exact.")
    ahead = int((~past).sum())
    if ahead:
        notes.append(f"{count(ahead, 'row')} after the last target taken as the future.")
    for column, name in enumerate(panel.columns.values):
        labels = panel.categories.get(name)
        if labels is None or not ahead:
            continue
        before, after = (np.unique(panel.values[rows & panel.observed[:, column], column]) for rows in (past, ~past))
        new = [labels[int(code)] for code in np.setdiff1d(after, before)]
        if new and name in panel.columns.known:
            notes.append(f"Column {name!r} has categories in the future that the history never had: {listed(new)}.")
    return notes
