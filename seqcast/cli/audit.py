"""An audit in the terminal: models by corruption, features that look like the answer, and the verdict in one line."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seqcast.doctor import Finding
from seqcast.leaks.outcome import REPEAT, Audit, Outcome

_HEADS = {"noise": "noise", "missing": "taken out", "constant": "one constant", REPEAT: "as it is"}


def print_audit(found: Audit, suspects: Sequence[Finding]) -> None:
    """Print an audit on stdout, and the features that may hold the answer themselves."""
    console = Console(highlight=False, emoji=False, soft_wrap=True)
    held = found.held_out
    console.print(
        Text(
            f"Everything after {found.cutoff} was replaced in three ways: {held.targets:,} values of targets, "
            f"{held.past:,} of features known to the cutoff only, {held.known:,} known ahead but beyond the horizon.\n"
        )
    )
    console.print(_table(found))
    for note in found.notes:
        console.print(Text("\n" + note))
    for suspect in suspects:
        console.print(Text(f"\n{suspect.severity} · {suspect.check} · {suspect.where}", style="bold"))
        console.print(Text(f"{suspect.what} {suspect.why}\n→ {suspect.option}"))
    console.print(Text("\n" + found.sentence, style="bold green" if found.passed else "bold red"))


def _table(found: Audit) -> Table:
    kinds = [*found.corruptions, *([REPEAT] if found.unsteady else [])]
    table = Table(box=None, pad_edge=False)
    table.add_column("model")
    for kind in kinds:
        table.add_column(_HEADS.get(kind, kind), justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for model in found.models:
        by_kind = {outcome.corruption: outcome for outcome in found.of(model)}
        style = "" if verdict_of(found, model) == "passed" else "bold red"
        table.add_row(Text(model), *(_cell(by_kind.get(kind)) for kind in kinds), verdict_of(found, model), style=style)
    return table


def verdict_of(found: Audit, model: str) -> str:
    """Return how the audit ended for one model.

    Examples
    --------
    >>> from seqcast.leaks.outcome import HeldOut
    >>> fine = Outcome(model="naive", corruption="noise", moved=0, numbers=24)
    >>> held = HeldOut(targets=24, past=0, known=0)
    >>> verdict_of(Audit(cutoff="2024-05-01", held_out=held, outcomes=(fine,)), "naive")
    'passed'
    """
    if model in found.unsteady:
        return "not deterministic"
    return "LEAK" if model in found.leaking else "passed"


def _cell(outcome: Outcome | None) -> str:
    if outcome is None:
        return "–"
    if outcome.reason:
        return "no answer"
    return f"{outcome.moved:,} of {outcome.numbers:,} moved"
