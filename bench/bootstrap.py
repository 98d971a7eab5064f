"""Are quantiles drawn from residuals better than normal ones?

Measures, on monthly series of M3 that were drawn with a fixed seed, the last 18 months held out: the share of actual
values inside the 80 % and the 95 % interval, and below and above the latter; mean width, interval score and CRPS over
the mean absolute seasonal change of each series; seconds. Every classical model, with `spread` normal and bootstrap, as
the models give them, without calibration.

    OMP_NUM_THREADS=1 python -m bench.bootstrap [--series 100] [--models naive,ets,…]

The last line of stdout is one JSON object.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from seqcast.budget import Deadline
from seqcast.data.options import RoleOptions
from seqcast.data.panel import Panel
from seqcast.data.split import Rolling
from seqcast.data.table import read_panel
from seqcast.forecasters.classical import build_local
from seqcast.types import Forecast, Task

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "m_competitions"
LEVELS = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)
MODELS = ("naive", "drift", "seasonal-naive", "theta", "ets", "ar", "arima")
HORIZON, SEASON = 18, 12


def sample(count: int) -> Panel:
    """Return so many monthly series of M3."""
    meta = pl.read_csv(DATA / "m3_meta.csv.gz").filter(pl.col("period") == "monthly")
    chosen = sorted(np.random.default_rng(2).choice(meta["series_id"].to_list(), count, replace=False))
    rows = pl.read_csv(DATA / "m3_long.csv.gz").filter(pl.col("series_id").is_in(chosen))
    table = rows.sort("series_id", "t").select("t", pl.col("series_id").alias("id"), "y")
    return read_panel(table, RoleOptions(time="t", target=("y",), series="id"))


def figures(panel: Panel, forecast: Forecast) -> dict[str, float]:
    """Return coverage and losses; every series weighs alike, as all have the same steps."""
    actual = panel.actual(forecast.origins, HORIZON)
    scale = np.empty((len(panel), 1, 1))
    for series, known in enumerate(forecast.origins.rows[np.argsort(forecast.origins.series)]):
        history = panel.targets[panel.offsets[series] :][:known, 0]
        scale[series] = np.abs(history[SEASON:] - history[:-SEASON]).mean()
    scale = scale[forecast.origins.series]
    found = {}
    for label, low, high in (("80", 1, 9), ("95", 0, 10)):
        lower, upper = forecast.values[..., low], forecast.values[..., high]
        outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
        found[f"cover{label}"] = float(((lower <= actual) & (actual <= upper)).mean())
        found[f"width{label}"] = float(((upper - lower) / scale).mean())
        found[f"score{label}"] = float(((upper - lower + 200 / (100 - int(label)) * outside) / scale).mean())
    found["below"] = float((actual < forecast.values[..., 0]).mean())
    found["above"] = float((actual > forecast.values[..., -1]).mean())
    gaps, levels = actual[..., None] - forecast.values, np.array(LEVELS)
    found["crps"] = float((2 * np.maximum(levels * gaps, (levels - 1) * gaps).mean(axis=-1) / scale).mean())
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--models", default=",".join(MODELS))
    given = parser.parse_args()
    panel = sample(given.series)
    rolling = Rolling(horizon=HORIZON, windows=1)
    known, origins = rolling.known_rows(panel)[0], rolling.origins(panel, 3)
    results: dict[str, dict[str, dict[str, float]]] = {}
    for model in given.models.split(","):
        for spread in ("normal", "bootstrap"):
            began = time.monotonic()
            task = Task(horizon=HORIZON, quantiles=LEVELS, season=SEASON, spread=spread)
            forecast = build_local(model).fit(panel.before(known), task, Deadline()).predict(panel, origins)
            found = {key: round(value, 4) for key, value in figures(panel, forecast).items()}
            results.setdefault(model, {})[spread] = {**found, "seconds": round(time.monotonic() - began, 1)}
            print(f"{model:15}{spread:10}{results[model][spread]}", file=sys.stderr, flush=True)
    print(json.dumps({"bench": "bootstrap", "series": given.series, "points": origins.rows.size * HORIZON} | results))


if __name__ == "__main__":
    main()
