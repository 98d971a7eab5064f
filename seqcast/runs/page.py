"""From what was found to the page that shows it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from seqcast.autopsy.autopsy import Autopsy, autopsies
from seqcast.config import Settings
from seqcast.data.panel import Panel
from seqcast.evaluate.coverage import coverage_of, pit_of
from seqcast.evaluate.final import Final
from seqcast.evaluate.study import Limits
from seqcast.evaluate.verdict import Verdict
from seqcast.files import write_atomic
from seqcast.forecasters.base import Fitted
from seqcast.report.facts import Run as ReportRun
from seqcast.report.facts import build_facts
from seqcast.report.html import render
from seqcast.runs.audited import NOT_ASKED, Audited, audit_run
from seqcast.runs.folder import versions
from seqcast.runs.judged import Judged, judged


@dataclass(frozen=True, eq=False)
class Findings:
    """What a study and a forecast gave.

    Parameters
    ----------
    judged : Judged
        The table, the cutoffs, the backtests and their scores.
    final : Final
        The model that forecasts, and its forecast past the last row.
    notes : tuple of str
        What the user should know.
    audited : Audited
        What the audit for leaks found, or why there was none.
    settings : Settings
        Of the run.
    """

    judged: Judged
    final: Final
    notes: tuple[str, ...]
    audited: Audited
    settings: Settings

    @cached_property
    def verdict(self) -> Verdict:
        """Whether a network is worth it here."""
        return self.judged.verdict

    @cached_property
    def autopsies(self) -> tuple[Autopsy, ...]:
        """Forecasts that are flat, explode or lose against the yardstick, and why."""
        found = self.judged
        return autopsies(found.panel, found.plan.task, found.study.backtests, found.study.scores, self.settings)


def findings_of(panel: Panel, settings: Settings, name: str, fitted: Fitted) -> Findings:
    """Return what a study with these settings finds, beside the forecast of a model that is fitted already."""
    found = judged(panel, settings)
    final = Final(name, fitted, fitted.predict(panel, panel.at_end()))
    audited = audit_run(panel, settings, Limits.of(settings.run)) if settings.run.audit else NOT_ASKED
    return Findings(found, final, (*found.plan.notes, *audited.notes, *found.study.notes), audited, settings)


def write_page(path: Path, findings: Findings, seconds: float) -> Path:
    """Write one offline HTML page."""
    settings = findings.settings
    panel, planned, study = findings.judged.panel, findings.judged.plan, findings.judged.study
    task = planned.task
    delivered = {model: test.forecast for model, test in study.backtests.items()}
    as_given = {model: study.settled.raw[model].forecast for model in study.settled.calibrations}
    outer = {model: said.take(said.origins.fold >= planned.inner) for model, said in as_given.items()}
    facts = build_facts(
        ReportRun(
            panel=panel,
            task=task,
            scores=study.scores,
            backtests=delivered,
            final={findings.final.name: findings.final.forecast},
            training={model: test.records for model, test in study.backtests.items() if test.records},
            settings=settings.to_mapping(),
            versions=versions(),
            notes=findings.notes,
            seconds=seconds,
            source=Path(settings.source).name if settings.source else "a table in memory",
            audit=findings.audited.audit,
            unaudited=findings.audited.reason,
            verdict=findings.verdict,
            choice=study.choice,
            coverage=coverage_of(panel, task, delivered),
            raw_coverage=coverage_of(panel, task, outer),
            pit=pit_of(panel, task, delivered),
            autopsies=findings.autopsies,
        )
    )
    write_atomic(path, render(facts).encode())
    return path
