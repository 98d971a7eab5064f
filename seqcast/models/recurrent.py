"""RNN, LSTM and GRU forecasters: read the context in order, forecast the whole horizon from what was kept.

Elman (1990); Hochreiter & Schmidhuber (1997); Cho et al. (2014). The three differ in their cell alone.
"""

from dataclasses import dataclass
from typing import get_args

from jaxtyping import Float
from torch import Tensor, nn

from seqcast.batch import Batch
from seqcast.errors import ConfigError
from seqcast.models.inputs import levelled, with_static
from seqcast.nn.heads import HorizonHead
from seqcast.nn.level import Normalisation
from seqcast.nn.recurrent import Cell, Recurrent
from seqcast.nn.shortcut import Shortcut
from seqcast.ranges import selectable, tunable
from seqcast.types import Dims


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig:
    """Settings of the recurrent family.

    Parameters
    ----------
    context : int or None
        Steps read before the cutoff; None chooses by season, horizon and history.
    width : int
        Size of the hidden vector of each direction.
    layers : int
        Recurrent layers on top of each other.
    bidirectional : bool
        Read the context backward as well.
    dropout : float
        Share of hidden values dropped between layers and before the head, in training.
    normalise : str
        Level taken out of each window: `none`, `last`, `mean-std` or `min-max`.
    shortcut : bool
        Add a linear map from each target's context to its horizon, fitted to the training windows before the network.

    Examples
    --------
    >>> RecurrentConfig(width=32).layers
    1
    """

    context: int | None = selectable(None, (None, 24, 48, 96, 192, 384, 768))
    width: int = tunable(64, 16, 256, log=True)
    layers: int = selectable(1, (1, 2))
    bidirectional: bool = False
    dropout: float = tunable(0.2, 0.0, 0.5)
    normalise: Normalisation = selectable("last", ("last", "mean-std"))
    shortcut: bool = True

    def __post_init__(self) -> None:
        if min(self.width, self.layers, self.context or 1) < 1:
            raise ConfigError(
                f"context, width and layers must be at least 1; got {self.context}, {self.width} and {self.layers}."
            )
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout must lie in 0 … 1, 1 left out; got {self.dropout}.")
        if self.normalise not in get_args(Normalisation):
            known = ", ".join(get_args(Normalisation))
            raise ConfigError(f"normalise must be one of {known}; got {self.normalise!r}.")


class RecurrentBody(nn.Module):
    """From a sequence to one vector: a recurrent stack, read to its end.

    Examples
    --------
    >>> import torch
    >>> RecurrentBody("lstm", RecurrentConfig(width=20, layers=2), inputs=10)(torch.zeros(1, 35, 10)).shape
    torch.Size([1, 20])
    """

    def __init__(self, cell: Cell, config: RecurrentConfig, inputs: int):
        super().__init__()
        self.recurrent = Recurrent(
            cell,
            inputs,
            config.width,
            layers=config.layers,
            bidirectional=config.bidirectional,
            dropout=config.dropout,
        )
        self.dropout = nn.Dropout(config.dropout)
        self.out_width = self.recurrent.out_width

    def forward(self, steps: Float[Tensor, "B T X"]) -> Float[Tensor, "B W"]:
        """Return what was kept of each sequence."""
        return self.dropout(self.recurrent.summary(self.recurrent(steps)))


class RecurrentForecaster(nn.Module):
    """A recurrent stack as a forecaster: level out, body, head, shortcut, level back.

    Examples
    --------
    >>> dims = Dims(context=48, horizon=24, past=4, future=2, static=0, targets=1, quantiles=9)
    >>> model = RecurrentForecaster("gru", RecurrentConfig(), dims)
    >>> type(model.head).__name__
    'HorizonHead'
    """

    def __init__(self, cell: Cell, config: RecurrentConfig, dims: Dims):
        super().__init__()
        self.normalise: Normalisation = config.normalise
        self.body = RecurrentBody(cell, config, dims.past + dims.static)
        self.head = HorizonHead(
            self.body.out_width,
            dims.future,
            dims.static,
            horizon=dims.horizon,
            targets=dims.targets,
            quantiles=dims.quantiles,
        )
        self.targets = dims.targets
        self.shortcut = Shortcut(dims.context, dims.horizon, dims.season, dims.targets) if config.shortcut else None

    def forward(self, batch: Batch) -> Float[Tensor, "B H K Q"]:
        """Return the quantiles of every step of the horizon, in scaled units."""
        past, level = levelled(batch, self.normalise)
        summary = self.body(with_static(past, batch.static))
        forecast = self.head(summary, batch.future, batch.static)
        if self.shortcut is not None:
            forecast = forecast + self.shortcut(past[..., : self.targets])[..., None]
        return level.restore(forecast)
