"""Errors of every model on the backtest, by pair of series and target, by step and by quantile level.

A figure over several pairs is the mean of their own figures, as on the leaderboard: a long series counts no more than
a short one. Steps at which nothing was observed count nowhere. Each is computed by the leaderboard's own functions.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from seqcast.data.panel import Panel
from seqcast.evaluate import metrics
from seqcast.evaluate.leaderboard import Scales
from seqcast.types import Forecast


@dataclass(frozen=True, eq=False)
class Measured:
    """Errors of M models.

    Parameters
    ----------
    models : tuple of str
    mae, mase : float arrays (M, series, K)
    step_mae, step_mase : float arrays (M, H)
    below : float array (M, Q)
        Share of what came at or below each quantile.
    """

    models: tuple[str, ...]
    mae: Float[np.ndarray, "M series K"]
    mase: Float[np.ndarray, "M series K"]
    step_mae: Float[np.ndarray, "M H"]
    step_mase: Float[np.ndarray, "M H"]
    below: Float[np.ndarray, "M Q"]


def mean_over(values: np.ndarray, axis: int | tuple[int, ...]) -> np.ndarray:
    """Return the mean of what is not NaN along `axis`, NaN where there is nothing.

    Examples
    --------
    >>> mean_over(np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]]), 1)
    array([ 2., nan])
    """
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)


def over_steps(values: np.ndarray, series: np.ndarray, count: int) -> np.ndarray:
    """Return the mean over all origins and steps of each series, NaN aside: from (N, H, …) to (series, …).

    Examples
    --------
    >>> over_steps(np.array([[[1.0], [2.0]], [[6.0], [np.nan]]]), np.array([0, 0]), 1)
    array([[3.]])
    """
    total, seen = np.zeros((2, count, *values.shape[2:]))
    there = ~np.isnan(values)
    np.add.at(total, series, np.where(there, values, 0.0).sum(axis=1))
    np.add.at(seen, series, there.sum(axis=1))
    return np.divide(total, seen, out=np.full(total.shape, np.nan), where=seen > 0)


def by_step(
    actual: Float[np.ndarray, "N H K"], point: Float[np.ndarray, "N H K"], series: Int[np.ndarray, "N"], count: int
) -> Float[np.ndarray, "series H K"]:
    """Return the mean absolute error of each series at each step of the horizon.

    Examples
    --------
    >>> by_step(np.array([[[1.0], [2.0]]]), np.zeros((1, 2, 1)), np.array([0]), 1).tolist()
    [[[1.0], [2.0]]]
    """
    _, steps, targets = actual.shape
    groups = (series[:, None] * steps + np.arange(steps)).ravel()
    error = metrics.mae(actual.reshape(-1, 1, targets), point.reshape(-1, 1, targets), groups, count * steps)
    return error.reshape(count, steps, targets)


def first_cutoff(panel: Panel, backtests: Mapping[str, Forecast]) -> np.ndarray:
    """Return the rows of each series known at the earliest cutoff of any model; its whole history without one."""
    rows = panel.history.copy()
    for forecast in backtests.values():
        np.minimum.at(rows, forecast.origins.series, forecast.origins.rows)
    return rows


def measure(panel: Panel, backtests: Mapping[str, Forecast], season: int, horizon: int) -> Measured:
    """Return the errors of every model of `backtests`."""
    scale = Scales.of(panel, first_cutoff(panel, backtests), season).absolute
    count, models = len(panel), len(backtests)
    levels = max((len(forecast.quantiles) for forecast in backtests.values()), default=0)
    mae = np.full((models, *scale.shape), np.nan)
    step_mae, step_mase = np.full((2, models, horizon), np.nan)
    below = np.full((models, levels), np.nan)
    for m, forecast in enumerate(backtests.values()):
        series, point = forecast.origins.series, forecast.median
        actual = panel.actual(forecast.origins, horizon)
        mae[m] = metrics.mae(actual, point, series, count)
        error = by_step(actual, point, series, count)
        step_mae[m], step_mase[m] = mean_over(error, (0, 2)), mean_over(error / scale[:, None], (0, 2))
        under = np.where(np.isnan(actual)[..., None], np.nan, actual[..., None] <= forecast.values)
        below[m] = mean_over(over_steps(under, series, count), (0, 1))
    return Measured(tuple(backtests), mae, mae / scale, step_mae, step_mase, below)
