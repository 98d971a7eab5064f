"""Distributions that a network can be trained to answer with, by their likelihood.

Outputs increase along Q, and levels, shortcuts and scales act on them affinely. So the parameters are read off places
on the axis of the target: `loc - scale, loc` is a Gaussian, and of a Student-t a third output above `loc` tells by how
much farther off it is than the first how light the tails are. What shifts or stretches the outputs then shifts or
stretches the distribution, and no normalisation needs to know of it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import ndtri, stdtrit
from torch import Tensor

# Added to every gap, in scaled units (1 is about the spread of the series). Single precision tells places on the axis
# apart to 1e-6 where they lie about 10 from 0: a scale below 1e-4 would be rounding. Added and not clamped, so that a
# scale that has become too small can grow again.
FLOOR = 1e-4

# The variance exists above 2; at 200 the outermost deciles are within 0.3 % of the Gaussian's, and the difference of
# the two log-gamma functions below still keeps four digits in single precision.
LEAST_FREEDOM, MOST_FREEDOM = 2.1, 200.0


def gaussian(
    predicted: Float[Tensor, "B H K 2"], target: Float[Tensor, "B H K"], quantiles: Float[Tensor, "levels"]
) -> Float[Tensor, "B H K"]:
    """Negative log-likelihood of a Gaussian; the levels are not read.

    Examples
    --------
    >>> outputs = torch.tensor([[[[-1.0, 0.0]]]])
    >>> round(gaussian(outputs, torch.zeros(1, 1, 1), torch.zeros(1)).item(), 3)  # log √2π
    0.919
    """
    scale = predicted[..., 1] - predicted[..., 0] + FLOOR
    z = (target - predicted[..., 1]) / scale
    return 0.5 * z.square() + scale.log() + 0.5 * math.log(2 * math.pi)


def student_t(
    predicted: Float[Tensor, "B H K 3"], target: Float[Tensor, "B H K"], quantiles: Float[Tensor, "levels"]
) -> Float[Tensor, "B H K"]:
    """Negative log-likelihood of a Student-t; the levels are not read.

    Examples
    --------
    >>> outputs = torch.tensor([[[[-1.0, 0.0, 1.0]]]])
    >>> near, far = (student_t(outputs, torch.full((1, 1, 1), at), torch.zeros(1)).item() for at in (1.0, 1e6))
    >>> near < far < 300  # a Gaussian's would be 5e11
    True
    """
    below, above = (predicted.diff(dim=-1) + FLOOR).unbind(dim=-1)
    freedom = LEAST_FREEDOM * (MOST_FREEDOM / LEAST_FREEDOM) ** (above / (below + above))
    z = (target - predicted[..., 1]) / below
    norm = torch.lgamma(freedom / 2) - torch.lgamma((freedom + 1) / 2) + 0.5 * (freedom * math.pi).log()
    # log √(1 + z²/ν) by the hypotenuse, which does not overflow where the square of z would
    return norm + below.log() + (freedom + 1) * torch.hypot(torch.ones_like(z), z / freedom.sqrt()).log()


def gaussian_quantiles(
    outputs: Float[np.ndarray, "N H K 2"], levels: Float[np.ndarray, "Q"]
) -> Float[np.ndarray, "N H K Q"]:
    """Return the quantiles of the Gaussian that these outputs tell of.

    Examples
    --------
    >>> gaussian_quantiles(np.array([[[[8.0, 10.0]]]]), np.array([0.5, 0.975])).round(2).tolist()
    [[[[10.0, 13.92]]]]
    """
    scale = outputs[..., 1:] - outputs[..., :1] + FLOOR
    return outputs[..., 1:] + scale * ndtri(levels)


def student_t_quantiles(
    outputs: Float[np.ndarray, "N H K 3"], levels: Float[np.ndarray, "Q"]
) -> Float[np.ndarray, "N H K Q"]:
    """Return the quantiles of the Student-t that these outputs tell of.

    Examples
    --------
    >>> student_t_quantiles(np.array([[[[8.0, 10.0, 12.0]]]]), np.array([0.5, 0.975])).round(2).tolist()
    [[[[10.0, 14.17]]]]
    """
    below, above = np.moveaxis(np.diff(outputs, axis=-1) + FLOOR, -1, 0)
    freedom = LEAST_FREEDOM * (MOST_FREEDOM / LEAST_FREEDOM) ** (above / (below + above))
    return outputs[..., 1:2] + below[..., None] * stdtrit(freedom[..., None], levels)


@dataclass(frozen=True)
class Distribution:
    """A family of distributions with a location and a scale; its location is its mean and its middle output.

    Parameters
    ----------
    outputs : int
        How many the network answers with for each target.
    loss : callable
        Outputs, targets and levels to the negative log-likelihood.
    quantiles : callable
        Outputs and levels to quantiles, by the inverse of the distribution function.
    places : tuple of float
        Levels of a Gaussian at which the outputs stand when they tell of one, or of nearly one.
    """

    outputs: int
    loss: Callable[[Tensor, Tensor, Tensor], Tensor]
    quantiles: Callable[[np.ndarray, np.ndarray], np.ndarray]
    places: tuple[float, ...]


_DEVIATION = (0.1587, 0.5, 0.8413)  # of a Gaussian: one standard deviation below, the mean, and one above
DISTRIBUTIONS = {
    "gaussian": Distribution(2, gaussian, gaussian_quantiles, _DEVIATION[:2]),
    "student-t": Distribution(3, student_t, student_t_quantiles, _DEVIATION),
}
