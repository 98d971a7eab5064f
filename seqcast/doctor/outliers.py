"""Values that leave and come back at once, and targets whose largest values lie far out.

A spike is judged as in Hampel (1974): its distance from the median of its neighbours, against the usual distance. What
comes again one season before or after, such as a daily peak, is no spike, and where many values are far out they are
part of the pattern: that is a heavy tail, which a loss deals with, not a fault of the table.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import maximum_filter1d, median_filter

from seqcast.doctor.findings import Case, Finding
from seqcast.doctor.lines import Line, detailed, name_of, place_of, said, season_of
from seqcast.doctor.sentinels import measured

FEWEST = 20
MOST_WIDE = 3
"""Values in a row that still are a spike; more are a level of its own."""

_NEIGHBOURS = 2 * MOST_WIDE + 1
_NEARBY = 49  # values that tell how restless the line is around here
_SIGMAS = 10.0  # of 10,000 normal values the farthest is 4 away
_TAIL = 2.5  # against the largest distances of all others, and against the largest one nearby
_MATTERS = 0.1  # against the distance between the tenth and the ninetieth percentile of all values
_COMES_BACK = 0.35
_LARGEST = 0.002  # share of the distances that are the largest
_MOST_SHARE = 0.0005  # of values that can be spikes; more are the manner of the line
_HEAVY = 0.005  # share of values beyond the outer fence; of normal values it is 2 in a million
_FENCE = 3.0  # Tukey's outer fence, in distances between the quartiles
_FARTHEST = 8.0  # in the same; the peaks of a season end before


@dataclass(frozen=True, kw_only=True)
class Spike:
    """Values `first` to `last` of a line that stand apart from the values `before` and `after` them."""

    first: int
    last: int
    value: float
    before: float
    after: float


def spikes(y: Float[np.ndarray, "T"], season: int = 1) -> list[Spike]:
    """Return the values that leave and come back within three steps, in order.

    Parameters
    ----------
    y : float array (T,)
        Without missing values.
    season : int
        Steps of the main cycle; what comes again with it is no spike.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=300).cumsum()
    >>> fallen = np.where(np.arange(300) == 200, y - 40, y)
    >>> [spike.first for spike in spikes(fallen)], spikes(y)
    ([200], [])
    """
    if len(y) < FEWEST:
        return []
    away = y - median_filter(y, _NEIGHBOURS, mode="mirror")
    size = _beyond_season(away, season)
    usual = 1.4826 * median_filter(np.abs(away), min(_NEARBY, len(y)), mode="mirror")
    far = size > _SIGMAS * np.maximum(usual, _usual(away))
    most = max(2 * MOST_WIDE, int(_MOST_SHARE * len(y)))
    if not 0 < far.sum() <= most:
        return []
    others = np.where(far, 0.0, size)
    far &= size > _TAIL * np.maximum(
        float(np.quantile(size[~far], 1 - _LARGEST)), maximum_filter1d(others, min(_NEARBY, len(y)), mode="mirror")
    )
    far &= size > _MATTERS * float(np.subtract(*np.percentile(y, [90, 10])))
    return [spike for group in _groups(np.flatnonzero(far)) if (spike := _spike(y, group)) is not None]


def heavy_tailed(y: Float[np.ndarray, "T"]) -> bool:
    """Return whether more values lie far beyond the quartiles than any noise near to normal brings.

    Examples
    --------
    >>> noise = np.random.default_rng(0)
    >>> heavy_tailed(noise.normal(size=5_000)), heavy_tailed(noise.pareto(2, size=5_000))
    (False, True)
    """
    low, high = np.percentile(y, [25, 75])
    if len(y) < 10 * FEWEST or high <= low:
        return False
    out = np.maximum(y - high, low - y) / (high - low)
    return float((out > _FENCE).mean()) >= _HEAVY and float(out.max()) > _FARTHEST


def outliers(case: Case) -> list[Finding]:
    """Find values that leave and come back at once."""
    looked = 0
    found: list[tuple[Line, list[Spike]]] = []
    for line in measured(case.panel, fewest=FEWEST):
        looked += 1
        mine = spikes(line.values, season_of(line, case.season))
        found += [(line, mine)] if mine else []
    if not found:
        return []
    targets = len(case.panel.columns.target)
    return [
        Finding(
            severity="warning" if any(line.column < targets for line, _ in found) else "note",
            check="spikes",
            places=tuple(place_of(case.panel, line, mine[0].first, mine[-1].last) for line, mine in found),
            looked=looked,
            what="Single values leave and come back at once, far beyond what the line does elsewhere.",
            why="One false number moves scales and fits, and is scored as if it had happened.",
            option="Compare with the source; leave false cells empty, or give their number to --missing.",
            details=detailed(case.panel, [_told(case, line, spike) for line, mine in found for spike in mine]),
        )
    ]


def heavy_tails(case: Case) -> list[Finding]:
    """Find targets whose largest values lie far out."""
    targets = range(len(case.panel.columns.target))
    looked = 0
    found: list[Line] = []
    for line in measured(case.panel, targets, fewest=FEWEST):
        looked += 1
        found += [line] if heavy_tailed(line.values) else []
    if not found:
        return []
    return [
        Finding(
            severity="note",
            check="heavy tail",
            places=tuple(place_of(case.panel, line) for line in found),
            looked=looked,
            what="A few values lie far beyond all others, again and again.",
            why="A squared error follows these few, and a normal spread is too wide for most days and too narrow here.",
            option="Keep the default loss, pinball, or take --set training.loss=mae, huber or student_t.",
            details=detailed(case.panel, [_spread(case, line) for line in found]),
        )
    ]


def _beyond_season(away: np.ndarray, season: int) -> np.ndarray:
    """Return how far each value is out, less what its like of the seasons before and after was out.

    Where a line is too short to hold a like, nobody can tell a peak of the season from a spike: there it is 0.
    """
    size = np.abs(away)
    if season < 2:
        return size
    up, down = maximum_filter1d(away, 3), maximum_filter1d(-away, 3)  # a step early or late is the same peak
    like = np.where(away > 0, _shifted(up, season), _shifted(down, season))
    like = np.fmax(like, np.where(away > 0, _shifted(up, -season), _shifted(down, -season)))
    return np.where(np.isnan(like), 0.0, np.maximum(size - np.maximum(like, 0.0), 0.0))


def _shifted(values: np.ndarray, rows: int) -> np.ndarray:
    """Return the values so many rows later, with nan where none come from."""
    moved = np.full(len(values), np.nan)
    if abs(rows) < len(values):
        first, last = max(0, rows), len(values) + min(0, rows)
        moved[first:last] = values[first - rows : last - rows]
    return moved


def _usual(away: np.ndarray) -> float:
    """Return the usual distance; of a line that mostly stands still, that of its moves."""
    moved = np.abs(away[away != 0])
    still = len(moved) <= max(2 * MOST_WIDE, _MOST_SHARE * len(away))
    return 0.0 if still else 1.4826 * float(np.median(moved if len(moved) < len(away) / 2 else np.abs(away)))


def _groups(far: np.ndarray) -> list[np.ndarray]:
    return np.split(far, np.flatnonzero(np.diff(far) > 1) + 1) if len(far) else []


def _spike(y: np.ndarray, group: np.ndarray) -> Spike | None:
    """Return the spike, or None where it does not come back, as at an end of the line or at a step."""
    first, last = int(group[0]), int(group[-1])
    if first == 0 or last == len(y) - 1 or last - first >= MOST_WIDE:
        return None
    before, after = float(y[first - 1]), float(y[last + 1])
    value = float(y[first + np.abs(y[first : last + 1] - (before + after) / 2).argmax()])
    comes_back = abs(after - before) <= _COMES_BACK * min(abs(value - before), abs(value - after))
    rare_event = before == after == 0  # one sale among days without any
    return (
        Spike(first=first, last=last, value=value, before=before, after=after)
        if comes_back and not rare_event
        else None
    )


def _told(case: Case, line: Line, spike: Spike) -> str:
    place = place_of(case.panel, line, spike.first, spike.last)
    when = place.first if spike.first == spike.last else f"{place.first} to {place.last}"
    return f"{place.name}, {when}: {said(spike.value)} between {said(spike.before)} and {said(spike.after)}"


def _spread(case: Case, line: Line) -> str:
    low, middle, high = (said(float(value)) for value in np.quantile(line.values, [0, 0.5, 1]))
    return f"{name_of(case.panel, line)}: median {middle}, from {low} to {high}"
