"""What can honestly be asked of this table: season, cutoffs, and whether the history is long enough."""

from dataclasses import dataclass, replace

import numpy as np

from seqcast.config import RunOptions
from seqcast.data.panel import Panel
from seqcast.data.split import Rolling
from seqcast.errors import HistoryError
from seqcast.evaluate.backtest import Folds
from seqcast.models.names import NETWORK_NAMES
from seqcast.types import Task

_MOST_WINDOWS = 5
_MANY_SERIES = 200  # beyond, one cutoff alone gives more forecasts to judge by than five do of a few series
_LEAST_ROWS = 3  # a difference and a check of it: less teaches a classical model nothing


@dataclass(frozen=True, eq=False)
class Plan:
    """The task, the cutoffs, and what was decided for the user.

    Parameters
    ----------
    task : Task
        Horizon, quantiles, season.
    rolling : Rolling
        Spacing of the cutoffs.
    folds : Folds
        Known rows at each cutoff, and every origin.
    notes : tuple of str
        Decisions in sentences.
    """

    task: Task
    rolling: Rolling
    folds: Folds
    notes: tuple[str, ...]


def plan(panel: Panel, options: RunOptions) -> Plan:
    """Settle season and cutoffs for a panel.

    Raises
    ------
    HistoryError
        When no series is long enough for what was asked; says how many rows are needed.
    """
    networks = [name for name in options.models if name in NETWORK_NAMES]
    least = max(_LEAST_ROWS, 3 * options.horizon + 2 if networks else 0)
    rolling, notes = _rolling(panel, options, least)
    known = rolling.known_rows(panel)
    origins = rolling.origins(panel, _LEAST_ROWS)
    judged = len(np.unique(origins.series))
    if judged < len(panel):
        notes.append(f"{len(panel) - judged} of {len(panel)} series are too short for the backtest and are not judged.")
    season = options.season or panel.frequency.season
    if options.season is None and season > 1 and 2 * season > known[0].max():
        notes.append(
            f"A season of {season} steps needs two cycles before the first cutoff; models without season are used."
        )
        season = 1
    task = Task(horizon=options.horizon, quantiles=options.quantiles, season=season)
    return Plan(task, rolling, Folds(known, origins), tuple(notes))


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
