"""From a run to the facts of its report: numbers only, nothing drawn."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from seqcast.doctor import examine
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.leaderboard import BASELINE, Score
from seqcast.evaluate.metrics import central
from seqcast.models.names import NETWORK_NAMES
from seqcast.report.evidence import evidence_of
from seqcast.report.measure import Measured, measure
from seqcast.report.run import Run
from seqcast.report.stationarity import LIMITS
from seqcast.report.summary import summarise
from seqcast.report.values import (
    Calibration,
    Curves,
    DataSummary,
    Facts,
    Fan,
    Headline,
    PairRow,
    Retrospect,
    StepErrors,
)
from seqcast.report.windows import choose, fan, retrospect
from seqcast.train.progress import EpochRecord
from seqcast.types import Forecast

__all__ = ["Facts", "Run", "build_facts", "yardstick_of"]

Ranks = Mapping[str | None, int]

PAST_MODELS = 8
TABLE_ROWS = 10


def build_facts(run: Run) -> Facts:
    """Return the facts of a run.

    Parameters
    ----------
    run : Run
        Everything that the run gave.

    Returns
    -------
    Facts
        What the page tells; the same run gives the same facts.
    """
    scores = tuple(sorted(run.scores, key=_rank))
    data = summarise(run.panel)
    measured = measure(run.panel, run.backtests, run.task.season, run.task.horizon)
    best = best_of(scores, run.choice)
    ranks = {name: rank for rank, name in enumerate(dict.fromkeys([best, *(score.model for score in scores)]))}
    yardstick = yardstick_of(scores)
    pairs = len(run.panel) * len(run.panel.columns.target)
    errors = {name: measured.mase[m].reshape(-1) for m, name in enumerate(measured.models)}
    shown = choose(errors.get(best or "", np.full(pairs, np.nan)))
    past_models = _past_models(ranks, run, yardstick)
    final = {name: run.final[name] for name in _ordered(run.final, ranks)}
    widest = central(run.task.quantiles)
    levels = next((forecast.quantiles for forecast in run.final.values()), run.task.quantiles)
    return Facts(
        headline=_headline(run, data, errors, (best, yardstick)),
        scores=scores,
        networks=tuple(dict.fromkeys([*run.training, *(name for name in run.backtests if name in NETWORK_NAMES)])),
        quantiles=tuple(levels),
        interval=(run.task.quantiles[widest[0]], run.task.quantiles[widest[1]]) if widest else (),
        clock=not run.panel.frequency.integer,
        pairs=pairs,
        fan_models=tuple(final),
        fans=tuple(_fans(run, final, shown)),
        past_models=past_models,
        past=tuple(_past(run, past_models, shown, errors)),
        steps=_steps(measured, ranks, scaled=pairs > 1),
        calibration=_calibration(run, measured, ranks),
        table=_table(run, measured, best, yardstick),
        curves=tuple(curves_of(name, records) for name, records in run.training.items() if records),
        data=data,
        diagnosis=examine(run.panel, run.task.season, LIMITS),
        evidence=evidence_of(run, ranks),
        settings=run.settings,
        versions=run.versions,
        notes=tuple(dict.fromkeys([*run.panel.notes, *run.notes])),
        command=run.command,
    )


def best_of(scores: Sequence[Score], choice: Choice | None) -> str | None:
    """Return the model that was chosen, else the first of the leaderboard; None where nothing was scored."""
    chosen = choice.model if choice else None
    return chosen if any(score.model == chosen for score in scores) else scores[0].model if scores else None


def yardstick_of(scores: Sequence[Score]) -> str | None:
    """Return the name of the model that all skill is measured against, when it was run."""
    return BASELINE if any(score.model == BASELINE for score in scores) else None


def _rank(score: Score) -> tuple[float, float]:
    return (_last(score.mase), _last(score.mae))


def _last(value: float) -> float:
    return value if math.isfinite(value) else math.inf


def _ordered(names: Iterable[str], ranks: Ranks) -> list[str]:
    """Return `names`, the chosen one first, then as on the leaderboard; what is not on it comes last."""
    return sorted(names, key=lambda name: ranks.get(name, len(ranks)))


def _headline(
    run: Run, data: DataSummary, errors: dict[str, np.ndarray], pair: tuple[str | None, str | None]
) -> Headline:
    panel, (best, yardstick) = run.panel, pair
    origins = [forecast.origins for forecast in run.backtests.values() if len(forecast.origins)]
    cutoffs = panel.time_of(origins[0]) if origins else np.zeros(0, dtype=np.int64)
    labels = panel.frequency.label(np.array([cutoffs.min(), cutoffs.max()])) if len(cutoffs) else ["", ""]
    unknown = np.full(1, np.nan)
    mine, its = errors.get(best or "", unknown), errors.get(yardstick or "", unknown)
    return Headline(
        source=run.source,
        targets=panel.columns.target,
        series=len(panel),
        horizon=run.task.horizon,
        season=run.task.season,
        frequency=panel.frequency.name,
        last=data.last,
        cutoffs=max((len(np.unique(item.fold)) for item in origins), default=0),
        first_cutoff=labels[0],
        last_cutoff=labels[1],
        best=best,
        yardstick=yardstick,
        wins=int((mine < its).sum()),
        judged=int((~np.isnan(mine) & ~np.isnan(its)).sum()),
        seconds=run.seconds,
    )


def _past_models(ranks: Ranks, run: Run, yardstick: str | None) -> tuple[str, ...]:
    """Return the best few, the yardstick and the best network: what the backtest pictures offer."""
    names = [name for name in _ordered(run.backtests, ranks) if len(run.backtests[name].origins)]
    network = [name for name in names if name in run.training][:1]
    kept = [*names[: PAST_MODELS - 2], *network, *([yardstick] if yardstick in names else [])]
    return tuple(_ordered(dict.fromkeys(kept), ranks))


def _fans(run: Run, final: Mapping[str, Forecast], shown: Mapping[int, str]) -> Iterator[Fan]:
    for pair, place in shown.items():
        if final:
            yield fan(run.panel, run.task, final, pair, place)


def _past(
    run: Run, models: Sequence[str], shown: Mapping[int, str], errors: Mapping[str, np.ndarray]
) -> Iterator[Retrospect]:
    tests = {name: run.backtests[name] for name in models}
    for pair, place in shown.items():
        if tests:
            picture = retrospect(run.panel, run.task, tests, pair, place)
            yield replace(picture, mase=np.array([errors[name][pair] for name in models]))


def _steps(measured: Measured, ranks: Ranks, scaled: bool) -> StepErrors:
    names = _ordered(measured.models, ranks)
    error = measured.step_mase if scaled else measured.step_mae
    return StepErrors(models=tuple(names), scaled=scaled, error=error[[measured.models.index(name) for name in names]])


def _calibration(run: Run, measured: Measured, ranks: Ranks) -> Calibration:
    names = _ordered(measured.models, ranks)
    return Calibration(
        models=tuple(names),
        nominal=next((forecast.quantiles for forecast in run.backtests.values()), ()),
        measured=measured.below[[measured.models.index(name) for name in names]],
    )


def _table(run: Run, measured: Measured, chosen: str | None, yardstick: str | None) -> tuple[PairRow, ...]:
    """Return the pairs from the largest error of the best model to the smallest; the middle of a long table is cut."""
    if chosen not in measured.models:
        return ()
    best = measured.models.index(chosen)
    flat = measured.mase.reshape(len(measured.models), -1)
    mae = measured.mae.reshape(len(measured.models), -1)
    its = flat[measured.models.index(yardstick)] if yardstick in measured.models else np.full(flat.shape[1], np.nan)
    order = np.argsort(-np.where(np.isnan(flat[best]), -np.inf, flat[best]), kind="stable")
    kept = order if len(order) <= 2 * TABLE_ROWS else np.concatenate([order[:TABLE_ROWS], order[-TABLE_ROWS:]])
    rows = []
    for pair in kept:
        s, k = divmod(int(pair), len(run.panel.columns.target))
        first = int(np.argmin(np.where(np.isnan(flat[:, pair]), np.inf, flat[:, pair])))
        rows.append(
            PairRow(
                series=run.panel.series[s],
                target=run.panel.columns.target[k],
                mase=float(flat[best, pair]),
                mae=float(mae[best, pair]),
                skill=_skill(float(flat[best, pair]), float(its[pair])),
                winner=measured.models[first] if np.isfinite(flat[first, pair]) else "",
                winner_mase=float(flat[first, pair]),
            )
        )
    return tuple(rows)


def _skill(mine: float, its: float) -> float:
    return 1 - mine / its if its > 0 and math.isfinite(mine) and math.isfinite(its) else math.nan


def curves_of(model: str, records: Sequence[EpochRecord]) -> Curves:
    valid = np.array([record.valid_loss for record in records])
    train = np.array([record.train_loss for record in records])
    judged = valid if np.isfinite(valid).any() else train
    best = int(np.argmin(np.where(np.isfinite(judged), judged, np.inf)))
    return Curves(
        model=model,
        best=records[best].epoch,
        epoch=np.array([record.epoch for record in records], dtype=np.int64),
        train_loss=train,
        valid_loss=valid,
        train_error=np.array([record.train_error for record in records]),
        valid_error=np.array([record.valid_error for record in records]),
        seconds=float(sum(record.seconds for record in records)),
    )
