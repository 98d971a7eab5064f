"""What is wrong with a forecast, in numbers: beside the history that it followed and beside what came.

Axes as everywhere: N origins, H steps, K targets; a pair is a series with one of its targets.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.data.panel import Panel
from seqcast.evaluate import metrics
from seqcast.types import Forecast, Origins, Task

Pairs = Float[np.ndarray, "series K"]

FAR = 3.0  # ranges of the history, beyond what came itself: no step of a usual series goes so far
STILL = 0.05  # of the swing of what came, that a flat forecast moves at most
FEWEST_CUTOFFS = 3  # before "says the same at every cutoff" means anything
PAYS = 0.8  # of an error, at most, that must be left where a season or a level is worth having
TREND_PAYS = 0.6  # the same of a trend, which a random walk has by chance
_LAGS = 8
_ROWS = 5_000


@dataclass(frozen=True, eq=False)
class Ground:
    """What every model is held against: what was known at each origin, and what came. One order for all models.

    Parameters
    ----------
    panel, task : Panel, Task
        The whole table, and what was asked.
    origins : Origins
        By series and row.
    actual : float array (N, H, K)
        What came.
    low, high : float array (N, K)
        Least and largest value known at each origin.
    first : int array (series,)
        Rows of each series known at its first cutoff.
    """

    panel: Panel
    task: Task
    origins: Origins
    actual: Float[np.ndarray, "N H K"]
    low: Float[np.ndarray, "N K"]
    high: Float[np.ndarray, "N K"]
    first: Int[np.ndarray, "series"]

    @classmethod
    def of(cls, panel: Panel, task: Task, origins: Origins) -> "Ground":
        """Return the ground of these origins."""
        origins = origins.take(_order(origins))
        low, high = np.empty((2, len(origins), len(panel.columns.target)))
        first = panel.history.copy()
        np.minimum.at(first, origins.series, origins.rows)
        for series, mine in _slices(origins, len(panel)):
            known = panel.targets[panel.offsets[series] : panel.offsets[series + 1]]
            low[mine] = np.fmin.accumulate(known, axis=0)[origins.rows[mine] - 1]
            high[mine] = np.fmax.accumulate(known, axis=0)[origins.rows[mine] - 1]
        return cls(panel, task, origins, panel.actual(origins, task.horizon), low, high, first)

    def median(self, forecast: Forecast) -> Float[np.ndarray, "N H K"]:
        """Return what a model said, in the order of the ground."""
        return forecast.median[_order(forecast.origins)]

    def error(self, median: Float[np.ndarray, "N H K"]) -> Pairs:
        """Return the mean absolute error of each pair."""
        return metrics.mae(self.actual, median, self.origins.series, len(self.panel))


def _order(origins: Origins) -> np.ndarray:
    return np.lexsort((origins.rows, origins.series))


def _slices(origins: Origins, count: int) -> Iterator[tuple[int, slice]]:
    """Return each series that has origins, and where they lie among origins sorted by series."""
    starts = np.searchsorted(origins.series, np.arange(count + 1)).tolist()
    return (
        (series, slice(*starts[series : series + 2])) for series in range(count) if starts[series] < starts[series + 1]
    )


def by_forecast(ground: Ground, median: Float[np.ndarray, "N H K"]) -> Float[np.ndarray, "N K"]:
    """Return the mean absolute error of each forecast; nan where nothing was observed."""
    error, seen = np.abs(ground.actual - median), ~np.isnan(ground.actual)
    counts = seen.sum(axis=1)
    sums = np.where(seen, error, 0.0).sum(axis=1)
    return np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)


def escaped(ground: Ground, median: Float[np.ndarray, "N H K"]) -> tuple[Bool[np.ndarray, "N K"], np.ndarray]:
    """Return where a forecast leaves the history by far, and how many ranges of it each step lies outside (N, H, K).

    What came may leave it too: that much is forgiven.
    """
    size = np.maximum(np.abs(ground.low), np.abs(ground.high))
    width = np.maximum(ground.high - ground.low, np.where(size > 0, 0.01 * size, 1.0))[:, None]

    def outside(values: np.ndarray) -> np.ndarray:
        return np.maximum(np.maximum(values - ground.high[:, None], ground.low[:, None] - values) / width, 0.0)

    ranges = np.where(np.isfinite(median), outside(median), np.inf)
    came = np.nan_to_num(outside(ground.actual), nan=0.0).max(axis=1, keepdims=True)
    known = ~np.isnan(ground.low)
    return (ranges > FAR + came).any(axis=1) & known, ranges


def still(ground: Ground, median: Float[np.ndarray, "N H K"]) -> Bool[np.ndarray, "series K"]:
    """Return the pairs whose forecast hardly moves along the horizon while what came did, at most cutoffs."""
    moved = np.ptp(median, axis=1) <= STILL * _swing(ground.actual)
    return _share(moved, ground) > 0.5


def repeated(ground: Ground, median: Float[np.ndarray, "N H K"]) -> Bool[np.ndarray, "series K"]:
    """Return the pairs whose forecast is the same from every cutoff, while what came was not."""
    said = _spread_over_cutoffs(ground, median)
    came = _spread_over_cutoffs(ground, ground.actual)
    return (came > 0) & (said <= STILL * came)


def _swing(values: Float[np.ndarray, "N H K"]) -> Float[np.ndarray, "N K"]:
    """Return the range of each window; nan where it has fewer than two steps."""
    seen = ~np.isnan(values)
    high = np.where(seen, values, -np.inf).max(axis=1)
    low = np.where(seen, values, np.inf).min(axis=1)
    return np.where(seen.sum(axis=1) > 1, high - low, np.nan)


def _share(holds: Bool[np.ndarray, "N K"], ground: Ground) -> Pairs:
    """Return at which share of its cutoffs something holds of each pair."""
    counts = np.bincount(ground.origins.series, minlength=len(ground.panel))[:, None]
    sums = np.zeros((len(ground.panel), holds.shape[1]))
    np.add.at(sums, ground.origins.series, holds)
    return np.divide(sums, counts, out=np.zeros(sums.shape), where=counts > 0)


def _spread_over_cutoffs(ground: Ground, values: Float[np.ndarray, "N H K"]) -> Pairs:
    """Return the deviation over the cutoffs of each pair, mean over steps; nan where the cutoffs are few."""
    found = np.full((len(ground.panel), values.shape[2]), np.nan)
    for series, mine in _slices(ground.origins, len(ground.panel)):
        part = values[mine]
        part = part[:, ~np.isnan(part).any(axis=(0, 2))]
        if len(part) >= FEWEST_CUTOFFS and part.shape[1]:
            found[series] = part.std(axis=0).mean(axis=0)
    return found


def worth_having(ground: Ground, series: int, target: int) -> Mapping[str, float]:
    """Return what the history of a pair has to follow, `level`, `season` or `trend`, and how much error each spares.

    Only rows known at the first cutoff are read. A level is worth following where the last value forecasts better than
    the mean does, a season where the last cycle forecasts better than the last value does, a trend where the mean
    change does. Of a random walk only the first holds; of noise around a fixed mean, none.
    """
    start = ground.panel.offsets[series]
    x = ground.panel.targets[start : start + ground.first[series], target][-_ROWS:]
    steps = np.unique(np.linspace(1, ground.task.horizon, _LAGS).round().astype(int)).tolist()
    ahead = [step for step in steps if step < len(x)]
    if not ahead or np.isnan(x).all():
        return {}
    naive = _mean([_change(x, step) for step in ahead])
    mean = float(np.nanmean(np.abs(x - np.nanmean(x))))
    found = {"level": naive / mean if mean > 0 else math.nan}
    season = ground.task.season
    back = [season * math.ceil(step / season) for step in ahead]
    if season > 1 and max(back) + season <= len(x):
        found["season"] = _mean([_change(x, lag) for lag in back]) / naive if naive > 0 else math.nan
    change = x[ahead[-1] :] - x[: -ahead[-1]]
    change = change[~np.isnan(change)]
    if len(change) and np.abs(change).mean() > 0:
        found["trend"] = float(np.abs(change - change.mean()).mean() / np.abs(change).mean())
    most = {"level": PAYS, "season": PAYS, "trend": TREND_PAYS}
    return {name: 1 - left for name, left in found.items() if left <= most[name]}


def _change(x: Float[np.ndarray, "T"], lag: int) -> float:
    change = np.abs(x[lag:] - x[:-lag])
    change = change[~np.isnan(change)]
    return float(change.mean()) if len(change) else math.nan


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan
