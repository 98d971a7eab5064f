"""How much each model counts, and how sure it may be: weights of their logits, chosen on what none of them learnt."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

_MOST = 20.0  # times that a logit is stretched


def fit_shares(logits: Sequence[Float[np.ndarray, "N K"]], codes: Int[np.ndarray, "N"]) -> Float[np.ndarray, "models"]:
    """Return the weights, none below 0, with which the summed logits have the least log loss on validation samples.

    One model alone gets a weight too: below 1 it was too sure of itself (temperature scaling, Guo et al., 2017).

    Examples
    --------
    >>> sure = np.array([[4.0, -4.0], [4.0, -4.0], [4.0, -4.0], [-4.0, 4.0]])
    >>> bool(np.isclose(8 * fit_shares([sure], np.array([0, 0, 1, 1]))[0], np.log(3), atol=1e-4))
    True
    """
    stacked = np.stack(list(logits))
    rows = np.arange(len(codes))

    def judged(shares: np.ndarray) -> tuple[float, np.ndarray]:
        summed = np.tensordot(shares, stacked, axes=1)
        said = softmax(summed, axis=1)
        said[rows, codes] -= 1.0
        loss = -log_softmax(summed, axis=1)[rows, codes].mean()
        return float(loss), np.einsum("nk,mnk->m", said, stacked) / len(rows)

    start = np.full(len(stacked), 1.0 / len(stacked))
    bounds, exact = [(0.0, _MOST)] * len(stacked), {"ftol": 1e-14, "gtol": 1e-7}
    return minimize(judged, start, jac=True, method="L-BFGS-B", bounds=bounds, options=exact).x


def mixed(logits: Sequence[Float[np.ndarray, "N K"]], shares: Float[np.ndarray, "models"]) -> Float[np.ndarray, "N K"]:
    """Return the probabilities of each class.

    Examples
    --------
    >>> mixed([np.zeros((1, 2))], np.array([1.0])).tolist()
    [[0.5, 0.5]]
    """
    return softmax(np.tensordot(shares, np.stack(list(logits)), axes=1), axis=1)
