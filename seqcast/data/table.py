"""The one door for data: whatever comes in, a path, a query, a data frame, leaves as a panel or is refused in words."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np

from seqcast.data.assemble import assemble
from seqcast.data.cast import cast_all
from seqcast.data.intake import keep_rows, read_records, without_void
from seqcast.data.options import RoleOptions, TableOptions
from seqcast.data.panel import Panel
from seqcast.data.records import count
from seqcast.data.roles import find_roles
from seqcast.data.source import read_bytes
from seqcast.errors import ColumnError, HistoryError


def read_panel(source: Any, roles: RoleOptions | None = None, options: TableOptions | None = None) -> Panel:
    """Return the panel that a table holds, with a note on everything that was inferred or mended.

    Parameters
    ----------
    source : path, data frame or database URI
        CSV, Parquet or Arrow; Polars, pandas or Arrow; a URI together with `options.query`.
    roles : RoleOptions, optional
        Which column plays which role; what is left empty is recognised.
    options : TableOptions, optional
        How the table is to be read.

    Raises
    ------
    InputError
        When the table cannot be read without guessing; the message names the place and the way out.
    ConfigError
        When an option cannot work.

    Examples
    --------
    >>> import polars as pl
    >>> table = pl.DataFrame({"ds": ["2024-01-01", "2024-01-02", "2024-01-03"], "y": [1.0, 2.0, 4.0], "k": [5, 5, 5]})
    >>> read_panel(table).notes[-1]
    "Left out, never changing: 'k'."
    """
    options = options or TableOptions()
    records = keep_rows(read_records(source, options), options)
    cells = cast_all(records, options)
    found = find_roles(records, cells, roles or RoleOptions())
    records, cells = without_void(records, cells, found)
    if records.frame.height < 2:
        raise HistoryError(f"A forecast needs a history; {records.place} has one row. Give more rows.")
    return assemble(records, cells, found, options)


def check_future(panel: Panel, horizon: int) -> None:
    """Refuse a forecast whose known features are not known over the horizon.

    Raises
    ------
    ColumnError
        When there are known columns and fewer than `horizon` rows after a history, or missing values in them.

    Examples
    --------
    >>> import polars as pl
    >>> check_future(read_panel(pl.DataFrame({"ds": ["2024-01-01", "2024-01-02"], "y": [1.0, 2.0]})), 12)
    """
    if not panel.columns.known:
        return
    first = len(panel.columns.values) - len(panel.columns.known)
    origins = panel.at_end()
    steps = origins.rows[:, None] + np.arange(horizon)
    inside = steps < panel.rows[:, None]
    index = np.where(inside, panel.offsets[:-1, None] + steps, 0)
    lacking = np.isnan(panel.values[index, first:]) | ~inside[..., None]
    if not lacking.any():
        return
    series, step, column = (int(place[0]) for place in np.nonzero(lacking))
    time = panel.frequency.label(panel.times_after(origins, horizon)[series, step : step + 1])[0]
    name = panel.columns.known[column]
    whose = f" of series {panel.series[series]!r}" if len(panel) > 1 else ""
    ahead = int(panel.rows[series] - panel.history[series])
    raise ColumnError(
        f"A known column needs a value for each of the {count(horizon, 'step')} of the horizon; {name!r}{whose} has "
        f"none at {time} ({count(ahead, 'row')} after the last target). Add rows with an empty target and {name!r} "
        "filled, or take it out of --known."
    )


def fingerprint(source: Any, options: TableOptions | None = None) -> str:
    """Return the SHA-256 of a file's bytes, or of the content of a data frame or of what a query gives.

    Examples
    --------
    >>> import polars as pl
    >>> fingerprint(pl.DataFrame({"y": [1.0, 2.0]})) == fingerprint(pl.DataFrame({"y": [1.0, 2.5]}))
    False
    """
    options = options or TableOptions()
    if options.query is None and isinstance(source, str | Path) and "://" not in str(source):
        return hashlib.sha256(read_bytes(Path(source))).hexdigest()
    frame = read_records(source, options).frame
    content = io.BytesIO(repr(frame.schema).encode())
    content.seek(0, io.SEEK_END)
    frame.write_ndjson(content)
    return hashlib.sha256(content.getvalue()).hexdigest()
