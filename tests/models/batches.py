"""Random batches and sizes for tests of networks."""

import torch

from seqcast.batch import Batch
from seqcast.types import Dims

DIMS = Dims(context=24, horizon=6, past=5, future=2, static=1, targets=2, quantiles=3)


def random_batch(windows: int, seed: int = 0, dims: Dims = DIMS) -> Batch:
    """Return a batch of noise in which every step was observed."""
    draw = torch.Generator().manual_seed(seed)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=draw)

    past = noise(windows, dims.context, dims.past)
    past[..., dims.targets : 2 * dims.targets] = 1.0
    return Batch(
        past=past,
        future=noise(windows, dims.horizon, dims.future),
        static=noise(windows, dims.static),
        target=noise(windows, dims.horizon, dims.targets),
        observed=torch.ones(windows, dims.horizon, dims.targets, dtype=torch.bool),
    )


def taken(batch: Batch, windows: list[int]) -> Batch:
    """Return the batch of the chosen windows, in that order."""
    names = ("past", "future", "static", "target", "observed")
    return Batch(**{name: getattr(batch, name)[windows] for name in names})
