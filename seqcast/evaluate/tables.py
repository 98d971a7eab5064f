"""Where a model is good and where it is not: the figures of the leaderboard by series and by step of the horizon."""

from dataclasses import replace

import numpy as np
import polars as pl
from jaxtyping import Int

from seqcast.data.panel import Panel
from seqcast.evaluate.leaderboard import Backtests, Scales, figures_of, judge
from seqcast.types import Forecast, Task


def by_series(
    panel: Panel, task: Task, backtests: Backtests, first_cutoff_rows: Int[np.ndarray, "series"]
) -> pl.DataFrame:
    """Return one row for each model, series and target, with every figure over all cutoffs and steps.

    Figures that cannot be had are null; series that were not judged at all are left out.
    """
    scales = Scales.of(panel, first_cutoff_rows, task.season)
    parts = []
    for name, (forecast, _) in backtests.items():
        figures = figures_of(panel, task, forecast, scales)
        series, target = np.nonzero(~np.isnan(figures["mae"]))
        names = {
            "model": [name] * len(series),
            "series": [panel.series[s] for s in series],
            "target": [panel.columns.target[k] for k in target],
        }
        parts.append(pl.DataFrame({**names, **{key: table[series, target] for key, table in figures.items()}}))
    return pl.concat(parts).fill_nan(None)


def by_horizon(
    panel: Panel, task: Task, backtests: Backtests, first_cutoff_rows: Int[np.ndarray, "series"]
) -> pl.DataFrame:
    """Return one row for each model, target and step (1 the first), each figure a mean over the series judged there."""
    scales = Scales.of(panel, first_cutoff_rows, task.season)
    # A series at one step is a group of its own: the same functions judge it, and series then weigh alike.
    stepwise = Scales(np.repeat(scales.absolute, task.horizon, axis=0), np.repeat(scales.squared, task.horizon, axis=0))
    parts = []
    for name, (forecast, _) in backtests.items():
        origins = forecast.origins
        groups = (origins.series[:, None] * task.horizon + np.arange(task.horizon)).reshape(-1)
        actual = panel.actual(origins, task.horizon)
        figures = judge(actual.reshape(len(groups), 1, -1), _one_step_each(forecast), groups, stepwise)
        for place, target in enumerate(panel.columns.target):
            columns = {key: _over_series(table[:, place], task.horizon) for key, table in figures.items()}
            named = {"model": [name] * task.horizon, "target": [target] * task.horizon}
            parts.append(pl.DataFrame({**named, "step": np.arange(1, task.horizon + 1), **columns}))
    return pl.concat(parts).fill_nan(None)


def _one_step_each(forecast: Forecast) -> Forecast:
    rows, steps, targets = forecast.mean.shape
    mean = forecast.mean.reshape(rows * steps, 1, targets)
    return replace(forecast, mean=mean, values=forecast.values.reshape(rows * steps, 1, targets, -1))


def _over_series(figures: np.ndarray, horizon: int) -> np.ndarray:
    table = figures.reshape(-1, horizon)
    judged = ~np.isnan(table)
    sums = np.where(judged, table, 0.0).sum(axis=0)
    return np.where(judged.any(axis=0), sums / np.maximum(judged.sum(axis=0), 1), np.nan)
