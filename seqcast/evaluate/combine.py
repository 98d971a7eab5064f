"""Weights of an ensemble, learnt from what its members said at the inner windows and what came.

Forward selection with replacement after Caruana, Niculescu-Mizil, Crew & Ksikes (2004), "Ensemble selection from
libraries of models": begin with the best few, add whatever member helps most, again and again, and keep the best round.
A member's weight is how often it was taken.

What is made small is the CRPS over the scale of each series, the mean over series and targets: the leaderboard's own
figure for the quantiles that are delivered. It judges nine numbers a step instead of one, so that a few windows tell
more by it than by the MASE of the median (measured in `bench/LOG.md`, as is all that is set here).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from seqcast.data.panel import Panel
from seqcast.evaluate.leaderboard import Scales
from seqcast.forecasters.average import aligned, combined, gaps_in, median_of
from seqcast.forecasters.ensemble import GREEDY
from seqcast.models.names import NETWORK_NAMES
from seqcast.options import DEFAULT_MODELS
from seqcast.types import Forecast, Task

__all__ = ["BEST", "ROUNDS", "best_members", "combined", "gaps_in", "greedy_weights", "median_of"]

ROUNDS = 5
"""Members taken at most: weights of fifths, since finer ones are learnt from the chance of a few windows."""
BEST = 3
"""Members of a median: among all models there are poor ones, and they move the middle."""

_TIE = 1e-9  # a gain below this share of the loss is rounding, and the simpler choice stands


def greedy_weights(
    panel: Panel,
    task: Task,
    forecasts: Mapping[str, Forecast],
    first_cutoff_rows: Int[np.ndarray, "series"],
    rounds: int = ROUNDS,
) -> dict[str, float]:
    """Return the weights that forward selection gives, of those members that it takes at all.

    Parameters
    ----------
    panel : Panel
        What came after each origin is read from it, and nothing else.
    task : Task
        Horizon and season.
    forecasts : mapping of str to Forecast
        What each member said at the inner windows. A member that has no number where another one has is not taken.
    first_cutoff_rows : int array (series,)
        Rows of each series known at the first cutoff, by which errors are scaled.
    rounds : int
        Members taken at most, each as often as it helps.

    Returns
    -------
    dict of str to float
        Weights above zero that sum to one, simple models first. Where nothing could be judged, equal weights.

    Examples
    --------
    >>> from seqcast.data.calendar import Frequency
    >>> from seqcast.types import Columns, Origins
    >>> columns, rows = Columns(time=None, target=("y",)), np.array([4])
    >>> y = np.array([[0.0], [1.0], [0.0], [1.0], [8.0]])
    >>> panel = Panel(columns, Frequency(unit="integer"), ("a",), np.array([0, 5]), np.arange(5), y, np.zeros((1, 0)))
    >>> origins = Origins(np.array([0]), rows, np.array([0]))
    >>> low, high = (
    ...     Forecast(origins, (0.5,), np.full((1, 1, 1), said), np.full((1, 1, 1, 1), said)) for said in (7.0, 11.0)
    ... )
    >>> greedy_weights(panel, Task(horizon=1, quantiles=(0.5,)), {"naive": low, "ets": high}, rows)
    {'naive': 0.75, 'ets': 0.25}
    """
    names = sorted(forecasts, key=_plainness)
    judged = _Judged.of(panel, task, {name: forecasts[name] for name in names}, first_cutoff_rows)
    if not judged.ranked:
        # Each has a hole somewhere, or no series has a scale: there is nothing to tell them apart by.
        return dict.fromkeys(names, 1 / len(names))
    counts = _selected(judged, rounds)
    return {names[place]: count / counts.total() for place, count in sorted(counts.items())}


def best_members(
    panel: Panel,
    task: Task,
    forecasts: Mapping[str, Forecast],
    first_cutoff_rows: Int[np.ndarray, "series"],
    most: int = BEST,
) -> tuple[str, ...]:
    """Return the members with the least loss, the best first: those that a median is worth taking of.

    Parameters
    ----------
    panel, task, forecasts, first_cutoff_rows
        As `greedy_weights` takes them; it refuses the same members.
    most : int
        How many at most.

    Returns
    -------
    tuple of str
        Names; of all members where nothing could be judged.

    Examples
    --------
    >>> from seqcast.data.calendar import Frequency
    >>> from seqcast.types import Columns, Origins
    >>> columns, rows = Columns(time=None, target=("y",)), np.array([3])
    >>> y = np.array([[0.0], [1.0], [0.0], [8.0]])
    >>> panel = Panel(columns, Frequency(unit="integer"), ("a",), np.array([0, 4]), np.arange(4), y, np.zeros((1, 0)))
    >>> origins = Origins(np.array([0]), rows, np.array([0]))
    >>> said = {
    ...     name: Forecast(origins, (0.5,), np.full((1, 1, 1), y), np.full((1, 1, 1, 1), y))
    ...     for name, y in (("naive", 0.0), ("ets", 7.0), ("theta", 5.0))
    ... }
    >>> best_members(panel, Task(horizon=1, quantiles=(0.5,)), said, rows, most=2)
    ('ets', 'theta')
    """
    names = sorted(forecasts, key=_plainness)
    judged = _Judged.of(panel, task, {name: forecasts[name] for name in names}, first_cutoff_rows)
    return tuple(names[place] for place in judged.ranked[:most]) or tuple(names)


@dataclass(frozen=True)
class _Round:
    """The members taken so far, one of them as often as it was taken, and the loss of their average."""

    loss: float
    taken: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class _Judged:
    """Errors of every member at every judged step, each weighed so that losses only have to be summed."""

    errors: Float[np.ndarray, "M cells Q"]
    levels: Float[np.ndarray, "Q"]

    @classmethod
    def of(
        cls, panel: Panel, task: Task, forecasts: Mapping[str, Forecast], rows: Int[np.ndarray, "series"]
    ) -> "_Judged":
        """Return the errors where something came, the series has a scale and at least one member gave a number."""
        parts = list(aligned(GREEDY, forecasts).values())
        origins = parts[0].origins
        actual = panel.actual(origins, task.horizon)
        scale = Scales.of(panel, rows, task.season).absolute
        said = np.any([np.isfinite(part.values).all(axis=-1) for part in parts], axis=0)
        seen = ~np.isnan(actual) & np.isfinite(scale[origins.series])[:, None, :] & said
        counts = np.zeros(scale.shape)
        np.add.at(counts, origins.series, seen.sum(axis=1))
        n, h, k = np.nonzero(seen)
        group = (origins.series[n], k)
        # A mean over series and targets of a mean over steps: one that was seen less often weighs no less.
        share = 2 / (counts[group] * max((counts > 0).sum(), 1) * len(parts[0].quantiles))
        with np.errstate(over="ignore", invalid="ignore"):
            gaps = [(actual[n, h, k, None] - part.values[n, h, k]) / scale[group][:, None] for part in parts]
        return cls(np.array([gap * share[:, None] for gap in gaps]), np.array(parts[0].quantiles))

    @cached_property
    def ranked(self) -> list[int]:
        """Places of the members that gave every number, the best first; none where nothing is judged."""
        whole = [place for place, errors in enumerate(self.errors) if errors.size and np.isfinite(errors).all()]
        losses = {place: self.loss(self.errors[place]) for place in whole}
        return sorted(whole, key=lambda place: (losses[place], place))

    def loss(self, error: Float[np.ndarray, "cells Q"]) -> float:
        """Return twice the mean pinball loss."""
        return float(np.maximum(self.levels * error, (self.levels - 1) * error).sum())


def _selected(judged: _Judged, rounds: int) -> Counter[int]:
    """Return how often each member is taken at the best round; places stand in the order of plainness."""
    ranked, places = judged.ranked[:rounds], sorted(judged.ranked)
    start = _first_best([_taken(judged, ranked[:size]) for size in range(1, len(ranked) + 1)])
    trail = [start]
    total = judged.errors[list(start.taken)].sum(axis=0)
    while len(trail[-1].taken) < rounds:
        so_far = trail[-1].taken
        tried = [_Round(judged.loss((total + judged.errors[p]) / (len(so_far) + 1)), (*so_far, p)) for p in places]
        trail.append(_first_best(tried))
        total = total + judged.errors[trail[-1].taken[-1]]
    return Counter(_first_best(trail).taken)


def _taken(judged: _Judged, places: list[int]) -> _Round:
    return _Round(judged.loss(judged.errors[places].mean(axis=0)), tuple(places))


def _first_best(rounds: list[_Round]) -> _Round:
    least = min(each.loss for each in rounds)
    return next(each for each in rounds if each.loss <= least * (1 + _TIE))


def _plainness(name: str) -> tuple[int, str]:
    """Return the place of a model from simple and cheap to elaborate; orders given by hand stand before networks."""
    if name in DEFAULT_MODELS:
        return DEFAULT_MODELS.index(name), name
    return DEFAULT_MODELS.index(NETWORK_NAMES[0]) - 1, name
