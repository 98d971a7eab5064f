"""From what was found to the page that shows it."""

from dataclasses import dataclass
from pathlib import Path

from seqcast.config import Settings
from seqcast.data.panel import Panel
from seqcast.evaluate.plan import Plan
from seqcast.evaluate.study import Study
from seqcast.files import write_atomic
from seqcast.report.facts import Run as ReportRun
from seqcast.report.facts import build_facts
from seqcast.report.html import render
from seqcast.runs.folder import versions
from seqcast.types import Forecast


@dataclass(frozen=True, eq=False)
class Findings:
    """What a study and a forecast gave.

    Parameters
    ----------
    panel, plan, study : Panel, Plan, Study
        The table, the cutoffs, the backtests and their scores.
    final : tuple of str and Forecast
        The model chosen, and its forecast past the last row.
    notes : tuple of str
        What the user should know.
    """

    panel: Panel
    plan: Plan
    study: Study
    final: tuple[str, Forecast]
    notes: tuple[str, ...]


def write_page(path: Path, findings: Findings, settings: Settings, seconds: float) -> Path:
    """Write one offline HTML page."""
    name, forecast = findings.final
    tests = findings.study.backtests
    facts = build_facts(
        ReportRun(
            panel=findings.panel,
            task=findings.plan.task,
            scores=findings.study.scores,
            backtests={model: test.forecast for model, test in tests.items()},
            final={name: forecast},
            training={model: test.records for model, test in tests.items() if test.records},
            settings=settings.to_mapping(),
            versions=versions(),
            notes=findings.notes,
            seconds=seconds,
            source=Path(settings.source).name if settings.source else "a table in memory",
        )
    )
    write_atomic(path, render(facts).encode())
    return path
