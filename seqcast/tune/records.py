"""What a search has found so far: one record for each job that was finished, in the order they were finished."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from seqcast.ranges import Value


@dataclass(frozen=True, order=True)
class Job:
    """One trial trained to so many epochs, going on from where the last job of it ended.

    Trial 0 are the defaults. `stage` is the bracket of Hyperband, or the wave of a random search.
    """

    trial: int
    epochs: int
    stage: int = 0

    @property
    def key(self) -> str:
        """A name that no other job of the search has."""
        return f"{self.trial:05d}-{self.epochs:05d}"


@dataclass(frozen=True)
class Record:
    """What one job found.

    Parameters
    ----------
    job : Job
        What was done.
    params : mapping of str to value
        Settings of the trial.
    value : float
        Error on the inner windows, lower is better; infinite where the settings cannot work.
    loss : float
        Validation loss inside the training part, by which its best weights were kept.
    reached : int
        Epochs that were trained; fewer than the job's where training stalled before.
    seconds : float
        Wall time of the job.
    failed : str
        Why the settings cannot work; empty where they do.
    """

    job: Job
    params: Mapping[str, Value]
    value: float
    loss: float = math.nan
    reached: int = 0
    seconds: float = 0.0
    failed: str = ""

    def to_mapping(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        figures = {name: _number(getattr(self, name)) for name in ("value", "loss")}
        return {**asdict(self), "params": dict(self.params), **figures}

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> "Record":
        """Return the record that `to_mapping` took apart.

        Examples
        --------
        >>> record = Record(Job(1, 3), {"model": "lstm"}, 0.5)
        >>> Record.of(record.to_mapping()).value
        0.5
        """
        value, loss = (missing if mapping[n] is None else float(mapping[n]) for n, missing in _MISSING.items())
        rest = {name: mapping[name] for name in ("params", "reached", "seconds", "failed")}
        return cls(Job(**mapping["job"]), value=value, loss=loss, **rest)


_MISSING = {"value": math.inf, "loss": math.nan}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class Done:
    """All records of a search, found by trial and epochs."""

    records: tuple[Record, ...] = ()

    @cached_property
    def _found(self) -> dict[tuple[int, int], Record]:
        return {(record.job.trial, record.job.epochs): record for record in reversed(self.records)}

    @cached_property
    def _begun(self) -> dict[int, Record]:
        return {record.job.trial: record for record in reversed(self.records)}

    def __contains__(self, job: Job) -> bool:
        return (job.trial, job.epochs) in self._found

    def value(self, trial: int, epochs: int) -> float:
        """Return the error of a finished job."""
        return self._found[trial, epochs].value

    def best_of(self, jobs: Sequence[Job], most: int) -> list[int]:
        """Return the trials of the best finished jobs, at most so many, in the order of their numbers."""
        ranked = sorted(jobs, key=lambda job: (self.value(job.trial, job.epochs), job.trial))
        return sorted(job.trial for job in ranked[:most])

    def params(self, trial: int) -> Mapping[str, Value] | None:
        """Return the settings of a trial that has a record."""
        return self._begun[trial].params if trial in self._begun else None

    def before(self, trial: int) -> "Done":
        """Return the records of the trials with a lower number, in the order of their jobs."""
        return Done(tuple(sorted((r for r in self.records if r.job.trial < trial), key=lambda record: record.job)))

    def furthest(self) -> tuple[Record, ...]:
        """Return of each trial the record of its longest training, in the order of the trials."""
        last = {record.job.trial: record for record in sorted(self.records, key=lambda record: record.job)}
        return tuple(last.values())

    def best(self) -> Record | None:
        """Return the record of the least error, of equals the one of the lower trial; None without any that works.

        Only trials that were trained as long as the longest are compared: a rung says who goes on, not who has won.
        """
        longest = max((record.job.epochs for record in self.records), default=0)
        last = [r for r in self.furthest() if r.job.epochs == longest and math.isfinite(r.value)]
        return min(last, key=lambda record: (record.value, record.job.trial), default=None)


def unique(records: Iterable[Record]) -> tuple[Record, ...]:
    """Return the first record of each job: two workers that did the same job found the same."""
    return tuple({record.job.key: record for record in reversed(list(records))}.values())[::-1]
