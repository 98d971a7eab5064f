"""What seqcast costs beside neuralforecast, darts and Keras: to import, to forecast once, and in arguments to learn.

Usage: python bench/peers.py [--peers /path/to/python] [--rounds 3]. The peers live in an environment of their own;
without it only seqcast is measured. Subjects take turns within a round, each in a fresh process on one thread; a first
round, which compiles, is thrown away, and the median over the others kept. The last line of stdout is one JSON object.
"""

import argparse
import inspect
import json
import os
import statistics
import subprocess
import sys
import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

TABLE = Path(__file__).resolve().parents[1] / "examples/data/ETTh1.csv.gz"
HORIZON, CONTEXT, WIDTH, STEPS, WARM_UP, CALLS = 24, 48, 64, 5, 5, 30
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS"), "1")
SETTING = {**os.environ, **ONE_THREAD, "KERAS_BACKEND": "torch", "PYTHONDONTWRITEBYTECODE": ""}
QUIET = dict.fromkeys(("logger", "enable_progress_bar", "enable_model_summary"), False) | {"accelerator": "cpu"}


def seqcast_lstm() -> Callable[[], int]:
    """Fit the LSTM of seqcast, nine quantiles."""
    import polars as pl

    from seqcast import Forecaster

    size, training = {"width": WIDTH, "context": CONTEXT}, {"epochs": 1, "steps": STEPS}
    forecaster = Forecaster(horizon=HORIZON, target="OT", model="lstm", settings=size, training=training)
    forecaster.fit(pl.read_csv(TABLE, columns=["date", "OT"]))
    return lambda: len(forecaster.predict())


def neuralforecast_lstm() -> Callable[[], int]:
    """Fit the LSTM of neuralforecast, a point forecast."""
    import pandas as pd
    from neuralforecast import NeuralForecast, models

    table = pd.read_csv(TABLE, usecols=["date", "OT"], parse_dates=["date"]).assign(unique_id="OT")
    size = {"encoder_hidden_size": WIDTH, "encoder_n_layers": 1, "decoder_hidden_size": WIDTH, "decoder_layers": 1}
    peer = NeuralForecast([models.LSTM(h=HORIZON, input_size=CONTEXT, max_steps=STEPS, **size, **QUIET)], freq="h")
    peer.fit(table, time_col="date", target_col="OT")
    return lambda: len(peer.predict())


def darts_lstm(name: str, length: dict[str, int]) -> Callable[[], int]:
    """Fit a recurrent model of darts, a point forecast."""
    from darts import TimeSeries, models

    size = {"model": "LSTM", "hidden_dim": WIDTH, "n_rnn_layers": 1, "input_chunk_length": CONTEXT, "n_epochs": 1}
    peer = getattr(models, name)(**size, **length, pl_trainer_kwargs={**QUIET, "limit_train_batches": STEPS})
    peer.fit(TimeSeries.from_csv(TABLE, "date", "OT").astype("float32"))
    return lambda: len(peer.predict(HORIZON))


FORECASTS: dict[str, Callable[[], Callable[[], int]]] = {
    "seqcast lstm": seqcast_lstm,
    "neuralforecast LSTM": neuralforecast_lstm,
    "darts BlockRNNModel": lambda: darts_lstm("BlockRNNModel", {"output_chunk_length": HORIZON}),
    "darts RNNModel": lambda: darts_lstm("RNNModel", {"training_length": CONTEXT + HORIZON}),
}
STARTS = {
    "seqcast Forecaster": ("-c", "from seqcast import Forecaster"),
    "seqcast": ("-c", "import seqcast"),
    "seqcast Forecaster and networks": ("-c", "from seqcast import Forecaster; import seqcast.forecasters.neural"),
    "seqcast --help": ("-m", "seqcast", "--help"),
    **{name: ("-c", f"import {name}") for name in ("torch", "neuralforecast", "darts", "keras")},
    "darts.models": ("-c", "from darts.models import RNNModel"),
}
CLASSES = (
    "seqcast.models.recurrent.RecurrentConfig",
    "seqcast.train.config.FitConfig",
    "neuralforecast.models.LSTM",
    "darts.models.RNNModel",
    "darts.models.BlockRNNModel",
    "darts.models.forecasting.torch_forecasting_model.TorchForecastingModel",  # through **kwargs of the two above
)


def milliseconds(name: str) -> dict[str, float]:
    """Return the median wall time of a forecast, in this process."""
    predict = FORECASTS[name]()
    seconds = timeit.repeat(predict, number=1, repeat=WARM_UP + CALLS)[WARM_UP:]
    return {"ms": 1000 * statistics.median(seconds), "rows": predict()}


def arguments(name: str) -> dict[str, float]:
    """Return the number of named constructor arguments."""
    parts = inspect.signature(resolve_name(name).__init__).parameters.values()
    return {"arguments": sum(part.kind is not part.VAR_KEYWORD for part in parts) - 1}


def spawned(command: list[str], folder: str) -> dict[str, Any]:
    """Return CPU seconds and peak RSS of a fresh process, or the JSON that it printed last, or why it failed."""
    setting = {**SETTING, "PYTHONPYCACHEPREFIX": folder}
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=setting, cwd=folder)
    last = (child.stdout.read().decode().splitlines() or [""])[-1]
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        return {"skipped": last}
    if "--only" in command:
        return json.loads(last)
    return {"cpu_s": used.ru_utime + used.ru_stime, "rss_mb": used.ru_maxrss / 1024}


def side_by_side(commands: dict[str, list[str]], rounds: int, folder: str) -> dict[str, dict[str, Any]]:
    """Return medians over the rounds and, as `…_times`, how many times those of the first subject they are."""
    turns: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
    for name in [*commands] * (1 + rounds):
        turns[name].append(spawned(commands[name], folder))
        print(f"{name:32} {turns[name][-1]}", file=sys.stderr)
    results: dict[str, dict[str, Any]] = {}
    for name, taken in turns.items():
        failed = next((turn for turn in taken if "skipped" in turn), None)
        results[name] = failed or {k: round(statistics.median(t[k] for t in taken[1:] or taken), 3) for k in taken[0]}
    base = results[next(iter(commands))]
    return {n: r | {f"{k}_times": round(r[k] / base[k], 2) for k in base if k in r} for n, r in results.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=os.path.abspath, help="Python of the environment of the peers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(milliseconds(options.only) if options.only in FORECASTS else arguments(options.only)))
        return
    inside = {name: (str(Path(__file__).resolve()), "--only", name) for name in (*FORECASTS, *CLASSES)}
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for what, names in {"starts": STARTS, "forecast": FORECASTS, "arguments": CLASSES}.items():
            homes = {name: sys.executable if name.startswith("seqcast") else options.peers for name in names}
            commands = {name: [home, *(STARTS | inside)[name]] for name, home in homes.items() if home}
            results[what] = side_by_side(commands, 0 if what == "arguments" else options.rounds, folder)
    note = "measured" if options.peers else "skipped: name their Python with --peers"
    print(json.dumps({"bench": "peers", "peers": note, "rounds": options.rounds, "results": results}))


if __name__ == "__main__":
    main()
