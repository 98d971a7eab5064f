"""How columns hang together: which say the same, and how much each knows of what is new in another.

What is new in a row is what the column's own last values do not explain. One crisis must not make two columns alike, so
large values are cut before they are compared.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

FEWEST = 30
"""Rows that two columns must share before they are compared."""

CARRIED = 35
"""Rows for which a missing value is replaced by the last one: a month of days."""

OWN = 3
"""Last values of a column that may explain the next ones."""

SAME = 0.9999
"""Correlation of levels and of moves from which two columns say the same."""

_CHANCELESS = 1e-6  # share of the variance that rounding leaves of what the past explains
_LARGE = 3.0  # against the 95 % quantile


@dataclass(frozen=True, kw_only=True)
class Link:
    """Column `feature` holds what column `other` held `lag` rows before; a negative lag is the future.

    `share` is what it explains of what is new in `other`. The line `slope` · other + `level` misses it by at most `off`
    of its range: 0 for a copy.
    """

    feature: int
    other: int
    lag: int = 0
    share: float = 1.0
    slope: float = 1.0
    level: float = 0.0
    off: float = 0.0


def same_columns(values: Float[np.ndarray, "N V"]) -> list[Link]:
    """Return the columns that are another column to their left, or a line through it, row by row.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(100, 2))
    >>> [link] = same_columns(np.column_stack([x, 2 * x[:, 0] + 1]))
    >>> link.feature, link.other, round(link.slope, 9), round(link.level, 9)
    (2, 0, 2.0, 1.0)
    """
    moves = np.diff(values, axis=0)
    alike = (np.abs(correlations(values, values)) >= SAME) & (np.abs(correlations(moves, moves)) >= SAME)
    pairs = [(b, int(alike[:b, b].argmax())) for b in range(values.shape[1]) if alike[:b, b].any()]
    return [linked(values, feature, other) for feature, other in pairs]


def linked(values: Float[np.ndarray, "N V"], feature: int, other: int, lag: int = 0, share: float = 1.0) -> Link:
    """Return the link of two columns with the straight line that makes one of the other.

    Examples
    --------
    >>> y = np.array([1.0, 5.0, 2.0, 4.0])
    >>> linked(np.column_stack([y, np.roll(y, -1) / 2]), 1, 0, lag=-1).slope
    0.5
    """
    rows = len(values)
    first, last = max(0, lag), rows + min(0, lag)
    x, y = values[first - lag : last - lag, other], values[first:last, feature]
    both = ~np.isnan(x) & ~np.isnan(y)
    x, y = x[both], y[both]
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return Link(feature=feature, other=other, lag=lag, share=share, off=math.inf)
    away = x - x.mean()
    slope = float(away @ (y - y.mean()) / (away @ away))
    level = float(y.mean() - slope * x.mean())
    off = float(np.abs(y - slope * x - level).max() / np.ptp(y))
    return Link(feature=feature, other=other, lag=lag, share=share, slope=slope, level=level, off=off)


def ahead_of(
    y: Float[np.ndarray, "T"], features: Float[np.ndarray, "T X"], steps: Sequence[int]
) -> Float[np.ndarray, "L X"]:
    """Return how much of what is new in `y`, so many rows later, each feature explains: shares from 0 to 1.

    What is new is the rest of `y[t + step]` after a regression on its own last values, up to `y[t]`, or up to
    `y[t + step - 1]` where the step is zero or negative; the feature is `features[t]`. Missing values are carried on.

    Parameters
    ----------
    y : float array (T,)
        The target; nan is missing.
    features : float array (T, X)
        Nan is missing.
    steps : sequence of int
        Rows ahead; 0 for the row of the feature itself.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=200).cumsum()
    >>> shifted = np.column_stack([np.roll(y, -2), np.roll(y, 2)])
    >>> ahead_of(y, shifted, [1, 2, 3])[1].round(1).tolist()
    [1.0, 0.0]
    """
    held, past = _carried(features), _carried(y[:, None])[:, 0]
    shares = np.zeros((len(steps), features.shape[1]))
    for i, step in enumerate(steps):
        until = min(0, step - 1)
        rows = np.arange(max(OWN - 1 - until, -step), len(y) - max(step, 0))
        own = np.stack([past[rows + until - lag] for lag in range(OWN)], axis=1) if len(rows) else np.zeros((0, OWN))
        later = y[rows + step]
        whole = ~np.isnan(later) & ~np.isnan(own).any(axis=1)
        shares[i] = _explained(later[whole], own[whole], held[rows][whole])
    return shares


def correlations(a: Float[np.ndarray, "N A"], b: Float[np.ndarray, "N B"]) -> Float[np.ndarray, "A B"]:
    """Return the correlations of each column of `a` with each of `b`, over the rows where both are there.

    Columns that hardly share a row, or do not move there, have none.

    Examples
    --------
    >>> x = np.arange(60.0)[:, None]
    >>> correlations(x, np.hstack([x, -x, 0 * x])).round(9).tolist()
    [[1.0, -1.0, 0.0]]
    """
    seen_a, seen_b = ~np.isnan(a), ~np.isnan(b)
    a, b = _centred(a, seen_a), _centred(b, seen_b)
    one, other = seen_a.astype(float), seen_b.astype(float)
    count = one.T @ other
    size = np.maximum(count, 1)
    mean_a, mean_b = a.T @ other / size, one.T @ b / size
    spread = ((a**2).T @ other / size - mean_a**2) * (one.T @ b**2 / size - mean_b**2)
    usable = (count >= FEWEST) & (spread > _CHANCELESS**2)
    return np.where(usable, (a.T @ b / size - mean_a * mean_b) / np.sqrt(np.where(usable, spread, 1.0)), 0.0)


def _centred(columns: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return the columns with mean 0 and spread 1, and 0 for what is missing: sums of squares keep their digits."""
    count = np.maximum(seen.sum(axis=0), 1)
    away = np.where(seen, columns - np.where(seen, columns, 0.0).sum(axis=0) / count, 0.0)
    spread = np.sqrt((away**2).sum(axis=0) / count)
    return away / np.where(spread > 0, spread, 1.0)


def _explained(
    later: Float[np.ndarray, "N"], own: Float[np.ndarray, "N O"], features: Float[np.ndarray, "N X"]
) -> Float[np.ndarray, "X"]:
    """Return the squared partial correlations of `later` with each feature, given `own`."""
    shares = np.zeros(features.shape[1])
    there = ~np.isnan(features)
    whole = there.all(axis=0)
    for group in (np.flatnonzero(whole), *np.flatnonzero(~whole)[:, None]):
        rows = there[:, group[0]] if len(group) else np.zeros(0, dtype=bool)
        if rows.sum() >= FEWEST:
            shares[group] = _partial(later[rows], own[rows], features[rows][:, group])
    return shares


def _partial(later: np.ndarray, own: np.ndarray, features: np.ndarray) -> np.ndarray:
    base, _ = np.linalg.qr(np.column_stack([np.ones(len(own)), own]))
    new = _rest(later[:, None], base)
    told = _rest(features, base)
    size = np.linalg.norm(told, axis=0) * np.linalg.norm(new)
    return np.where(size > 0, (new[:, 0] @ told / np.where(size > 0, size, 1.0)) ** 2, 0.0)


def _rest(columns: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Return what the base leaves of the columns, large values cut; nothing where it leaves but rounding."""
    rest = columns - base @ (base.T @ columns)
    whole = np.linalg.norm(columns - columns.mean(axis=0), axis=0)
    rest[:, np.linalg.norm(rest, axis=0) ** 2 <= _CHANCELESS * whole**2] = 0.0
    large = _LARGE * np.quantile(np.abs(rest), 0.95, axis=0)
    return np.clip(rest, -large, large)


def _carried(columns: np.ndarray) -> np.ndarray:
    """Return the columns with each missing value replaced by the last one, if it is not too old."""
    row = np.arange(len(columns))[:, None]
    last = np.maximum.accumulate(np.where(np.isnan(columns), -1, row), axis=0)
    fresh = (last >= 0) & (row - last <= CARRIED)
    return np.where(fresh, np.take_along_axis(columns, np.maximum(last, 0), axis=0), np.nan)
