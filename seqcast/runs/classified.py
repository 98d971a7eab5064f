"""A classification from end to end: read, learn, score beside yardsticks, and leave a folder with the page."""

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from seqcast.budget import Deadline, seconds_of
from seqcast.classifier import Classifier
from seqcast.config import data_only
from seqcast.data.labels import known_codes
from seqcast.data.samples import Samples, read_samples
from seqcast.errors import ConfigError
from seqcast.evaluate.classes import ClassScore
from seqcast.files import write_atomic
from seqcast.report.class_facts import ClassFacts, Classified, build_class_facts
from seqcast.report.classes import class_page
from seqcast.runs.classify_answers import answers, shared, some, wrong_answers
from seqcast.runs.classify_settings import ClassifySettings
from seqcast.runs.folder import versions
from seqcast.runs.talk import Talk

if TYPE_CHECKING:
    from seqcast.train.loop import Hooks
    from seqcast.train.run import Run

_ALONE = " alone"
_OURS = ("classify.toml", "classify.json")
_FIRST_SHARE = 0.5  # of the time, that the first of two trainings may take
_REPORT_SHARE, _LEAST_REPORT = 0.05, 3.0  # of a budget, and seconds, kept for asking, scoring and the page

Probabilities = Float[np.ndarray, "N K"]


@dataclass(frozen=True, eq=False)
class ClassifyResult:
    """What a classification found.

    Parameters
    ----------
    folder : path
        Where its files are.
    facts : ClassFacts
        Scores and all else that the page shows.
    notes : tuple of str
        What the user should know.
    seconds : float
        Wall time.
    """

    folder: Path
    facts: ClassFacts
    notes: tuple[str, ...]
    seconds: float

    @property
    def scores(self) -> tuple[ClassScore, ...]:
        """Scores of the model and of what it is judged beside, the model first."""
        return self.facts.scores

    def to_mapping(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {
            "scores": [
                {"model": s.model, "accuracy": s.accuracy, "low": s.low, "high": s.high, "log_loss": s.log_loss}
                for s in self.scores
            ],
            "part": self.facts.found.part,
            "classes": list(self.facts.found.classes),
            "verdict": self.facts.verdict,
            "counts": dict(self.facts.found.counts),
            "report": str(self.folder / "report.html"),
            "model": str(self.folder / "model"),
            "seconds": round(self.seconds, 3),
        }


def classify(
    settings: ClassifySettings, out: Path | str, *, talk: Talk | None = None, began: float | None = None
) -> ClassifyResult:
    """Learn classes from a table, score them, and leave a folder.

    Parameters
    ----------
    settings : ClassifySettings
        What to read and what to do.
    out : path
        Folder for `report.html`, `predictions.csv`, `scores.csv`, `model/`, `classify.toml` and `classify.json`.
    talk : Talk or None
        Listener.
    began : float or None
        Moment of the monotonic clock that the budget counts from; None for now.

    Raises
    ------
    SeqcastError
        When a table, a setting or the folder is refused.
    """
    return _Work(settings, Path(out), talk or Talk(), time.monotonic() if began is None else began).work()


@dataclass(frozen=True)
class _Work:
    settings: ClassifySettings
    folder: Path
    talk: Talk
    began: float
    notes: list[str] = field(default_factory=list)

    def work(self) -> ClassifyResult:
        self._claim()
        settings = self.settings
        self.talk.stage("reading the table")
        known = read_samples(settings.source, settings.columns, settings.table)
        asked = read_samples(settings.run.test, settings.columns, settings.table) if settings.run.test else None
        self._note(*known.notes, *shared(known, asked))
        if settings.run.trials:
            from seqcast.runs.classify_tuning import sought

            self.talk.stage("seeking settings")
            settings = sought(settings, known, self.folder / "search", self._deadline(), self._note)
        self.talk.stage("learning")
        classifier = settings.classifier().fit(known.values, known.labels, hooks=self._hooks())
        self._note(*classifier.notes_)
        if asked is None:
            asked = some(known, classifier.fitted_.held)
        assert asked.labels is not None
        truth = known_codes(asked.labels, len(asked), classifier.classes_)
        self.talk.stage("asking")
        said, seconds = self._asked(classifier, known, asked)
        facts = self._facts(classifier, (known, asked), truth, (said, seconds))
        self._write(classifier, asked, truth, said[settings.run.model], facts)
        return ClassifyResult(self.folder, facts, tuple(self.notes), time.monotonic() - self.began)

    def _claim(self) -> None:
        """Refuse a folder with files of somebody else."""
        folder = self.folder
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"A run needs a folder; {str(folder)!r} is a file. Name another with --out.")
        if folder.exists() and any(folder.iterdir()) and not any((folder / name).exists() for name in _OURS):
            raise ConfigError(
                f"The folder {str(folder)!r} holds files that no classification wrote, so nothing is written there. "
                "Name another with --out."
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / "classify.toml", self.settings.to_toml().encode())

    def _hooks(self) -> "Hooks":
        from seqcast.train.loop import Hooks

        def heard(run: "Run") -> None:
            self.talk.epoch(self.settings.run.model, run, max(run.progress.epoch, 1))

        limit = self._deadline()
        return Hooks(on_epoch=heard, deadline=limit.share(_FIRST_SHARE) if self.settings.run.refit else limit)

    def _deadline(self) -> Deadline:
        if self.settings.run.budget is None:
            return Deadline()
        budget = seconds_of(self.settings.run.budget)
        return Deadline(self.began + budget - max(_LEAST_REPORT, _REPORT_SHARE * budget))

    def _asked(
        self, classifier: Classifier, known: Samples, asked: Samples
    ) -> tuple[dict[str, Probabilities], dict[str, float]]:
        """Return what the model says of the samples that score it, and what it is judged beside; the model first."""
        from seqcast.classify.series import series_of
        from seqcast.classify.yardsticks import linear_series, majority, nearest_neighbour

        began = time.monotonic()
        said = {self.settings.run.model: classifier.predict_proba(asked.values)}
        seconds = {self.settings.run.model: time.monotonic() - began + _trained(classifier)}
        fitted = classifier.fitted_
        rows = np.setdiff1d(np.arange(len(known)), fitted.held)
        codes = known_codes(known.labels, len(known), classifier.classes_)
        classes = len(classifier.classes_)
        if known.kind == "text":
            for name, found in classifier.beside(asked.values).items():
                said[f"{name}{_ALONE}"] = found
        else:
            train, samples = series_of(known.values).take(rows), series_of(asked.values)
            for name, yardstick in (("nearest neighbour", nearest_neighbour), ("linear", linear_series)):
                self.talk.stage(name)
                began = time.monotonic()
                said[name] = yardstick(train, codes[rows], samples, classes)
                seconds[name] = time.monotonic() - began
        said["most frequent class"] = majority(codes[rows], classes, len(asked))
        return said, seconds

    def _facts(
        self,
        classifier: Classifier,
        samples: tuple[Samples, Samples],
        truth: Int[np.ndarray, "N"],
        told: tuple[dict[str, Probabilities], dict[str, float]],
    ) -> ClassFacts:
        known, asked = samples
        said, seconds = told
        held = len(classifier.fitted_.held)
        tested = len(asked) if self.settings.run.test else 0
        classes = tuple(str(name) for name in classifier.classes_.tolist())
        return build_class_facts(
            Classified(
                source=Path(self.settings.source).name,
                kind="text" if known.kind == "text" else "series",
                classes=classes,
                counts={"trained": len(known) - held, "validated": held, "tested": tested},
                part="test" if tested else "validation",
                truth=truth,
                probabilities=said,
                seconds=seconds,
                records=classifier.fitted_.network.records,
                parts=(f"network{_ALONE}",) if known.kind == "text" else (),
                wrong=wrong_answers(classifier, asked, truth, next(iter(said.values()))),
                notes=tuple(self.notes),
                settings=self.settings.to_mapping(),
                versions=versions(),
                total=time.monotonic() - self.began,
            )
        )

    def _write(
        self,
        classifier: Classifier,
        asked: Samples,
        truth: Int[np.ndarray, "N"],
        said: Probabilities,
        facts: ClassFacts,
    ) -> None:
        from seqcast.classify.stored import write

        self.talk.stage("writing the report")
        table = answers(asked, classifier.classes_, said)
        table.insert_column(1, pl.Series("truth", classifier.classes_[truth]))
        write_atomic(self.folder / "predictions.csv", table.write_csv().encode())
        write_atomic(self.folder / "scores.csv", pl.DataFrame(facts.scores).write_csv().encode())
        write(self.folder / "model", classifier.fitted_, classifier.classes_, data_only(asked.roles))
        write_atomic(self.folder / "report.html", class_page(facts).encode())
        told = {"format": "seqcast-classification", "versions": versions(), "notes": list(self.notes)}
        result = ClassifyResult(self.folder, facts, tuple(self.notes), time.monotonic() - self.began)
        text = json.dumps({**told, **result.to_mapping(), "settings": self.settings.to_mapping()}, indent=1)
        write_atomic(self.folder / "classify.json", f"{text}\n".encode())

    def _note(self, *lines: str) -> None:
        for line in lines:
            self.notes.append(line)
            self.talk.note(line)


def _trained(classifier: Classifier) -> float:
    return sum(record.seconds for record in classifier.fitted_.network.records)
