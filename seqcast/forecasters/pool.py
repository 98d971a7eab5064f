"""A function mapped over jobs by processes that may die, hang or be interrupted without harm to the caller.

The processes are never plain forks: torch may be loaded here, with threads that a fork would leave half-alive. They do
not run the user's script again either, as Python's own pools do: a script without a `__main__` guard works.
"""

import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from threadpoolctl import threadpool_limits

from seqcast.budget import Deadline
from seqcast.errors import BudgetError

if TYPE_CHECKING:
    # Windows has only one of them.
    from multiprocessing.context import ForkServerContext, SpawnContext

Job = tuple[Any, ...]
PRELOADED = "seqcast.forecasters.statistical"


@dataclass(frozen=True)
class Died:
    """What a job gets whose process came to its end: memory ran out, or a library crashed."""

    exit_code: int | None


@dataclass(eq=False)
class _Worker:
    process: Any
    connection: Connection
    jobs: list[int] = field(default_factory=list)


def map_in_processes(
    function: Callable[..., Any], jobs: Sequence[Job], *, workers: int, chunk: int, deadline: Deadline
) -> list[Any]:
    """Return `function(*job)` of each job, in the order of the jobs; `Died` where its process did not survive it.

    Raises
    ------
    BudgetError
        When the deadline passes first. No process is left behind then, nor after an interrupt.

    Examples
    --------
    >>> map_in_processes(pow, [(2, 3), (3, 2)], workers=1, chunk=1, deadline=Deadline.after(None))
    [8, 9]
    """
    results: dict[int, Any] = {}
    # A chunk that killed its process is tried again job by job, so that only the culprit is lost.
    waiting = chunks_of(len(jobs), chunk)
    crew = [_start(function) for _ in range(min(workers, len(waiting)))]
    try:
        while len(results) < len(jobs):
            for worker in crew:
                if not worker.jobs and waiting:
                    _send(worker, waiting.pop(), jobs)
            for ready in wait([worker.connection for worker in crew if worker.jobs], _patience(deadline)):
                worker = next(worker for worker in crew if worker.connection is ready)
                if not _receive(worker, results):
                    waiting.extend(_retries(worker, results))
                    crew[crew.index(worker)] = _start(function)
            if deadline.passed and len(results) < len(jobs):
                raise BudgetError(f"The wall-time budget ended after {len(results)} of {len(jobs)} local fits.")
    finally:
        for worker in crew:
            _stop(worker)
    return [results[index] for index in range(len(jobs))]


def chunks_of(count: int, chunk: int) -> list[list[int]]:
    """Return the places of so many jobs in parts, the first part last: each is taken from the end.

    Examples
    --------
    >>> chunks_of(5, chunk=2)
    [[4], [2, 3], [0, 1]]
    """
    return [list(range(low, min(low + chunk, count))) for low in range(0, count, chunk)][::-1]


class Mapper(Protocol):
    """Maps a function over jobs, as `map_in_processes` does."""

    def __call__(
        self, function: Callable[..., Any], jobs: Sequence[Job], *, workers: int, chunk: int, deadline: Deadline
    ) -> list[Any]:
        """Return `function(*job)` of each job, in the order of the jobs."""
        ...


@dataclass(frozen=True)
class Crew:
    """Who does many jobs, and how many of them at once; None for one a processor."""

    mapper: Mapper = map_in_processes
    workers: int | None = None


_HERE = Crew()
_CREW: ContextVar[Crew] = ContextVar("crew", default=_HERE)


def crew() -> Crew:
    """Return who does many jobs here.

    Examples
    --------
    >>> with done_by(Crew(workers=7)):
    ...     crew().workers
    7
    """
    return _CREW.get()


@contextmanager
def done_by(crew: Crew) -> Iterator[None]:
    """Let others do many jobs meanwhile, such as a cluster."""
    token = _CREW.set(crew)
    try:
        yield
    finally:
        _CREW.reset(token)


def _patience(deadline: Deadline) -> float | None:
    return None if deadline.moment is None else deadline.left


def _send(worker: _Worker, chunk: list[int], jobs: Sequence[Job]) -> None:
    worker.jobs = chunk
    # A process that died idle cannot take it; reading from it finds that out.
    with suppress(BrokenPipeError, ConnectionResetError):
        worker.connection.send([jobs[index] for index in chunk])


def _receive(worker: _Worker, results: dict[int, Any]) -> bool:
    try:
        answers = worker.connection.recv()
    except (EOFError, ConnectionResetError):
        return False
    results.update(zip(worker.jobs, answers, strict=True))
    worker.jobs = []
    return True


def _retries(worker: _Worker, results: dict[int, Any]) -> list[list[int]]:
    _stop(worker)
    if len(worker.jobs) > 1:
        return [[index] for index in reversed(worker.jobs)]
    results[worker.jobs[0]] = Died(worker.process.exitcode)
    return []


def _start(function: Callable[..., Any]) -> _Worker:
    context: ForkServerContext | SpawnContext = multiprocessing.get_context("spawn")
    if "forkserver" in multiprocessing.get_all_start_methods():
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([PRELOADED])
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(function, there), daemon=True)
    with _no_main():
        process.start()
    there.close()
    return _Worker(process, here)


@contextmanager
def _no_main() -> Iterator[None]:
    """Hide the user's script from the start of a process, which would import it and so run it again."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _stop(worker: _Worker) -> None:
    worker.connection.close()
    worker.process.terminate()
    worker.process.join()


def _serve(function: Callable[..., Any], connection: Connection) -> None:
    # An interrupt from the keyboard reaches the whole group; the parent alone decides what to do about it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError), threadpool_limits(limits=1):
        while True:
            connection.send([function(*job) for job in connection.recv()])
