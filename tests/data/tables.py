"""Tables for tests: a clean one, its faulty relatives, and each of them as every kind of table there is."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from seqcast.data.options import RoleOptions, TableOptions
from seqcast.data.panel import Panel
from seqcast.data.table import read_panel
from seqcast.errors import SeqcastError

KINDS = ("csv", "parquet", "feather", "pandas", "polars", "arrow")
FRAMES = KINDS[1:]


@dataclass(frozen=True)
class Refused:
    """A table that must be refused, and what the message must say: `@3` is line 3 of a file, row 2 of a frame."""

    fault: str
    text: str
    error: type[SeqcastError]
    said: tuple[str, ...]
    roles: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Handled:
    """A table that is mended, the same table cleaned by hand, and what must be said."""

    fault: str
    text: str
    clean: str
    said: tuple[str, ...]
    roles: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def faults(cases: list[Any]) -> Any:
    """Return the cases as parameters named after their faults."""
    return pytest.mark.parametrize("case", cases, ids=[case.fault.replace(" ", "-") for case in cases])


def days(values: list[object], header: str = "ds,y", start: str = "2024-01-01") -> str:
    """Return a CSV of one row a day; a value may hold several cells."""
    first = np.datetime64(start)
    rows = [f"{first + day},{value}" for day, value in enumerate(values)]
    return "\n".join([header, *rows]) + "\n"


def as_kind(text: str, kind: str, folder: Path) -> Any:
    """Return a CSV as another kind of table whose cells are still text, empty ones null."""
    if kind == "csv":
        path = folder / "table.csv"
        path.write_bytes(text.encode())
        return path
    rows = list(csv.reader(io.StringIO(text)))
    columns = {name: [cell or None for cell in cells] for name, *cells in zip(*rows, strict=True)}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    if kind == "parquet":
        frame.write_parquet(folder / "table.parquet")
        return folder / "table.parquet"
    if kind == "feather":
        frame.write_ipc(folder / "table.arrow")
        return folder / "table.arrow"
    return {"polars": frame, "pandas": frame.to_pandas(), "arrow": frame.to_arrow()}[kind]


def read(source: Any, roles: dict[str, Any] | None = None, options: dict[str, Any] | None = None) -> Panel:
    """Return the panel of a source."""
    return read_panel(source, RoleOptions(**(roles or {})), TableOptions(**(options or {})))


def refusal(source: Any, case: Refused) -> str:
    """Return the message that the source is refused with."""
    with pytest.raises(case.error) as caught:
        read(source, case.roles, case.options)
    message = str(caught.value)
    assert type(caught.value) is case.error
    assert "\n" not in message
    assert message.endswith((".", "'", '"'))
    return message


def assert_says(message: str, said: tuple[str, ...], kind: str = "csv") -> None:
    """Check that a message has every piece; `@3` is line 3 of a file, row 2 of a frame."""
    for piece in said:
        wanted = piece
        if piece.startswith("@"):
            wanted = f"line {piece[1:]} " if kind == "csv" else f"row {int(piece[1:]) - 1} "
        assert wanted in f"{message} ", f"{wanted!r} is not in {message!r}"


def assert_same(one: Panel, other: Panel) -> None:
    """Check that two panels hold the same bits."""
    assert one.columns == other.columns
    assert one.frequency == other.frequency
    assert one.series == other.series
    assert dict(one.categories) == dict(other.categories)
    for name in ("offsets", "times", "values", "static"):
        left, right = getattr(one, name), getattr(other, name)
        assert left.dtype == right.dtype and left.shape == right.shape, name
        assert left.tobytes() == right.tobytes() or np.array_equal(left, right, equal_nan=True), name
