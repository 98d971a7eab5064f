"""Intervals corrected by what earlier windows got wrong: split and adaptive conformal quantiles around any forecaster.

Each quantile level is moved so far that the share of known past values below it is the level, in units of the
forecast's own width (conformalised quantiles: Romano, Patterson & Candès, 2019). The median stays: what is learnt is
how sure to be, not where to look. Three cares make it fit for a handful of windows and for a world that changes:

- Errors within a window are alike, and often those of all series at one cutoff. What all say together is trusted the
  less, the more cutoffs differ; a step, or a series and target, may differ from it as far as its own windows prove it.
  A few windows move little, none move nothing.
- Finite samples flatter. The rank is that of n + 1 errors, where a window counts as a few, not as its many steps.
- `adaptive`: newer windows count more, and a level that was missed too often asks for more than its name until the
  share is right again, however the world moves (adaptive conformal inference: Gibbs & Candès, 2021; beyond the largest
  error seen it goes on outward as quantile tracking does: Angelopoulos, Candès & Tibshirani, 2023). What a window
  taught is used once its rows are known, which for a step h is h rows after its cutoff.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.data.panel import Panel
from seqcast.errors import ConfigError, nearest
from seqcast.evaluate.backtest import Folds
from seqcast.evaluate.bands import effective_count
from seqcast.forecasters.calibrated import Calibration, mean_steps, moved_by, unit_of
from seqcast.types import Forecast, Task

Errors = Float[np.ndarray, "N H K Q"]
Levels = Float[np.ndarray, "Q"]


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How past windows are weighed. The figures were chosen on 14 data sets and tried on others: see bench/LOG.md.

    Parameters
    ----------
    rate : float
        How far an outermost level moves with the share that was missed in one window; 0 for not at all.
    half_life : float
        Windows after which an error counts half.
    caution : float
        Windows of all series together that weigh as much as the model's own word.
    own_windows, own_steps : float
        Windows of one series and target, or of all series at one step, that weigh as much as all errors together.
    points : float
        Independent errors that one window is worth at most.
    """

    rate: float
    half_life: float
    caution: float = 10.0
    own_windows: float = 30.0
    own_steps: float = 50.0
    points: float = 4.0


MANNERS = {"split": Manner(rate=0.0, half_life=np.inf), "adaptive": Manner(rate=0.05, half_life=20.0)}
FEWEST_WINDOWS = 3  # of one series and target, below which it is moved as all are
_FURTHEST = 0.5  # a level may ask for so much beyond 0 and 1, so that it finds back in time when the world calms


def calibrated(
    panel: Panel, forecast: Forecast, folds: Folds, task: Task, how: str = "adaptive"
) -> tuple[Forecast, Calibration]:
    """Return the forecasts with each fold corrected by what was known at its cutoff, and what corrects the next one.

    Parameters
    ----------
    panel : Panel
        What came is read from it; for a fold, only rows before its cutoff.
    forecast : Forecast
        What a model said at the origins of all folds.
    folds : Folds
        Rows known at each cutoff, the earliest first.
    task : Task
        Horizon.
    how : str
        `split` or `adaptive`.

    Returns
    -------
    forecast : Forecast
        In the same order. A fold before which nothing was judged is as it was.
    calibration : Calibration
        Learnt from all that is known at the end of the panel.

    Raises
    ------
    ConfigError
        For another `how`.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> from seqcast.data.split import Rolling
    >>> noise = np.random.default_rng(0).normal(size=200)
    >>> panel = read_panel(pl.DataFrame({"ds": range(200), "y": noise}))
    >>> rolling = Rolling(horizon=4, windows=40)
    >>> folds = Folds(rolling.known_rows(panel), rolling.origins(panel))
    >>> sure = np.broadcast_to([-0.5, 0.0, 0.5], (40, 4, 1, 3)).copy()  # 80 % of this noise lies within 1.28
    >>> said = Forecast(folds.origins, (0.1, 0.5, 0.9), np.zeros((40, 4, 1)), sure)
    >>> _, calibration = calibrated(panel, said, folds, Task(horizon=4, quantiles=(0.1, 0.5, 0.9)), "split")
    >>> calibration.apply(said.take(np.array([39]))).values.mean(axis=(0, 1, 2)).round(1).tolist()
    [-1.2, 0.0, 1.2]
    """
    if how not in MANNERS:
        raise ConfigError(f"Intervals are calibrated in one of two ways; got {how!r}. {nearest(how, MANNERS)}")
    manner, past = MANNERS[how], _Past.of(panel, forecast, folds, task)
    values, asked = forecast.values.copy(), past.levels
    taught = np.zeros(past.rows.shape, dtype=bool)
    for fold, rows in enumerate(folds.known):
        known = past.known(rows)
        asked = _asked(past, values, known & ~taught, asked, manner)
        taught |= known
        here = forecast.origins.fold == fold
        if here.any() and known.any():
            shift, _ = _shift(past, known, fold, asked, manner)
            part = forecast.take(here)
            values[here] = moved_by(part, shift[part.origins.series], past.steps[part.origins.series]).values
    known = past.known(panel.history)
    asked = _asked(past, values, known & ~taught, asked, manner)
    shift, pooled = _shift(past, known, len(folds.known), asked, manner)
    counts = np.zeros(past.steps.shape, dtype=np.int64)
    np.add.at(counts, past.series, (known[..., None] & past.judged).sum(axis=1))
    return replace(forecast, values=values), Calibration(past.levels, shift, pooled, past.steps, counts)


@dataclass(frozen=True, eq=False)
class _Past:
    """Every error of every window, and the row at which each becomes known."""

    levels: Levels
    series: Int[np.ndarray, "N"]
    fold: Int[np.ndarray, "N"]
    rows: Int[np.ndarray, "N H"]
    actual: Float[np.ndarray, "N H K"]
    scores: Errors
    judged: Bool[np.ndarray, "N H K"]
    steps: Float[np.ndarray, "series K"]

    @classmethod
    def of(cls, panel: Panel, forecast: Forecast, folds: Folds, task: Task) -> "_Past":
        origins, actual = forecast.origins, panel.actual(forecast.origins, task.horizon)
        steps = mean_steps(panel, folds.known[0])
        unit = unit_of(forecast.values, steps[origins.series])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            scores = (actual[..., None] - forecast.values) / unit[..., None]
        rows = origins.rows[:, None] + np.arange(task.horizon)
        judged = np.asarray(np.isfinite(scores).all(axis=-1))
        return cls(np.array(forecast.quantiles), origins.series, origins.fold, rows, actual, scores, judged, steps)

    def known(self, rows: Int[np.ndarray, "series"]) -> Bool[np.ndarray, "N H"]:
        """Say which steps of which forecasts have come when the first `rows` rows of each series are known."""
        return self.rows < rows[self.series][:, None]

    def above(self, values: Errors) -> Bool[np.ndarray, "N H K Q"]:
        """Say which values lie above each quantile; one that meets it counts as inside the interval."""
        upper = self.levels > 0.5
        actual = self.actual[..., None]
        return np.where(upper, actual > values, actual >= values)


def _asked(past: _Past, values: Errors, new: Bool[np.ndarray, "N H"], asked: Levels, manner: Manner) -> Levels:
    """Return the levels to ask for after the rows that have just become known, given what was said of them."""
    judged = new[..., None] & past.judged
    if not manner.rate or not judged.any():
        return asked
    # A window weighs as much as another, however many series have it; sums of counts do not hang on their order.
    above = (past.above(values) & judged[..., None]).sum(axis=(1, 2))
    counts = judged.sum(axis=(1, 2))
    missed = np.zeros(len(asked))
    for fold in np.unique(past.fold[counts > 0]):
        mine = past.fold == fold
        size = mine.sum() * judged.shape[1] * judged.shape[2]
        missed += (above[mine].sum(axis=0) - (1 - past.levels) * counts[mine].sum()) / size
    # In the middle a window is all above or all below by chance alone: only outer levels learn from one.
    moved = asked + manner.rate * np.abs(2 * past.levels - 1) * missed
    upper = past.levels > 0.5
    return np.clip(moved, np.where(upper, 0.0, -_FURTHEST), np.where(upper, 1 + _FURTHEST, 1.0))


def _shift(
    past: _Past, known: Bool[np.ndarray, "N H"], fold: int, asked: Levels, manner: Manner
) -> tuple[Float[np.ndarray, "series H K Q"], Float[np.ndarray, "H K Q"]]:
    """Return how far to move each level, by series, and for a series that was never seen."""
    horizon, targets = past.actual.shape[1:]
    pooled = np.zeros((horizon, targets, len(asked)))
    shift = np.zeros((len(past.steps), *pooled.shape))
    judged = known[..., None] & past.judged
    if not judged.any():
        return shift, pooled
    weight = 0.5 ** ((fold - past.fold) / manner.half_life)
    windows = _windows(past, judged, weight)
    # A window of two values is worth no more than two errors.
    points = min(manner.points, judged.sum() / judged.any(axis=(1, 2)).sum())
    level = _ranked(asked, windows * points)
    alone = windows * _apart(past, judged, points)
    trust = alone / (alone + manner.caution)
    weights = np.broadcast_to(weight[:, None, None], judged.shape)
    every = past.scores[judged]
    base = weighted_quantiles(every, weights[judged], level)
    beyond = asked - np.clip(asked, 0, 1)
    for step in range(horizon):
        mine = judged[:, step]
        whole = mine.sum() in (0, len(every))
        own = base if whole else weighted_quantiles(past.scores[:, step][mine], weights[:, step][mine], level)
        pooled[step] = base + windows / (windows + manner.own_steps) * (own - base)
    pooled = trust * pooled + beyond * np.ptp(every, axis=0)
    shift += pooled
    for series in np.unique(past.series):
        rows = past.series == series
        for target in range(targets):
            mine = judged[rows][..., target]
            own_windows = _windows_of(mine.sum(axis=1), weight[rows])
            if own_windows < FEWEST_WINDOWS or mine.sum() == len(every):
                continue
            own = weighted_quantiles(past.scores[rows][..., target, :][mine], weights[rows][..., target][mine], level)
            shift[series, :, target] += trust * own_windows / (own_windows + manner.own_windows) * (own - base)
    return shift, pooled


def _apart(past: _Past, judged: Bool[np.ndarray, "N H K"], points: float) -> float:
    """Return the share of windows that tell something of their own: series that err together tell one thing.

    It is Kish's design effect of the cutoffs, on how often an error is among the largest fifth.
    """
    sizes = np.abs(past.scores[..., np.argmin(np.abs(past.levels - 0.5))])
    small = judged & (sizes <= np.quantile(sizes[judged], 0.8))
    most = points * judged.any(axis=(1, 2)).sum()
    return min(1.0, effective_count(small, judged, past.fold) / most)


def _windows(past: _Past, judged: Bool[np.ndarray, "N H K"], weight: Float[np.ndarray, "N"]) -> float:
    """Return how many windows of one weight the errors are worth (Kish, 1965); a series at a cutoff is one."""
    return _windows_of(judged.sum(axis=(1, 2)), weight)


def _windows_of(counts: Int[np.ndarray, "n"], weight: Float[np.ndarray, "n"]) -> float:
    # Windows of one weight are summed as whole numbers first: the order of series then changes no bit.
    ages, place = np.unique(weight, return_inverse=True)
    sums, squares = np.zeros(len(ages), dtype=np.int64), np.zeros(len(ages), dtype=np.int64)
    np.add.at(sums, place, counts)
    np.add.at(squares, place, counts**2)
    total = float(ages @ sums)
    return total**2 / float(ages**2 @ squares) if total > 0 else 0.0


def _ranked(asked: Levels, errors: float) -> Levels:
    """Return the levels at which to read the errors seen, for the share among them and the next one to be as asked."""
    outer = np.maximum(asked, 1 - asked)
    widened = np.minimum(np.clip(outer, 0.5, 1.0) * (1 + 1 / errors), 1.0)
    return np.where(asked > 0.5, widened, np.where(asked < 0.5, 1 - widened, 0.5))


def weighted_quantiles(
    scores: Float[np.ndarray, "n Q"], weights: Float[np.ndarray, "n"], levels: Levels
) -> Float[np.ndarray, "Q"]:
    """Return the quantile of each column at its level; each score stands in the middle of its own weight.

    Examples
    --------
    >>> scores = np.array([[1.0, 1.0], [3.0, 3.0], [2.0, 2.0]])
    >>> weighted_quantiles(scores, np.array([1.0, 2.0, 1.0]), np.array([0.375, 0.75])).tolist()
    [2.0, 3.0]
    """
    found = np.empty(scores.shape[1])
    for q, level in enumerate(levels):
        order = np.lexsort((weights, scores[:, q]))
        heavy = weights[order]
        total = np.cumsum(heavy)
        found[q] = np.interp(level, (total - heavy / 2) / total[-1], scores[order, q])
    return found
