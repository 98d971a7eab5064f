"""What a trial is judged by: the error on inner windows, of a network that knows only the rows before them."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seqcast.budget import Deadline
from seqcast.config import Settings
from seqcast.data.panel import Panel
from seqcast.errors import BudgetError, ConfigError, HistoryError, TrainingError
from seqcast.evaluate.leaderboard import Scales, figures_of
from seqcast.evaluate.plan import Plan
from seqcast.forecasters.build import build_forecaster
from seqcast.tune.records import Job, Record
from seqcast.tune.space import FAMILY, Params, applied

if TYPE_CHECKING:
    from seqcast.train.run import Run

Told = Callable[[str, "Run", int], None]


def silent(name: str, run: "Run", epochs: int) -> None:
    """Say nothing of an epoch; a function with a name can be sent to another process."""


@dataclass(frozen=True, eq=False)
class Objective:
    """Trains a trial as far as a job asks and scores it.

    Parameters
    ----------
    panel, plan : Panel, Plan
        The whole table; of its windows only the inner ones are looked at.
    settings : Settings
        What the settings of a trial are laid over.
    on_epoch : callable
        Hears of every epoch.
    """

    panel: Panel
    plan: Plan
    settings: Settings
    on_epoch: Told = silent

    def __post_init__(self) -> None:
        if not self.plan.inner:
            raise HistoryError(
                "Settings are sought on inner windows, before those that score the result; the history has room for "
                "none. Ask for a shorter horizon or fewer windows, or give a longer history."
            )

    def __call__(self, job: Job, params: Params, folder: Path, deadline: Deadline | None = None) -> Record:
        """Go on with the training that stands in `folder`, and return what it gives.

        Raises
        ------
        BudgetError
            When the time is up; the training stands in the folder.
        """
        began = time.monotonic()
        try:
            fitted = self._trained(job, params, folder, deadline or Deadline())
        except (ConfigError, HistoryError, TrainingError) as error:
            seconds = time.monotonic() - began
            return Record(job, params, math.inf, seconds=round(seconds, 3), failed=str(error))
        if fitted.ending == "interrupted":
            raise KeyboardInterrupt
        inner = self.plan.folds.origins.take(self.plan.folds.origins.fold < self.plan.inner)
        known = self.plan.folds.known[0]
        scales = Scales.of(self.panel, known, self.plan.task.season)
        figures = figures_of(self.panel, self.plan.task, fitted.predict(self.panel, inner), scales)
        value = float(np.nanmean(figures["mase"])) if np.isfinite(figures["mase"]).any() else math.inf
        loss = min((record.valid_loss for record in fitted.records), default=math.nan)
        return Record(job, params, value, loss, len(fitted.records), round(time.monotonic() - began, 3))

    def _trained(self, job: Job, params: Params, folder: Path, deadline: Deadline):
        from seqcast.forecasters.neural import Watch

        def heard(name: str, run: "Run", epochs: int) -> None:
            self.on_epoch(name, run, epochs)
            # The next one must end in time too, or the budget is overdrawn by it.
            if run.records[-1].seconds >= deadline.left and run.progress.epoch < job.epochs:
                raise BudgetError(f"The time for the search was up in epoch {run.progress.epoch} of trial {job.trial}.")

        settings = applied(self.settings, params)
        watch = Watch(folder, heard, until=job.epochs)
        known = self.panel.before(self.plan.folds.known[0])
        return build_forecaster(str(params[FAMILY]), settings, watch).fit(known, self.plan.task, Deadline())
