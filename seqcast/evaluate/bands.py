"""How far a share can be trusted that was counted on values which err alike.

A forecast that misses the first step of a window tends to miss the next. So a share over all steps rests on as many
independent values as the spread between windows shows (Kish's design effect), not on as many as there are points.
The band itself is the exact one of Clopper & Pearson (1934).
"""

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import betaincinv

CONFIDENCE = 0.95


def clopper_pearson(
    hits: Float[np.ndarray, "H"] | Int[np.ndarray, "H"], counts: Float[np.ndarray, "H"] | Int[np.ndarray, "H"]
) -> tuple[Float[np.ndarray, "H"], Float[np.ndarray, "H"]]:
    """Return the exact 95 % band of a share; counts need not be whole (Korn & Graubard, 1998).

    Examples
    --------
    >>> low, high = clopper_pearson(np.array([8]), np.array([10]))
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.4439], [0.9748])
    """
    tail, missed = (1 - CONFIDENCE) / 2, counts - hits
    low = np.where(hits > 0, betaincinv(np.maximum(hits, 1e-12), missed + 1, tail), 0.0)
    high = np.where(missed > 0, betaincinv(hits + 1, np.maximum(missed, 1e-12), 1 - tail), 1.0)
    return low, high


def effective_count(
    inside: Bool[np.ndarray, "N H K"], judged: Bool[np.ndarray, "N H K"], clusters: Int[np.ndarray, "N"]
) -> float:
    """Return how many independent values the judged ones are worth, by the spread of their sums between clusters.

    The ratio estimator of survey sampling (Kish, 1965): never fewer than there are clusters, so that no spread at all
    (all inside) is not taken for certainty, and never more than there are values.
    """
    count, total = float(judged.sum()), float(inside.sum())
    share = total / count
    hits = np.bincount(clusters, inside.sum(axis=(1, 2)))
    sizes = np.bincount(clusters, judged.sum(axis=(1, 2)))
    windows = int((sizes > 0).sum())
    # Whole numbers until here, so that no spread at all is told from a little of it on every machine.
    gaps = (hits * count - total * sizes) / count
    spread = (gaps**2).sum() * windows / max(windows - 1, 1) / count**2
    if windows < 2 or spread <= 0:
        return float(windows)
    return float(np.clip(share * (1 - share) / spread, windows, count))


def worth_of_bin(part: Float[np.ndarray, "n"], window: Int[np.ndarray, "n"], expected: float, count: float) -> float:
    """Return how many independent values a bin rests on: the spread between windows around its expected share."""
    gaps = np.bincount(window, part) - expected * np.bincount(window)
    windows = int((np.bincount(window) > 0).sum())
    mean = gaps.sum() / count
    spread = ((gaps - mean * np.bincount(window)) ** 2).sum() / count**2
    return float(np.clip(expected * (1 - expected) / spread, min(windows, count), count)) if spread > 0 else windows
