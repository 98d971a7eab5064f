"""The section on leaks: its answer in one sentence, and its table of models by corruption."""

from collections.abc import Sequence
from typing import Literal

from seqcast.leaks.outcome import CHOICE, REPEAT, Audit, Outcome
from seqcast.report.evidence import Evidence
from seqcast.report.numbers import count, duration, number
from seqcast.report.stationarity import Cell, Table

State = Literal["passed", "leak", "unsteady", "unknown"]

MARKS: dict[State, str] = {"passed": "good", "leak": "bad", "unsteady": "open", "unknown": "open"}
_TOLD = {"noise": "noise", "missing": "nothing", "constant": "one constant"}
_HEADS = {"noise": "Turned to noise", "missing": "Taken out", "constant": "Turned to a constant", REPEAT: "Left as is"}


def state(audit: Audit | None) -> State:
    """Return how the audit ended; a leak outweighs a model of which nothing can be said.

    Examples
    --------
    >>> state(None)
    'unknown'
    """
    if audit is None or not audit.outcomes:
        return "unknown"
    if audit.passed:
        return "passed"
    return "leak" if audit.leaking else "unsteady"


def answer(evidence: Evidence) -> str:
    """Return in one sentence whether anything leaked."""
    audit = evidence.audit
    how = state(audit)
    if audit is None or how == "unknown":
        return f"Not audited{': ' + evidence.unaudited if evidence.unaudited else '.'}"
    if how == "passed":
        many = len(audit.corruptions)
        times = "once" if many == 1 else f"in {many} ways"
        values = count(audit.held_out.values, "held-out value")
        models = count(len([name for name in audit.models if name != CHOICE]), "model")
        return (
            f"No: {values} {'was' if audit.held_out.values == 1 else 'were'} spoilt {times}, and every forecast of "
            f"{models} stayed the same to the last bit{', and so did the choice' if CHOICE in audit.models else ''}."
        )
    if how == "leak":
        return f"Yes. {_named(audit.leaking)} saw what came after the cutoff: {_worst(audit)}"
    return f"It cannot be told: two clean runs of {_named(audit.unsteady)} differ."


def table(audit: Audit) -> Table:
    """Return the table of models by corruption: how many numbers of the forecast moved."""
    kinds = [*audit.corruptions, *([REPEAT] if any(each.corruption == REPEAT for each in audit.outcomes) else [])]
    heads = (Cell("Model"), *(Cell(_HEADS.get(kind, kind), word=True) for kind in kinds), Cell("Verdict", word=True))
    found = {(each.model, each.corruption): each for each in audit.outcomes}
    rows = [
        (Cell(model), *(_cell(found.get((model, kind))) for kind in kinds), Cell(_verdict(audit, model), word=True))
        for model in audit.models
    ]
    return Table(heads, tuple(rows))


def scope(audit: Audit) -> str:
    """Return what was held out and where, in a sentence."""
    held = audit.held_out
    parts = [
        count(held.targets, "target value") if held.targets else "",
        f"{count(held.past, 'value')} of features known to the cutoff only" if held.past else "",
        f"{count(held.known, 'value')} known ahead, beyond the horizon" if held.known else "",
    ]
    took = f" It took {duration(audit.seconds)}." if audit.seconds > 0 else ""
    return f"Spoilt after {audit.cutoff}: {_listed([part for part in parts if part]) or 'nothing'}.{took}"


def _cell(outcome: Outcome | None) -> Cell:
    if outcome is None:
        return Cell("–", word=True)
    if outcome.reason:
        return Cell("no answer", outcome.reason, word=True)
    aside = f"by up to {number(outcome.worst, 2)} spreads, {outcome.where}" if outcome.moved else ""
    return Cell(f"{outcome.moved:,} of {outcome.numbers:,} moved", aside, word=True)


def _verdict(audit: Audit, model: str) -> str:
    if model in audit.leaking:
        return "LEAK"
    return "not deterministic" if model in audit.unsteady else "passed"


def _worst(audit: Audit) -> str:
    failed = [each for name in audit.leaking for each in audit.of(name) if not each.passed]
    worst = max(failed, key=lambda each: (not each.reason, each.worst))
    into = _TOLD.get(worst.corruption, worst.corruption)
    if worst.reason:
        return f"{worst.model} answered otherwise ({worst.reason}) when the held-out values turned to {into}."
    return (
        f"the forecast of {worst.model} moved in {worst.moved:,} of {worst.numbers:,} numbers when the held-out values "
        f"turned to {into}."
    )


def _named(names: Sequence[str]) -> str:
    return _listed([*names[:3], f"{len(names) - 3} more"] if len(names) > 3 else names)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
