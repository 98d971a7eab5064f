"""Panels and forecasts made by hand for the tests of evaluation."""

import numpy as np

from seqcast.data.calendar import Frequency
from seqcast.data.panel import Panel
from seqcast.types import Columns, Forecast, Origins


def panel_of(*series, targets=("y",)):
    """Return a panel of arrays (T, K)."""
    parts = [np.asarray(part, dtype=float).reshape(len(part), len(targets)) for part in series]
    return Panel(
        columns=Columns(time="t", target=targets, series="id"),
        frequency=Frequency(unit="integer"),
        series=tuple("abcdefghij"[: len(parts)]),
        offsets=np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64),
        times=np.concatenate([np.arange(len(part)) for part in parts]).astype(np.int64),
        values=np.concatenate(parts),
        static=np.zeros((len(parts), 0)),
    )


def origins_of(series, rows):
    return Origins(np.asarray(series), np.asarray(rows), np.zeros(len(series), dtype=np.int64))


def forecast_of(origins, mean, spread=1.0, quantiles=(0.1, 0.5, 0.9)):
    """Return a forecast whose quantiles lie `spread` apart around `mean` (N, H, K)."""
    steps = spread * (np.arange(len(quantiles)) - len(quantiles) // 2)
    return Forecast(origins, quantiles, mean, mean[..., None] + steps)
