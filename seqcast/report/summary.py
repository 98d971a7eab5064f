"""The table in numbers: its size, its columns, and where values are missing."""

import numpy as np

from seqcast.data.panel import Panel
from seqcast.data.wall import to_wall
from seqcast.report.values import ColumnRow, DataSummary

BINS = 160
MAPPED = 40


def summarise(panel: Panel) -> DataSummary:
    """Return what the table holds up to the last observed target of each series."""
    history = panel.before(panel.history)
    columns = tuple(_column(history, v) for v in range(history.values.shape[1]))
    worst_first = sorted(range(len(columns)), key=lambda v: -columns[v].missing)[:MAPPED]
    mapped = sorted(worst_first)
    bins, share = gap_map(history.times, history.observed[:, mapped])
    ends = history.times[[0, -1]] if len(history.times) == 0 else np.array([history.times.min(), history.times.max()])
    first, last = panel.frequency.label(ends)
    return DataSummary(
        rows=len(history.times),
        future_rows=len(panel.times) - len(history.times),
        series=len(panel),
        shortest=int(history.rows.min()),
        longest=int(history.rows.max()),
        first=first,
        last=last,
        columns=columns,
        mapped=tuple(columns[v].name for v in mapped),
        bins=to_wall(bins, panel.frequency.zone),
        share=share,
    )


def gap_map(times: np.ndarray, observed: np.ndarray, most: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """Return the times at which at most `most` stretches start, and the share of values there are in each.

    Stretches hold equally many distinct times, so a calendar without weekends shows none.

    Parameters
    ----------
    times : int array (N,)
    observed : bool array (N, V)
    most : int
        Stretches at most.

    Returns
    -------
    bins : int array (G,)
    share : float array (V, G)

    Examples
    --------
    >>> bins, share = gap_map(np.array([1, 2, 3, 4]), np.array([[True], [False], [True], [True]]), most=2)
    >>> bins.tolist(), share.tolist()
    ([1, 3], [[0.5, 1.0]])
    """
    distinct, rank = np.unique(times, return_inverse=True)
    count = min(most, len(distinct))
    starts = (np.arange(count) * len(distinct)) // max(count, 1)
    stretch = np.searchsorted(starts, rank, side="right") - 1
    rows = np.bincount(stretch, minlength=count)
    seen = np.array([np.bincount(stretch[column], minlength=count) for column in observed.T]).reshape(-1, count)
    share = np.divide(seen, rows, out=np.full(seen.shape, np.nan), where=rows > 0)
    return distinct[starts], share


def _column(panel: Panel, v: int) -> ColumnRow:
    columns = panel.columns
    name = columns.values[v]
    targets, past = len(columns.target), len(columns.past)
    values = panel.values[panel.observed[:, v], v]
    numeric = name not in panel.categories and len(values) > 0
    low, middle, high = np.quantile(values, [0.0, 0.5, 1.0]).tolist() if numeric else (float("nan"),) * 3
    return ColumnRow(
        name=name,
        role="target" if v < targets else "past" if v < targets + past else "known",
        observed=len(values),
        missing=len(panel.values) - len(values),
        low=low,
        middle=middle,
        high=high,
        categories=len(panel.categories.get(name, ())),
    )
