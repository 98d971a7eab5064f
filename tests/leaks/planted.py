"""Leaks planted on purpose, each beside the honest procedure that it is a slip away from.

Each pair is one function of a panel and of the rows that it reads where it should read those before the cutoff: the
honest one is given the rows known, the leaking one all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from seqcast.data.encode import fit_encoder
from seqcast.data.options import RoleOptions
from seqcast.data.panel import Panel
from seqcast.data.table import read_panel

KNOWN, HORIZON, LAGS = 120, 8, 6
INNER = KNOWN - HORIZON  # where the windows begin that an honest procedure chooses by


def table() -> pl.DataFrame:
    """Return a daily table: a target, a past feature with a gap at the cutoff, a known feature and a category."""
    rows = np.arange(160)
    draw = np.random.default_rng(4)
    feature = np.sin(rows / 5) + 0.1 * draw.normal(size=160)
    feature[KNOWN - 2 : KNOWN] = np.nan
    plan = np.round(draw.uniform(0, 3, 160))
    target = 10 + rows / 40 + 2 * np.sin(2 * np.pi * rows / 7) + plan + 0.3 * draw.normal(size=160)
    labels = np.array(["mill", "port", "yard"])[(rows // 3) % 3]
    day = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 6, 8), eager=True)
    return pl.DataFrame({"day": day, "y": target, "x": feature, "plan": plan, "site": labels})


def panel_of_table() -> Panel:
    """Return it as a panel; its columns are y, x, site, plan."""
    return read_panel(table(), RoleOptions(target=("y",), known=("plan",)))


def column(panel: Panel, name: str) -> np.ndarray:
    """Return a column, a gap at its end carried forward: rows that a spoilt table has lost are missing."""
    values = np.full(160, np.nan)
    there = panel.values[:, panel.columns.values.index(name)]
    values[: len(there)] = there
    return values


def filled(values: np.ndarray) -> np.ndarray:
    """Return the values with gaps carried forward."""
    last = np.maximum.accumulate(np.where(np.isnan(values), 0, np.arange(len(values))))
    return np.nan_to_num(values[last])


def ridge(target: np.ndarray, features: np.ndarray, ahead: np.ndarray, penalty: float = 1.0) -> np.ndarray:
    """Return the next `HORIZON` values of a ridge regression on lags of the target and features of the same row."""
    known = filled(target[:KNOWN])
    lags = np.lib.stride_tricks.sliding_window_view(known, LAGS)[:-1]
    inputs = np.column_stack([lags, features[LAGS:KNOWN], np.ones(len(lags))])
    weights = np.linalg.solve(inputs.T @ inputs + penalty * np.eye(inputs.shape[1]), inputs.T @ known[LAGS:])
    said = list(known)
    for step in range(HORIZON):
        said.append(float(np.concatenate([said[-LAGS:], ahead[step], [1.0]]) @ weights))
    return np.array(said[KNOWN:])


def plain(panel: Panel, penalty: float = 1.0) -> np.ndarray:
    """Return the forecast of the ridge regression on lags and the plan alone."""
    plan = filled(column(panel, "plan"))[:, None]
    return ridge(column(panel, "y"), plan[:KNOWN], plan[KNOWN : KNOWN + HORIZON], penalty)


def scaled(moments: Callable[[np.ndarray], tuple[float, float]], name: str):
    """Return the procedure that scales a column by what `moments` says of the rows read."""

    def procedure(panel: Panel, read: int) -> np.ndarray:
        values = column(panel, name)
        seen = values[:read][~np.isnan(values[:read])]
        loc, scale = moments(seen)
        target = (column(panel, "y") - loc) / scale if name == "y" else column(panel, "y")
        other = filled((values - loc) / scale)[:KNOWN, None] if name != "y" else np.zeros((KNOWN, 0))
        last = np.repeat(other[-1:], HORIZON, axis=0)
        said = ridge(target, other, last)
        return said * scale + loc if name == "y" else said

    return procedure


def shifted_feature(panel: Panel, read: int) -> np.ndarray:
    """Tomorrow's feature in today's row: to the last row, or up to the last one known."""
    feature = column(panel, "x")
    tomorrow = filled(np.append(feature[1:read], np.nan))
    tomorrow = np.concatenate([tomorrow, np.full(160 - len(tomorrow), tomorrow[-1])])
    return ridge(column(panel, "y"), tomorrow[:KNOWN, None], np.repeat(tomorrow[KNOWN - 1], HORIZON)[:, None])


def centred_mean(panel: Panel, read: int) -> np.ndarray:
    """A rolling mean that looks as far ahead as back."""
    values = filled(column(panel, "y")[:read])
    padded = np.pad(values, 3, mode="edge")
    smooth = np.lib.stride_tricks.sliding_window_view(padded, 7).mean(axis=1)
    return ridge(column(panel, "y"), smooth[:KNOWN, None], np.repeat(smooth[KNOWN - 1], HORIZON)[:, None])


def back_filled(panel: Panel, read: int) -> np.ndarray:
    """A gap at the cutoff filled from after it."""
    backwards = filled(column(panel, "x")[:read][::-1])[::-1] if read > KNOWN else filled(column(panel, "x")[:read])
    return ridge(column(panel, "y"), backwards[:KNOWN, None], np.repeat(backwards[KNOWN - 1], HORIZON)[:, None])


def mean_imputed(panel: Panel, read: int) -> np.ndarray:
    """A gap filled with the mean of the column."""
    values = column(panel, "x")
    values = np.where(np.isnan(values), np.nanmean(values[:read]), values)
    return ridge(column(panel, "y"), values[:KNOWN, None], np.repeat(values[KNOWN - 1], HORIZON)[:, None])


def judged_at(panel: Panel, read: int) -> tuple[np.ndarray, slice]:
    """Return the target and the rows that a choice is judged by: the last known, or those to be forecast."""
    start = INNER if read == KNOWN else KNOWN
    return filled(column(panel, "y")), slice(start, start + HORIZON)


def tuned(panel: Panel, read: int) -> np.ndarray:
    """A penalty chosen by the error of what it says of the judged rows."""
    actual, rows = judged_at(panel, read)
    said = {penalty: plain(panel, penalty) for penalty in (1e-3, 1.0, 30.0, 1e3, 1e5)}
    best = min(said, key=lambda penalty: float(np.abs(said[penalty] - actual[rows]).mean()))
    return said[best]


def stopped_early(panel: Panel, read: int) -> np.ndarray:
    """Gradient descent on a trend, stopped where the judged rows are told best."""
    actual, rows = judged_at(panel, read)
    known = filled(column(panel, "y")[:KNOWN])
    place = np.arange(160) / 160
    weights, best, kept = np.zeros(2), np.inf, np.zeros(2)
    inputs = np.column_stack([np.ones(160), place])
    for _ in range(400):
        weights = weights - 0.5 * inputs[:KNOWN].T @ (inputs[:KNOWN] @ weights - known) / KNOWN
        error = float(np.abs(inputs[rows] @ weights - actual[rows]).mean())
        if error < best:
            best, kept = error, weights
    return inputs[KNOWN : KNOWN + HORIZON] @ kept


def conformal(panel: Panel, read: int) -> np.ndarray:
    """An interval as wide as the errors of the judged rows were."""
    actual, rows = judged_at(panel, read)
    said = plain(panel)
    errors = np.abs(actual[rows] - np.repeat(actual[rows.start - 1], HORIZON))
    width = np.quantile(errors, 0.8)
    return np.column_stack([said - width, said, said + width])


def candidates(panel: Panel) -> np.ndarray:
    """Return naive, drift and seasonal naive forecasts."""
    known = filled(column(panel, "y")[:KNOWN])
    steps = np.arange(1, HORIZON + 1)
    drift = known[-1] + steps * (known[-1] - known[0]) / (KNOWN - 1)
    return np.stack([np.repeat(known[-1], HORIZON), drift, known[KNOWN - 7 + (steps - 1) % 7]])


def chosen(panel: Panel, read: int) -> np.ndarray:
    """The model that told the judged rows best."""
    actual, rows = judged_at(panel, read)
    said = candidates(panel)
    return said[np.abs(said - actual[rows]).mean(axis=1).argmin()]


def weighted(panel: Panel, read: int) -> np.ndarray:
    """Models weighted by how well they told the judged rows."""
    actual, rows = judged_at(panel, read)
    said = candidates(panel)
    weights = 1 / (1e-9 + np.abs(said - actual[rows]).mean(axis=1))
    return weights / weights.sum() @ said


def target_encoded(panel: Panel, read: int) -> np.ndarray:
    """A category told by the mean of the target where it was seen."""
    target, site = filled(column(panel, "y")), np.nan_to_num(column(panel, "site"))
    means = np.array([target[:read][site[:read] == code].mean() for code in range(3)])
    told = means[site.astype(int)]
    return ridge(column(panel, "y"), told[:KNOWN, None], np.repeat(told[KNOWN - 1], HORIZON)[:, None])


def vocabulary(panel: Panel, read: int) -> np.ndarray:
    """Labels numbered by how often they were seen."""
    site = np.nan_to_num(column(panel, "site"))
    order = np.argsort(-np.bincount(site[:read].astype(int), minlength=3), kind="stable").argsort()
    told = order[site.astype(int)].astype(float)
    return ridge(column(panel, "y"), told[:KNOWN, None], np.repeat(told[KNOWN - 1], HORIZON)[:, None])


def known_beyond(panel: Panel, read: int) -> np.ndarray:
    """The mean of the next known values: of those within the horizon, or of three more."""
    plan = filled(column(panel, "plan"))
    end = KNOWN + HORIZON + (3 if read > KNOWN else 0)
    ahead = np.array([plan[KNOWN + step : min(KNOWN + step + 4, end)].mean() for step in range(HORIZON)])
    back = np.lib.stride_tricks.sliding_window_view(plan, 4)[:KNOWN].mean(axis=1)
    back[KNOWN - 3 :] = plan[KNOWN - 3 : KNOWN]
    return ridge(column(panel, "y"), back[:, None], ahead[:, None])


def decomposed(panel: Panel, read: int) -> np.ndarray:
    """The season taken off by the means of each weekday."""
    target = filled(column(panel, "y")[:read])
    season = np.array([target[day::7].mean() for day in range(7)])
    days = np.arange(160) % 7
    rest = column(panel, "y") - season[days]
    return ridge(rest, np.zeros((KNOWN, 0)), np.zeros((HORIZON, 0))) + season[days[KNOWN : KNOWN + HORIZON]]


def lifted(panel: Panel, read: int) -> np.ndarray:
    """A logarithm made safe by the least value."""
    values = column(panel, "y")
    lift = 1 - np.nanmin(values[:read])
    told = np.log(np.maximum(values + lift, 1e-9))
    return np.exp(ridge(told, np.zeros((KNOWN, 0)), np.zeros((HORIZON, 0)))) - lift


def encoder_of_ours(panel: Panel, read: int) -> np.ndarray:
    """The channels that a network of ours reads, by an encoder learnt from all rows."""
    rows = np.minimum(np.array([read]), panel.rows)
    channels = fit_encoder(panel.before(rows)).encode(panel.before(np.array([KNOWN])))
    return channels.past


@dataclass(frozen=True)
class Planted:
    """A slip: what leaks, and the procedure that leaks when it reads all rows."""

    name: str
    procedure: Callable[[Panel, int], np.ndarray]


def _mean(seen):
    return float(seen.mean()), float(seen.std())


def _range(seen):
    return float(seen.min()), float(seen.max() - seen.min())


def _median(seen):
    low, middle, high = np.quantile(seen, [0.25, 0.5, 0.75])
    return float(middle), float(high - low)


PLANTED = (
    Planted("standard scaler of the target on all rows", scaled(_mean, "y")),
    Planted("min-max scaler of the target on all rows", scaled(_range, "y")),
    Planted("robust scaler of a feature on all rows", scaled(_median, "x")),
    Planted("a feature shifted one step into the future", shifted_feature),
    Planted("a centred rolling mean", centred_mean),
    Planted("a gap filled from after the cutoff", back_filled),
    Planted("a gap filled with the mean of all rows", mean_imputed),
    Planted("early stopping on the test window", stopped_early),
    Planted("a setting tuned on the test window", tuned),
    Planted("an interval as wide as the errors of the test window", conformal),
    Planted("a model chosen by the test window", chosen),
    Planted("ensemble weights from the test window", weighted),
    Planted("a category told by the target of all rows", target_encoded),
    Planted("a vocabulary counted on all rows", vocabulary),
    Planted("known values from beyond the horizon", known_beyond),
    Planted("a season measured on all rows", decomposed),
    Planted("a logarithm lifted by the least of all rows", lifted),
    Planted("the encoder of a network learnt from all rows", encoder_of_ours),
)
