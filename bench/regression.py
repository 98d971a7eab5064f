"""Does our training reach what Keras' does, and is one network for three targets worth three for one each?

    python -m bench.regression [--part windows|air] [--seeds 3] [--presets forecast,average-pool]

`windows`: 1000 × 10 × 5 with a known answer (examples/regression.py), 640 train, 160 validate, 200 test; the network of
the preset average-pool here and in Keras (torch backend), min-max scaling by the training part, Adam at 1e-3, MSE, 50
epochs, batches of 32, patience 5, best weights restored. About 3 minutes.

`air`: CO, NOx and NO2 of the air-quality table a day ahead, the last 28 days as test; each preset as one joint network
and as three single ones. The least validation loss chooses; the test is reported once. About 15 minutes.

The last line is one JSON object.
"""

import argparse
import json
import os
import tempfile
from typing import Any

import numpy as np

from examples.regression import AIR, NOISE, POLLUTANTS, known_answer, linear

TRAIN, KNOWN = 640, 800
RECIPE = {"epochs": 50, "batch": 32, "patience": 5, "lr": 1e-3, "schedule": "constant"}


def windows(seeds: int) -> dict[str, Any]:
    """Return test MSE and MAE by model, each a list over the seeds of data and training alike."""
    from seqcast import Regressor

    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(seeds):
        X, y = known_answer(seed=seed)
        late = X[KNOWN:], y[KNOWN:]
        for scaler in ("minmax", "standard"):
            for name, more in (("constant 1e-3", RECIPE), ("one-cycle 2e-3", {"epochs": 50, "batch": 32})):
                regressor = Regressor(training=more, scaler=scaler, seed=seed).fit(X[:KNOWN], y[:KNOWN])
                score = regressor.score(*late)
                found.setdefault(f"seqcast {scaler} {name}", []).append((score["mse"], score["mae"]))
            found.setdefault(f"keras {scaler}", []).append(errors(keras_answers(X, y, scaler, seed), late[1]))
        found.setdefault("linear", []).append(errors(linear(X[:KNOWN], y[:KNOWN], late[0]), late[1]))
        found.setdefault("training mean", []).append((score["mse_of_mean"], score["mae_of_mean"]))
        print(seed, {name: round(values[-1][0], 4) for name, values in found.items()}, flush=True)
    rows = {
        name: {"mse": [round(mse, 4) for mse, _ in values], "mae": [round(mae, 4) for _, mae in values]}
        for name, values in found.items()
    }
    return {"noise floor": NOISE**2, "test": rows}


def errors(answers: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return mean squared and mean absolute error."""
    return float(np.square(answers - truth).mean()), float(np.abs(answers - truth).mean())


def keras_answers(X: np.ndarray, y: np.ndarray, scaler: str, seed: int) -> np.ndarray:
    """Return what the same network, built and trained by Keras on the same parts, says of the test part."""
    os.environ["KERAS_BACKEND"] = "torch"
    os.environ.setdefault("KERAS_HOME", tempfile.mkdtemp(prefix="keras-"))
    import keras
    import torch

    torch.set_num_threads(1)
    x_loc, x_scale = scale_of(X[:TRAIN].reshape(-1, X.shape[-1]), scaler)
    y_loc, y_scale = scale_of(y[:TRAIN], scaler)
    inputs, targets = ((X - x_loc) / x_scale).astype("float32"), ((y - y_loc) / y_scale).astype("float32")
    keras.utils.set_random_seed(seed)
    model = keras_network(keras, X.shape[1:])
    model.compile(keras.optimizers.Adam(1e-3), "mse")
    stop = keras.callbacks.EarlyStopping("val_loss", patience=5, restore_best_weights=True)
    model.fit(
        inputs[:TRAIN],
        targets[:TRAIN],
        validation_data=(inputs[TRAIN:KNOWN], targets[TRAIN:KNOWN]),
        epochs=50,
        batch_size=32,
        callbacks=[stop],
        verbose=0,
    )
    return model.predict(inputs[KNOWN:], verbose=0)[:, 0] * y_scale + y_loc


def keras_network(keras: Any, shape: tuple[int, ...]) -> Any:
    """Return LSTM 64 → dropout → 2 × (attention, add, norm, dropout) → average → dense 64 → dropout → dense 1."""
    layers = keras.layers
    inputs = keras.Input(shape)
    x = layers.Dropout(0.2)(layers.LSTM(64, return_sequences=True)(inputs))
    for _ in range(2):
        found = layers.MultiHeadAttention(num_heads=4, key_dim=64)(x, x)
        x = layers.Dropout(0.2)(layers.LayerNormalization()(x + found))
    x = layers.Dropout(0.2)(layers.Dense(64, activation="relu")(layers.GlobalAveragePooling1D()(x)))
    return keras.Model(inputs, layers.Dense(1)(x))


def scale_of(values: np.ndarray, scaler: str) -> tuple[np.ndarray, np.ndarray]:
    """Return location and scale of each column."""
    if scaler == "minmax":
        return values.min(axis=0), np.ptp(values, axis=0)
    return values.mean(axis=0), values.std(axis=0)


def air(seeds: int, presets: list[str]) -> dict[str, Any]:
    """Return, by preset and by joint or single, the validation loss that chooses and the test MAE of each target."""
    naive = [air_errors("seasonal-naive", [name], {}, 0)["mae"][0] for name in POLLUTANTS]
    found: dict[str, Any] = {"seasonal-naive": {"mae": [[round(mae, 3) for mae in naive]]}}
    for preset in presets:
        settings = {"preset": preset, "context": 96 if preset == "forecast" else 48}  # as tokens: 8 and 48
        for seed in range(seeds):
            joint = air_errors("hybrid", POLLUTANTS, settings, seed)
            singles = [air_errors("hybrid", [name], settings, seed) for name in POLLUTANTS]
            for kind, parts in (("joint", [joint]), ("single", singles)):
                entry = found.setdefault(f"{preset} {kind}", {"valid": [], "mae": [], "seconds": []})
                entry["valid"].append(round(float(np.mean([part["valid"] for part in parts])), 4))
                entry["mae"].append([round(mae, 3) for part in parts for mae in part["mae"]])
                entry["seconds"].append(round(sum(part["seconds"] for part in parts)))
            print(preset, seed, {kind: found[f"{preset} {kind}"] for kind in ("joint", "single")}, flush=True)
    return {"targets": POLLUTANTS, "test": found}


def air_errors(model: str, targets: list[str], settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Return the least validation loss, seconds and the test MAE of each target, from one fit before the test part."""
    from seqcast.config import Settings
    from seqcast.data.table import read_panel
    from seqcast.evaluate.plan import plan
    from seqcast.evaluate.study import Limits, compare
    from seqcast.forecasters.build import build_forecaster

    asked = Settings.from_mapping(
        {
            "columns": {"target": targets, "ignore": ["NMHC(GT)"]},
            "table": {"decimal": ",", "missing": ["-200"]},
            "run": {"horizon": 24, "windows": 28, "models": [model], "seed": seed},
            "training": {"epochs": 12, "steps": 50, "patience": 4, "loss": "mae"},
            "model": {model: settings} if settings else {},
        }
    )
    panel = read_panel(AIR, asked.columns, asked.table)
    past = compare(panel, plan(panel, asked.run), [build_forecaster(model, asked)], Limits()).backtests[model]
    rows = past.forecast.origins.rows[:, None] + np.arange(24)
    wrong = np.abs(past.forecast.mean - panel.targets[rows])
    valid = min((record.valid_loss for record in past.records), default=float("nan"))
    return {"valid": valid, "mae": np.nanmean(wrong, axis=(0, 1)).tolist(), "seconds": past.seconds}


def main() -> None:
    """Measure what was asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("windows", "air"), default="windows")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--presets", default="forecast,average-pool,attention-pool")
    given = parser.parse_args()
    found = windows(given.seeds) if given.part == "windows" else air(given.seeds, given.presets.split(","))
    print(json.dumps({"question": f"regression, {given.part}", **found}))


if __name__ == "__main__":
    main()
