"""The checks of times: steps without a value and their map, uneven distances, the hour that clocks skip."""

from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.data.calendar import FIXED
from seqcast.data.panel import Panel
from seqcast.data.records import count
from seqcast.data.wall import DAY
from seqcast.doctor.clocks import dates, zone_of
from seqcast.doctor.findings import Case, Finding
from seqcast.doctor.lines import chosen_series, whole
from seqcast.doctor.pairs import Place

MAP = 70
"""Signs of a map and the dates at its ends: how much of each part is there, from nothing to all of it."""

_SIGNS = " ▁▂▃▄▅▆▇█"
_NAMED = 40  # gaps that are named one by one
_EACH = 4  # steps of a gap up to which each is named
_WIDE = 0.1  # share of steps without a value from which the defaults are not enough


def gaps(case: Case) -> list[Finding]:
    """Find steps of time that have no value at all: no row, or an empty one."""
    panel = case.panel
    if panel.frequency.unit == "rows":
        return []
    found: list[tuple[int, np.ndarray]] = []
    for s in chosen_series(panel).tolist():
        empty = np.atleast_1d(~panel.observed[panel.offsets[s] : panel.offsets[s + 1]].any(axis=1))
        if empty.any():
            found.append((s, empty))
    if not found:
        return []
    missing = sum(int(empty.sum()) for _, empty in found)
    rows = int(panel.rows[[s for s, _ in found]].sum())
    wide = any(empty.mean() > _WIDE for _, empty in found)
    return [
        Finding(
            severity="warning" if wide else "note",
            check="gaps in time",
            places=tuple(_span(panel, s, empty) for s, empty in found),
            looked=len(chosen_series(panel)),
            what=f"{missing:,} of {count(rows, 'step')} of {panel.frequency.name} have no value.",
            why="Steps without a value are not learnt and not scored; features are carried over them.",
            option="Fill them in the table where the values are known; or a coarser step: --resample.",
            details=_mapped(panel, found),
        )
    ]


def strip(there: Bool[np.ndarray, "T"] | Float[np.ndarray, "T"], width: int = MAP) -> str:
    """Return a map of what is there: one sign for each part, higher the more of it is there.

    Examples
    --------
    >>> strip(np.array([True, True, False, False, True, False]), width=3)
    '█ ▄'
    """
    width = min(width, len(there))
    if not width:
        return ""
    edges = np.linspace(0, len(there), width + 1).round().astype(int)
    shares = np.add.reduceat(there.astype(float), edges[:-1]) / np.diff(edges)
    # Only what is whole looks whole, only what is empty looks empty.
    levels = np.where(shares >= 1, 8, np.where(shares <= 0, 0, np.clip(np.round(shares * 8), 1, 7)))
    return "".join(_SIGNS[int(level)] for level in levels)


def stretches(empty: Bool[np.ndarray, "T"]) -> list[tuple[int, int]]:
    """Return the first and the last row of each run of rows that the mask selects.

    Examples
    --------
    >>> stretches(np.array([True, True, False, True]))
    [(0, 1), (3, 3)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty.view(np.int8), [0]])))
    return [(int(first), int(last) - 1) for first, last in edges.reshape(-1, 2)]


def uneven(case: Case) -> list[Finding]:
    """Find how far apart the rows are where each is taken as one step."""
    panel = case.panel
    if panel.frequency.unit != "rows" or panel.frequency.integer or len(panel.times) < 3:
        return []
    moves, after = _moves(panel)
    if not len(moves) or np.ptp(moves) == 0:
        return []
    sizes, counts = np.unique(moves, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:5]
    shares = ", ".join(f"{_length(int(sizes[i]))} {counts[i] / len(moves):.0%}" for i in order)
    longest = np.argsort(-moves, kind="stable")[:3]
    ends = [panel.frequency.label(panel.times[[after[i] - 1, after[i]]]) for i in longest]
    details = [f"distances between rows: {shares}", *(f"longest: {first} to {last}" for first, last in ends)]
    return [
        Finding(
            severity="note",
            check="uneven distances",
            places=(whole(panel, panel.columns.time or "time"),),
            looked=1,
            what=f"Rows lie from {_length(int(moves.min()))} to {_length(int(moves.max()))} apart.",
            why="A step is a row whatever time has passed: a season by the calendar is blurred.",
            option="--freq 1d or --freq 1bd for a grid with holes, --resample 1w for averages; --freq rows keeps it.",
            details=tuple(details),
        )
    ]


def summer_time(case: Case) -> list[Finding]:
    """Find the hour of spring that clocks skip: times on the wall, taken for times that pass."""
    panel, frequency = case.panel, case.panel.frequency
    if (
        frequency.zone is not None
        or frequency.unit not in FIXED
        or frequency.count * FIXED[frequency.unit] > FIXED["hour"]
    ):
        return []
    empty = ~panel.observed.any(axis=1)
    low, high = (int(panel.times.min()), int(panel.times.max())) if len(panel.times) else (0, 0)
    hours = np.unique(panel.times[empty] // FIXED["hour"] * FIXED["hour"])
    if not len(hours) or high - low > 200 * 366 * DAY:
        return []
    zone = zone_of(hours, low, high, doubled=False, most=24)
    if zone is None:
        return []
    return [
        Finding(
            severity="warning",
            check="summer time",
            places=(whole(panel, panel.columns.time or "time"),),
            looked=1,
            what=f"The hour that clocks skip in {zone[0]} is missing each spring: {dates(zone[1].tolist())}.",
            why="Times are those on the wall: half of the year each day's pattern is an hour off, and a gap is none.",
            option="Write times with their offset, such as 2024-07-01T12:00+02:00, or in UTC.",
        )
    ]


def _mapped(panel: Panel, found: Sequence[tuple[int, np.ndarray]]) -> tuple[str, ...]:
    details = []
    for s, empty in found[:3]:
        low = int(panel.offsets[s])
        whose = f"{panel.series[s]}: " if len(panel) > 1 else ""
        details.append(f"{whose}{_runs(panel, low, empty)}")
        first, last = panel.frequency.label(panel.times[[low, low + len(empty) - 1]])
        details.append(f"{first} [{strip(~empty, MAP - len(first) - len(last))}] {last}")
        if _leap(panel, low, empty):
            details.append("each lies in a leap year: the source counts 365 days to every year")
    if len(found) > 3:
        details.append(f"and {len(found) - 3:,} more series")
    return tuple(details)


def _runs(panel: Panel, low: int, empty: np.ndarray) -> str:
    runs = stretches(empty)
    told: list[str] = []
    for first, last in runs[:_NAMED]:
        names = panel.frequency.label(panel.times[low + first : low + last + 1])
        told += names if len(names) <= _EACH else [f"{names[0]} to {names[-1]} ({len(names):,})"]
    more = f" and {len(runs) - _NAMED:,} more gaps" if len(runs) > _NAMED else ""
    return ", ".join(told) + more


def _leap(panel: Panel, low: int, empty: np.ndarray) -> bool:
    if panel.frequency.unit != "day" or len(empty) < 2 * 366:
        return False
    years = panel.times[low + np.flatnonzero(empty)].astype("datetime64[us]").astype("datetime64[Y]").astype(int) + 1970
    return len(set(years.tolist())) == len(years) and all(
        year % 4 == 0 and (year % 100 or year % 400 == 0) for year in years.tolist()
    )


def _moves(panel: Panel) -> tuple[Int[np.ndarray, "moves"], Int[np.ndarray, "moves"]]:
    inside = np.ones(len(panel.times), dtype=bool)
    inside[panel.offsets[:-1][panel.rows > 0]] = False
    after = np.flatnonzero(inside)
    return panel.times[after] - panel.times[after - 1], after


def _length(size: int) -> str:
    units: Iterable[tuple[str, int]] = (("day", DAY), ("hour", FIXED["hour"]), ("minute", FIXED["minute"]))
    unit, each = next(((unit, each) for unit, each in units if size >= each), ("second", FIXED["second"]))
    number = size / each
    return f"{number:g} {unit}{'' if number == 1 else 's'}" if number == round(number) else f"{number:.1f} {unit}s"


def _span(panel: Panel, s: int, empty: np.ndarray) -> Place:
    rows = int(panel.offsets[s]) + np.flatnonzero(empty)[[0, -1]]
    first, last = panel.frequency.label(panel.times[rows])
    name = panel.series[s] if len(panel) > 1 else panel.columns.time or panel.columns.target[0]
    return Place(series=panel.series[s], target="", name=name, first=first, last=last)
