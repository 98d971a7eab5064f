"""From cast cells to the columns of a panel: which stay numbers, which become categories, which say nothing and go."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from seqcast.data.cast import Cells, codes, numbers
from seqcast.data.clock import is_date
from seqcast.data.options import TableOptions
from seqcast.data.records import Records, count
from seqcast.data.roles import Roles
from seqcast.errors import CellError, ColumnError

MOST_LABELS = 20  # texts beyond these, different in most rows, are remarks rather than categories


@dataclass(frozen=True, eq=False)
class Feature:
    """One column as numbers; `labels` are those of a categorical column, whose values are indices into them."""

    name: str
    values: Float[np.ndarray, "N"]
    labels: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Series:
    """Which series each row belongs to, by index into the names, which are in order of first appearance."""

    names: tuple[str, ...]
    index: Int[np.ndarray, "N"]
    notes: tuple[str, ...] = ()


def read_series(records: Records, name: str | None, cells: Mapping[str, Cells]) -> Series:
    """Return the series of each row.

    Raises
    ------
    CellError
        When a row has no series, or two names differ only in blanks or Unicode form.

    Examples
    --------
    >>> from seqcast.data.cast import cast_all
    >>> records = Records(pl.DataFrame({"id": ["b", "a", "b"]}), np.arange(3), "sales.csv", "line")
    >>> read_series(records, "id", cast_all(records, TableOptions())).index.tolist()
    [0, 1, 0]
    """
    if name is None:
        return Series(("series",), np.zeros(records.frame.height, dtype=np.int64))
    given = cells[name].column.cast(pl.String)
    clean = given.str.strip_chars().str.normalize("NFC")
    empty = clean.is_null() | (clean == "")
    if empty.any():
        index = int(empty.arg_max() or 0)
        raise CellError(
            f"Every row needs a series; column {name!r} is empty on {records.at(index)}. Fill or delete the row."
        )
    names = clean.unique(maintain_order=True)
    if names.len() < given.n_unique():
        twins = pl.DataFrame({"clean": clean, "given": given}).unique().filter(pl.col("clean").is_duplicated())
        pair = twins.sort("clean", "given")["given"].to_list()[:2]
        raise CellError(
            f"Names of series must differ in more than blanks or Unicode form; column {name!r} of {records.place} has "
            f"{pair[0]!r} and {pair[1]!r}. Write them alike."
        )
    place = pl.DataFrame({"clean": names, "index": np.arange(len(names))})
    index = pl.DataFrame({"clean": clean}).join(place, on="clean", how="left", maintain_order="left")["index"]
    padded = (
        (f"Blanks or Unicode variants in names of column {name!r} were put right.",) if (clean != given).any() else ()
    )
    return Series(tuple(names), index.to_numpy(), padded)


def read_values(
    records: Records, cells: Mapping[str, Cells], roles: Roles, options: TableOptions
) -> tuple[list[Feature], list[str]]:
    """Return targets, past-only and known columns in that order, and what was left out.

    Raises
    ------
    CellError
        When a cell of a column of numbers is none.
    ColumnError
        When a target has no value at all.
    """
    notes: list[str] = []
    features = [Feature(name, _target(cells[name], records, options)) for name in roles.target]
    for name in roles.past:
        remark = _remark(cells[name])
        if remark:
            notes.append(f"Column {name!r} left out: {remark}.")
        else:
            features.append(read_feature(cells[name], records, options))
    for name in roles.known:
        remark = _remark(cells[name])
        if remark:
            raise ColumnError(
                f"A known column holds numbers or categories; {name!r} of {records.place} has {remark}. Leave it out."
            )
        features.append(read_feature(cells[name], records, options))
    return features, notes


def read_feature(cells: Cells, records: Records, options: TableOptions, *, keep_codes: bool = False) -> Feature:
    """Return a column as numbers, or as categories when none of its cells is a number.

    Parameters
    ----------
    keep_codes : bool
        Whether integers with leading zeros stay text.
    """
    if cells.kind == "text" or (keep_codes and cells.padded):
        index, labels = codes(cells)
        return Feature(cells.column.name, index, labels)
    return Feature(cells.column.name, numbers(cells, records, options))


def read_static(features: list[Feature], series: Series, records: Records) -> Float[np.ndarray, "series S"]:
    """Return one row for each series.

    Raises
    ------
    ColumnError
        When a value changes within a series.
    """
    static = np.full((len(series.names), len(features)), np.nan)
    for column, feature in enumerate(features):
        filled = np.flatnonzero(~np.isnan(feature.values))
        first = filled[::-1]
        static[series.index[first], column] = feature.values[first]
        unlike = filled[feature.values[filled] != static[series.index[filled], column]]
        if len(unlike):
            _refuse_change(feature, series, records, int(unlike[0]), static[series.index[unlike[0]], column])
    return static


def _refuse_change(feature: Feature, series: Series, records: Records, index: int, before: float) -> None:
    def shown(value: float) -> str:
        return repr(feature.labels[int(value)]) if feature.labels is not None else f"{value:g}"

    raise ColumnError(
        f"A static column never changes within a series; {feature.name!r} of series "
        f"{series.names[series.index[index]]!r} is {shown(before)} first and {shown(feature.values[index])} on "
        f"{records.at(index)}. Correct it, or leave it out of --static."
    )


def uninformative(
    values: Float[np.ndarray, "N V"], features: list[Feature], targets: int, past: Bool[np.ndarray, "N"]
) -> dict[str, str]:
    """Return the features that can teach nothing, with the reason.

    Parameters
    ----------
    values : float array (N, V)
        The columns of the panel.
    features : list of Feature
        Their names and labels; the first `targets` are targets, which stay.
    past : bool array (N,)
        Rows up to the last observed target of each series.
    """
    gone = {}
    for column, feature in enumerate(features[targets:], start=targets):
        seen = values[past, column]
        seen = seen[~np.isnan(seen)]
        if not len(seen):
            gone[feature.name] = "without a value in the history"
        elif seen.min() == seen.max():
            gone[feature.name] = "never changing"
    return gone


def _target(cells: Cells, records: Records, options: TableOptions) -> Float[np.ndarray, "N"]:
    values = numbers(cells, records, options)
    if np.isnan(values).all():
        raise ColumnError(
            f"A target needs values; all {count(len(values), 'row')} of {cells.column.name!r} in {records.place} are "
            "missing. Name another with --target."
        )
    return values


def _remark(cells: Cells) -> str | None:
    """Return why a feature can be neither number nor category, if so."""
    if is_date(cells):
        return "dates beside the time column"
    if cells.kind != "text":
        return None
    labels = cells.labels.drop_nulls()
    different = labels.n_unique()
    if different > MOST_LABELS and different > len(labels) / 2:
        return f"texts that differ in most rows ({different:,} in {len(labels):,})"
    return None
