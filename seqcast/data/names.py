"""Names of columns: cleaned of padding and of Unicode variants, unlike each other, and truly a header."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import polars as pl

from seqcast.data.records import listed
from seqcast.errors import ColumnError, FileError

_NUMBER = re.compile(r"^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$")
_DATE = re.compile(r"^(\d{4}-\d{1,2}|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})([ T]\d.*)?$")
_NOTHING = {"na", "nan", "n/a", "#n/a", "null", "none"}


def normal(name: object) -> str:
    """Return a column name without padding, in the composed form of Unicode.

    Examples
    --------
    >>> normal("  load "), normal("load  in MW")
    ('load', 'load in MW')
    """
    return " ".join(unicodedata.normalize("NFC", str(name).replace("\ufeff", "")).split())


def header_names(raw: Sequence[object], place: str) -> tuple[list[str], frozenset[str], list[str]]:
    """Return the names of the columns, which of them had none, and notes.

    Raises
    ------
    ColumnError
        When two columns have the same name, or names that only look different to a machine.

    Examples
    --------
    >>> header_names(["", " y "], "sales.csv")[0]
    ['column_1', 'y']
    """
    names = [normal(name) or f"column_{position}" for position, name in enumerate(raw, start=1)]
    unnamed = frozenset(name for name, given in zip(names, raw, strict=True) if not normal(given))
    for name, times in Counter(names).items():
        if times > 1:
            twins = [str(given) for given, clean in zip(raw, names, strict=True) if clean == name]
            same = len(set(twins)) == 1
            unlike = "" if same else " (they differ only in blanks or in the Unicode form of a letter)"
            raise ColumnError(
                f"Every column needs a name of its own; {place} has {times} columns named {name!r}{unlike}. "
                "Rename or remove all but one."
            )
    mended = [str(given) for given, name in zip(raw, names, strict=True) if name not in unnamed and str(given) != name]
    notes = [f"Blanks or Unicode variants in column names were put right: {listed(mended)}."] if mended else []
    return names, unnamed, notes


def check_header(head: Sequence[str], body: pl.DataFrame, line: str) -> None:
    """Refuse a first line that is data: without this its row would be lost.

    Parameters
    ----------
    head : sequence of str
        Cells of the first line.
    body : polars.DataFrame
        Text cells of the lines below.
    line : str
        Where the first line stands.

    Raises
    ------
    FileError
        When the first line looks like the lines below it.

    Examples
    --------
    >>> check_header(["ds", "y"], pl.DataFrame({"a": ["2024-01-01"], "b": ["5"]}), "line 1 of sales.csv")
    """
    cells = [cell.strip() for cell in head]
    counted = cells[0] == "" and cells[1:] == [str(position) for position in range(len(cells) - 1)]
    sample = body.head(100)
    above = [(cell, _all_values(sample.to_series(position))) for position, cell in enumerate(cells)]
    dated = any(_DATE.match(cell) for cell in cells)
    named = any(cell and not is_value(cell) and values for cell, values in above)
    numbered = any(is_value(cell) and values for cell, values in above)
    if dated or (numbered and not named and not counted):
        raise FileError(
            f"A table begins with a line of column names; {line} looks like data: {','.join(cells)[:80]!r}. "
            "Put a header above it."
        )


def is_value(cell: str) -> bool:
    """Tell whether a cell is a number, a date or a word for missing, which no name of a column is.

    Examples
    --------
    >>> is_value("2024-01-31"), is_value("load")
    (True, False)
    """
    return bool(_NUMBER.match(cell) or _DATE.match(cell)) or cell.lower() in _NOTHING


def _all_values(cells: pl.Series) -> bool:
    filled = [cell for cell in map(str.strip, cells.to_list()) if cell]
    return bool(filled) and all(map(is_value, filled))
