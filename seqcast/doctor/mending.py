"""Text that the door refuses, mended just far enough to be looked at: each mending is told, and none of them guesses.

A line that does not fit is left out, never cut to fit; a name that is there twice gets a number; the rows of a file
without a header get names by position. Lines keep the numbers that they have in the file.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from seqcast.data.delimited import read_delimited
from seqcast.data.encoding import decode
from seqcast.data.intake import read_records
from seqcast.data.names import normal
from seqcast.data.options import TableOptions
from seqcast.data.records import Records, count
from seqcast.data.source import load
from seqcast.data.structure import DELIMITERS, delimiter_of, named_delimiter, scan, spoken, usual_width
from seqcast.doctor.findings import Finding, Severity, shortened
from seqcast.doctor.pairs import Place
from seqcast.errors import ColumnError, FileError, InputError

_MOST_MENDINGS = 10
_LEAST_KEPT = 0.5  # share of lines that must fit; where fewer do, it is the header or the separator that is wrong


@dataclass(frozen=True, kw_only=True)
class Text:
    """A delimited text, how it is to be read, and what was mended so far."""

    data: bytes
    place: str
    options: TableOptions
    added: int = 0
    found: tuple[Finding, ...] = ()


def refused(
    error: InputError, check: str, place: str, *, severity: Severity = "warning", done: str = "", details: Any = ()
) -> Finding:
    """Return what the door refuses as a finding: its rule and value, and the way out that it names.

    Parameters
    ----------
    error : InputError
        The refusal: its last sentence is the way out.
    check : str
        What was found, in a word or two.
    place : str
        The file or the column.
    severity : "note", "warning" or "unusable"
        How bad it is.
    done : str
        What was done to look past it, a sentence.
    details : sequence of str
        Lines and values.

    Examples
    --------
    >>> refused(FileError("A file must be whole; a.csv is not. Fetch it again."), "cut short", "a.csv").option
    'Fetch it again.'
    """
    what, option = parted(str(error))
    return Finding(
        severity=severity,
        check=check,
        places=(Place(series="", target="", name=place, first="", last=""),),
        looked=1,
        what=what,
        why=f"seqcast run refuses it. {done}".strip(),
        option=option,
        details=tuple(details),
    )


def parted(message: str) -> tuple[str, str]:
    """Return a message in two: the rule with the value, and the way out.

    Examples
    --------
    >>> parted("A file must be whole; a.csv is not. Fetch it again.")
    ('A file must be whole; a.csv is not.', 'Fetch it again.')
    """
    parts = re.split(r"(?<=[.!?)]) (?=[A-Z'\"-])", message)
    if len(parts) == 1:
        return message, "Mend the table."
    last = next((i for i in range(1, len(parts)) if re.search(r"--\w", parts[i])), len(parts) - 1)
    return " ".join(parts[:last]), " ".join(parts[last:])


def read_anyway(source: Any, options: TableOptions) -> tuple[Records, TableOptions, tuple[Finding, ...]]:
    """Return the rows of a source that the door may refuse, how they were read at last, and what was mended.

    Raises
    ------
    InputError
        When nothing can be read.
    ConfigError
        When an option cannot work.

    Examples
    --------
    >>> records, options, found = read_anyway(pl.DataFrame({"y": [1.0, 2.0]}), TableOptions())
    >>> records.frame.shape, found
    ((2, 1), ())
    """
    try:
        return read_records(source, options), options, ()
    except (FileError, ColumnError) as error:
        if not isinstance(source, str | Path) or options.query is not None:
            raise
        content = load(Path(source))
        if content.kind != "text":
            raise error
    text, notes, options, found = _decoded(content.data, content.place, options)
    attempt = Text(data=text, place=content.place, options=options, found=found)
    for _ in range(_MOST_MENDINGS):
        try:
            records = read_delimited(attempt.data, attempt.place, attempt.options)
        except (FileError, ColumnError) as error:
            attempt = _mended(attempt, error)
            continue
        records = replace(records, numbers=records.numbers - attempt.added).said_before(*content.notes, *notes)
        return records, attempt.options, attempt.found
    raise FileError(f"{content.place} has more faults than can be looked past. Export the table again.")


def _decoded(
    data: bytes, place: str, options: TableOptions
) -> tuple[bytes, tuple[str, ...], TableOptions, tuple[Finding, ...]]:
    try:
        return *decode(data, options.encoding, place), options, ()
    except FileError as error:
        if options.encoding is not None or b"\0" in data:
            raise
        # Every byte is a letter of latin-1: numbers and dates are read right whatever the letters are.
        text, notes = decode(data, "latin-1", place)
        done = "Letters are read as latin-1 here, so names and labels may be wrong; numbers are not."
        return text, notes, replace(options, encoding="latin-1"), (refused(error, "encoding", place, done=done),)


def _mended(text: Text, error: InputError) -> Text:
    """Return the text mended for the fault that the door names, or raise the refusal."""
    for said, mend in _MENDINGS:
        if said in str(error):
            return mend(text, error)
    raise error


def _skipped(text: Text, error: InputError) -> Text:
    found = re.search(r"--skip (\d+)", str(error))
    if found is None or text.options.skip:
        raise error
    done = f"The table is read from line {int(found[1]) + 1} on here."
    return replace(
        text,
        options=replace(text.options, skip=int(found[1])),
        found=(*text.found, refused(error, "lines before the header", text.place, done=done)),
    )


def _cut(text: Text, error: InputError) -> Text:
    """Take the separator that gives the most numbers."""
    numbers = {}
    for mark in DELIMITERS:
        try:
            frame = read_delimited(text.data, text.place, replace(text.options, delimiter=mark)).frame
        except (FileError, ColumnError):
            continue
        if frame.width > 1:
            numbers[mark] = sum(column.cast(pl.Float64, strict=False).count() for column in frame)
    if not numbers:
        raise error
    best = max(numbers, key=lambda mark: numbers[mark])
    done = f"It is cut at {spoken(best)} here, which gives the most numbers."
    return replace(
        text,
        options=replace(text.options, delimiter=best),
        found=(*text.found, refused(error, "separator", text.place, done=done)),
    )


def _renamed(text: Text, error: InputError) -> Text:
    structure, mark = _structure(text)
    line = int(np.flatnonzero(structure.written())[0])
    head = structure.text[structure.starts[line] : structure.ends[line]].tobytes().decode("utf-8")
    if '"' in head:
        raise error
    names, seen = head.split(mark), dict[str, int]()
    for i, name in enumerate(names):
        key = normal(name)
        seen[key] = seen.get(key, 0) + 1
        if key and seen[key] > 1:
            names[i] = f"{key} ({seen[key]})"
    low = len(text.data) - len(structure.text)
    begin, end = low + int(structure.starts[line]), low + int(structure.ends[line])
    data = text.data[:begin] + mark.join(names).encode() + text.data[end:]
    done = "The others get a number behind their name here."
    return replace(text, data=data, found=(*text.found, refused(error, "columns of one name", text.place, done=done)))


def _without_odd_lines(text: Text, error: InputError) -> Text:
    structure, mark = _structure(text)
    widths, written = structure.widths(mark), structure.written()
    head = int(np.flatnonzero(written)[0])
    usual = usual_width(widths[written][1:])
    odd = written & (widths != usual)
    if odd[head] or odd.sum() > _LEAST_KEPT * written.sum():
        raise error
    low = len(text.data) - len(structure.text)
    data = bytearray(text.data)
    lines = np.flatnonzero(odd).tolist()
    for line in lines[::-1]:  # blanked, not removed: the lines below keep their numbers
        del data[low + int(structure.starts[line]) : low + int(structure.ends[line])]
    told = [
        f"line {structure.numbers[line]}: {count(int(widths[line]), 'cell')}, {structure.line(line)!r}"
        for line in lines
    ]
    done = f"{count(len(lines), 'line')} of another width left out here."
    finding = refused(error, "lines of another width", text.place, done=done, details=shortened(told))
    return replace(text, data=bytes(data), found=(*text.found, finding))


def _headed(text: Text, error: InputError) -> Text:
    structure, mark = _structure(text)
    width = int(structure.widths(mark)[np.flatnonzero(structure.written())[0]])
    head = mark.join(f"column_{position}" for position in range(1, width + 1)).encode()
    low = len(text.data) - len(structure.text)
    done = "Columns are called by their position here."
    return replace(
        text,
        data=text.data[:low] + head + b"\n" + text.data[low:],
        added=text.added + 1,
        found=(*text.found, refused(error, "no header", text.place, done=done)),
    )


def _ended(text: Text, error: InputError) -> Text:
    done = "The last line is read as it stands here."
    found = (*text.found, refused(error, "cut short", text.place, done=done))
    return replace(text, data=text.data + b"\n", found=found)


def _filled(text: Text, error: InputError) -> Text:
    data = re.sub(rb"(?<=\n)[ \t]*(?=\n)", b"NaN", text.data.rstrip() + b"\n")
    done = "Blank lines are read as missing values here."
    return replace(text, data=data, found=(*text.found, refused(error, "blank lines", text.place, done=done)))


def _structure(text: Text) -> tuple[Any, str]:
    rest = text.data
    for _ in range(text.options.skip):
        _, _, rest = rest.partition(b"\n")
    structure = scan(rest, 1 + text.options.skip)
    named = named_delimiter(text.options.delimiter)
    return structure, named or delimiter_of(structure.only(structure.written()), text.place)


_MENDINGS: tuple[tuple[str, Callable[[Text, InputError], Text]], ...] = (
    ("--skip", _skipped),
    ("The column separator must be certain", _cut),
    ("Every column needs a name of its own", _renamed),
    ("Every line must have", _without_odd_lines),
    ("A table begins with a line of column names", _headed),
    ("A file must be whole", _ended),
    ("A blank line in a table of one column", _filled),
)
"""What the refusals of the door begin with, and what looks past them."""
