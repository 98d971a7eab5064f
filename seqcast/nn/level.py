"""Per-window normalisation: take the level out of a window before the network, put it back after.

A network that never saw a level of 200 can then still follow a series that climbs to 200. Last value: as in DLinear's
NLinear (Zeng et al., 2023); mean and spread: as in RevIN without its affine part (Kim et al., 2022); least and largest
value to 0 and 1: the normalisation of price courses, here for each window by itself.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

Normalisation = Literal["none", "last", "mean-std", "min-max"]

# In scaled units: a window that hardly moves is not blown up to more than a hundredth of what the series does.
_LEAST_SCALE = 1e-2


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
        `none`, `last` (last value), `mean-std`, or `min-max` (least and largest value to 0 and 1).

    Examples
    --------
    >>> window = torch.tensor([[[1.0], [3.0]]])
    >>> level_of(window, torch.ones_like(window), "mean-std").loc.tolist()
    [[2.0]]
    >>> level_of(window, torch.ones_like(window), "min-max").remove(window).flatten().tolist()
    [0.0, 1.0]
    """
    return _KINDS[kind](values, observed)


def _none(values: Float[Tensor, "B C K"], observed: Float[Tensor, "B C K"]) -> Level:
    return Level(torch.zeros_like(values[:, 0]), torch.ones_like(values[:, 0]))


def _last(values: Float[Tensor, "B C K"], observed: Float[Tensor, "B C K"]) -> Level:
    return Level(values[:, -1], torch.ones_like(values[:, 0]))


def _mean_std(values: Float[Tensor, "B C K"], observed: Float[Tensor, "B C K"]) -> Level:
    count = observed.sum(dim=1).clamp(min=1)
    mean = (values * observed).sum(dim=1) / count
    variance = ((values - mean[:, None]).square() * observed).sum(dim=1) / count
    return Level(mean, (variance + _LEAST_SCALE**2).sqrt())


def _min_max(values: Float[Tensor, "B C K"], observed: Float[Tensor, "B C K"]) -> Level:
    seen = observed > 0
    low = values.masked_fill(~seen, torch.inf).amin(dim=1)
    high = values.masked_fill(~seen, -torch.inf).amax(dim=1)
    unseen = ~seen.any(dim=1)
    spread = (high - low).masked_fill(unseen, 0.0)
    return Level(low.masked_fill(unseen, 0.0), spread.clamp(min=_LEAST_SCALE))


_KINDS: dict[Normalisation, Callable[[Tensor, Tensor], Level]] = {
    "none": _none,
    "last": _last,
    "mean-std": _mean_std,
    "min-max": _min_max,
}
