"""Windows with a known answer, in the order of time."""

import numpy as np

SPREAD, LEVEL = np.array([1.0, 20.0, 0.1]), np.array([0.0, 300.0, -5.0])
SIGNS = np.array([1.0, -1.0, 0.5])


def windows(samples=60, steps=5, targets=1, seed=0):
    """Return inputs (samples, steps, 3), each channel in its own unit, and sums of them in which late steps weigh more.

    Target k is 1000 + 10 (k + 1) times one sum, so one number is learnt whatever their count.
    """
    draw = np.random.default_rng(seed).normal(size=(samples, steps, 3))
    weights = 0.7 ** np.arange(steps)[::-1, None] * SIGNS
    answer = np.einsum("ntx,tx->n", draw, weights)
    return draw * SPREAD + LEVEL, 1000 + 10 * answer[:, None] * np.arange(1, targets + 1)
