"""Losses over the observed steps of a horizon; each returns one value per window, step and target.

Pinball: Koenker & Bassett (1978). Huber: Huber (1964).
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from seqcast.errors import ConfigError, nearest

Pointwise = Callable[[Tensor, Tensor, Tensor], Tensor]


def pinball(
    predicted: Float[Tensor, "B H K Q"], target: Float[Tensor, "B H K"], quantiles: Float[Tensor, "Q"]
) -> Float[Tensor, "B H K"]:
    """Quantile loss, mean over the levels.

    Examples
    --------
    >>> pinball(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1), torch.tensor([0.9])).item()
    0.8999999761581421
    """
    error = target[..., None] - predicted
    return torch.maximum(quantiles * error, (quantiles - 1) * error).mean(dim=-1)


def mse(
    predicted: Float[Tensor, "B H K 1"], target: Float[Tensor, "B H K"], quantiles: Float[Tensor, "Q"]
) -> Float[Tensor, "B H K"]:
    """Squared error of a point forecast."""
    return (target - predicted[..., 0]).square()


def mae(
    predicted: Float[Tensor, "B H K 1"], target: Float[Tensor, "B H K"], quantiles: Float[Tensor, "Q"]
) -> Float[Tensor, "B H K"]:
    """Absolute error of a point forecast."""
    return (target - predicted[..., 0]).abs()


def huber(
    predicted: Float[Tensor, "B H K 1"], target: Float[Tensor, "B H K"], quantiles: Float[Tensor, "Q"]
) -> Float[Tensor, "B H K"]:
    """Squared near zero, absolute beyond one scaled unit."""
    return torch.nn.functional.huber_loss(predicted[..., 0], target, reduction="none")


LOSSES: dict[str, Pointwise] = {"pinball": pinball, "mse": mse, "mae": mae, "huber": huber}


def loss_named(name: str) -> Pointwise:
    """Return the loss of that name.

    Raises
    ------
    ConfigError
        For an unknown name.

    Examples
    --------
    >>> loss_named("huber").__name__
    'huber'
    """
    if name not in LOSSES:
        raise ConfigError(f"No loss is named {name!r}. {nearest(name, LOSSES)}")
    return LOSSES[name]


def masked_mean(losses: Float[Tensor, "B H K"], observed: Bool[Tensor, "B H K"]) -> Float[Tensor, ""]:
    """Return the mean over the observed entries; 0 where nothing was observed."""
    return losses.masked_fill(~observed, 0.0).sum() / observed.sum().clamp(min=1)
