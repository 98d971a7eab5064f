"""The promise that every forecaster keeps, ours or classical.

Contract, held by `tests/contract`: what lies after the cutoff changes nothing; the order of series changes nothing; a
series alone gets what it gets among others; quantiles do not decrease; the same seed gives the same bits.
"""

from typing import Protocol

from seqcast.budget import Deadline
from seqcast.data.panel import Panel
from seqcast.train.progress import EpochRecord
from seqcast.types import Forecast, Origins, Task


class Fitted(Protocol):
    """A forecaster that has learnt and may be asked from any origin."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the fit or of the last forecast: fallbacks, an early end."""
        ...

    @property
    def records(self) -> tuple[EpochRecord, ...]:
        """What each epoch of training gave; empty for a model that has none."""
        ...

    @property
    def ending(self) -> str:
        """Why fitting ended: `finished`, `stalled`, `out of time` or `interrupted`."""
        ...

    def moved(self, panel: Panel, known: Panel) -> "Fitted":
        """Return the same forecaster for another panel, when `known` is the one it was fitted on."""
        ...

    def predict(self, panel: Panel, origins: Origins) -> Forecast:
        """Return one forecast for each origin; reads the rows before it and the known columns of its horizon."""
        ...


class Forecaster(Protocol):
    """Something that learns from a panel and then forecasts."""

    @property
    def name(self) -> str:
        """Name on the leaderboard."""
        ...

    def fit(self, panel: Panel, task: Task, deadline: Deadline) -> Fitted:
        """Learn from every row of `panel`, which was cut at the cutoff by `Panel.before`."""
        ...
