"""How good is a model on the long-horizon benchmark of the field, by its protocol with a fair loader?

    OMP_NUM_THREADS=1 python -m bench.lsf --data ETTh1.csv.gz [--horizons 96,192,336,720] [--seeds 3] [--model hybrid]

Columns are scaled by mean and population deviation of the training rows; errors are of the scaled values of all
columns, over every test window at stride 1; targets never reach back over a border, inputs may. ETTh: 8,640 rows train,
2,880 validate, 2,880 test; ETTm four times as many; others 70, 10 and 20 %. One model for each horizon, stopped by
its loss on the validation part, and chosen there by squared times absolute error: the trained network, or what it
started from. `--model` takes every model of the registry, and `linear`: DLinear (Zeng et al., 2023),
336 steps back unless told, batches of 32, MSE; the rate of our schedule was chosen by the validation part.

`--context`, `--loss`, `--set model.hybrid.width=128` change a setting; `--budget` ends each training after so many
seconds. Each finished training is a line of `--keep FILE`; a second run of the same code
reads it instead of training anew. The last line of stdout is one JSON object.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from bench.keep import kept
from bench.protocol import ANCHORS, Borders, DLinear, Errors, errors
from seqcast.budget import Deadline
from seqcast.cli.options import settings_of
from seqcast.config import Settings, built
from seqcast.data.encode import fit_encoder
from seqcast.data.options import RoleOptions
from seqcast.data.panel import Panel
from seqcast.data.season import worthwhile_season
from seqcast.data.table import read_panel
from seqcast.data.window import Windows
from seqcast.forecasters.build import build_forecaster
from seqcast.forecasters.feeding import evenly, one_thread, parts, predicted, seeded, source_of
from seqcast.forecasters.outputs import reading_of
from seqcast.forecasters.start import started
from seqcast.models.names import NETWORK_NAMES
from seqcast.models.registry import NETWORKS, ModelConfig, settled
from seqcast.train.config import FitConfig
from seqcast.train.loop import Hooks, fit
from seqcast.types import Origins, Task

_DLINEAR = {"epochs": 10, "steps": 10**6, "batch": 32, "lr": 5e-4, "patience": 3, "loss": "mse", "weight_decay": 0.0}
_DLINEAR_CONTEXT = 336
_OWN = {"epochs": 6, "steps": 50, "lr": 5e-4, "patience": 6, "loss": "mae", "weight_decay": 0.01}
_SERIES = 448  # windows times columns in a batch, and 32 times as many to stop by


@dataclass(frozen=True)
class Trained:
    """What one training gave."""

    horizon: int
    seed: int
    context: int
    valid_mse: float
    valid_mae: float
    mse: float
    mae: float
    epochs: int
    cpu_seconds: float
    test_windows: int


@dataclass(frozen=True)
class Trial:
    """One model on one table."""

    panel: Panel
    borders: Borders
    model: str
    settings: Settings

    def at(self, horizon: int, seed: int, budget: float | None) -> Trained:
        """Train for one horizon, choose by the validation part, and score the test part."""
        began = time.process_time()
        learn = self._network if self.model in (*NETWORK_NAMES, "linear") else self._local
        task = Task(horizon=horizon, season=self.panel.frequency.season)
        context, epochs, valid, test = learn(task, seed, Deadline.after(budget))
        windows = self.borders.test - self.borders.valid - horizon + 1
        return Trained(horizon, seed, context, *valid, *test, epochs, round(time.process_time() - began, 1), windows)

    def _network(self, task: Task, seed: int, deadline: Deadline) -> "Learnt":
        known = self.panel.before(np.array([self.borders.train]))
        training = built(FitConfig, dict(self.settings.training), "training")
        reading = reading_of(training.loss)
        config = self._config(task)
        context = (
            config.context if config else self.settings.model.get("linear", {}).get("context")
        ) or _DLINEAR_CONTEXT
        device = training.torch_device()
        windows = Windows.of(self.panel, fit_encoder(known), context, task.horizon, str(device))
        train, valid, test = self.borders.origins(context, task.horizon)
        few = evenly(valid, max(1, 32 * _SERIES // windows.target.shape[1]))
        with seeded(seed):
            dims = windows.dims(task, reading.outputs(task.quantiles), worthwhile_season(known, task))
            if config:
                net, _ = started(self.model, config, dims, windows, (train, valid))
            else:
                net = DLinear(context, task.horizon).to(device)
            start = {name: value.clone() for name, value in net.state_dict().items()}
            source = source_of(windows, self.panel, (train, few), training, seed)
            quantiles = torch.tensor(task.quantiles, device=device)
            run, _ = fit(net, source, quantiles, training, hooks=Hooks(deadline=deadline))
        net.eval()

        def said(part: Origins) -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for some in parts(part, windows.target.shape[1]):
                with one_thread():
                    outputs = predicted(net, windows, some).double().cpu().numpy()
                yield reading.read(outputs, task.quantiles).point, windows.batch(some).target.double().cpu().numpy()

        trained = errors(said(few))
        net.load_state_dict(start)
        before = errors(said(few))
        if np.prod(trained) < np.prod(before):
            net.load_state_dict(dict(run.best))
        return context, len(run.records), min(trained, before, key=np.prod), errors(said(test))

    def _config(self, task: Task) -> ModelConfig | None:
        if self.model == "linear":
            return None
        given = built(NETWORKS[self.model].config, self.settings.model.get(self.model, {}), f"model.{self.model}")
        return settled(given, task, self.borders.train)

    def _local(self, task: Task, seed: int, deadline: Deadline) -> "Learnt":
        known = self.panel.before(np.array([self.borders.train]))
        scaler = fit_encoder(known).scaler
        fitted = build_forecaster(self.model, self.settings).fit(known, task, deadline)

        def said(part: Origins) -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for few in parts(part):
                forecast = fitted.predict(self.panel, few).mean
                actual = self.panel.actual(few, task.horizon)
                count = actual.shape[-1]
                loc, scale = scaler.loc[0, :count], scaler.scale[0, :count]
                yield (forecast - loc) / scale, (actual - loc) / scale

        _, valid, test = self.borders.origins(0, task.horizon)
        return 0, 0, errors(said(valid)), errors(said(test))


Learnt = tuple[int, int, Errors, Errors]  # context, epochs, errors of validation and test


def main() -> None:
    """Train what is asked, print a table with the anchors beside it, and the JSON line."""
    given = _arguments()
    name = given.data.name.split(".")[0]
    panel = table(given.data)
    trial = Trial(panel, Borders.of(name, int(panel.rows[0])), given.model.replace("_", "-"), _settings(given))
    horizons = [int(word) for word in given.horizons.split(",")]
    found: dict[int, list[Trained]] = {horizon: [] for horizon in horizons}
    for seed in range(given.seeds if trial.model in (*NETWORK_NAMES, "linear") else 1):
        for horizon in horizons:
            found[horizon].append(_trained(trial, horizon, seed, given))
            print(json.dumps(asdict(found[horizon][-1])), flush=True)
    _table(name, trial.model, found)
    print(json.dumps(_summary(str(given.data), given.model, found)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--horizons", default="96,192,336,720")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--model", default="hybrid")
    parser.add_argument("--context", type=int)
    parser.add_argument("--loss")
    parser.add_argument("--budget", type=float)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


def table(path: Path) -> Panel:
    """Return the table with every column but the first, which holds the dates, as a target."""
    return read_panel(str(path), RoleOptions(target=tuple(pl.read_csv(path, n_rows=1).columns[1:])))


def _settings(given: argparse.Namespace) -> Settings:
    settings = settings_of(str(given.data), {"horizon": 1, "set": given.set})
    columns = len(pl.read_csv(given.data, n_rows=1).columns) - 1
    own = _DLINEAR if given.model == "linear" else {**_OWN, "batch": max(8, min(64, _SERIES // columns))}
    training = {**own, **settings.training, **({"loss": given.loss} if given.loss else {})}
    context = {given.model: {**settings.model.get(given.model, {}), "context": given.context}} if given.context else {}
    return replace(settings, training=training, model={**settings.model, **context})


def _trained(trial: Trial, horizon: int, seed: int, given: argparse.Namespace) -> Trained:
    """Return what an earlier run of the same code kept of this very training, or train and keep it."""
    values = hashlib.sha256(trial.panel.values.tobytes()).hexdigest()
    question = [trial.model, values, trial.settings.to_mapping(), horizon, seed, given.budget]
    return kept(given.keep, question, lambda: trial.at(horizon, seed, given.budget), Trained)


def _table(name: str, model: str, found: dict[int, list[Trained]]) -> None:
    print(f"\n{name}: test MSE, mean of the seeds (range)\n" + "".join(f"{horizon:>24}" for horizon in ["", *found]))
    cells = [f"{_mean(runs, 'mse'):.4f} ({_spread(runs):.4f})" for runs in found.values()]
    print("".join(f"{cell:>24}" for cell in [model, *cells]))
    print("".join(f"{cell:>24}" for cell in ["its MAE", *(f"{_mean(runs, 'mae'):.4f}" for runs in found.values())]))
    for peer, values in ANCHORS.get(name, {}).items():
        known = dict(zip((96, 192, 336, 720), values, strict=True))
        shown = [f"{known[horizon]:.3f}" if horizon in known else "" for horizon in found]
        print("".join(f"{cell:>24}" for cell in [f"{peer} (published)", *shown]))


def _mean(runs: list[Trained], figure: str) -> float:
    return float(np.mean([getattr(run, figure) for run in runs]))


def _spread(runs: list[Trained]) -> float:
    return max(run.mse for run in runs) - min(run.mse for run in runs)


def _summary(data: str, model: str, found: dict[int, list[Trained]]) -> dict[str, Any]:
    every = [run for runs in found.values() for run in runs]
    means = {figure: {str(h): round(_mean(runs, figure), 4) for h, runs in found.items()} for figure in ("mse", "mae")}
    return {
        "data": data,
        "model": model,
        "context": sorted({run.context for run in every}),
        **means,
        "mse_mean": round(float(np.mean([*means["mse"].values()])), 4),
        "mae_mean": round(float(np.mean([*means["mae"].values()])), 4),
        "mse_range": {str(horizon): round(_spread(runs), 4) for horizon, runs in found.items()},
        "seeds": max(len(runs) for runs in found.values()),
        "cpu_seconds": round(sum(run.cpu_seconds for run in every), 1),
        "test_windows": {str(horizon): runs[0].test_windows for horizon, runs in found.items()},
    }


if __name__ == "__main__":
    main()
