"""Which pairs of series and target the page shows, and the stretches of rows that their pictures need."""

from collections.abc import Mapping

import numpy as np

from seqcast.data.panel import Panel
from seqcast.data.wall import to_wall
from seqcast.evaluate.metrics import central
from seqcast.report.values import Fan, Retrospect
from seqcast.types import Forecast, Origins, Task

SHOWN = 12
HISTORY = 3


def choose(mase: np.ndarray, limit: int = SHOWN) -> dict[int, str]:
    """Return the pairs to show, with the place of the worst, the median and the best one.

    All of them in their own order where they are few; else `limit` evenly spaced ranks, from the worst to the best.

    Parameters
    ----------
    mase : float array (P,)
        Error of each pair; NaN where it cannot be had.
    limit : int
        How many at most.

    Examples
    --------
    >>> choose(np.array([1.0, 2.0]))
    {0: '', 1: ''}
    >>> choose(np.arange(9.0), limit=4)
    {8: 'worst', 4: 'median', 3: '', 0: 'best'}
    """
    if len(mase) <= limit:
        return dict.fromkeys(range(len(mase)), "")
    known = np.flatnonzero(~np.isnan(mase))
    if not len(known):
        return dict.fromkeys(range(limit), "")
    order = known[np.argsort(-mase[known], kind="stable")]
    ranks = np.unique(np.linspace(0, len(order) - 1, limit).round().astype(int))
    middle = len(order) // 2
    ranks[np.argmin(np.abs(ranks - middle))] = middle
    places = {0: "worst", middle: "median", len(order) - 1: "best"}
    return {int(order[rank]): places.get(int(rank), "") for rank in ranks}


def place_of(forecast: Forecast, series: int) -> np.ndarray:
    """Return the indices of the forecasts of one series, earliest cutoff first."""
    mine = np.flatnonzero(forecast.origins.series == series)
    return mine[np.argsort(forecast.origins.rows[mine], kind="stable")]


def fan(panel: Panel, task: Task, final: Mapping[str, Forecast], pair: int, place: str) -> Fan:
    """Return the forecast of one pair past its history, by every model of `final`."""
    s, k = divmod(pair, len(panel.columns.target))
    found = {name: place_of(forecast, s) for name, forecast in final.items()}
    known = next((int(final[name].origins.rows[at[0]]) for name, at in found.items() if len(at)), int(panel.history[s]))
    back = min(known, max(HISTORY * task.horizon, min(2 * task.season, 2 * HISTORY * task.horizon), 24))
    levels = max((len(forecast.quantiles) for forecast in final.values()), default=0)
    median = np.full((len(final), task.horizon), np.nan)
    values = np.full((len(final), task.horizon, levels), np.nan)
    for m, (name, at) in enumerate(found.items()):
        if len(at):
            median[m] = final[name].median[at[0], :, k]
            values[m] = final[name].values[at[0], :, k]
    low = panel.offsets[s] + known
    origin = Origins(np.array([0]), np.array([known]), np.array([0]))
    ahead = panel.only(np.array([s])).times_after(origin, task.horizon)[0]
    times = np.concatenate([panel.times[low - back : low], ahead])
    return Fan(
        series=panel.series[s],
        target=panel.columns.target[k],
        place=place,
        cutoff=panel.frequency.label(panel.times[low - 1 : low])[0] if known else "",
        times=to_wall(times, panel.frequency.zone),
        labels=tuple(panel.frequency.label(times)),
        actual=panel.targets[low - back : low, k],
        median=median,
        values=values,
    )


def retrospect(panel: Panel, task: Task, tests: Mapping[str, Forecast], pair: int, place: str) -> Retrospect:
    """Return the backtest of one pair; the errors of the models are filled in by the caller."""
    s, k = divmod(pair, len(panel.columns.target))
    found = {name: place_of(forecast, s) for name, forecast in tests.items()}
    cutoffs = np.unique(np.concatenate([tests[name].origins.rows[at] for name, at in found.items()]))
    shape = (len(tests), len(cutoffs), task.horizon)
    median, low, high = np.full((3, *shape), np.nan)
    for m, (name, at) in enumerate(found.items()):
        forecast = tests[name]
        w = np.searchsorted(cutoffs, forecast.origins.rows[at])
        median[m, w] = forecast.median[at][:, :, k]
        widest = central(forecast.quantiles)
        if widest:
            low[m, w], high[m, w] = (forecast.values[at][:, :, k, end] for end in widest[:2])
    rows = shown_rows(cutoffs, task.horizon, int(panel.rows[s]))
    at = panel.offsets[s] + rows
    return Retrospect(
        series=panel.series[s],
        target=panel.columns.target[k],
        place=place,
        rows=rows,
        times=to_wall(panel.times[at], panel.frequency.zone),
        labels=tuple(panel.frequency.label(panel.times[at])),
        actual=panel.targets[at, k],
        cutoffs=cutoffs,
        median=median,
        low=low,
        high=high,
        mase=np.full(len(tests), np.nan),
    )


def shown_rows(cutoffs: np.ndarray, horizon: int, length: int) -> np.ndarray:
    """Return the rows around all cutoffs; far-apart cutoffs leave the rows between them out.

    Examples
    --------
    >>> shown_rows(np.array([30, 90]), 2, 100).tolist()
    [24, 25, 26, 27, 28, 29, 30, 31, 84, 85, 86, 87, 88, 89, 90, 91]
    """
    before = max(horizon, 6)
    near = [np.arange(max(0, cutoff - before), min(length, cutoff + horizon)) for cutoff in cutoffs]
    rows = np.unique(np.concatenate(near)) if near else np.zeros(0, dtype=np.int64)
    jumps = np.flatnonzero(np.diff(rows) > 1)
    short = [np.arange(rows[j] + 1, rows[j + 1]) for j in jumps if rows[j + 1] - rows[j] <= horizon]
    return np.unique(np.concatenate([rows, *short])) if len(short) else rows
