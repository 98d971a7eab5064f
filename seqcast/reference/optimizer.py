"""Stochastic gradient descent with momentum, and Adam (Kingma & Ba, 2015), as pure functions of what they keep."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from seqcast.errors import ConfigError
from seqcast.reference.stack import Weights


class Moments(NamedTuple):
    """What an optimizer keeps from step to step: how many there were, running means of the gradients and squares."""

    steps: int
    first: Weights
    second: Weights


class Optimizer(Protocol):
    """The promise: new weights from weights, their gradients and what was kept; nothing is changed in place."""

    def step(self, weights: Weights, gradients: Weights, kept: Moments) -> tuple[Weights, Moments]:
        """Return the weights after one step, and what to keep for the next."""
        ...


def no_moments(weights: Weights) -> Moments:
    """Return what is kept before the first step: zeros.

    Examples
    --------
    >>> no_moments({"w": np.ones(2)}).first["w"].tolist()
    [0.0, 0.0]
    """
    return Moments(0, *({name: np.zeros_like(weight) for name, weight in weights.items()} for _ in range(2)))


@dataclass(frozen=True, kw_only=True)
class SGD:
    """Gradient descent, with a running sum of past gradients where `momentum` is above 0 (Polyak, 1964).

    velocity' = momentum · velocity + gradient; weight' = weight - lr · velocity'

    Parameters
    ----------
    lr : float
        Learning rate.
    momentum : float
        Share of the velocity that stays, 0 … 1.

    Examples
    --------
    >>> weights = {"w": np.array([1.0])}
    >>> SGD(lr=0.1).step(weights, {"w": np.array([2.0])}, no_moments(weights))[0]["w"].tolist()
    [0.8]
    """

    lr: float = 0.01
    momentum: float = 0.0

    def __post_init__(self) -> None:
        _refuse_rate(self.lr)
        _refuse_share("momentum", self.momentum)

    def step(self, weights: Weights, gradients: Weights, kept: Moments) -> tuple[Weights, Moments]:
        """Return the weights after one step, and what to keep for the next."""
        velocity = {name: self.momentum * kept.first[name] + gradients[name] for name in weights}
        moved = {name: weight - self.lr * velocity[name] for name, weight in weights.items()}
        return moved, Moments(kept.steps + 1, velocity, kept.second)


@dataclass(frozen=True, kw_only=True)
class Adam:
    """Adam: each weight goes by the mean of its gradients, over the root of the mean of their squares.

    m' = β₁ m + (1 - β₁) gradient; v' = β₂ v + (1 - β₂) gradient²

    weight' = weight - lr · m̂ / (√v̂ + ε), where m̂ = m' / (1 - β₁ᵗ) and v̂ = v' / (1 - β₂ᵗ) undo the start from zero

    Parameters
    ----------
    lr : float
        Learning rate.
    beta1, beta2 : float
        Share of the two running means that stays, 0 … 1.
    eps : float
        Keeps the divisor off zero.

    Examples
    --------
    The first step is about as long as the learning rate, whatever the gradient.

    >>> weights = {"w": np.array([1.0])}
    >>> round(Adam(lr=0.1).step(weights, {"w": np.array([200.0])}, no_moments(weights))[0]["w"].item(), 6)
    0.9
    """

    lr: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        _refuse_rate(self.lr)
        _refuse_share("beta1", self.beta1)
        _refuse_share("beta2", self.beta2)
        if not self.eps > 0:
            raise ConfigError(f"eps must be above 0; got {self.eps}. 1e-8 is usual.")

    def step(self, weights: Weights, gradients: Weights, kept: Moments) -> tuple[Weights, Moments]:
        """Return the weights after one step, and what to keep for the next."""
        steps = kept.steps + 1
        moved: Weights = {}
        first: Weights = {}
        second: Weights = {}
        for name, weight in weights.items():
            first[name] = self.beta1 * kept.first[name] + (1 - self.beta1) * gradients[name]
            second[name] = self.beta2 * kept.second[name] + (1 - self.beta2) * gradients[name] ** 2
            mean = first[name] / (1 - self.beta1**steps)
            square = second[name] / (1 - self.beta2**steps)
            moved[name] = weight - self.lr * mean / (np.sqrt(square) + self.eps)
        return moved, Moments(steps, first, second)


def _refuse_rate(lr: float) -> None:
    if not 0 < lr < float("inf"):
        raise ConfigError(f"lr must be a number above 0; got {lr}. 0.001 is a usual start.")


def _refuse_share(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ConfigError(f"{name} must lie in 0 … 1, 1 left out; got {value}.")
