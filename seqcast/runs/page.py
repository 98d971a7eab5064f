"""From what was found to the page that shows it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from seqcast.config import Settings
from seqcast.evaluate.audit import Audit
from seqcast.evaluate.autopsy import Autopsy, autopsies
from seqcast.evaluate.coverage import coverage_of, pit_of
from seqcast.evaluate.final import Final
from seqcast.evaluate.verdict import Verdict
from seqcast.files import write_atomic
from seqcast.report.facts import Run as ReportRun
from seqcast.report.facts import build_facts
from seqcast.report.html import render
from seqcast.runs.folder import versions
from seqcast.runs.judged import Judged


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
    audit : Audit or None
        What the audit for leaks found, where there was one.
    """

    judged: Judged
    final: Final
    notes: tuple[str, ...]
    audit: Audit | None = None

    @cached_property
    def verdict(self) -> Verdict:
        """Whether a network is worth it here."""
        return self.judged.verdict

    @cached_property
    def autopsies(self) -> tuple[Autopsy, ...]:
        """Forecasts that are flat, explode or lose against the yardstick, and why."""
        found = self.judged
        return autopsies(found.panel, found.plan.task, found.study.backtests, found.study.scores)


def write_page(path: Path, findings: Findings, settings: Settings, seconds: float) -> Path:
    """Write one offline HTML page."""
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
            audit=findings.audit,
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
