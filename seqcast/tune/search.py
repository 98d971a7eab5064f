"""The search itself, in full view: ask what is ready, take a job that nobody does, do it, keep what it found."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from seqcast.budget import Deadline
from seqcast.errors import BudgetError
from seqcast.tune.journal import Storage
from seqcast.tune.methods import Method
from seqcast.tune.records import Done, Job, Record
from seqcast.tune.samplers import Sampler
from seqcast.tune.space import Params, Space, defaults

_PAUSE, _LONGEST = 0.1, 2.0  # seconds until a worker looks again, while others do all that is ready: first, at most


class Judge(Protocol):
    """Says what a job gives."""

    def __call__(self, job: Job, params: Params, folder: Path, deadline: Deadline | None = None) -> Record:
        """Go on with the training that stands in `folder`, and return what it gives."""
        ...


@dataclass(frozen=True, eq=False)
class Search:
    """What a search is made of; the same on one core and on a cluster.

    Parameters
    ----------
    space : Space
        Where settings are sought.
    method : Method
        In which order.
    sampler : Sampler
        How settings are drawn.
    objective : callable
        What they are judged by, such as `Objective`.
    """

    space: Space
    method: Method
    sampler: Sampler
    objective: Judge

    def params(self, job: Job, done: Done) -> Params:
        """Return the settings of a job's trial: those it was begun with, or new ones."""
        begun = done.params(job.trial)
        if begun is not None:
            return begun
        if job.trial == 0:
            return defaults(self.space)
        return self.sampler(self.space, job.trial, done.before(self.method.seen(job)))


def nothing(done: Done) -> float:
    """Return no seconds: nothing is to be done after the search."""
    return 0.0


@dataclass(frozen=True)
class Allowance:
    """How long a search may go on.

    Parameters
    ----------
    deadline : Deadline
        When the whole work ends.
    after : callable
        Seconds that the work after the search will take, by what is known so far.
    """

    deadline: Deadline = Deadline()
    after: Callable[[Done], float] = nothing

    def fits(self, done: Done) -> bool:
        """Whether an epoch more is likely to end in time.

        A whole job need not: what is left would go unused, and a training that is cut goes on when asked again.
        """
        return not self.deadline.passed and _pace(done) + self.after(done) <= self.deadline.left

    def limit(self, done: Done) -> Deadline:
        """Return when a job must end at the latest."""
        if self.deadline.moment is None:
            return self.deadline
        return Deadline.after(max(0.0, self.deadline.left - self.after(done)))


def seconds_of_job(job: Job, done: Done) -> float:
    """Return how long a job is likely to take: the time of an epoch so far, times its epochs.

    Examples
    --------
    >>> seconds_of_job(Job(2, 9), Done((Record(Job(1, 3), {}, 1.0, reached=3, seconds=6.0),)))
    18.0
    """
    return _fresh(job, done) * _pace(done)


def _pace(done: Done) -> float:
    """Return the seconds of an epoch so far; 0 where none is known."""
    spent = sum(record.seconds for record in done.records if not record.failed)
    epochs = sum(_fresh(record.job, done) for record in done.records if not record.failed)
    return spent / epochs if epochs else 0.0


def _fresh(job: Job, done: Done) -> int:
    """Return the epochs of a job that no earlier job of the trial has trained."""
    before = (record.job.epochs for record in done.records if record.job.trial == job.trial)
    return job.epochs - max((epochs for epochs in before if epochs < job.epochs), default=0)


class Listener(Protocol):
    """Hears of every finished job."""

    def __call__(self, record: Record, done: Done) -> None:
        """Hear of one."""
        ...


def work(search: Search, storage: Storage, allowance: Allowance, listener: Listener | None = None) -> Done:
    """Do jobs until none is left or the time is up; several processes may do so on one storage.

    Returns
    -------
    Done
        Everything found, by whomever.
    """
    pause = _PAUSE
    while True:
        done = storage.done()
        ready = search.method.ready(done)
        if not ready or not allowance.fits(done):
            return done
        try:
            record = _first_free(search, storage, ready, allowance)
        except BudgetError:
            return storage.done()
        if record is None:
            time.sleep(max(0.0, min(pause, allowance.deadline.left)))
            pause = min(2 * pause, _LONGEST)
            continue
        pause = _PAUSE
        if listener is not None:
            listener(record, storage.done())


def _first_free(search: Search, storage: Storage, ready: list[Job], allowance: Allowance) -> Record | None:
    """Do the first job that nobody else does; None where all are taken."""
    for job in ready:
        with storage.claim(job) as mine:
            done = storage.done()  # who held the claim before may have finished the job
            if not mine or job in done:
                continue
            with storage.training(job.trial) as folder:
                record = search.objective(job, search.params(job, done), folder, allowance.limit(done))
            storage.add(record)
            return record
    return None
