"""Windows gathered by index from flat arrays: a window costs an index, not a copy, until its batch is made."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from seqcast.batch import Batch
from seqcast.data.encode import Encoder
from seqcast.data.panel import Panel
from seqcast.errors import ConfigError
from seqcast.types import Dims, Origins, Task


@dataclass(frozen=True, eq=False)
class Windows:
    """Every window of a panel, ready to be gathered.

    Parameters
    ----------
    past, future, static : float tensors (N, P), (N, F), (series, S)
        Channels of the panel, extended by the horizon.
    target : float tensor (N, K)
        Scaled targets, 0 where missing.
    observed : bool tensor (N, K)
        Where the target was observed.
    starts : int tensor (series,)
        First row of each series.
    context, horizon : int
        Size of a window.
    """

    past: Tensor
    future: Tensor
    static: Tensor
    target: Tensor
    observed: Tensor
    starts: Tensor
    context: int
    horizon: int

    @classmethod
    def of(cls, panel: Panel, encoder: Encoder, context: int, horizon: int, device: str = "cpu") -> "Windows":
        """Encode a panel, with room for `horizon` rows after the history of each series.

        Raises
        ------
        ConfigError
            When the encoder was fitted on more rows than the panel has.
        """
        if (encoder.scaler.fitted_until > panel.rows).any():
            s = int(np.argmax(encoder.scaler.fitted_until > panel.rows))
            raise ConfigError(
                f"A scaler must not know rows after the cutoff; that of series {panel.series[s]!r} was fitted on "
                f"{encoder.scaler.fitted_until[s]} rows of {panel.rows[s]}. Fit it on panel.before(cutoff)."
            )
        longer = panel.extended(horizon)
        channels = encoder.encode(longer)
        count = len(panel.columns.target)
        observed = torch.from_numpy(longer.observed[:, :count].copy())

        def tensor(array: np.ndarray) -> Tensor:
            return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)).to(device)

        return cls(
            past=tensor(channels.past),
            future=tensor(channels.future),
            static=tensor(channels.static),
            target=tensor(channels.past[:, :count]) * observed.to(device),
            observed=observed.to(device),
            starts=torch.from_numpy(longer.offsets[:-1].copy()).to(device),
            context=context,
            horizon=horizon,
        )

    def dims(self, task: Task, quantiles: int, season: int) -> Dims:
        """Return what a model needs to know."""
        return Dims(
            context=self.context,
            horizon=task.horizon,
            past=self.past.shape[1],
            future=self.future.shape[1],
            static=self.static.shape[1],
            targets=self.target.shape[1],
            quantiles=quantiles,
            season=season,
        )

    def batch(self, origins: Origins) -> Batch:
        """Gather the windows at these origins; steps before the first row of a series are zero and unobserved."""
        device = self.past.device
        series = torch.from_numpy(origins.series).to(device)
        rows = torch.from_numpy(origins.rows).to(device)
        start = self.starts[series]
        back = torch.arange(-self.context, 0, device=device)
        inside = rows[:, None] + back >= 0
        before = (start + rows)[:, None] + torch.where(inside, back, -rows[:, None].clamp(min=1))
        past = self.past[before]
        if not bool(inside.all()):
            past = past * inside[..., None]
        after = (start + rows)[:, None] + torch.arange(self.horizon, device=device)
        return Batch(
            past=past,
            future=self.future[after],
            static=self.static[series],
            target=self.target[after],
            observed=self.observed[after],
        )
