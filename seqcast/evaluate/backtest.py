"""Rolling-origin backtests: what would this forecaster have said, knowing only what was known then?"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from seqcast.budget import Deadline
from seqcast.data.panel import Panel
from seqcast.forecasters.base import Forecaster
from seqcast.train.progress import EpochRecord
from seqcast.types import Forecast, Origins, Task


@dataclass(frozen=True, eq=False)
class Folds:
    """The cutoffs of a backtest on one panel.

    Parameters
    ----------
    known : int array (W, series)
        Rows of each series known at each cutoff, the earliest first.
    origins : Origins
        Every forecast to be made and judged.
    """

    known: Int[np.ndarray, "W series"]
    origins: Origins

    def until(self, windows: int) -> "Folds":
        """Return the earliest `windows` of them."""
        return Folds(self.known[:windows], self.origins.take(self.origins.fold < windows))


@dataclass(frozen=True, eq=False)
class Backtest:
    """What one forecaster said at every origin, what it cost and what it wants to be known."""

    forecast: Forecast
    seconds: float
    notes: tuple[str, ...] = ()
    records: tuple[EpochRecord, ...] = ()
    ending: str = "finished"


def backtest(
    forecaster: Forecaster, panel: Panel, task: Task, folds: Folds, *, starts: Sequence[int] = (0,), deadline: Deadline
) -> Backtest:
    """Forecast from every origin, knowing only the rows before it.

    Parameters
    ----------
    forecaster : Forecaster
        Local (classical) models fit each origin anew by themselves.
    starts : sequence of int
        Windows before which it is fitted anew, the first of them 0; all windows up to the next start are predicted in
        one batched pass.
    """
    began = time.monotonic()
    parts: list[Forecast] = []
    notes: list[str] = []
    for place, start in enumerate(starts):
        end = starts[place + 1] if place + 1 < len(starts) else len(folds.known)
        fitted = forecaster.fit(panel.before(folds.known[start]), task, deadline.share(1 / (len(starts) - place)))
        mine = (folds.origins.fold >= start) & (folds.origins.fold < end)
        parts.append(fitted.predict(panel, folds.origins.take(mine)))
        notes.extend(note for note in fitted.notes if note not in notes)
    return Backtest(joined(parts), time.monotonic() - began, tuple(notes), fitted.records, fitted.ending)


def joined(parts: list[Forecast]) -> Forecast:
    """Return the forecasts of several passes as one."""
    origins = Origins(
        np.concatenate([part.origins.series for part in parts]),
        np.concatenate([part.origins.rows for part in parts]),
        np.concatenate([part.origins.fold for part in parts]),
    )
    mean = np.concatenate([part.mean for part in parts])
    return Forecast(origins, parts[0].quantiles, mean, np.concatenate([part.values for part in parts]))
