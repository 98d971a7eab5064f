"""Forecasts as tidy tables: one row for each series, time, target and model."""

import numpy as np
import polars as pl

from seqcast.data.panel import Panel
from seqcast.types import Forecast


def tidy(panel: Panel, forecast: Forecast, model: str, *, judged: bool = False) -> pl.DataFrame:
    """Return the forecast as a table `series, time, target, model, mean, q0.1 …`.

    Parameters
    ----------
    panel : Panel
        The table that was forecast.
    forecast : Forecast
        N forecasts of H steps and K targets.
    model : str
        Name for the `model` column.
    judged : bool
        Add `cutoff` and `actual`, as a backtest has them.
    """
    origins, (count, horizon, targets) = forecast.origins, forecast.mean.shape
    times = panel.times_after(origins, horizon)
    each = np.repeat(np.arange(count), horizon * targets)
    columns: dict[str, pl.Series] = {
        "series": pl.Series(np.array(panel.series, dtype=object)[origins.series[each]].astype(str)),
        "time": panel.frequency.datetimes(np.repeat(times.ravel(), targets)),
        "target": pl.Series(np.tile(np.array(panel.columns.target, dtype=object), count * horizon).astype(str)),
        "model": pl.Series([model] * len(each), dtype=pl.String),
    }
    if judged:
        columns["cutoff"] = panel.frequency.datetimes(panel.time_of(origins)[each])
        columns["actual"] = pl.Series(panel.actual(origins, horizon).ravel(), nan_to_null=True)
    columns["mean"] = pl.Series(forecast.mean.ravel(), nan_to_null=True)
    for q, level in enumerate(forecast.quantiles):
        columns[f"q{level:g}"] = pl.Series(forecast.values[..., q].ravel(), nan_to_null=True)
    return pl.DataFrame({name: column.alias(name) for name, column in columns.items()})


def as_written(panel: Panel, table: pl.DataFrame) -> pl.DataFrame:
    """Return a tidy table with its times as the user writes them, for CSV."""
    names = [name for name in ("time", "cutoff") if name in table.columns]
    labels = {name: _labels(panel, table[name]) for name in names}
    return table.with_columns(pl.Series(name, values) for name, values in labels.items())


def _labels(panel: Panel, column: pl.Series) -> list[str]:
    whole = column.cast(pl.Datetime("us")) if column.dtype == pl.Date else column
    if isinstance(whole.dtype, pl.Datetime):
        whole = whole.dt.cast_time_unit("us").dt.replace_time_zone(None) if whole.dtype.time_zone is None else whole
    return panel.frequency.label(whole.to_physical().to_numpy().astype(np.int64))
