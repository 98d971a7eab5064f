"""Join rows that share a time or a step: mean, sum, first or last of what is there."""

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.errors import ConfigError

RULES = ("mean", "sum", "first", "last")


def joined(
    values: Float[np.ndarray, "N V"], starts: Int[np.ndarray, "G"], rule: str, categorical: Bool[np.ndarray, "V"]
) -> Float[np.ndarray, "G V"]:
    """Return one row for each group of rows that begins at `starts`; NaN only where a whole group is.

    Codes of categories are never averaged: of them the last is kept, or the first where `rule` says so.

    Raises
    ------
    ConfigError
        When `rule` is none of mean, sum, first and last.

    Examples
    --------
    >>> values = np.array([[1.0], [np.nan], [4.0]])
    >>> joined(values, np.array([0, 1]), "mean", np.array([False])).tolist()
    [[1.0], [4.0]]
    """
    if rule not in RULES:
        raise ConfigError(f"Rows are joined by one of {', '.join(RULES)}; got {rule!r}.")
    if not len(starts):
        return values[:0]
    if rule in ("first", "last"):
        return _edge(values, starts, rule)
    there = ~np.isnan(values)
    number = np.add.reduceat(there.astype(np.int64), starts, axis=0)
    sums = np.add.reduceat(np.where(there, values, 0.0), starts, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        out = sums / number if rule == "mean" else np.where(number > 0, sums, np.nan)
    out[:, categorical] = _edge(values[:, categorical], starts, "last")
    return out


def _edge(values: np.ndarray, starts: np.ndarray, rule: str) -> np.ndarray:
    rows = np.arange(len(values))[:, None]
    there = ~np.isnan(values)
    if rule == "last":
        chosen = np.maximum.reduceat(np.where(there, rows, -1), starts, axis=0)
    else:
        chosen = np.minimum.reduceat(np.where(there, rows, len(values)), starts, axis=0) % len(values)
        chosen = np.where(np.logical_or.reduceat(there, starts, axis=0), chosen, -1)
    return np.where(chosen >= 0, np.take_along_axis(values, chosen.clip(0), axis=0), np.nan)
