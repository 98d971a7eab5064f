"""The losses of models as tests need them: one number a window, one a series, and what moves together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from seqcast.data.panel import Panel
from seqcast.evaluate.leaderboard import Backtests, Scales
from seqcast.evaluate.significance import Contrast, Pieces, design_effect, over_series, over_windows
from seqcast.types import Forecast, Task

LEAST_SERIES = 30  # of fewer, too little is known of how they move together
LEAST_STEPS = 6


@dataclass(frozen=True, eq=False)
class Losses:
    """Scaled absolute errors of models on the same forecasts, each weighed so that their sum is the MASE.

    Parameters
    ----------
    cells : mapping of str to float array (N, H)
        By model, sums over targets; NaN where nothing was observed, infinite where a forecast was missing.
    fold, series : int array (N,)
        Window and series of each forecast, both numbered from 0 without holes.
    times : int array (N, H)
        Time of each step, numbered from 0 without holes.
    overlap : int
        Windows that begin within one horizon; 1 when none overlap.
    points : int
        Values that were observed.
    """

    cells: dict[str, Float[np.ndarray, "N H"]]
    fold: Int[np.ndarray, "N"]
    series: Int[np.ndarray, "N"]
    times: Int[np.ndarray, "N H"]
    overlap: int
    points: int

    @property
    def windows(self) -> int:
        """Windows in which something was observed."""
        return int(self.fold.max(initial=-1)) + 1

    @property
    def count(self) -> int:
        """Series on which something was observed."""
        return int(self.series.max(initial=-1)) + 1

    @cached_property
    def mase(self) -> dict[str, float]:
        """MASE of each model that could be judged and gave every forecast."""
        totals = {name: float(np.nansum(cells)) for name, cells in self.cells.items()}
        return {name: total for name, total in totals.items() if self.points and np.isfinite(total)}

    def by_window(self, name: str) -> Pieces:
        """Return the losses of a model in each window; their mean is its MASE."""
        return self._pieces(name, self.fold)

    def by_series(self, name: str) -> Pieces:
        """Return the losses of a model on each series; their mean is its MASE."""
        return self._pieces(name, self.series)

    def _pieces(self, name: str, groups: Int[np.ndarray, "N"]) -> Float[np.ndarray, "G"]:
        sums = np.bincount(groups, np.nansum(self.cells[name], axis=1))
        return sums * len(sums)

    def contrast(self, one: str, other: str) -> tuple[Contrast, bool]:
        """Test equal loss on windows or on series, whichever are more independent pieces; the flag says series."""
        windows = over_windows(self.by_window(one) - self.by_window(other), self.overlap)
        if not self._series_can_tell:
            return windows, False
        inflation = design_effect(self.cells[one] - self.cells[other], self.series, self.times)
        series = over_series(self.by_series(one) - self.by_series(other), inflation)
        return (series, True) if series.freedom > windows.freedom else (windows, False)

    @property
    def _series_can_tell(self) -> bool:
        return self.count >= LEAST_SERIES and int(self.times.max(initial=-1)) + 1 >= LEAST_STEPS


def losses_of(panel: Panel, task: Task, backtests: Backtests, first_cutoff_rows: Int[np.ndarray, "series"]) -> Losses:
    """Return the losses of every model of a backtest.

    Series and targets weigh alike, as on the leaderboard; those that cannot be scaled (a constant) do not count.

    Raises
    ------
    ValueError
        When the models were judged at other origins.
    """
    scales = Scales.of(panel, first_cutoff_rows, task.season).absolute
    forecasts = {name: _in_order(forecast) for name, (forecast, _) in backtests.items()}
    _refuse_other_origins(forecasts)
    if not forecasts:
        nothing = np.zeros(0, dtype=np.int64)
        return Losses({}, nothing, nothing, nothing.reshape(0, task.horizon), 1, 0)
    origins = next(iter(forecasts.values())).origins
    actual = panel.actual(origins, task.horizon) / scales[origins.series][:, None]
    seen = ~np.isnan(actual)
    counts = np.zeros(scales.shape)
    np.add.at(counts, origins.series, seen.sum(axis=1))
    weights = 1 / (np.maximum(counts, 1) * max(int((counts > 0).sum()), 1))
    judged = seen.any(axis=(1, 2))
    cells = {}
    for name, forecast in forecasts.items():
        errors = np.abs(actual - forecast.median / scales[origins.series][:, None])
        errors = np.where(seen & ~np.isfinite(errors), np.inf, errors) * weights[origins.series][:, None]
        total = np.where(seen, errors, 0.0).sum(axis=2)
        cells[name] = np.where(seen.any(axis=2), total, np.nan)[judged]
    times = panel.times_after(origins, task.horizon)[judged]
    return Losses(
        cells,
        fold=_numbered(origins.fold[judged]),
        series=_numbered(origins.series[judged]),
        times=_numbered(times.ravel()).reshape(times.shape),
        overlap=_overlap(forecasts, task.horizon),
        points=int(seen.sum()),
    )


def _in_order(forecast: Forecast) -> Forecast:
    return forecast.take(np.lexsort((forecast.origins.rows, forecast.origins.series)))


def _refuse_other_origins(forecasts: dict[str, Forecast]) -> None:
    places = [(name, forecast.origins.series, forecast.origins.rows) for name, forecast in forecasts.items()]
    for name, series, rows in places[1:]:
        first, same, known = places[0]
        if not (np.array_equal(series, same) and np.array_equal(rows, known)):
            raise ValueError(f"Models are compared on the same origins only; {first} and {name} have others.")


def _overlap(forecasts: dict[str, Forecast], horizon: int) -> int:
    """Return how many windows, one after another, share steps with the first of them, itself included."""
    origins = next(iter(forecasts.values())).origins
    steps = np.diff(origins.rows)[np.diff(origins.series) == 0]
    stride = int(steps[steps > 0].min(initial=horizon))
    return -(-horizon // stride)


def _numbered(values: np.ndarray) -> Int[np.ndarray, "N"]:
    """Return the place of each value among the different ones, in their order."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)
