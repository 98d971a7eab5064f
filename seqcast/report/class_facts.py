"""Everything that the page of a classification shows, computed before anything is drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from seqcast.evaluate.classes import (
    Calibration,
    ClassScore,
    Curve,
    calibration,
    confusion,
    mcnemar,
    precision_recall,
    roc,
    score_of,
)
from seqcast.train.progress import EpochRecord

_MOST_CURVES = 5
_PROOF = 0.05

Kind = Literal["text", "series"]


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word and the share it gave to what was pooled."""

    text: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class Read:
    """An answer to read.

    Parameters
    ----------
    name : str
        Of the sample.
    truth, said : str
        The class it has, and the one it was said to have.
    probability : float
        Of the class that was said.
    words : tuple of Word
        What was read; none of a series.
    """

    name: str
    truth: str
    said: str
    probability: float
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Classified:
    """What a classification gave.

    Parameters
    ----------
    source : str
        Name of the table.
    kind : str
        `text` or `series`.
    classes : tuple of str
        Their names, in the order of their numbers.
    counts : mapping of str to int
        Samples that `trained`, `validated` and `tested`.
    part : str
        Which part scores: `test` or `validation`.
    truth : int array (N,)
        Classes of the samples that score.
    probabilities : mapping of str to float array (N, K)
        What each model says of them, the classifier first.
    parts : tuple of str
        Models that are parts of the classifier, and no yardsticks.
    seconds : mapping of str to float
        What each took, where it is known.
    records : sequence of EpochRecord
        What the epochs of training gave.
    wrong : tuple of Read
        Wrong answers to read.
    notes : tuple of str
        What the user should know.
    settings, versions : mapping
        What it was made with.
    total : float
        Wall time in seconds.
    """

    source: str
    kind: Kind
    classes: tuple[str, ...]
    counts: Mapping[str, int]
    part: str
    truth: Int[np.ndarray, "N"]
    probabilities: Mapping[str, Float[np.ndarray, "N K"]]
    parts: tuple[str, ...] = ()
    seconds: Mapping[str, float]
    records: Sequence[EpochRecord]
    wrong: tuple[Read, ...] = ()
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    total: float


@dataclass(frozen=True, kw_only=True, eq=False)
class ClassFacts:
    """What the page draws.

    Parameters
    ----------
    found : Classified
        What it was made of.
    scores : tuple of ClassScore
        The classifier first, then its parts and the yardsticks.
    verdict : str
        Whether it beats the best yardstick, in one sentence.
    confusion : int array (K, K)
        Samples by true class (rows) and said class (columns).
    roc, recall : mapping of str to Curve
        Of the second of two classes, or of each of the most frequent against the rest.
    calibration : Calibration
        Sureness against truth.
    """

    found: Classified
    scores: tuple[ClassScore, ...]
    verdict: str
    confusion: Int[np.ndarray, "K K"]
    roc: Mapping[str, Curve]
    recall: Mapping[str, Curve]
    calibration: Calibration


def build_class_facts(found: Classified) -> ClassFacts:
    """Return the facts of a classification.

    Examples
    --------
    >>> truth, said = np.array([0, 1, 1]), {"lstm": np.eye(2)[[0, 1, 1]], "always b": np.eye(2)[[1, 1, 1]]}
    >>> kept = dict(counts={}, part="test", seconds={}, records=(), settings={}, versions={}, total=1.0)
    >>> facts = build_class_facts(
    ...     Classified(source="t", kind="text", classes=("a", "b"), truth=truth, probabilities=said, **kept)
    ... )
    >>> facts.verdict
    'not proven: 3 samples cannot tell lstm from always b (100.0 % right against 66.7 %, p = 1)'
    """
    truth, said = found.truth, next(iter(found.probabilities.values()))
    scores = tuple(
        score_of(name, each, truth, found.seconds.get(name, float("nan"))) for name, each in found.probabilities.items()
    )
    shown = _shown(found)
    return ClassFacts(
        found=found,
        scores=scores,
        verdict=_verdict(found, scores),
        confusion=confusion(said, truth),
        roc={found.classes[k]: roc(said[:, k], truth == k) for k in shown},
        recall={found.classes[k]: precision_recall(said[:, k], truth == k) for k in shown},
        calibration=calibration(said, truth),
    )


def _shown(found: Classified) -> list[int]:
    """Return the classes whose curves are drawn: those that some samples are of, and others are not."""
    if len(found.classes) == 2:
        return [1] if len(np.unique(found.truth)) == 2 else []
    counts = np.bincount(found.truth, minlength=len(found.classes))
    there = [k for k in range(len(counts)) if 0 < counts[k] < len(found.truth)]
    return sorted(sorted(there, key=lambda k: -counts[k])[:_MOST_CURVES])


def _verdict(found: Classified, scores: tuple[ClassScore, ...]) -> str:
    ours = scores[0]
    others = [score for score in scores[1:] if score.model not in found.parts]
    if not others:
        return f"{ours.model} is right on {_percent(ours.accuracy)}; nothing stands beside it"
    best = max(others, key=lambda score: score.accuracy)
    p = mcnemar(found.probabilities[ours.model], found.probabilities[best.model], found.truth)
    both = f"{_percent(ours.accuracy)} right against {_percent(best.accuracy)}, p = {p:.2g}"
    if p > _PROOF:
        count = len(found.truth)
        samples = f"{count:,} sample" + ("s" if count != 1 else "")
        return f"not proven: {samples} cannot tell {ours.model} from {best.model} ({both})"
    said = "beats" if ours.accuracy > best.accuracy else "loses against"
    return f"{ours.model} {said} {best.model} ({both})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
