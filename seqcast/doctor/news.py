"""How much a column knows of what is new in another: squared partial correlations, so many rows ahead.

What is new in a row is what the column's own last values do not explain. One crisis must not make two columns alike, so
large values are cut before they are compared.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.doctor.links import FEWEST

CARRIED = 35
"""Rows for which a missing value is replaced by the last one: a month of days."""

OWN = 3
"""Last values of a column that may explain the next ones."""

_CHANCELESS = 1e-6  # share of the variance that rounding leaves of what the past explains
_LARGE = 3.0  # against the 95 % quantile
_PASSES = 3
_CLOSE = 0.5  # share after one pass from which the others follow
_CYCLES = 4
_CRISIS = 10.0  # against the 95 % quantile of the moves among the last values


def ahead_of(
    y: Float[np.ndarray, "T"],
    features: Float[np.ndarray, "T X"],
    steps: Sequence[int],
    *,
    groups: Int[np.ndarray, "T"] | None = None,
    each_row: bool = False,
) -> Float[np.ndarray, "L X"]:
    """Return how much of what is new in `y`, so many rows later, each feature explains: shares from 0 to 1.

    What is new is the rest of `y[t + step]` after a regression on its own last values; the feature is `features[t]`.
    Missing values are carried on.

    Parameters
    ----------
    y : float array (T,)
        The target; nan is missing.
    features : float array (T, X)
        Nan is missing.
    steps : sequence of int
        Rows ahead; 0 for the row of the feature itself.
    groups : int array (T,), optional
        The series of each row: each has a level of its own.
    each_row : bool
        Whether the last values are those up to `y[t + step - 1]`, as for features that are known in advance, and not
        those up to `y[t]`. Where the step is zero or negative they always are.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=200).cumsum()
    >>> shifted = np.column_stack([np.roll(y, -2), np.roll(y, 2)])
    >>> ahead_of(y, shifted, [1, 2, 3])[1].round(1).tolist()
    [1.0, 0.0]
    """
    held, past = _carried(features), _carried(y[:, None])[:, 0]
    groups = np.zeros(len(y), dtype=int) if groups is None else groups
    shares = np.zeros((len(steps), features.shape[1]))
    for i, step in enumerate(steps):
        rows, own = _own(past, step, each_row, 0)
        shares[i] = _explained(y[rows + step], own, held[rows], groups[rows])
    return shares


def news_of(
    y: Float[np.ndarray, "T"],
    feature: Float[np.ndarray, "T"],
    step: int,
    seasons: Sequence[int] = (),
    *,
    groups: Int[np.ndarray, "T"] | None = None,
    each_row: bool = False,
) -> float:
    """Return how much of what is new in `y`, so many rows later, is told by what is new in the feature.

    New in the feature is what neither its own last values tell, nor its values of a season ago, nor those of `y`.

    Parameters
    ----------
    y, feature : float array (T,)
        Nan is missing.
    step : int
        Rows ahead.
    seasons : sequence of int
        Lengths of cycles; those that no series holds four times are left out.
    groups, each_row
        As in `ahead_of`.

    Examples
    --------
    >>> y = np.sin(np.arange(300) / 20) + np.random.default_rng(0).normal(size=300) / 10
    >>> clock = np.cos(np.arange(300) / 20)
    >>> round(news_of(y, np.roll(y, -5), 5), 1), round(news_of(y, clock, 5), 1)
    (1.0, 0.0)
    """
    held, past = _carried(feature[:, None])[:, 0], _carried(y[:, None])[:, 0]
    groups = np.zeros(len(y), dtype=int) if groups is None else groups
    longest = int(np.bincount(groups[~np.isnan(y)]).max(initial=0))
    lags = [*range(1, OWN + 1), *(season for season in seasons if OWN < season and _CYCLES * season <= longest)]
    rows, own = _own(past, step, each_row, max(lags))
    mine = np.column_stack([held[rows - lag] for lag in lags])
    return float(_explained(y[rows + step], np.hstack([own, mine]), held[rows][:, None], groups[rows])[0])


def _own(
    past: Float[np.ndarray, "T"], step: int, each_row: bool, earliest: int
) -> tuple[Int[np.ndarray, "N"], Float[np.ndarray, "N O"]]:
    """Return the rows of the feature that have a row so many steps later, and the last values of the target in each."""
    until = step - 1 if each_row else min(0, step - 1)
    first = max(OWN - 1 - until, -step, earliest)
    rows = np.arange(first, max(first, len(past) - max(step, 0)))
    return rows, np.stack([past[rows + until - lag] for lag in range(OWN)], axis=1)


def _explained(
    later: Float[np.ndarray, "N"],
    own: Float[np.ndarray, "N O"],
    features: Float[np.ndarray, "N X"],
    groups: Int[np.ndarray, "N"],
) -> Float[np.ndarray, "X"]:
    """Return the squared partial correlations of `later` with each feature, given `own`, where all are there."""
    seen = ~np.isnan(later) & ~np.isnan(own).any(axis=1)
    seen[seen] = _usual(own[seen, :OWN])
    later, own, features, groups = later[seen], own[seen], features[seen], groups[seen]
    shares = np.zeros(features.shape[1])
    there = ~np.isnan(features)
    whole = there.all(axis=0)
    for group in (np.flatnonzero(whole), *np.flatnonzero(~whole)[:, None]):
        rows = there[:, group[0]] if len(group) else np.zeros(0, dtype=bool)
        if rows.sum() >= FEWEST:
            mine = (_within(columns[rows], groups[rows]) for columns in (later, own, features[:, group]))
            shares[group] = _partial(*mine)
    return shares


def _partial(later: np.ndarray, own: np.ndarray, features: np.ndarray) -> np.ndarray:
    base, _ = np.linalg.qr(np.column_stack([np.ones(len(own)), own]))
    shares = _alike(later, features, base, 1)
    close = shares >= _CLOSE  # of the others nothing is said, so they need not be measured well
    if close.any():
        shares[close] = _alike(later, features[:, close], base, _PASSES)
    return shares


def _alike(later: np.ndarray, features: np.ndarray, base: np.ndarray, passes: int) -> np.ndarray:
    """Return the squared correlations of what the base leaves of both."""
    new, told = _rest(later[:, None], base, passes), _rest(features, base, passes)
    size = np.linalg.norm(told, axis=0) * np.linalg.norm(new)
    return np.where(size > 0, (new[:, 0] @ told / np.where(size > 0, size, 1.0)) ** 2, 0.0)


def _rest(columns: np.ndarray, base: np.ndarray, passes: int) -> np.ndarray:
    """Return what the base leaves of the columns, large values cut; nothing where it leaves but rounding."""
    rest = columns - base @ (base.T @ columns)
    whole = np.linalg.norm(columns - columns.mean(axis=0), axis=0)
    rest[:, np.linalg.norm(rest, axis=0) ** 2 <= _CHANCELESS * whole**2] = 0.0
    for _ in range(passes):  # a huge value bends the line to itself, so all are large until it is cut and drawn anew
        large = _LARGE * np.quantile(np.abs(rest), 0.95, axis=0)
        rest = np.clip(rest, -large, large)
        rest -= base @ (base.T @ rest)
    return rest


def _usual(own: Float[np.ndarray, "N O"]) -> Bool[np.ndarray, "N"]:
    """Return the rows after usual moves: a crisis among the last values would bend the regression to itself."""
    moves = np.abs(np.diff(own, axis=1)).max(axis=1, initial=0.0)
    large = _CRISIS * float(np.quantile(moves, 0.95)) if len(moves) else 0.0
    return moves <= large if large > 0 else np.ones(len(own), dtype=bool)


def _within(columns: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the columns less their mean in each group; the groups lie one after another."""
    if not len(groups):
        return columns
    starts = np.concatenate([[0], np.flatnonzero(np.diff(groups)) + 1])
    count = np.diff(np.append(starts, len(groups)))
    means = np.add.reduceat(columns, starts, axis=0) / count.reshape(-1, *[1] * (columns.ndim - 1))
    return columns - np.repeat(means, count, axis=0)


def _carried(columns: np.ndarray) -> np.ndarray:
    """Return the columns with each missing value replaced by the last one, if it is not too old."""
    row = np.arange(len(columns))[:, None]
    last = np.maximum.accumulate(np.where(np.isnan(columns), -1, row), axis=0)
    fresh = (last >= 0) & (row - last <= CARRIED)
    return np.where(fresh, np.take_along_axis(columns, np.maximum(last, 0), axis=0), np.nan)
