"""The facts of a run, as every picture and table of the report reads them.

Facts are numbers and labels only. A figure never computes and a computation never draws, so each can be checked alone,
and a page can be drawn again from the same facts, byte for byte.

Axis letters beside those of `seqcast.types`: M models, P pairs of series and target, E epochs, G bins of the gap map.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from seqcast.doctor.findings import Diagnosis
from seqcast.doctor.plain import plain
from seqcast.evaluate.leaderboard import Score
from seqcast.report.evidence import Evidence


@dataclass(frozen=True, kw_only=True)
class Headline:
    """The run in one sentence. `best` and `yardstick` are None where nothing was scored.

    `best` is the model that was chosen on the inner windows, where there were any, else the first of the leaderboard.

    `wins` counts the pairs of series and target on which the best model has the lower MASE of the two, out of `judged`.
    """

    source: str
    targets: tuple[str, ...]
    series: int
    horizon: int
    season: int
    frequency: str
    last: str
    cutoffs: int
    first_cutoff: str
    last_cutoff: str
    best: str | None
    yardstick: str | None
    wins: int
    judged: int
    seconds: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Fan:
    """The forecast of one series and target, after some history.

    Parameters
    ----------
    times : int array (T,)
        Wall times of the history and then of the H steps of the horizon; `labels` says them.
    actual : float array (T - H,)
        The history; NaN where nothing was observed.
    cutoff : str
        Label of the last known time.
    median : float array (M, H)
    values : float array (M, H, Q)
    place : str
        Where the pair stands among all by MASE of the best model: "worst", "median", "best" or empty.
    """

    series: str
    target: str
    place: str
    cutoff: str
    times: Int[np.ndarray, "T"]
    labels: tuple[str, ...]
    actual: Float[np.ndarray, "history"]
    median: Float[np.ndarray, "M H"]
    values: Float[np.ndarray, "M H Q"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Retrospect:
    """The backtest of one series and target: what came, and what each model said before.

    Parameters
    ----------
    rows : int array (T,)
        Rows of the series that are shown, increasing; a jump is a stretch that is left out.
    times, actual : arrays (T,)
        Their wall times and observed values; `labels` says the times.
    cutoffs : int array (W,)
        Rows known at each cutoff, so the forecast starts at row `cutoffs[w]`.
    median, low, high : float arrays (M, W, H)
        `low` and `high` bound the widest central interval.
    mase : float array (M,)
        Of each model on this pair alone.
    """

    series: str
    target: str
    place: str
    rows: Int[np.ndarray, "T"]
    times: Int[np.ndarray, "T"]
    labels: tuple[str, ...]
    actual: Float[np.ndarray, "T"]
    cutoffs: Int[np.ndarray, "W"]
    median: Float[np.ndarray, "M W H"]
    low: Float[np.ndarray, "M W H"]
    high: Float[np.ndarray, "M W H"]
    mase: Float[np.ndarray, "M"]


@dataclass(frozen=True, kw_only=True, eq=False)
class StepErrors:
    """How errors grow along the horizon. `scaled` says that `error` is MASE, not MAE: several scales are averaged."""

    models: tuple[str, ...]
    scaled: bool
    error: Float[np.ndarray, "M H"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Calibration:
    """Share of what came at or below each quantile level, by model."""

    models: tuple[str, ...]
    nominal: tuple[float, ...]
    measured: Float[np.ndarray, "M Q"]


@dataclass(frozen=True, kw_only=True)
class PairRow:
    """One series and target in the table: errors of the best model, its skill there, and who is best there."""

    series: str
    target: str
    mase: float
    mae: float
    skill: float
    winner: str
    winner_mase: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """The training of one network; `best` is the epoch whose weights were kept."""

    model: str
    best: int
    epoch: Int[np.ndarray, "E"]
    train_loss: Float[np.ndarray, "E"]
    valid_loss: Float[np.ndarray, "E"]
    train_error: Float[np.ndarray, "E"]
    valid_error: Float[np.ndarray, "E"]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class ColumnRow:
    """One value column of the table; `low`, `middle`, `high` are minimum, median and maximum, nan for categories."""

    name: str
    role: str
    observed: int
    missing: int
    low: float
    middle: float
    high: float
    categories: int


@dataclass(frozen=True, kw_only=True, eq=False)
class DataSummary:
    """The table as it was read. The gap map tells the share of rows with a value, by column and stretch of time.

    `bins` are the times at which the G stretches start; `share` is NaN where a stretch has no row.
    """

    rows: int
    future_rows: int
    series: int
    shortest: int
    longest: int
    first: str
    last: str
    columns: tuple[ColumnRow, ...]
    mapped: tuple[str, ...]
    bins: Int[np.ndarray, "G"]
    share: Float[np.ndarray, "mapped G"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """All that the report tells.

    Parameters
    ----------
    headline : Headline
    scores : tuple of Score
        Best first.
    networks : tuple of str
    quantiles : tuple of float
        The Q levels of the fans.
    interval : tuple of float
        The two levels that bound `Retrospect.low` and `high`; empty without an interval.
    clock : bool
        Whether times are microseconds since 1970 rather than plain integers.
    fan_models, past_models : tuple of str
        The models of the fans and of the retrospects, in the order of their first axis.
    pairs : int
        Pairs of series and target in all; `fans` and `past` may show fewer.
    diagnosis : Diagnosis
        What the doctor found in the whole history.
    evidence : Evidence
        What was found of leaks, significance, intervals, the choice of the model and failed forecasts.
    """

    headline: Headline
    scores: tuple[Score, ...]
    networks: tuple[str, ...]
    quantiles: tuple[float, ...]
    interval: tuple[float, ...]
    clock: bool
    pairs: int
    fan_models: tuple[str, ...]
    fans: tuple[Fan, ...]
    past_models: tuple[str, ...]
    past: tuple[Retrospect, ...]
    steps: StepErrors
    calibration: Calibration
    table: tuple[PairRow, ...]
    curves: tuple[Curves, ...]
    data: DataSummary
    diagnosis: Diagnosis
    evidence: Evidence
    settings: Mapping[str, object]
    versions: Mapping[str, str]
    notes: tuple[str, ...]
    command: str

    def to_json(self) -> str:
        """Return the facts as JSON text; a number that is not finite becomes null."""
        return json.dumps(plain(self), ensure_ascii=False, allow_nan=False)
