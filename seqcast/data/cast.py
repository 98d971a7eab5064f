"""Cells to numbers by one strict grammar: digits, one decimal mark, an exponent. All else is missing or wrong.

No reader's type inference is used: it corrupts silently. A whole column is cast at once, and only the cells that did
not become numbers are looked at again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from jaxtyping import Bool, Float

from seqcast.data.hints import advice
from seqcast.data.options import TableOptions
from seqcast.data.records import Records, count
from seqcast.errors import CellError, ConfigError

MISSING = ("", "na", "n/a", "#n/a", "#na", "nan", "-nan", "null", "none", "<na>", "nat")
LARGEST = 1e150  # its square is still finite
_EXACT = 2.0**53
_NUMBERLIKE = r"^[\s$€£¥₩%(),.'+\-−]*\d[\s$€£¥₩%(),.'+\-\d]*(?:[eE][+-]?\d+)?[\s$€£¥₩%)]*$|^[+-]?(?i:inf|infinity)$"
_TIMELIKE = r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|^\d{4}-\d{2}$|^\d{1,2}[:.]\d{2}[:.]\d{2}"


@dataclass(frozen=True, eq=False)
class Cells:
    """One column as numbers, and what in it is none.

    Parameters
    ----------
    column : polars.Series
        The column as it was read.
    kind : str
        `number`, `empty`, `text` (no cell is a number), `mixed`, `time` (a typed date) or `other` (a list, bytes, …).
    values : float array (N,)
        The numbers; NaN where there is none.
    wrong : bool array (N,)
        Cells that hold something which is neither a number nor a word for missing.
    marked : mapping of str to int
        Cells that were taken as missing because the user named their content.
    rounded : int
        Integers that no double can hold exactly.
    """

    column: pl.Series
    kind: str
    values: Float[np.ndarray, "N"]
    wrong: Bool[np.ndarray, "N"]
    marked: Mapping[str, int] = field(default_factory=dict)
    rounded: int = 0

    def where(self, keep: Bool[np.ndarray, "N"]) -> "Cells":
        """Return the cells of the rows that the mask selects."""
        column = self.column.filter(pl.Series(keep))
        return replace(self, column=column, values=self.values[keep], wrong=self.wrong[keep])

    @property
    def text(self) -> pl.Series:
        """The cells as text without padding; null where the frame has nothing."""
        column = self.column.cast(pl.String) if self.column.dtype != pl.String else self.column
        return column.str.strip_chars()

    @property
    def labels(self) -> pl.Series:
        """The cells as labels of categories, null where empty: among texts, `NA` may well be North America."""
        text = self.text
        return text.set((text == "").fill_null(False), None)

    @property
    def padded(self) -> bool:
        """Whether some cell is an integer with a leading zero: a code rather than a number."""
        return self.column.dtype == pl.String and bool(self.text.str.contains(r"^0\d").any())


def cast_all(records: Records, options: TableOptions) -> dict[str, Cells]:
    """Return every column of the records, cast.

    Raises
    ------
    ConfigError
        When the decimal mark is neither `.` nor `,`.

    Examples
    --------
    >>> records = Records(pl.DataFrame({"y": ["1.5", "NA", "x"]}), np.array([2, 3, 4]), "sales.csv", "line")
    >>> cells = cast_all(records, TableOptions())["y"]
    >>> cells.kind, cells.values.tolist(), cells.wrong.tolist()
    ('mixed', [1.5, nan, nan], [False, False, True])
    """
    if options.decimal not in (".", ","):
        raise ConfigError(f"The decimal mark is '.' or ','; got {options.decimal!r}.")
    return {column.name: _cast(column, options) for column in records.frame}


def numbers(cells: Cells, records: Records, options: TableOptions) -> Float[np.ndarray, "N"]:
    """Return the values of a column that must hold numbers.

    Raises
    ------
    CellError
        When a cell is no number; names the line, the cell and the way out.
    """
    name = cells.column.name
    if cells.kind in ("time", "other") or cells.column.dtype == pl.Boolean:
        raise CellError(
            f"Column {name!r} of {records.place} must hold numbers; its type is {cells.column.dtype}. "
            "Convert it to numbers, or leave it out with --ignore."
        )
    if not cells.wrong.any():
        return cells.values
    _refuse_numbers_among_texts(cells, records)
    index = int(np.flatnonzero(cells.wrong)[0])
    found = cells.text[index]
    said = advice(found, options.decimal)
    raise CellError(f"Column {name!r} must hold numbers; {records.at(index)} has {found!r}, {said}.")


def _refuse_numbers_among_texts(cells: Cells, records: Records) -> None:
    there = np.isfinite(cells.values) & ~cells.wrong
    texts = cells.text.filter(pl.Series(cells.wrong))
    if 0 < there.sum() < len(texts) and not texts.str.contains(_NUMBERLIKE).any():
        index = int(np.flatnonzero(there)[0])
        raise CellError(
            f"Column {cells.column.name!r} must hold numbers or texts, not both; {records.at(index)} has "
            f"{cells.text[index]!r} among texts. Write all cells alike, or leave the column out with --ignore."
        )


def codes(cells: Cells) -> tuple[Float[np.ndarray, "N"], tuple[str, ...]]:
    """Return a column of texts as indices into its sorted labels, NaN where missing, and the labels.

    Examples
    --------
    >>> cells = Cells(pl.Series("day", ["tue", "mon", ""]), "text", np.zeros(3), np.zeros(3, bool))
    >>> codes(cells)
    (array([ 1.,  0., nan]), ('mon', 'tue'))
    """
    texts = cells.labels
    labels = texts.drop_nulls().unique().sort()
    index = pl.DataFrame({"label": labels, "code": np.arange(len(labels), dtype=np.float64)})
    joined = pl.DataFrame({"label": texts}).join(index, on="label", how="left", maintain_order="left")
    return joined["code"].fill_null(float("nan")).to_numpy(), tuple(labels)


def _cast(column: pl.Series, options: TableOptions) -> Cells:
    dtype = column.dtype
    if dtype == pl.String:
        return _cast_text(column, options)
    if dtype.is_numeric():
        return _cast_typed(column, options)
    if dtype == pl.Boolean or isinstance(dtype, pl.Categorical | pl.Enum):
        return _bare(column, "text", column.is_not_null().to_numpy())
    kind = "empty" if dtype == pl.Null else "time" if dtype in (pl.Date, pl.Datetime) else "other"
    return _bare(column, kind, np.full(len(column), kind == "other"))


def _bare(column: pl.Series, kind: str, wrong: Bool[np.ndarray, "N"]) -> Cells:
    return Cells(column, kind, np.full(len(column), np.nan), wrong)


def _cast_text(column: pl.Series, options: TableOptions) -> Cells:
    text = column.str.strip_chars()
    numeral = text
    if options.decimal == ",":
        numeral = text.set(text.str.contains(".", literal=True), "point").str.replace(",", ".", literal=True)
    values = numeral.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy().copy()
    odd = ~np.isfinite(values)
    rest = text.filter(pl.Series(odd))
    odd[odd] = ~(rest.str.to_lowercase().is_in(MISSING) | rest.is_null()).to_numpy()
    marked = _mark_missing(values, odd, text, options)
    large = np.abs(values) > LARGEST
    kind = _kind(values, odd, text)
    values[np.isinf(values)] = np.nan
    return Cells(column, kind, values, odd | large, marked, _rounded(values, text))


def _kind(values: Float[np.ndarray, "N"], odd: Bool[np.ndarray, "N"], text: pl.Series) -> str:
    if not odd.any():
        return "number" if np.isfinite(values).any() else "empty"
    if np.isfinite(values).any():
        return "mixed"
    texts = text.filter(pl.Series(odd)).unique()
    numberlike = texts.str.contains(_NUMBERLIKE) & ~texts.str.contains(_TIMELIKE)
    return "mixed" if numberlike.any() else "text"


def _cast_typed(column: pl.Series, options: TableOptions) -> Cells:
    values = column.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()
    odd = np.isinf(values)
    marked = _mark_missing(values, odd, None, options)
    values[odd] = np.nan
    lossy = _rounded(values, column.cast(pl.String)) if column.dtype.is_integer() else 0
    kind = "number" if np.isfinite(values).any() or odd.any() else "empty"
    return Cells(column, kind, values, odd | (np.abs(values) > LARGEST), marked, lossy)


def _mark_missing(
    values: Float[np.ndarray, "N"], odd: Bool[np.ndarray, "N"], text: pl.Series | None, options: TableOptions
) -> dict[str, int]:
    marked = {}
    for mark in options.missing:
        hit = np.zeros(len(values), dtype=bool) if text is None else (text == mark).fill_null(False).to_numpy().copy()
        number = pl.Series([mark]).str.replace(",", ".").cast(pl.Float64, strict=False)[0]
        if number is not None:
            hit |= values == number
        if hit.any():
            values[hit] = np.nan
            odd[hit] = False
            marked[mark] = int(hit.sum())
    return marked


def _rounded(values: Float[np.ndarray, "N"], text: pl.Series) -> int:
    large = np.flatnonzero(np.abs(values) >= _EXACT)
    whole = [text[int(index)] for index in large if text[int(index)].lstrip("+-").isdigit()]
    return sum(int(cell) != int(float(cell)) for cell in whole)


def told(used: Sequence[Cells]) -> tuple[str, ...]:
    """Return what was taken as missing or rounded in the columns used.

    Examples
    --------
    >>> told([Cells(pl.Series("y", ["-200"]), "empty", np.array([np.nan]), np.array([False]), {"-200": 1})])
    ("Cells '-200' taken as missing: 1 of 'y'.",)
    """
    notes = []
    for mark in dict.fromkeys(mark for cells in used for mark in cells.marked):
        counts = [f"{cells.marked[mark]:,} of {cells.column.name!r}" for cells in used if mark in cells.marked]
        notes.append(f"Cells {mark!r} taken as missing: {', '.join(counts)}.")
    for cells in used:
        if cells.rounded:
            what = f"{count(cells.rounded, 'integer')} beyond 2^53 in column {cells.column.name!r}"
            notes.append(f"{what} rounded to the nearest number that a double can hold.")
    return tuple(notes)


def as_seen(cells: Mapping[str, Cells]) -> pl.DataFrame:
    """Return a frame for conditions: columns of numbers as numbers, all others as text.

    Examples
    --------
    >>> records = Records(pl.DataFrame({"y": ["1.5", "2"], "id": ["01", "02"]}), np.array([2, 3]), "sales.csv", "line")
    >>> as_seen(cast_all(records, TableOptions())).schema
    Schema([('y', Float64), ('id', String)])
    """
    return pl.DataFrame([_seen(column) for column in cells.values() if column.kind != "other"])


def _seen(cells: Cells) -> pl.Series:
    if cells.kind == "number" and not cells.padded:
        return pl.Series(cells.column.name, cells.values).fill_nan(None)
    return cells.text.alias(cells.column.name)
