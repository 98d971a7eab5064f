"""Several processes of this machine on one search: each takes what nobody does, and none tells another what to do."""

from dataclasses import replace

from seqcast.budget import Deadline
from seqcast.forecasters.pool import map_in_processes
from seqcast.tune.journal import Storage
from seqcast.tune.objective import Objective, silent
from seqcast.tune.records import Done
from seqcast.tune.search import Allowance, Listener, Search, work


def work_together(
    search: Search, storage: Storage, allowance: Allowance, listener: Listener | None = None, *, workers: int
) -> Done:
    """Do jobs in so many processes until none is left or the time is up; the records are those of one process.

    A process that dies loses the job it was at, which goes on from its last epoch.

    Raises
    ------
    SeqcastError
        What a job raises, in whichever process.
    """
    judge = search.objective
    apart = replace(search, objective=replace(judge, on_epoch=silent) if isinstance(judge, Objective) else judge)
    jobs = [(apart, storage, allowance)] * workers
    map_in_processes(_serve, jobs, workers=workers, chunk=1, deadline=Deadline())
    return work(search, storage, allowance, listener)


def _serve(search: Search, storage: Storage, allowance: Allowance) -> int:
    return len(work(search, storage, allowance).records)
