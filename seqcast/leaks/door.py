"""The door of the table as a part of what is audited: whatever it decides must not hang on what comes later either.

A feature that never changes is left out at the door, labels are numbered there, the step is inferred there. So a spoilt
table is read anew, by the door, before it is used.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from seqcast.data.export import reading_of, to_frame
from seqcast.data.panel import Panel
from seqcast.data.table import read_panel
from seqcast.errors import SeqcastError

Reread = Callable[[Panel], Panel]
BEHIND = "The reading of the table was not part of the audit: written out again, this one does not come in as the same."


def through_the_door(panel: Panel) -> tuple[Panel, Reread | None]:
    """Return the panel as the door reads it when it is written out as a table, and the reading as a function.

    Where the door gives another panel (rows that were numbered, a step that cannot be told from the rest), the panel as
    it is and no function.

    Examples
    --------
    >>> import polars as pl
    >>> panel = read_panel(pl.DataFrame({"ds": range(4), "y": [1.0, 2.0, 3.0, 5.0]}))
    >>> same, reread = through_the_door(panel)
    >>> bool((same.values == panel.values).all()), reread is not None
    (True, True)
    """
    roles, options = reading_of(panel)

    def reread(changed: Panel) -> Panel:
        return replace(read_panel(to_frame(changed), roles, options), notes=panel.notes, frequency=panel.frequency)

    try:
        first = reread(panel)
        return (first, reread) if _same_rows(panel, first) and _same(reread(first), first) else (panel, None)
    except SeqcastError:
        return panel, None


def _same_rows(panel: Panel, other: Panel) -> bool:
    """Tell whether the series and rows are the same; columns that never change may be gone."""
    return (
        panel.series == other.series
        and panel.columns.target == other.columns.target
        and np.array_equal(panel.offsets, other.offsets)
        and np.array_equal(panel.times, other.times)
        and np.array_equal(panel.targets, other.targets, equal_nan=True)
    )


def _same(panel: Panel, other: Panel) -> bool:
    return (
        _same_rows(panel, other)
        and panel.columns == other.columns
        and dict(panel.categories) == dict(other.categories)
        and np.array_equal(panel.values, other.values, equal_nan=True)
        and np.array_equal(panel.static, other.static, equal_nan=True)
    )
