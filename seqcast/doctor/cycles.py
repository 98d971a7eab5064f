"""Which cycles values follow, and how strongly.

A cycle is judged by what it would have foretold: the trend is taken out, each value is compared with the mean of its
phase in all other cycles, and what that explains of the variance is its strength. Noise, random walks and waves that
drift in phase, such as sunspots, explain nothing that way, however well they fit themselves.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from seqcast.data.calendar import FIXED, Frequency

CYCLES = 4
"""Whole cycles below which none is judged."""

_LEAST = 0.1
_CHANCE = 2.0  # what four cycles of a random walk foretell of each other is half of the variance at times
_FREE = 8  # lengths that the values themselves propose
_AS_GOOD = 0.9  # share of the best strength from which the shorter cycle is the main one
_ADDS = 0.02  # what a longer cycle must explain besides
_PARTS = 7  # a sixth of a cycle is the smallest part that is tried
_WIDEST = 1_500
_DAY = 86_400_000_000
_NATURAL = (_DAY, 7 * _DAY, 365 * _DAY)


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """A cycle of so many steps, and the share of the detrended variance that its phases foretell."""

    steps: int
    strength: float


def cycle_strength(y: Float[np.ndarray, "T"], steps: int, trend: int | None = None) -> float:
    """Return how much of the detrended variance the mean of the same phase in the other cycles explains.

    Parameters
    ----------
    y : float array (T,)
        Without missing values, at least `CYCLES` cycles; of fewer the strength is 0.
    steps : int
        Length of the cycle.
    trend : int, optional
        Steps of the moving average that is taken for the trend; without it `steps`. To compare a day with a week, take
        the week for both: else the week is part of the trend of the days, and nobody misses it.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=240)
    >>> wave = np.tile([0.0, 5.0, 9.0, 2.0], 60)
    >>> round(cycle_strength(wave + noise, 4), 1), cycle_strength(noise, 4), cycle_strength(noise.cumsum(), 4)
    (0.9, 0.0, 0.0)
    """
    if steps < 2 or len(y) < CYCLES * steps:
        return 0.0
    rest = _without_trend(y, trend or steps)
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
    found = _followed(y, {*candidates, *_proposed(y)})
    # Of a noisy wave the twofold may be a peak where the wave itself is none.
    parts = {cycle.steps // part for cycle in found for part in range(2, _PARTS) if cycle.steps % part == 0}
    found = sorted({*found, *_followed(y, parts)}, key=lambda cycle: cycle.steps)
    if not found:
        return []
    best = max(cycle.strength for cycle in found)
    main = next(cycle for cycle in found if cycle.strength >= _AS_GOOD * best)
    kept = [main]
    for cycle in found:
        if cycle.steps > main.steps and _adds(y, cycle, kept[-1]):
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


def _followed(y: np.ndarray, tried: Iterable[int]) -> list[Cycle]:
    found = (Cycle(steps=steps, strength=cycle_strength(y, steps)) for steps in tried)
    return [cycle for cycle in found if cycle.strength >= least_strength(max(1, len(y) // cycle.steps))]


def _adds(y: np.ndarray, longer: Cycle, shorter: Cycle) -> bool:
    """Return whether the longer cycle explains more of what the shorter one leaves than chance does."""
    strength = cycle_strength(y, shorter.steps, longer.steps)
    chance = least_strength(len(y) // longer.steps) * (1 - strength)
    return longer.strength >= strength + max(_ADDS, chance)


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
