"""Data frames in and out: Polars, pandas, Arrow and what else narwhals knows become records and go out as they came."""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from seqcast.data.names import header_names
from seqcast.data.records import Records, count
from seqcast.errors import ColumnError, ConfigError, FileError

_UNIQUE_INDEX = "index"
_NO_CELLS = (list, tuple, dict, set, bytes)


def is_frame(source: object) -> bool:
    """Tell whether the source is a table in memory.

    Examples
    --------
    >>> is_frame(pl.DataFrame({"y": [1]})), is_frame("sales.csv")
    (True, False)
    """
    return not isinstance(source, str | bytes) and (
        isinstance(source, pl.LazyFrame)
        or hasattr(source, "__arrow_c_stream__")
        or hasattr(source, "__dataframe__")
        or nw.dependencies.is_pandas_like_dataframe(source)
        or nw.dependencies.is_into_series(source)
    )


def kind_of(source: object) -> str:
    """Return the kind of table that a forecast of this source goes out as: polars, pandas or arrow.

    Examples
    --------
    >>> kind_of(pl.DataFrame({"y": [1]})), kind_of("sales.csv")
    ('polars', 'polars')
    """
    if nw.dependencies.is_pandas_like_dataframe(source) or nw.dependencies.is_pandas_series(source):
        return "pandas"
    arrow = nw.dependencies.is_pyarrow_table(source) or type(source).__name__ == "RecordBatch"
    return "arrow" if arrow else "polars"


def to_kind(frame: pl.DataFrame, kind: str) -> Any:
    """Return the frame as the kind of table that came in.

    Raises
    ------
    ConfigError
        When the kind is unknown.

    Examples
    --------
    >>> type(to_kind(pl.DataFrame({"y": [1]}), "pandas")).__module__.split(".")[0]
    'pandas'
    """
    if kind == "polars":
        return frame
    if kind == "pandas":
        return frame.to_pandas()
    if kind == "arrow":
        return frame.to_arrow()
    raise ConfigError(f"A table goes out as polars, pandas or arrow; got {kind!r}.")


def read_frame(source: Any, place: str = "the data frame") -> Records:
    """Return the records of a table in memory.

    Raises
    ------
    FileError
        When it has no rows.
    ColumnError
        When two columns have the same name.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.Index(["2024-01-01", "2024-01-02"], name="ds")
    >>> read_frame(pd.DataFrame({"y": [1.0, 2.0]}, index=days)).frame.columns
    ['ds', 'y']
    """
    notes: list[str] = []
    if nw.dependencies.is_pandas_like_dataframe(source) or nw.dependencies.is_pandas_series(source):
        raw, frame = _from_pandas(source, notes)
    else:
        raw, frame = _from_arrow_like(source, place)
    if not frame.width or not frame.height:
        raise FileError(
            f"A table needs columns and rows; {place} has {count(frame.width, 'column')} and "
            f"{count(frame.height, 'row')}. Add what is missing."
        )
    names, unnamed, said = header_names(raw, place)
    frame.columns = names
    frame = frame.with_columns(_plain(column) for column in frame)
    return Records(frame, np.arange(1, frame.height + 1), place, "row", (*notes, *said), unnamed)


def _from_arrow_like(source: Any, place: str) -> tuple[list[str], pl.DataFrame]:
    if isinstance(source, pl.LazyFrame):
        source = source.collect()
    if isinstance(source, pl.DataFrame):
        return source.columns, source.clone()
    if nw.dependencies.is_into_series(source):
        frame = nw.from_native(source, series_only=True).to_frame().to_polars()
        return frame.columns, frame
    if hasattr(source, "schema") and hasattr(source.schema, "names"):
        header_names(source.schema.names, place)  # twins are refused here, before a conversion that would rename them
    if hasattr(source, "__arrow_c_stream__"):
        frame = pl.DataFrame(source)
    else:
        frame = nw.from_native(source).lazy().collect("polars").to_native()
    return frame.columns, frame


def _from_pandas(source: Any, notes: list[str]) -> tuple[list[Any], pl.DataFrame]:
    table = source.to_frame() if nw.dependencies.is_pandas_series(source) else source
    index = table.index
    if type(index).__name__ != "RangeIndex" or index.name is not None:
        table = table.reset_index(names=[_index_name(name, level) for level, name in enumerate(index.names)])
        if type(index).__name__ == "Index" and index.name is None and str(index.dtype).startswith("int"):
            table = table.iloc[:, 1:]  # the row numbers that filtering or sorting leaves behind
        else:
            notes.append(f"The index of the data frame was read as {count(index.nlevels, 'column')}.")
    raw = list(table.columns)
    columns = [_from_pandas_column(table.iloc[:, position], position) for position in range(len(raw))]
    return raw, pl.DataFrame(columns)


def _index_name(name: object, level: int) -> str:
    return str(name) if name is not None else _UNIQUE_INDEX if level == 0 else f"{_UNIQUE_INDEX}_{level}"


def _from_pandas_column(column: Any, position: int) -> pl.Series:
    kind = str(column.dtype)
    name = str(position)
    if kind == "object":
        return pl.Series(name, _as_text(column.tolist()))
    if kind == "category":
        return pl.Series(name, _as_text(column.astype(object).tolist())).cast(pl.Categorical)
    if kind.startswith("period"):
        return pl.Series(name, _as_text(column.tolist()), dtype=pl.String)
    try:
        return pl.from_pandas(column, nan_to_null=False).alias(name)
    except (TypeError, ValueError, NotImplementedError):
        raise ColumnError(
            f"A column holds numbers, texts or times; {str(column.name)!r} of the data frame holds {kind}. Convert it."
        ) from None


def _as_text(values: Sequence[Any]) -> Sequence[Any]:
    """Return objects as text, for the strict rules of text: a frame of objects promises nothing about its cells."""
    if any(isinstance(value, _NO_CELLS) for value in values):
        return [[str(value)] for value in values]  # stays a list, so that it is refused as what it is
    return [None if _is_nothing(value) else str(value) for value in values]


def _is_nothing(value: Any) -> bool:
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, float) and bool(value != value))
    )


def _plain(column: pl.Series) -> pl.Series:
    dtype = column.dtype
    if isinstance(dtype, pl.Decimal):
        return column.cast(pl.String)  # the grammar of text rounds once, and notes what it rounds
    if dtype == pl.Time:
        return column.dt.to_string("%H:%M:%S%.f")
    return column
