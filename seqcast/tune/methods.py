"""In which order jobs are done. It hangs on what was found alone, so that a killed search goes on by itself.

Hyperband after Li et al. (2018), ASHA after Li et al. (2020). Trial 0, the defaults, is trained to its end before all
others: whatever the search finds has something to beat, and the shortest budget still has an answer.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Protocol

from seqcast.errors import ConfigError
from seqcast.options import METHODS
from seqcast.tune.records import Done, Job

_WAVE = 4  # trials of a random search that are drawn without knowing each other, so that they may run at once


class Method(Protocol):
    """An order of jobs."""

    def ready(self, done: Done) -> list[Job]:
        """Return the jobs that may be done now, in order; those that are finished are left out. Empty: all is done."""
        ...

    def seen(self, job: Job) -> int:
        """Return the first trial whose results the settings of this job's trial must not hang on."""
        ...


@dataclass(frozen=True)
class Hyperband:
    """Many settings for few epochs, fewer for more: brackets that weigh the two differently.

    Parameters
    ----------
    epochs : int
        Of a whole training.
    factor : int
        One in so many goes on to the next rung.
    trials : int or None
        Settings to try beside the defaults; None never ends.

    Examples
    --------
    >>> [(bracket.count, bracket.rungs) for bracket in Hyperband(epochs=9, factor=3).brackets()]
    [(9, (1, 3, 9)), (5, (3, 9)), (3, (9,))]
    """

    epochs: int
    factor: int = 3
    trials: int | None = None

    def brackets(self) -> "tuple[Bracket, ...]":
        """Return one round of brackets."""
        levels = rungs_of(self.epochs, self.factor)
        most = len(levels) - 1
        return tuple(
            Bracket(-(-len(levels) * self.factor**rungs // (rungs + 1)), levels[most - rungs :])
            for rungs in range(most, -1, -1)
        )

    def ready(self, done: Done) -> list[Job]:
        """Return the unfinished jobs of the first rung that has any."""
        if Job(0, self.epochs) not in done:
            return [Job(0, self.epochs)]
        for stage, first, bracket in self._stages():
            members = list(range(first, first + bracket.count))
            for epochs in bracket.rungs:
                jobs = [Job(trial, epochs, stage) for trial in members]
                left = [job for job in jobs if job not in done]
                if left:
                    return left
                members = done.best_of(jobs, max(1, len(members) // self.factor))
        return []

    def seen(self, job: Job) -> int:
        """Return the first trial of the job's bracket: a bracket hangs on earlier ones alone."""
        return next((first for stage, first, _ in self._stages() if stage == job.stage), 0)

    def _stages(self) -> "Iterator[tuple[int, int, Bracket]]":
        first, round_ = 1, self.brackets()
        for stage in count():
            bracket = round_[stage % len(round_)]
            left = bracket.count if self.trials is None else min(bracket.count, self.trials + 1 - first)
            if left < 1:
                return
            yield stage + 1, first, Bracket(left, bracket.rungs)
            first += left


@dataclass(frozen=True)
class Bracket:
    """How many settings begin, and the epochs after which the best of them go on."""

    count: int
    rungs: tuple[int, ...]


def rungs_of(epochs: int, factor: int) -> tuple[int, ...]:
    """Return the epochs of the rungs, each a `factor` of the one before, up to the whole.

    Examples
    --------
    >>> rungs_of(30, 3), rungs_of(10, 3), rungs_of(2, 3)
    ((1, 3, 10, 30), (1, 3, 10), (2,))
    """
    levels = [epochs]
    while levels[0] / factor >= 1:
        levels.insert(0, max(1, round(epochs / factor ** len(levels))))
    return tuple(sorted(set(levels)))


@dataclass(frozen=True)
class Asha:
    """Successive halving that waits for nobody: a trial goes on as soon as it is among the best of its rung so far."""

    epochs: int
    factor: int = 3
    trials: int | None = None

    def ready(self, done: Done) -> list[Job]:
        """Return what may go on, from the highest rung down, then trials that were not begun."""
        if Job(0, self.epochs) not in done:
            return [Job(0, self.epochs)]
        levels = rungs_of(self.epochs, self.factor)
        jobs: list[Job] = []
        for low, high in list(zip(levels, levels[1:], strict=False))[::-1]:
            reached = sorted((r.value, r.job.trial) for r in done.records if r.job.epochs == low and r.job.trial)
            best = [trial for _, trial in reached[: len(reached) // self.factor]]
            jobs += [Job(trial, high) for trial in best if Job(trial, high) not in done]
        fresh = (Job(trial, levels[0]) for trial in (count(1) if self.trials is None else range(1, self.trials + 1)))
        return [*jobs, *islice((job for job in fresh if job not in done), _WAVE)]

    def seen(self, job: Job) -> int:
        """Return the trial itself: its settings hang on all that is known when it begins."""
        return job.trial


@dataclass(frozen=True)
class Whole:
    """Every trial trained to its end."""

    epochs: int
    trials: int | None = None

    def ready(self, done: Done) -> list[Job]:
        """Return the unfinished jobs of the first wave that has any."""
        if Job(0, self.epochs) not in done:
            return [Job(0, self.epochs)]
        most = sys.maxsize if self.trials is None else self.trials
        trial = next(trial for trial in count(1) if trial > most or Job(trial, self.epochs) not in done)
        wave = (trial - 1) // _WAVE
        jobs = [Job(each, self.epochs, wave) for each in range(trial, min((wave + 1) * _WAVE, most) + 1)]
        return [job for job in jobs if job not in done]

    def seen(self, job: Job) -> int:
        """Return the first trial of the job's wave."""
        return 1 + job.stage * _WAVE


def method_named(name: str, epochs: int, factor: int, trials: int | None) -> Method:
    """Return the order of that name.

    Raises
    ------
    ConfigError
        For an unknown name.
    """
    if name not in METHODS:
        raise ConfigError(f"No method is named {name!r}. Known: {', '.join(METHODS)}.")
    if name == "random":
        return Whole(epochs, trials)
    return (Hyperband if name == "hyperband" else Asha)(epochs, factor, trials)
