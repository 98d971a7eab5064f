"""A table as it was read, before anything is understood: cells, and where each row stands in its source."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from jaxtyping import Bool, Int


@dataclass(frozen=True, eq=False)
class Records:
    """Cells of a table with the place they came from, so that every complaint can name a line.

    Parameters
    ----------
    frame : polars.DataFrame
        Text columns where the source was text, typed columns where it was a data frame.
    numbers : int array (N,)
        Line of each row in the file, or its row number counted from 1.
    place : str
        The source as a person would name it, such as `sales.csv`.
    unit : str
        What `numbers` counts: `line` or `row`.
    notes : tuple of str
        What was inferred or mended so far, in sentences.
    unnamed : frozenset of str
        Columns whose name was empty, by the name they got.

    Examples
    --------
    >>> records = Records(pl.DataFrame({"y": ["1", "x"]}), np.array([2, 3]), "sales.csv", "line")
    >>> records.at(1)
    'line 3 of sales.csv'
    """

    frame: pl.DataFrame
    numbers: Int[np.ndarray, "N"]
    place: str
    unit: str
    notes: tuple[str, ...] = ()
    unnamed: frozenset[str] = frozenset()

    def at(self, index: int) -> str:
        """Return where the row with this index stands, as words."""
        return f"{self.unit} {self.numbers[index]} of {self.place}"

    def where(self, keep: Bool[np.ndarray, "N"]) -> "Records":
        """Return the rows that the mask selects."""
        return replace(self, frame=self.frame.filter(pl.Series(keep)), numbers=self.numbers[keep])

    def without(self, *names: str) -> "Records":
        """Return the records without these columns."""
        return replace(self, frame=self.frame.drop(names))

    def said(self, *notes: str) -> "Records":
        """Return the records with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def said_before(self, *notes: str) -> "Records":
        """Return the records with notes that belong before the others."""
        return replace(self, notes=(*notes, *self.notes))


def count(number: int, word: str) -> str:
    """Return a number with its noun, in the plural where it must be.

    Examples
    --------
    >>> count(1, "row"), count(1200, "row"), count(2, "series")
    ('1 row', '1,200 rows', '2 series')
    """
    plural = word if number == 1 or word.endswith("s") else f"{word}s"
    return f"{number:,} {plural}"


def listed(names: tuple[str, ...] | list[str], most: int = 8) -> str:
    """Return names in quotes, joined by commas, the rest of a long list counted.

    Examples
    --------
    >>> listed(["a", "b"])
    "'a', 'b'"
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
