"""What was chosen on the inner windows, and how far its score there flattered it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from seqcast.evaluate.leaderboard import Score
from seqcast.forecasters.ensemble import MEDIAN


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The model that forecasts, chosen before the outer windows were looked at.

    Parameters
    ----------
    model : str
        Its name.
    windows : int
        Inner windows that it was chosen on; 0 where the history had no room for any: then the outer windows chose, and
        their score flatters it.
    inner, outer : tuple of Score
        Scores of every model on the inner and on the outer windows, best first, by the same scales.
    weights : mapping of str to float
        What the greedy ensemble gives each member, learnt on the inner windows; empty without an ensemble.
    middle : tuple of str
        The best models of the inner windows, of which the median is taken; empty without one.
    """

    model: str
    windows: int
    inner: tuple[Score, ...]
    outer: tuple[Score, ...]
    weights: Mapping[str, float] = field(default_factory=dict)
    middle: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The chosen model as a person calls it; of a median, what it is taken of.

        Examples
        --------
        >>> Choice(model="median", windows=5, inner=(), outer=(), middle=("ets", "gru", "theta")).title
        'the median of ets, gru and theta'
        """
        if self.model != MEDIAN or not self.middle:
            return self.model
        most = ", ".join(self.middle[:-1])
        return f"the median of {most} and {self.middle[-1]}" if most else f"the median of {self.middle[-1]}"

    @property
    def inner_mase(self) -> float:
        """MASE of the chosen model on the windows that chose it; nan without them."""
        return _mase(self.inner, self.model)

    @property
    def outer_mase(self) -> float:
        """MASE of the chosen model on the windows that score once."""
        return _mase(self.outer, self.model)

    @property
    def optimism(self) -> float:
        """How much worse it did once it was chosen: outer MASE - inner MASE; nan without inner windows."""
        return self.outer_mase - self.inner_mase

    @property
    def harder(self) -> float:
        """The same gap for the middle one of all models: what harder outer windows explain, and choosing does not."""
        gaps = [score.mase - _mase(self.inner, score.model) for score in self.outer]
        known = [gap for gap in gaps if not math.isnan(gap)]
        return median(known) if known else math.nan

    def to_mapping(self) -> dict[str, Any]:
        """Return the choice as JSON values; what cannot be had is None."""
        figures = {
            "inner_mase": self.inner_mase,
            "outer_mase": self.outer_mase,
            "optimism": self.optimism,
            "harder": self.harder,
        }
        return {
            "model": self.model,
            "inner_windows": self.windows,
            **{name: None if math.isnan(value) else value for name, value in figures.items()},
            "weights": dict(self.weights),
            "median_of": list(self.middle),
        }


def _mase(scores: tuple[Score, ...], model: str) -> float:
    return next((score.mase for score in scores if score.model == model), math.nan)
