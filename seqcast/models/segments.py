"""The hybrid as a forecaster in its form `forecast`: patches → LSTM → all segments of the horizon at once → attention.

Each target is read as a sequence of its own (Nie et al., 2023) by weights shared with the others, one LSTM step a
patch; what stands beside it is told in a few numbers a patch. The LSTM then takes one more step for every segment of
the horizon, all from its last state, each with a query that says which segment and which target is asked for (Lin et
al., 2023, SegRNN). The answers look at all states of the LSTM and at each other. The head starts at zero, so training
starts from the linear shortcut (Zeng et al., 2023).
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast.batch import Batch
from seqcast.models.inputs import levelled
from seqcast.models.presets import HybridConfig
from seqcast.nn.attention import QueryAttention
from seqcast.nn.heads import SegmentHead, ordered
from seqcast.nn.level import Normalisation
from seqcast.nn.recurrent import Recurrent, State
from seqcast.nn.shortcut import Shortcut
from seqcast.types import Dims

_LEAST_SCALE = 0.1  # in scaled units: below it, what a window does is noise that must not be blown up


class SegmentForecaster(nn.Module):
    """The hybrid's form `forecast`, for any number of targets, features and quantiles.

    Parameters
    ----------
    config : HybridConfig
        Settings, nothing left open.
    dims : Dims
        Sizes of inputs and outputs.

    Examples
    --------
    >>> from seqcast.models.presets import HybridConfig
    >>> dims = Dims(context=96, horizon=30, past=6, future=2, static=0, targets=2, quantiles=9)
    >>> model = SegmentForecaster(HybridConfig(patch=12, width=16).filled(), dims)
    >>> model.tokens, model.segments
    (8, 3)
    """

    def __init__(self, config: HybridConfig, dims: Dims):
        super().__init__()
        width, patch = config.width, config.patch or 1
        self.normalise: Normalisation = config.normalise or "last"
        self.sigmoid, self.targets, self.patch = config.sigmoid, dims.targets, patch
        self.tokens, self.segments = math.ceil(dims.context / patch), math.ceil(dims.horizon / patch)
        self.read_patch = nn.Linear(patch, width)
        self.read_gaps = nn.Linear(patch, width, bias=False)
        self.read_beside = nn.Linear(2 * (dims.past - dims.targets) + dims.static, width, bias=False)
        self.channel = nn.Parameter(0.02 * torch.randn(dims.targets, width))
        self.lstm = Recurrent("lstm", width, width, layers=config.lstm_layers, dropout=config.dropout)
        self.place = nn.Parameter(torch.randn(self.segments, width // 2))
        self.asked = nn.Parameter(torch.randn(dims.targets, width - width // 2))
        self.read_ahead = nn.Linear(2 * dims.future, width, bias=False) if dims.future else None
        self.attend = nn.ModuleList(
            QueryAttention(width, config.heads, self.tokens, config.dropout)
            for _ in range(config.attention_layers or 0)
        )
        self.dropout = nn.Dropout(config.dropout)
        shape = (dims.horizon, dims.targets, dims.quantiles)
        self.head = SegmentHead(width, dims.future, segment=patch, shape=shape)
        linear = config.shortcut and not config.sigmoid  # what a sigmoid squashes is no linear map of anything
        self.shortcut = Shortcut(dims.context, dims.horizon, dims.season, dims.targets) if linear else None
        for layer in (self.read_gaps, self.read_beside, self.read_ahead):
            if layer is not None:
                nn.init.zeros_(layer.weight)

    def forward(self, batch: Batch) -> Float[Tensor, "B H K Q"]:
        """Return the quantiles of every step of the horizon, in scaled units."""
        past, level = levelled(batch, self.normalise)
        values, observed = (past[..., part : part + self.targets].mT for part in (0, self.targets))
        scale = self._scale(values, observed)
        read = self._read(values / scale, 1 - observed, past, batch)
        centre, raw = self.head(self.dropout(self._asked(read, batch)), batch.future)
        if self.shortcut is not None:
            centre = centre + self.shortcut(values.mT) / scale.mT
        forecast = level.restore(ordered(centre, raw, raw.shape[-1] // 2) * scale.mT[..., None])
        return forecast.sigmoid() if self.sigmoid else forecast

    def _scale(self, values: Float[Tensor, "B K C"], observed: Float[Tensor, "B K C"]) -> Float[Tensor, "B K 1"]:
        """Return what the network sees each window in units of; the shortcut needs none, being linear."""
        if self.normalise == "none":
            return torch.ones_like(values[..., :1])
        count = observed.sum(dim=-1, keepdim=True).clamp(min=1)
        return ((values.square() * observed).sum(dim=-1, keepdim=True) / count + _LEAST_SCALE**2).sqrt()

    def _read(
        self,
        values: Float[Tensor, "B K C"],
        missing: Float[Tensor, "B K C"],
        past: Float[Tensor, "B C P"],
        batch: Batch,
    ) -> "_Read":
        tokens = F.relu(self.read_patch(self._patches(values)) + self.read_gaps(self._patches(missing)))
        others = torch.cat([past[..., : self.targets], past[..., 2 * self.targets :]], dim=-1)
        static = batch.static[:, None].expand(-1, self.tokens, -1)
        beside = self.read_beside(torch.cat([_summary(self._patches(others.mT)), static], dim=-1))
        tokens = tokens + beside[:, None] + self.channel[:, None]
        return _Read(*self.lstm.read(tokens.flatten(0, 1)))

    def _asked(self, read: "_Read", batch: Batch) -> Float[Tensor, "B K M W"]:
        which = (self.targets, self.segments, -1)
        queries = torch.cat([self.place[None].expand(which), self.asked[:, None].expand(which)], dim=-1)
        queries = queries.expand(len(batch.past), -1, -1, -1)
        if self.read_ahead is not None:
            ahead = F.pad(batch.future.mT, (0, -batch.future.shape[1] % self.patch))
            known = _summary(ahead.unflatten(-1, (-1, self.patch)))
            queries = queries + self.read_ahead(known)[:, None]
        hidden, cell = (part.repeat_interleave(self.segments, dim=1) for part in read.state)
        answers, _ = self.lstm.read(queries.reshape(-1, 1, queries.shape[-1]), (hidden, cell))
        answers = answers.reshape(-1, self.segments, answers.shape[-1])
        for attend in self.attend:
            answers = attend(answers, read.steps)
        return answers.unflatten(0, (-1, self.targets))

    def _patches(self, steps: Float[Tensor, "*B C"]) -> Float[Tensor, "*B T patch"]:
        """Cut into patches; the oldest is filled up with zeros, so that the newest is always whole."""
        return F.pad(steps, (-steps.shape[-1] % self.patch, 0)).unflatten(-1, (-1, self.patch))


class _Read(NamedTuple):
    """What the LSTM holds at every patch, and its last state."""

    steps: Float[Tensor, "N T W"]
    state: State


def _summary(patches: Float[Tensor, "B X T patch"]) -> Float[Tensor, "B T X2"]:
    """Return mean and last value of each channel in each patch."""
    return torch.cat([patches.mean(dim=-1), patches[..., -1]], dim=1).mT
