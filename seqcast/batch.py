"""What a network reads and is judged by, in one named value."""

from dataclasses import dataclass

from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One batch of windows, scaled. An absent input has width zero, so no model needs an `if`.

    The first K channels of `past` are the targets and the next K say where those were observed (1) or missing (0);
    the other channels are features. A missing input holds the last value before it.

    Parameters
    ----------
    past : float tensor (B, C, P)
        The context, oldest step first.
    future : float tensor (B, H, F)
        What is known of the horizon: known features and the calendar.
    static : float tensor (B, S)
        What never changes within a series.
    target : float tensor (B, H, K)
        What came; 0 where it was not observed.
    observed : bool tensor (B, H, K)
        Where `target` counts.
    lengths : int tensor (B,) or None
        Steps of each `past` that are there, where sequences of unequal length are padded at their end; None for all.
    """

    past: Float[Tensor, "B C P"]
    future: Float[Tensor, "B H F"]
    static: Float[Tensor, "B S"]
    target: Float[Tensor, "B H K"]
    observed: Bool[Tensor, "B H K"]
    lengths: Int[Tensor, "B"] | None = None
