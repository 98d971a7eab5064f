"""Answers of a classifier as a table and as texts to read, and what a user should know of the samples asked."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from seqcast.classifier import Classifier
from seqcast.data.records import count
from seqcast.data.samples import Samples, read_samples
from seqcast.data.text import words_of
from seqcast.report.class_facts import Read, Word

_READ = 30  # wrong answers that are shown, the surest first

Probabilities = Float[np.ndarray, "N K"]


def answers(samples: Samples, classes: np.ndarray, said: Probabilities) -> pl.DataFrame:
    """Return what is said of each sample: its name, the likeliest class, and the probability of each.

    Examples
    --------
    >>> answers(Samples("text", ["fine"], None, ("7",), ()), np.array(["bad", "good"]), np.array([[0.2, 0.8]])).row(0)
    ('7', 'good', 0.2, 0.8)
    """
    columns = {"sample": list(samples.names), "said": classes[said.argmax(axis=1)]}
    return pl.DataFrame({**columns, **{f"p:{name}": said[:, k] for k, name in enumerate(classes.tolist())}})


def answer(folder: Path, source: Any) -> pl.DataFrame:
    """Return what a saved classifier says of the samples of a table, which needs no classes.

    Raises
    ------
    SeqcastError
        When the folder holds no classifier, or the table is refused.
    """
    from seqcast.classify.stored import columns_of

    classifier = Classifier.load(folder)
    samples = read_samples(source, replace(columns_of(folder), label=None), labelled=False)
    return answers(samples, classifier.classes_, classifier.predict_proba(samples.values))


def some(samples: Samples, rows: Int[np.ndarray, "M"]) -> Samples:
    """Return some labelled samples."""
    assert samples.labels is not None
    picked = [[part[row] for row in rows] for part in (samples.values, samples.labels, samples.names)]
    return Samples(samples.kind, picked[0], picked[1], tuple(picked[2]), (), samples.roles)


def shared(known: Samples, asked: Samples | None) -> list[str]:
    """Return a note where the test holds samples that were learnt, and where equal texts have unlike classes."""
    if known.kind != "text":
        return []
    from seqcast.classify.texts import fingerprints

    learnt = fingerprints(words_of(known.values))
    twice = len(learnt) - len(np.unique(learnt))
    notes = [f"{count(twice, 'text')} stand there again among those to learn from; they all train."] if twice else []
    if asked is not None:
        both = int(np.isin(fingerprints(words_of(asked.values)), learnt).sum())
        if both:
            notes.append(
                f"{count(both, 'text')} of the {len(asked):,} that test were learnt too: their answers flatter."
            )
    return notes


def wrong_answers(
    classifier: Classifier, asked: Samples, truth: Int[np.ndarray, "N"], said: Probabilities
) -> tuple[Read, ...]:
    """Return the wrong answers that were given most surely."""
    best = said.argmax(axis=1)
    sure = said.max(axis=1)
    rows = [int(row) for row in np.argsort(-sure, kind="stable") if best[row] != truth[row]][:_READ]
    texts = [asked.values[row] for row in rows]
    told = classifier.explain(texts) if asked.kind == "text" and texts else [[] for _ in rows]
    names = [str(name) for name in classifier.classes_.tolist()]
    return tuple(
        Read(
            name=f"{'row' if asked.kind == 'text' else 'series'} {asked.names[row]}",
            truth=names[truth[row]],
            said=names[best[row]],
            probability=float(sure[row]),
            words=tuple(Word(text=word, weight=weight) for word, weight in words),
        )
        for row, words in zip(rows, told, strict=True)
    )
