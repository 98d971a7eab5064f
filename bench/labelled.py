"""Does a classifier of series beat its yardsticks on a real table: will the next hour need more than usual?

    python -m bench.labelled --data ../shared/data/appliances_energy/energydata_complete.csv.gz [--seeds 3]

A sample is the last 24 hours, 144 steps of 10 minutes, of every column of numbers: the energy of appliances and lights,
temperature and humidity of the rooms, the weather, and the two columns of noise, which a model must learn to leave out.
Its class is whether the mean of Appliances over the next hour lies above the median of such means in the training part.
Samples begin every 30 minutes. In time the first 60 % train, the next 20 % validate, the last 20 % test; an hour that
is asked for never lies on both sides of a border, hours that are read may. Classifier takes the validation part itself,
as the last quarter of what lies before the test part.

`majority`, `repeat` (is the last hour above the same threshold), `neighbour` and `linear` answer the validation part
from the training part, and the test part from all before it. Networks answer both from one training, whose epoch was
chosen on the validation part: their validation figures flatter. `repeat` and `neighbour` know no doubt, so that they
have no log loss. The interval is Wilson's at 95 %, of the first seed. It takes samples as independent, which samples
that share 23 of 24 hours are not: read it as too narrow.

The networks read an hour as one step and answer from the last: of sixteen settings the one of the least log loss on
the validation part. `--settings` and `--training` take others as JSON, `{}` for the defaults of Classifier; `--valid`
asks the validation part alone, to choose by. `--columns Appliances` reads that column alone, or others beside it.

The last line of stdout is one JSON object.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Int
from numpy.lib.stride_tricks import sliding_window_view

from seqcast.classify.series import series_of
from seqcast.classify.yardsticks import linear_series, majority, nearest_neighbour
from seqcast.errors import InputError

TARGET = "Appliances"
SETTINGS: dict[str, Any] = {"pool": "last", "patch": 6}
NETWORKS = ["lstm", "gru", "hybrid"]
_TEST, _VALID = 0.2, 0.25  # of the rows, and of the samples before them
_NORMAL = 1.959964  # 97.5 % of a normal distribution lies below

Answers = Float[np.ndarray, "N classes"]


@dataclass(frozen=True)
class Grid:
    """Steps that are read, steps that are asked for, and steps from one sample to the next."""

    read: int = 144
    asked: int = 6
    every: int = 3


@dataclass(frozen=True, eq=False)
class Samples:
    """Windows, the class of each, and what the class would be if the last hour came again."""

    series: Float[np.ndarray, "N T C"]
    codes: Int[np.ndarray, "N"]
    repeated: Int[np.ndarray, "N"]

    def part(self, rows: slice) -> "Samples":
        """Return some of them."""
        return Samples(self.series[rows], self.codes[rows], self.repeated[rows])


@dataclass(frozen=True, eq=False)
class Task:
    """Samples in time, those before the test part together: the last quarter of them validates."""

    before: Samples
    test: Samples
    held: int

    @property
    def train(self) -> Samples:
        """Samples that train."""
        return self.before.part(slice(0, -self.held))

    @property
    def valid(self) -> Samples:
        """Samples that validate."""
        return self.before.part(slice(-self.held, None))


@dataclass(frozen=True)
class Figures:
    """What one answer to one part was worth; no log loss where something true was held impossible."""

    accuracy: float
    log_loss: float | None


def table(path: Path) -> tuple[list[str], Float[np.ndarray, "T C"]]:
    """Return names and values of the columns of numbers.

    Raises
    ------
    InputError
        When steps are not 10 minutes apart.
    """
    frame = pl.read_csv(path, infer_schema=False)
    times = frame["date"].str.to_datetime()
    if (times.diff().drop_nulls() != timedelta(minutes=10)).any():
        raise InputError(f"Rows must be 10 minutes apart; those of {path} are not.")
    numbers = frame.drop("date").select(pl.all().str.strip_chars().cast(pl.Float64))
    return numbers.columns, numbers.to_numpy()


def origins(
    rows: int, grid: Grid
) -> tuple[Int[np.ndarray, "train"], Int[np.ndarray, "valid"], Int[np.ndarray, "test"]]:
    """Return the first row that is asked for of each sample that trains, validates and tests.

    Examples
    --------
    >>> [part.tolist() for part in origins(40, Grid(read=4, asked=4, every=2))]
    [[4, 6, 8, 10, 12, 14, 16, 18, 20], [24, 26, 28], [32, 34, 36]]
    """
    border = round((1 - _TEST) * rows)
    every = np.arange(grid.read, rows - grid.asked + 1, grid.every)
    before, test = every[every + grid.asked <= border], every[every >= border]
    crossing = -(-grid.asked // grid.every) - 1  # samples before the first that validates, whose hour it shares
    held = round(_VALID * (len(before) - crossing))
    return before[: len(before) - held - crossing], before[-held:], test


def labelled(values: Float[np.ndarray, "T C"], target: int, grid: Grid = Grid()) -> Task:
    """Return the samples of a table; the threshold is learnt from those that train alone."""
    windows = sliding_window_view(values, grid.read, axis=0).swapaxes(1, 2)
    hours = sliding_window_view(values[:, target], grid.asked).mean(axis=-1)
    train, valid, test = origins(len(values), grid)
    threshold = np.median(hours[train])

    def samples(first: Int[np.ndarray, "N"]) -> Samples:
        late, last = hours[first] > threshold, hours[first - grid.asked] > threshold
        return Samples(windows[first - grid.read], late.astype(np.int64), last.astype(np.int64))

    return Task(samples(np.concatenate([train, valid])), samples(test), len(valid))


def wilson(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share among so many (Wilson, 1927).

    Examples
    --------
    >>> [round(bound, 3) for bound in wilson(0.9, 10)]
    [0.596, 0.982]
    """
    square = _NORMAL**2 / count
    centre = (share + square / 2) / (1 + square)
    wide = _NORMAL * np.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return float(centre - wide), float(centre + wide)


def figures(answers: Answers, codes: Int[np.ndarray, "N"]) -> Figures:
    """Return the share that was answered right, and the mean log loss."""
    right = answers[np.arange(len(codes)), codes]
    accuracy = float((answers.argmax(axis=1) == codes).mean())
    return Figures(accuracy, float(-np.log(right).mean()) if right.min() > 0 else None)


def repeat(known: Samples, asked: Samples) -> Answers:
    """Return that the last hour comes again."""
    return np.eye(2)[asked.repeated]


def usual(known: Samples, asked: Samples) -> Answers:
    """Return how often each class was there."""
    return majority(known.codes, 2, len(asked.codes))


def neighbour(known: Samples, asked: Samples) -> Answers:
    """Return the class of the nearest sample."""
    return nearest_neighbour(series_of(known.series), known.codes, series_of(asked.series), 2)


def linear(known: Samples, asked: Samples) -> Answers:
    """Return what a logistic regression says."""
    return linear_series(series_of(known.series), known.codes, series_of(asked.series), 2)


YARDSTICKS: dict[str, Callable[[Samples, Samples], Answers]] = {
    "majority": usual,
    "repeat": repeat,
    "neighbour": neighbour,
    "linear": linear,
}


def measured(name: str, task: Task, seed: int, given: argparse.Namespace) -> dict[str, Figures]:
    """Return the figures of one model on the validation part, and on the test part where that is asked for."""
    parts = {"valid": (task.train, task.valid), "test": (task.before, task.test)}
    wanted = {part: parts[part] for part in (("valid",) if given.valid else ("valid", "test"))}
    if name in YARDSTICKS:
        return {part: figures(YARDSTICKS[name](*pair), pair[1].codes) for part, pair in wanted.items()}
    from seqcast import Classifier

    classifier = Classifier(
        model=name, settings=given.settings, training=given.training, valid=_VALID, order="time", seed=seed
    ).fit(task.before.series, task.before.codes)
    assert len(classifier.fitted_.held) == task.held
    return {part: figures(classifier.predict_proba(asked.series), asked.codes) for part, (_, asked) in wanted.items()}


def main() -> None:
    """Measure every model, print a table, say whether the networks were worth it, and the JSON line."""
    given = _arguments()
    names, values = table(given.data)
    kept = given.columns or names
    task = labelled(values[:, [names.index(name) for name in kept]], kept.index(TARGET))
    counts = (len(task.train.codes), task.held, len(task.test.codes))
    print("{} samples train, {} validate, {} test; {} columns".format(*counts, len(kept)))
    found: dict[str, list[dict[str, Figures]]] = {}
    seconds: dict[str, float] = {}
    for name in [*YARDSTICKS, *given.models]:
        began = time.process_time()
        found[name] = []
        for seed in range(given.seeds if name not in YARDSTICKS else 1):
            found[name].append(measured(name, task, seed, given))
            print(name, seed, found[name][-1], flush=True)
        seconds[name] = round((time.process_time() - began) / len(found[name]), 1)
    part = "valid" if given.valid else "test"
    _table(found, seconds, len((task.valid if given.valid else task.test).codes), part)
    print(json.dumps(_summary(found, part, given.seeds, len(task.test.codes))))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", type=lambda text: text.split(","), default=NETWORKS)
    parser.add_argument("--columns", type=lambda text: text.split(","))
    parser.add_argument("--settings", type=json.loads, default=SETTINGS)
    parser.add_argument("--training", type=json.loads, default={})
    parser.add_argument("--valid", action="store_true")
    return parser.parse_args()


def _table(found: dict[str, list[dict[str, Figures]]], seconds: dict[str, float], count: int, part: str) -> None:
    print(f"\n{part} part, {count} samples; mean of the seeds; validation in brackets; CPU seconds of one seed")
    heads = ("accuracy", "range", "interval", "log loss", "(accuracy", "log loss)", "CPU")
    print(" " * 12 + "{:>10}{:>8}{:>14}{:>10}{:>12}{:>11}{:>8}".format(*heads))
    for name, runs in found.items():
        asked = [run[part] for run in runs]
        low, high = wilson(asked[0].accuracy, count)
        shares = [one.accuracy for one in asked]
        print(
            f"{name:12}{_mean(runs, part, 'accuracy'):>10.3f}{max(shares) - min(shares):>8.3f}"
            f"{f'{low:.3f}–{high:.3f}':>14}{_shown(runs, part):>10}"
            f"{_mean(runs, 'valid', 'accuracy'):>12.3f}{_shown(runs, 'valid'):>11}{seconds[name]:>8.1f}"
        )
    for rival, figure in (("repeat", "accuracy"), ("linear", "accuracy"), ("linear", "log_loss")):
        print(f"Networks better than {rival} in {figure.replace('_', ' ')}: {_better(found, rival, part, figure)}.")


def _better(found: dict[str, list[dict[str, Figures]]], rival: str, part: str, figure: str) -> str:
    """Return the networks whose mean figure is better than that of a yardstick; of accuracy more is better."""
    sign = 1 if figure == "accuracy" else -1
    bound = _mean(found[rival], part, figure)
    names = [name for name in found if name not in YARDSTICKS]
    return ", ".join(name for name in names if sign * (_mean(found[name], part, figure) - bound) > 0) or "none"


def _mean(runs: list[dict[str, Figures]], part: str, figure: str) -> float:
    values = [getattr(run[part], figure) for run in runs]
    return float("nan") if None in values else float(np.mean(values))


def _shown(runs: list[dict[str, Figures]], part: str) -> str:
    loss = _mean(runs, part, "log_loss")
    return "–" if np.isnan(loss) else f"{loss:.3f}"


def _summary(found: dict[str, list[dict[str, Figures]]], part: str, seeds: int, count: int) -> dict[str, Any]:
    losses = {name: _mean(runs, part, "log_loss") for name, runs in found.items()}
    return {
        "part": part,
        "accuracy": {name: round(_mean(runs, part, "accuracy"), 4) for name, runs in found.items()},
        "log_loss": {name: None if np.isnan(loss) else round(loss, 4) for name, loss in losses.items()},
        "seeds": seeds,
        "test": count,
        "seconds": round(time.process_time(), 1),
    }


if __name__ == "__main__":
    main()
