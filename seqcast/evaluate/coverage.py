"""Can the intervals be believed? Coverage by step with honest bands, and the histogram of where actual values fell.

At one step the values of different windows and series count as independent. Over all steps they count for as many as
the spread between windows shows: see `seqcast.evaluate.bands`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.data.panel import Panel
from seqcast.evaluate.bands import clopper_pearson, effective_count, worth_of_bin
from seqcast.types import Forecast, Task


@dataclass(frozen=True, kw_only=True, eq=False)
class Coverage:
    """How often actual values fell inside one central interval of one model.

    Parameters
    ----------
    model : str
        Name of the model.
    interval : tuple of float
        Levels of its two ends.
    nominal : float
        What share they promise.
    hits, counts : int array (H,)
        Actual values inside, and judged, at each step.
    low, high : float array (H,)
        Band in which the true share of each step lies with 95 %; 0 to 1 where nothing was judged.
    share : float
        Share inside over all steps; nan when nothing was judged.
    band : tuple of float
        The same band for `share`, from windows and not from points, which within a window err alike.
    width : float
        Mean width, in the unit of the target; a mean over series and targets, as on the leaderboard.
    """

    model: str
    interval: tuple[float, float]
    nominal: float
    hits: Int[np.ndarray, "H"]
    counts: Int[np.ndarray, "H"]
    low: Float[np.ndarray, "H"]
    high: Float[np.ndarray, "H"]
    share: float
    band: tuple[float, float]
    width: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Pit:
    """Where actual values fell in the predictive distribution of one model; flat when the distribution is right.

    Parameters
    ----------
    model : str
        Name of the model.
    edges : float array (bins + 1,)
        Probabilities from 0 to 1.
    share : float array (bins,)
        Share of actual values in each bin.
    low, high : float array (bins,)
        Band in which each share lies with 95 % if the distribution is right.
    """

    model: str
    edges: Float[np.ndarray, "edges"]
    share: Float[np.ndarray, "bins"]
    low: Float[np.ndarray, "bins"]
    high: Float[np.ndarray, "bins"]


def coverage_of(panel: Panel, task: Task, forecasts: Mapping[str, Forecast]) -> tuple[Coverage, ...]:
    """Return the coverage of every central interval of every model, the widest of each model first.

    Parameters
    ----------
    panel : Panel
        What came is read from it.
    task : Task
        Horizon.
    forecasts : mapping of str to Forecast
        What each model said at the origins of the backtest.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> from seqcast.types import Origins
    >>> panel = read_panel(pl.DataFrame({"ds": range(6), "y": [1, 2, 3, 4, 5, 9]}))
    >>> origins = Origins(np.array([0, 0]), np.array([2, 4]), np.array([0, 1]))
    >>> middle = np.array([[[3.0], [4.5]], [[5.5], [5.0]]])
    >>> forecast = Forecast(origins, (0.1, 0.9), middle, middle[..., None] + [-1.0, 1.0])
    >>> [found] = coverage_of(panel, Task(horizon=2, quantiles=(0.1, 0.9)), {"naive": forecast})
    >>> found.interval, found.hits.tolist(), found.counts.tolist(), found.share, found.width
    ((0.1, 0.9), [2, 1], [2, 2], 0.75, 2.0)
    """
    found: list[Coverage] = []
    for model, forecast in forecasts.items():
        actual = panel.actual(forecast.origins, task.horizon)
        found += [_coverage(model, forecast, actual, pair) for pair in pairs_of(forecast.quantiles)]
    return tuple(found)


def pairs_of(levels: tuple[float, ...]) -> list[tuple[int, int]]:
    """Return the places of every two levels that leave the same share on both sides, the widest first.

    Examples
    --------
    >>> pairs_of((0.025, 0.1, 0.5, 0.9, 0.95))
    [(1, 3)]
    """
    places = [(low, high) for low in range(len(levels)) for high in range(len(levels) - 1, low, -1)]
    return [(low, high) for low, high in places if abs(levels[low] + levels[high] - 1) < 1e-9]


def _coverage(model: str, forecast: Forecast, actual: Float[np.ndarray, "N H K"], pair: tuple[int, int]) -> Coverage:
    low, high = forecast.values[..., pair[0]], forecast.values[..., pair[1]]
    judged = ~np.isnan(actual)
    inside = judged & (low <= actual) & (actual <= high)
    hits, counts = inside.sum(axis=(0, 2)), judged.sum(axis=(0, 2))
    ends = clopper_pearson(hits, counts)
    levels = forecast.quantiles[pair[0]], forecast.quantiles[pair[1]]
    share = float(hits.sum() / counts.sum()) if counts.sum() else math.nan
    return Coverage(
        model=model,
        interval=levels,
        nominal=round(levels[1] - levels[0], 9),
        hits=hits,
        counts=counts,
        low=ends[0],
        high=ends[1],
        share=share,
        band=_band(share, inside, judged, forecast),
        width=_mean_width(high - low, judged, forecast),
    )


def _band(
    share: float, inside: Bool[np.ndarray, "N H K"], judged: Bool[np.ndarray, "N H K"], forecast: Forecast
) -> tuple[float, float]:
    """Return the band of a share whose values come in clusters: a window with all its series, targets and steps."""
    if math.isnan(share):
        return 0.0, 1.0
    effective = effective_count(inside, judged, forecast.origins.fold)
    low, high = clopper_pearson(np.array([share * effective]), np.array([effective]))
    return float(low[0]), float(high[0])


def _mean_width(width: Float[np.ndarray, "N H K"], judged: Bool[np.ndarray, "N H K"], forecast: Forecast) -> float:
    series = forecast.origins.series
    groups = int(series.max(initial=-1)) + 1
    sums, counts = np.zeros((groups, width.shape[2])), np.zeros((groups, width.shape[2]))
    np.add.at(sums, series, np.where(judged, width, 0.0).sum(axis=1))
    np.add.at(counts, series, judged.sum(axis=1))
    return float((sums[counts > 0] / counts[counts > 0]).mean()) if (counts > 0).any() else math.nan


def pit_of(panel: Panel, task: Task, forecasts: Mapping[str, Forecast], bins: int = 10) -> tuple[Pit, ...]:
    """Return the PIT histogram of every model (Dawid, 1984; Gneiting, Balabdaoui & Raftery, 2007).

    Between two levels the distribution is a straight line; beyond the outermost ones, whose form nobody knows, what
    fell there is spread evenly over the bins of that tail. So `bins` whose edges are levels are exact.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> from seqcast.types import Origins
    >>> panel = read_panel(pl.DataFrame({"ds": range(4), "y": [0, 1, 2, 3]}))
    >>> origins = Origins(np.array([0]), np.array([2]), np.array([0]))
    >>> middle = np.array([[[2.0], [9.0]]])
    >>> forecast = Forecast(origins, (0.1, 0.5, 0.9), middle, middle[..., None] + [-1.0, 0.0, 1.0])
    >>> [found] = pit_of(panel, Task(horizon=2, quantiles=(0.1, 0.5, 0.9)), {"naive": forecast})
    >>> found.share.tolist()
    [0.5, 0.0, 0.0, 0.0, 0.25, 0.25, 0.0, 0.0, 0.0, 0.0]
    """
    # Rounded, so that an edge such as 0.3 is the level of that name to the last bit.
    edges = np.linspace(0, 1, bins + 1).round(12)
    found = []
    for model, forecast in forecasts.items():
        actual = panel.actual(forecast.origins, task.horizon)
        judged = ~np.isnan(actual) & np.isfinite(forecast.values).all(axis=-1)
        if judged.any():
            found.append(_pit(model, edges, forecast, actual, judged))
    return tuple(found)


def _pit(
    model: str,
    edges: Float[np.ndarray, "edges"],
    forecast: Forecast,
    actual: Float[np.ndarray, "N H K"],
    judged: Bool[np.ndarray, "N H K"],
) -> Pit:
    span = pit_range(actual[judged], forecast.values[judged], forecast.quantiles)
    inside = shared_out(span, edges)
    sizes = np.diff(edges)
    count = float(judged.sum())
    window = np.broadcast_to(forecast.origins.fold[:, None, None], judged.shape)[judged]
    effective = np.array([worth_of_bin(inside[:, b], window, size, count) for b, size in enumerate(sizes)])
    half = 1.96 * np.sqrt(sizes * (1 - sizes) / effective)
    return Pit(
        model=model, edges=edges, share=inside.mean(axis=0), low=np.maximum(sizes - half, 0.0), high=sizes + half
    )


def pit_range(
    actual: Float[np.ndarray, "n"], values: Float[np.ndarray, "n Q"], levels: tuple[float, ...]
) -> Float[np.ndarray, "n 2"]:
    """Return the lowest and the highest probability at which each actual value may stand.

    A point where the distribution rises; a range in the tails and where several quantiles are one number.

    Examples
    --------
    >>> pit_range(np.array([1.5, 0.0, 3.0]), np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 3.0]]), (0.1, 0.9)).tolist()
    [[0.5, 0.5], [0.0, 0.1], [0.1, 0.9]]
    """
    known, rows = np.array(levels), np.arange(len(actual))
    below = (values < actual[:, None]).sum(axis=1)
    up_to = (values <= actual[:, None]).sum(axis=1)
    edges = np.concatenate([[0.0], known, [1.0]])
    low, high = edges[below], edges[up_to + 1]
    met = up_to > below
    low[met], high[met] = known[below[met]], known[up_to[met] - 1]
    between = ~met & (below > 0) & (below < len(known))
    at = below[between]
    start, end = values[rows[between], at - 1], values[rows[between], at]
    place = (actual[between] - start) / (end - start)
    low[between] = high[between] = known[at - 1] + place * (known[at] - known[at - 1])
    return np.stack([low, high], axis=1)


def shared_out(span: Float[np.ndarray, "n 2"], edges: Float[np.ndarray, "edges"]) -> Float[np.ndarray, "n bins"]:
    """Return how much of each range of probabilities lies in each bin; a point on an edge is half in either.

    Examples
    --------
    >>> shared_out(np.array([[0.5, 0.5], [0.0, 0.1], [0.7, 0.7]]), np.array([0.0, 0.5, 1.0])).tolist()
    [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]
    """
    low, high = span[:, :1], span[:, 1:]
    length = high - low
    common = np.clip(np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1]), 0, None)
    places = [np.searchsorted(edges, low, side=side) - 1 for side in ("left", "right")]
    point = np.mean([np.clip(place, 0, len(edges) - 2) == np.arange(len(edges) - 1) for place in places], axis=0)
    return np.where(length > 0, common / np.where(length > 0, length, 1.0), point)
