"""Rows of whatever a table comes as, file, query or data frame, before anything in them is understood."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool

from seqcast.data.cast import Cells, as_seen, cast_all
from seqcast.data.delimited import read_delimited
from seqcast.data.encoding import decode
from seqcast.data.frames import is_frame, read_frame
from seqcast.data.options import TableOptions
from seqcast.data.records import Records, count
from seqcast.data.roles import Roles
from seqcast.data.source import Content, load
from seqcast.data.sql import read_query
from seqcast.errors import ConfigError, FileError


def read_records(source: Any, options: TableOptions) -> Records:
    """Return the rows of a source, nothing understood yet.

    Raises
    ------
    FileError
        When the source is no table that can be read without guessing.
    ConfigError
        When the source is neither a path, a query nor a data frame.
    """
    if options.query is not None:
        if not isinstance(source, str):
            raise ConfigError(
                f"A query needs the URI of a database; got {type(source).__name__}. For example sqlite:///shop.db"
            )
        return read_query(source, options.query)
    if is_frame(source):
        return read_frame(source)
    if not isinstance(source, str | Path):
        raise ConfigError(
            f"A table is a path, a data frame or a query; got {type(source).__name__}. Make a data frame of it first."
        )
    if isinstance(source, str) and "://" in source:
        raise ConfigError("A URI is read with a query; got none. Add --query 'SELECT …', or name a file.")
    content = load(Path(source))
    if content.kind != "text":
        return read_frame(_binary(content), content.place).said_before(*content.notes)
    text, notes = decode(content.data, options.encoding, content.place)
    return read_delimited(text, content.place, options).said_before(*content.notes, *notes)


def _binary(content: Content) -> pl.DataFrame:
    readers = {"parquet": pl.read_parquet, "arrow": pl.read_ipc, "stream": pl.read_ipc_stream}
    try:
        return readers[content.kind](io.BytesIO(content.data))
    except (pl.exceptions.PolarsError, OSError) as error:
        said = " ".join(str(error).split())[:120]
        raise FileError(
            f"{content.place} begins like {content.kind} but is cut short or damaged ({said}). Fetch the file again."
        ) from None


def keep_rows(records: Records, options: TableOptions) -> Records:
    """Return the rows that meet the condition of the options; all of them when there is none.

    Raises
    ------
    ConfigError
        When the condition is no SQL on these columns, or keeps no row.

    Examples
    --------
    >>> records = Records(pl.DataFrame({"y": ["9", "10"]}), np.array([2, 3]), "sales.csv", "line")
    >>> keep_rows(records, TableOptions(where="y > 9")).numbers.tolist()
    [3]
    """
    condition = options.where
    if condition is None:
        return records
    seen = as_seen(cast_all(records, options))
    try:
        kept = seen.select(pl.sql_expr(condition).alias("kept")).to_series()
    except pl.exceptions.PolarsError as error:
        said = str(error).split("\n")[0]
        raise ConfigError(
            f"A condition must be SQL on the columns of the table; {condition!r} is not: {said}. "
            "For example: \"region = 'north' AND load > 0\""
        ) from None
    if kept.dtype != pl.Boolean or len(kept) != records.frame.height:
        raise ConfigError(
            f'A condition is true or false for each row; {condition!r} gives {kept.dtype}. For example: "load > 0"'
        )
    keep = kept.fill_null(False).to_numpy()
    if not keep.any():
        raise ConfigError(f"A condition must keep some rows; {condition!r} keeps none of {len(keep):,}. Loosen it.")
    said = f"{int(keep.sum()):,} of {count(len(keep), 'row')} kept, those where {condition}."
    return records.where(keep).said(said)


def without_void(records: Records, cells: dict[str, Cells], roles: Roles) -> tuple[Records, dict[str, Cells]]:
    """Return the table without the rows that hold no value at all: where rows have times, such a row says nothing."""
    if not roles.time:
        return records, cells
    filled = ~_empty(records.frame[roles.time[0]])
    if not filled.all():
        rest = records.frame.filter(pl.Series(~filled))
        filled[~filled] = ~np.logical_and.reduce([_empty(column) for column in rest])
    if filled.all():
        return records, cells
    gone = int((~filled).sum())
    kept = records.where(filled).said(f"{count(gone, 'empty row')} of {records.place} left out.")
    return kept, {name: column.where(filled) for name, column in cells.items()}


def _empty(column: pl.Series) -> Bool[np.ndarray, "N"]:
    empty = column.is_null()
    if column.dtype == pl.String:
        empty |= column.str.strip_chars() == ""
    return empty.fill_null(True).to_numpy().copy()
