"""What stands still: columns of one value, sensors that stick, and lines that repeat their last value.

A line sticks where a run of equal values is far longer than its own habit of repeating explains. A run at an end of the
scale that is zero, or met again and again, is taken for what it is: a night without sun, a week without rain. Where
values go below zero, a run of zeros is as suspicious as any other.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from seqcast.doctor.findings import Case, Finding, shortened
from seqcast.doctor.lines import Line, detailed, name_of, numeric_columns, place_of, said, whole
from seqcast.doctor.pairs import Place
from seqcast.doctor.sentinels import measured

FEWEST = 30
STILL = 0.25
"""Share of zero moves from which a line is told to stand still often."""

_RUN = 6
_CHANCE = 1e-6  # how likely a run may be at most, if each move were zero with the usual share
_RARELY = 1_000
_TIMES_HABIT = 3.0  # against the run that comes once in so many rows
_NEARLY = 0.99
_STATES = 2  # different values up to which a column is a switch, which stands still by its nature


@dataclass(frozen=True, kw_only=True)
class Run:
    """Equal values in a row, from the value `first` to the value `last` of a line."""

    first: int
    last: int
    value: float

    def __len__(self) -> int:
        return self.last - self.first + 1


def zero_moves(y: Float[np.ndarray, "T"]) -> float:
    """Return the share of values that equal the one before.

    Examples
    --------
    >>> zero_moves(np.array([1.0, 1.0, 1.0, 2.0, 3.0]))
    0.5
    """
    return float((y[1:] == y[:-1]).mean()) if len(y) > 1 else 0.0


def runs(y: Float[np.ndarray, "T"], fewest: int = 2) -> list[Run]:
    """Return the runs of at least `fewest` equal values, the longest first.

    Examples
    --------
    >>> [(run.first, len(run)) for run in runs(np.array([1.0, 1.0, 2.0, 3.0, 3.0, 3.0]))]
    [(3, 3), (0, 2)]
    """
    starts = np.concatenate([[0], np.flatnonzero(y[1:] != y[:-1]) + 1])
    ends = np.append(starts[1:], len(y)) - 1
    long = np.flatnonzero(ends - starts + 1 >= fewest)
    long = long[np.argsort(starts[long] - ends[long], kind="stable")]
    return [Run(first=int(starts[i]), last=int(ends[i]), value=float(y[starts[i]])) for i in long]


def stuck_runs(y: Float[np.ndarray, "T"]) -> list[Run]:
    """Return the runs that are too long to be the line's own habit, the longest first.

    Parameters
    ----------
    y : float array (T,)
        Without missing values.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=300).round(1)
    >>> held = np.where((np.arange(300) >= 100) & (np.arange(300) < 124), y[100], y)
    >>> [(run.first, len(run)) for run in stuck_runs(held)], stuck_runs(y)
    ([(100, 24)], [])
    """
    if len(y) < FEWEST or zero_moves(y) >= STILL:
        return []
    every = runs(y, _RUN)
    found = [run for run in every if not _is_limit(y, run.value)]
    # What long runs add to the share of zero moves must not excuse them.
    moves = len(y) - 1 - sum(len(run) - 1 for run in found)
    zero = int((y[1:] == y[:-1]).sum()) - sum(len(run) - 1 for run in found)
    usual = min((zero + 1) / (max(moves, 1) + 2), 0.9)
    rank = max(2, len(y) // _RARELY)
    habit = len(every[rank]) if len(every) > rank else _RUN / _TIMES_HABIT
    least = max(1 + math.log(_CHANCE / len(y)) / math.log(usual), _TIMES_HABIT * habit)
    return [run for run in found if len(run) >= least]


def _is_limit(y: np.ndarray, value: float) -> bool:
    """Return whether it is the lowest or the highest value, and zero or met again and again: the end of a scale."""
    at = y == value
    return value in (y.min(), y.max()) and (value == 0 or int(at[0]) + int((at[1:] & ~at[:-1]).sum()) >= 3)


def constant(case: Case) -> list[Finding]:
    """Find features of one value, and features that leave it hardly ever."""
    panel = case.panel
    first = len(panel.columns.target)  # a target that never changes is told by the tests of stationarity
    columns = [v for v in numeric_columns(panel) if v >= first]
    never: list[tuple[int, str]] = []
    hardly: list[tuple[int, str]] = []
    for v in columns:
        seen = panel.values[~np.isnan(panel.values[:, v]), v]
        levels, counts = np.unique(seen, return_counts=True)
        if len(levels) == 0:
            continue
        most = int(counts.argmax())
        told = (
            f"{panel.columns.values[v]}: {counts[most] / len(seen):.1%} of its values are {said(float(levels[most]))}"
        )
        if len(levels) == 1:
            never.append((v, told))
        elif len(levels) > _STATES and len(seen) >= FEWEST and counts.max() >= _NEARLY * len(seen):
            hardly.append((v, told))
    return [
        *_columns(
            case,
            never,
            check="constant column",
            what="The column has one value only.",
            why="It tells no row from another.",
        ),
        *_columns(
            case,
            hardly,
            check="nearly constant",
            what="The column leaves one value hardly ever.",
            why="Scaled by so small a spread, its rare moves become huge inputs.",
        ),
    ]


def stuck(case: Case) -> list[Finding]:
    """Find lines that hold one value far longer than is their habit."""
    looked = 0
    found: list[tuple[Line, list[Run]]] = []
    for line in measured(case.panel, fewest=FEWEST):
        looked += 1
        mine = stuck_runs(line.values)
        found += [(line, mine)] if mine else []
    if not found:
        return []
    targets = len(case.panel.columns.target)
    return [
        Finding(
            severity="warning" if any(line.column < targets for line, _ in found) else "note",
            check="flat stretch",
            places=tuple(_span(case, line, mine) for line, mine in found),
            looked=looked,
            what="One value is held for so long that it was hardly measured: a sensor that stuck, or a gap filled.",
            why="A model learns that nothing moves, and a window scored there flatters what repeats the last value.",
            option="Leave such rows empty in the table: missing values are not learnt and not scored.",
            details=detailed(case.panel, [_summary(case, line, mine) for line, mine in found]),
        )
    ]


def unchanged(case: Case) -> list[Finding]:
    """Find lines that repeat their last value for a good part."""
    looked = 0
    found: list[tuple[Line, float]] = []
    for line in measured(case.panel, fewest=FEWEST):
        looked += 1
        share = zero_moves(line.values)
        if STILL <= share < 1 and len(np.unique(line.values)) > _STATES:
            found.append((line, share))
    if not found:
        return []
    return [
        Finding(
            severity="note",
            check="often unchanged",
            places=tuple(place_of(case.panel, line) for line, _ in found),
            looked=looked,
            what="Much of the time it does not move at all.",
            why="Of a target, the last value repeated is hard to beat; a feature tells nothing new in such rows.",
            option="Judge by the skill against naive that seqcast run prints, or take a coarser step: --resample.",
            details=detailed(case.panel, [_habit(case, line, share) for line, share in found]),
        )
    ]


def _columns(case: Case, found: list[tuple[int, str]], *, check: str, what: str, why: str) -> list[Finding]:
    if not found:
        return []
    names = [case.panel.columns.values[v] for v, _ in found]
    return [
        Finding(
            severity="note",
            check=check,
            places=tuple(whole(case.panel, name) for name in names),
            looked=len(numeric_columns(case.panel)) - len(case.panel.columns.target),
            what=what,
            why=why,
            option=f"--ignore {','.join(names)}",
            details=shortened([told for _, told in found]),
        )
    ]


def _span(case: Case, line: Line, mine: list[Run]) -> Place:
    return place_of(case.panel, line, min(run.first for run in mine), max(run.last for run in mine))


def _summary(case: Case, line: Line, mine: list[Run]) -> str:
    longest = mine[0]
    place = place_of(case.panel, line, longest.first, longest.last)
    more = f"; {len(mine) - 1:,} more of at least {len(mine[-1])}" if len(mine) > 1 else ""
    return f"{place.name}, {place.first} to {place.last}: {len(longest)} values of {said(longest.value)}{more}"


def _habit(case: Case, line: Line, share: float) -> str:
    longest = runs(line.values)[0]
    place = place_of(case.panel, line, longest.first, longest.last)
    return (
        f"{name_of(case.panel, line)}: {share:.0%} of the moves are zero; the longest run, {len(longest)} values of "
        f"{said(longest.value)}, from {place.first} to {place.last}"
    )
