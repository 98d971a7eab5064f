"""What every network of this package does with a batch before its first and after its last layer."""

import torch
from jaxtyping import Float
from torch import Tensor

from seqcast.batch import Batch
from seqcast.nn.level import Level, Normalisation, level_of


def levelled(batch: Batch, kind: Normalisation) -> tuple[Float[Tensor, "B C P"], Level]:
    """Return the past with the level of its targets taken out, and that level.

    Steps before the start of a series are all zero and stay so.
    """
    targets = batch.target.shape[-1]
    values, observed = batch.past[..., :targets], batch.past[..., targets : 2 * targets]
    level = level_of(values, observed, kind)
    began = (observed.cumsum(dim=1) > 0).to(values.dtype)
    return torch.cat([level.remove(values) * began, batch.past[..., targets:]], dim=-1), level


def with_static(steps: Float[Tensor, "B T X"], static: Float[Tensor, "B S"]) -> Float[Tensor, "B T XS"]:
    """Repeat the static channels along time and append them."""
    return torch.cat([steps, static[:, None].expand(-1, steps.shape[1], -1)], dim=-1)
