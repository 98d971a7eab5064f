"""Numbers that stand for "not measured", such as -200, and sensors that stop at the end of their scale.

A number is taken for a mark where it lies apart from the rest and comes again and again. Apart means: going outwards
from the middle of the different values that occur, the step to it is ten times any step before. So a zero of rain or of
sales, which values lie close to, is none, and neither is the last value of a scale: that one is clipped.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from seqcast.data.panel import Panel
from seqcast.doctor.findings import Case, Finding
from seqcast.doctor.lines import Line, detailed, lines, name_of, place_of, said

FEWEST = 20
"""Values of a line below which nothing is apart."""

_DIFFERENT = 8  # values besides the mark; fewer are codes, such as the states of a switch
_APART = 10.0  # against the largest step between values nearer the middle
_SPREAD = 0.4  # against the distance between the quartiles; NOx of air_quality, the closest true one, has 0.9
_MOST_MARKS = 3  # different values beyond a step; more are a second cloud of measurements
_ZEROS = 0.1  # share of zeros up to which they may be marks; more are days without sales
_CLIPPED = 0.01
_TIMES_EXPECTED = 5.0
_CODES = {1e20, 1e30, 9.96921e36, 32767.0, 32768.0, 65535.0, 2147483647.0, 2147483648.0}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A number that seems to stand for a missing value: how often it occurs, and the nearest other value."""

    value: float
    count: int
    nearest: float


def marks(y: Float[np.ndarray, "T"]) -> list[Mark]:
    """Return the numbers that lie apart from the rest and come again and again.

    Parameters
    ----------
    y : float array (T,)
        Without missing values.

    Examples
    --------
    >>> warm = np.random.default_rng(0).normal(20, 3, size=200).round(1)
    >>> marks(np.where(np.arange(200) % 9 == 0, -200.0, warm))[0].count, marks(warm)
    (23, [])
    """
    levels, counts = np.unique(y, return_counts=True)
    if len(y) < FEWEST or len(levels) <= _DIFFERENT:
        return []
    low, high = _core(levels)
    inner = y[(y >= levels[low]) & (y <= levels[high])]
    spread = float(np.subtract(*np.percentile(inner, [75, 25])))
    found = []
    for outside, edge in ((slice(0, low), levels[low]), (slice(high + 1, None), levels[high])):
        beyond = levels[outside]
        if not 0 < len(beyond) <= _MOST_MARKS:
            continue
        for value, count in zip(beyond.tolist(), counts[outside].tolist(), strict=True):
            apart = abs(value - float(edge)) >= _SPREAD * spread
            if apart and _is_mark(y, value, count, levels[low]):
                found.append(Mark(value=value, count=count, nearest=float(edge)))
    return found


def clipped(y: Float[np.ndarray, "T"]) -> list[Mark]:
    """Return the ends of the scale at which a continuous line stops: far more values than just before them.

    A lower end of zero is no limit of a sensor: rain and sales have it.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=500).round(2)
    >>> [mark.value for mark in clipped(np.minimum(y, 1.5))], clipped(y)
    ([1.5], [])
    """
    levels, counts = np.unique(y, return_counts=True)
    found = []
    if len(levels) < 5 * _DIFFERENT:
        return []
    for end, inner in ((0, slice(1, 11)), (-1, slice(-11, -1))):
        value, count = float(levels[end]), int(counts[end])
        near = counts[inner]
        often = count >= max(10, _CLIPPED * len(y)) and count >= _TIMES_EXPECTED * max(1.0, float(near.max()))
        close = abs(value - float(levels[inner][0 if end == 0 else -1])) <= 3 * float(np.ptp(levels[inner]))
        if often and close and not (end == 0 and value == 0) and _runs(y == value) >= 5:
            nearest = float(levels[inner][0 if end == 0 else -1])
            found.append(Mark(value=value, count=count, nearest=nearest))
    return found


def unmarked(y: Float[np.ndarray, "T"]) -> Float[np.ndarray, "T"]:
    """Return the values with nan for the numbers that seem to stand for a missing value.

    Examples
    --------
    >>> y = np.where(np.arange(40) % 9 == 5, -999.0, np.arange(40) % 17)
    >>> int(np.isnan(unmarked(y)).sum())
    4
    """
    found = marks(y[~np.isnan(y)])
    return np.where(np.isin(y, [mark.value for mark in found]), np.nan, y) if found else y


def measured(panel: Panel, columns: Sequence[int] | None = None, fewest: int = 1) -> Iterator[Line]:
    """Yield the lines of a panel without the numbers that seem to stand for a missing value.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> y = np.where(np.arange(40) % 9 == 5, -999.0, np.arange(40) % 17)
    >>> [len(line.values) for line in measured(read_panel(pl.DataFrame({"ds": range(40), "y": y})))]
    [36]
    """
    for line in lines(panel, columns, fewest):
        found = marks(line.values)
        if found:
            keep = ~np.isin(line.values, [mark.value for mark in found])
            line = Line(line.series, line.column, line.rows[keep], line.values[keep])
        if len(line.values) >= fewest:
            yield line


def sentinels(case: Case) -> list[Finding]:
    """Find numbers that stand for a missing value."""
    seen: dict[float, list[tuple[Line, Mark]]] = defaultdict(list)
    looked = 0
    for line in lines(case.panel, fewest=FEWEST):
        looked += 1
        for mark in marks(line.values):
            seen[mark.value].append((line, mark))
    return [_sentinel(case, value, found, looked) for value, found in sorted(seen.items())]


def clipping(case: Case) -> list[Finding]:
    """Find sensors that stop at the end of their scale."""
    looked = 0
    found: list[tuple[Line, list[Mark]]] = []
    for line in measured(case.panel, fewest=FEWEST):
        looked += 1
        mine = clipped(line.values)
        found += [(line, mine)] if mine else []
    if not found:
        return []
    return [
        Finding(
            severity="note",
            check="clipped",
            places=tuple(place_of(case.panel, line) for line, _ in found),
            looked=looked,
            what="It stops at one value far more often than it comes near it, as at the end of a scale.",
            why="What lay beyond was not measured: forecasts cannot go there either.",
            option="Measure wider; where the limit is part of the thing itself, such as a full tank, leave it.",
            details=detailed(
                case.panel,
                [
                    f"{name_of(case.panel, line)}: {mark.count:,} of {len(line.values):,} at {said(mark.value)}"
                    for line, mine in found
                    for mark in mine
                ],
            ),
        )
    ]


def _core(levels: np.ndarray) -> tuple[int, int]:
    """Return the indices of the lowest and the highest level before the first wide step outwards from the middle."""
    steps = np.diff(levels)
    middle = len(levels) // 2
    quarter = max(1, len(levels) // 4)
    usual = float(steps[middle - quarter : middle + quarter].max())
    down = np.maximum.accumulate(np.append(usual, steps[:middle][::-1]))
    up = np.maximum.accumulate(np.append(usual, steps[middle:]))
    wide_down = np.flatnonzero(steps[:middle][::-1] >= _APART * down[:-1])
    wide_up = np.flatnonzero(steps[middle:] >= _APART * up[:-1])
    low = middle - int(wide_down[0]) if len(wide_down) else 0
    high = middle + int(wide_up[0]) if len(wide_up) else len(levels) - 1
    return low, high


def _is_mark(y: np.ndarray, value: float, count: int, lowest: float) -> bool:
    """Return whether a value apart is one that people or machines write for "not measured", and comes often enough."""
    if value == 0:
        return count >= 3 and count <= _ZEROS * len(y) and not _regular(y == 0)
    if _is_code(value):
        return count >= 2
    if value < 0 <= lowest and _is_round(value):
        return count >= 3
    # Any other value, if it comes and goes: a price that stood at 900,000 for a year and fell is no mark.
    return count >= 5 and _runs(y == value) >= 3


def _is_code(value: float) -> bool:
    """Return whether it is one of the usual marks: 99, -999, 9999.9, 1e20, the ends of integer types."""
    digits = f"{abs(value):g}".replace(".", "").strip("0")
    return abs(value) in _CODES or (len(digits) >= 2 and set(digits) == {"9"})


def _is_round(value: float) -> bool:
    return value == -1 or len(f"{abs(value):.6e}".split("e")[0].replace(".", "").rstrip("0")) <= 1


def _runs(at: np.ndarray) -> int:
    """Return in how many separate places the mask is true."""
    return int(at[0]) + int((at[1:] & ~at[:-1]).sum())


def _regular(at: np.ndarray) -> bool:
    """Return whether the mask is true at equal distances for the most part, as on days when a shop is closed."""
    steps = np.diff(np.flatnonzero(at))
    return (
        len(steps) > 0 and float(np.bincount(steps).max()) >= 0.6 * len(steps) and int(np.bincount(steps).argmax()) > 1
    )


def _ends(line: Line, value: float) -> tuple[int, int]:
    at = np.flatnonzero(line.values == value)
    return int(at[0]), int(at[-1])


def _sentinel(case: Case, value: float, found: list[tuple[Line, Mark]], looked: int) -> Finding:
    places = tuple(place_of(case.panel, line, *_ends(line, value)) for line, _ in found)
    total = sum(mark.count for _, mark in found)
    sure = value != 0
    details = [
        f"{place.name}: {mark.count:,} of {len(line.values):,}, {place.first} to {place.last}; "
        f"the nearest other value is {said(mark.nearest)}"
        for place, (line, mark) in zip(places, found, strict=True)
    ]
    return Finding(
        severity="warning" if sure else "note",
        check="sentinel",
        places=places,
        looked=looked,
        what=f"{said(value)} occurs {total:,} times, far from all other values.",
        why="If it stands for 'not measured', every mean, scale and forecast is drawn towards it.",
        option=f"--missing {_written(value)}",
        details=detailed(case.panel, details),
    )


def _written(value: float) -> str:
    """Return the number as the table most likely has it."""
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:g}"
