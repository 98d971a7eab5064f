"""Which columns say the same: row by row, or so many rows before or after."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

FEWEST = 30
"""Rows that two columns must share before they are compared."""

SAME = 0.9999
"""Correlation of levels and of moves from which two columns say the same."""

_ROUGH = 0.02  # what the means of moves over other rows may take from a correlation
_CHANCELESS = 1e-6  # share of the spread below which a column only rounds


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


def same_moves(
    values: Float[np.ndarray, "N V"], target: int, features: Sequence[int], steps: Sequence[int]
) -> list[tuple[int, int]]:
    """Return the features that are a line through the target so many rows later, with that step, in order of steps.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=200)
    >>> same_moves(np.column_stack([y, np.roll(y, -60), np.roll(y, 9)]), 0, [1, 2], range(-20, 100))
    [(2, -9), (1, 60)]
    """
    moves = np.diff(values, axis=0)
    moves = np.where(np.isnan(moves), np.nan, _centred(moves, ~np.isnan(moves)))
    rough = _shifted_correlations(moves[:, target], moves[:, list(features)], steps)
    found = []
    for i, x in np.argwhere(np.abs(rough) >= SAME - _ROUGH).tolist():
        step, feature = steps[i], features[x]
        now = slice(max(0, -step), -max(0, step) or None)
        later = slice(max(0, step), min(0, step) or None)
        pairs = [(table[now, [feature]], table[later, [target]]) for table in (values, moves)]
        if all(abs(float(correlations(one, other)[0, 0])) >= SAME for one, other in pairs):
            found.append((feature, step))
    return found


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
    level = np.where(seen, columns, 0.0).sum(axis=0) / count
    away = np.where(seen, columns - level, 0.0)
    spread = np.sqrt((away**2).sum(axis=0) / count)
    moves = spread > _CHANCELESS**2 * np.abs(level)  # the moves of a straight line differ by rounding alone
    return np.where(moves, away, 0.0) / np.where(moves, spread, 1.0)


def _shifted_correlations(
    y: Float[np.ndarray, "T"], features: Float[np.ndarray, "T X"], steps: Sequence[int]
) -> Float[np.ndarray, "L X"]:
    """Return the correlations of each feature with `y` so many rows later, by Fourier transform; all have mean 0."""
    reach = max((abs(step) for step in steps), default=0)
    size = 1 << (len(y) + reach).bit_length()
    seen, there = ~np.isnan(y), ~np.isnan(features)
    y, features = np.where(seen, y, 0.0), np.where(there, features, 0.0)

    def sums(later: np.ndarray, now: np.ndarray) -> np.ndarray:
        product = np.fft.rfft(later.astype(float), size)[:, None] * np.conj(
            np.fft.rfft(now.astype(float), size, axis=0)
        )
        return np.fft.irfft(product, size, axis=0)[np.array(steps, dtype=int)]

    count = sums(seen, there).round()
    whole = np.maximum(sums(y**2, there), 0.0) * np.maximum(sums(seen, features**2), 0.0)
    usable = (count >= FEWEST) & (whole > _CHANCELESS * count**2)
    return np.where(usable, sums(y, features) / np.sqrt(np.where(usable, whole, 1.0)), 0.0)
