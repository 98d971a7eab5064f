"""Steps that last: the level before a row and the level after it differ far more than anywhere else in the line.

For each row the median of a window after it is compared with the median of a window before it. In a random walk, a
trend or a season these differences are alike all along the line, so each line is its own yardstick: what stands out is
a step. The windows hold whole seasons, so that a season cancels out.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.ndimage import median_filter

from seqcast.doctor.findings import Case, Finding
from seqcast.doctor.lines import Line, detailed, place_of, said, season_of
from seqcast.doctor.sentinels import measured

WINDOW = 10
"""Values before and after that a level is taken from; whole seasons where there is one."""

LONGEST_WINDOW = 366
FEWEST = 5 * WINDOW
_SIGMAS = 7.0
_TOGETHER = 12.0
_AT_ONCE = 0.5  # share of the step that happens from one value to the next
_LASTS = 0.6  # share of the step that is still there in the second half of the window, and in three windows
_FURTHER = 3  # windows; a sensor that climbed for days and fell back to where it came from did not step
_TIMES_A_MOVE = 3.0  # against the usual move, so that a policy rate may take its steps
_RARE = 0.995  # quantile of the moves
_MOST = 5
_TAIL = 1.8  # against the largest difference elsewhere
_MATTERS = 0.1  # against the distance between the tenth and the ninetieth percentile of all values


@dataclass(frozen=True, kw_only=True)
class Step:
    """A lasting step between the values `row - 1` and `row` of a line, and the levels on both sides."""

    row: int
    before: float
    after: float


def steps(y: Float[np.ndarray, "T"], season: int = 1) -> list[Step]:
    """Return the steps that happen at once and last, in order.

    Parameters
    ----------
    y : float array (T,)
        Without missing values.
    season : int
        Steps of the main cycle.

    Examples
    --------
    >>> walk = np.random.default_rng(0).normal(size=300).cumsum()
    >>> [step.row for step in steps(walk + 40 * (np.arange(300) >= 200))], steps(walk)
    ([200], [])
    """
    width = window_of(season)
    if len(y) < max(FEWEST, 5 * width):
        return []
    y = _without_season(y, season)
    change = _changes(y, width)
    change = change - np.median(change)  # a straight line climbs everywhere alike
    free = np.ones(len(change), dtype=bool)
    peaks: list[int] = []
    apart: list[int] = []
    for _ in range(_MOST):
        peaks.append(int(np.argmax(np.where(free, np.abs(change), -1.0))))
        free[max(0, peaks[-1] - width) : peaks[-1] + width + 1] = False
        if free.sum() < 2 * width:
            break
        # Several together must stand out more: in a restless time a walk takes some large steps in a row.
        sigmas = _SIGMAS if len(apart) == len(peaks) - 1 else _TOGETHER
        if _stands_out(change, peaks[-1], free, sigmas):  # and so do all larger ones
            apart = peaks.copy()
    found = [_step(y, row + width, width) for row in apart]
    return sorted((step for step in found if step is not None), key=lambda step: step.row)


def window_of(season: int) -> int:
    """Return how many values a level is taken from.

    Examples
    --------
    >>> window_of(1), window_of(7), window_of(24), window_of(1440)
    (10, 14, 24, 366)
    """
    return min(-(-WINDOW // season) * season, LONGEST_WINDOW)


def level_shifts(case: Case) -> list[Finding]:
    """Find steps that last."""
    looked = 0
    found: list[tuple[Line, list[Step]]] = []
    for line in measured(case.panel, fewest=FEWEST):
        looked += 1
        mine = steps(line.values, season_of(line, case.season))
        found += [(line, mine)] if mine else []
    if not found:
        return []
    targets = len(case.panel.columns.target)
    return [
        Finding(
            severity="warning" if any(line.column < targets for line, _ in found) else "note",
            check="level shift",
            places=tuple(place_of(case.panel, line, mine[0].row, mine[-1].row) for line, mine in found),
            looked=looked,
            what="The level steps from one value to the next and stays there.",
            why="What was learnt before the step may not hold after it: a new contract, unit, definition or sensor.",
            option="Where the measure changed, rescale the older values, or read only what follows with --where.",
            details=detailed(case.panel, [_told(case, line, step) for line, mine in found for step in mine]),
        )
    ]


def _without_season(y: np.ndarray, season: int) -> np.ndarray:
    """Return the values less what is usual at their phase: the median distance from a moving median."""
    if season < 2 or season > LONGEST_WINDOW:
        return y
    away = y - median_filter(y, window_of(season), mode="nearest")
    cycles = np.append(away, np.full(-len(y) % season, np.nan)).reshape(-1, season)
    return y - np.tile(np.nanmedian(cycles, axis=0), len(cycles))[: len(y)]


def _changes(y: np.ndarray, width: int) -> np.ndarray:
    """Return, for each row with a window on both sides, the median after it less the median before it."""
    middle = median_filter(y, width, mode="nearest")
    # The filter centres its window: at i it reads from i - width // 2 on.
    start = middle[width // 2 : len(y) - width + width // 2 + 1]
    return start[width:] - start[:-width]


def _stands_out(change: np.ndarray, row: int, free: np.ndarray, sigmas: float) -> bool:
    others = np.abs(change[free])
    usual = max(1.4826 * float(np.median(others)), float(np.quantile(others, 0.9)) / 1.645)
    size = abs(float(change[row]))
    return size > sigmas * usual and size > 0 and size > _TAIL * float(np.quantile(others, 0.99))


def _step(y: np.ndarray, row: int, width: int) -> Step | None:
    """Return the step near `row`, or None where it takes several values or is undone within the window."""
    near = np.arange(max(1, row - width // 2), min(len(y), row + width // 2 + 1))
    row = int(near[np.abs(np.diff(y)[near - 1]).argmax()])
    before, after = float(np.median(y[max(0, row - width) : row])), float(np.median(y[row : row + width]))
    size, half = after - before, max(3, width // 2)
    if abs(size) <= _MATTERS * float(np.subtract(*np.percentile(y, [90, 10]))):
        return None
    close = float(np.median(y[row : row + half])) - float(np.median(y[max(0, row - half) : row]))
    far = _median_or(y[row + half : row + width], after) - _median_or(
        y[max(0, row - width) : max(0, row - half)], before
    )
    wide = float(np.median(y[row : row + _FURTHER * width])) - float(np.median(y[max(0, row - _FURTHER * width) : row]))
    lasts = min(share / size for share in (close, far, wide)) >= _LASTS
    moves = np.abs(np.diff(y))
    rare = moves[row - 1] >= max(_TIMES_A_MOVE * float(np.median(moves[moves > 0])), float(np.quantile(moves, _RARE)))
    at_once = bool(rare) and (float(y[row]) - float(y[row - 1])) / size >= _AT_ONCE
    return Step(row=row, before=before, after=after) if lasts and at_once else None


def _median_or(values: np.ndarray, other: float) -> float:
    return float(np.median(values)) if len(values) else other


def _told(case: Case, line: Line, step: Step) -> str:
    place = place_of(case.panel, line, step.row, step.row)
    last, first = float(line.values[step.row - 1]), float(line.values[step.row])
    share = f" ({first / last - 1:+.0%})" if last > 0 and first > 0 else ""
    return f"{place.name}, {place.first}: from {said(last)} to {said(first)}{share}"
