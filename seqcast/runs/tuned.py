"""What a search found, as a value, and as a table of its jobs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from seqcast.evaluate.leaderboard import Score
from seqcast.report.search_facts import TUNED
from seqcast.tune.records import Done
from seqcast.tune.space import Params


@dataclass(frozen=True, eq=False)
class TuneResult:
    """What a search found.

    Parameters
    ----------
    folder : path
        Where its files are.
    done : Done
        Every job of the search.
    best : mapping of str to value
        The settings that were chosen on the inner windows; only the family where nothing beat the defaults.
    inner : float
        Their MASE there; nan where the budget was too short to measure it.
    scores : tuple of Score
        Tuned, defaults and seasonal naive on the outer windows, which chose nothing.
    forecast : DataFrame
        Past the last row, by the tuned model, tidy.
    notes : tuple of str
        What the user should know.
    seconds : float
        Wall time.
    """

    folder: Path
    done: Done
    best: Params
    inner: float
    scores: tuple[Score, ...]
    forecast: pl.DataFrame
    notes: tuple[str, ...]
    seconds: float

    @property
    def outer(self) -> Mapping[str, float]:
        """MASE on the outer windows, by name."""
        return {score.model: score.mase for score in self.scores}

    @property
    def optimism(self) -> float:
        """How much worse the chosen settings did where nothing was chosen: outer MASE - inner MASE."""
        return self.outer.get(TUNED, math.nan) - self.inner

    @property
    def trials(self) -> int:
        """How many settings were tried, the defaults among them."""
        return len(self.done.furthest())

    def to_mapping(self) -> dict[str, Any]:
        """Return the result as JSON values; what cannot be had is None."""
        return {
            "best": dict(self.best),
            "best_value": _number(self.inner),
            "trials": self.trials,
            "seconds": round(self.seconds, 3),
            "outer": {name: _number(value) for name, value in self.outer.items()},
            "optimism": _number(self.optimism),
            "folder": str(self.folder),
        }


def table_of(done: Done) -> pl.DataFrame:
    """Return every job as a row, in the order of trials; without times, so that equal searches give equal bytes."""
    records = sorted(done.records, key=lambda record: record.job)
    names = dict.fromkeys(name for record in records for name in record.params)
    columns: dict[str, list[Any]] = {
        "trial": [record.job.trial for record in records],
        "epochs": [record.job.epochs for record in records],
        "stage": [record.job.stage for record in records],
        "value": [_number(record.value) for record in records],
        "loss": [_number(record.loss) for record in records],
        "reached": [record.reached for record in records],
    }
    for name in sorted(names):
        values = [record.params.get(name) for record in records]
        columns[name] = [None if value is None else str(value) for value in values]
    columns["failed"] = [record.failed or None for record in records]
    return pl.DataFrame(columns)


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
