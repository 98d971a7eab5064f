"""Rows of the table of correctness: scalers, levels of windows, and what a window may hold."""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import get_args

import numpy as np
import torch

from seqcast.budget import Deadline
from seqcast.data.encode import fit_encoder
from seqcast.data.panel import Panel
from seqcast.data.scale import Scaler, fit_scaler
from seqcast.data.split import Carve, Rolling
from seqcast.data.window import Windows
from seqcast.errors import ConfigError, HistoryError
from seqcast.evaluate.backtest import Folds, backtest
from seqcast.forecasters.base import Forecaster
from seqcast.forecasters.classical import build_local
from seqcast.forecasters.neural import Neural
from seqcast.models.recurrent import RecurrentConfig
from seqcast.nn.level import Level, Normalisation, level_of
from seqcast.train.config import FitConfig
from seqcast.types import Origins, Task
from tests.panels import make_panel
from tests.proofs.table import Proof

KINDS = ("standard", "minmax", "robust")
FIRST = np.zeros(1, dtype=np.int64)


def columns() -> Iterator[np.ndarray]:
    """Yield columns from 10⁻³⁰⁰ to 10¹⁵⁰: noise, walks, whole numbers, constants, a single value; some with gaps."""
    draw = np.random.default_rng(0)
    for exponent in (-300, -20, -3, 0, 3, 20, 150):
        size = 10.0**exponent
        yield size * draw.normal(size=60)
        yield size * draw.normal(size=60).cumsum()
        yield size * draw.integers(-9, 9, size=31)
        yield size * (1 + 1e-9 * draw.normal(size=20))
        yield np.full(5, size)
        yield np.array([-size])
        yield np.where(draw.random(40) < 0.3, np.nan, size * draw.normal(size=40))


def rows_of(column: np.ndarray) -> np.ndarray:
    """Return which series each row of a panel of one series belongs to."""
    return np.zeros(len(column), dtype=np.int64)


def textbook() -> float:
    """Return how far location and scale are from Python's own statistics, relative to the spread."""
    worst = 0.0
    for column in columns():
        seen = column[~np.isnan(column)].tolist()
        if len(seen) < 2 or max(seen) - min(seen) < 1e-6 * max(map(abs, seen)):
            continue
        low, middle, high = statistics.quantiles(seen, n=4, method="inclusive")
        truth = {
            "standard": (statistics.fmean(seen), statistics.pstdev(seen)),
            "minmax": (min(seen), max(seen) - min(seen)),
            "robust": (middle, high - low),
        }
        for kind, (loc, scale) in truth.items():
            scaler = fit_scaler(make_panel({"a": column}), kind)
            off = max(abs(scaler.loc[0, 0] - loc), abs(scaler.scale[0, 0] - scale))
            worst = max(worst, off / scale)
    return worst


def by_hand() -> float:
    """Return how far the scalers of 1, 2, 4, 9 are from figures worked out by hand."""
    worst, panel = 0.0, make_panel({"a": np.array([9.0, np.nan, 1.0, 4.0, 2.0])})
    for kind, loc, scale in (("standard", 4.0, 9.5**0.5), ("minmax", 1.0, 8.0), ("robust", 3.0, 3.5)):
        scaler = fit_scaler(panel, kind)
        worst = max(worst, abs(scaler.loc[0, 0] - loc), abs(scaler.scale[0, 0] - scale))
    return worst


def onto_0_to_1() -> float:
    """Return in how many columns min-max leaves a least value other than 0 or a largest other than 1."""
    missed = 0
    for column in columns():
        if np.nanmax(column) - np.nanmin(column) > 1e-9 * np.nanmax(np.abs(column)):
            scaled = fit_scaler(make_panel({"a": column}), "minmax").apply(column[:, None], rows_of(column))
            missed += (np.nanmin(scaled), np.nanmax(scaled)) != (0.0, 1.0)
    return float(missed)


def there_and_back() -> float:
    """Return how far a value that was scaled and scaled back is from itself, in last places of its column's largest."""
    worst = 0.0
    for column in columns():
        for kind in KINDS:
            worst = max(worst, round_trip(fit_scaler(make_panel({"a": column}), kind), column))
    return worst


def round_trip(scaler: Scaler, column: np.ndarray) -> float:
    """Return the worst error of one column in last places; infinite where a gap was filled or a value lost."""
    series = rows_of(column)
    back = scaler.inverse(scaler.apply(column[:, None], series), series)[:, 0]
    if not np.array_equal(np.isnan(back), np.isnan(column)):
        return np.inf
    return float(np.nanmax(np.abs(back - column)) / np.spacing(np.nanmax(np.abs(column))))


def windows_of_noise(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return windows and which of their steps were observed; in some windows none."""
    draw = np.random.default_rng(seed)
    values = 10.0 ** draw.integers(-2, 3, size=(6, 1, 2)) * draw.normal(size=(6, 9, 2)) + draw.normal(size=(6, 1, 2))
    observed = draw.random((6, 9, 2)) < 0.7
    observed[0] = False
    values[1] = 3.5
    return np.where(observed.any(axis=1, keepdims=True), values, 0.0), observed


def levels_in_numpy() -> float:
    """Return how far the levels of windows are from the same written with NumPy's functions, in their scale."""
    worst = 0.0
    for seed in range(5):
        values, observed = windows_of_noise(seed)
        for b, k in np.ndindex(6, 2):
            seen = values[b, observed[b, :, k], k]
            some = seen if len(seen) else np.zeros(1)
            truth = {
                "none": (0.0, 1.0),
                "last": (values[b, -1, k], 1.0),
                "mean-std": (some.mean(), np.hypot(some.std(), 0.01)),
                "min-max": (some.min(), max(np.ptp(some), 0.01)),
            }
            for kind in get_args(Normalisation):
                level = measured(values, observed, kind)
                loc, scale = truth[kind]
                off = max(abs(level.loc[b, k].item() - loc), abs(level.scale[b, k].item() - scale))
                worst = max(worst, off / scale)
    return worst


def measured(values: np.ndarray, observed: np.ndarray, kind: Normalisation) -> Level:
    """Return the levels of windows in float64."""
    return level_of(torch.from_numpy(values), torch.from_numpy(observed).double(), kind)


def level_and_back() -> float:
    """Return how far a window whose level was taken out and put back is from itself, in last places of float32."""
    worst = 0.0
    for seed in range(5):
        values, observed = (torch.from_numpy(part).float() for part in windows_of_noise(seed))
        last_place = np.spacing(values.abs().amax(dim=1, keepdim=True).numpy())
        for kind in get_args(Normalisation):
            level = level_of(values, observed, kind)
            back = level.restore(level.remove(values)[..., None])[..., 0]
            worst = max(worst, float(((back - values).abs().numpy() / last_place).max()))
    return worst


CUT = np.array([50, 40])
TASK = Task(horizon=3, quantiles=(0.1, 0.5, 0.9), season=1)


def two_series(after: Callable[[np.ndarray], np.ndarray] = lambda rows: rows) -> Panel:
    """Return two series of a target and a past feature, with what comes after the cutoff changed."""
    draw, blocks = np.random.default_rng(4), {}
    for name, cut in zip("ab", CUT, strict=True):
        block = draw.normal(size=(70, 2)).cumsum(axis=0)
        block[draw.integers(0, cut, size=4), 1] = np.nan
        blocks[name] = np.concatenate([block[:cut], after(block[cut:])])
    return make_panel(blocks, past=1)


def blind(rows: np.ndarray) -> np.ndarray:
    """Return nothing in the place of what came."""
    return np.full_like(rows, np.nan)


def huge(rows: np.ndarray) -> np.ndarray:
    """Return 10⁹ in the place of what came."""
    return np.full_like(rows, 1e9)


def noise(rows: np.ndarray) -> np.ndarray:
    """Return noise in the place of what came."""
    return np.random.default_rng(9).normal(size=rows.shape)


def scales_changed(known: Callable[[Panel], Panel] = lambda panel: panel.before(CUT)) -> float:
    """Return how many locations and scales change with what comes after the cutoff."""
    changed = 0
    for kind in KINDS:
        true = fit_scaler(known(two_series()), kind)
        for after in (blind, huge, noise):
            other = fit_scaler(known(two_series(after)), kind)
            changed += int((true.loc != other.loc).sum() + (true.scale != other.scale).sum())
    return float(changed)


def forecasts_changed() -> float:
    """Return how many numbers a network forecasts otherwise when other things come after the cutoff it learnt up to."""
    changed = 0
    for kind in KINDS:
        true = forecast_of(two_series(), kind)
        changed += sum(int((forecast_of(two_series(after), kind) != true).sum()) for after in (blind, huge, noise))
    return float(changed)


def forecast_of(panel: Panel, kind: str) -> np.ndarray:
    """Return what a small network, trained up to the cutoff, forecasts from there."""
    training = FitConfig(epochs=1, steps=2, scaler=kind)
    neural = Neural("gru", RecurrentConfig(width=4, context=8, normalise="min-max"), training)
    fitted = neural.fit(panel.before(CUT), TASK, Deadline())
    return fitted.predict(panel, Origins(np.arange(2), CUT, np.zeros(2, dtype=np.int64))).values


def backtest_moved(forecaster: Forecaster, refit: bool) -> int:
    """Return how many numbers a backtest says otherwise when what was not known at their cutoff turns to noise."""
    task, panel = Task(horizon=3, quantiles=(0.5,), season=4), two_series()
    rolling = Rolling(horizon=3, windows=3)
    folds = Folds(rolling.known_rows(panel), rolling.origins(panel))
    starts = tuple(range(rolling.windows)) if refit else (0,)
    expected = backtest(forecaster, panel, task, folds, starts=starts, deadline=Deadline()).forecast
    moved = 0
    # Of a model that learns once, later forecasts read rows after the first cutoff, and rightly so.
    for fold in range(rolling.windows if refit else 1):
        known = folds.known[fold]
        for spoilt in (panel_after(known, blind), panel_after(known, huge), panel_after(known, noise)):
            said = backtest(forecaster, spoilt, task, folds, starts=starts, deadline=Deadline()).forecast
            mine = expected.origins.fold <= fold
            moved += int((said.values[mine] != expected.values[mine]).sum())
    return moved


def panel_after(known: np.ndarray, after: Callable[[np.ndarray], np.ndarray]) -> Panel:
    """Return the two series with every value changed that is not among the `known` rows of its series."""
    panel = two_series()
    values = panel.values.copy()
    for start, end, rows in zip(panel.offsets, panel.offsets[1:], known, strict=False):
        values[start + rows : end] = after(values[start + rows : end])
    return replace(panel, values=values)


def backtests_moved() -> float:
    """Return `backtest_moved` for a network learnt once, one learnt anew at every cutoff, and a classical model."""
    network = Neural("gru", RecurrentConfig(width=4, context=6), FitConfig(epochs=1, steps=4))
    asked = ((network, False), (network, True), (build_local("theta", workers=1), True))
    return float(sum(backtest_moved(forecaster, refit) for forecaster, refit in asked))


def fitted_too_late() -> float:
    """Return how many scalers that know rows after the cutoff are not refused by windows."""
    panel, accepted = two_series(), 0
    for more in (np.array([1, 0]), np.array([0, 1]), np.array([20, 30])):
        try:
            Windows.of(panel.before(CUT), fit_encoder(panel.before(CUT + more)), context=4, horizon=2)
            accepted += 1
        except ConfigError:
            continue
    return float(accepted)


def sliced_otherwise() -> float:
    """Return how many numbers of windows are not those of plain slices of the scaled table."""
    panel, wrong = two_series(), 0
    encoder = fit_encoder(panel)
    scaler = encoder.scaler
    for context, horizon in ((1, 1), (7, 3), (40, 9)):
        windows = Windows.of(panel, encoder, context, horizon)
        for series in (0, 1):
            table = panel.values[panel.offsets[series] : panel.offsets[series + 1]]
            target = ((table[:, 0] - scaler.loc[series, 0]) / scaler.scale[series, 0]).astype(np.float32)
            for row in range(context, 70 - horizon):
                batch = windows.batch(Origins(FIRST + series, FIRST + row, FIRST))
                wrong += int((batch.past[0, :, 0].numpy() != target[row - context : row]).sum())
                wrong += int((batch.target[0, :, 0].numpy() != target[row : row + horizon]).sum())
                wrong += int((~batch.observed).sum())
    return float(wrong)


def shared_targets() -> float:
    """Return how many rows are targets of training and of validation, or lie after what is known."""
    shared = 0
    for rows in range(5, 130, 6):
        panel = make_panel({"a": np.arange(float(rows)), "b": np.arange(rows // 2 + 1.0)})
        for context, horizon in ((1, 1), (12, 5), (50, 11)):
            try:
                parts = Carve(context=context, horizon=horizon).origins(panel)
            except HistoryError:
                continue
            train, valid = ({*targets_of(part, horizon)} for part in parts)
            shared += len(train & valid) + sum(row >= panel.history[series] for series, row in train | valid)
    return float(shared)


def targets_of(origins: Origins, horizon: int) -> Iterator[tuple[int, int]]:
    """Yield the series and the row of every target."""
    for series, row in zip(origins.series.tolist(), origins.rows.tolist(), strict=True):
        yield from ((series, row + step) for step in range(horizon))


def inverse_of_forecast() -> float:
    """Return how many numbers of a forecast's shape are scaled back otherwise than column by column, row by row."""
    draw = np.random.default_rng(1)
    scaler = Scaler(draw.normal(size=(3, 4)), draw.random((3, 4)) + 0.1, np.array([9, 9, 9]))
    series, values = np.array([2, 0, 0, 1]), draw.normal(size=(4, 2, 5, 3))
    back, wrong = scaler.inverse(values, series), 0
    for n, k, h, q in np.ndindex(values.shape):
        wrong += back[n, k, h, q] != values[n, k, h, q] * scaler.scale[series[n], k] + scaler.loc[series[n], k]
    return float(wrong)


PROOFS: tuple[Proof, ...] = (
    Proof("Standard, min-max and robust scaler", "Python's statistics, 10⁻³⁰⁰ to 10¹⁵⁰", 1e-12, textbook),
    Proof("Scalers of 1, 2, 4, 9", "figures worked out by hand", 1e-15, by_hand),
    Proof("Min-max reaches exactly 0 and 1", "columns that miss one of them", 0, onto_0_to_1),
    Proof("A scaled value scaled back", "itself, 10⁻³⁰⁰ to 10¹⁵⁰ (last places)", 4, there_and_back),
    Proof("A forecast scaled back", "number by number; numbers that differ", 0, inverse_of_forecast),
    Proof("Level of a window, four kinds", "NumPy (relative)", 1e-12, levels_in_numpy),
    Proof("A level taken out and put back", "the window itself (last places of float32)", 4, level_and_back),
    Proof("What comes after the cutoff moves no scale", "NaN, 10⁹, noise there; numbers changed", 0, scales_changed),
    Proof(
        "What comes after the cutoff moves no forecast", "NaN, 10⁹, noise there; numbers changed", 0, forecasts_changed
    ),
    Proof("A backtest: what comes after a cutoff moves no forecast", "the same, whole backtests", 0, backtests_moved),
    Proof("A scaler that knows the future is refused", "scalers accepted", 0, fitted_too_late),
    Proof("Windows", "plain slices of the table; numbers that differ", 0, sliced_otherwise),
    Proof("Training and validation share no target", "rows in both, or after the cutoff", 0, shared_targets),
)
