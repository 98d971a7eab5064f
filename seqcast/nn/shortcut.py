"""A linear map from context to horizon beside a network, so that the network only learns what is left.

After the linear models of Zeng et al. (2023). What it starts from, and that old steps move less than new ones, is ours.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

_PACE = 0.5  # of the newest weights beside those of the network: at its full pace they overfit before it has learnt


class Shortcut(nn.Module):
    """One linear map for each target that starts as seasonal naive; as zero where there is no season.

    Training moves all maps by one departure, shared by the targets; the weight of a step moves less the older the step
    is, in proportion to one over its age in seasons plus one.

    Parameters
    ----------
    context, horizon : int
        Steps in and out.
    season : int
        Steps of the cycle to start from; 1 for none.
    targets : int
        K; with more than memory has room for, they share one map.

    Examples
    --------
    >>> week = torch.arange(14.0).reshape(1, 14, 1)
    >>> shortcut = Shortcut(14, 3, season=7)
    >>> shortcut(week).flatten().tolist()
    [7.0, 8.0, 9.0]
    >>> shortcut.begin_at(torch.eye(14)[None, :, -3:])
    >>> shortcut(week).flatten().tolist()
    [11.0, 12.0, 13.0]
    """

    start: Float[Tensor, "maps C H"]
    freedom: Float[Tensor, "C"]

    def __init__(self, context: int, horizon: int, season: int, targets: int = 1):
        super().__init__()
        self.season = season
        own = targets * context * max(context, horizon) <= _MOST_WEIGHTS
        start = torch.zeros(targets if own else 1, context, horizon)
        if 1 < season <= context:
            steps = torch.arange(horizon)
            start[:, context - season + steps % season, steps] = 1.0
        self.register_buffer("start", start)
        self.register_buffer("freedom", _PACE / (1 + torch.arange(context, 0, -1) / season))
        self.departure = nn.Parameter(torch.zeros(context, horizon))
        self.bias = nn.Parameter(torch.zeros(horizon))

    @property
    def own(self) -> bool:
        """Whether each target has a map of its own."""
        return len(self.start) > 1

    def begin_at(self, start: Float[Tensor, "maps C H"]) -> None:
        """Start from these maps instead."""
        self.start.copy_(start)

    def forward(self, targets: Float[Tensor, "B C K"]) -> Float[Tensor, "B H K"]:
        """Return the forecast of each target from its own context."""
        start = torch.einsum("bck,kch->bhk", targets, self.start.expand(targets.shape[-1], -1, -1))
        moved = targets.mT @ (self.freedom[:, None] * self.departure) + self.bias
        return start + moved.mT


_MOST_WEIGHTS = (
    50_000_000  # to be fitted, in contexts times contexts or horizons: 21 targets of nine days of 10 minutes
)
