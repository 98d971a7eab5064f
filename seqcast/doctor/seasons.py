"""Whether the cycle in use is the one that the values follow, and which others there are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcast.doctor.cycles import CYCLES, Cycle, cycle_strength, cycles, least_strength, natural
from seqcast.doctor.findings import Case, Finding, shortened
from seqcast.doctor.gaps import longest_gap, longest_stretch
from seqcast.doctor.lines import Line, name_of, place_of
from seqcast.doctor.sentinels import unmarked

MOST_ROWS = 20_000
MOST_SERIES = 500
FEWEST = 24
_TOLD = 3
_CLEAR = 0.2  # beyond chance, for a length that no calendar suggests: lynx and sunspots drift
_BETTER = 0.1  # what another cycle must explain beyond the one in use
_NONE = 0.02
_AGREE = 0.05  # share of the series that must follow a cycle; fewer are chance


def season_found(case: Case) -> list[Finding]:
    """Find cycles other than the one in use, cycles beside it, and where the one in use is not in the values."""
    read = _read(case)
    if not read:
        return []
    return [*_others(case, read), *_beside(case, read), *_absent(case, read)]


@dataclass(frozen=True, eq=False)
class _Read:
    """A target of a series, the cycles it follows, the one in use, and those that explain `clearly` more than it."""

    line: Line
    cycles: list[Cycle]
    in_use: Cycle
    clearly: list[Cycle]
    enough: bool

    @property
    def longer(self) -> list[Cycle]:
        """The cycles that follow on the one in use, where that is the main one."""
        return list(self.cycles[1:]) if self.cycles and self.cycles[0].steps == self.in_use.steps else []


def _read(case: Case) -> list[_Read]:
    panel = case.panel
    found: list[_Read] = []
    candidates = natural(panel.frequency)
    for s in np.unique(np.linspace(0, len(panel) - 1, min(MOST_SERIES, len(panel))).round().astype(int)):
        for k in range(len(panel.columns.target)):
            low = int(panel.offsets[s])
            y = unmarked(panel.values[low : panel.offsets[s + 1], k])
            part = longest_stretch(y, longest_gap(case.season), MOST_ROWS)
            if len(part) < FEWEST or np.ptp(part.values) == 0:
                continue
            rows = low + np.arange(part.first, part.last + 1)
            followed = cycles(part.values, candidates)
            found.append(
                _Read(
                    line=Line(int(s), k, rows, part.values),
                    cycles=followed,
                    in_use=Cycle(steps=case.season, strength=cycle_strength(part.values, case.season)),
                    clearly=[cycle for cycle in followed if _is_better(part.values, cycle, case.season)],
                    enough=case.season > 1 and len(part) >= CYCLES * case.season,
                )
            )
    return found


def _is_better(y: np.ndarray, cycle: Cycle, season: int) -> bool:
    """Return whether the cycle explains clearly more than the season in use does of the same rest."""
    if cycle.steps == season:
        return False
    return cycle.strength >= cycle_strength(y, season, max(season, cycle.steps)) + _BETTER


def _others(case: Case, read: Sequence[_Read]) -> list[Finding]:
    """Return a finding for each cycle that is the main one of many series, and not the one in use."""
    mine = [(reading, reading.clearly) for reading in read if reading.clearly]
    expected = natural(case.panel.frequency)
    counts = Counter(better[0].steps for _, better in mine)
    found: list[Finding] = []
    told: list[int] = []
    for steps, count in counts.most_common(_TOLD):
        followers = [(reading, better) for reading, better in mine if better[0].steps == steps]
        if count < _AGREE * len(read) or not any(_is_clear(one, better[0], expected) for one, better in followers):
            continue
        if any(other % steps == 0 for other in told):  # half a year in quarters is part of the year
            continue
        told.append(steps)
        also = any(reading.in_use.strength > _NONE for reading, _ in followers)
        instead = f"{'rather than' if also else 'not'} {case.season:,}" if case.season > 1 else "and none is in use"
        found.append(
            Finding(
                severity="warning",
                check="season found",
                places=tuple(place_of(case.panel, reading.line) for reading, _ in followers),
                looked=len(read),
                what=f"The values follow a cycle of {steps:,} steps, {instead}.",
                why="Models and the naive yardstick repeat the cycle in use; with another they start far behind.",
                option=f"--season {steps}",
                details=shortened([_told(case, reading) for reading, _ in followers]),
            )
        )
    return found


def _beside(case: Case, read: Sequence[_Read]) -> list[Finding]:
    """Return a finding for the longer cycles that add to the one in use, but too little to replace it."""
    mine = [(reading, reading.longer) for reading in read if reading.longer and not reading.clearly]
    if not mine or len(mine) < _AGREE * len(read):
        return []
    [(steps, _)] = Counter(longer[-1].steps for _, longer in mine).most_common(1)
    return [
        Finding(
            severity="note",
            check="season beside",
            places=tuple(place_of(case.panel, reading.line) for reading, _ in mine),
            looked=len(read),
            what=f"Beside the cycle of {case.season:,} steps in use there is a longer one, of {steps:,} steps.",
            why="What repeats the shorter one alone misses it, such as the weekend in a cycle of days.",
            option=f"Try --season {steps}, or a context of {steps} steps for networks.",
            details=shortened([_told(case, reading) for reading, _ in mine]),
        )
    ]


def _is_clear(reading: _Read, cycle: Cycle, expected: Sequence[int]) -> bool:
    """Return whether the series alone is proof of the cycle."""
    return cycle.steps in expected or cycle.strength >= _CLEAR + least_strength(len(reading.line.rows) // cycle.steps)


def _absent(case: Case, read: Sequence[_Read]) -> list[Finding]:
    judged = [reading for reading in read if reading.enough]
    if not judged or any(reading.in_use.strength > _NONE or reading.cycles for reading in judged):
        return []
    return [
        Finding(
            severity="note",
            check="no season",
            places=tuple(place_of(case.panel, reading.line) for reading in judged),
            looked=len(read),
            what=f"No cycle of {case.season} steps, as the frequency suggests, is in the values, nor any other.",
            why="The value of one season ago says less than the last one: seasonal naive is a weak yardstick here.",
            option="--season 1",
        )
    ]


def _told(case: Case, reading: _Read) -> str:
    parts = [f"{cycle.steps:,} steps explain {cycle.strength:.0%} of the variance" for cycle in reading.cycles]
    if case.season > 1:
        parts.append(f"{case.season} in use explain {reading.in_use.strength:.0%}")
    return f"{name_of(case.panel, reading.line)}: {', '.join(parts)}"
