"""A panel as a wide table again: one row for each step, the way out of the door that `read_panel` is the way into."""

import numpy as np
import polars as pl
from jaxtyping import Float

from seqcast.data.options import RoleOptions, TableOptions
from seqcast.data.panel import Panel

TIME = "time"


def to_frame(panel: Panel) -> pl.DataFrame:
    """Return the panel as a table with the names of its columns; what is missing is null.

    Examples
    --------
    >>> from seqcast import read_panel
    >>> days = ["2024-01-01", "2024-01-02", "2024-01-04"]
    >>> to_frame(read_panel(pl.DataFrame({"ds": days, "y": [1.0, 2.0, 4.0]})))["y"].to_list()
    [1.0, 2.0, None, 4.0]
    """
    columns, series = panel.columns, np.repeat(np.arange(len(panel)), panel.rows)
    parts = [] if columns.series is None else [pl.Series(columns.series, np.array(panel.series, dtype=str)[series])]
    parts.append(panel.frequency.datetimes(panel.times).alias(columns.time or TIME))
    parts += [_column(panel, name, values) for name, values in zip(columns.values, panel.values.T, strict=True)]
    parts += [_column(panel, name, values[series]) for name, values in zip(columns.static, panel.static.T, strict=True)]
    return pl.DataFrame(parts)


def reading_of(panel: Panel) -> tuple[RoleOptions, TableOptions]:
    """Return how the table of `to_frame` is to be read, so that it comes in as the same panel."""
    columns = panel.columns
    roles = RoleOptions(
        target=columns.target,
        time=columns.time or TIME,
        series=columns.series,
        known=columns.known,
        static=columns.static,
    )
    calendar = panel.frequency.unit not in ("rows", "integer")
    return roles, TableOptions(freq=panel.frequency.name if calendar or panel.frequency.unit == "rows" else None)


def _column(panel: Panel, name: str, values: Float[np.ndarray, "N"]) -> pl.Series:
    if name not in panel.categories:
        return pl.Series(name, values, nan_to_null=True)
    labels = panel.categories[name]
    return pl.Series(name, [None if np.isnan(code) else labels[int(code)] for code in values], dtype=pl.String)
