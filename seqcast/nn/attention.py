"""Positions, and attention that pools over time. Vaswani et al. (2017); Bahdanau et al. (2015)."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn


def sinusoid(steps: int, width: int) -> Float[Tensor, "T W"]:
    """Return the sinusoidal positional encoding of `steps` positions, indexed by time alone.

    Examples
    --------
    >>> sinusoid(2, 4)[0].tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    position = torch.arange(steps, dtype=torch.float32)[:, None]
    rate = torch.exp(-math.log(10_000.0) * torch.arange(0, width, 2, dtype=torch.float32) / width)
    table = torch.zeros(steps, width)
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate[: width // 2])
    return table


class AttentionPool(nn.Module):
    """One vector from a sequence: learned weights, softmax over **time**, weighted sum.

    Examples
    --------
    >>> pool = AttentionPool(8)
    >>> pool.weights(torch.zeros(2, 5, 8)).sum(dim=1).tolist()
    [1.0, 1.0]
    """

    def __init__(self, width: int):
        super().__init__()
        self.score = nn.Linear(width, 1)

    def weights(self, steps: Float[Tensor, "B T W"]) -> Float[Tensor, "B T"]:
        """Return how much each step counts; they sum to 1 over time."""
        return self.score(steps).squeeze(-1).softmax(dim=1)

    def forward(self, steps: Float[Tensor, "B T W"]) -> Float[Tensor, "B W"]:
        """Return the weighted mean over time."""
        return torch.einsum("bt,btw->bw", self.weights(steps), steps)
