"""What else could have come: the same pieces drawn anew, for intervals and for the set of models that may be the best.

Politis & Romano (1994) for the stationary bootstrap, Hesterberg (2015) for its tails, Hansen, Lunde & Nason (2011) for
the model confidence set.
"""

import math

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri, stdtr, stdtrit

from seqcast.evaluate.significance import LEVEL, Contrast, Pieces

DRAWS = 2000


def resamples(count: int, block: int, draws: int = DRAWS, seed: int = 0) -> Float[np.ndarray, "D N"]:
    """Return how often each piece is in each resample of the stationary bootstrap, as shares that sum to 1.

    Parameters
    ----------
    count : int
        Pieces, in the order of time.
    block : int
        Mean length of the blocks taken as they are; 1 for pieces that do not lean on each other.

    Examples
    --------
    >>> resamples(5, block=1, draws=2).sum(axis=1)
    array([1., 1.])
    """
    random = np.random.default_rng(seed)
    if block == 1:
        return random.multinomial(count, np.full(count, 1 / count), size=draws) / count
    starts = random.random((draws, count)) < 1 / block
    starts[:, 0] = True
    place = np.arange(count)
    # The last start at or before each place; the pieces follow on from what was drawn there, round the end if need be.
    last = np.maximum.accumulate(np.where(starts, place, 0), axis=1)
    drawn = np.take_along_axis(random.integers(0, count, (draws, count)), last, axis=1)
    chosen = (drawn + place - last) % count + count * np.arange(draws)[:, None]
    return np.bincount(chosen.ravel(), minlength=draws * count).reshape(draws, count) / count


def gain_interval(
    loss: Pieces, other: Pieces, contrast: Contrast, shares: Float[np.ndarray, "D N"]
) -> tuple[float, float]:
    """Return the interval of 1 - mean loss / mean other loss, by a paired bootstrap of the pieces.

    Of few pieces a bootstrap knows too little of the tails (Hesterberg 2015). So the logarithm of the ratio is spread
    from its middle, as far as Student's t is wider than the normal distribution.

    Parameters
    ----------
    loss, other : float array (N,)
        Of the two models on the same pieces.
    contrast : Contrast
        How many of the pieces are independent; without any the interval is nan.
    shares : float array (D, N)
        From `resamples`.

    Examples
    --------
    >>> other = np.array([2.0, 3.0, 4.0, 3.0, 2.0, 4.0])
    >>> low, high = gain_interval(other / 2, other, Contrast(-9.0, 0.0, 5.0), resamples(6, 1))
    >>> round(low, 6), round(high, 6)
    (0.5, 0.5)
    """
    if contrast.freedom <= 0:
        return math.nan, math.nan
    ratio = _ratio(shares @ loss, shares @ other)
    middle = _ratio(np.array([loss.mean()]), np.array([other.mean()]))[0]
    with np.errstate(divide="ignore"):
        logs, middle = np.log(ratio), float(np.log(middle))
    if not math.isfinite(middle):
        return 1 - math.exp(middle), 1 - math.exp(middle)
    wider = float(stdtrit(contrast.freedom, LEVEL / 2) / ndtri(LEVEL / 2))
    wider *= math.sqrt(contrast.inflation * (contrast.freedom + 1) / contrast.freedom)
    # Resamples are sorted by hand: between two infinite ones an interpolated quantile would be nan.
    low, high = np.sort(logs)[[round(LEVEL / 2 * len(logs)), round((1 - LEVEL / 2) * len(logs)) - 1]]
    return 1 - math.exp(middle + wider * (high - middle)), 1 - math.exp(middle + wider * (low - middle))


def confidence_set(
    losses: Float[np.ndarray, "N M"],
    freedom: float,
    inflation: Float[np.ndarray, "M"],
    shares: Float[np.ndarray, "D N"],
) -> Float[np.ndarray, "M"]:
    """Return the p-value of each model in the model confidence set of Hansen, Lunde & Nason, by their T_max.

    The models with a p-value of at least 0.1 hold the best one in 90 of 100 cases. The worst model is left out again
    and again; the p-value of a model is the largest of the tests up to the one that left it out.

    Parameters
    ----------
    losses : float array (N, M)
        Of each model on the same pieces.
    freedom : float
        Independent pieces less one.
    inflation : float array (M,)
        How many times larger the variance of the mean of each model's loss is than it would be of independent pieces.
    shares : float array (D, N)
        From `resamples`.

    Examples
    --------
    >>> losses = np.random.default_rng(1).normal(size=(50, 3)) + np.array([0.0, 0.1, 2.0])
    >>> (confidence_set(losses, 49.0, np.ones(3), resamples(50, 1)) >= 0.1).tolist()
    [True, True, False]
    """
    losses = losses / max(float(np.abs(losses).max()), np.finfo(float).tiny)
    means, drawn = losses.mean(axis=0), shares @ losses
    moved = drawn - means
    if freedom <= 0:
        return np.ones(losses.shape[1])
    wider = np.sqrt(inflation * (freedom + 1) / freedom)
    alive, p_values, largest = list(range(losses.shape[1])), np.ones(losses.shape[1]), 0.0
    while len(alive) > 1:
        ahead = means[alive] - means[alive].mean()
        strayed = moved[:, alive] - moved[:, alive].mean(axis=1, keepdims=True)
        spread = np.sqrt((strayed**2).mean(axis=0))
        # What rounding alone leaves of equal losses is no difference.
        spread = np.where(spread < 1e-14, 1e-14, spread)
        statistics = ahead / spread / wider[alive]
        beaten = float(((strayed / spread).max(axis=1) >= statistics.max()).sum() + 1) / (len(shares) + 1)
        largest = max(largest, _by_student(beaten, freedom))
        worst = alive[int(statistics.argmax())]
        p_values[worst] = largest
        alive.remove(worst)
    return p_values


def _by_student(p_value: float, freedom: float) -> float:
    """Return the p-value that Student's t gives to what a normal distribution gives this one."""
    return float(stdtr(freedom, ndtri(p_value)))


def _ratio(loss: Pieces, other: Pieces) -> Pieces:
    """Return loss / other; two losses of nothing are equal."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((loss == 0) & (other == 0), 1.0, loss / other)
