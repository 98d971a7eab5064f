"""How well classes are told: shares of right answers with their uncertainty, curves, and a test between two models."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import binomtest, norm

from seqcast.errors import InputError

Probabilities = Float[np.ndarray, "N K"]
Codes = Int[np.ndarray, "_"]  # (N,); another number of them is refused with a message

_LEAST = 1e-15  # probability that a log is taken of: a model that gave none to what came is wrong, not infinitely wrong


@dataclass(frozen=True, kw_only=True)
class ClassScore:
    """What a model's answers are worth.

    Parameters
    ----------
    model : str
        Its name.
    accuracy, low, high : float
        Share of right answers, and its 95 % interval by Wilson (1927).
    log_loss : float
        Mean negative log of the probability of the true class; lower is better.
    seconds : float
        That it took; NaN where it is a part of another model.
    """

    model: str
    accuracy: float
    low: float
    high: float
    log_loss: float
    seconds: float


def score_of(model: str, said: Probabilities, truth: Codes, seconds: float = float("nan")) -> ClassScore:
    """Return the score of a model on samples with known classes.

    Raises
    ------
    InputError
        When there are more or fewer answers than samples, or a class is none of theirs.

    Examples
    --------
    >>> score = score_of("sure", np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 1]))
    >>> score.accuracy, round(score.low, 3), round(score.log_loss, 3)
    (1.0, 0.342, 0.164)
    """
    _check(said, truth)
    right = said.argmax(axis=1) == truth
    low, high = wilson(int(right.sum()), len(right))
    losses = -np.log(np.clip(said[np.arange(len(truth)), truth], _LEAST, 1.0))
    return ClassScore(
        model=model,
        accuracy=float(right.mean()),
        low=low,
        high=high,
        log_loss=float(losses.mean()),
        seconds=seconds,
    )


def wilson(right: int, count: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share by Wilson (1927), which stays within 0 and 1.

    Examples
    --------
    >>> [round(end, 4) for end in wilson(9, 10)]
    [0.5958, 0.9821]
    """
    z = float(norm.ppf(0.5 + level / 2))
    share, spread = right / count, z * z / count
    half = z * np.sqrt(share * (1 - share) / count + spread / (4 * count))
    low, high = ((share + spread / 2 + side * half) / (1 + spread) for side in (-1, 1))
    # Rounding may take an end a hair beyond 0, 1 or the share itself.
    return min(max(float(low), 0.0), share), max(min(float(high), 1.0), share)


def confusion(said: Probabilities, truth: Codes) -> Int[np.ndarray, "K K"]:
    """Return how many samples of each class (rows) were said to be of each class (columns).

    Examples
    --------
    >>> confusion(np.array([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1])).tolist()
    [[1, 0], [1, 0]]
    """
    _check(said, truth)
    classes = said.shape[1]
    return np.bincount(truth * classes + said.argmax(axis=1), minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve and the area below it."""

    x: Float[np.ndarray, "points"]
    y: Float[np.ndarray, "points"]
    area: float


def roc(scores: Float[np.ndarray, "N"], positive: Bool[np.ndarray, "N"]) -> Curve:
    """Return the share of false against that of true alarms; the area is that of Mann & Whitney, ties half.

    Examples
    --------
    >>> roc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])).area
    0.75
    """
    hits, alarms = _found(scores, positive)
    x = np.concatenate([[0.0], (alarms - hits) / max(1, int((~positive).sum()))])
    y = np.concatenate([[0.0], hits / max(1, int(positive.sum()))])
    return Curve(x, y, float(np.trapezoid(y, x)))


def precision_recall(scores: Float[np.ndarray, "N"], positive: Bool[np.ndarray, "N"]) -> Curve:
    """Return recall against precision; the area is the average precision, without interpolation.

    Examples
    --------
    >>> round(precision_recall(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True])).area, 4)
    0.8333
    """
    hits, alarms = _found(scores, positive)
    recall, precision = hits / max(1, int(positive.sum())), hits / alarms
    area = float(np.sum(np.diff(np.concatenate([[0.0], recall])) * precision))
    return Curve(np.concatenate([[0.0], recall]), np.concatenate([precision[:1], precision]), area)


@dataclass(frozen=True, eq=False)
class Calibration:
    """How sure answers were, how often they were right, and how many there were, by tenths of sureness.

    `gap` is the expected calibration error: the mean distance of the two, over all answers.
    """

    said: Float[np.ndarray, "bins"]
    came: Float[np.ndarray, "bins"]
    count: Int[np.ndarray, "bins"]
    gap: float


def calibration(said: Probabilities, truth: Codes, bins: int = 10) -> Calibration:
    """Return the calibration of the probability of the class that was said; tenths without an answer are left out.

    Source: Guo et al. (2017), "On calibration of modern neural networks".

    Examples
    --------
    >>> found = calibration(np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([0, 1]))
    >>> found.said.tolist(), found.came.tolist(), round(found.gap, 3)
    ([0.9], [0.5], 0.4)
    """
    _check(said, truth)
    sure, right = said.max(axis=1), said.argmax(axis=1) == truth
    tenth = np.minimum((sure * bins).astype(np.int64), bins - 1)
    count = np.bincount(tenth, minlength=bins)
    there = count > 0
    means = [np.bincount(tenth, weights=values, minlength=bins)[there] / count[there] for values in (sure, right)]
    gap = float(np.abs(means[0] - means[1]) @ count[there] / len(truth))
    return Calibration(means[0], means[1], count[there], gap)


def mcnemar(first: Probabilities, second: Probabilities, truth: Codes) -> float:
    """Return how likely two equally good models differ as much or more: McNemar's exact test (1947).

    Examples
    --------
    >>> truth, always = np.zeros(6, dtype=int), np.tile([1.0, 0.0], (6, 1))
    >>> mcnemar(always, always[:, ::-1], truth)
    0.03125
    """
    _check(first, truth)
    _check(second, truth)
    right = [said.argmax(axis=1) == truth for said in (first, second)]
    better, worse = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
    return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0


def _found(
    scores: Float[np.ndarray, "N"], positive: Bool[np.ndarray, "N"]
) -> tuple[Float[np.ndarray, "points"], Float[np.ndarray, "points"]]:
    """Return how many positives, and how many samples, have at least each score, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    return np.cumsum(positive[order])[last].astype(np.float64), last + 1.0


def _check(said: Probabilities, truth: Codes) -> None:
    if len(said) != len(truth):
        raise InputError(
            f"Each sample needs one answer; got {len(said)} answers and {len(truth)} samples. Score the same samples."
        )
    if not len(truth):
        raise InputError("Answers are scored on at least one sample; got 0. Give samples with known classes.")
    if not 0 <= truth.min() <= truth.max() < said.shape[1]:
        raise InputError(
            f"Classes are numbered 0 to {said.shape[1] - 1}; got {truth.min()} to {truth.max()}. "
            "Give the column of each class."
        )
