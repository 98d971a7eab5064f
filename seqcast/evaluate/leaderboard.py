"""Scores of every model on the same backtest, best first, always beside seasonal naive.

Errors that the median minimises (MAE, MASE, sMAPE) judge the median, errors that the mean minimises (RMSE, RMSSE) judge
the mean: no model is asked for one number and judged by another.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from seqcast.data.panel import Panel
from seqcast.evaluate import metrics
from seqcast.types import Forecast, Origins, Task

BASELINE = "seasonal-naive"

Table = Float[np.ndarray, "G K"]
Backtests = Mapping[str, tuple[Forecast, float]]


@dataclass(frozen=True, kw_only=True)
class Score:
    """How one model did on the backtest. Lower is better, but for `skill` and `coverage`.

    Each figure is the mean over series and targets of the figure of one series and target over all its cutoffs and
    steps; nan where it cannot be had.

    Parameters
    ----------
    model : str
        Name of the model.
    mase, rmsse : float
        Absolute and root squared error over that of one-season-back inside the training part.
    mae, rmse, smape : float
        In the unit of the target; `smape` in percent, 0 to 200.
    crps : float
        Twice the mean pinball loss over the quantile levels, in the unit of the target.
    coverage : float
        Share of actual values inside the widest central interval of the quantile levels.
    nominal : float
        What that share should be.
    skill : float
        1 - mase / mase of seasonal naive.
    seconds : float
        Wall time of fitting and forecasting.
    """

    model: str
    mase: float
    mae: float
    rmse: float
    rmsse: float
    smape: float
    crps: float
    coverage: float
    nominal: float
    skill: float
    seconds: float


@dataclass(frozen=True, eq=False)
class Scales:
    """Errors of one-season-back inside the training part, for each series (or group) and target."""

    absolute: Table
    squared: Table

    @classmethod
    def of(cls, panel: Panel, rows: Int[np.ndarray, "series"], season: int) -> "Scales":
        """Return the scales of the first `rows` rows of each series."""
        parts = [panel.targets[low : low + known] for low, known in zip(panel.offsets[:-1], rows, strict=True)]
        shape = (len(panel), len(panel.columns.target))
        absolute = [metrics.seasonal_scale(part, season) for part in parts]
        squared = [metrics.seasonal_scale(part, season, squared=True) for part in parts]
        return cls(np.reshape(absolute, shape), np.reshape(squared, shape))


def leaderboard(
    panel: Panel, task: Task, backtests: Backtests, first_cutoff_rows: Int[np.ndarray, "series"]
) -> tuple[Score, ...]:
    """Score every model on the same origins, the lowest MASE first.

    Parameters
    ----------
    panel : Panel
        The whole table; what came after each origin is read from it.
    task : Task
        Horizon, quantile levels, season.
    backtests : mapping of str to (Forecast, seconds)
        What each model said at every origin, and what it cost.
    first_cutoff_rows : int array (series,)
        Rows of each series known at the first cutoff: the training part that scaled errors are measured by.

    Returns
    -------
    tuple of Score
        Ties are broken by MAE, then by name; a model without a MASE stands last.
    """
    _refuse_other_origins(backtests)
    scales = Scales.of(panel, first_cutoff_rows, task.season)
    figures = {name: figures_of(panel, task, forecast, scales) for name, (forecast, _) in backtests.items()}
    means = {name: {key: _mean(table) for key, table in tables.items()} for name, tables in figures.items()}
    baseline = means.get(BASELINE, {}).get("mase", math.nan)
    pair = metrics.central(task.quantiles)
    scores = [
        Score(
            model=name,
            nominal=pair[2] if pair else math.nan,
            skill=1 - mean["mase"] / baseline if baseline > 0 else math.nan,
            seconds=backtests[name][1],
            **mean,
        )
        for name, mean in means.items()
    ]
    return tuple(sorted(scores, key=_place))


def figures_of(panel: Panel, task: Task, forecast: Forecast, scales: Scales) -> dict[str, Table]:
    """Return every figure of one model by name, each for every series and target (series, K)."""
    actual = panel.actual(forecast.origins, task.horizon)
    return judge(actual, forecast, forecast.origins.series, scales)


def judge(
    actual: Float[np.ndarray, "N H K"], forecast: Forecast, groups: Int[np.ndarray, "N"], scales: Scales
) -> dict[str, Table]:
    """Return every figure by name, each for every group and target."""
    count, median, mean = len(scales.absolute), forecast.median, forecast.mean
    pair = metrics.central(forecast.quantiles)
    inside = np.full_like(scales.absolute, np.nan)
    if pair:
        low, high = forecast.values[..., pair[0]], forecast.values[..., pair[1]]
        inside = metrics.coverage(actual, low, high, groups, count)
    return {
        "mase": metrics.mase(actual, median, groups, scales.absolute),
        "mae": metrics.mae(actual, median, groups, count),
        "rmse": metrics.rmse(actual, mean, groups, count),
        "rmsse": metrics.rmsse(actual, mean, groups, scales.squared),
        "smape": metrics.smape(actual, median, groups, count),
        "crps": metrics.crps(actual, forecast.values, forecast.quantiles, groups, count),
        "coverage": inside,
    }


def to_frame(scores: tuple[Score, ...]) -> pl.DataFrame:
    """Return the scores as a table, one row a model in the same order; what cannot be had is null.

    Examples
    --------
    >>> to_frame(()).columns[:3]
    ['model', 'mase', 'mae']
    """
    schema = {entry.name: pl.String if entry.name == "model" else pl.Float64 for entry in fields(Score)}
    return pl.DataFrame([asdict(score) for score in scores], schema=schema).fill_nan(None)


def _refuse_other_origins(backtests: Backtests) -> None:
    asked = [(name, _sorted(forecast.origins)) for name, (forecast, _) in backtests.items()]
    for name, origins in asked[1:]:
        if not np.array_equal(origins, asked[0][1]):
            raise ValueError(f"Models are compared on the same origins only; {asked[0][0]} and {name} have others.")


def _sorted(origins: Origins) -> np.ndarray:
    return np.sort(origins.series * (origins.rows.max(initial=0) + 1) + origins.rows)


def _mean(table: Table) -> float:
    """Return the mean over series and targets that could be judged; nan when a forecast was missing in one of them."""
    judged = table[~np.isnan(table)]
    if not len(judged) or not np.isfinite(judged).all():
        return math.nan
    largest = max(float(np.abs(judged).max()), np.finfo(float).tiny)
    return float(largest * np.mean(judged / largest))


def _place(score: Score) -> tuple[Any, ...]:
    figures = (score.mase, score.mae)
    return (*((math.isnan(figure), figure if figure == figure else 0.0) for figure in figures), score.model)
