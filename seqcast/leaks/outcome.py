"""The leak audit: spoil everything that lies after a cutoff, run the whole procedure again, and compare bit by bit.

A procedure that has seen nothing of the future says the same, to the last bit, whatever the future holds. The test asks
for no trust in how the procedure was written: it finds a scaler fitted on all rows as well as a choice of model by the
test window.
"""

from dataclasses import asdict, dataclass
from typing import Any

REPEAT = "repeat"
"""The corruption that corrupts nothing: the clean run once more, which a procedure that draws at random fails."""

CHOICE = "the choice of the model"
"""Name under which an audit has the model that was chosen and the weights of the ensemble."""


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """How many values were replaced, by their role.

    Examples
    --------
    >>> HeldOut(targets=24, past=48, known=0).values
    72
    """

    targets: int
    past: int
    known: int

    @property
    def values(self) -> int:
        """All of them."""
        return self.targets + self.past + self.known


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one corruption did to the forecast of one model.

    Parameters
    ----------
    model : str
        Name of the model.
    corruption : str
        `noise`, `missing` or `constant`; `repeat` for a clean run that differs from the clean run before it.
    moved, numbers : int
        How many numbers of the forecast changed in any bit, out of how many.
    worst : float
        The largest change, relative to the spread of the series; infinite where a number came or went.
    where : str
        Series, target and step of the largest change; empty where nothing moved.
    reason : str
        Why there is nothing to compare: the run broke down, or its answer had another shape.

    Examples
    --------
    >>> Outcome(model="naive", corruption="noise", moved=0, numbers=240).passed
    True
    """

    model: str
    corruption: str
    moved: int
    numbers: int
    worst: float = 0.0
    where: str = ""
    reason: str = ""

    @property
    def passed(self) -> bool:
        """Whether not one bit moved."""
        return self.moved == 0 and not self.reason


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What the audit of a procedure found.

    Parameters
    ----------
    cutoff : str
        The moment after which nothing was to be known.
    held_out : HeldOut
        How many values each corruption replaced.
    outcomes : tuple of Outcome
        One for each model and corruption, in the order of the models.
    notes : tuple of str
        What the user should know of how it was done.
    seconds : float
        Wall time.

    Examples
    --------
    >>> fine = Outcome(model="naive", corruption="noise", moved=0, numbers=24)
    >>> held = HeldOut(targets=24, past=0, known=0)
    >>> Audit(cutoff="2024-05-01", held_out=held, outcomes=(fine,), seconds=0.1).sentence
    'passed: 1 model, 1 corruption of 24 held-out values each; every forecast is bit-identical'
    """

    cutoff: str
    held_out: HeldOut
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the models."""
        return tuple(dict.fromkeys(outcome.model for outcome in self.outcomes))

    @property
    def corruptions(self) -> tuple[str, ...]:
        """Names of the corruptions, without the clean run that was repeated."""
        return tuple(dict.fromkeys(each.corruption for each in self.outcomes if each.corruption != REPEAT))

    @property
    def passed(self) -> bool:
        """Whether something was asked and nothing moved."""
        return bool(self.outcomes) and all(outcome.passed for outcome in self.outcomes)

    @property
    def unsteady(self) -> tuple[str, ...]:
        """Names of the models of which two clean runs differ: of them nothing can be said."""
        return tuple(each.model for each in self.outcomes if each.corruption == REPEAT and not each.passed)

    @property
    def leaking(self) -> tuple[str, ...]:
        """Names of the models that have seen the future."""
        failed = (outcome.model for outcome in self.outcomes if not outcome.passed)
        return tuple(name for name in dict.fromkeys(failed) if name not in self.unsteady)

    def of(self, model: str) -> tuple[Outcome, ...]:
        """Return the outcomes of one model."""
        return tuple(outcome for outcome in self.outcomes if outcome.model == model)

    @property
    def sentence(self) -> str:
        """The verdict in one line."""
        return "; ".join([*map(self._leak, self.leaking), *map(_unsteady, self.unsteady)]) or self._praise()

    def _praise(self) -> str:
        if not self.outcomes:
            return "nothing was audited"
        corrupted = _counted(len(self.corruptions), "corruption")
        models = _counted(len([name for name in self.models if name != CHOICE]), "model")
        return (
            f"passed: {models}{' and the choice among them' if CHOICE in self.models else ''}, {corrupted} of "
            f"{_counted(self.held_out.values, 'held-out value')} each; every forecast is bit-identical"
        )

    def _leak(self, name: str) -> str:
        failed = [outcome for outcome in self.of(name) if not outcome.passed]
        worst = max(failed, key=lambda outcome: (not outcome.reason, outcome.worst))
        turned = f"when the held-out values turned to {_INTO[worst.corruption]}: it has seen the future"
        if worst.reason:
            return f"LEAK: {name} answered otherwise ({worst.reason}) {turned}"
        return f"LEAK: {name} moved by up to {worst.worst:.2g} ({worst.where}) {turned}"

    def to_mapping(self) -> dict[str, Any]:
        """Return the audit as JSON values; a change without end is None."""
        outcomes = [
            {**asdict(each), "worst": each.worst if each.worst < float("inf") else None, "passed": each.passed}
            for each in self.outcomes
        ]
        return {
            "passed": self.passed,
            "sentence": self.sentence,
            "leaking": list(self.leaking),
            "unsteady": list(self.unsteady),
            "cutoff": self.cutoff,
            "held_out": {**asdict(self.held_out), "values": self.held_out.values},
            "outcomes": outcomes,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }


_INTO = {"noise": "noise", "missing": "missing ones", "constant": "one constant", REPEAT: "themselves"}


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _unsteady(name: str) -> str:
    return f"NOT DETERMINISTIC: two clean runs of {name} differ, so nothing can be said of it"
