"""Naive, drift and seasonal naive, with the prediction intervals of their random walks.

After Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), sections 5.2 and 5.5. The formulas there
are for complete histories; across a gap of g steps a random walk moves with g times the variance, which is what the
residuals here are divided by. On a complete history the two agree.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from seqcast.forecasters.gaussian import History, LocalForecast, gaussian
from seqcast.types import Task

Walk = tuple[Float[np.ndarray, "H"], Float[np.ndarray, "H"]]

SHORT_OF_A_SEASON = "less than one season of history: the last value was taken"
NEVER_SEEN = "some season positions were never observed: the last value was taken there"
NOTHING_SEEN = "no value was observed before the cutoff: there is no forecast"


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


def _answer(walk: Callable[[History, Task], tuple[Walk, str | None]], history: History, task: Task) -> LocalForecast:
    if not (~np.isnan(history)).any():
        nothing = np.full(task.horizon, np.nan)
        return gaussian(nothing, nothing, task, NOTHING_SEEN)
    (mean, sigma), note = walk(history, task)
    return gaussian(mean, sigma, task, note)


def _naive(history: History, task: Task) -> tuple[Walk, str | None]:
    return _random_walk(history, task.horizon), None


def _random_walk(history: History, horizon: int) -> Walk:
    seen = np.flatnonzero(~np.isnan(history))
    squares = np.diff(history[seen]) ** 2 / np.diff(seen)
    sigma = np.sqrt(squares.mean()) if len(squares) else 0.0
    steps = np.arange(1, horizon + 1) + (len(history) - 1 - seen[-1])
    return np.full(horizon, history[seen[-1]]), sigma * np.sqrt(steps)


def _drift(history: History, task: Task) -> tuple[Walk, str | None]:
    seen = np.flatnonzero(~np.isnan(history))
    steps = np.arange(1, task.horizon + 1) + (len(history) - 1 - seen[-1])
    span = seen[-1] - seen[0]
    if span == 0:
        return _random_walk(history, task.horizon), None
    slope = (history[seen[-1]] - history[seen[0]]) / span
    gaps = np.diff(seen)
    squares = (np.diff(history[seen]) - slope * gaps) ** 2 / gaps
    # One parameter, the slope, was spent; two observed values leave no residual at all.
    sigma = np.sqrt(squares.sum() / max(len(squares) - 1, 1))
    return (history[seen[-1]] + slope * steps, sigma * np.sqrt(steps * (1 + steps / span))), None


def _seasonal_naive(history: History, task: Task) -> tuple[Walk, str | None]:
    season, total = task.season, len(history)
    columns = [history[position::season] for position in range(season)]
    seen = [np.flatnonzero(~np.isnan(column)) for column in columns]
    squares = [
        np.diff(column[rows]) ** 2 / np.diff(rows) for column, rows in zip(columns, seen, strict=True) if len(rows) > 1
    ]
    sigma = float(np.sqrt(np.concatenate(squares).mean())) if squares else 0.0
    mean, width = _random_walk(history, task.horizon)
    for step in range(task.horizon):
        position, cycle = (total + step) % season, (total + step) // season
        if len(seen[position]):
            last = seen[position][-1]
            mean[step] = columns[position][last]
            width[step] = sigma * np.sqrt(cycle - last)
    return (mean, width), None if all(len(rows) for rows in seen) else NEVER_SEEN
