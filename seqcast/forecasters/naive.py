"""Naive, drift and seasonal naive, with the prediction intervals of their random walks.

After Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), sections 5.2 and 5.5. The formulas there
are for complete histories; across a gap of g steps a random walk moves with g times the variance, which is what the
residuals here are divided by. On a complete history the two agree.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Float, Int

from seqcast.forecasters.bootstrap import Errors, resampled
from seqcast.forecasters.gaussian import History, LocalForecast, gaussian
from seqcast.types import Task

SHORT_OF_A_SEASON = "less than one season of history: the last value was taken"
NEVER_SEEN = "some season positions were never observed: the last value was taken there"
NOTHING_SEEN = "no value was observed before the cutoff: there is no forecast"

_SLOPE_DRAWS = 16  # a mean of many residuals is all but normal: so few stand for them, at its variance


def naive(history: History, task: Task) -> LocalForecast:
    """Forecast the last observed value; the interval widens with the square root of the step.

    Examples
    --------
    >>> naive(np.array([1.0, 2.0, 4.0, np.nan]), Task(horizon=2)).mean.tolist()
    [4.0, 4.0]
    """
    return _answer(_naive, history, task)


def drift(history: History, task: Task) -> LocalForecast:
    """Forecast on the straight line through the first and the last observed value.

    Examples
    --------
    >>> drift(np.array([1.0, 3.0, 2.0, 4.0]), Task(horizon=2)).mean.tolist()
    [5.0, 6.0]
    """
    return _answer(_drift, history, task)


def seasonal_naive(history: History, task: Task) -> LocalForecast:
    """Forecast the last observed value of the same season position.

    Examples
    --------
    >>> seasonal_naive(np.array([1.0, 2.0, 3.0, np.nan]), Task(horizon=3, season=2)).mean.tolist()
    [3.0, 2.0, 3.0]
    """
    if task.season == 1:
        return naive(history, task)
    if len(history) < task.season:
        return naive(history, task).noted(SHORT_OF_A_SEASON)
    return _answer(_seasonal_naive, history, task)


@dataclass(frozen=True, eq=False)
class _Walk:
    """Mean and standard deviation of each step, and the errors that they stand for."""

    mean: Float[np.ndarray, "H"]
    sigma: Float[np.ndarray, "H"]
    errors: Errors | None
    note: str | None = None


def _answer(walk: Callable[[History, Task], _Walk], history: History, task: Task) -> LocalForecast:
    if not (~np.isnan(history)).any():
        nothing = np.full(task.horizon, np.nan)
        return gaussian(nothing, nothing, task, NOTHING_SEEN)
    found = walk(history, task)
    return resampled(gaussian(found.mean, found.sigma, task, found.note), found.errors, task)


def _naive(history: History, task: Task) -> _Walk:
    seen = np.flatnonzero(~np.isnan(history))
    moves, gaps = np.diff(history[seen]), np.diff(seen)
    squares = moves**2 / gaps
    sigma = np.sqrt(squares.mean()) if len(squares) else 0.0
    steps = np.arange(1, task.horizon + 1) + (len(history) - 1 - seen[-1])
    errors = Errors(moves / np.sqrt(gaps), 0, int(steps[-1]), partial(np.cumsum, axis=1))
    return _Walk(np.full(task.horizon, history[seen[-1]]), sigma * np.sqrt(steps), errors)


def _drift(history: History, task: Task) -> _Walk:
    seen = np.flatnonzero(~np.isnan(history))
    steps = np.arange(1, task.horizon + 1) + (len(history) - 1 - seen[-1])
    span = seen[-1] - seen[0]
    if span == 0:
        return _naive(history, task)
    slope = (history[seen[-1]] - history[seen[0]]) / span
    gaps = np.diff(seen)
    squares = (np.diff(history[seen]) - slope * gaps) ** 2 / gaps
    # One parameter, the slope, was spent; two observed values leave no residual at all.
    sigma = np.sqrt(squares.sum() / max(len(squares) - 1, 1))
    residuals = (np.diff(history[seen]) - slope * gaps) / np.sqrt(gaps)
    errors = Errors(residuals, 1, _SLOPE_DRAWS + int(steps[-1]), partial(_line_errors, span=int(span)))
    return _Walk(history[seen[-1]] + slope * steps, sigma * np.sqrt(steps * (1 + steps / span)), errors)


def _line_errors(shocks: Float[np.ndarray, "N D"], span: int) -> Float[np.ndarray, "N H"]:
    """Return the errors of a random walk along a line whose slope is the mean of `span` shocks of the past."""
    slope = shocks[:, :_SLOPE_DRAWS].sum(axis=1, keepdims=True) / np.sqrt(_SLOPE_DRAWS * span)
    walk = np.cumsum(shocks[:, _SLOPE_DRAWS:], axis=1)
    return walk + slope * np.arange(1, walk.shape[1] + 1)


def _seasonal_naive(history: History, task: Task) -> _Walk:
    season, total = task.season, len(history)
    columns = [history[position::season] for position in range(season)]
    seen = [np.flatnonzero(~np.isnan(column)) for column in columns]
    moves = [
        (np.diff(column[rows]), np.diff(rows)) for column, rows in zip(columns, seen, strict=True) if len(rows) > 1
    ]
    squares = [move**2 / gaps for move, gaps in moves]
    sigma = float(np.sqrt(np.concatenate(squares).mean())) if squares else 0.0
    walk = _naive(history, task)
    mean, width = walk.mean, walk.sigma
    positions, cycles = np.arange(total, total + task.horizon) % season, np.zeros(task.horizon, dtype=np.int64)
    for step, position in enumerate(positions.tolist()):
        if len(seen[position]):
            last = seen[position][-1]
            mean[step] = columns[position][last]
            cycles[step] = (total + step) // season - last
            width[step] = sigma * np.sqrt(cycles[step])
    if not all(len(rows) for rows in seen):
        return _Walk(mean, width, None, NEVER_SEEN)
    residuals = np.concatenate([np.empty(0), *(move / np.sqrt(gaps) for move, gaps in moves)])
    errors = Errors(
        residuals, 0, int(cycles.max()) * season, partial(_cycle_errors, positions=positions, cycles=cycles)
    )
    return _Walk(mean, width, errors)


def _cycle_errors(
    shocks: Float[np.ndarray, "N D"], positions: Int[np.ndarray, "H"], cycles: Int[np.ndarray, "H"]
) -> Float[np.ndarray, "N H"]:
    """Return the errors of a random walk of each season position, after so many of its cycles."""
    walks = np.cumsum(shocks.reshape(len(shocks), cycles.max(), -1), axis=1)
    return walks[:, cycles - 1, positions]
