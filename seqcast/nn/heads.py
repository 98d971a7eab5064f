"""From one hidden vector to the whole horizon at once, with quantiles that cannot cross, or to classes."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

_FIRST_RAW = -1.5
FIRST_GAP = math.log1p(math.exp(_FIRST_RAW))  # 0.2: the first intervals are about as wide as those of unit noise

_PLACE = 8  # numbers that tell one step of the horizon from another


class HorizonHead(nn.Module):
    """Centre forecasts and positive gaps for every step of the horizon, direct multi-step.

    Each step sees the hidden vector, what is known of that step and its place in the horizon. The output layers start
    at zero, so that training starts from the forecast that the model adds to them (its level or its linear shortcut).

    Parameters
    ----------
    width, future, static : int
        Size of the hidden vector; channels known of each step; static channels.
    horizon, targets, quantiles : int
        H, K and Q of the output.

    Examples
    --------
    >>> head = HorizonHead(8, 2, 0, horizon=24, targets=3, quantiles=9)
    >>> out = head(torch.zeros(5, 8), torch.zeros(5, 24, 2), torch.zeros(5, 0))
    >>> out.shape, bool((out.diff(dim=-1) > 0).all())
    (torch.Size([5, 24, 3, 9]), True)
    """

    def __init__(self, width: int, future: int, static: int, *, horizon: int, targets: int, quantiles: int):
        super().__init__()
        self.shape = (targets, quantiles)
        self.middle = quantiles // 2
        self.from_hidden = nn.Linear(width + static, width)
        self.place = nn.Parameter(torch.randn(horizon, _PLACE))
        self.from_step = nn.Linear(future + _PLACE, width, bias=False)
        self.direct = nn.Linear(width, horizon * targets)
        self.out = nn.Linear(width, targets * quantiles)
        self.usual = nn.Parameter(torch.zeros(horizon, targets, quantiles))
        for layer in (self.direct, self.out):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, hidden: Float[Tensor, "B W"], future: Float[Tensor, "B H F"], static: Float[Tensor, "B S"]
    ) -> Float[Tensor, "B H K Q"]:
        """Return the quantiles, lowest first."""
        summary = self.from_hidden(torch.cat([hidden, static], dim=-1))
        place = self.place.expand(len(future), -1, -1)
        steps = F.gelu(summary[:, None] + self.from_step(torch.cat([future, place], dim=-1)))
        raw = self.out(steps).unflatten(-1, self.shape) + self.usual
        centre = raw[..., self.middle] + self.direct(hidden).unflatten(-1, (-1, self.shape[0]))
        return ordered(centre, raw, self.middle)


class SegmentHead(nn.Module):
    """Centre forecasts and positive gaps from one hidden vector for each target and segment of the horizon.

    What is known of a step acts through coefficients that the segment's hidden vector sets, so that no hidden vector
    has to be made for every step. All output layers start at zero.

    Parameters
    ----------
    width, future : int
        Size of the hidden vectors; channels known of each step.
    segment : int
        Steps of a segment.
    shape : tuple of int
        H, K and Q of the output.

    Examples
    --------
    >>> head = SegmentHead(8, 2, segment=12, shape=(30, 4, 9))
    >>> centre, raw = head(torch.zeros(5, 4, 3, 8), torch.zeros(5, 30, 2))
    >>> centre.shape, raw.shape
    (torch.Size([5, 30, 4]), torch.Size([5, 30, 4, 9]))
    """

    def __init__(self, width: int, future: int, *, segment: int, shape: tuple[int, int, int]):
        super().__init__()
        horizon, _, self.quantiles = shape
        self.segment = segment
        self.place = nn.Parameter(torch.randn(horizon, _PLACE))
        self.from_step = nn.Linear(future + _PLACE, _PLACE)
        self.direct = nn.Linear(width, segment)
        self.raw = nn.Linear(width, self.quantiles)
        self.coefficients = nn.Linear(width, _PLACE * self.quantiles)
        self.usual = nn.Parameter(torch.zeros(shape))
        for layer in (self.direct, self.raw, self.coefficients):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, hidden: Float[Tensor, "B K M W"], future: Float[Tensor, "B H F"]
    ) -> tuple[Float[Tensor, "B H K"], Float[Tensor, "B H K Q"]]:
        """Return the centre of every step and target, and what its gaps are made of."""
        horizon = future.shape[1]
        place = self.place.expand(len(future), -1, -1)
        steps = F.gelu(self.from_step(torch.cat([future, place], dim=-1)))
        steps = F.pad(steps, (0, 0, 0, -horizon % self.segment)).unflatten(1, (-1, self.segment))
        coefficients = self.coefficients(hidden).unflatten(-1, (_PLACE, self.quantiles))
        raw = torch.einsum("bkmwq,bmsw->bkmsq", coefficients, steps) + self.raw(hidden)[..., None, :]
        centre = raw[..., self.quantiles // 2] + self.direct(hidden)
        raw = raw.flatten(2, 3)[:, :, :horizon].transpose(1, 2) + self.usual
        return centre.flatten(2)[..., :horizon].mT, raw


class DenseHead(nn.Module):
    """One linear map to the whole horizon, with or without a hidden layer (ReLU) before it.

    Parameters
    ----------
    width, future, static : int
        Size of the hidden vector; channels known of each step of the horizon; static channels.
    shape : tuple of int
        H, K and Q of the output.
    dense : int
        Size of the hidden layer; 0 for none.
    dropout : float
        Share of the hidden layer dropped in training.

    Examples
    --------
    >>> head = DenseHead(64, 0, 0, shape=(1, 3, 1), dense=64)
    >>> head(torch.zeros(5, 64), torch.zeros(5, 1, 0), torch.zeros(5, 0)).shape
    torch.Size([5, 1, 3, 1])
    """

    def __init__(
        self,
        width: int,
        future: int,
        static: int,
        *,
        shape: tuple[int, int, int],
        dense: int = 0,
        dropout: float = 0.0,
    ):
        super().__init__()
        horizon, targets, quantiles = self.shape = shape
        self.middle = quantiles // 2
        inputs = width + static + horizon * future
        hidden = (nn.Linear(inputs, dense), nn.ReLU(), nn.Dropout(dropout)) if dense else ()
        self.layers = nn.Sequential(*hidden, nn.Linear(dense or inputs, horizon * targets * quantiles))

    def forward(
        self, hidden: Float[Tensor, "B W"], future: Float[Tensor, "B H F"], static: Float[Tensor, "B S"]
    ) -> Float[Tensor, "B H K Q"]:
        """Return the quantiles, lowest first; a single one as it comes."""
        raw = self.layers(torch.cat([hidden, static, future.flatten(1)], dim=-1)).unflatten(-1, self.shape)
        return ordered(raw[..., self.middle], raw, self.middle)


class ClassHead(nn.Module):
    """Logits of classes: no softmax, which the cross-entropy brings itself.

    Examples
    --------
    >>> ClassHead(64, classes=3)(torch.zeros(5, 64)).shape
    torch.Size([5, 3])
    """

    def __init__(self, width: int, *, classes: int, dense: int = 0, dropout: float = 0.0):
        super().__init__()
        hidden = (nn.Linear(width, dense), nn.ReLU(), nn.Dropout(dropout)) if dense else ()
        self.layers = nn.Sequential(*hidden, nn.Linear(dense or width, classes))

    def forward(self, hidden: Float[Tensor, "B W"]) -> Float[Tensor, "B classes"]:
        """Return one logit a class."""
        return self.layers(hidden)


def ordered(centre: Float[Tensor, "B H K"], raw: Float[Tensor, "B H K Q"], middle: int) -> Float[Tensor, "B H K Q"]:
    """Return `centre` at position `middle`, with the softplus of `raw` as the gaps on both sides of it."""
    gaps = F.softplus(raw + _FIRST_RAW)
    below = gaps[..., :middle].flip(-1).cumsum(-1).flip(-1)
    above = gaps[..., middle + 1 :].cumsum(-1)
    centre = centre[..., None]
    return torch.cat([centre - below, centre, centre + above], dim=-1)


def raw_of_gaps(gaps: Float[Tensor, "*B"]) -> Float[Tensor, "*B"]:
    """Return what `ordered` makes these gaps of; hardly any gap is the least that it makes.

    Examples
    --------
    >>> centre, raw = torch.zeros(1, 1, 1), raw_of_gaps(torch.tensor([[[[2.0, 9.0, 3.0]]]]))
    >>> ordered(centre, raw, middle=1).flatten().tolist()
    [-2.0, 0.0, 3.0]
    """
    gaps = gaps.clamp(min=_LEAST_GAP)
    return gaps + torch.log(-torch.expm1(-gaps)) - _FIRST_RAW


_LEAST_GAP = 1e-3
