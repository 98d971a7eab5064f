"""The door of samples in a table: texts with their classes, or series whose rows stand below each other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from seqcast.data.cast import Cells, cast_all, numbers
from seqcast.data.intake import keep_rows, read_records
from seqcast.data.options import SampleOptions, TableOptions
from seqcast.data.records import Records, count, listed
from seqcast.errors import CellError, ColumnError, nearest

TEXTS, LABELS = ("text", "review", "sentence"), ("label", "class")


@dataclass(frozen=True, eq=False)
class Samples:
    """What a table holds to be classified.

    Parameters
    ----------
    kind : str
        `text` or `series`.
    values : list of str, or list of float arrays (T, C)
        The samples.
    labels : list of str or None
        Their classes as text; None where the table has no such column.
    names : tuple of str
        Name of each sample: of a text its row, of a series what names it.
    notes : tuple of str
        What was inferred.
    roles : SampleOptions
        Which columns were read.
    """

    kind: str
    values: list[Any]
    labels: list[str] | None
    names: tuple[str, ...]
    notes: tuple[str, ...]
    roles: SampleOptions = SampleOptions()

    def __len__(self) -> int:
        """Return how many samples these are."""
        return len(self.values)


def read_samples(
    source: Any, roles: SampleOptions, options: TableOptions | None = None, *, labelled: bool = True
) -> Samples:
    """Return the samples of a table.

    Parameters
    ----------
    source : path, data frame or database URI
        As for `read_panel`.
    roles : SampleOptions
        Which columns hold what; what is left empty is recognised by its name.
    options : TableOptions, optional
        How the table is to be read.
    labelled : bool
        Whether each sample must have a class.

    Raises
    ------
    InputError
        When the table cannot be read, a column is missing, or a text or class is.

    Examples
    --------
    >>> table = pl.DataFrame({"text": ["fine", "dull"], "label": [1, 0]})
    >>> samples = read_samples(table, SampleOptions())
    >>> samples.values, samples.labels, samples.notes[1]
    (['fine', 'dull'], ['1', '0'], "Column 'text' holds the texts.")
    """
    options = options or TableOptions()
    records = keep_rows(read_records(source, options), options)
    notes = list(records.notes)
    label = _column(records, roles.label, LABELS, "classes", notes, needed=labelled)
    if roles.series is None:
        text = _column(records, roles.text, TEXTS, "texts", notes, needed=True)
        assert text is not None
        names = tuple(str(number) for number in records.numbers)
        labels = None if label is None else _classes(records, label)
        read = replace(roles, text=text, label=label)
        return Samples("text", _texts(records, text), labels, names, tuple(notes), read)
    if roles.text is not None:
        raise ColumnError("A sample is a text or a series; got --text and --series. Leave out one of them.")
    return _series_of(records, roles, label, (cast_all(records, options), options, notes))


def _column(
    records: Records, named: str | None, usual: tuple[str, ...], what: str, notes: list[str], *, needed: bool
) -> str | None:
    columns = records.frame.columns
    if named is not None:
        if named in columns:
            return named
        raise ColumnError(f"{records.place} has no column {named!r}. {nearest(named, columns)}")
    lowered = {name.lower(): name for name in columns}
    found = next((lowered[name] for name in usual if name in lowered), None)
    if found is not None:
        notes.append(f"Column {found!r} holds the {what}.")
    elif needed:
        flag = {"classes": "--label", "texts": "--text (or --series, where series are classified)"}[what]
        raise ColumnError(f"Which column holds the {what}? {records.place} has {listed(columns)}. Say it with {flag}.")
    return found


def _texts(records: Records, name: str) -> list[str]:
    column = records.frame[name]
    _refuse_empty(records, name, column.is_null(), "a text (it may be empty, but not missing)")
    if column.dtype == pl.Binary:
        try:
            column = column.cast(pl.String)
        except pl.exceptions.PolarsError:
            raise CellError(
                f"Texts must be UTF-8; column {name!r} of {records.place} holds bytes that are not. Decode them first."
            ) from None
    if column.dtype != pl.String:
        column = column.cast(pl.String) if column.dtype in (pl.Categorical, pl.Enum) else column
    if column.dtype != pl.String:
        raise CellError(f"Texts are text; column {name!r} of {records.place} is {column.dtype}. Name another column.")
    return column.to_list()


def _classes(records: Records, name: str) -> list[str]:
    column = records.frame[name]
    if column.dtype.is_float():
        _refuse_empty(records, name, column.is_null() | column.is_nan(), "a class")
        whole = column.cast(pl.Int64, strict=False)
        column = whole if (whole.cast(column.dtype) == column).all() else column
    text = column.cast(pl.String).str.strip_chars()
    _refuse_empty(records, name, text.is_null() | (text == ""), "a class")
    return text.to_list()


def _refuse_empty(records: Records, name: str, empty: pl.Series, what: str) -> None:
    if empty.any():
        row = int(empty.arg_true()[0])
        raise CellError(
            f"Each row needs {what}; column {name!r} has nothing in {records.at(row)} "
            f"({count(int(empty.sum()), 'row')} in all). Fill it, or leave those rows out with --where."
        )


def _series_of(
    records: Records,
    roles: SampleOptions,
    label: str | None,
    read: tuple[Mapping[str, Cells], TableOptions, list[str]],
) -> Samples:
    cells, options, notes = read
    for name in (roles.series, roles.time, *roles.channels):
        if name is not None and name not in cells:
            raise ColumnError(f"{records.place} has no column {name!r}. {nearest(name, cells)}")
    assert roles.series is not None
    owner = cells[roles.series].labels
    _refuse_empty(records, roles.series, owner.is_null(), "the name of its series")
    others = [name for name in cells if name not in (roles.series, roles.time, label)]
    channels = roles.channels or tuple(name for name in others if cells[name].kind == "number")
    if not channels:
        raise ColumnError(f"A series needs a column of numbers; {records.place} has none beside {listed(others)}.")
    if not roles.channels:
        notes.append(f"Read of each series: {listed(channels)}.")
    values = np.column_stack([numbers(cells[name], records, options) for name in channels])
    names = owner.unique(maintain_order=True).to_list()
    places = {name: place for place, name in enumerate(names)}
    group = np.array([places[name] for name in owner.to_list()])
    order = np.lexsort((_moments(cells, roles.time, records), group))
    bounds = np.searchsorted(group[order], np.arange(len(names) + 1))
    parts = [order[low:high] for low, high in zip(bounds[:-1], bounds[1:], strict=True)]
    labels = None if label is None else _of_series(records, label, names, parts)
    found = replace(roles, label=label, channels=tuple(channels))
    return Samples("series", [values[rows] for rows in parts], labels, tuple(names), tuple(notes), found)


def _moments(cells: Mapping[str, Cells], time: str | None, records: Records) -> np.ndarray:
    """Return what the rows of a series are sorted by."""
    if time is None:
        return np.arange(len(records.numbers))
    column = cells[time]
    if column.kind == "number":
        return column.values
    stamps = column.column if column.kind == "time" else _dates(column.labels)
    if stamps.is_null().any():
        row = int(stamps.is_null().arg_true()[0])
        raise CellError(
            f"Times are numbers or dates such as 2024-01-31 12:00; column {time!r} has {column.labels[row]!r} in "
            f"{records.at(row)}. Sort the rows yourself and leave out --time."
        )
    return stamps.cast(pl.Datetime("us")).dt.epoch("us").to_numpy()


def _dates(text: pl.Series) -> pl.Series:
    try:
        return text.str.to_datetime(strict=False)
    except pl.exceptions.ComputeError:  # not even the first one is a date
        return pl.Series([None] * len(text), dtype=pl.Datetime)


def _of_series(records: Records, label: str, names: list[str], parts: list[np.ndarray]) -> list[str]:
    classes = np.array(_classes(records, label))
    for name, rows in zip(names, parts, strict=True):
        found = sorted(set(classes[rows].tolist()))
        if len(found) > 1:
            raise CellError(
                f"A series has one class; {name!r} has {listed(found)} in column {label!r}. "
                "Cut it where the class changes, and name each part."
            )
    return [str(classes[rows[0]]) for rows in parts]
