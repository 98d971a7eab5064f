"""What can honestly be asked of this table: season, cutoffs, and whether the history is long enough."""

from dataclasses import dataclass, replace

import numpy as np

from seqcast.data.panel import Panel
from seqcast.data.split import Rolling
from seqcast.errors import HistoryError
from seqcast.evaluate.backtest import Folds
from seqcast.models.names import NETWORK_NAMES
from seqcast.options import RunOptions
from seqcast.types import Task

_MOST_WINDOWS = 5
_MANY_SERIES = 200  # beyond, one cutoff alone gives more forecasts to judge by than five do of a few series
_STALE = 0.05  # of the history, that a network may have missed of what was known at a cutoff
_LEAST_ROWS = 3  # a difference and a check of it: less teaches a classical model nothing


@dataclass(frozen=True, eq=False)
class Plan:
    """The task, the cutoffs, and what was decided for the user.

    The inner windows, the earlier ones, are for choosing: a model, weights, the width of intervals. The outer windows
    score what was chosen, once.

    Parameters
    ----------
    task : Task
        Horizon, quantiles, season.
    folds : Folds
        Known rows at each cutoff, and every origin; the inner windows first.
    inner : int
        How many of the windows are inner ones.
    notes : tuple of str
        Decisions in sentences.
    """

    task: Task
    folds: Folds
    inner: int
    notes: tuple[str, ...]

    @property
    def outer(self) -> int:
        """How many of the windows are outer ones."""
        return len(self.folds.known) - self.inner

    def starts(self, refit: bool) -> tuple[int, ...]:
        """Return the windows before which a network is trained anew.

        One training before the first inner window serves all where it misses little of what was known before the first
        outer one; else a second one is due there, so that a short history is not judged by half of it.
        """
        if refit:
            return tuple(range(len(self.folds.known)))
        missed = self.folds.known[0] < (1 - _STALE) * self.folds.known[self.inner]
        judged = self.folds.origins.series[self.folds.origins.fold == self.inner]
        return (0, self.inner) if self.inner and missed[judged].any() else (0,)

    def until_first_outer(self) -> "Plan":
        """Return the plan of the inner windows and the first outer one: all that is settled at its cutoff."""
        return replace(self, folds=self.folds.until(self.inner + 1))


def plan(panel: Panel, options: RunOptions) -> Plan:
    """Settle season and cutoffs for a panel.

    Raises
    ------
    HistoryError
        When no series is long enough for what was asked; says how many rows are needed.
    """
    networks = [name for name in options.models if name in NETWORK_NAMES]
    least = max(_LEAST_ROWS, 3 * options.horizon + 2 if networks else 0)
    outer, notes = _rolling(panel, options, least)
    inner = _inner(panel, options, outer, least)
    rolling = replace(outer, windows=outer.windows + inner)
    known = rolling.known_rows(panel)
    origins = rolling.origins(panel, _LEAST_ROWS, inner)
    judged = len(np.unique(origins.series))
    if not inner and len(options.models) > 1:
        notes.append(
            "The history has no room for inner windows, so the model is chosen by the windows that score it: its score "
            "flatters it."
        )
    if judged < len(panel):
        notes.append(f"{len(panel) - judged} of {len(panel)} series are too short for the backtest and are not judged.")
    season = options.season or panel.frequency.season
    if options.season is None and season > 1 and 2 * season > known[inner].max():
        notes.append(
            f"A season of {season} steps needs two cycles before the first cutoff; models without season are used."
        )
        season = 1
    task = Task(horizon=options.horizon, quantiles=options.quantiles, season=season, spread=options.spread)
    return Plan(task, Folds(known, origins), inner, tuple(notes))


def _inner(panel: Panel, options: RunOptions, outer: Rolling, least: int) -> int:
    """Return how many inner windows fit before the outer ones; as many as those where there is room."""
    before = int(panel.history.max(initial=0)) - outer.span
    # Two seasons at least, or the earlier windows would be judged by other models than the later ones.
    season = options.season or panel.frequency.season
    enough = max(least, before // 2, 2 * season if 2 * season <= before else 0)
    asked = outer.windows if options.inner is None else options.inner
    return max(0, min(asked, (before - enough) // outer.stride))


def _rolling(panel: Panel, options: RunOptions, least: int) -> tuple[Rolling, list[str]]:
    most = 1 if len(panel) > _MANY_SERIES else _MOST_WINDOWS
    asked = Rolling(horizon=options.horizon, windows=options.windows or most, step=options.step)
    longest = int(panel.history.max(initial=0))
    if options.windows is not None:
        fitting = asked
    else:
        enough = max(least, longest // 2)
        sizes = [replace(asked, windows=windows) for windows in range(most, 0, -1)]
        fitting = next((size for size in sizes if longest - size.span >= enough), sizes[-1])
    if longest - fitting.span < least:
        raise HistoryError(
            f"A horizon of {options.horizon} with {fitting.windows} backtest window(s) needs a series of "
            f"{least + fitting.span} rows: {least} to learn from and {fitting.span} to be judged by; the longest has "
            f"{longest}. Ask for a shorter horizon, fewer windows or classical models only, or give a longer history."
        )
    if fitting.windows < asked.windows:
        return fitting, [f"The history allows {fitting.windows} backtest window(s), not {asked.windows}."]
    if options.windows is None and most == 1:
        return fitting, [f"One backtest window is used for {len(panel)} series; ask for more with --windows."]
    return fitting, []
