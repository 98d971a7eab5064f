"""Panels made straight from arrays, for tests that are not about reading tables."""

from collections.abc import Mapping, Sequence

import numpy as np

from seqcast.data.calendar import Frequency
from seqcast.data.panel import Panel
from seqcast.types import Columns

HOURLY = Frequency(unit="hour", precision="minute")
MONTHLY = Frequency(unit="month")


def make_panel(
    values: Mapping[str, np.ndarray],
    *,
    targets: int = 1,
    past: int = 0,
    known: int = 0,
    frequency: Frequency = HOURLY,
) -> Panel:
    """Return the panel whose series hold `values`: (T,) for one target, else (T, targets + past + known)."""
    columns = Columns(
        time="time",
        target=tuple(f"y{k}" for k in range(targets)),
        series="series",
        past=tuple(f"p{k}" for k in range(past)),
        known=tuple(f"k{k}" for k in range(known)),
    )
    blocks = [np.asarray(block, dtype=np.float64).reshape(len(block), -1) for block in values.values()]
    rows = [len(block) for block in blocks]
    return Panel(
        columns=columns,
        frequency=frequency,
        series=tuple(values),
        offsets=np.concatenate([[0], np.cumsum(rows)]).astype(np.int64),
        times=np.concatenate([_times(count, frequency) for count in rows]),
        values=np.concatenate(blocks),
        static=np.empty((len(blocks), 0)),
    )


def changed(panel: Panel, series: int, rows: slice | Sequence[int], factor: float) -> Panel:
    """Return the panel with these rows of one series times `factor`; nan takes them out."""
    copy = panel.values.copy()
    block = copy[panel.offsets[series] : panel.offsets[series + 1]]
    block[rows] = block[rows] * factor
    return Panel(
        **{name: getattr(panel, name) for name in ("columns", "frequency", "series", "offsets", "times", "static")},
        values=copy,
    )


def _times(count: int, frequency: Frequency) -> np.ndarray:
    return np.concatenate([[0], frequency.after(0, count - 1)]).astype(np.int64) if count else np.empty(0, np.int64)
