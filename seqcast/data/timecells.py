"""The cells of a time column, each distinct one kept once, with the place where it first stands for messages."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Bool, Int

from seqcast.errors import TimeError


@dataclass(frozen=True, eq=False, kw_only=True)
class TimeCells:
    """Distinct cells of a time column.

    Parameters
    ----------
    column : str
        Name of the column.
    distinct : polars.Series
        Each of the U distinct cells once, in order of first appearance.
    codes : int array (N,)
        Which of them each row holds.
    first : int array (U,)
        The row where each of them first stands.
    lines : int array (N,)
        Where the rows stand in their source.
    place : str
        What `lines` count: line or row.
    """

    column: str
    distinct: pl.Series
    codes: Int[np.ndarray, "N"]
    first: Int[np.ndarray, "U"]
    lines: Int[np.ndarray, "N"]
    place: str

    @classmethod
    def of(cls, cells: pl.Series, column: str, lines: Int[np.ndarray, "N"], place: str) -> "TimeCells":
        """Return the distinct cells of a column; none may be missing.

        Raises
        ------
        TimeError
            When a cell is missing or blank, or there is none at all.

        Examples
        --------
        >>> cells = TimeCells.of(pl.Series(["b", "a", "b"]), "ds", np.arange(3), "line")
        >>> cells.distinct.to_list(), cells.codes.tolist(), cells.first.tolist()
        (['b', 'a'], [0, 1, 0], [0, 1])
        """
        clean = cells.str.strip_chars() if cells.dtype == pl.String else cells
        if not len(clean):
            raise TimeError(f"A forecast needs times; column {column!r} holds none. Give a table with rows.")
        blank = clean.is_null() | (clean == "") if clean.dtype == pl.String else clean.is_null()
        if blank.any():
            row = int(blank.arg_max() or 0)
            raise TimeError(
                f"Every row needs a time; column {column!r} is empty in {place} {lines[row]}"
                f"{_others(int(blank.sum()))}. Fill it in or delete the row."
            )
        rows = pl.DataFrame({"cell": clean}).with_row_index("row")
        first_of_row = rows.select(pl.col("row").first().over("cell")).to_series().to_numpy().astype(np.int64)
        fresh = first_of_row == np.arange(len(clean))
        codes = (np.cumsum(fresh) - 1)[first_of_row]
        first = np.flatnonzero(fresh)
        return cls(column=column, distinct=clean.gather(first), codes=codes, first=first, lines=lines, place=place)

    def where(self, row: int) -> str:
        """Return where a row stands, and its cell."""
        return f"column {self.column!r}, {self.place} {self.lines[row]}: {str(self.distinct[int(self.codes[row])])!r}"

    def refuse(self, wrong: Bool[np.ndarray, "U"], rule: str, way_out: str) -> None:
        """Raise about the first of the `wrong` cells, if there is one.

        Raises
        ------
        TimeError
            When any is wrong; its message is the rule, the place and the cell, and the way out.
        """
        if wrong.any():
            raise TimeError(f"{rule}; {self.where(int(self.first[np.argmax(wrong)]))}. {way_out}")


def _others(number: int) -> str:
    return f" and {number - 1} more" if number > 1 else ""
