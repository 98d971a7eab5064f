"""From a panel to the numbers a network reads: scaled, categories as levels, gaps carried and marked.

Everything learnt here (scale, levels, which columns have gaps) comes from the rows before one cutoff.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.data.calendar import calendar_features, cycles_seen_twice
from seqcast.data.panel import Panel
from seqcast.data.scale import Scaler, fit_scaler

MOST_LEVELS = 32  # the rarest categories beyond these share the all-zero code, as unseen ones do


@dataclass(frozen=True, eq=False)
class Channels:
    """One row for each row of the panel.

    Parameters
    ----------
    past : float array (N, P)
        Scaled targets, whether each was observed, past features, known features, calendar.
    future : float array (N, F)
        Known features and calendar.
    static : float array (series, S)
        Scaled numbers and levels.
    """

    past: Float[np.ndarray, "N P"]
    future: Float[np.ndarray, "N F"]
    static: Float[np.ndarray, "series S"]


@dataclass(frozen=True, eq=False)
class Encoder:
    """Scaler, levels of the categorical columns, and the features that get a channel for their gaps.

    Parameters
    ----------
    scaler : Scaler
        Of every value column.
    levels : mapping of str to tuple of str
        Labels seen before the cutoff, the most frequent first.
    gaps : tuple of str
        Features with missing values before the cutoff.
    idle : frozenset of str
        Features that never changed before the cutoff; they get no channel, whatever they do later.
    cycles : tuple of str
        Cycles of the calendar that the rows before the cutoff went through at least twice.
    static_loc, static_scale : float array (S,)
        Of the numeric static columns, over the series.
    """

    scaler: Scaler
    levels: Mapping[str, tuple[str, ...]]
    gaps: tuple[str, ...]
    idle: frozenset[str]
    cycles: tuple[str, ...]
    static_loc: Float[np.ndarray, "S"]
    static_scale: Float[np.ndarray, "S"]

    def encode(self, panel: Panel) -> Channels:
        """Return the channels of every row; a value is carried forward over gaps and never backward."""
        targets = len(panel.columns.target)
        series = np.repeat(np.arange(len(panel)), panel.rows)
        scaled = self.scaler.apply(panel.values, series)
        filled = np.nan_to_num(carried_forward(scaled, panel.offsets))
        _, calendar = calendar_features(panel.times, panel.frequency, self.cycles)
        past = [filled[:, :targets], panel.observed[:, :targets].astype(float)]
        known: list[np.ndarray] = []
        for v, name in enumerate(panel.columns.values[targets:], start=targets):
            if name in self.idle:
                continue
            into = known if name in panel.columns.known else past
            into.append(
                self._levels_of(panel, name, panel.values[:, v]) if name in panel.categories else filled[:, [v]]
            )
            if name in self.gaps:
                into.append(panel.observed[:, [v]].astype(float))
        future = np.concatenate([*known, calendar], axis=1)
        return Channels(np.concatenate([*past, future], axis=1), future, self._static(panel))

    def _levels_of(self, panel: Panel, name: str, codes: Float[np.ndarray, "N"]) -> Float[np.ndarray, "N levels"]:
        labels = panel.categories[name]
        index = np.array([labels.index(level) if level in labels else -1 for level in self.levels[name]])
        return (codes[:, None] == index[None, :]).astype(float)

    def _static(self, panel: Panel) -> Float[np.ndarray, "series S"]:
        parts = [np.zeros((len(panel), 0))]
        for s, name in enumerate(panel.columns.static):
            column = panel.static[:, s]
            if name in panel.categories:
                parts.append(self._levels_of(panel, name, column))
            else:
                parts.append(np.nan_to_num((column - self.static_loc[s]) / self.static_scale[s])[:, None])
        return np.concatenate(parts, axis=1)


def fit_encoder(panel: Panel, scaling: str = "standard") -> Encoder:
    """Learn an encoder from every row of a panel that was cut by `Panel.before`."""
    names = panel.columns.values
    targets = len(panel.columns.target)
    levels = {
        name: _seen_levels(panel, panel.values[:, names.index(name)], name) for name in _categorical(panel, names)
    }
    static = panel.columns.static
    levels |= {
        name: _seen_levels(panel, panel.static[:, static.index(name)], name) for name in _categorical(panel, static)
    }
    gaps = tuple(name for v, name in enumerate(names[targets:], start=targets) if not panel.observed[:, v].all())
    features = enumerate(names[targets:], start=targets)
    idle = frozenset(name for v, name in features if never_changing(panel.values[:, v]))
    some = np.isfinite(panel.static).any(axis=0)
    numbers = np.where(some, panel.static, 0.0)
    spread = np.nanstd(numbers, axis=0)
    scaler = fit_scaler(panel, scaling)
    longest = int(np.argmax(panel.rows))
    cycles = cycles_seen_twice(panel.times[panel.offsets[longest] : panel.offsets[longest + 1]], panel.frequency)
    return Encoder(scaler, levels, gaps, idle, cycles, np.nanmean(numbers, axis=0), np.where(spread > 0, spread, 1.0))


def _categorical(panel: Panel, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in panel.categories]


def _seen_levels(panel: Panel, codes: Float[np.ndarray, "N"], name: str) -> tuple[str, ...]:
    found, counts = np.unique(codes[~np.isnan(codes)].astype(np.int64), return_counts=True)
    labels = panel.categories[name]
    ranked = sorted(zip(-counts, (labels[code] for code in found), strict=True))
    return tuple(label for _, label in ranked[:MOST_LEVELS])


def never_changing(values: Float[np.ndarray, "N"]) -> bool:
    """Tell whether a column has fewer than two different values, so that nothing can be learnt from it.

    Examples
    --------
    >>> never_changing(np.array([np.nan, 2.0, 2.0])), never_changing(np.array([1.0, 2.0]))
    (True, False)
    """
    seen = values[~np.isnan(values)]
    return not len(seen) or bool(seen.min() == seen.max())


def carried_forward(values: Float[np.ndarray, "N V"], offsets: Int[np.ndarray, "starts"]) -> Float[np.ndarray, "N V"]:
    """Return the values with each gap holding the last value before it in the same series; NaN where there is none.

    Examples
    --------
    >>> carried_forward(np.array([[1.0], [np.nan], [np.nan]]), np.array([0, 2, 3])).ravel().tolist()
    [1.0, 1.0, nan]
    """
    if not np.isnan(values).any():
        return values
    rows = np.arange(len(values))[:, None]
    seen: Bool[np.ndarray, "N V"] = ~np.isnan(values)
    last = np.maximum.accumulate(np.where(seen, rows, -1), axis=0)
    start = np.repeat(offsets[:-1], np.diff(offsets))[:, None]
    columns = np.arange(values.shape[1])[None, :]
    return np.where(last >= start, values[np.maximum(last, 0), columns], np.nan)
