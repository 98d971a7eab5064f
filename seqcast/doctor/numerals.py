"""Cells that the door refuses in columns of numbers: taken as missing, each told with its line and what it seems to be.

A decimal comma is taken only where some cell leaves no doubt, since `1,234` may as well be a thousand.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from seqcast.data.cast import Cells, cast_all
from seqcast.data.clock import TIME_NAMES, is_date
from seqcast.data.hints import advice
from seqcast.data.options import RoleOptions, TableOptions
from seqcast.data.records import Records, count
from seqcast.data.roles import SERIES_NAMES
from seqcast.doctor.findings import Finding, shortened
from seqcast.doctor.pairs import Place

_COMMA = re.compile(r"^[+-]?(\d+,\d{1,2}|\d+,\d{4,}|0,\d+|\d{4,},\d+)$")
_MOST_WRONG = 0.5  # share of filled cells; a column with more of them holds texts
_LOOKED_AT = 2_000


def cells_anyway(
    records: Records, roles: RoleOptions, options: TableOptions
) -> tuple[Records, dict[str, Cells], TableOptions, tuple[Finding, ...]]:
    """Return every column cast, without cells that are no numbers, how numbers were read, and what was found.

    Examples
    --------
    >>> import polars as pl
    >>> records = Records(pl.DataFrame({"y": ["1,5", "2,25", "?"]}), np.array([2, 3, 4]), "sales.csv", "line")
    >>> _, cells, options, found = cells_anyway(records, RoleOptions(), TableOptions())
    >>> cells["y"].values.tolist(), options.decimal, [finding.option for finding in found]
    ([1.5, 2.25, nan], ',', ["--decimal ','", "--missing '?'"])
    """
    cells = cast_all(records, options)
    found: list[Finding] = []
    comma = _comma(records, cells, options)
    if comma:
        options = replace(options, decimal=",")
        cells = cast_all(records, options)
        found.append(_decimal(comma))
    for name, column in list(cells.items()):
        if not column.wrong.any() or column.kind == "text" or _is_label(name, column, roles):
            continue
        filled = int((column.wrong | np.isfinite(column.values)).sum())
        if column.kind in ("other", "time") or column.wrong.sum() > _MOST_WRONG * filled:
            found.append(_unreadable(records, column))
            records, cells = records.without(name), {key: cells[key] for key in cells if key != name}
            continue
        found.append(_wrong(records, column, options))
        values = np.where(column.wrong, np.nan, column.values)
        cells[name] = replace(column, kind="number", values=values, wrong=np.zeros_like(column.wrong))
    return records, cells, options, tuple(found)


def _is_label(name: str, column: Cells, roles: RoleOptions) -> bool:
    """Tell whether a column is there for its names or times."""
    named = {roles.series, *roles.static, *roles.ignore, *(roles.time or "").split("+"), roles.time}
    return name in named or name.lower() in (*TIME_NAMES, *SERIES_NAMES) or is_date(column)


def _comma(records: Records, cells: Mapping[str, Cells], options: TableOptions) -> dict[str, int]:
    """Return the columns whose numbers have a decimal comma, with how many such cells; none unless all numbers fit."""
    if options.decimal != ".":
        return {}
    counts = {}
    for name, column in cells.items():
        if column.wrong.any() and not is_date(column):
            wrong = column.text.filter(column.wrong).head(_LOOKED_AT)
            commas = sum(bool(_COMMA.match(cell)) for cell in wrong)
            if commas > _MOST_WRONG * len(wrong):
                counts[name] = int(column.wrong.sum())
    if not counts:
        return {}
    turned = cast_all(records, replace(options, decimal=","))
    before, after = (sum(int(column.wrong.sum()) for column in each.values()) for each in (cells, turned))
    return counts if after < before else {}


def _decimal(counts: Mapping[str, int]) -> Finding:
    return Finding(
        severity="warning",
        check="decimal comma",
        places=tuple(_column(name) for name in counts),
        looked=len(counts),
        what="Numbers are written with a decimal comma.",
        why="seqcast run refuses such cells. They are read so here.",
        option="--decimal ','",
        details=shortened([f"{name}: {count(number, 'cell')}" for name, number in counts.items()]),
    )


def _wrong(records: Records, column: Cells, options: TableOptions) -> Finding:
    name, rows = column.column.name, np.flatnonzero(column.wrong)
    texts = {int(row): column.text[int(row)] for row in rows[:_LOOKED_AT]}
    first = next(iter(texts.values()))
    said = advice(first, options.decimal)
    offered = re.search(r"--\w+ .+$", said)
    told = [f"{records.at(row)}: {text!r}, {advice(text, options.decimal)}" for row, text in texts.items()]
    return Finding(
        severity="warning",
        check="cells that are no numbers",
        places=(_column(name),),
        looked=1,
        what=f"{count(len(rows), 'cell')} of column {name!r} are no numbers, such as {first!r}.",
        why="seqcast run refuses them. They are taken as missing here.",
        option=offered[0] if offered else f"{said[:1].upper()}{said[1:]}.",
        details=shortened(told),
    )


def _unreadable(records: Records, column: Cells) -> Finding:
    name, row = column.column.name, int(np.flatnonzero(column.wrong)[0])
    return Finding(
        severity="warning",
        check="column that is no numbers",
        places=(_column(name),),
        looked=1,
        what=f"Most of column {name!r} is no number, and some of it is: {records.at(row)} has {column.text[row]!r}."
        if column.kind not in ("other", "time")
        else f"Column {name!r} holds {column.column.dtype}, which is neither number nor label.",
        why="seqcast run refuses it. It is left out here.",
        option=f"--ignore {name!r}, or write all its cells alike.",
    )


def _column(name: str) -> Place:
    return Place(series="", target=name, name=name, first="", last="")
