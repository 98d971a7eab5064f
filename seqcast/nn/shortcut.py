"""A linear map from context to horizon beside a network, so that the network only learns what is left.

After the linear models of Zeng et al. (2023). It is fitted in closed form and then held still: trained along with the
network, it forgot more than it learnt.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Shortcut(nn.Module):
    """One linear map for each target: seasonal naive until it is put elsewhere; zero where there is no season.

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
    >>> shortcut.put(torch.eye(14)[None, :, -3:])
    >>> shortcut(week).flatten().tolist()
    [11.0, 12.0, 13.0]
    """

    maps: Float[Tensor, "maps C H"]

    def __init__(self, context: int, horizon: int, season: int, targets: int = 1):
        super().__init__()
        self.season = season
        own = targets * context * max(context, horizon) <= _MOST_WEIGHTS
        maps = torch.zeros(targets if own else 1, context, horizon)
        if 1 < season <= context:
            steps = torch.arange(horizon)
            maps[:, context - season + steps % season, steps] = 1.0
        self.register_buffer("maps", maps)

    @property
    def own(self) -> bool:
        """Whether each target has a map of its own."""
        return len(self.maps) > 1

    def put(self, maps: Float[Tensor, "maps C H"]) -> None:
        """Forecast with these maps from now on."""
        self.maps.copy_(maps)

    def forward(self, targets: Float[Tensor, "B C K"]) -> Float[Tensor, "B H K"]:
        """Return the forecast of each target from its own context."""
        return torch.einsum("bck,kch->bhk", targets, self.maps.expand(targets.shape[-1], -1, -1))


_MOST_WEIGHTS = (
    50_000_000  # to be fitted, in contexts times contexts or horizons: 21 targets of nine days of 10 minutes
)
