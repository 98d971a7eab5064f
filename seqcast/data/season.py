"""Is the last cycle worth starting from, or does the last value say more?"""

import numpy as np

from seqcast.data.panel import Panel
from seqcast.types import Task


def worthwhile_season(panel: Panel, task: Task) -> int:
    """Return the season if the last cycle forecast the known rows better than the last value did, else 1.

    Compared over the steps of the horizon: a step beyond one season is forecast by the same cycle as the step a season
    before it.

    Parameters
    ----------
    panel : Panel
        Only rows known at the cutoff.
    task : Task
        Season and horizon.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> waves = read_panel(pl.DataFrame({"ds": range(30), "y": [0.0, 5.0, 9.0] * 10}))
    >>> climb = read_panel(pl.DataFrame({"ds": range(30), "y": range(30)}))
    >>> [worthwhile_season(panel, Task(horizon=4, season=3)) for panel in (waves, climb)]
    [3, 1]
    """
    largest = np.nanmax(np.abs(panel.targets), axis=0, initial=0.0)
    scaled = panel.targets / np.where(largest > 0, largest, 1.0)
    series = np.repeat(np.arange(len(panel)), panel.rows)

    def error(lag: int) -> float:
        change = np.abs(scaled[lag:] - scaled[: len(scaled) - lag])[series[lag:] == series[: len(series) - lag]]
        return float(np.nanmean(change)) if np.isfinite(change).any() else np.inf

    if task.season < 2:
        return 1
    steps = np.unique(np.linspace(1, task.horizon, min(task.horizon, _MOST_STEPS)).astype(int))
    cycles = -(-steps // task.season) * task.season
    seasonal, last = (np.mean([error(lag) for lag in lags.tolist()]) for lags in (cycles, steps))
    return task.season if seasonal < last else 1


_MOST_STEPS = 24  # of the horizon that are compared, evenly spread
