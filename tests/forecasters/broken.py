"""Forecasting functions that go wrong on one series, for tests of what that does to the others."""

import os
import time
from pathlib import Path

import numpy as np

from seqcast.forecasters.gaussian import LocalForecast
from seqcast.forecasters.naive import naive
from seqcast.types import Task

MARK = 0.75
"""What the last value of a bad history is, after scaling to magnitude one."""


def raising(history: np.ndarray, task: Task) -> LocalForecast:
    """Raise on a marked history."""
    if history[-1] == MARK:
        raise np.linalg.LinAlgError("singular")
    return naive(history, task)


def dying(history: np.ndarray, task: Task) -> LocalForecast:
    """End the whole process on a marked history."""
    if history[-1] == MARK:
        os._exit(9)
    return naive(history, task)


def sleeping(history: np.ndarray, task: Task) -> LocalForecast:
    """Never come back."""
    time.sleep(0.05 if history[-1] != MARK else 600)
    return naive(history, task)


def adding(left: int, right: int) -> int:
    """Return the sum; 13 kills the process."""
    if left == 13:
        os._exit(3)
    return left + right


def resting(seconds: float) -> float:
    """Come back after a while."""
    time.sleep(seconds)
    return seconds


def slow_once(place: int, mark: str) -> int:
    """Return the place; the first that is asked for 2 does not come back."""
    if place == 2 and not Path(mark).exists():
        Path(mark).touch()
        time.sleep(600)
    return place


def stuck_at(place: int, node: str, mark: str) -> int:
    """Return the place, after a moment; the first job of a Ray node does not come back."""
    import ray

    if ray.get_runtime_context().get_node_id() == node and not Path(mark).exists():
        Path(mark).touch()
        time.sleep(600)
    time.sleep(0.3)
    return place
