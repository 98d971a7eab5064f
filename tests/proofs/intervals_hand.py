"""Calibration written out value by value in plain Python, to compare the real one with."""

from collections import defaultdict

import numpy as np

from seqcast.data.panel import Panel
from seqcast.evaluate.backtest import Folds
from seqcast.evaluate.conformal import MANNERS
from seqcast.types import Forecast, Task

Cell = tuple[int, int, int]
"""A value: forecast, step, target."""


class ByHand:
    """Goes through the folds as a person would, one value at a time."""

    def __init__(self, panel: Panel, forecast: Forecast, folds: Folds, task: Task, how: str):
        origins = forecast.origins
        self.said, self.levels, self.manner = forecast.values, forecast.quantiles, MANNERS[how]
        self.series, self.rows, self.fold = origins.series.tolist(), origins.rows.tolist(), origins.fold.tolist()
        self.actual = panel.actual(origins, task.horizon)
        self.cells: list[Cell] = list(np.ndindex(*self.actual.shape))
        self.unit = {cell: self.unit_at(cell, panel, folds) for cell in self.cells}
        self.asked = list(self.levels)
        self.learnt: list[Cell] = []
        self.now, self.share_apart = 0, 0.0

    def unit_at(self, cell: Cell, panel: Panel, folds: Folds) -> float:
        n, _, target = cell
        low = panel.offsets[self.series[n]]
        rows = panel.targets[low : low + folds.known[0, self.series[n]], target].tolist()
        changes = [abs(after - before) for before, after in zip(rows[:-1], rows[1:], strict=True)]
        seen = [change for change in changes if change == change]
        width = float(self.said[cell][-1] - self.said[cell][0])
        step = sum(seen) / len(seen)
        return width if width > 1e-3 * step else step

    def values(self, known: np.ndarray) -> np.ndarray:
        """Return the quantiles of every fold."""
        values = self.said.copy()
        for self.now, rows in enumerate(known.tolist()):
            fresh = [cell for cell in self.cells if self.came(cell, rows) and cell not in set(self.learnt)]
            self.asked = [self.level_after(q, fresh, values) for q in range(len(self.levels))]
            self.learnt += fresh
            self.share_apart = self.apart() if self.learnt else 0.0
            for cell in self.cells:
                if self.learnt and self.fold[cell[0]] == self.now:
                    values[cell] = sorted(self.moved(cell, q) for q in range(len(self.levels)))
        return values

    def came(self, cell: Cell, rows: list[int]) -> bool:
        n, step, _ = cell
        known = self.rows[n] + step < rows[self.series[n]]
        return self.fold[n] < self.now and known and not np.isnan(self.actual[cell])

    def level_after(self, q: int, fresh: list[Cell], values: np.ndarray) -> float:
        level, missed = self.levels[q], 0.0
        for cell in fresh:
            over = self.actual[cell] - values[cell][q]
            above = over > 0 or (over == 0 and level < 0.5)
            together = self.fold.count(self.fold[cell[0]]) * self.actual.shape[1] * self.actual.shape[2]
            missed += (above - (1 - level)) / together
        wanted = self.asked[q] + self.manner.rate * abs(2 * level - 1) * missed
        return min(max(wanted, 0.0), 1.5) if level > 0.5 else min(max(wanted, -0.5), 1.0)

    def moved(self, cell: Cell, q: int) -> float:
        level, own = self.levels[q], float(self.said[cell][q])
        if level == 0.5:
            return own
        wanted, median = own + self.shift(cell, q) * self.unit[cell], float(self.said[cell][self.levels.index(0.5)])
        return min(wanted, median) if level < 0.5 else max(wanted, median)

    def shift(self, cell: Cell, q: int) -> float:
        """Return what all errors say, nearer to those of the step, and to those of the series and target."""
        n, step, target = cell
        at_step = [other for other in self.learnt if other[1] == step]
        alike = [o for o in self.learnt if self.series[o[0]] == self.series[n] and o[2] == target]
        every, own, base = self.windows(self.learnt), self.windows(alike), self.quantile(self.learnt, q)
        found = base
        if at_step:
            found += every / (every + self.manner.own_steps) * (self.quantile(at_step, q) - base)
        if own >= 3:
            found += own / (own + self.manner.own_windows) * (self.quantile(alike, q) - base)
        scores = [self.score(other, q) for other in self.learnt]
        beyond = self.asked[q] - min(max(self.asked[q], 0.0), 1.0)
        alone = every * self.share_apart
        return alone / (alone + self.manner.caution) * found + beyond * (max(scores) - min(scores))

    def score(self, cell: Cell, q: int) -> float:
        return float((self.actual[cell] - self.said[cell][q]) / self.unit[cell])

    def weight(self, cell: Cell) -> float:
        return 0.5 ** ((self.now - self.fold[cell[0]]) / self.manner.half_life)

    def windows(self, chosen: list[Cell]) -> float:
        sizes: dict[int, float] = defaultdict(float)
        for cell in chosen:
            sizes[cell[0]] += self.weight(cell)
        return sum(sizes.values()) ** 2 / sum(size**2 for size in sizes.values()) if sizes else 0.0

    def apart(self) -> float:
        """Return the values that the learnt ones are worth by how cutoffs differ, over the most they could be."""
        sizes = {cell: abs(self.score(cell, self.levels.index(0.5))) for cell in self.learnt}
        limit = float(np.quantile(list(sizes.values()), 0.8))
        small = sum(size <= limit for size in sizes.values())
        share, gaps = small / len(sizes), defaultdict[int, int](int)
        for cell, size in sizes.items():
            gaps[self.fold[cell[0]]] += (size <= limit) * len(sizes) - small
        cutoffs, windows = len(gaps), len({cell[0] for cell in sizes})
        squares = sum(gap**2 for gap in gaps.values())
        worth = float(cutoffs)
        if cutoffs > 1 and squares > 0:
            variance = squares * cutoffs / (cutoffs - 1) / len(sizes) ** 4
            worth = min(max(share * (1 - share) / variance, cutoffs), len(sizes))
        return min(1.0, worth / (self.points() * windows))

    def points(self) -> float:
        """Return how many independent errors a window is worth."""
        return min(self.manner.points, len(self.learnt) / len({cell[0] for cell in self.learnt}))

    def quantile(self, chosen: list[Cell], q: int) -> float:
        """Return the quantile of these errors at the rank of one more than there are."""
        grown = 1 + 1 / (self.windows(self.learnt) * self.points())
        level = min(max(self.asked[q], 0.0), 1.0)
        level = min(level * grown, 1.0) if level > 0.5 else 1 - min((1 - level) * grown, 1.0)
        pairs = sorted((self.score(cell, q), self.weight(cell)) for cell in chosen)
        total, below, places = sum(weight for _, weight in pairs), 0.0, []
        for _, weight in pairs:
            places.append((below + weight / 2) / total)
            below += weight
        return float(np.interp(level, places, [score for score, _ in pairs]))


def by_hand(panel: Panel, forecast: Forecast, folds: Folds, task: Task, how: str) -> np.ndarray:
    """Return the calibrated quantiles."""
    return ByHand(panel, forecast, folds, task, how).values(folds.known)
