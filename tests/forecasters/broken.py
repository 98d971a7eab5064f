"""Forecasting functions that go wrong on one series, for tests of what that does to the others."""

import os
import time

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
