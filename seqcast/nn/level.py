"""Per-window normalisation: take the level out of a window before the network, put it back after.

A network that never saw a level of 200 can then still follow a series that climbs to 200. Last value: as in DLinear's
NLinear (Zeng et al., 2023); mean and spread: as in RevIN without its affine part (Kim et al., 2022).
"""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

Normalisation = Literal["none", "last", "mean-std"]


class Level(NamedTuple):
    """Location and scale of each target of each window."""

    loc: Float[Tensor, "B K"]
    scale: Float[Tensor, "B K"]

    def remove(self, values: Float[Tensor, "B T K"]) -> Float[Tensor, "B T K"]:
        """Return the values of a window in units of its own level."""
        return (values - self.loc[:, None]) / self.scale[:, None]

    def restore(self, values: Float[Tensor, "B H K Q"]) -> Float[Tensor, "B H K Q"]:
        """Return forecasts in the units that came in."""
        return values * self.scale[:, None, :, None] + self.loc[:, None, :, None]


def level_of(values: Float[Tensor, "B C K"], observed: Float[Tensor, "B C K"], kind: Normalisation) -> Level:
    """Measure the level of each window over its observed steps only.

    Parameters
    ----------
    values, observed : float tensor (B, C, K)
        Targets of the context, gaps carried forward; 1 where observed.
    kind : str
        `none`, `last` (last value) or `mean-std`.

    Examples
    --------
    >>> window = torch.tensor([[[1.0], [3.0]]])
    >>> level_of(window, torch.ones_like(window), "mean-std").loc.tolist()
    [[2.0]]
    """
    ones = torch.ones_like(values[:, 0])
    if kind == "none":
        return Level(torch.zeros_like(ones), ones)
    if kind == "last":
        return Level(values[:, -1], ones)
    count = observed.sum(dim=1).clamp(min=1)
    mean = (values * observed).sum(dim=1) / count
    variance = ((values - mean[:, None]).square() * observed).sum(dim=1) / count
    return Level(mean, (variance + 1e-4).sqrt())
