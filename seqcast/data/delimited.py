"""Delimited text into records: every cell stays text, and every line must have the cells that the header names."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from jaxtyping import Bool

from seqcast.data.names import check_header, header_names, is_value
from seqcast.data.options import TableOptions
from seqcast.data.records import Records, count
from seqcast.data.structure import (
    DELIMITERS,
    Structure,
    check_quotes,
    delimiter_of,
    named_delimiter,
    scan,
    spoken,
    usual_width,
)
from seqcast.errors import FileError


def read_delimited(data: bytes, place: str, options: TableOptions) -> Records:
    r"""Return the records of a delimited text, UTF-8 whose lines end in LF.

    Raises
    ------
    FileError
        When the text is empty, has no header, or a line has more or fewer cells than the header.

    Examples
    --------
    >>> read_delimited(b"ds;y\n2024-01-01;2\n2024-01-02;3\n", "sales.csv", TableOptions()).frame.shape
    (2, 2)
    """
    named = named_delimiter(options.delimiter)
    structure, notes = _lines(data, place, options.skip, DELIMITERS if named is None else (named,))
    delimiter = delimiter_of(structure, place) if named is None else named
    check_quotes(structure, [delimiter], place)
    _check_widths(structure, delimiter, place, whole=data.endswith(b"\n"))
    cells = _cells(structure, delimiter)
    head, body = list(cells.row(0)), cells.slice(1)
    if not len(body):
        raise FileError(f"A table needs rows; {place} holds a header and nothing below it. Add the rows.")
    check_header(head, body, f"line {structure.numbers[0]} of {place}")
    if delimiter != "," and named is None:
        notes.append(f"Columns of {place} are separated by {spoken(delimiter)}.")
    names, unnamed, said = header_names(head, place)
    body.columns = names
    records = Records(body, structure.numbers[1:], place, "line", (*notes, *said), unnamed)
    records = _without_empty(records)
    if not data.endswith(b"\n"):
        _check_last_cell(records)
    return records


def _lines(data: bytes, place: str, skip: int, delimiters: Sequence[str]) -> tuple[Structure, list[str]]:
    rest = data
    for _ in range(skip):
        _, _, rest = rest.partition(b"\n")
    structure = scan(rest, 1 + skip)
    check_quotes(structure, delimiters, place)
    written = structure.written()
    if not written.any():
        after = f" after the {count(skip, 'line')} skipped" if skip else ""
        raise FileError(f"A table needs a header and rows; {place} is empty{after}. Check that the export is whole.")
    # Blank lines behind the last row are so common that to speak of them would be noise.
    blank = np.flatnonzero(~written[: np.flatnonzero(written)[-1]])
    if not len(blank):
        return structure.only(written), []
    if all((structure.widths(mark)[written] == 1).all() for mark in delimiters):
        raise FileError(
            f"A blank line in a table of one column may be a missing value or nothing; line "
            f"{structure.numbers[blank[0]]} of {place} is blank. Delete it, or write NaN where a value is missing."
        )
    return structure.only(written), [f"{count(len(blank), 'blank line')} of {place} left out."]


def _cells(structure: Structure, delimiter: str) -> pl.DataFrame:
    cells = pl.read_csv(
        structure.joined(),
        has_header=False,
        infer_schema=False,
        separator=delimiter,
        quote_char=None if structure.inside is None else '"',
        empty_string_is_null=False,
    )
    if cells.height != len(structure.starts):
        raise FileError(f"The lines cannot be told apart: {len(structure.starts)} begin but {cells.height} were read.")
    return cells.rechunk()


def _check_widths(structure: Structure, delimiter: str, place: str, *, whole: bool) -> None:
    widths = structure.widths(delimiter)
    usual = usual_width(widths[1:]) if len(widths) > 1 else int(widths[0])
    wrong = np.flatnonzero(widths != usual)
    if not len(wrong):
        return
    first = int(wrong[0])
    if first == 0:
        _refuse_head(structure, delimiter, place)
    cells, line = count(int(widths[first]), "cell"), f"line {structure.numbers[first]} of {place}"
    rule = (
        f"Every line must have the {count(usual, 'cell')} of the header; {line} has {cells}: {structure.line(first)!r}."
    )
    if widths[first] < usual and first == len(widths) - 1:
        kind = "The last line is a footer or was cut short" if whole else "The file was cut short"
        raise FileError(f"{rule} {kind}: delete that line, or fetch the file again.")
    if widths[first] < usual:
        raise FileError(f"{rule} The row is short: complete it, leaving a missing value empty.")
    raise FileError(f"{rule} The row is long: quote a cell that holds the separator, or remove what is too much.")


def _refuse_head(structure: Structure, delimiter: str, place: str) -> None:
    widths = structure.widths(delimiter)
    usual = usual_width(widths[1:])
    start = int(np.flatnonzero(widths == usual)[0])
    first, later = int(structure.numbers[0]), int(structure.numbers[start])
    named = not any(is_value(cell.strip().strip('"')) for cell in structure.line(start).split(delimiter))
    if widths[0] < usual and named and start < len(widths) - 1:
        raise FileError(
            f"A table begins with its header; line {first} of {place} has {count(int(widths[0]), 'cell')} "
            f"({structure.line(0)!r}) where most lines have {usual}. If the header stands on line {later}, "
            f"say --skip {later - 1}."
        )
    raise FileError(
        f"Every line must have the cells of the header; line {first} of {place} names "
        f"{count(int(widths[0]), 'column')} ({structure.line(0)!r}) but line {later} has {count(usual, 'cell')}. "
        "Name each column once; quote cells that hold the separator, such as decimal commas between commas."
    )


def _without_empty(records: Records) -> Records:
    frame, notes = records.frame, list[str]()
    filled = _filled(frame)
    last = int(np.flatnonzero(filled)[-1]) + 1 if filled.any() else 0
    if last < len(filled):
        notes.append(f"{count(len(filled) - last, 'empty row')} at the end of {records.place} left out.")
        records = records.where(np.arange(len(filled)) < last)
    if not last:
        raise FileError(f"A table needs values; every row of {records.place} is empty. Add the rows.")
    hollow = [name for name in frame.columns if name in records.unnamed and (frame[name].str.strip_chars() == "").all()]
    if hollow:
        notes.append(f"{count(len(hollow), 'empty column')} without a name left out.")
    return records.without(*hollow).said(*notes)


def _filled(frame: pl.DataFrame) -> Bool[np.ndarray, "N"]:
    # Only where the first cell is empty can the whole row be: the look at all cells is saved for the others.
    filled = (frame.to_series(0).str.strip_chars() != "").to_numpy().copy()
    rest = frame.filter(pl.Series(~filled))
    filled[~filled] = rest.select(pl.any_horizontal(pl.all().str.strip_chars() != "")).to_series().to_numpy()
    return filled


def _check_last_cell(records: Records) -> None:
    column = records.frame.to_series(-1).str.strip_chars()
    sizes = column.str.len_chars()
    places = column.str.extract(r"\.(\d*)", 1).str.len_chars().fill_null(0)
    if len(column) > 2 and sizes[-1] < sizes[:-1].min() and places[-1] < places[:-1].min():
        raise FileError(
            f"A file must be whole; {records.at(len(column) - 1)} ends in {column[-1]!r} without a line end, shorter "
            f"than every other cell of column {column.name!r}. If the row is whole, end it with a line break."
        )
