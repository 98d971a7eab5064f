"""A linear map from context to horizon beside a network, so that the network only learns what is left.

After the linear models of Zeng et al. (2023); that it starts as seasonal naive is our own.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Shortcut(nn.Module):
    """One linear map, shared by all targets, that starts as seasonal naive; as zero where there is no season.

    Parameters
    ----------
    context, horizon : int
        Steps in and out.
    season : int
        Steps of the cycle to start from; 1 for none.

    Examples
    --------
    >>> week = torch.arange(14.0).reshape(1, 14, 1)
    >>> Shortcut(14, 3, season=7)(week).flatten().tolist()
    [7.0, 8.0, 9.0]
    """

    def __init__(self, context: int, horizon: int, season: int):
        super().__init__()
        self.linear = nn.Linear(context, horizon)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)
        if 1 < season <= context:
            steps = torch.arange(horizon)
            self.linear.weight.data[steps, context - season + steps % season] = 1.0

    def forward(self, targets: Float[Tensor, "B C K"]) -> Float[Tensor, "B H K"]:
        """Return the forecast of each target from its own context."""
        return self.linear(targets.mT).mT
