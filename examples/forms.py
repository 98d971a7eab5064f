"""The sequence forms of a recurrent network, each learning a task whose answer is known.

    .venv/bin/python examples/forms.py [FOLDER] [--quick]

Takes about a minute on one core; `--quick` learns from a third of the samples. The table goes to FOLDER (runs/forms).
Errors are root mean squares in the units of the task, shares are of answers that are right, on unseen samples, where a
network hears its own answers alone. The guess is the one answer that fares best without reading anything.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import torch
from jaxtyping import Float

from seqcast.models.forms import FormConfig, SequenceForm, build_form
from seqcast.train.arrays import source_of_arrays
from seqcast.train.config import FitConfig
from seqcast.train.loop import fit

Samples = tuple[Float[np.ndarray, "N T X"], Float[np.ndarray, "N H K"]]
SYMBOLS = 8


def surface(draw: np.random.Generator, count: int) -> Samples:
    """Three numbers; a smooth function of them."""
    x = draw.uniform(-1, 1, (count, 1, 3))
    return x, np.sin(np.pi * x[..., :1]) * x[..., 1:2] + x[..., 2:] ** 2


def wave(draw: np.random.Generator, count: int) -> Samples:
    """Phase and frequency; the sinusoid that they make."""
    phase, frequency = draw.uniform(0, 2 * np.pi, count), draw.uniform(0.2, 0.8, count)
    angles = phase[:, None] + frequency[:, None] * np.arange(16)
    return np.stack([np.sin(phase), np.cos(phase), frequency], axis=-1)[:, None], np.sin(angles)[..., None]


def marked_sum(draw: np.random.Generator, count: int) -> Samples:
    """Numbers, two of them marked; the sum of those two (Hochreiter & Schmidhuber, 1997)."""
    numbers, marks = draw.uniform(0, 1, (count, 20)), np.zeros((count, 20))
    for half in (0, 10):
        marks[np.arange(count), half + draw.integers(0, 10, count)] = 1
    return np.stack([numbers, marks], axis=-1), (numbers * marks).sum(axis=1)[:, None, None]


def running_parity(draw: np.random.Generator, count: int) -> Samples:
    """Bits; at each, whether the ones so far are odd."""
    bits = draw.integers(0, 2, (count, 16, 1))
    return bits.astype(float), (bits.cumsum(axis=1) % 2).astype(float)


def reversal(draw: np.random.Generator, count: int) -> Samples:
    """Five symbols with two rests anywhere among them; the symbols alone, last first."""
    symbols = draw.integers(0, SYMBOLS, (count, 5))
    steps = np.full((count, 7), SYMBOLS)
    places = np.sort(draw.random((count, 7)).argsort(axis=1)[:, :5], axis=1)
    np.put_along_axis(steps, places, symbols, axis=1)
    return np.eye(SYMBOLS + 1)[steps], symbols[:, ::-1, None].astype(float)


@dataclass(frozen=True)
class Task:
    """What a form learns, from how many samples and how often it sees them."""

    name: str
    make: Callable[[np.random.Generator, int], Samples]
    config: FormConfig
    samples: int
    epochs: int
    rate: float = 1e-2


def reversing(name: str, teacher_forcing: float, bidirectional: bool = False) -> Task:
    """Return the reversal as a task for an encoder and a decoder."""
    config = FormConfig(
        form="encoder-decoder",
        teacher_forcing=teacher_forcing,
        bidirectional=bidirectional,
        classes=SYMBOLS,
    )
    return Task(name, reversal, config, 4000, 8)


TASKS = (
    Task("smooth function", surface, FormConfig(form="one-to-one"), 4000, 40, 3e-2),
    Task("sinusoid, 16 steps", wave, FormConfig(form="one-to-many"), 2000, 16),
    Task("the same, always forced", wave, FormConfig(form="one-to-many", teacher_forcing=1.0), 2000, 16),
    Task("sum of marked numbers", marked_sum, FormConfig(form="many-to-one", width=32), 4000, 16),
    Task("running parity", running_parity, FormConfig(form="many-to-many", width=16, classes=2), 2000, 20),
    reversing("reversal of 5 in 7", 0.0),
    reversing("the same, half forced", 0.5),
    reversing("the same, always forced", 1.0),
    reversing("forced, encoder both ways", 1.0, bidirectional=True),
)


def learnt(task: Task, draw: np.random.Generator) -> SequenceForm:
    """Return the form of the task, trained and stopped by the one loop of all networks."""
    inputs, targets = task.make(draw, task.samples)
    torch.manual_seed(0)
    model = build_form(task.config, inputs.shape[2], targets.shape[2])
    training = FitConfig(
        loss="cross-entropy" if task.config.classes else "mse",
        epochs=task.epochs,
        lr=task.rate,
        weight_decay=0.0,
    )
    fit(model, source_of_arrays(inputs, targets, task.make(draw, 500)), torch.tensor([0.5]), training)
    return model


def judged(said: np.ndarray, asked: np.ndarray, classes: int) -> float:
    """Return the share of right answers, or the root mean square error."""
    return float((said == asked).mean() if classes else np.sqrt(((said - asked) ** 2).mean()))


def best_guess(asked: np.ndarray, classes: int) -> float:
    """Return the one answer that fares best without reading anything."""
    return float(np.bincount(asked.astype(int).ravel()).argmax() if classes else asked.mean())


def shown(steps: np.ndarray) -> str:
    """Return a sequence in one line, steps of several channels apart by semicolons."""
    words = [" ".join(f"{value:.2f}".removesuffix(".00") for value in step) for step in steps]
    return ("; " if steps.shape[1] > 1 else " ").join(words)


def spelt(numbers: np.ndarray) -> str:
    """Return symbols as letters, a rest as a dot."""
    return " ".join("abcdefgh."[int(number)] for number in numbers)


def sample(task: Task, read: np.ndarray, asked: np.ndarray, said: np.ndarray) -> str:
    """Return one sample and what was said to it."""
    lines = [shown(read), shown(asked), shown(said)]
    if task.make is reversal:
        lines = [spelt(read.argmax(axis=1)), spelt(asked[:, 0]), spelt(said[:, 0])]
    return "{}: {}\n  read  {}\n  asked {}\n  said  {}\n".format(task.config.form, task.name, *lines)


def main(folder: Path, quick: bool) -> None:
    """Learn each task, ask about unseen samples, print one of them and the table."""
    rows: list[dict[str, str | float]] = []
    for task in TASKS:
        began, draw, classes = time.monotonic(), np.random.default_rng(0), task.config.classes
        model = learnt(replace(task, samples=task.samples // 3) if quick else task, draw)
        inputs, asked = task.make(draw, 1000)
        said = model.answer(inputs, steps=asked.shape[1])
        guessed = np.full_like(asked, best_guess(asked, classes))
        row = {"form": task.config.form, "task": task.name, "measure": "share right" if classes else "error"}
        scores = {"network": judged(said, asked, classes), "guess": judged(guessed, asked, classes)}
        rows.append({**row, **scores, "seconds": time.monotonic() - began})
        print(sample(task, inputs[0], asked[0], said[0]), flush=True)
    table = pl.DataFrame(rows).with_columns(pl.col("network", "guess").round(3), pl.col("seconds").round(1))
    with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
        print(table)
    table.write_csv(folder / "forms.csv")


if __name__ == "__main__":
    torch.set_num_threads(1)  # these networks are small: a second core is lost on waiting
    chosen = [argument for argument in sys.argv[1:] if argument != "--quick"]
    out = Path(chosen[0] if chosen else "runs/forms")
    out.mkdir(parents=True, exist_ok=True)
    main(out, "--quick" in sys.argv)
