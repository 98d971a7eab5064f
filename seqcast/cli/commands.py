"""What the commands beside `run` do: fit one model, ask a saved one, score models without a folder, examine a table."""

from pathlib import Path
from typing import Any

from seqcast.budget import Deadline, seconds_of
from seqcast.config import Settings
from seqcast.data.table import read_panel
from seqcast.doctor import Diagnosis, Finding, examine, leaks_in_data
from seqcast.doctor.examination import unreadable
from seqcast.doctor.opening import open_table
from seqcast.errors import ConfigError
from seqcast.evaluate.leaderboard import Score
from seqcast.evaluate.plan import plan
from seqcast.evaluate.study import Limits, compare
from seqcast.files import format_of, write_atomic
from seqcast.forecaster import Forecaster, load
from seqcast.forecasters.build import build_forecaster, watched
from seqcast.forecasters.tidy import as_written
from seqcast.leaks.outcome import Audit
from seqcast.runs.audited import audit_settings
from seqcast.runs.engine import working
from seqcast.runs.job import backtest_parquet, board_rows
from seqcast.runs.talk import Talk


def fit(settings: Settings, model: str, out: Path, talk: Talk) -> dict[str, Any]:
    """Train one model on the whole history, save it as a bundle, and return the facts for JSON."""
    forecaster = Forecaster(**settings.parameters(model)).fit(settings.source, talk=talk)
    forecaster.save(out)
    panel = forecaster.panel_
    return {"model": model, "folder": str(out), "series": len(panel), "rows": int(panel.history.sum())}


def predict(model: Path, source: str | None, out: Path | None) -> tuple[str, dict[str, Any]]:
    """Forecast with a saved model, or classify with one; return the table as CSV and the facts for JSON."""
    if format_of(model) == "seqcast-classifier":
        return _classes(model, source, out)
    forecaster = load(model)
    panel = forecaster.panel_
    if source is not None:
        forecaster.move_to(source)
        panel = forecaster.panel_
    table = as_written(panel, forecaster.predict())
    text = table.write_csv()
    if out is not None:
        write_atomic(out, text.encode())
    return text, {"model": forecaster.model, "forecast_rows": len(table), "forecast": table.to_dicts()}


def _classes(model: Path, source: str | None, out: Path | None) -> tuple[str, dict[str, Any]]:
    from seqcast.runs.classify_answers import answer

    if source is None:
        raise ConfigError(f"A classifier needs a table to ask about; {model} holds none. seqcast predict {model} FILE")
    table = answer(model, source)
    text = table.write_csv()
    if out is not None:
        write_atomic(out, text.encode())
    return text, {"model": "classifier", "rows": len(table), "answers": table.to_dicts()}


def backtest(settings: Settings, out: Path | None, talk: Talk) -> tuple[tuple[Score, ...], dict[str, Any]]:
    """Score models on past cutoffs; return the leaderboard and the facts for JSON."""
    options = settings.run
    forecasters = [build_forecaster(name, settings, watched(name, None, talk.epoch)) for name in options.models]
    panel = read_panel(settings.source, settings.columns, settings.table)
    planned = plan(panel, options)
    for note in (*panel.notes, *planned.notes):
        talk.note(note)
    deadline = Deadline.after(seconds_of(options.budget) if options.budget else None)
    with working(options):
        study = compare(panel, planned, forecasters, Limits(deadline, options.refit, talk.stage))
    for note in study.notes:
        talk.note(note)
    if out is not None:
        write_atomic(out, backtest_parquet(panel, study))
    return study.scores, {"leaderboard": board_rows(study.scores), "best": study.best}


def audit(settings: Settings, whole: bool, talk: Talk) -> tuple[Audit, tuple[Finding, ...]]:
    """Audit every model of the settings; return what leaked, and the features that may hold the answer themselves."""
    panel = read_panel(settings.source, settings.columns, settings.table)
    for note in panel.notes:
        talk.note(note)
    deadline = Deadline.after(seconds_of(settings.run.budget) if settings.run.budget else None)
    talk.stage("audit: everything after a cutoff replaced, and every model run again")
    found = audit_settings(panel, settings, whole=whole, limits=Limits.of(settings.run, deadline, talk.stage))
    return found, leaks_in_data(panel, settings.run.horizon)


def doctor(settings: Settings, season: int | None, horizon: int | None, talk: Talk) -> Diagnosis:
    """Open a table as it lies and return what a forecaster should know about it."""
    opened = open_table(settings.source, settings.columns, settings.table)
    if opened.panel is None:
        return unreadable(opened.found)
    for note in opened.panel.notes:
        talk.note(note)
    talk.stage("testing every series")
    return examine(opened.panel, season or settings.run.season, horizon=horizon, found=opened.found)
