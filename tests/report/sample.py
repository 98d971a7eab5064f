"""Runs to draw: real and made-up panels with forecasts simple enough to be checked by eye."""

import gzip
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from seqcast.data.calendar import Frequency
from seqcast.data.panel import Panel
from seqcast.evaluate.leaderboard import Score
from seqcast.report.measure import mean_over, measure
from seqcast.report.run import Run
from seqcast.train.progress import EpochRecord
from seqcast.types import Columns, Forecast, Origins, Task

HOUR = 3_600_000_000
NAMES = ("hybrid", "lstm", "gru", "theta", "ets", "arima", "seasonal-naive", "ar", "rnn", "naive", "drift")


def make_panel(values: np.ndarray, *, series: tuple[str, ...] = ("A",), targets: tuple[str, ...] = ("y",)) -> Panel:
    """Return hourly series of the same length from values (series, T, K)."""
    count, steps, width = values.shape
    return Panel(
        columns=Columns(time="date", target=targets, series="id" if count > 1 else None),
        frequency=Frequency(unit="hour", precision="minute"),
        series=series,
        offsets=np.arange(count + 1, dtype=np.int64) * steps,
        times=np.tile(np.arange(steps, dtype=np.int64) * HOUR + 1_467_331_200_000_000, count),
        values=values.reshape(-1, width).astype(float),
        static=np.zeros((count, 0)),
    )


def etth1(shared: Path) -> Panel:
    """Return ETTh1: seven targets, hourly."""
    with gzip.open(shared / "data/ett/ETTh1.csv.gz") as file:
        frame = pl.read_csv(file.read())
    names = tuple(frame.columns[1:])
    panel = make_panel(frame.select(names).to_numpy()[None], series=("ETTh1",), targets=names)
    return replace(panel, notes=("Time: column date, every hour.", "Targets: all seven numeric columns."))


def origins_of(panel: Panel, horizon: int, windows: int) -> Origins:
    """Return `windows` cutoffs, one horizon apart, that end with the history."""
    count = len(panel)
    back = np.repeat(np.arange(windows, 0, -1), count) * horizon
    series = np.tile(np.arange(count), windows)
    return Origins(series, panel.history[series] - back, np.repeat(np.arange(windows), count))


def forecast_of(panel: Panel, task: Task, origins: Origins, blend: float, drift: float = 0.0) -> Forecast:
    """Return a mix of the last value (0) and the mean of the last seasons (1), with intervals from past changes."""
    known = origins.rows[:, None] - task.season * np.arange(1, 4)
    steps = np.arange(task.horizon) % task.season
    start = panel.offsets[origins.series]
    seasons = np.nanmean(panel.targets[(start[:, None] + known)[..., None] + steps], axis=1)
    held = pl.DataFrame(panel.targets).with_columns(pl.all().fill_nan(None).forward_fill()).to_numpy()
    last = held[start + origins.rows - 1][:, None]
    slope = drift * np.arange(1, task.horizon + 1)[:, None]
    mean = blend * seasons + (1 - blend) * last + slope
    spread = np.nanstd(np.diff(panel.targets[: start[0] + int(origins.rows[0])], axis=0), axis=0)
    width = spread * np.sqrt(np.arange(1, task.horizon + 1))[:, None]
    normal = np.array([-1.96, -1.28, -0.84, -0.52, -0.25, 0.0, 0.25, 0.52, 0.84, 1.28, 1.96])
    levels = np.interp(task.quantiles, [0.025, *(np.arange(1, 10) / 10), 0.975], normal)
    return Forecast(origins, task.quantiles, mean, mean[..., None] + width[None, ..., None] * levels)


def records(epochs: int, best: int, seed: int) -> tuple[EpochRecord, ...]:
    """Return a plausible training run."""
    noise = np.random.default_rng(seed).normal(0, 0.004, (epochs, 2))
    out = []
    for e in range(1, epochs + 1):
        train, valid = 0.25 + 0.4 * math.exp(-e / 4), 0.3 + 0.35 * math.exp(-e / 4) + 0.002 * abs(e - best)
        train, valid = train + noise[e - 1, 0], valid + noise[e - 1, 1]
        out.append(EpochRecord(epoch=e, train_loss=train, valid_loss=valid, train_error=2 * train,
                               valid_error=2 * valid, rate=1e-3, seconds=1.7))  # fmt: skip
    return tuple(out)


def scores_of(panel: Panel, task: Task, backtests: dict[str, Forecast]) -> list[Score]:
    """Return scores whose MASE, MAE and skill follow from the forecasts; the other figures are fill."""
    found = measure(panel, backtests, task.season, task.horizon)
    mase = dict(zip(found.models, mean_over(found.mase, (1, 2)).tolist(), strict=True))
    yard = mase.get("seasonal-naive", math.nan)
    return [
        Score(
            model=name,
            mase=mase[name],
            mae=float(np.nanmean(found.mae[m])),
            rmse=1.3 * float(np.nanmean(found.mae[m])),
            rmsse=mase[name],
            smape=40 * mase[name],
            crps=0.7 * float(np.nanmean(found.mae[m])),
            coverage=float(found.below[m, -1] - found.below[m, 0]),
            nominal=task.quantiles[-1] - task.quantiles[0],
            skill=1 - mase[name] / yard,
            seconds=0.4 * 2.1**m,
        )  # fmt: skip
        for m, name in enumerate(backtests)
    ]


def sample_run(panel: Panel, task: Task, *, windows: int = 5, names: tuple[str, ...] = NAMES) -> Run:
    """Return a run of simple forecasters under the names of real ones."""
    origins, end = origins_of(panel, task.horizon, windows), panel.at_end()
    mixes = {name: max(1 - 0.11 * i, 0.0) for i, name in enumerate(names)} | {"seasonal-naive": 0.45}
    backtests = {
        name: forecast_of(panel, task, origins, mixes[name], drift=0.02 if name == "drift" else 0.0) for name in names
    }
    return Run(
        panel=panel,
        task=task,
        scores=sorted(scores_of(panel, task, backtests), key=lambda score: score.mase),
        backtests=backtests,
        final={name: forecast_of(panel, task, end, mixes[name]) for name in names[:2]},
        training={"hybrid": records(24, 15, 0), "lstm": records(12, 7, 1)},
        settings={
            "source": "ETTh1.csv.gz",
            "columns": {"target": list(panel.columns.target), "time": "date"},
            "run": {"horizon": task.horizon, "models": list(names), "quantiles": list(task.quantiles), "seed": 0},
            "model": {"hybrid": {"hidden": 64, "patch": None}},
        },
        versions={"seqcast": "0.1.0", "python": "3.11.7", "torch": "2.13.0", "numpy": "2.4.1", "polars": "2.1.0"},
        notes=("arima: seasonal decomposition, then a non-seasonal search on the last 1,000 rows.",),
        seconds=215.0,
        source="ETTh1.csv.gz",
    )
