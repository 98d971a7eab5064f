"""Does our Hyperband find what Keras Tuner's does, in what time; does halving pay; does a long search leak?

    python -m bench.tune [--seeds 1] [--control 5] [--memory] [--all]

The learning rate, 1e-5 to 1e-2 by ratio, of the network of the preset average-pool on 1000 × 10 × 5 windows with a
known answer (examples/regression.py): 640 train, 160 validate, 200 test, scaled by the training part. Adam, MSE,
batches of 32, constant rate, no clipping. Hyperband of at most 10 epochs and factor 3. The data are the same for every
seed; the seed is that of weights, sample order and draws.

Without options: one search of ours and one of Keras Tuner's (keras on torch), each alone in a process of one thread;
seconds are of the search, without imports. `--control N`: Hyperband with TPE against whole trainings of random
settings for as many epochs, N seeds. `--memory`: 200 trials of one epoch in one process, and how much memory trial 200
has beside trial 20 (Linux). `--all`: everything.

Keras Tuner is no dependency: pip install keras-tuner. The last line is one JSON object.
"""

import argparse
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from bench.regression import KNOWN, TRAIN, errors, keras_network, scale_of
from examples.regression import known_answer

if TYPE_CHECKING:
    from seqcast.budget import Deadline
    from seqcast.forecasters.windowed import FittedWindows
    from seqcast.train.run import Run
    from seqcast.tune.records import Done, Job, Record
    from seqcast.tune.search import Listener
    from seqcast.tune.space import Params

LOW, HIGH, USUAL = 1e-5, 1e-2, 1e-3  # learning rates; the last is trial 0 of ours
EPOCHS, FACTOR, BATCH = 10, 3, 32
HYPERBAND_TRIALS = 17  # one round of brackets: 9 + 5 + 3 settings
RANDOM_TRIALS = 8  # 80 epochs, against 74 of that round: 9 × 1 + 3 × 2 + 7, 5 × 3 + 7, 3 × 10
MEMORY_TRIALS, MEMORY_FROM = 200, 20
CONTROL_SEEDS = 5
LR = "training.lr"


@dataclass(frozen=True, eq=False)
class Trainer:
    """Judge of a search: trains the network on windows as far as a job asks, and says its least validation loss.

    Parameters
    ----------
    inputs : float array (N, T, F)
        Windows in the order of time; the last 20 % validate.
    targets : float array (N,)
        What is asked of each.
    seed : int
        Of weights, sample order and dropout.
    epochs : int
        Of a whole training.
    settings : mapping
        Of the network, laid over the preset.
    """

    inputs: np.ndarray
    targets: np.ndarray
    seed: int = 0
    epochs: int = EPOCHS
    settings: dict[str, Any] = field(default_factory=dict)

    def __call__(self, job: "Job", params: "Params", folder: Path, deadline: "Deadline | None" = None) -> "Record":
        """Go on with the training that stands in `folder`, and return what it gives."""
        from seqcast.errors import TrainingError
        from seqcast.tune.records import Record

        began = time.monotonic()
        try:
            records = self.fitted(params, job.epochs, folder, deadline).records
        except TrainingError as error:
            return Record(job, params, math.inf, seconds=time.monotonic() - began, failed=str(error))
        loss = min(record.valid_loss for record in records)
        return Record(job, params, loss, loss, len(records), round(time.monotonic() - began, 3))

    def fitted(self, params: "Params", until: int, folder: Path, deadline: "Deadline | None" = None) -> "FittedWindows":
        """Return the network after so many epochs, with the weights of the best; its checkpoint stands in `folder`."""
        from seqcast import Regressor
        from seqcast.budget import Deadline
        from seqcast.train.loop import Hooks
        from seqcast.train.run import Run

        rate = float(params.get(LR) or USUAL)
        recipe = {"epochs": self.epochs, "batch": BATCH, "patience": self.epochs, "lr": rate, "schedule": "constant"}
        as_keras = {"clip": 1e9, "weight_decay": 0.0}
        regressor = Regressor(settings=self.settings, training={**recipe, **as_keras}, valid=0.2, seed=self.seed)
        path, identity = folder / "run.safetensors", f"{rate!r} {self.seed} {self.settings}"
        resume = Run.from_bytes(path.read_bytes(), identity) if path.exists() else None
        last: list[Run] = []

        def kept(run: "Run") -> None:
            last[:] = [run]

        hooks = Hooks(on_epoch=kept, deadline=deadline or Deadline(), until=until)
        fitted = regressor._learner().fit(self.inputs, self.targets[:, None], resume, hooks)
        if last:
            path.write_bytes(last[0].to_bytes(identity))
        return fitted


def search(
    judge: Trainer, method: str, trials: int, home: Path, sampler: str = "tpe", listener: "Listener | None" = None
) -> "Done":
    """Return all that our search over the learning rate finds."""
    from seqcast.ranges import Range
    from seqcast.tune.journal import Journal
    from seqcast.tune.methods import method_named
    from seqcast.tune.samplers import sampler_named
    from seqcast.tune.search import Allowance, Search, work
    from seqcast.tune.space import Space

    space = Space(("hybrid",), {LR: Range(LOW, HIGH, log=True)}, {"hybrid": {}})
    order = method_named(method, judge.epochs, FACTOR, trials)
    journal = Journal(home)
    journal.open({"bench": "tune"})
    return work(Search(space, order, sampler_named(sampler, judge.seed), judge), journal, Allowance(), listener)


def ours(method: str, seed: int) -> dict[str, Any]:
    """Return what one search of ours finds: `hyperband` with TPE, or whole trainings at `random`."""
    X, y = known_answer()
    judge = Trainer(X[:KNOWN], y[:KNOWN], seed)
    trials, sampler = (HYPERBAND_TRIALS, "tpe") if method == "hyperband" else (RANDOM_TRIALS, "random")
    with tempfile.TemporaryDirectory() as home:
        clock = Clock()
        done = search(judge, method, trials, Path(home), sampler)
        spent = clock.spent()
    best = done.best()
    if best is None:
        raise SystemExit("No setting could be trained.")
    with tempfile.TemporaryDirectory() as home:
        fitted = judge.fitted(best.params, best.job.epochs, Path(home))
    wide = float(fitted.targets.scale.ravel()[0]) ** 2
    drawn = min(record.value for record in done.records if record.job.trial)
    return {
        "best": best.value,
        "best_drawn": drawn,
        "lr": float(best.params.get(LR) or USUAL),
        "test": errors(fitted.predict(X[KNOWN:])[:, 0], y[KNOWN:])[0] / wide,
        "settings": len(done.furthest()),
        "trials": len(done.records),
        "epochs": sum(record.reached for record in done.furthest()),
        **spent,
    }


def keras_tuner(seed: int) -> dict[str, Any]:
    """Return what Keras Tuner's Hyperband finds with the same network in the same space."""
    os.environ["KERAS_BACKEND"] = "torch"
    home = tempfile.TemporaryDirectory()
    os.environ["KERAS_HOME"] = home.name
    import keras
    import keras_tuner as kt

    X, y = known_answer()
    x_loc, x_scale = scale_of(X[:TRAIN].reshape(-1, X.shape[-1]), "standard")
    y_loc, y_scale = scale_of(y[:TRAIN], "standard")
    inputs, targets = ((X - x_loc) / x_scale).astype("float32"), ((y - y_loc) / y_scale).astype("float32")
    keras.utils.set_random_seed(seed)

    def built(hp: Any) -> Any:
        model = keras_network(keras, X.shape[1:])
        model.compile(keras.optimizers.Adam(hp.Float("lr", LOW, HIGH, sampling="log")), "mse")
        return model

    with home:
        clock = Clock()
        tuner = kt.Hyperband(
            built, "val_loss", max_epochs=EPOCHS, factor=FACTOR, seed=seed, directory=home.name, overwrite=True
        )
        parts = {"x": inputs[:TRAIN], "y": targets[:TRAIN]}
        known = inputs[TRAIN:KNOWN], targets[TRAIN:KNOWN]
        tuner.search(**parts, validation_data=known, batch_size=BATCH, verbose=0)
        spent = clock.spent()
        answers = tuner.get_best_models(1)[0].predict(inputs[KNOWN:], verbose=0)[:, 0]
    trials = list(tuner.oracle.trials.values())
    values = [trial.hyperparameters.values for trial in trials]
    best = tuner.oracle.get_best_trials(1)[0]
    return {
        "best": best.score,
        "lr": best.hyperparameters.values["lr"],
        "test": errors(answers, targets[KNOWN:])[0],
        "settings": len({value["lr"] for value in values}),
        "trials": len(trials),
        "epochs": sum(value["tuner/epochs"] - value["tuner/initial_epoch"] for value in values),
        **spent,
    }


def memory(seed: int) -> dict[str, Any]:
    """Return resident memory by trial of a long search in one process, and its growth in percent."""
    X, y = known_answer()
    held: dict[int, float] = {}

    def heard(record: "Record", done: "Done") -> None:
        held[record.job.trial] = resident()

    with tempfile.TemporaryDirectory() as home:
        clock = Clock()
        search(Trainer(X[:KNOWN], y[:KNOWN], seed, epochs=1), "random", MEMORY_TRIALS, Path(home), listener=heard)
        spent = clock.spent()
    shown = {trial: round(held[trial], 1) for trial in (1, MEMORY_FROM, MEMORY_TRIALS // 2, MEMORY_TRIALS)}
    return {"MB": shown, "growth %": 100 * (held[MEMORY_TRIALS] / held[MEMORY_FROM] - 1), **spent}


def resident() -> float:
    """Return the megabytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


class Clock:
    """Wall and CPU seconds from its making on."""

    def __init__(self) -> None:
        self._began = time.monotonic(), time.process_time()

    def spent(self) -> dict[str, float]:
        """Return both."""
        return {"wall": time.monotonic() - self._began[0], "cpu": time.process_time() - self._began[1]}


def alone(part: str, seed: int) -> dict[str, Any]:
    """Return what a part gives in a process of its own with one thread."""
    command = [sys.executable, "-m", "bench.tune", "--alone", part, "--seed", str(seed)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    out = subprocess.run(command, env={**os.environ, **threads}, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = json.loads(out.splitlines()[-1])
    print(part, seed, found, flush=True)
    return found


def in_this_process(part: str, seed: int) -> dict[str, Any]:
    """Return what a part gives here."""
    import torch

    torch.set_num_threads(1)
    found = {"keras-tuner": keras_tuner, "memory": memory}[part](seed) if part not in _OURS else ours(part, seed)
    return {name: round(value, 5) if isinstance(value, float) else value for name, value in found.items()}


_OURS = ("hyperband", "random")


def compared(seeds: int, control: int, long: bool) -> dict[str, Any]:
    """Return everything that was asked for."""
    found: dict[str, Any] = {"hyperband": [alone("hyperband", seed) for seed in range(seeds)]}
    if importlib.util.find_spec("keras_tuner"):
        found["keras-tuner"] = [alone("keras-tuner", seed) for seed in range(seeds)]
    else:
        print("Keras Tuner is not installed, so ours stands alone: pip install keras-tuner", flush=True)
    if control:
        more = [alone("hyperband", seed) for seed in range(seeds, control)]
        halving, whole = (found["hyperband"] + more)[:control], [alone("random", seed) for seed in range(control)]
        found["control"] = {
            name: {
                "median": median(one["best_drawn"] for one in each),
                "best_drawn": [one["best_drawn"] for one in each],
                "epochs": [one["epochs"] for one in each],
                "cpu": [one["cpu"] for one in each],
            }
            for name, each in (("hyperband, tpe", halving), ("random", whole))
        }
    return {**found, **({"memory": alone("memory", 0)} if long else {})}


def main() -> None:
    """Measure what was asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--control", type=int, nargs="?", const=CONTROL_SEEDS, default=None, metavar="N")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--alone", choices=(*_OURS, "keras-tuner", "memory"), help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.alone:
        print(json.dumps(in_this_process(given.alone, given.seed)))
        return
    usual = CONTROL_SEEDS if given.all else 0
    control = usual if given.control is None else given.control
    print(json.dumps({"question": "tune", **compared(given.seeds, control, given.memory or given.all)}))


if __name__ == "__main__":
    main()
