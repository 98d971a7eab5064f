"""Strengths against a closed formula and phase means written out; planted cycles are found, drifting waves are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.calendar import Frequency
from seqcast.doctor.cycles import CYCLES, cycle_strength, cycles, least_strength, natural
from tests.doctor.tables import clean_series


def shape(seed: int, steps: int) -> np.ndarray:
    """Return one cycle that no shorter one explains."""
    return np.random.default_rng(seed).uniform(size=steps) + 5 * (np.arange(steps) == 1)


@given(st.integers(0, 1_000), st.integers(3, 40), st.integers(CYCLES + 1, 12), st.floats(-2, 2))
def test_a_pure_cycle_is_all_of_the_strength_whatever_its_level_and_slope(seed, steps, count, slope):
    y = np.tile(shape(seed, steps), count) + slope * np.arange(steps * count) + 1_000
    assert cycle_strength(y, steps) == pytest.approx(1)
    assert cycle_strength(-7 * y, steps) == pytest.approx(1)


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_the_strength_is_the_share_of_the_variance_of_the_cycle(noise):
    rows = np.arange(12 * 2_000)
    y = np.sin(2 * np.pi * rows / 12) + noise * np.random.default_rng(0).normal(size=len(rows))
    # A sine has variance 1/2; the moving average takes 1/12 of the noise and what it shares with its own value.
    expected = 0.5 / (0.5 + noise**2 * (1 - 1 / 12 + 0.5 / 144 * -1))
    assert cycle_strength(y, 12) == pytest.approx(expected, abs=0.01)


@given(st.integers(0, 1_000), st.integers(2, 15), st.integers(CYCLES, 9), st.integers(0, 14))
def test_the_strength_is_what_the_other_cycles_foretell(seed, steps, count, more):
    y = np.random.default_rng(seed).normal(size=steps * count + more % steps)
    weights = np.ones(steps + 1 - steps % 2)
    if steps % 2 == 0:
        weights[[0, -1]] = 0.5
    half = len(weights) // 2
    rest = y[half : len(y) - half] - np.convolve(y, weights / steps, mode="valid")
    rest = rest[len(rest) % steps :]
    rest = rest - rest.mean()
    cycle = np.arange(len(rest)) // steps
    foretold = np.array(
        [
            np.mean([rest[u] for u in range(t % steps, len(rest), steps) if cycle[u] != cycle[t]])
            for t in range(len(rest))
        ]
    )
    expected = max(0.0, 1 - np.sum((rest - foretold) ** 2) / np.sum(rest**2))
    assert cycle_strength(y, steps) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 300), st.integers(3, 60))
def test_a_planted_cycle_is_the_main_one(seed, steps):
    one = shape(seed, steps)
    y = np.tile(one, 20) + 0.4 * one.std() * np.random.default_rng(seed + 1).normal(size=20 * steps)
    assert [cycle.steps for cycle in cycles(y, [steps])][0] == steps
    wave = np.sin(2 * np.pi * np.arange(20 * steps) / steps)
    noise = np.random.default_rng(seed + 1).normal(size=20 * steps)
    found = cycles(3 * wave + noise)  # nothing proposes it but the values
    assert found and found[0].steps == steps


def test_a_week_on_top_of_a_day_is_told_after_it():
    hours = np.arange(24 * 7 * 30)
    y = (
        10 * np.sin(2 * np.pi * hours / 24)
        - 8 * (hours // 24 % 7 >= 5)
        + np.random.default_rng(0).normal(size=len(hours))
    )
    day, week = cycles(y, [24, 168])
    assert (day.steps, week.steps) == (24, 168) and week.strength > cycle_strength(y, 24, 168) + 0.05


def test_two_days_are_no_cycle_besides_one():
    hours = np.arange(24 * 100)
    y = 10 * np.sin(2 * np.pi * hours / 24) + np.random.default_rng(0).normal(size=len(hours))
    assert [cycle.steps for cycle in cycles(y, [24, 48, 72])] == [24]


@pytest.mark.parametrize("kind", ["noise", "walk", "trend", "autoregression"])
@pytest.mark.parametrize("rows", [60, 150, 500])
def test_hardly_any_series_without_a_cycle_seems_to_have_one(kind, rows):
    assert sum(bool(cycles(clean_series(kind, seed, rows), [12])) for seed in range(100)) <= 3


def test_a_wave_that_drifts_in_phase_explains_little():
    rng = np.random.default_rng(0)
    y = np.sin(2 * np.pi * np.arange(600) / 24 + 0.35 * rng.normal(size=600).cumsum())
    assert cycles(y, [24]) == []


@given(st.integers(2, 50), st.integers(0, 20))
def test_too_few_cycles_and_flat_lines_have_no_strength(steps, rows):
    assert cycle_strength(np.ones(steps * 6), steps) == 0.0
    assert cycle_strength(shape(0, steps * CYCLES - 1), steps) == 0.0
    assert cycles(np.arange(float(rows))) == []


def test_fewer_cycles_need_more_strength():
    assert least_strength(4) > least_strength(8) > least_strength(100) > 0.1


@pytest.mark.parametrize(
    ("frequency", "steps"),
    [
        (Frequency(unit="minute", count=15), [96, 672, 35_040]),
        (Frequency(unit="business day"), [5, 261]),
        (Frequency(unit="month", count=3), [4]),
        (Frequency(unit="year"), []),
        (Frequency(unit="integer", precision="integer"), []),
    ],
)
def test_the_cycles_of_a_calendar(frequency, steps):
    assert natural(frequency) == steps
