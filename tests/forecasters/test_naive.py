"""The formulas of the textbook, worked out here a second time and by simulation."""

import numpy as np
import pytest

from seqcast.forecasters.naive import drift, naive, seasonal_naive
from seqcast.types import Task

ONE_SIGMA = 0.8413447460685429
TASK = Task(horizon=7, season=3, quantiles=(0.5, ONE_SIGMA))


def spread(forecast):
    """Return the standard deviation that a forecast claims at each step."""
    return forecast.values[:, 1] - forecast.mean


@pytest.fixture
def walk():
    return np.cumsum(np.random.default_rng(0).normal(0.2, 1.5, size=31))


def test_naive_is_the_last_value_with_root_h(walk):
    sigma = np.sqrt(np.sum((walk[1:] - walk[:-1]) ** 2) / 30)
    forecast = naive(walk, TASK)
    assert (forecast.mean == walk[-1]).all()
    np.testing.assert_allclose(spread(forecast), sigma * np.sqrt(np.arange(1, 8)))


def test_drift_is_the_line_through_the_ends(walk):
    steps = np.arange(1, 8)
    slope = (walk[-1] - walk[0]) / 30
    sigma = np.sqrt(np.sum((np.diff(walk) - slope) ** 2) / 29)
    forecast = drift(walk, TASK)
    np.testing.assert_allclose(forecast.mean, walk[-1] + slope * steps)
    np.testing.assert_allclose(spread(forecast), sigma * np.sqrt(steps * (1 + steps / 30)))


def test_seasonal_naive_is_the_last_season_with_root_of_cycles(walk):
    sigma = np.sqrt(np.sum((walk[3:] - walk[:-3]) ** 2) / 28)
    forecast = seasonal_naive(walk, TASK)
    assert forecast.mean.tolist() == [*walk[-3:], *walk[-3:], walk[-3]]
    np.testing.assert_allclose(spread(forecast), sigma * np.sqrt([1, 1, 1, 2, 2, 2, 3]))


def test_intervals_cover_what_they_claim():
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(400):
        path = np.cumsum(rng.normal(size=60))
        forecast = naive(path[:50], Task(horizon=10, quantiles=(0.1, 0.9)))
        inside.append((path[50:] >= forecast.values[:, 0]) & (path[50:] <= forecast.values[:, 1]))
    np.testing.assert_allclose(np.mean(inside, axis=0), 0.8, atol=0.06)


def test_across_gaps_the_walk_goes_on(walk):
    # Every other value of a random walk is a random walk of twice the variance; per step sigma stays.
    sparse = np.full(61, np.nan)
    sparse[::2] = walk
    np.testing.assert_allclose(spread(naive(sparse, TASK)), spread(naive(walk, TASK)) / np.sqrt(2))
    np.testing.assert_allclose(drift(sparse, TASK).mean[1::2], drift(walk, TASK).mean[:3])


def test_an_unobserved_end_is_part_of_the_way(walk):
    longer = Task(horizon=9, season=3, quantiles=TASK.quantiles)
    cut = np.r_[walk, np.nan, np.nan]
    for method in (naive, drift, seasonal_naive):
        np.testing.assert_allclose(method(cut, TASK).values, method(walk, longer).values[2:])


def test_seasonal_naive_takes_the_last_observed_of_each_position():
    history = np.array([1.0, 2.0, 3.0, 4.0, np.nan, 6.0, 7.0, np.nan, 9.5])
    forecast = seasonal_naive(history, Task(horizon=3, season=3, quantiles=(0.5, ONE_SIGMA)))
    assert forecast.mean.tolist() == [7.0, 2.0, 9.5]
    # Differences of one season: 4-1, 7-4, 6-3, 9.5-6; the second position waits three seasons.
    sigma = np.sqrt(np.mean(np.square([3.0, 3.0, 3.0, 3.5])))
    np.testing.assert_allclose(spread(forecast), sigma * np.sqrt([1, 3, 1]))


def test_a_position_never_seen_takes_the_last_value_and_says_so():
    history = np.array([1.0, np.nan, 3.0, 4.0, np.nan, 6.0])
    forecast = seasonal_naive(history, Task(horizon=3, season=3))
    assert forecast.mean.tolist() == [4.0, 6.0, 6.0]
    assert "never observed" in str(forecast.note)


def test_less_than_a_season_is_said():
    forecast = seasonal_naive(np.array([1.0, 2.0]), Task(horizon=3, season=12))
    assert forecast.mean.tolist() == [2.0, 2.0, 2.0]
    assert "less than one season" in str(forecast.note)
