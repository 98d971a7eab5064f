"""What a classifier of series is judged beside: the most usual class, the nearest neighbour, a linear model.

The nearest neighbour by Euclidean distance (Cover & Hart, 1967) is the yardstick of the UCR archive (Dau et al., 2019).
Its channels are scaled by the training part here, not each sample by itself, so that a level may tell classes apart.
"""

import numpy as np
from jaxtyping import Float, Int
from scipy.special import log_softmax, softmax

from seqcast.classify.linear import fit_linear
from seqcast.errors import InputError
from seqcast.sequences import Sequences

_AT_ONCE = 2**23  # distances that are held at a time: 64 MB
_TIED = 1e-12  # of squared distances, beside squared sizes: what rounding cannot tell apart
_MOST_STEPS = 64  # that the linear model reads
_COSTS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
_TAIL = 0.2  # of the samples of each class, that chooses the cost

Codes = Int[np.ndarray, "N"]
Probabilities = Float[np.ndarray, "M classes"]


def majority(codes: Codes, classes: int, rows: int) -> Probabilities:
    """Return the share of each class in the training part, for each of so many rows.

    Examples
    --------
    >>> majority(np.array([0, 0, 0, 1]), 2, rows=1).tolist()
    [[0.75, 0.25]]
    """
    return np.tile(np.bincount(codes, minlength=classes) / len(codes), (rows, 1))


def nearest_neighbour(train: Sequences, codes: Codes, asked: Sequences, classes: int) -> Probabilities:
    """Return 1 for the class of the nearest training sample, and 0 for the others.

    Each channel is scaled by the training part, and each sample brought to the median number of steps of the training
    part by linear interpolation. Of neighbours equally near, the one of the lowest class is taken.

    Parameters
    ----------
    train : Sequences
        Samples that are known.
    codes : int array (N,)
        Class of each, 0 to `classes` - 1.
    asked : Sequences
        Samples to be told, of the same channels.
    classes : int
        How many there are.

    Raises
    ------
    InputError
        When the channels differ.

    Examples
    --------
    >>> rising, falling = np.array([[0.0], [1.0], [2.0]]), np.array([[2.0], [1.0], [0.0]])
    >>> asked = Sequences.of([np.array([[0.0], [0.5], [1.0], [1.5]])])
    >>> nearest_neighbour(Sequences.of([rising, falling]), np.array([1, 0]), asked, 2).tolist()
    [[0.0, 1.0]]
    """
    train, asked = _scaled(train, asked)
    steps = _usual_steps(train)
    order = np.argsort(codes, kind="stable")
    known = _evened(train.take(order), steps).reshape(len(train), -1)
    sizes = np.square(known).sum(axis=1)
    found = np.empty(len(asked), dtype=np.int64)
    block = max(1, _AT_ONCE // max(known.shape))
    for start in range(0, len(asked), block):
        rows = np.arange(start, min(start + block, len(asked)))
        some = _evened(asked.take(rows), steps).reshape(len(rows), -1)
        own = np.square(some).sum(axis=1, keepdims=True)
        apart = own + sizes - 2 * some @ known.T
        bound = apart.min(axis=1, keepdims=True) + _TIED * (own + sizes.max())
        found[rows] = (apart <= bound).argmax(axis=1)
    return np.eye(classes)[codes[order][found]]


def linear_series(train: Sequences, codes: Codes, asked: Sequences, classes: int) -> Probabilities:
    """Return the probabilities of a logistic regression on the values of each channel and a few figures of it.

    The values are those of the sample brought to the median number of steps, 64 at most; the figures are mean, standard
    deviation, least and largest value, and slope. All are standardised by the training part. How much the weights are
    held back is chosen by the last fifth of the samples of each class; the weights are then learnt from all.

    Parameters
    ----------
    train, codes, asked, classes
        As for `nearest_neighbour`.

    Raises
    ------
    InputError
        When the channels differ.

    Examples
    --------
    >>> series = Sequences.of([np.full((3, 1), level) for level in (0.0, 0.2, 0.9, 1.1)])
    >>> linear_series(series, np.array([0, 0, 1, 1]), series, 2).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    train, asked = _scaled(train, asked)
    steps = min(_MOST_STEPS, _usual_steps(train))
    features, asking = (_features(part, steps) for part in (train, asked))
    centre, spread = _scale_of(features)
    features, asking = (features - centre) / spread, (asking - centre) / spread
    fitted = fit_linear(features, codes, classes, cost=_best_cost(features, codes, classes))
    return softmax(fitted.logits(asking), axis=1)


def _scaled(train: Sequences, asked: Sequences) -> tuple[Sequences, Sequences]:
    channels = train.values.shape[1]
    if asked.values.shape[1] != channels:
        raise InputError(f"Samples must have the {channels} channels that were learnt; got {asked.values.shape[1]}.")
    centre, spread = _scale_of(train.values.astype(np.float64))
    first, second = (Sequences((part.values - centre) / spread, part.offsets) for part in (train, asked))
    return first, second


def _scale_of(values: Float[np.ndarray, "N F"]) -> tuple[Float[np.ndarray, "F"], Float[np.ndarray, "F"]]:
    """Return mean and deviation of each column; what never changes tells nothing apart, and is divided by infinity."""
    return values.mean(axis=0), np.where(np.ptp(values, axis=0) > 0, values.std(axis=0), np.inf)


def _usual_steps(train: Sequences) -> int:
    return round(float(np.median(train.lengths)))


def _evened(series: Sequences, steps: int) -> Float[np.ndarray, "N T C"]:
    """Return each sequence at so many places at equal distances, the first and the last step among them."""
    last = series.lengths[:, None] - 1
    places = np.arange(steps) * last / max(1, steps - 1)
    before = places.astype(np.int64)
    begins = series.offsets[:-1, None]
    low, high = series.values[begins + before], series.values[begins + np.minimum(before + 1, last)]
    return low + (places - before)[..., None] * (high - low)


def _features(series: Sequences, steps: int) -> Float[np.ndarray, "N F"]:
    begins, lengths, values = series.offsets[:-1], series.lengths[:, None], series.values
    mean = np.add.reduceat(values, begins) / lengths
    apart = values - np.repeat(mean, series.lengths, axis=0)
    deviation = np.sqrt(np.add.reduceat(np.square(apart), begins) / lengths)
    least, largest = np.minimum.reduceat(values, begins), np.maximum.reduceat(values, begins)
    figures = [mean, deviation, least, largest, _slope(series, apart)]
    return np.column_stack([_evened(series, steps).reshape(len(series), -1), *figures])


def _slope(series: Sequences, apart: Float[np.ndarray, "T C"]) -> Float[np.ndarray, "N C"]:
    """Return by how much the line of least squares rises from the first to the last step; 0 where there is one step."""
    begins = series.offsets[:-1]
    last = np.repeat(series.lengths - 1, series.lengths)
    when = (np.arange(len(apart)) - np.repeat(begins, series.lengths)) / np.maximum(1, last) - 0.5 * (last > 0)
    spread = np.add.reduceat(np.square(when), begins)
    return np.add.reduceat(when[:, None] * apart, begins) / np.where(spread > 0, spread, 1.0)[:, None]


def _best_cost(features: Float[np.ndarray, "N F"], codes: Codes, classes: int) -> float:
    """Return the cost whose weights, learnt from the others, say the tail of each class with the least log loss."""
    ranks = np.empty(len(codes))
    for code in range(classes):
        rows = np.flatnonzero(codes == code)
        ranks[rows] = np.arange(len(rows)) >= len(rows) - round(_TAIL * len(rows))
    held = ranks.astype(bool)
    if not held.any():
        return _COSTS[len(_COSTS) // 2]

    def loss(cost: float) -> float:
        fitted = fit_linear(features[~held], codes[~held], classes, cost=cost)
        said = log_softmax(fitted.logits(features[held]), axis=1)
        return -float(said[np.arange(len(said)), codes[held]].mean())

    return min(_COSTS, key=loss)
