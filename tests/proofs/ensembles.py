"""Rows of the table of correctness: combinations of forecasts and the weights that they are combined by."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog

from seqcast.data.panel import Panel
from seqcast.evaluate.combine import combined, greedy_weights, median_of
from seqcast.evaluate.leaderboard import Scales, judge
from seqcast.types import Forecast, Origins, Task
from tests.panels import make_panel
from tests.proofs.table import Proof

NAMES = ("naive", "drift", "theta", "ets", "arima", "gru")
LEVELS = (0.1, 0.5, 0.9)


@dataclass(frozen=True, eq=False)
class Crowd:
    """A panel, what several members said of it, and the rows that scale their errors."""

    panel: Panel
    task: Task
    forecasts: Mapping[str, Forecast]
    rows: np.ndarray

    def loss(self, forecast: Forecast) -> float:
        """Return the scaled CRPS by the leaderboard's own figures."""
        actual = self.panel.actual(forecast.origins, self.task.horizon)
        scales = Scales.of(self.panel, self.rows, self.task.season)
        return float(np.nanmean(judge(actual, forecast, forecast.origins.series, scales)["crps"] / scales.absolute))


def crowd(seed: int, members: int = 4, series: int = 2, windows: int = 3, targets: int = 1) -> Crowd:
    """Return members who each see what comes through noise and a bias of their own; some values are missing."""
    draw = np.random.default_rng(seed)
    blocks = {f"s{s}": 10.0 ** (3 * s) * draw.normal(size=(40, targets)).cumsum(axis=0) for s in range(series)}
    for block in blocks.values():
        block[draw.integers(0, 40, size=3), draw.integers(0, targets, size=3)] = np.nan
    panel, task = make_panel(blocks, targets=targets), Task(horizon=4, quantiles=LEVELS, season=3)
    starts = 24 + 4 * np.arange(windows)
    origins = Origins(np.tile(np.arange(series), windows), np.repeat(starts, series), np.repeat(range(windows), series))
    size = 10.0 ** (3 * origins.series)[:, None, None]
    actual = np.nan_to_num(panel.actual(origins, 4)) / size
    forecasts = {}
    for name in NAMES[:members]:
        centre = actual + draw.normal(scale=1.5, size=actual.shape) + draw.normal(scale=1.5)
        width = draw.uniform(0.2, 4.0)
        values = centre[..., None] + width * np.array([-1.0, 0.0, 1.0])
        forecasts[name] = Forecast(origins, LEVELS, size * centre, size[..., None] * values)
    return Crowd(panel, task, forecasts, np.full(series, 24))


def learnt(crowd: Crowd, rounds: int = 25) -> dict[str, float]:
    """Return the greedy weights of a crowd."""
    return greedy_weights(crowd.panel, crowd.task, crowd.forecasts, crowd.rows, rounds)


def by_brute_force(crowd: Crowd, rounds: int) -> dict[str, float]:
    """Return the weights of the published loop, written out with whole forecasts and the leaderboard's figures."""

    def of(taken: list[str]) -> float:
        return crowd.loss(combined("ensemble", crowd.forecasts, Counter(taken)))

    ranked = sorted(crowd.forecasts, key=lambda name: of([name]))
    taken = min((ranked[:size] for size in range(1, min(len(ranked), rounds) + 1)), key=of)
    trail = [taken]
    while len(trail[-1]) < rounds:
        trail.append(min(([*trail[-1], name] for name in crowd.forecasts), key=of))
    best = min(trail, key=of)
    return {name: best.count(name) / len(best) for name in set(best)}


def least_loss(crowd: Crowd) -> float:
    """Return the least loss that any weights can have: a linear program."""
    scales = Scales.of(crowd.panel, crowd.rows, crowd.task.season).absolute
    parts = list(crowd.forecasts.values())
    origins = parts[0].origins
    actual = crowd.panel.actual(origins, crowd.task.horizon)
    seen = ~np.isnan(actual)
    counts = np.zeros(scales.shape)
    np.add.at(counts, origins.series, seen.sum(axis=1))
    n, h, k = np.nonzero(seen)
    share = 2 / (counts[origins.series[n], k] * counts.size * len(LEVELS) * scales[origins.series[n], k])
    y = np.repeat(actual[n, h, k], len(LEVELS))
    said = np.array([part.values[n, h, k].ravel() for part in parts]).T
    share, level = np.repeat(share, len(LEVELS)), np.tile(LEVELS, len(n))
    cells, members = said.shape
    # y = said @ w + over - under, and each step over or under costs its level's share.
    cost = np.r_[np.zeros(members), share * level, share * (1 - level)]
    unit = np.max(np.abs(said), axis=1)[:, None]
    equal = np.hstack([said / unit, np.eye(cells), -np.eye(cells)])
    cost[members:] *= np.tile(unit[:, 0], 2)
    whole = np.r_[np.ones(members), np.zeros(2 * cells)][None]
    answer = linprog(cost, A_eq=np.vstack([equal, whole]), b_eq=np.r_[y / unit[:, 0], 1.0], method="highs")
    return float(answer.fun)


def beside_brute_force() -> float:
    """Return the worst distance of a weight from the loop written out."""
    worst = 0.0
    for seed in range(4):
        them = crowd(seed, targets=1 + seed % 2)
        ours, theirs = learnt(them, rounds=10), by_brute_force(them, rounds=10)
        worst = max(worst, *(abs(ours.get(name, 0.0) - theirs.get(name, 0.0)) for name in them.forecasts))
    return worst


def beside_the_optimum() -> float:
    """Return how far the greedy loss is above the least there is, as a share of it."""
    worst = 0.0
    for seed in range(6):
        them = crowd(seed, members=6)
        least = least_loss(them)
        found = them.loss(combined("ensemble", them.forecasts, learnt(them)))
        assert found >= least * (1 - 1e-9)
        worst = max(worst, found / least - 1)
    return worst


def beside_numpy(median: bool) -> float:
    """Return how far a combination is from NumPy's average or median of what the members said."""
    worst = 0.0
    for seed in range(5):
        them = crowd(seed, members=2 + seed)
        stack = np.array([forecast.values for forecast in them.forecasts.values()])
        weights = dict(zip(them.forecasts, np.random.default_rng(seed).uniform(size=len(stack)), strict=True))
        ours = median_of("median", them.forecasts) if median else combined("ensemble", them.forecasts, weights)
        truth = np.median(stack, axis=0) if median else np.average(stack, axis=0, weights=list(weights.values()))
        worst = max(worst, float(np.max(np.abs(ours.values - truth) / np.abs(stack).max(axis=0))))
    return worst


def agreeing_moved() -> float:
    """Return how many bits change where members who say the same are combined, at any size and weights."""
    changed = 0
    for seed in range(20):
        draw = np.random.default_rng(seed)
        one = next(iter(crowd(seed).forecasts.values()))
        one = replace(one, mean=one.mean * 10.0 ** draw.integers(-290, 290), values=one.values / 3)
        same = dict.fromkeys(NAMES, one)
        weights = dict(zip(NAMES, draw.uniform(size=len(NAMES)), strict=True))
        for got in (combined("ensemble", same, weights), median_of("median", same)):
            changed += int((got.mean != one.mean).sum() + (got.values != one.values).sum())
    return float(changed)


def weights_moved() -> float:
    """Return how many weights change when all that comes after the inner windows is noise, gaps or a constant."""
    changed = 0
    for seed in range(4):
        them = crowd(seed)
        expected = learnt(them)
        last = them.forecasts["naive"].origins.rows.max() + them.task.horizon
        for value in (np.nan, 1e6, np.random.default_rng(seed)):
            values = them.panel.values.copy()
            for low, high in zip(them.panel.offsets, them.panel.offsets[1:], strict=False):
                shape = values[low + last : high].shape
                values[low + last : high] = value.normal(size=shape) if hasattr(value, "normal") else value
            got = learnt(replace(them, panel=replace(them.panel, values=values)))
            changed += sum(got.get(name, 0.0) != expected.get(name, 0.0) for name in them.forecasts)
    return float(changed)


PROOFS: tuple[Proof, ...] = (
    Proof("Greedy weights", "the published loop, written out", 1e-12, beside_brute_force),
    Proof("Greedy weights: loss", "the least of any weights, by linear programming", 0.02, beside_the_optimum),
    Proof("Weighted average of quantiles", "numpy.average", 1e-12, lambda: beside_numpy(median=False)),
    Proof("Median of quantiles", "numpy.median", 1e-12, lambda: beside_numpy(median=True)),
    Proof("Members that agree are met", "bits changed, any weights and sizes", 0, agreeing_moved),
    Proof("What follows the inner windows moves no weight", "noise, gaps, a constant", 0, weights_moved),
)
