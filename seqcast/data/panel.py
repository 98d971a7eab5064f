"""Panel: a table of time series as flat arrays, cut at a time by the one method that may be used for fitting."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.data.calendar import Frequency
from seqcast.types import Columns, Origins


@dataclass(frozen=True, eq=False)
class Panel:
    """Time series of one table, one after another in flat arrays. Immutable; NaN says missing.

    Within a series each row is one step later than the row before it. Rows after the last observed target are the
    future: only their `known` columns are ever read.

    Parameters
    ----------
    columns : Columns
        The names; `columns.values` names the V columns of `values`.
    frequency : Frequency
        The step between rows.
    series : tuple of str
        Names of the series, in order of first appearance.
    offsets : int array (series + 1,)
        Rows of series s are `offsets[s]:offsets[s + 1]`.
    times : int array (N,)
        Microseconds since 1970 (UTC, or local wall time where the table names no zone), or the integer of the table.
    values : float array (N, V)
        Targets, past-only features, known features. A categorical column holds indices into its `categories`.
    static : float array (series, len(columns.static))
        One row for each series; categorical ones as indices into their `categories`.
    categories : mapping of str to tuple of str
        Labels of the categorical columns.
    notes : tuple of str
        What the reader inferred, dropped or mended, in sentences for the user.

    Examples
    --------
    >>> from seqcast import read_panel
    >>> import polars as pl
    >>> panel = read_panel(pl.DataFrame({"ds": ["2024-01-01", "2024-01-02", "2024-01-03"], "y": [1.0, None, 3.0]}))
    >>> panel.columns.target, panel.rows.tolist(), panel.observed[:, 0].tolist()
    (('y',), [3], [True, False, True])
    """

    columns: Columns
    frequency: Frequency
    series: tuple[str, ...]
    offsets: Int[np.ndarray, "starts"]
    times: Int[np.ndarray, "N"]
    values: Float[np.ndarray, "N V"]
    static: Float[np.ndarray, "series S"]
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for array in (self.offsets, self.times, self.values, self.static):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.series)

    @property
    def rows(self) -> Int[np.ndarray, "series"]:
        """Rows of each series."""
        return np.diff(self.offsets)

    @cached_property
    def observed(self) -> Bool[np.ndarray, "N V"]:
        """Where a value is there."""
        return ~np.isnan(self.values)

    @property
    def targets(self) -> Float[np.ndarray, "N K"]:
        """The target columns."""
        return self.values[:, : len(self.columns.target)]

    @cached_property
    def history(self) -> Int[np.ndarray, "series"]:
        """Rows of each series up to its last observed target; what follows is the future."""
        seen = np.flatnonzero(self.observed[:, : len(self.columns.target)].any(axis=1))
        # The last observed row before each end; -1 stands for none before the very first.
        last = np.append(seen, -1)[np.searchsorted(seen, self.offsets[1:]) - 1]
        return np.maximum(last + 1 - self.offsets[:-1], 0).astype(np.int64)

    def before(self, rows: Int[np.ndarray, "series"]) -> "Panel":
        """Return the panel with only the first `rows` rows of each series: all that may be used for fitting."""
        return self._select(np.minimum(rows, self.rows))

    def extended(self, steps: int) -> "Panel":
        """Return the panel with at least `steps` rows after the history of each series; new ones are empty."""
        lengths = np.maximum(self.rows, self.history + steps)
        if (lengths == self.rows).all():
            return self
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        series = np.repeat(np.arange(len(self)), lengths)
        place = np.arange(offsets[-1]) - offsets[series]
        there = place < self.rows[series]
        source = self.offsets[series] + np.minimum(place, np.maximum(self.rows[series] - 1, 0))
        ahead = np.where(there, 0, place - self.rows[series] + 1)
        times = self.times[source].copy()
        times[~there] = self.frequency.shift(times[~there], ahead[~there])
        values = np.where(there[:, None], self.values[source], np.nan)
        return replace(self, offsets=offsets, times=times, values=values)

    def since(self, rows: Int[np.ndarray, "series"]) -> tuple["Panel", Int[np.ndarray, "series"]]:
        """Return the panel without the rows that no window from `rows` on reads, and how many each series lost.

        Where a value is missing in the first row of them, earlier rows are kept too, back to the value that is carried
        into it: what is encoded of the rest is the same.
        """
        lows, last = self.offsets[:-1], len(self.values) - 1
        first = lows + np.clip(rows, 0, self.rows)
        lost = np.zeros_like(rows) if last < 0 else self._carried_from(np.minimum(first, last)) - lows
        lost = np.where(lost < 0, 0, np.minimum(lost, first - lows))
        place = np.arange(len(self.values)) - np.repeat(lows, self.rows)
        keep = place >= np.repeat(lost, self.rows)
        offsets = np.concatenate([[0], np.cumsum(self.rows - lost)]).astype(np.int64)
        return replace(self, offsets=offsets, times=self.times[keep], values=self.values[keep]), lost

    def _carried_from(self, rows: Int[np.ndarray, "series"]) -> Int[np.ndarray, "series"]:
        """Return the earliest row from which some column carries a value into `rows`."""
        earliest = rows.copy()
        for column in self.observed.T:
            seen = np.flatnonzero(column)
            place = np.searchsorted(seen, rows, side="right") - 1
            # A column with nothing before the row carries nothing; what it finds in an earlier series is cut off later.
            earliest = np.where(place >= 0, np.minimum(earliest, np.append(seen, 0)[place]), earliest)
        return earliest

    def only(self, series: Int[np.ndarray, "chosen"]) -> "Panel":
        """Return the panel of the chosen series, by index."""
        offsets = np.concatenate([[0], np.cumsum(self.rows[series])]).astype(np.int64)
        rows = np.arange(offsets[-1]) + np.repeat(self.offsets[series] - offsets[:-1], self.rows[series])
        return replace(
            self,
            series=tuple(self.series[s] for s in series),
            offsets=offsets,
            times=self.times[rows],
            values=self.values[rows],
            static=self.static[series],
        )

    def at_end(self) -> Origins:
        """Return the origins of the forecast past the history of each series."""
        series = np.arange(len(self), dtype=np.int64)
        return Origins(series, self.history, np.zeros_like(series))

    def actual(self, origins: Origins, horizon: int) -> Float[np.ndarray, "N H K"]:
        """Return what came after each origin; NaN where nothing was observed."""
        steps = origins.rows[:, None] + np.arange(horizon)
        inside = steps < self.rows[origins.series][:, None]
        index = np.where(inside, self.offsets[origins.series][:, None] + steps, 0)
        return np.where(inside[..., None], self.targets[index], np.nan)

    def times_after(self, origins: Origins, horizon: int) -> Int[np.ndarray, "N H"]:
        """Return the times of the `horizon` steps after each origin."""
        longer = self.extended(horizon)
        return longer.times[longer.offsets[origins.series][:, None] + origins.rows[:, None] + np.arange(horizon)]

    def time_of(self, origins: Origins) -> Int[np.ndarray, "N"]:
        """Return the time of the last known row at each origin, the cutoff."""
        return self.times[self.offsets[origins.series] + origins.rows - 1]

    def _select(self, lengths: Int[np.ndarray, "series"]) -> "Panel":
        start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        rows = np.arange(start[-1]) + np.repeat(self.offsets[:-1] - start[:-1], lengths)
        return replace(self, offsets=start, times=self.times[rows], values=self.values[rows])
