"""Cycles of the clock and the calendar as sines and cosines, so that 23:59 lies next to 00:00."""

import numpy as np
from jaxtyping import Float, Int

from seqcast.data import steps
from seqcast.data.wall import DAY

HOUR = DAY // 24


def phase(wall: Int[np.ndarray, "T"], cycle: str) -> Float[np.ndarray, "T"]:
    """Return how far through its hour, day, week, month or year each wall time stands, 0 up to 1.

    `season` is the year counted in months, so that steps of whole months stand evenly round the circle.

    Examples
    --------
    >>> phase(np.array([DAY // 4]), "day").tolist(), phase(np.array([0]), "week").round(3).tolist()
    ([0.25], [0.429])
    """
    if cycle in ("hour", "day"):
        length = HOUR if cycle == "hour" else DAY
        return (wall % length) / length
    days, clock = wall // DAY, (wall % DAY) / DAY
    if cycle == "week":
        return (steps.weekday_of(days) + clock) / 7
    month = steps.month_of(days)
    if cycle == "season":
        return (month % 12) / 12
    start, end = (month, month + 1) if cycle == "month" else (month - month % 12, month - month % 12 + 12)
    first = steps.first_of(start)
    return (days - first + clock) / (steps.first_of(end) - first)


def circles(wall: Int[np.ndarray, "T"], cycles: tuple[str, ...]) -> tuple[tuple[str, ...], Float[np.ndarray, "T F"]]:
    """Return the names and values of sine and cosine of each cycle.

    Examples
    --------
    >>> names, values = circles(np.array([DAY // 4]), ("day",))
    >>> names, values.round(6).tolist()
    (('day_sin', 'day_cos'), [[1.0, 0.0]])
    """
    values = np.empty((len(wall), 2 * len(cycles)))
    for place, cycle in enumerate(cycles):
        angle = 2 * np.pi * phase(wall, cycle)
        values[:, 2 * place], values[:, 2 * place + 1] = np.sin(angle), np.cos(angle)
    names = tuple(f"{'year' if cycle == 'season' else cycle}_{form}" for cycle in cycles for form in ("sin", "cos"))
    return names, values
