"""LSTM→Transformer: recurrence reads the past in order, self-attention relates any two moments of it.

After Hochreiter & Schmidhuber (1997) and Vaswani et al. (2017): LSTM → linear map times √width → sinusoidal positions →
encoder layers → attention pooling over time → head. Three options make it good on real series: patches (several steps
as one token: Nie et al., 2023), the level of each window taken out (Zeng et al., 2023; Kim et al., 2022), and a linear
shortcut from context to horizon. Training starts from seasonal naive: the shortcut is that, and the head is zero.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast.batch import Batch
from seqcast.errors import ConfigError
from seqcast.models.inputs import levelled, with_static
from seqcast.nn.attention import AttentionPool, sinusoid
from seqcast.nn.heads import HorizonHead
from seqcast.nn.level import Normalisation
from seqcast.nn.recurrent import Recurrent
from seqcast.nn.shortcut import Shortcut
from seqcast.types import Dims


@dataclass(frozen=True, kw_only=True)
class HybridConfig:
    """Settings of the hybrid.

    Parameters
    ----------
    context : int or None
        Steps read before the cutoff; None chooses by season, horizon and history.
    patch : int or None
        Steps that form one token; 1 for none, None makes eight tokens of the context.
    width, heads : int
        Size of every hidden vector; attention heads that share it.
    lstm_layers, attention_layers : int
        Depth of the two parts.
    dropout : float
        Share of hidden values dropped in training.
    normalise : str
        Level taken out of each window: `none`, `last` or `mean-std`.
    shortcut : bool
        Add a linear map from the targets' context to their horizon, shared by the targets; starts as seasonal naive.
    sigmoid : bool
        Squash the output to 0 … 1, for targets scaled to that range.

    Examples
    --------
    >>> HybridConfig(width=32, heads=2).attention_layers
    1
    """

    context: int | None = None
    patch: int | None = None
    width: int = 64
    heads: int = 4
    lstm_layers: int = 1
    attention_layers: int = 1
    dropout: float = 0.2
    normalise: Normalisation = "last"
    shortcut: bool = True
    sigmoid: bool = False

    def __post_init__(self) -> None:
        sizes = (self.context or 1, self.patch or 1, self.width, self.heads, self.lstm_layers, self.attention_layers)
        if min(sizes) < 1:
            raise ConfigError(f"context, patch, width, heads and layers must be at least 1; got {list(sizes)}.")
        if self.width % self.heads:
            raise ConfigError(f"width must be a multiple of heads; got {self.width} and {self.heads}.")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout must lie in 0 … 1, 1 left out; got {self.dropout}.")
        if self.normalise not in ("none", "last", "mean-std"):
            raise ConfigError(f"normalise must be none, last or mean-std; got {self.normalise!r}.")


class Hybrid(nn.Module):
    """LSTM → Transformer encoder → attention pooling over time → head.

    Examples
    --------
    >>> dims = Dims(context=96, horizon=24, past=4, future=2, static=0, targets=1, quantiles=9)
    >>> Hybrid(HybridConfig(patch=24), dims).positions.shape
    torch.Size([4, 64])
    """

    def __init__(self, config: HybridConfig, dims: Dims):
        super().__init__()
        width, self.patch = config.width, config.patch or 1
        self.normalise: Normalisation = config.normalise
        self.sigmoid, self.targets = config.sigmoid, dims.targets
        self.tokens = nn.Linear((dims.past + dims.static) * self.patch, width)
        self.lstm = Recurrent("lstm", width, width, layers=config.lstm_layers, dropout=config.dropout)
        self.to_model = nn.Linear(width, width)
        self.positions: Tensor
        self.register_buffer("positions", sinusoid(math.ceil(dims.context / self.patch), width), persistent=False)
        self.dropout = nn.Dropout(config.dropout)
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 2 * width, config.dropout, batch_first=True, norm_first=True
        )
        self.attend = nn.TransformerEncoder(layer, config.attention_layers, nn.LayerNorm(width), False)
        self.pool = AttentionPool(width)
        self.head = HorizonHead(
            width,
            dims.future,
            dims.static,
            horizon=dims.horizon,
            targets=dims.targets,
            quantiles=dims.quantiles,
        )
        self.shortcut = Shortcut(dims.context, dims.horizon, dims.season) if config.shortcut else None

    def forward(self, batch: Batch) -> Float[Tensor, "B H K Q"]:
        """Return the quantiles of every step of the horizon, in scaled units."""
        past, level = levelled(batch, self.normalise)
        read = self.to_model(self.lstm(self._tokens(with_static(past, batch.static))))
        placed = self.dropout(read * math.sqrt(read.shape[-1]) + self.positions)
        summary = self.pool(self.attend(placed))
        forecast = self.head(summary, batch.future, batch.static)
        if self.shortcut is not None:
            forecast = forecast + self.shortcut(past[..., : self.targets])[..., None]
        forecast = level.restore(forecast)
        return forecast.sigmoid() if self.sigmoid else forecast

    def _tokens(self, steps: Float[Tensor, "B C X"]) -> Float[Tensor, "B T W"]:
        short = -steps.shape[1] % self.patch
        whole = F.pad(steps, (0, 0, short, 0))  # the oldest patch is filled up, so that the newest is always whole
        return torch.relu(self.tokens(whole.unflatten(1, (-1, self.patch)).flatten(2)))
