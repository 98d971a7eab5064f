"""The audit of a run: its whole procedure, from the choice of the model to its intervals, on one cheap window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from seqcast.budget import Deadline
from seqcast.config import Settings
from seqcast.data.panel import Panel
from seqcast.errors import BudgetError, HistoryError
from seqcast.evaluate.plan import Plan, plan
from seqcast.evaluate.study import Limits, compare
from seqcast.forecasters.build import build_forecaster
from seqcast.leaks.door import BEHIND, Reread, through_the_door
from seqcast.leaks.outcome import CHOICE, Audit
from seqcast.leaks.procedure import audit_procedure
from seqcast.runs.judged import members_of

_INNER = 2
_ROWS = 600  # before the cutoff
_SERIES = 8
_TARGETS = 2
_TRAINING: Mapping[str, Any] = {"epochs": 3, "steps": 10, "patience": 2}


@dataclass(frozen=True, eq=False)
class Audited:
    """What the audit found, or why there was none."""

    audit: Audit | None
    reason: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know."""
        return (f"Not audited for leaks: {self.reason}",) if self.audit is None else ()


NOT_ASKED = Audited(None, "it was switched off with --no-audit.")


def audit_run(panel: Panel, settings: Settings, limits: Limits) -> Audited:
    """Audit the whole procedure of a run on a short part of its table, within a deadline."""
    try:
        return Audited(audit_settings(panel, settings, limits=limits))
    except (BudgetError, HistoryError) as error:
        return Audited(None, str(error))


def audit_settings(panel: Panel, settings: Settings, *, whole: bool = False, limits: Limits | None = None) -> Audit:
    """Audit the models of the settings at one cutoff, with everything that is decided before it.

    Each run fits every model, corrects intervals, learns the weights of the ensemble and chooses, all on inner windows
    before the cutoff.

    Parameters
    ----------
    whole : bool
        With the whole history and the full training. Else the latest rows of the longest series and a short training,
        by the same steps.

    Raises
    ------
    BudgetError
        When the deadline passed before it was done.
    HistoryError
        When the history is too short for one window.
    """
    limits = limits or Limits.of(settings.run)
    if not whole:
        panel = shortened(panel)
        settings = replace(settings, training={**settings.training, **_TRAINING})
    panel, reread = through_the_door(panel)
    options = replace(settings.run, models=members_of(settings.run.models), windows=1, inner=_INNER, step=None)
    planned = plan(panel, options)
    known = planned.folds.known[planned.inner]
    found = audit_procedure(procedure_of(planned, settings, limits, reread), panel, known, settings.run.horizon)
    part = f"{len(panel.values):,} rows of {len(panel)} series"
    how = "the whole training" if whole else f"networks trained for {_TRAINING['epochs']} short epochs"
    scope = f"Audited on {part}, {planned.inner} inner windows, {how}."
    return replace(found, notes=(*found.notes, scope, *(() if reread else (BEHIND,))))


def procedure_of(
    planned: Plan, settings: Settings, limits: Limits, reread: Reread | None = None
) -> Callable[[Panel], Mapping[str, Any]]:
    """Return what a run does up to its first outer window, as a function of the panel alone."""
    # Without a deadline of its own: a model left out for want of time would look like one that saw the future.
    unhurried = replace(limits, deadline=Deadline(), say=lambda line: None)
    until = planned.until_first_outer()

    def procedure(panel: Panel) -> Mapping[str, Any]:
        if limits.deadline.passed:
            raise BudgetError("the part of the budget for the audit was spent before it was done.")
        members = [build_forecaster(name, settings) for name in members_of(settings.run.models)]
        study = compare(panel if reread is None else reread(panel), until, members, unhurried)
        said: dict[str, Any] = {name: test.forecast for name, test in study.backtests.items()}
        if until.inner:
            names = sorted(study.backtests)
            weights = [study.choice.weights.get(name, 0.0) for name in names]
            among = [float(name in study.choice.middle) for name in names]
            said[CHOICE] = np.array([float(names.index(study.best)), *weights, *among])
        return said

    return procedure


def shortened(panel: Panel) -> Panel:
    """Return the latest rows of the longest series; targets beyond the first few become features."""
    longest = np.sort(np.argsort(-panel.history, kind="stable")[:_SERIES])
    part = panel.only(longest)
    part, _ = part.since(part.history - _ROWS)
    target, more = part.columns.target[:_TARGETS], part.columns.target[_TARGETS:]
    return replace(part, columns=replace(part.columns, target=target, past=(*more, *part.columns.past)))
