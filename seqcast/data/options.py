"""What a user can say about a table. Every field left empty is recognised from the table, and said."""

from dataclasses import dataclass, field
from typing import Any


def option(default: Any, help: str) -> Any:
    """Return a dataclass field that carries its one-line help, for the command line and the docs."""
    return field(default=default, metadata={"help": help})


@dataclass(frozen=True, kw_only=True)
class RoleOptions:
    """Which column plays which role.

    Examples
    --------
    >>> RoleOptions(target=("price",), known=("holiday",)).time is None
    True
    """

    target: tuple[str, ...] = option((), "columns to forecast")
    time: str | None = option(None, "column of the times")
    series: str | None = option(None, "column that names the series")
    known: tuple[str, ...] = option((), "features known over the horizon, such as holidays")
    static: tuple[str, ...] = option((), "features that never change within a series")
    ignore: tuple[str, ...] = option((), "columns to leave out")


@dataclass(frozen=True, kw_only=True)
class SampleOptions:
    """Where the samples of a classifier stand: a text in each row, or a series in all rows of one name.

    Examples
    --------
    >>> SampleOptions(text="review", label="sentiment").series is None
    True
    """

    text: str | None = option(None, "column of the texts; without it 'text', 'review' or 'sentence'")
    label: str | None = option(None, "column of the classes; without it 'label' or 'class'")
    series: str | None = option(
        None, "column that names the series, where series are classified: its rows are a sample"
    )
    time: str | None = option(None, "column that the rows of a series are sorted by; without it as they stand")
    channels: tuple[str, ...] = option((), "columns of a series that are read; without it all other columns of numbers")


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """How the table is to be read.

    Examples
    --------
    >>> TableOptions(freq="rows").decimal
    '.'
    """

    where: str | None = option(None, "rows to keep, a condition in SQL: \"region = 'north' AND load > 0\"")
    freq: str | None = option(None, "step: 'rows' takes each row as one step; '1h', '1d', '1mo' put rows on a grid")
    resample: str | None = option(None, "average the rows within each step: '1h', '1d', …")
    aggregate: str | None = option(None, "join rows of the same time: mean, sum, first or last")
    missing: tuple[str, ...] = option((), "further marks of a missing value, such as -200")
    decimal: str = option(".", "decimal mark: '.' or ','")
    delimiter: str | None = option(None, "column separator")
    encoding: str | None = option(None, "text encoding, such as cp949")
    skip: int = option(0, "lines before the header to skip")
    date_format: str | None = option(None, "how times are written, such as '%d/%m/%Y %H:%M'")
    query: str | None = option(None, "SQL query; the source is then a database URI")
