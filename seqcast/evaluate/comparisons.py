"""Models set against each other: what is gained, how sure that is, what it costs, and which of them may be the best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from seqcast.evaluate.pieces import Losses
from seqcast.evaluate.ranks import Ranks, average_ranks
from seqcast.evaluate.resampling import confidence_set, gain_interval, resamples
from seqcast.evaluate.significance import holm, over_windows

CONFIDENCE = 0.9
LEAST_RANKED = 10  # series, for the distributions of Friedman's statistics to hold
_MOST_PIECES = 500  # resampled; more are added up to so many, which are as independent


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One model against another on the same windows.

    Parameters
    ----------
    model, against : str
        Names.
    gain : float
        1 - MASE / MASE of the other: the share of its error that is saved, negative where the model is worse.
    low, high : float
        Interval of 95 % of the gain, by a paired block bootstrap; nan where there are too few windows for one.
    statistic, p_value : float
        Of the Diebold-Mariano test; the statistic is positive where the model is worse.
    adjusted : float
        The p-value after Holm, over all models compared with the same other.
    cost : float
        Seconds / seconds of the other.
    freedom : float
        Independent pieces that the test rests on, less one; 0 where there are too few for a test.
    by_series : bool
        Whether those pieces are series; else they are windows.
    """

    model: str
    against: str
    gain: float
    low: float
    high: float
    statistic: float
    p_value: float
    adjusted: float
    cost: float
    freedom: float = 0.0
    by_series: bool = False


def compared(
    losses: Losses, models: Sequence[str], against: str, seconds: Mapping[str, float]
) -> tuple[Comparison, ...]:
    """Compare each of the models with the same other one, and adjust for comparing so many."""
    found = [_compared(losses, model, against, seconds) for model in models]
    adjusted = holm(np.array([one.p_value for one in found], dtype=float))
    return tuple(replace(one, adjusted=float(value)) for one, value in zip(found, adjusted, strict=True))


def _compared(losses: Losses, model: str, against: str, seconds: Mapping[str, float]) -> Comparison:
    contrast, by_series = losses.contrast(model, against)
    pieces = _merged(_of(losses, (model, against), by_series))
    low, high = gain_interval(pieces[:, 0], pieces[:, 1], contrast, resamples(len(pieces), contrast.block))
    with np.errstate(divide="ignore", invalid="ignore"):
        own, other = np.array([losses.mase[model], losses.mase[against]])
        gain = 0.0 if own == other else float(1 - own / other)
        cost = float(np.float64(seconds[model]) / seconds[against])
    return Comparison(
        model=model,
        against=against,
        gain=gain,
        low=low,
        high=high,
        statistic=contrast.statistic,
        p_value=contrast.p_value,
        adjusted=contrast.p_value,
        cost=cost,
        freedom=contrast.freedom,
        by_series=by_series,
    )


def best_of(losses: Losses, models: Sequence[str]) -> tuple[str, ...]:
    """Return the models of which none can be told from the best, the lowest error first."""
    ordered = sorted(models, key=lambda name: (losses.mase[name], name))
    if len(ordered) < 2:
        return tuple(ordered)
    found = [losses.contrast(name, ordered[0]) for name in ordered[1:]]
    by_series = all(series for _, series in found)
    windows = over_windows(losses.by_window(ordered[0]) - losses.by_window(ordered[1]), losses.overlap)
    tests = [test for test, _ in found] if by_series else [windows] * len(found)
    inflation = np.array([test.inflation for test in tests])
    pieces = _merged(_of(losses, ordered, by_series))
    p_values = confidence_set(
        pieces,
        min(test.freedom for test in tests),
        np.append(inflation.max(), inflation),
        resamples(len(pieces), tests[0].block),
    )
    return tuple(name for name, p_value in zip(ordered, p_values, strict=True) if p_value >= 1 - CONFIDENCE)


def ranked(losses: Losses, models: Sequence[str]) -> Ranks | None:
    """Return average ranks over series, where there are enough of them."""
    if losses.count < LEAST_RANKED or len(models) < 2:
        return None
    return average_ranks(tuple(models), _of(losses, models, by_series=True))


def _of(losses: Losses, models: Sequence[str], by_series: bool) -> np.ndarray:
    return np.column_stack([losses.by_series(name) if by_series else losses.by_window(name) for name in models])


def _merged(pieces: np.ndarray) -> np.ndarray:
    """Return at most so many pieces with the same mean."""
    count = len(pieces)
    if count <= _MOST_PIECES:
        return pieces
    sums = np.zeros((_MOST_PIECES, pieces.shape[1]))
    np.add.at(sums, np.arange(count) % _MOST_PIECES, pieces)
    return sums * (_MOST_PIECES / count)
