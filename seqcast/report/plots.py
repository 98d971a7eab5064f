"""Pictures of forecasts: past the last row as a fan, and of past windows against what came."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcast.report import svg
from seqcast.report.numbers import mase, number
from seqcast.report.svg import Plot, Scale
from seqcast.report.ticks import Tick, number_ticks, time_ticks
from seqcast.report.values import Facts, Fan, Retrospect

ROOM, ROOM_OF_BEST = 0.35, 2.0
SMALL, TALL = 190, 280
OFF = "runs off the picture"
GAP = 0.04
NARROWER = 0.98  # so that the one step after the last cutoff, drawn as a short bar, is whole
POINTS = 60_000


@dataclass(frozen=True)
class Figure:
    """A picture with its heading; `said[m]` is what to say while model m is shown."""

    heading: str
    place: str
    svg: str
    said: tuple[str, ...] = ()


def fan_figure(facts: Facts, index: int) -> Figure:
    """Return the forecast of one pair with its nested intervals, by every model of the fans."""
    fan = facts.fans[index]
    steps, known = fan.median.shape[1], len(fan.actual)
    x = Scale(0.0, len(fan.times) - 1.0 + (0.5 if steps == 1 else 0.0))
    rows = np.arange(len(fan.times), dtype=float)
    y, off = domain([fan.actual, fan.median[:1]], [*np.concatenate([fan.median[..., None], fan.values], axis=2)])
    tall = TALL if len(facts.fans) == 1 else SMALL
    most = points_each(len(facts.fans) * len(fan.median) * (1 + len(facts.quantiles)))
    groups = []
    for m in range(len(fan.median)):
        at, median, values = _wide(rows[known:], fan.median[m], fan.values[m])
        bands = _nested(x.all(at), y.all(values), facts.quantiles, most)
        groups.append(f'<g class="m m{m}">{bands}{svg.line(x.all(at), y.all(median), "median", most)}</g>')
    cut = svg.upright(x(known - 0.5), "cut")
    plot = Plot(
        title=f"Forecast of {name_of(fan.series, fan.target, facts)}",
        describe=_describe_fan(fan, facts),
        height=tall,
        x=_placed(time_ticks(fan.times, facts.clock, most=6), x.all(rows)),
        y=y_marks(y),
        name=f"fan{index}",
        data=_readable(fan.labels, x.all(rows), y) if steps <= most else {},
    )
    marks = [*groups, cut, svg.line(x.all(rows[:known]), y.all(fan.actual), "actual")]
    said = tuple(OFF if gone else "" for gone in off)
    return Figure(name_of(fan.series, fan.target, facts), fan.place, svg.picture(roomy(plot), marks), said)


def past_figure(facts: Facts, index: int) -> Figure:
    """Return what came and what each model had said, at every cutoff of the backtest, for one pair."""
    past = facts.past[index]
    steps = past.median.shape[2]
    ahead = past.cutoffs[:, None] + np.arange(steps)
    rows = np.unique(np.concatenate([past.rows, ahead.ravel()]))
    place = positions(rows) * (NARROWER if steps == 1 else 1.0)
    where = place[np.searchsorted(rows, ahead)]
    seen = place[np.searchsorted(rows, past.rows)]
    y, off = domain([past.actual, past.median[:1]], [*np.stack([past.median, past.low, past.high], axis=3)])
    tall = TALL if len(facts.past) == 1 else SMALL
    most = points_each(len(facts.past) * 3 * past.median[..., 0].size)
    groups = []
    for m in range(len(past.median)):
        drawn = "".join(_window(where[w], past, (m, w), (y, most)) for w in range(len(past.cutoffs)))
        groups.append(f'<g class="m m{m}">{drawn}</g>')
    cuts = [svg.upright(_before(place, rows, cutoff), "cut") for cutoff in past.cutoffs.tolist()]
    plot = Plot(
        title=f"Backtest of {name_of(past.series, past.target, facts)}",
        describe=_describe_past(past, facts),
        height=tall,
        x=_stretches(past, seen, facts.clock),
        y=y_marks(y),
        name=f"past{index}",
        data=_readable(past.labels, seen, y) if steps <= most else {},
    )
    marks = [*cuts, *groups, *_broken(seen, past, y)]
    said = tuple(
        f"MASE {mase(error)}" + (f", {OFF}" if out else "") for error, out in zip(past.mase.tolist(), off, strict=True)
    )
    return Figure(name_of(past.series, past.target, facts), past.place, svg.picture(roomy(plot), marks), said)


def name_of(series: str, target: str, facts: Facts) -> str:
    """Return how a pair is called: by its series, its target, or both, whichever tells it from the others."""
    many, several = facts.headline.series > 1, len(facts.headline.targets) > 1
    return f"{series} · {target}" if many and several else series if many else target


def domain(core: Sequence[np.ndarray], rest: Sequence[np.ndarray]) -> tuple[Scale, list[bool]]:
    """Return the vertical scale, and for each of `rest` whether it leaves it.

    All of `core` is in it. What else is far outside shall not squeeze the rest into a line, so it is let go; the first
    of `rest`, the best model, is given more room than the others.

    Examples
    --------
    >>> scale, off = domain([np.array([0.0, 10.0])], [np.array([12.0]), np.array([1e9])])
    >>> round(scale.high, 2), off
    (14.04, [False, True])
    """
    low, high = _ends(np.concatenate([item.ravel() for item in core]), (0.0, 1.0))
    width = high - low or max(abs(high), 1.0) * 0.5
    ends = [_ends(item, (low, high)) for item in rest]
    rooms = [width * (ROOM if m else ROOM_OF_BEST) for m in range(len(rest))]
    bottom = min([low, *(max(first, low - room) for (first, _), room in zip(ends, rooms, strict=True))])
    top = max([high, *(min(last, high + room) for (_, last), room in zip(ends, rooms, strict=True))])
    margin = 0.04 * ((top - bottom) or width)
    scale = Scale(bottom - margin, top + margin)
    return scale, [first < scale.low or last > scale.high for first, last in ends]


def _ends(values: np.ndarray, otherwise: tuple[float, float]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if len(known) else otherwise


def points_each(lines: int) -> int:
    """Return how many points each of so many lines of the page may have, that it stays light.

    Examples
    --------
    >>> points_each(10), points_each(840), points_each(10**6)
    (480, 71, 48)
    """
    return min(max(POINTS // max(lines, 1), 48), svg.MOST_POINTS)


def positions(rows: np.ndarray) -> np.ndarray:
    """Return the place (0 to 1) of increasing rows; where some are left out, a small gap stands for them.

    Examples
    --------
    >>> positions(np.array([0, 1, 2])).tolist()
    [0.0, 0.5, 1.0]
    """
    if len(rows) < 2:
        return np.full(len(rows), 0.5)
    jumps = np.diff(rows) > 1
    width = max(1.0, GAP * len(rows))
    steps = np.where(jumps, width, 1.0)
    places = np.concatenate([[0.0], np.cumsum(steps)])
    return places / places[-1]


def symmetric(quantiles: Sequence[float]) -> list[tuple[int, int]]:
    """Return the pairs of levels that bound a central interval, the widest first.

    Examples
    --------
    >>> symmetric((0.1, 0.25, 0.5, 0.75, 0.9)), symmetric((0.5, 0.9))
    ([(0, 4), (1, 3)], [])
    """
    places = range(len(quantiles))
    return [(i, j) for i in places for j in places if i < j and abs(quantiles[i] + quantiles[j] - 1) < 1e-9]


def y_marks(y: Scale, most: int = 7) -> list[Tick]:
    """Return round marks of a vertical scale, placed."""
    return [replace(tick, at=y(tick.at)) for tick in number_ticks(y.low, y.high, most)]


def roomy(plot: Plot) -> Plot:
    """Return the plot with as much room at the left as its longest label needs."""
    longest = max((len(tick.text) for tick in plot.y), default=0)
    return replace(plot, left=max(30, 14 + round(6.8 * longest)))


def _wide(rows: np.ndarray, median: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the same, but a single step as a stretch that can be seen."""
    if len(rows) > 1:
        return rows, median, values
    return rows[0] + np.array([-0.4, 0.4]), np.repeat(median, 2), np.repeat(values, 2, axis=0)


def _nested(x: np.ndarray, values: np.ndarray, quantiles: Sequence[float], most: int) -> str:
    pairs = symmetric(quantiles)
    return "".join(svg.band(x, values[:, low], values[:, high], "band", most) for low, high in pairs)


def _window(x: np.ndarray, past: Retrospect, index: tuple[int, int], fit: tuple[Scale, int]) -> str:
    (m, w), (y, most) = index, fit
    at, median, ends = _wide(x, past.median[m, w], np.stack([past.low[m, w], past.high[m, w]], axis=1))
    if len(x) == 1:
        at = np.clip(x[0] + np.array([-0.012, 0.012]), 0.0, 1.0)
    ends = y.all(ends)
    return svg.band(at, ends[:, 0], ends[:, 1], "band one", most) + svg.line(at, y.all(median), "median", most)


def _before(place: np.ndarray, rows: np.ndarray, cutoff: int) -> float:
    """Return the place between the last known row and the first step."""
    at = int(np.searchsorted(rows, cutoff))
    return float((place[at - 1] + place[at]) / 2 if at and rows[at - 1] == cutoff - 1 else place[at])


def _segments(rows: np.ndarray) -> list[np.ndarray]:
    return np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) > 1) + 1)


def _broken(place: np.ndarray, past: Retrospect, y: Scale) -> list[str]:
    return [svg.line(place[part], y.all(past.actual[part]), "actual") for part in _segments(past.rows)]


def _stretches(past: Retrospect, place: np.ndarray, clock: bool) -> list[Tick]:
    parts = _segments(past.rows)
    most = max(1, 6 // len(parts))
    return [tick for part in parts for tick in _placed(time_ticks(past.times[part], clock, most), place[part])]


def _readable(labels: Sequence[str], place: np.ndarray, y: Scale) -> dict[str, str]:
    """Return what reading values off the lines takes; nothing for long lines, which are thinned."""
    if len(labels) > svg.MOST_POINTS:
        return {}
    even = np.allclose(place, np.linspace(0.0, 1.0, len(place)), atol=1e-9)
    at = {} if even else {"at": ",".join(str(round(svg.WIDE * spot)) for spot in place.tolist())}
    return {"labels": "|".join(labels), "y": f"{y.low:.9g},{y.high:.9g}"} | at


def _placed(ticks: Iterable[Tick], place: np.ndarray) -> list[Tick]:
    return [replace(tick, at=float(place[int(tick.at)])) for tick in ticks]


def _describe_fan(fan: Fan, facts: Facts) -> str:
    first, last = fan.median[0, 0], fan.median[0, -1]
    words = f"{len(fan.actual)} rows of history up to {fan.cutoff}, then {fan.median.shape[1]} steps of forecast. "
    return words + f"Median of {facts.fan_models[0]}: {number(first)} at the first step, {number(last)} at the last."


def _describe_past(past: Retrospect, facts: Facts) -> str:
    errors = ", ".join(
        f"{name} {mase(error)}" for name, error in zip(facts.past_models, past.mase.tolist(), strict=True)
    )
    return f"What came, and the forecasts from {len(past.cutoffs)} cutoffs. MASE: {errors}."
