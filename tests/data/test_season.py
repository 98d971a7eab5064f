"""Is the last cycle worth starting from? Compared at the same steps, whatever multiple of the cycle the horizon is."""

import numpy as np
import pytest

from seqcast.data.season import worthwhile_season
from seqcast.types import Task
from tests.panels import make_panel


@pytest.mark.parametrize("horizon", [1, 12, 24, 48, 96, 100])
def test_a_cycle_is_found_at_every_horizon_and_never_in_a_random_walk(horizon):
    draw = np.random.default_rng(4)
    waves = make_panel({"a": np.sin(np.arange(2000) * 2 * np.pi / 24) + 0.3 * draw.normal(size=2000)})
    walk = make_panel({"a": draw.normal(size=4000).cumsum()})
    task = Task(horizon=horizon, season=24)
    assert worthwhile_season(waves, task) == 24
    assert worthwhile_season(walk, task) == 1


def test_a_cycle_is_compared_within_each_series():
    """Between the end of one series and the start of the next there is no step."""
    waves = np.tile([0.0, 5.0, 9.0], 20)
    panel = make_panel({"a": waves, "b": waves[1:] + 1e6})
    assert worthwhile_season(panel, Task(horizon=4, season=3)) == 3


def test_too_short_for_one_cycle_there_is_none():
    assert worthwhile_season(make_panel({"a": np.arange(5.0)}), Task(horizon=2, season=12)) == 1
