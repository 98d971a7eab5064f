"""One run: read the table, backtest every model, forecast with the best, and leave a folder that shows it."""

import io
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from seqcast.budget import Deadline, seconds_of
from seqcast.config import Settings
from seqcast.data.panel import Panel
from seqcast.data.table import check_future, fingerprint, read_panel
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.final import fit_final
from seqcast.evaluate.leaderboard import Score, to_frame
from seqcast.evaluate.plan import plan
from seqcast.evaluate.study import Limits, Study, compare
from seqcast.evaluate.verdict import Verdict
from seqcast.forecasters.base import Forecaster
from seqcast.forecasters.build import build_forecaster, watched
from seqcast.forecasters.bundle import Saved, save_model
from seqcast.forecasters.tidy import as_written, tidy
from seqcast.leaks.outcome import Audit
from seqcast.models.names import NETWORK_NAMES
from seqcast.options import PLACE
from seqcast.runs.audited import NOT_ASKED, Audited, audit_run
from seqcast.runs.engine import working
from seqcast.runs.folder import RunFolder, versions
from seqcast.runs.judged import Judged
from seqcast.runs.page import Findings, write_page
from seqcast.runs.talk import Talk

_AUDIT_SHARE = 0.1  # of a budget, at most
_REPORT_SHARE = 0.04  # of a budget, kept for the files at the end
_LEAST_REPORT = 2.0  # seconds


@dataclass(frozen=True, eq=False)
class RunResult:
    """What a run found.

    Parameters
    ----------
    folder : path
        Where its files are.
    scores : tuple of Score
        The leaderboard, best first.
    forecast : DataFrame
        Forecast of the best model past the last row, tidy.
    notes : tuple of str
        What was inferred, mended, cut or left out.
    seconds : float
        Wall time.
    choice : Choice
        The model that was chosen, and by what.
    verdict : Verdict
        Whether a network is worth it here.
    audit : Audit or None
        Whether anything leaked; None where it was not asked for or did not fit the budget.
    """

    folder: Path
    scores: tuple[Score, ...]
    forecast: pl.DataFrame
    notes: tuple[str, ...]
    seconds: float
    choice: Choice
    verdict: Verdict
    audit: Audit | None

    @property
    def best(self) -> str:
        """Name of the model that made the forecast."""
        return str(self.forecast["model"][0]) if len(self.forecast) else self.scores[0].model

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "report.html"

    def to_mapping(self) -> dict[str, Any]:
        """Return the result as JSON values; what cannot be had is None."""
        return {
            "leaderboard": board_rows(self.scores),
            "best": self.best,
            "choice": self.choice.to_mapping(),
            "verdict": self.verdict.sentence,
            "audit": self.audit.sentence if self.audit else None,
            "forecast_rows": len(self.forecast),
            "report": str(self.report),
            "seconds": round(self.seconds, 3),
        }


def run(
    settings: Settings,
    out: Path | str,
    *,
    resume: bool = False,
    talk: Talk | None = None,
    began: float | None = None,
) -> RunResult:
    """Read, compare, forecast, report.

    Parameters
    ----------
    settings : Settings
        What to read and what to do.
    out : path
        Folder for `report.html`, `forecast.csv`, `backtest.parquet`, `leaderboard.csv`, `model/`, `run.toml` and
        `run.json`.
    resume : bool
        Go on with a run that was stopped; gives the same bytes as one that was not.
    talk : Talk or None
        Listener.
    began : float or None
        Moment of the monotonic clock that the budget counts from; None for now.

    Raises
    ------
    SeqcastError
        When the table, a setting or the folder is refused.
    """
    began = time.monotonic() if began is None else began  # a budget pays for the start of a cluster too
    with working(settings.run):
        return _Job(settings, RunFolder(Path(out)), talk or Talk()).work(resume, began)


@dataclass(frozen=True)
class _Job:
    settings: Settings
    folder: RunFolder
    talk: Talk

    def work(self, resume: bool, began: float) -> RunResult:
        settings = self.settings
        budget = seconds_of(settings.run.budget) if settings.run.budget else None
        reserve = 0.0 if budget is None else max(_LEAST_REPORT, _REPORT_SHARE * budget)
        deadline = Deadline(None if budget is None else began + budget - reserve)
        forecasters = [self._forecaster(name) for name in settings.run.models]
        self.talk.stage("reading the table")
        panel = read_panel(settings.source, settings.columns, settings.table)
        check_future(panel, settings.run.horizon)
        planned = plan(panel, settings.run)
        for note in (*panel.notes, *planned.notes):
            self.talk.note(note)
        mark = fingerprint(settings.source, settings.table)
        self.folder.open({"data": mark, "settings": _told(settings), "versions": versions()}, resume)
        self.folder.write("run.toml", settings.to_toml().encode())
        limits = Limits.of(settings.run, deadline, self.talk.stage)
        audited = self._audited(panel, limits)
        study = compare(panel, planned, forecasters, limits, self.folder)
        final = fit_final(panel, planned, study, self._forecaster, limits)
        # A classical model that was refitted at every cutoff has said of itself what there is to say.
        last = final.fitted.notes if final.name in NETWORK_NAMES else ()
        notes = tuple(dict.fromkeys([*planned.notes, *audited.notes, *study.notes, *final.notes, *last]))
        for note in notes[len(planned.notes) :]:
            self.talk.note(note)
        whole = Findings(Judged(panel, planned, study), final, notes, audited, self.settings)
        table = self._write(whole, began, mark)
        return RunResult(
            folder=self.folder.path,
            scores=study.scores,
            forecast=table,
            notes=(*panel.notes, *notes),
            seconds=time.monotonic() - began,
            choice=study.choice,
            verdict=whole.verdict,
            audit=audited.audit,
        )

    def _audited(self, panel: Panel, limits: Limits) -> Audited:
        if not self.settings.run.audit:
            return NOT_ASKED
        self.talk.stage("audit: one cheap window with everything after its cutoff replaced")
        part = replace(limits, deadline=limits.deadline.share(_AUDIT_SHARE))
        return audit_run(panel, self.settings, part)

    def _forecaster(self, name: str) -> Forecaster:
        watch = watched(name, self.folder.checkpoints, self.talk.epoch)
        return build_forecaster(name, self.settings, watch)

    def _write(self, whole: Findings, began: float, data: str) -> pl.DataFrame:
        panel, study, final = whole.judged.panel, whole.judged.study, whole.final
        self.talk.stage("writing the report")
        table = tidy(panel, final.forecast, final.name)
        self.folder.write("forecast.csv", as_written(panel, table).write_csv().encode())
        self.folder.write("backtest.parquet", backtest_parquet(panel, study))
        self.folder.write("leaderboard.csv", to_frame(study.scores).write_csv().encode())
        settings = self.settings.parameters(final.name)
        save_model(self.folder.path / "model", Saved(final.name, final.fitted, panel, whole.judged.plan.task, settings))
        seconds = time.monotonic() - began
        write_page(self.folder.path / "report.html", whole, seconds)
        self.folder.write("run.json", self._facts(whole, data, seconds))
        self.folder.close()
        return table

    def _facts(self, whole: Findings, data: str, seconds: float) -> bytes:
        panel = whole.judged.panel
        facts = {
            "format": "seqcast-run",
            "data": {
                "sha256": data,
                "series": len(panel),
                "rows": len(panel.values),
                "frequency": panel.frequency.name,
            },
            "versions": versions(),
            "seed": self.settings.run.seed,
            "threads": 1,
            "seconds": round(seconds, 3),
            "best": whole.final.name,
            "choice": whole.judged.study.choice.to_mapping(),
            "verdict": whole.verdict.to_mapping(),
            "audit": whole.audited.audit.to_mapping() if whole.audited.audit else None,
            "leaderboard": [{k: _number(v) for k, v in asdict(score).items()} for score in whole.judged.study.scores],
            "notes": [*panel.notes, *whole.notes],
            "settings": self.settings.to_mapping(),
        }
        return (json.dumps(facts, indent=1, ensure_ascii=False) + "\n").encode()


def _told(settings: Settings) -> dict[str, Any]:
    """Return what a run must be gone on with; on which machines it is worked changes no answer."""
    mapping = settings.to_mapping()
    return {**mapping, "run": {name: value for name, value in mapping["run"].items() if name not in PLACE}}


def backtest_parquet(panel: Panel, study: Study) -> bytes:
    """Return every forecast of a study beside what came, as a Parquet file."""
    buffer = io.BytesIO()
    parts = (tidy(panel, test.forecast, name, judged=True) for name, test in study.backtests.items())
    pl.concat(parts).write_parquet(buffer)
    return buffer.getvalue()


def board_rows(scores: tuple[Score, ...]) -> list[dict[str, Any]]:
    """Return the leaderboard as JSON values; what cannot be had is None."""
    kept = ("model", "mase", "mae", "skill", "seconds")
    return [{name: _number(value) for name, value in asdict(score).items() if name in kept} for score in scores]


def _number(value: Any) -> Any:
    return None if isinstance(value, float) and value != value else value
