"""LSTM→Transformer: recurrence reads the past in order, self-attention relates any two moments of it.

After Hochreiter & Schmidhuber (1997) and Vaswani et al. (2017). One family, three forms by name:

- `forecast`: patches as tokens → LSTM → every segment of the horizon at once → attention to all states of the LSTM,
  beside a linear shortcut from context to horizon that starts in closed form; see `models/segments.py`. Where a window
  is read for a number or a class, it is patches → LSTM → linear × √width → sinusoidal positions → pre-norm encoder →
  attention pooling.
- `attention-pool`: LSTM → linear × √width → sinusoidal positions → post-norm encoder → attention pooling → linear.
- `average-pool`: LSTM → dropout → self-attention, add, norm (twice) → average over time → dense → linear.
"""

import math

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast.batch import Batch
from seqcast.models.inputs import levelled, with_static
from seqcast.models.presets import PRESETS, HybridConfig, Preset
from seqcast.models.segments import SegmentForecaster
from seqcast.nn.attention import AttentionBlock, AttentionPool, AveragePool, Placed
from seqcast.nn.heads import DenseHead
from seqcast.nn.level import Normalisation
from seqcast.nn.recurrent import Recurrent
from seqcast.nn.shortcut import Shortcut
from seqcast.types import Dims


class HybridBody(nn.Module):
    """From a sequence to one vector: LSTM → attention → pooling over time.

    Parameters
    ----------
    config : HybridConfig
        Settings.
    inputs, steps : int
        Channels of a step; the most steps of a sequence.

    Examples
    --------
    >>> import torch
    >>> HybridBody(HybridConfig(preset="attention-pool"), inputs=10, steps=35)(torch.zeros(2, 35, 10)).shape
    torch.Size([2, 64])
    """

    def __init__(self, config: HybridConfig, inputs: int, steps: int):
        super().__init__()
        config, preset = config.filled(), PRESETS[config.preset]
        width, self.patch = config.width, config.patch or 1
        wide = inputs * self.patch
        self.tokens = nn.Sequential(nn.Linear(wide, width), nn.ReLU()) if preset.embedded else nn.Identity()
        self.lstm = Recurrent(
            "lstm", width if preset.embedded else wide, width, layers=config.lstm_layers, dropout=config.dropout
        )
        tokens = math.ceil(steps / self.patch)
        self.place = Placed(width, width, tokens, config.dropout) if preset.placed else nn.Dropout(config.dropout)
        self.attend = _attention(config, preset)
        self.pool = AttentionPool(width) if preset.pool == "attention" else AveragePool()
        self.out_width = width

    def forward(self, steps: Float[Tensor, "B T X"]) -> Float[Tensor, "B W"]:
        """Return what was read of each sequence."""
        return self.pool(self.attend(self.place(self.lstm(self.tokens(self._patches(steps))))))

    def _patches(self, steps: Float[Tensor, "B T X"]) -> Float[Tensor, "B T2 X2"]:
        short = -steps.shape[1] % self.patch
        whole = F.pad(steps, (0, 0, short, 0))  # the oldest patch is filled up, so that the newest is always whole
        return whole.unflatten(1, (-1, self.patch)).flatten(2)


def _attention(config: HybridConfig, preset: Preset) -> nn.Module:
    layers = config.attention_layers or 0
    if not layers:
        return nn.Identity()
    if preset.block == "attention-only":
        sizes = {"heads": config.heads, "key_width": config.width, "dropout": config.dropout}
        return nn.Sequential(*(AttentionBlock(config.width, **sizes) for _ in range(layers)))
    before = preset.block == "pre-norm"
    layer = nn.TransformerEncoderLayer(
        config.width, config.heads, 2 * config.width, config.dropout, batch_first=True, norm_first=before
    )
    return nn.TransformerEncoder(layer, layers, nn.LayerNorm(config.width) if before else None, False)


class Hybrid(nn.Module):
    """The hybrid as a forecaster by its body: level out, body, head, shortcut, level back.

    Examples
    --------
    >>> dims = Dims(context=96, horizon=24, past=4, future=2, static=0, targets=1, quantiles=9)
    >>> Hybrid(HybridConfig(preset="attention-pool"), dims).body.place.positions.shape
    torch.Size([96, 64])
    """

    def __init__(self, config: HybridConfig, dims: Dims):
        super().__init__()
        config = config.filled()
        self.normalise: Normalisation = config.normalise or "none"
        self.sigmoid, self.targets = config.sigmoid, dims.targets
        self.body = HybridBody(config, dims.past + dims.static, dims.context)
        self.head = _head(config, dims)
        linear = config.shortcut and not config.sigmoid  # what a sigmoid squashes is no linear map of anything
        self.shortcut = Shortcut(dims.context, dims.horizon, dims.season, dims.targets) if linear else None

    def forward(self, batch: Batch) -> Float[Tensor, "B H K Q"]:
        """Return the quantiles of every step of the horizon, in scaled units."""
        past, level = levelled(batch, self.normalise)
        summary = self.body(with_static(past, batch.static))
        forecast = self.head(summary, batch.future, batch.static)
        if self.shortcut is not None:
            forecast = forecast + self.shortcut(past[..., : self.targets])[..., None]
        forecast = level.restore(forecast)
        return forecast.sigmoid() if self.sigmoid else forecast


def _head(config: HybridConfig, dims: Dims) -> nn.Module:
    width, shape = config.width, (dims.horizon, dims.targets, dims.quantiles)
    dense = width if PRESETS[config.preset].head == "dense" else 0
    return DenseHead(width, dims.future, dims.static, shape=shape, dense=dense, dropout=config.dropout)


def hybrid_forecaster(config: HybridConfig, dims: Dims) -> nn.Module:
    """Return the forecaster that the preset of these settings names, with new weights.

    Examples
    --------
    >>> dims = Dims(context=96, horizon=24, past=4, future=2, static=0, targets=1, quantiles=9)
    >>> type(hybrid_forecaster(HybridConfig(patch=12), dims)).__name__
    'SegmentForecaster'
    """
    filled = config.filled()
    return SegmentForecaster(filled, dims) if PRESETS[config.preset].head == "segments" else Hybrid(filled, dims)
