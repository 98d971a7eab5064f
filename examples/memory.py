"""Why LSTM? How far back each recurrent cell can learn, and what truncated backpropagation through time changes.

    .venv/bin/python examples/memory.py [FOLDER] [--quick] [--lr 0.01]

Measures the gradient by time lag and the longest lag that each cell learns to bridge, prints tables that end in one
JSON line, and draws FOLDER/memory.svg (runs/memory). About 20 minutes on one core, seconds with --quick. What came of
it is told in docs/memory.md.
"""

import argparse
import json
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import torch
from figures.memory import picture
from torch import Tensor, nn

from seqcast.nn.cells import lstm_gates
from seqcast.nn.unrolled import Unrolled
from seqcast.report.numbers import DASH, brief, count
from seqcast.train.health import gradient_by_lag, memory_length, saturation

CELLS: dict[str, dict[str, Any]] = {
    "RNN, sigmoid": {"cell": "rnn", "activation": "sigmoid"},
    "RNN, tanh": {"cell": "rnn"},
    "LSTM": {"cell": "lstm"},
    "LSTM, forget bias 1": {"cell": "lstm", "forget_bias": 1.0},
    "GRU": {"cell": "gru"},
}
SYMBOLS, PREFIX = 8, 10
TEST, CHECK = 500, 50  # sequences of a test, updates between two tests


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    widths: tuple[int, ...] = (16, 64, 256)
    longest: int = 200
    draws: int = 5
    lags: tuple[int, ...] = (5, 10, 20, 50, 100, 200)
    seeds: int = 2
    updates: int = 1200
    lr: float = 0.01


QUICK = Size(widths=(8, 16), longest=30, draws=2, lags=(2, 5), seeds=1, updates=50)


@dataclass(frozen=True)
class Task:
    """What is read and asked: sequences whose last `lag` steps matter, and when the answers count as learnt."""

    inputs: int
    outputs: int
    draw: Callable[[int, int, int, torch.Generator], tuple[Tensor, Tensor]]
    loss: Callable[[Tensor, Tensor], Tensor]
    solved: Callable[[Tensor, Tensor], bool]


def adding(samples: int, lag: int, length: int, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two of many numbers are marked, in the first tenth and in the first half of the lag; asked is their sum."""
    numbers, marks = torch.rand(samples, length, generator=chance), torch.zeros(samples, length)
    tenth, half, rows = max(1, lag // 10), max(2, lag // 2), torch.arange(samples)
    marks[rows, length - lag + torch.randint(0, tenth, (samples,), generator=chance)] = 1.0
    marks[rows, length - lag + torch.randint(tenth, half, (samples,), generator=chance)] = 1.0
    return torch.stack([numbers, marks], dim=-1), (numbers * marks).sum(dim=1, keepdim=True)


def recall(samples: int, lag: int, length: int, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    """One of many random symbols is marked, `lag` steps from the end; asked is which it was."""
    symbols, marks = torch.randint(0, SYMBOLS, (samples, length), generator=chance), torch.zeros(samples, length, 1)
    marks[:, length - lag] = 1.0
    return torch.cat([nn.functional.one_hot(symbols, SYMBOLS), marks], dim=-1), symbols[:, length - lag]


def adds(answers: Tensor, target: Tensor) -> bool:
    """Whether the squared error is under .01; the mean alone gives .167."""
    return nn.functional.mse_loss(answers, target).item() < 0.01


def recalls(answers: Tensor, target: Tensor) -> bool:
    """Whether more than .95 are right; chance gives .125."""
    return (answers.argmax(dim=1) == target).double().mean().item() > 0.95


TASKS = {
    "recall": Task(SYMBOLS + 1, SYMBOLS, recall, nn.functional.cross_entropy, recalls),
    "adding": Task(2, 1, adding, nn.functional.mse_loss, adds),
}


class Reader(nn.Module):
    """A recurrent layer and a linear map of its last hidden vector."""

    def __init__(self, cell: str, task: Task, width: int = 32):
        super().__init__()
        self.layer = Unrolled(inputs=task.inputs, width=width, **CELLS[cell])
        self.head = nn.Linear(width, task.outputs)
        self.updates: list[int] = []  # of each rung that was climbed

    def forward(self, steps: Tensor, truncation: int) -> Tensor:
        """Answer; only the last `truncation` steps are in the graph, and what lies before costs a third of the time."""
        with torch.no_grad():
            state = self.layer(steps[:, :-truncation])[1] if steps.shape[1] > truncation else None
        hidden, _ = self.layer(steps[:, -truncation:], state)
        return self.head(hidden[:, -1])


@dataclass(frozen=True)
class Case:
    """One ladder of lags: `grown` goes on from the weights of the rung below, else each rung starts anew."""

    task: str
    cell: str
    grown: bool
    seed: int
    size: Size

    def fresh(self) -> Reader:
        """Return the network before training."""
        torch.manual_seed(self.seed)
        return Reader(self.cell, TASKS[self.task])


@cache
def climbed(case: Case, rung: int, cut: int) -> Reader | None:
    """Return the network that solved the lag of `rung`; None where it or one below was not solved in the budget.

    `cut` is the truncation, by its place among the lags. A lag that is not longer is learnt as without truncation.
    """
    if rung < 0:
        return case.fresh()
    below = climbed(case, rung - 1, min(cut, rung - 1))
    if below is None:
        return None
    return learnt(case, deepcopy(below) if case.grown else case.fresh(), case.size.lags[rung], case.size.lags[cut])


def learnt(case: Case, net: Reader, lag: int, truncation: int) -> Reader | None:
    """Train until a test is passed, or return None when the updates are used up.

    The lag comes after a prefix of a length drawn anew each time, so that a mark and not its place must be looked for.
    """
    task = TASKS[case.task]
    chance = torch.Generator().manual_seed(1000 * lag + case.seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=case.size.lr)
    for update in range(case.size.updates + 1):
        length = lag + int(torch.randint(0, PREFIX, (1,), generator=chance))
        if update % CHECK == 0:
            steps, target = task.draw(TEST, lag, length, chance)
            with torch.no_grad():
                if task.solved(net(steps, truncation), target):
                    net.updates.append(update)
                    return net
        steps, target = task.draw(32, lag, length, chance)
        loss = task.loss(net(steps, truncation), target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
    return None


def longest(case: Case, cut: int) -> int:
    """Return how many rungs are climbed with a truncation."""
    rungs = range(len(case.size.lags))
    return next((rung for rung in rungs if climbed(case, rung, min(cut, rung)) is None), len(rungs))


def furthest(case: Case, cut: int = -1) -> Reader:
    """Return the network after the last rung that it climbed with a truncation, the longest unless said."""
    cut %= len(case.size.lags)
    top = longest(case, cut) - 1
    return climbed(case, top, min(cut, top)) or case.fresh()


def curve(layer: Unrolled, steps: Tensor) -> np.ndarray:
    """Return the gradient by lag as a share of that at lag 0, in double precision: it falls far below 1e-38."""
    norms = gradient_by_lag(deepcopy(layer).double(), steps.double())
    return (norms / norms[0]).numpy()


def starting(cell: str, width: int, size: Size) -> np.ndarray:
    """Return the curves (draws, lags) of networks that start, on white noise."""
    curves = []
    for draw in range(size.draws):
        torch.manual_seed(draw)
        curves.append(curve(Unrolled(inputs=4, width=width, **CELLS[cell]), torch.randn(8, size.longest + 1, 4)))
    return np.stack(curves)


def trained(task: str, cell: str, size: Size) -> np.ndarray:
    """Return the curves (seeds, lags) after the furthest rung of the grown ladder, on sequences of the task."""
    steps, _ = TASKS[task].draw(8, size.longest, size.longest + 1, torch.Generator().manual_seed(9))
    cases = [Case(task, cell, True, seed, size) for seed in range(size.seeds)]
    return np.stack([curve(furthest(case).layer, steps) for case in cases])


def rungs_of(task: str, grown: bool, size: Size) -> dict[str, np.ndarray]:
    """Return for each cell how many rungs are climbed, by truncation and seed."""
    cuts, seeds = range(len(size.lags)), range(size.seeds)
    return {
        cell: np.array([[longest(Case(task, cell, grown, seed, size), cut) for seed in seeds] for cut in cuts])
        for cell in CELLS
    }


def updates_of(task: str, cell: str, size: Size) -> list[str]:
    """Return how many updates each rung took with the shortest truncation, seed beside seed."""
    nets = [furthest(Case(task, cell, True, seed, size), cut=0) for seed in range(size.seeds)]
    spent = zip_longest(*(net.updates for net in nets), [DASH] * len(size.lags), fillvalue=DASH)
    return [" / ".join(map(str, rung[:-1])) for rung in spent]


def forget_gates(task: str, cell: str, size: Size) -> list[str]:
    """Return mean and right-saturated share of an LSTM's forget gate, at the start and after training."""
    steps, _ = TASKS[task].draw(64, size.longest, size.longest, torch.Generator().manual_seed(9))
    shares = []
    for case in (Case(task, cell, True, seed, size) for seed in range(size.seeds)):
        for layer in (case.fresh().layer, furthest(case).layer):
            with torch.no_grad():
                hidden, _ = layer(steps)
                before = torch.cat([torch.zeros_like(hidden[:, :1]), hidden[:, :-1]], dim=1)
                forget = lstm_gates(steps, before, layer.weights()).forget
            shares.append((forget.mean().item(), saturation(forget).right.mean().item()))
    return [f"{share:.2f}" for share in np.array(shares).reshape(-1, 4).mean(axis=0)]


def typical(curves: np.ndarray) -> np.ndarray:
    """Return the geometric mean of curves."""
    return np.exp(np.log(np.maximum(curves, 1e-300)).mean(axis=0))


def told(curves: np.ndarray) -> str:
    """Return memory length to 1/e and to 1 %, and what each step of lags 5 to 20 leaves of the gradient."""
    norms = torch.from_numpy(typical(curves))
    lengths = [memory_length(norms), memory_length(norms, 0.01)]
    kept = (norms[20] / norms[5]).item() ** (1 / 15)
    return " / ".join("∞" if length == np.inf else f"{length:.0f}" for length in lengths) + f" ({brief(kept)})"


def table(head: list[str], rows: dict[str, list[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join([name, *cells]) + " |" for name, cells in rows.items()]) + "\n"


def spread(rungs: np.ndarray, size: Size) -> str:
    """Return the longest lags of the seeds, from the shortest to the longest."""
    return " … ".join(dict.fromkeys(("none", *map(str, size.lags))[rung] for rung in sorted(rungs.tolist())))


def main(folder: Path, size: Size) -> None:
    """Measure, tell and draw."""
    torch.set_num_threads(1)  # sums in another order would round otherwise, and a ladder end elsewhere
    began, by_lag = time.process_time(), [f"lag {lag}" for lag in size.lags]
    print(f"Memory length in steps, to 1/e / to 1 % of the gradient (what a step keeps, lags 5 to 20); {size}\n")
    start = {width: {cell: starting(cell, width, size) for cell in CELLS} for width in size.widths}
    memory = {cell: [told(start[width][cell]) for width in size.widths] for cell in CELLS}
    print(table(["at the start", *(f"width {width}" for width in size.widths)], memory), flush=True)

    ladders: dict[str, dict[str, np.ndarray]] = {}
    for name, task, grown in ((f"{task}, {way}", task, way == "grown") for task in TASKS for way in ("anew", "grown")):
        ladders[name] = rungs_of(task, grown, size)
        rows = {cell: [spread(rungs, size) for rungs in found] for cell, found in ladders[name].items()}
        print(table([f"{name}: longest lag", *(f"k = {lag}" for lag in size.lags)], rows), flush=True)
    updates = {f"{task}: {cell}": updates_of(task, cell, size) for task in TASKS for cell in CELLS}
    print(table([f"grown, k = {size.lags[0]}: updates", *by_lag], updates))

    after = {task: {cell: trained(task, cell, size) for cell in CELLS} for task in TASKS}
    learned = {cell: [told(after[task][cell]) for task in TASKS] for cell in CELLS}
    print(table(["after training", *TASKS], learned))
    gates = {f"{task}: {cell}": forget_gates(task, cell, size) for task in TASKS for cell in CELLS if "LSTM" in cell}
    print(table(["forget gate", "mean at the start", "right-saturated", "mean after", "right-saturated"], gates))

    drawn = f"{size.draws} random starts, or of {count(size.seeds, 'training')}"
    (folder / "memory.svg").write_text(picture(start, after, ladders, size.lags, drawn), "utf-8")
    rungs = {name: {cell: rungs.tolist() for cell, rungs in found.items()} for name, found in ladders.items()}
    result = {"question": "how far back does each cell learn", "size": asdict(size), "memory at the start": memory}
    result |= {"memory after training": learned, "updates": updates, "forget gate": gates, "rungs": rungs}
    print(json.dumps(result | {"cpu seconds": round(time.process_time() - began)}, ensure_ascii=False))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("runs/memory"))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--lr", type=float, default=Size.lr)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    main(given.folder, replace(QUICK if given.quick else Size(), lr=given.lr))
