"""How the command line talks: data on stdout, sentences on stderr, one moving line where somebody watches."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from seqcast.runs.talk import Talk

if TYPE_CHECKING:
    from rich.status import Status

    from seqcast.evaluate.leaderboard import Score
    from seqcast.runs.classified import ClassifyResult
    from seqcast.runs.job import RunResult
    from seqcast.runs.tuned import TuneResult
    from seqcast.train.run import Run


class Terminal(Talk):
    """Sentences on stderr; stages and epochs as one moving line, only where stderr is a terminal."""

    def __init__(self, quiet: bool = False):
        self.console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
        self._status: Status | None = None

    def __enter__(self) -> "Terminal":
        if self.console.is_terminal:
            self._status = self.console.status("starting", spinner="dots")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def note(self, line: str) -> None:
        """Print a sentence."""
        self.console.print(line, markup=False)

    def stage(self, line: str) -> None:
        """Show what is being done."""
        if self._status is not None:
            self._status.update(line.replace("[", r"\["))

    def epoch(self, name: str, run: "Run", epochs: int) -> None:
        """Show a network's last epoch and how long it may still take."""
        last = run.records[-1]
        mean = sum(record.seconds for record in run.records) / len(run.records)
        self.stage(
            f"{name}: epoch {last.epoch}/{epochs}, loss {last.train_loss:.4f} / {last.valid_loss:.4f} in validation, "
            f"{mean * (epochs - last.epoch):.0f} s left at most"
        )


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on stdout."""
    sys.stdout.write(json.dumps(value, allow_nan=False) + "\n")


def print_board(scores: "Sequence[Score]") -> None:
    """Print the leaderboard on stdout."""
    table = Table(box=None, pad_edge=False)
    within = f"in {_shown(scores[0].nominal, '.0%')}"
    for name in ("model", "MASE", "skill", "MAE", "RMSE", "CRPS", within, "seconds"):
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    for score in scores:
        table.add_row(
            score.model,
            _shown(score.mase, ".3f"),
            _shown(score.skill, "+.1%"),
            *(_figure(value) for value in (score.mae, score.rmse, score.crps)),
            _shown(score.coverage, ".0%"),
            _shown(score.seconds, ".1f"),
        )
    Console().print(table)


def print_answers(result: "RunResult") -> None:
    """Print on stdout what a run found beside the leaderboard: leaks, verdict, choice, and where its files are."""
    choice = result.choice
    chosen = f"on {choice.windows} earlier windows" if choice.windows else "on the windows that score it"
    lines = [
        f"leaks: {result.audit.sentence if result.audit else 'not audited'}",
        f"verdict: {result.verdict.sentence}",
        f"chosen: {choice.title}, {chosen} (MASE {_shown(choice.inner_mase, '.3f')} there, "
        f"{_shown(choice.outer_mase, '.3f')} on those that score)",
        f"forecast by {result.best}: {result.folder / 'forecast.csv'}",
        f"report: {result.report}",
    ]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def print_search(result: "TuneResult") -> None:
    """Print on stdout what a search chose, how far choosing flattered it, and where its files are."""
    settings = ", ".join(f"{name} {value}" for name, value in result.best.items() if value is not None)
    lines = [
        f"chosen: {settings}",
        f"by {result.trials} settings on earlier windows: MASE {_shown(result.inner, '.3f')} there, "
        f"{_shown(result.outer['tuned'], '.3f')} on those that score",
        f"model: {result.folder / 'model'}",
        f"report: {result.folder / 'report.html'}",
    ]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def print_classes(result: "ClassifyResult") -> None:
    """Print the scores of a classification on stdout, what they say of the model, and where its files are."""
    table = Table(box=None, pad_edge=False)
    for name in ("model", "accuracy", "95 %", "log loss", "seconds"):
        table.add_column(name, justify="left" if name == "model" else "right", no_wrap=True)
    for score in result.scores:
        within = f"{score.low:.1%} to {score.high:.1%}"
        seconds = _shown(score.seconds, ".1f")
        table.add_row(score.model, f"{score.accuracy:.2%}", within, f"{score.log_loss:.4f}", seconds)
    Console().print(table)
    lines = [
        f"by the {result.facts.found.part} part: {result.facts.verdict}",
        f"model: {result.folder / 'model'}",
        f"report: {result.folder / 'report.html'}",
    ]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def _figure(value: float) -> str:
    return _shown(value, ".0f" if 1e3 <= abs(value) < 1e7 else ".4g")


def _shown(value: float, form: str) -> str:
    return "–" if value != value else format(value, form)
