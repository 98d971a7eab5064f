"""A linear map from context to horizon in closed form, shrunk towards the mean of the past seasons.

Least squares with a penalty on what departs from a forecast that is sensible without any training; the older a step,
the dearer its departure. That is the prior which Litterman (1986) gave autoregressions in Minnesota, there around the
last value, here around the weighted mean of the seasons. Penalty, its growth with age and the weights of the seasons
are those of the least squared error on validation windows. Of several targets, each has a map of its own, shrunk in the
same way towards the one that fits them all. Maps of shorter and shorter contexts are then averaged, by such weights.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from operator import add
from typing import NamedTuple, Self

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

DECAYS = (0.0, 0.5, 0.7, 0.9, 1.0)  # weight of a season over that of the next newer one; 0 is seasonal naive
GROWTHS = (0.0, 1.0, 2.0, 3.0)  # power of the age, in seasons, by which the penalty grows
PENALTIES = tuple(10.0 ** (exponent / 2) for exponent in range(6, -9, -1))  # in units of the mean square of a direction


class Pairs(NamedTuple):
    """Contexts and the horizons that followed, the level taken out of both."""

    past: Float[Tensor, "N C"]
    target: Float[Tensor, "N H"]
    observed: Bool[Tensor, "N H"]


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums of products over windows: all that least squares needs of them, to fit and to judge.

    Parameters
    ----------
    past : float tensor (C, C)
        Of contexts with contexts.
    cross : float tensor (C, H)
        Of contexts with horizons; what was not observed counts as the mean of its season in the context.
    square : float
        Of horizons with themselves.
    """

    past: Float[Tensor, "C C"]
    cross: Float[Tensor, "C H"]
    square: float

    @classmethod
    def of(cls, batches: Iterable[Pairs], season: int) -> Self:
        """Sum over one batch or more, in double precision."""
        past, cross, square = torch.zeros(()), torch.zeros(()), 0.0
        for batch in batches:
            steps = batch.past.double()
            usual = steps @ seasonal_mean(steps.shape[1], batch.target.shape[1], season, 1.0).to(steps)
            target = torch.where(batch.observed, batch.target.double(), usual)
            past, cross = past + steps.mT @ steps, cross + steps.mT @ target
            square += target.square().sum().item()
        return cls(past, cross, square)

    def __add__(self, other: Self) -> "Moments":
        """Return the sums over the windows of both."""
        return Moments(self.past + other.past, self.cross + other.cross, self.square + other.square)

    def latest(self, steps: int) -> "Moments":
        """Return the moments of contexts of only so many steps."""
        return Moments(self.past[-steps:, -steps:], self.cross[-steps:], self.square)

    def error(self, weights: Float[Tensor, "C H"]) -> float:
        """Return the sum of squared errors of a map.

        Examples
        --------
        >>> ones = Pairs(torch.ones(2, 3), torch.ones(2, 1), torch.ones(2, 1, dtype=torch.bool))
        >>> Moments.of([ones], season=1).error(torch.zeros(3, 1))
        2.0
        """
        weights = weights.to(self.past)
        return self.square + ((self.past @ weights - 2 * self.cross) * weights).sum().item()


def seasonal_mean(context: int, horizon: int, season: int, decay: float) -> Float[Tensor, "C H"]:
    """Return the map that forecasts the mean of the past seasons, each older one weighted by another `decay`.

    Examples
    --------
    >>> torch.arange(6.0) @ seasonal_mean(context=6, horizon=2, season=3, decay=1.0)
    tensor([1.5000, 2.5000])
    """
    cycle = min(season, context)
    weights = torch.tensor([decay**age for age in range(context // cycle)])
    step = torch.arange(horizon)
    mean = torch.zeros(context, horizon)
    for age, weight in enumerate((weights / weights.sum()).tolist(), start=1):
        mean[context - cycle * age + step % cycle, step] = weight
    return mean


def age_freedom(context: int, season: int, growth: float) -> Float[Tensor, "C"]:
    """Return how freely the weight of each step of the context may depart; the penalty is divided by its square.

    Examples
    --------
    >>> age_freedom(context=48, season=24, growth=2.0)[[0, 24]].tolist()
    [0.3333333432674408, 0.5]
    """
    age = torch.arange(context, 0, -1) / season
    return (1 + age) ** (-growth / 2)


def averaged_maps(train: Sequence[Moments], valid: Sequence[Moments], season: int) -> Float[Tensor, "K C H"]:
    """Return a map for each target: the mean of those of the whole context, its newest half, quarter and eighth.

    What is one season or less is left out. The weights are shared by the targets, quarters, and those of the least
    validation error: fewer and coarser than what one could overfit by.

    Parameters
    ----------
    train, valid : sequence of K Moments
        Of each target's windows to learn from, and to choose by.
    season : int
        Steps of the main cycle; 1 for none.

    Examples
    --------
    >>> steps = torch.randn(500, 8, generator=torch.Generator().manual_seed(0))
    >>> seen = torch.ones(500, 1, dtype=torch.bool)
    >>> moments = Moments.of([Pairs(steps, steps[:, 6:7], seen)], season=1)
    >>> averaged_maps([moments], [moments], season=1).flatten().round(decimals=2).tolist()[-3:]
    [0.0, 1.0, 0.0]
    """
    context = train[0].cross.shape[0]
    sizes = [size for size in (context // part for part in (1, 2, 4, 8)) if size > season or size == context]
    maps = [
        F.pad(shrunk_maps(_latest(train, size), _latest(valid, size), season), (0, 0, context - size, 0))
        for size in sizes
    ]
    shares = [share for share in product(range(_SHARES + 1), repeat=len(maps)) if sum(share) == _SHARES]
    weights = torch.tensor(shares, dtype=torch.float64, device=maps[0].device) / _SHARES
    quadratic, linear = torch.zeros_like(weights[:1].mT @ weights[:1]), torch.zeros_like(weights[0])
    for own, alike in zip(valid, zip(*maps, strict=True), strict=True):
        each = torch.stack(alike).double()
        quadratic += torch.einsum("sch,tch->st", own.past @ each, each)
        linear += torch.einsum("sch,ch->s", each, own.cross)
    best = weights[_gains(weights, quadratic, linear).argmin()]
    return torch.einsum("s,skch->kch", best.float(), torch.stack(maps))


def _gains(
    weights: Float[Tensor, "choices X"], quadratic: Float[Tensor, "X X"], linear: Float[Tensor, "X"]
) -> Float[Tensor, "choices"]:
    """Return, for each choice, by how much the sum of squared errors changes."""
    return ((weights @ quadratic) * weights).sum(dim=1) - 2 * weights @ linear


def _latest(parts: Sequence[Moments], size: int) -> list[Moments]:
    return [part.latest(size) for part in parts]


_SHARES = 4  # that are dealt out among the contexts


def shrunk_maps(train: Sequence[Moments], valid: Sequence[Moments], season: int) -> Float[Tensor, "K C H"]:
    """Return a map for each target, shrunk towards the one that fits all of them.

    Parameters
    ----------
    train, valid : sequence of K Moments
        Of each target's windows to learn from, and to choose by.
    season : int
        Steps of the main cycle; 1 for none.

    Examples
    --------
    >>> steps = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
    >>> seen = torch.ones(500, 1, dtype=torch.bool)
    >>> both = [Moments.of([Pairs(steps, sign * steps[:, 2:], seen)], season=1) for sign in (1, -1)]
    >>> shrunk_maps(both, both, season=1)[:, 2].flatten().round(decimals=2).tolist()
    [1.0, -1.0]
    """
    shared = shrunk_map(reduce(add, train), reduce(add, valid), season)
    if len(train) == 1:
        return shared[None]
    return torch.stack([shrunk_map(*own, season, shared) for own in zip(train, valid, strict=True)])


def shrunk_map(
    train: Moments, valid: Moments, season: int, towards: Float[Tensor, "C H"] | None = None
) -> Float[Tensor, "C H"]:
    """Return the map that fits the training windows, held back as the validation windows ask for.

    Parameters
    ----------
    train, valid : Moments
        Of the windows to learn from, and of those to choose by.
    season : int
        Steps of the main cycle; 1 for none.
    towards : float tensor (C, H) or None
        What it is shrunk towards; None: a mean of the past seasons.

    Examples
    --------
    >>> steps = torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
    >>> seen = torch.ones(500, 1, dtype=torch.bool)
    >>> moments = Moments.of([Pairs(steps, steps[:, :1] - steps[:, 3:], seen)], season=1)
    >>> shrunk_map(moments, moments, season=1).flatten().round(decimals=2).tolist()
    [1.0, 0.0, 0.0, -1.0]
    """
    context, horizon = train.cross.shape
    if towards is None:
        starts = [seasonal_mean(context, horizon, season, decay).to(train.past) for decay in DECAYS]
    else:
        starts = [towards.to(train.past)]
    best, least = starts[0], float("inf")
    for growth in GROWTHS:
        path = _Path.of(train, valid, age_freedom(context, season, growth).to(train.past))
        for start in starts:
            error, found = path.best_from(start)
            if error < least:
                best, least = found, error
    return best.float()


@dataclass(frozen=True, eq=False)
class _Path:
    """All penalties at once: where the training contexts' directions do not mix, a penalty only shortens each."""

    train: Moments
    valid: Moments
    values: Float[Tensor, "C"]
    basis: Float[Tensor, "C C"]
    judged: Float[Tensor, "C C"]

    @classmethod
    def of(cls, train: Moments, valid: Moments, freedom: Float[Tensor, "C"]) -> Self:
        values, vectors = torch.linalg.eigh(freedom[:, None] * train.past * freedom)
        basis = freedom[:, None] * vectors
        return cls(train, valid, values.clamp(min=0.0), basis, basis.mT @ valid.past @ basis)

    def best_from(self, start: Float[Tensor, "C H"]) -> tuple[float, Float[Tensor, "C H"]]:
        """Return the least validation error over the penalties, and its map."""
        learnt, judged = (self.basis.mT @ (part.cross - part.past @ start) for part in (self.train, self.valid))
        linear, quadratic = (learnt * judged).sum(dim=1), self.judged * (learnt @ learnt.mT)
        unit = self.values.mean().clamp(min=torch.finfo(self.values.dtype).tiny)
        shares = 1 / (self.values + unit * torch.tensor(PENALTIES).to(unit)[:, None])
        gains = _gains(shares, quadratic, linear)
        best = shares[gains.argmin()]
        return self.valid.error(start) + gains.min().item(), start + self.basis @ (best[:, None] * learnt)
