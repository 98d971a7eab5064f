"""Figures of merit as pure functions on arrays; what was not observed (NaN) does not count.

Each function returns one figure for each group and target, (G, K): a group is a series, or a series at one step. So a
mean over groups weighs every series alike, however long it is. A group with nothing to judge gets nan; a forecast that
is missing where something was observed is infinitely wrong, never passed over.

Before anything is subtracted or squared, a group is divided by a power of two near its largest number, so that values
of 1e200 or 1e-200 neither overflow nor vanish; a power of two changes no bit of the result otherwise.

After Hyndman & Koehler (2006) for the scaled errors and Gneiting & Raftery (2007) for the pinball loss and the CRPS.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

Cells = Float[np.ndarray, "N H K"]
Groups = Int[np.ndarray, "N"]
Table = Float[np.ndarray, "G K"]


def mae(actual: Cells, point: Cells, groups: Groups, count: int) -> Table:
    """Return the mean absolute error, in the unit of the target.

    Parameters
    ----------
    actual, point : float array (N, H, K)
        What came, NaN where nothing was observed; what was forecast.
    groups : int array (N,)
        Group of each forecast, from 0 to `count` - 1.
    count : int
        Number of groups G.

    Examples
    --------
    >>> actual = np.array([[[1.0], [np.nan], [3.0]]])
    >>> mae(actual, np.zeros((1, 3, 1)), np.array([0]), 1)
    array([[2.]])
    """
    unit = _unit([actual, point], groups, count)
    return unit * _grouped_mean(np.abs(_difference(actual, point, unit[groups])), groups, count)


def rmse(actual: Cells, point: Cells, groups: Groups, count: int) -> Table:
    """Return the root mean squared error, in the unit of the target.

    Examples
    --------
    >>> rmse(np.array([[[3.0], [4.0]]]), np.zeros((1, 2, 1)), np.array([0]), 1).round(4)
    array([[3.5355]])
    """
    unit = _unit([actual, point], groups, count)
    return unit * np.sqrt(_grouped_mean(_difference(actual, point, unit[groups]) ** 2, groups, count))


def mase(actual: Cells, point: Cells, groups: Groups, scale: Table) -> Table:
    """Return the mean absolute error over `scale`, the one that `seasonal_scale` gives for each group.

    Examples
    --------
    >>> mase(np.array([[[3.0]]]), np.array([[[1.0]]]), np.array([0]), np.array([[4.0]]))
    array([[0.5]])
    """
    return mae(actual, point, groups, len(scale)) / scale


def rmsse(actual: Cells, point: Cells, groups: Groups, scale: Table) -> Table:
    """Return the root mean squared error over `scale`, the squared one that `seasonal_scale` gives for each group.

    Examples
    --------
    >>> rmsse(np.array([[[3.0]]]), np.array([[[1.0]]]), np.array([0]), np.array([[4.0]]))
    array([[0.5]])
    """
    return rmse(actual, point, groups, len(scale)) / scale


def smape(actual: Cells, point: Cells, groups: Groups, count: int) -> Table:
    """Return the symmetric mean absolute percentage error, 0 to 200; a zero forecast as zero is no error.

    Examples
    --------
    >>> smape(np.array([[[1.0], [0.0]]]), np.array([[[3.0], [0.0]]]), np.array([0]), 1)
    array([[50.]])
    """
    largest = np.maximum(np.abs(actual), np.abs(point))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.abs(actual / largest - point / largest) / (np.abs(actual / largest) + np.abs(point / largest))
    share = np.where(largest == 0, 0.0, share)
    return 200 * _grouped_mean(_missing_is_infinite(share, actual, point), groups, count)


def pinball(
    actual: Cells, values: Float[np.ndarray, "N H K Q"], levels: Sequence[float], groups: Groups, count: int
) -> Table:
    """Return the pinball loss, mean over the quantile levels, in the unit of the target.

    Examples
    --------
    >>> pinball(np.array([[[10.0]]]), np.array([[[[8.0, 11.0]]]]), (0.5, 0.9), np.array([0]), 1)
    array([[0.55]])
    """
    by_level = [values[..., q] for q in range(values.shape[-1])]
    unit = _unit([actual, *by_level], groups, count)
    total = np.zeros_like(actual)
    for level, value in zip(levels, by_level, strict=True):
        gap = _difference(actual, value, unit[groups])
        total += np.maximum(level * gap, (level - 1) * gap)
    return unit * _grouped_mean(total / len(levels), groups, count)


def crps(
    actual: Cells, values: Float[np.ndarray, "N H K Q"], levels: Sequence[float], groups: Groups, count: int
) -> Table:
    """Return twice the mean pinball loss: the CRPS as far as these levels can tell it.

    Examples
    --------
    >>> crps(np.array([[[10.0]]]), np.array([[[[8.0, 11.0]]]]), (0.5, 0.9), np.array([0]), 1)
    array([[1.1]])
    """
    return 2 * pinball(actual, values, levels, groups, count)


def coverage(actual: Cells, low: Cells, high: Cells, groups: Groups, count: int) -> Table:
    """Return the share of actual values from `low` to `high`, both included.

    Examples
    --------
    >>> coverage(np.array([[[1.0], [5.0]]]), np.zeros((1, 2, 1)), np.full((1, 2, 1), 2.0), np.array([0]), 1)
    array([[0.5]])
    """
    inside = ((low <= actual) & (actual <= high)).astype(float)
    return _grouped_mean(np.where(np.isnan(actual), np.nan, inside), groups, count)


def central(levels: Sequence[float]) -> tuple[int, int, float] | None:
    """Return the places of the widest pair of levels that leaves the same share on both sides, and its width.

    Examples
    --------
    >>> central((0.1, 0.5, 0.9)), central((0.5, 0.9))
    ((0, 2, 0.8), None)
    """
    for low, level in enumerate(levels):
        for high in range(len(levels) - 1, low, -1):
            if abs(level + levels[high] - 1) < 1e-9:
                return low, high, round(levels[high] - level, 9)
    return None


def seasonal_scale(history: Float[np.ndarray, "T K"], season: int, *, squared: bool = False) -> Float[np.ndarray, "K"]:
    """Return the error, inside the history, of forecasting each step by the one a season before.

    Where the history has no such pair or repeats itself exactly, the step just before is taken instead; where that
    gives nothing either (a constant, one value), the scale is nan, and so are the errors scaled by it.

    Parameters
    ----------
    history : float array (T, K)
        The training part, NaN where missing.
    season : int
        Steps of the main seasonal cycle.
    squared : bool
        Return the root of the mean squared error (for RMSSE) instead of the mean absolute error (for MASE).

    Examples
    --------
    >>> seasonal_scale(np.array([[1.0], [2.0], [4.0], [6.0]]), season=2)
    array([3.5])
    """
    cells, group = history[None], np.zeros(1, dtype=np.int64)
    measure = rmse if squared else mae
    # Rounding leaves a trace of about this size where a series repeats itself exactly.
    noise = 8 * np.finfo(float).eps * np.max(np.abs(history), axis=0, initial=0.0, where=~np.isnan(history))
    scale = np.full(history.shape[1], np.nan)
    for lag in (season, 1):
        before = cells[:, :-lag]
        after = np.where(np.isnan(before), np.nan, cells[:, lag:])
        found = measure(after, before, group, 1)[0]
        scale = np.where(np.isnan(scale) & (found > noise), found, scale)
    return scale


def _difference(actual: Cells, point: Cells, unit: Float[np.ndarray, "N K"]) -> Cells:
    gap = actual / unit[:, None] - point / unit[:, None]
    return _missing_is_infinite(gap, actual, point)


def _missing_is_infinite(loss: Cells, actual: Cells, point: Cells) -> Cells:
    loss = np.where(np.isnan(point) | np.isinf(point), np.inf, loss)
    return np.where(np.isnan(actual), np.nan, loss)


def _unit(arrays: Sequence[Cells], groups: Groups, count: int) -> Table:
    """Return for each group and target the power of two just below its largest number; 1 where all are 0."""
    largest = np.zeros((count, arrays[0].shape[2]))
    for array in arrays:
        size = np.where(np.isfinite(array), np.abs(array), 0.0).max(axis=1, initial=0.0)
        np.maximum.at(largest, groups, size)
    _, exponent = np.frexp(largest)
    return np.where(largest > 0, np.ldexp(1.0, exponent - 1), 1.0)


def _grouped_mean(loss: Cells, groups: Groups, count: int) -> Table:
    seen = ~np.isnan(loss)
    sums, counts = np.zeros((count, loss.shape[2])), np.zeros((count, loss.shape[2]))
    np.add.at(sums, groups, np.where(seen, loss, 0.0).sum(axis=1))
    np.add.at(counts, groups, seen.sum(axis=1))
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
