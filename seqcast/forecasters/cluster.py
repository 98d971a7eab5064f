"""Work on a Ray cluster, and the one place where Ray is imported. Needs the extra `ray`.

Ray tries again by itself what a worker or a node took with it when it died. Where the network is cut it waits for ever:
so whoever gives it a task waits with patience, and gives the task again when that is lost.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from threadpoolctl import threadpool_limits

from seqcast.budget import Deadline
from seqcast.errors import BudgetError, ConfigError, MissingExtraError, TrainingError
from seqcast.forecasters.pool import Died, Job, chunks_of

try:
    import ray
    from ray.exceptions import OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError
except ModuleNotFoundError as missing:
    raise MissingExtraError(
        "The engine 'ray' needs Ray, which is not installed: pip install 'seqcast[ray]', or work on this machine "
        "with --engine local."
    ) from missing

Reference = ray.ObjectRef[Any]

RETRIES = 3
"""Times that Ray itself tries a task again whose worker died."""
PAUSE = 0.2
"""Seconds until we look again whether a task has ended or the time is up."""

_FETCH = 60.0  # seconds that the bytes of an answer may take, or a cluster to be found
_MOST = 5  # times that work is given to the cluster again
_LEAST, _GENEROUS = 120.0, 10.0  # seconds, and times the slowest part so far, that an answer is waited for


@contextmanager
def connected(address: str | None, workers: int) -> Iterator[None]:
    """Be a client of a cluster meanwhile; where this process is one already, it stays one.

    Parameters
    ----------
    address : str or None
        Of a running cluster, whose nodes have seqcast; without one, Ray is started here and stopped at the end.
    workers : int
        Cores of the Ray that is started here.

    Raises
    ------
    ConfigError
        When no cluster answers at the address.
    """
    if ray.is_initialized():
        yield
        return
    ending = signal.getsignal(signal.SIGTERM)
    try:
        _start(address, workers)
        yield
    finally:
        ray.shutdown()
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, ending)  # Ray has taken it


def _start(address: str | None, workers: int) -> None:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing leaves the machine
    os.environ.setdefault("RAY_worker_niceness", "0")  # 15 of its own: on a busy machine a hundredth of the speed
    # With None, Ray might find a stranger's cluster on this machine.
    where, cores, dashboard = (address, None, None) if address else ("local", workers, False)
    host, _, port = where.removeprefix("ray://").rpartition(":")
    try:
        if port.isdigit():  # Ray itself would try for many minutes
            socket.create_connection((host.strip("[]"), int(port)), _FETCH).close()
        ray.init(where, num_cpus=cores, include_dashboard=dashboard, log_to_driver=False, logging_level=logging.ERROR)
    except OSError as error:
        raise ConfigError(
            f"No Ray cluster answers at {address!r}. Start one there with `ray start --head`, or leave out "
            "--address to start one on this machine."
        ) from error


def cores() -> int:
    """Return how many cores the cluster has now, at least one."""
    return int(ray.cluster_resources().get("CPU", 0)) or 1


def cancel(task: Reference) -> None:
    """Stop a task that nobody waits for any more."""
    # Ray 2.60 aborts this whole process where a cancelling meets an answer that has just come.
    if not ray.wait([task], timeout=0)[0]:
        ray.cancel(task, force=True)


class Lost(Exception):
    """The cluster has no answer of a task, by no fault of the task; the cause says why."""


def answer_of(task: Reference) -> Any:
    """Return what a task that has ended gave, or raise what it raised.

    Raises
    ------
    Lost
        When the cluster lost it.
    """
    try:
        return ray.get(task, timeout=_FETCH)
    except RayTaskError as error:
        if not isinstance(error.cause, RayError):
            raise error.cause from error
        raise Lost from error.cause
    except RayError as error:
        raise Lost from error


def check_again(again: int, what: str, why: BaseException | None) -> None:
    """Refuse to give work to the cluster for ever.

    Raises
    ------
    TrainingError
        When it was given again too often.
    """
    if again > _MOST:
        reason = (str(why) if why else "no answer in time") or type(why).__name__
        raise TrainingError(
            f"The cluster lost {what} {again} times; at last: {reason.splitlines()[0]}. See to its nodes with "
            "`ray status`; the same command goes on from what is finished."
        ) from why


@lru_cache(maxsize=1)
def fetched(kept: Reference) -> Any:
    """Return what a reference stands for, made from its bytes once in a process and not once a task."""
    return ray.get(kept)


@dataclass(eq=False)
class _Part:  # of the jobs, as the cluster has it
    places: list[int]
    sent: float
    answer: Deadline
    again: int = 0


def map_on_cluster(
    function: Callable[..., Any], jobs: Sequence[Job], *, workers: int, chunk: int, deadline: Deadline
) -> list[Any]:
    """Return `function(*job)` of each job, in the order of the jobs, as `map_in_processes` does.

    A worker, a node or a network that fails costs time and no answer; `Died` stands for a job that kills every worker.

    Raises
    ------
    BudgetError
        When the deadline passes first.
    TrainingError
        When the cluster gave no answer again and again.
    """
    return _Map(ray.put(function), jobs, workers, deadline).work(chunks_of(len(jobs), chunk))


class _Map:
    def __init__(self, function: Reference, jobs: Sequence[Job], workers: int, deadline: Deadline):
        self.function, self.jobs, self.workers, self.deadline = function, jobs, workers, deadline
        self.results: dict[int, Any] = {}
        self.flying: dict[Reference, _Part] = {}
        self.slowest = 0.0

    def work(self, waiting: list[list[int]]) -> list[Any]:
        try:
            while len(self.results) < len(self.jobs):
                # Two for each core: one that is done, and one that waits for it to be.
                while waiting and len(self.flying) < 2 * self.workers:
                    self._send(waiting.pop())
                self._look(waiting)
            return [self.results[place] for place in range(len(self.jobs))]
        finally:
            for ref in list(self.flying):
                cancel(ref)

    def _send(self, places: list[int], again: int = 0) -> None:
        patience = max(_LEAST, _GENEROUS * self.slowest) * 2**again
        ref = _task.remote([self.function], [self.jobs[place] for place in places])
        self.flying[ref] = _Part(places, time.monotonic(), Deadline.after(patience), again)

    def _look(self, waiting: list[list[int]]) -> None:
        """Wait a moment for answers; give again what had none for too long."""
        for ref in ray.wait(list(self.flying), timeout=PAUSE)[0]:
            self._take(ref, self.flying.pop(ref), waiting)
        if self.deadline.passed and len(self.results) < len(self.jobs):
            raise BudgetError(f"The wall-time budget ended after {len(self.results)} of {len(self.jobs)} local fits.")
        for ref, part in list(self.flying.items()):
            if part.answer.passed:
                del self.flying[ref]
                cancel(ref)
                self._again(part, None)

    def _take(self, ref: Reference, part: _Part, waiting: list[list[int]]) -> None:
        try:
            answers = answer_of(ref)
        except Lost as lost:
            if not isinstance(lost.__cause__, WorkerCrashedError | OutOfMemoryError):
                self._again(part, lost.__cause__)
            elif len(part.places) > 1:  # one of them is the culprit, and only that one is lost
                waiting.extend([place] for place in reversed(part.places))
            else:
                self.results[part.places[0]] = Died(None)
        else:
            self.slowest = max(self.slowest, time.monotonic() - part.sent)
            self.results.update(zip(part.places, answers, strict=True))

    def _again(self, part: _Part, why: BaseException | None) -> None:
        check_again(part.again + 1, "a part of the work", why)
        self._send(part.places, part.again + 1)


def _do(boxed: list[Reference], jobs: Sequence[Job]) -> list[Any]:
    function = fetched(boxed[0])  # in a list, Ray leaves the reference be
    with threadpool_limits(limits=1):
        return [function(*job) for job in jobs]


_task = ray.remote(num_cpus=1, max_retries=RETRIES)(_do)
