"""Regression on windows: several features in, one or more targets out, judged on a part that training never saw.

    .venv/bin/python examples/regression.py [FOLDER] [--epochs N] [--air FILE]

First 1000 windows of 10 steps and 5 features with a known answer, then three pollutants of a real table forecast
together by one network, where that table is at hand. Takes about two minutes on one core; curves and the model go to
FOLDER (runs/regression).
"""

import argparse
import math
from pathlib import Path

import numpy as np
import polars as pl

from seqcast import Forecaster, Regressor
from seqcast.report.training import training_page

NOISE = 0.1  # standard deviation of what no model can know
AIR = Path(__file__).resolve().parents[2] / "shared/data/air_quality/AirQualityUCI.csv.gz"
POLLUTANTS = ["CO(GT)", "NOx(GT)", "NO2(GT)"]


def known_answer(samples: int = 1000, steps: int = 10, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return windows (samples, steps, 5) of one long record of five features, and the answer to each, oldest first.

    The answer hangs on four features and on their order: the product of the first two and the third count most in the
    last steps, the fourth in the first steps. The fifth says nothing. Noise of variance NOISE² lies on top.
    """
    draw = np.random.default_rng(seed)
    record = np.zeros((samples * steps, 5))
    for step in range(1, len(record)):  # each feature remembers its past: samples side by side are alike
        record[step] = 0.6 * record[step - 1] + 0.8 * draw.normal(size=5)
    windows = np.tanh(record).reshape(samples, steps, 5)
    late = 0.8 ** np.arange(steps)[::-1]
    late /= late.sum()
    product = windows[..., 0] * windows[..., 1]
    answer = 3 * product @ late + 1.5 * windows[..., 2] @ late - windows[..., 3] @ late[::-1]
    return windows, answer + NOISE * draw.normal(size=samples)


def linear(X: np.ndarray, y: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Return what least squares on the flattened windows `X`, with answers `y`, says of later windows."""
    flat, asked = (np.column_stack([part.reshape(len(part), -1), np.ones(len(part))]) for part in (X, later))
    return asked @ np.linalg.lstsq(flat, y, rcond=None)[0]


def windows_with_a_known_answer(folder: Path, epochs: int) -> None:
    """Fit on the first 80 %, whose end validates, and report once on the rest."""
    X, y = known_answer()
    cut = len(X) * 8 // 10
    training = {"epochs": epochs, "batch": 32, "patience": 5, "lr": 1e-3, "schedule": "constant"}
    rows = [("noise floor", NOISE**2, NOISE * math.sqrt(2 / math.pi))]
    curves = {}
    for scaler in ("minmax", "standard"):
        regressor = Regressor(model="hybrid", settings={"preset": "average-pool"}, training=training, scaler=scaler)
        score = regressor.fit(X[:cut], y[:cut]).score(X[cut:], y[cut:])
        name = f"hybrid, {scaler}"
        rows.append((name, score["mse"], score["mae"]))
        curves[name] = regressor.fitted_.records
        regressor.save(folder / f"model-{scaler}")
        print(regressor.history.tail(3))
    wrong = linear(X[:cut], y[:cut], X[cut:]) - y[cut:]
    rows.append(("least squares", float(np.square(wrong).mean()), float(np.abs(wrong).mean())))
    rows.append(("training mean", score["mse_of_mean"], score["mae_of_mean"]))
    print(pl.DataFrame(rows, schema=["model", "test MSE", "test MAE"], orient="row"))
    (folder / "curves.html").write_text(training_page(curves), "utf-8")


def pollutants_together(folder: Path, epochs: int, air: Path) -> None:
    """Forecast three pollutants a day ahead with one network, and judge it on the last four weeks."""
    if not air.is_file():
        print(f"{air} is not here, so the second part is left out; give the table with --air FILE.")
        return
    asked = {
        "horizon": 24,
        "target": POLLUTANTS,
        "ignore": ["NMHC(GT)"],  # nine in ten are missing
        "table": {"decimal": ",", "missing": ["-200"]},
    }
    network = Forecaster(
        model="hybrid",
        settings={"preset": "forecast", "context": 168},
        training={"epochs": min(epochs, 12), "steps": 50, "patience": 4, "loss": "mae"},
        **asked,
    ).fit(air)
    (folder / "air.html").write_text(training_page({"hybrid on air quality": network.fitted_.records}), "utf-8")
    yardstick = Forecaster(model="seasonal-naive", **asked).fit(air)
    past = pl.concat([forecaster.backtest(windows=28) for forecaster in (network, yardstick)])
    mae = (pl.col("mean") - pl.col("actual")).abs().mean().alias("test MAE")
    print(past.group_by("target", "model", maintain_order=True).agg(mae).sort("target", "model"))


def main() -> None:
    """Run both parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("runs/regression"))
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--air", type=Path, default=AIR)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    windows_with_a_known_answer(given.folder, given.epochs)
    pollutants_together(given.folder, given.epochs, given.air)


if __name__ == "__main__":
    main()
