"""Forecasters that learn nothing beforehand: each forecast is fitted on the rows before its own origin.

So a backtest refits them at every cutoff, and what lies after an origin is never handed to them. Many origins are
shared out over processes; the answers are the same bits as from one process, in the same order.
"""

import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module

import numpy as np
from threadpoolctl import threadpool_limits

from seqcast.budget import Deadline
from seqcast.data.panel import Panel
from seqcast.errors import BudgetError, ColumnError, SeqcastError
from seqcast.forecasters.gaussian import History, LocalForecast, LocalFunction, rescaled
from seqcast.forecasters.guard import FIT_FAILURES, simplest
from seqcast.forecasters.orders import ArimaOrder
from seqcast.forecasters.pool import Died, crew
from seqcast.forecasters.regressors import Known, known_at
from seqcast.train.progress import EpochRecord
from seqcast.types import Forecast, Origins, Task

WORTH_PROCESSES = 4.0
"""Seconds of work below which starting processes, each of which loads a library, saves nothing."""

Job = tuple[np.ndarray, Task, Known | None]
"""A history of any length: the jobs of one call differ in it."""

_CHUNK_SECONDS = 0.5
_TIMED_FIRST = 3


@dataclass(frozen=True)
class Lazy:
    """A function of a module that is imported when it is needed, with the orders it is to use.

    Examples
    --------
    >>> Lazy("seqcast.forecasters.naive", "drift").load()(np.array([1.0, 2.0]), Task(horizon=1)).mean.tolist()
    [3.0]
    """

    module: str
    name: str
    order: ArimaOrder | None = None

    def load(self) -> Callable[..., LocalForecast]:
        """Import the module and return the function."""
        function: Callable[..., LocalForecast] = getattr(import_module(self.module), self.name)
        return partial(function, order=self.order) if self.order else function


@dataclass(frozen=True, kw_only=True)
class Local:
    """A forecaster made of a function of one history. Past-only and static columns are not read.

    Parameters
    ----------
    name : str
        Name on the leaderboard.
    function : callable or Lazy
        (history with NaN where missing, task) → LocalForecast. It must be importable by its name.
    history_limit : int or None
        Rows before the origin that it is given; None for all.
    workers : int or None
        Jobs at the same time; None for as many as the crew does (`pool.crew`).
    reads_known : bool
        Whether the function takes the known columns too, as `known`: a `Known` of the history's rows and the horizon's.

    Examples
    --------
    >>> from seqcast.forecasters.naive import naive
    >>> Local(name="naive", function=naive).workers is None
    True
    """

    name: str
    function: LocalFunction | Lazy
    history_limit: int | None = None
    workers: int | None = None
    reads_known: bool = False

    def fit(self, panel: Panel, task: Task, deadline: Deadline) -> "FittedLocal":
        """Keep the task and the deadline; the rows are read at each origin.

        Raises
        ------
        ColumnError
            When it reads known columns and the panel has none.
        """
        if self.reads_known and not panel.columns.known:
            raise ColumnError(
                f"{self.name} is a regression on known columns; the table has none. Name those that are known over the "
                f"horizon (--known), or ask for {self.name.replace('arimax', 'arima')}."
            )
        return FittedLocal(self, task, deadline)


@dataclass(eq=False)
class FittedLocal:
    """A local forecaster that knows its task; `notes` say what its last forecasts could not do as asked.

    Examples
    --------
    >>> from seqcast.forecasters.naive import naive
    >>> FittedLocal(Local(name="naive", function=naive), Task(horizon=1), Deadline.after(None)).notes
    ()
    """

    local: Local
    task: Task
    deadline: Deadline
    notes: tuple[str, ...] = ()
    records: tuple[EpochRecord, ...] = ()
    ending: str = "finished"

    def moved(self, panel: Panel, known: Panel) -> "FittedLocal":
        """Return itself: it keeps nothing of the panel."""
        return self

    def predict(self, panel: Panel, origins: Origins) -> Forecast:
        """Return one forecast for each origin, fitted on the rows before it.

        Raises
        ------
        BudgetError
            When the deadline passes before all are done.
        """
        function = self.local.function.load() if isinstance(self.local.function, Lazy) else self.local.function
        jobs = self._jobs(panel, origins)
        answers = _all(
            partial(_answer, function), jobs, self.local.workers or crew().workers or os.cpu_count() or 1, self.deadline
        )
        targets = len(panel.columns.target)
        self.notes = _summary(self.local.name, answers, [panel.series[s] for s in np.repeat(origins.series, targets)])
        shape = (len(origins), targets, self.task.horizon)
        mean = np.array([answer.mean for answer in answers]).reshape(shape)
        values = np.array([answer.values for answer in answers]).reshape(*shape, len(self.task.quantiles))
        return Forecast(origins, self.task.quantiles, mean.swapaxes(1, 2), values.swapaxes(1, 2))

    def _jobs(self, panel: Panel, origins: Origins) -> list[Job]:
        limit = self.local.history_limit
        jobs: list[Job] = []
        for series, rows in zip(origins.series.tolist(), origins.rows.tolist(), strict=True):
            low = max(rows - limit, 0) if limit else 0
            start = int(panel.offsets[series])
            histories = np.ascontiguousarray(panel.targets[start + low : start + rows].T)
            known = known_at(panel, series, low, rows, self.task.horizon) if self.local.reads_known else None
            jobs.extend((history, self.task, known) for history in histories)
        return jobs


def _answer(
    function: Callable[..., LocalForecast], history: History, task: Task, known: Known | None = None
) -> LocalForecast:
    try:
        return rescaled(function if known is None else partial(function, known=known), history, task)
    except SeqcastError:
        raise
    except FIT_FAILURES as failure:
        return _naively(history, task, f"the fit failed ({type(failure).__name__})")


def _naively(history: History, task: Task, reason: str) -> LocalForecast:
    return rescaled(lambda scaled, asked: simplest(scaled, asked).because(reason), history, task)


def _all(function: "partial[LocalForecast]", jobs: list[Job], workers: int, deadline: Deadline) -> list[LocalForecast]:
    """Return the answers; one after another until it shows that processes are worth their start."""
    answers: list[LocalForecast] = []
    # Several threads of the linear algebra would sum in another order than one does in a worker.
    with threadpool_limits(limits=1):
        start = time.perf_counter()
        for done, job in enumerate(jobs):
            each = (time.perf_counter() - start) / max(done, 1)
            if done >= _TIMED_FIRST and each * (len(jobs) - done) > WORTH_PROCESSES and _may_share(workers):
                return answers + _shared(function, jobs[done:], workers, each, deadline)
            if deadline.passed:
                raise BudgetError(f"The wall-time budget ended after {done} of {len(jobs)} local fits.")
            answers.append(function(*job))
    return answers


def _may_share(workers: int) -> bool:
    # A daemonic process, such as a worker of somebody's pool, may have no children.
    return workers > 1 and not multiprocessing.current_process().daemon


def _shared(
    function: "partial[LocalForecast]", jobs: list[Job], workers: int, each: float, deadline: Deadline
) -> list[LocalForecast]:
    chunk = min(max(int(_CHUNK_SECONDS / each), 1), 1 + len(jobs) // (4 * workers))
    answers = crew().mapper(function, jobs, workers=workers, chunk=chunk, deadline=deadline)
    return [
        _naively(job[0], job[1], "its process ended, for want of memory or by a fault of a library")
        if isinstance(answer, Died)
        else answer
        for answer, job in zip(answers, jobs, strict=True)
    ]


def _summary(name: str, answers: list[LocalForecast], series: list[str]) -> tuple[str, ...]:
    """Return one sentence for each kind of note: how many forecasts it concerns, and the first series."""
    first = {}
    counts: Counter[str] = Counter()
    for answer, label in zip(answers, series, strict=True):
        if answer.note:
            counts[answer.note] += 1
            first.setdefault(answer.note, label)
    several = len(set(series)) > 1
    return tuple(
        f"{name}: {count} of {len(answers)} forecasts: {note}" + (f"; first for {first[note]}" if several else "")
        for note, count in counts.most_common()
    )
