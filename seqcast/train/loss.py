"""Losses over the observed steps of a horizon; each returns one value per window, step and target.

Pinball: Koenker & Bassett (1978). Huber: Huber (1964). The likelihoods are in `distributions`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from seqcast.errors import ConfigError, InputError, nearest
from seqcast.train.distributions import DISTRIBUTIONS

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
    predicted: Float[Tensor, "B H K 1"],
    target: Float[Tensor, "B H K"],
    quantiles: Float[Tensor, "Q"],
    delta: float = 1.0,
) -> Float[Tensor, "B H K"]:
    """Half the squared error up to `delta`, and as a straight line beyond.

    Examples
    --------
    >>> seen, none = torch.tensor([[[1.0, 3.0]]]), torch.zeros(1)
    >>> huber(torch.zeros(1, 1, 2, 1), seen, none).tolist(), huber(torch.zeros(1, 1, 2, 1), seen, none, 2.0).tolist()
    ([[[0.5, 2.5]]], [[[0.5, 4.0]]])
    """
    return F.huber_loss(predicted[..., 0], target, reduction="none", delta=delta)


def cross_entropy(
    predicted: Float[Tensor, "B H K Q"], target: Float[Tensor, "B H K"], quantiles: Float[Tensor, "levels"]
) -> Float[Tensor, "B H K"]:
    """Negative log probability of the true class; the outputs are the logits of Q classes, the levels are not read.

    Raises
    ------
    InputError
        When a target is not the number of a class, 0 … Q − 1.

    Examples
    --------
    >>> cross_entropy(torch.zeros(1, 1, 1, 4), torch.full((1, 1, 1), 3.0), torch.zeros(1)).exp().item()
    4.0
    """
    classes = predicted.shape[-1]
    strange = ~((target >= 0) & (target < classes) & (target == target.floor()))
    if bool(strange.any()):
        raise InputError(
            f"Classes are told by their numbers, 0 to {classes - 1} of the {classes} that the network knows; got "
            f"{target[strange][0].item()}. Number them from 0, or build the network for more."
        )
    return F.cross_entropy(predicted.movedim(-1, 1), target.long(), reduction="none")


def absolute_error(predicted: Float[Tensor, "B H K Q"], target: Float[Tensor, "B H K"]) -> Float[Tensor, "B H K"]:
    """Absolute error of the output in the middle: the point forecast, the median, or the location."""
    return (predicted[..., predicted.shape[-1] // 2] - target).abs()


def wrong_class(predicted: Float[Tensor, "B H K Q"], target: Float[Tensor, "B H K"]) -> Float[Tensor, "B H K"]:
    """Return 1 where the likeliest class is not the true one; its mean is the share of wrong answers."""
    return (predicted.argmax(dim=-1) != target).to(target.dtype)


@dataclass(frozen=True)
class Loss:
    """What a network is trained by, and the second figure that each epoch is told with.

    Parameters
    ----------
    pointwise : callable
        Outputs (B, H, K, Q), targets (B, H, K) and levels to one loss for each target (B, H, K).
    error : callable
        Outputs and targets to one error each: absolute error of the point forecast, or 1 for a wrong class.
    settings : tuple of str
        Names of what may be set of it.
    """

    pointwise: Pointwise
    error: Callable[[Tensor, Tensor], Tensor] = absolute_error
    settings: tuple[str, ...] = ()


LOSSES: dict[str, Loss] = {
    "pinball": Loss(pinball),
    "mse": Loss(mse),
    "mae": Loss(mae),
    "huber": Loss(huber, settings=("delta",)),
    "cross-entropy": Loss(cross_entropy, wrong_class),
    **{name: Loss(family.loss) for name, family in DISTRIBUTIONS.items()},
}


def loss_named(name: str, **settings: float) -> Loss:
    """Return the loss of that name, with its settings.

    Raises
    ------
    ConfigError
        For an unknown name, or a setting of another loss.

    Examples
    --------
    >>> loss_named("huber", delta=2.0).pointwise(torch.zeros(1, 1, 1, 1), torch.ones(1, 1, 1), torch.zeros(1)).item()
    0.5
    """
    if name not in LOSSES:
        raise ConfigError(f"No loss is named {name!r}. {nearest(name, LOSSES)}")
    loss = LOSSES[name]
    for setting, value in settings.items():
        if setting not in loss.settings:
            owners = ", ".join(other for other, one in LOSSES.items() if setting in one.settings)
            raise ConfigError(
                f"{setting} is a setting of the loss {owners} alone; got {setting}={value} with {name!r}. Leave it out."
            )
    return replace(loss, pointwise=partial(loss.pointwise, **settings))


def masked_mean(losses: Float[Tensor, "B H K"], observed: Bool[Tensor, "B H K"]) -> Float[Tensor, ""]:
    """Return the mean over the observed entries; 0 where nothing was observed."""
    return losses.masked_fill(~observed, 0.0).sum() / observed.sum().clamp(min=1)
