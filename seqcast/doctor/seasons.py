"""Which cycle the values follow, and whether it is the one in use.

A cycle is judged by what it would have foretold: the trend is taken out, each value is compared with the mean of its
phase in all other cycles, and what that explains of the variance is its strength. Noise, random walks and waves that
drift in phase, such as sunspots, explain nothing that way, however well they fit themselves.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from seqcast.data.calendar import FIXED, Frequency
from seqcast.doctor.findings import Case, Finding, shortened
from seqcast.doctor.gaps import longest_gap, longest_stretch
from seqcast.doctor.lines import Line, name_of, place_of

CYCLES = 4
"""Whole cycles below which none is judged."""

MOST_ROWS = 20_000
MOST_SERIES = 500
FEWEST = 24
_TOLD = 3
_LEAST = 0.1
_CLEAR = 0.2  # beyond that, for a length that no calendar suggests: lynx and sunspots drift
_CHANCE = 2.0  # what four cycles of a random walk foretell of each other is half of the variance at times
_FREE = 8  # lengths that the values themselves propose
_BETTER = 0.1  # what another cycle must explain beyond the one in use
_AS_GOOD = 0.9  # share of the best strength from which the shorter cycle is the main one
_NONE = 0.02
_WIDEST = 1_500
_AGREE = 0.05  # share of the series that must follow a cycle; fewer are chance
_DAY = 86_400_000_000
_NATURAL = (_DAY, 7 * _DAY, 365 * _DAY)


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """A cycle of so many steps, and the share of the detrended variance that its phases foretell."""

    steps: int
    strength: float


def cycle_strength(y: Float[np.ndarray, "T"], steps: int) -> float:
    """Return how much of the detrended variance the mean of the same phase in the other cycles explains.

    Parameters
    ----------
    y : float array (T,)
        Without missing values, at least `CYCLES` cycles; of fewer the strength is 0.
    steps : int
        Length of the cycle.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=240)
    >>> wave = np.tile([0.0, 5.0, 9.0, 2.0], 60)
    >>> round(cycle_strength(wave + noise, 4), 1), cycle_strength(noise, 4), cycle_strength(noise.cumsum(), 4)
    (0.9, 0.0, 0.0)
    """
    if steps < 2 or len(y) < CYCLES * steps:
        return 0.0
    rest = _without_trend(y, steps)
    rest = rest[len(rest) % steps :].reshape(-1, steps)
    rest = rest - rest.mean()
    others = (rest.sum(axis=0) - rest) / (len(rest) - 1)
    whole = float((rest**2).sum())
    return max(0.0, 1 - float(((rest - others) ** 2).sum()) / whole) if whole > 0 else 0.0


def cycles(y: Float[np.ndarray, "T"], candidates: Sequence[int] = ()) -> list[Cycle]:
    """Return the cycles that the values follow, the main one first.

    The main one is the shortest that explains nearly as much as any; then those that explain clearly more follow.

    Parameters
    ----------
    y : float array (T,)
        Without missing values.
    candidates : sequence of int
        Lengths to try beside those at which the values are most like themselves.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=300)
    >>> wave = 3 * np.sin(2 * np.pi * np.arange(300) / 15)
    >>> [cycle.steps for cycle in cycles(wave + noise)], cycles(noise.cumsum())
    ([15], [])
    """
    tried = sorted({*candidates, *_proposed(y)})
    found = [Cycle(steps=steps, strength=cycle_strength(y, steps)) for steps in tried]
    found = [cycle for cycle in found if cycle.strength >= least_strength(max(1, len(y) // cycle.steps))]
    if not found:
        return []
    best = max(cycle.strength for cycle in found)
    main = next(cycle for cycle in found if cycle.strength >= _AS_GOOD * best)
    kept = [main]
    for cycle in found:
        if cycle.steps > main.steps and cycle.strength >= kept[-1].strength + _BETTER / 2:
            kept.append(cycle)
    return kept


def least_strength(count: int) -> float:
    """Return the strength from which `count` cycles are told from chance.

    Of random walks of 40 to 2,000 rows, one in a hundred reaches it or fewer, whatever the length of the cycle.

    Examples
    --------
    >>> least_strength(4), least_strength(20)
    (0.6, 0.2)
    """
    return _LEAST + _CHANCE / count


def natural(frequency: Frequency) -> list[int]:
    """Return the lengths in steps of day, week and year.

    Examples
    --------
    >>> natural(Frequency(unit="hour")), natural(Frequency(unit="month")), natural(Frequency(unit="day"))
    ([24, 168, 8760], [12], [7, 365])
    """
    if frequency.unit in FIXED:
        step = FIXED[frequency.unit] * frequency.count
        return [span // step for span in _NATURAL if span % step == 0 and span > step]
    spans = {"day": (7, 365), "business day": (5, 261), "week": (52,), "month": (12,), "quarter": (4,)}
    return [span // frequency.count for span in spans.get(frequency.unit, ()) if span > frequency.count]


def season_found(case: Case) -> list[Finding]:
    """Find cycles other than the one in use, and where the one in use is not in the values."""
    read = _read(case)
    if not read:
        return []
    return [*_others(case, read), *_absent(case, read)]


@dataclass(frozen=True, eq=False)
class _Read:
    """A target of a series, the cycles it follows, and the strength of the one in use."""

    line: Line
    cycles: list[Cycle]
    in_use: Cycle
    enough: bool

    @property
    def clearly(self) -> list[Cycle]:
        """The cycles that explain clearly more than the one in use; the main one and the strongest."""
        better = [cycle for cycle in self.cycles if cycle.strength >= self.in_use.strength + _BETTER]
        return [cycle for cycle in better if cycle.steps != self.in_use.steps]


def _read(case: Case) -> list[_Read]:
    panel = case.panel
    found: list[_Read] = []
    candidates = natural(panel.frequency)
    for s in np.unique(np.linspace(0, len(panel) - 1, min(MOST_SERIES, len(panel))).round().astype(int)):
        for k in range(len(panel.columns.target)):
            low = int(panel.offsets[s])
            part = longest_stretch(panel.values[low : panel.offsets[s + 1], k], longest_gap(case.season), MOST_ROWS)
            if len(part) < FEWEST or np.ptp(part.values) == 0:
                continue
            rows = low + np.arange(part.first, part.last + 1)
            found.append(
                _Read(
                    line=Line(int(s), k, rows, part.values),
                    cycles=cycles(part.values, candidates),
                    in_use=Cycle(steps=case.season, strength=cycle_strength(part.values, case.season)),
                    enough=case.season > 1 and len(part) >= CYCLES * case.season,
                )
            )
    return found


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
        instead = f"not {case.season}" if case.season > 1 else "and none is in use"
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


def _without_trend(y: np.ndarray, steps: int) -> np.ndarray:
    """Return the values less their centred moving average over one cycle; half a cycle is lost at both ends."""
    window = np.ones(steps + 1 if steps % 2 == 0 else steps)
    if steps % 2 == 0:
        window[[0, -1]] = 0.5
    sums = np.concatenate([[0.0], np.cumsum(y - y.mean())])
    width, half = len(window), len(window) // 2
    average = (sums[width:] - sums[:-width]) / steps
    if steps % 2 == 0:
        centred = y - y.mean()
        average = average - (centred[: len(y) - width + 1] + centred[width - 1 :]) / 2 / steps
    return (y - y.mean())[half : half + len(average)] - average


def _proposed(y: np.ndarray) -> set[int]:
    """Return the lags at which values, or their changes, are most like themselves."""
    most = min(len(y) // CYCLES, _WIDEST)
    if most < 2:
        return set()
    line = np.arange(len(y)) - (len(y) - 1) / 2
    level = y - y.mean()
    level = level - line * float(line @ level) / float(line @ line)
    return {*_peaks(_acf(level, most)), *_peaks(_acf(np.diff(y), most))}


def _acf(y: np.ndarray, lags: int) -> Float[np.ndarray, "L"]:
    """Return the autocorrelations from lag 0 on, by Fourier transform."""
    away = y - y.mean()
    size = 1 << (len(y) + lags).bit_length()
    power = np.abs(np.fft.rfft(away, size)) ** 2
    sums = np.fft.irfft(power, size)[: lags + 1]
    return sums / sums[0] if sums[0] > 0 else np.zeros(lags + 1)


def _peaks(correlation: np.ndarray) -> list[int]:
    """Return the lags of the highest peaks and of the first ones, no two within a tenth of each other."""
    inner = correlation[1:-1]
    at = 1 + np.flatnonzero((inner >= correlation[:-2]) & (inner >= correlation[2:]) & (inner > 0))
    at = at[at >= 2]
    apart: list[int] = []
    for lag in at[np.argsort(-correlation[at], kind="stable")][: 5 * _FREE].tolist():
        if all(abs(lag - other) > other // 10 for other in apart):
            apart.append(lag)
    return [*apart[:_FREE], *sorted(apart)[:_FREE]]
