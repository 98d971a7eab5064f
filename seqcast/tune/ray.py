"""The same search on a Ray cluster: this process keeps the records and draws the settings, tasks of the cluster train.

Settings hang on earlier brackets alone, so it does not matter which task ends first.
"""

import math
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from seqcast.budget import Deadline
from seqcast.errors import BudgetError
from seqcast.files import write_atomic
from seqcast.forecasters.cluster import (
    PAUSE,
    RETRIES,
    Lost,
    Reference,
    answer_of,
    cancel,
    check_again,
    connected,
    cores,
    fetched,
    ray,
)
from seqcast.tune.journal import Storage
from seqcast.tune.objective import Objective, silent
from seqcast.tune.records import Done, Job, Record
from seqcast.tune.search import Allowance, Listener, Search, seconds_of_job
from seqcast.tune.space import Params

_LEAST, _GENEROUS = 60.0, 10.0  # seconds, and times the likely ones, that an answer is waited for
_UNKNOWN = 3600.0  # seconds that it is waited for, as long as nothing tells how long a job takes
_GRACE = 5.0  # seconds after the time is up, in which tasks may still hand over how far they came

Files = Mapping[str, bytes]
Answer = tuple[Record | None, Files]


def patience_for(job: Job, done: Done) -> float:
    """Return how many seconds the answer of a job is waited for, by what is known so far.

    Where the network is cut, Ray waits for ever. Losing patience too soon costs a job, so this is many times its time.

    Examples
    --------
    >>> patience_for(Job(2, 9), Done((Record(Job(1, 3), {}, 1.0, reached=3, seconds=60.0),)))
    1800.0
    """
    likely = seconds_of_job(job, done)
    return max(_LEAST, _GENEROUS * likely) if likely else _UNKNOWN


def work_on_ray(
    search: Search,
    storage: Storage,
    allowance: Allowance,
    listener: Listener | None = None,
    *,
    address: str | None = None,
    workers: int = 1,
    patience: float | None = None,
) -> Done:
    """Do jobs on a cluster until none is left or the time is up: as many at once as it has cores.

    A worker, a node or a network that fails costs the jobs that were on it; they are done again elsewhere.

    Parameters
    ----------
    search, storage, allowance, listener
        As for `work`.
    address : str or None
        Of a running cluster, whose nodes have seqcast; without one, Ray is started here and stopped at the end.
    workers : int
        Cores of the Ray that is started here.
    patience : float or None
        Seconds from giving a job to the cluster until it is given again, doubled each time; None for `patience_for`.

    Raises
    ------
    TrainingError
        When the cluster lost a job again and again.
    ConfigError
        When no cluster answers at the address.
    """
    with connected(address, workers):
        judge = search.objective
        if isinstance(judge, Objective):
            judge = replace(judge, on_epoch=silent)  # who listens here cannot be sent
        # Once, not once a job: it holds the whole table. Every process of the cluster fetches it for itself.
        return _Driver(search, storage, allowance, listener, patience, ray.put(judge)).work()


@dataclass(eq=False)
class _Flight:  # a job that the cluster has; ours until `claim` is closed
    job: Job
    params: Params
    claim: ExitStack
    limit: Deadline
    ref: Reference
    answer: Deadline
    again: int = 0


@dataclass(eq=False)
class _Driver:
    search: Search
    storage: Storage
    allowance: Allowance
    listener: Listener | None
    patience: float | None
    objective: Reference
    flights: list[_Flight] = field(default_factory=list)
    over: bool = False

    def work(self) -> Done:
        try:
            while self._begin() or self.flights:
                self._look()
            return self.storage.done()
        finally:  # whatever ends this, an interrupt too
            for flight in list(self.flights):
                self._drop(flight)

    def _begin(self) -> bool:
        """Give the cluster what is ready, as far as it has cores; returns whether more is to come."""
        done = self.storage.done()
        ready: list[Job] = [] if self.over else self.search.method.ready(done)
        under_way = {flight.job.key for flight in self.flights}
        # More would only wait in a queue, for which we have no patience.
        room = cores()
        for job in [job for job in ready if job.key not in under_way]:
            if len(self.flights) >= room:
                return True
            if not self.allowance.fits(done):
                return False
            self._claim(job)
        return bool(ready)

    def _claim(self, job: Job) -> None:
        """Begin a job, unless somebody else does."""
        with ExitStack() as stack:
            mine = stack.enter_context(self.storage.claim(job))
            done = self.storage.done()  # who held the claim before may have finished the job
            if mine and job not in done:
                params = self.search.params(job, done)
                limit = self.allowance.limit(done)
                ref, answer = self._submitted(job, params, limit)
                self.flights.append(_Flight(job, params, stack.pop_all(), limit, ref, answer))

    def _submitted(self, job: Job, params: Params, limit: Deadline, again: int = 0) -> tuple[Reference, Deadline]:
        with self.storage.training(job.trial) as folder:
            files = _read(folder)
        # Clocks of two machines differ: what is sent is the time that is left. In a list, Ray leaves the reference be.
        left = None if limit.moment is None else limit.left
        ref = _task.remote([self.objective], job, dict(params), files, left)
        patience = patience_for(job, self.storage.done()) if self.patience is None else self.patience
        return ref, Deadline.after(patience * 2**again)

    def _look(self) -> None:
        """Wait a moment for answers, and lose patience where there is none."""
        if not self.flights:  # others do all that is ready
            time.sleep(PAUSE)
            return
        of = {flight.ref: flight for flight in self.flights}
        for ref in ray.wait(list(of), timeout=PAUSE)[0]:
            self._take(of[ref])
        for flight in list(self.flights):
            if time.monotonic() > (flight.limit.moment or math.inf) + _GRACE:
                self.over = True
                self._drop(flight)
            elif flight.answer.passed:
                self._again(flight, None)

    def _take(self, flight: _Flight) -> None:
        """Keep what a task found; an answer that was lost on the way is asked for again."""
        try:
            record, files = answer_of(flight.ref)
        except Lost as lost:
            self._again(flight, lost.__cause__)
        else:
            self._keep(flight, record, files)

    def _keep(self, flight: _Flight, record: Record | None, files: Files) -> None:
        with self.storage.training(flight.job.trial) as folder:
            for name, data in files.items():
                write_atomic(folder / name, data)
        if record is not None:
            self.storage.add(record)
        self._drop(flight)
        if record is None:
            self.over = True  # the time was up; the others see it for themselves
        elif self.listener is not None:
            self.listener(record, self.storage.done())

    def _again(self, flight: _Flight, why: BaseException | None) -> None:
        """Give a job to the cluster once more; whatever its old task answers, nobody looks at it."""
        cancel(flight.ref)
        flight.again += 1
        check_again(flight.again, f"trial {flight.job.trial}", why)
        flight.ref, flight.answer = self._submitted(flight.job, flight.params, flight.limit, flight.again)

    def _drop(self, flight: _Flight) -> None:
        cancel(flight.ref)
        self.flights.remove(flight)
        flight.claim.close()


def _train(boxed: list[Reference], job: Job, params: Params, files: Files, left: float | None) -> Answer:
    """Do a job in a folder of its own, on whatever machine; without a record where the time was up."""
    objective = fetched(boxed[0])
    with tempfile.TemporaryDirectory(prefix="seqcast-") as home:
        folder = Path(home)
        for name, data in files.items():
            (folder / name).write_bytes(data)
        try:
            record = objective(job, params, folder, Deadline.after(left))
        except BudgetError:
            record = None
        return record, _read(folder)


_task = ray.remote(num_cpus=1, max_retries=RETRIES)(_train)


def _read(folder: Path) -> dict[str, bytes]:
    # A hidden file is a write that was killed.
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name[0] != "."}
