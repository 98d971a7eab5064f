"""Linear classifiers: a logistic regression for each class against the rest, on runs of words weighted.

Naive Bayes says how much more often a run stands in the texts of a class than in the others; a logistic regression on
runs so weighted (NB-SVM with the logistic loss: Wang & Manning, 2012; Mesnil et al., 2015) is the strongest linear
classifier of sentiment there is without pre-training, and its bias towards what naive Bayes says needs little data.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

_COST = 0.3  # of an error beside the squared weights: chosen on the validation part of IMDB, see bench/LOG.md
_STEPS = 60  # of L-BFGS; the weights are held back as well by ending early


@dataclass(frozen=True, eq=False)
class Linear:
    """Weights (F, K) and biases (K,) of a linear map to the log odds of each class against the rest.

    Two classes have one column: the log odds of the second.
    """

    weights: Float[np.ndarray, "F K"]
    bias: Float[np.ndarray, "K"]

    def logits(self, matrix: Any) -> Float[np.ndarray, "N classes"]:
        """Return one logit a class, whose softmax are the probabilities."""
        odds = np.asarray(matrix @ self.weights) + self.bias
        return np.column_stack([-odds / 2, odds / 2]) if odds.shape[1] == 1 else odds


def fit_linear(matrix: Any, codes: Int[np.ndarray, "N"], classes: int, *, cost: float = 1.0) -> Linear:
    """Return the logistic regressions of each class against the rest, with squared weights held back.

    Parameters
    ----------
    matrix : array or sparse matrix (N, F)
        Features.
    codes : int array (N,)
        Class of each row, 0 to `classes` - 1.
    classes : int
        How many there are.
    cost : float
        Of the summed log loss, beside half of the summed squared weights.

    Examples
    --------
    >>> features = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> fit_linear(features, np.array([0, 0, 1, 1]), 2).logits(features).argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    fitted = [_logistic(matrix, codes == positive, cost) for positive in _positives(classes)]
    return Linear(np.column_stack([weights for weights, _ in fitted]), np.array([bias for _, bias in fitted]))


def fit_weighted(matrix: Any, codes: Int[np.ndarray, "N"], classes: int, *, cost: float = _COST) -> Linear:
    """Return the same on columns of 0 and 1 that are first weighted as naive Bayes does.

    Parameters
    ----------
    matrix : sparse matrix (N, F)
        1 where a run of words stands in a text.
    codes, classes, cost
        As for `fit_linear`.
    """
    weights: list[np.ndarray] = []
    biases: list[float] = []
    for positive in _positives(classes):
        ratio = _log_ratio(matrix, codes == positive)
        found, bias = _logistic(matrix @ sparse.diags(ratio), codes == positive, cost)
        weights.append(found * ratio)
        biases.append(bias)
    return Linear(np.column_stack(weights).astype(np.float32), np.array(biases))


def _positives(classes: int) -> range:
    return range(1, 2) if classes == 2 else range(classes)


def _log_ratio(matrix: Any, positive: np.ndarray) -> Float[np.ndarray, "F"]:
    """Return how much more often each column is 1 where `positive` than elsewhere, in logs, one added to each count."""
    here, elsewhere = (1.0 + np.asarray(matrix[part].sum(axis=0)).ravel() for part in (positive, ~positive))
    return np.log((here / here.sum()) / (elsewhere / elsewhere.sum())).astype(np.float32)


def _logistic(matrix: Any, positive: np.ndarray, cost: float) -> tuple[Float[np.ndarray, "F"], float]:
    signs = np.where(positive, 1.0, -1.0)
    transposed = matrix.T.tocsr() if sparse.issparse(matrix) else matrix.T

    def judged(point: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = point[:-1], point[-1]
        margin = signs * (matrix @ weights.astype(matrix.dtype) + bias)
        slope = -signs * expit(-margin)
        gradient = np.append(transposed @ slope.astype(matrix.dtype), slope.sum())
        loss = cost * np.logaddexp(0.0, -margin).sum() + 0.5 * weights @ weights
        return loss, cost * gradient + np.append(weights, 0.0)

    found = minimize(judged, np.zeros(matrix.shape[1] + 1), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return found.x[:-1], float(found.x[-1])
