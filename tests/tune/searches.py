"""Searches whose objective is a formula: what a trial is worth is known, and nothing has to be trained."""

import math
import time
from dataclasses import dataclass
from pathlib import Path

from seqcast.budget import Deadline
from seqcast.ranges import Choices, Range
from seqcast.tune.methods import method_named
from seqcast.tune.records import Done, Job, Record
from seqcast.tune.samplers import sampler_named
from seqcast.tune.search import Search
from seqcast.tune.space import Params, Space

SPACE = Space(
    ("lstm", "gru"),
    {"training.lr": Range(1e-5, 1e-2, log=True)},
    {
        "lstm": {"model.lstm.width": Range(16, 256, log=True)},
        "gru": {"model.gru.layers": Choices((1, 2)), "model.gru.context": Choices((None, 24))},
    },
)


@dataclass(frozen=True)
class Formula:
    """An error that falls with every epoch, the least at a rate of 1e-3; `seconds` is how long a job takes."""

    seconds: float = 0.0
    log: Path | None = None

    def __call__(self, job: Job, params: Params, folder: Path, deadline: Deadline | None = None) -> Record:
        """Return what a job gives."""
        time.sleep(self.seconds)
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(f"{job.key}\n")
        (folder / "net.safetensors").write_bytes(f"trained to {job.epochs}".encode())
        rate = float(params.get("training.lr", 5e-3) or 0)
        value = 1 + abs(math.log10(rate) + 3) + 1 / job.epochs + (0.1 if params["model"] == "gru" else 0.0)
        return Record(job, params, value, value / 2, job.epochs, seconds=self.seconds)


def search(method="hyperband", sampler="tpe", *, epochs=9, trials=12, objective=Formula(), seed=0):
    """Return a search over `SPACE`."""
    return Search(SPACE, method_named(method, epochs, 3, trials), sampler_named(sampler, seed), objective)


def told(done: Done):
    """Return what a search found, without times, in the order of the jobs."""
    return sorted((r.job, tuple(sorted(r.params.items(), key=str)), r.value, r.reached) for r in done.records)
