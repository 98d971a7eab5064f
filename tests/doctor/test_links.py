"""How columns hang together, against NumPy and pairs of rows written out one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.doctor.links import FEWEST, SAME, correlations, linked, same_columns, same_moves

SEEDS = st.integers(0, 2**16)


def holed(values: np.ndarray, seed: int, share: float) -> np.ndarray:
    return np.where(np.random.default_rng(seed).random(values.shape) < share, np.nan, values)


@given(SEEDS, st.integers(2, 200), st.integers(1, 4), st.integers(1, 4), st.floats(0, 0.5))
def test_correlations_are_those_of_the_rows_that_both_have(seed, rows, left, right, share):
    rng = np.random.default_rng(seed)
    a = holed(rng.normal(size=(rows, left)) * 10.0 ** rng.integers(-6, 7) + rng.normal(), seed, share)
    b = holed(a[:, [0]] + rng.normal(size=(rows, right)), seed + 1, share)
    found = correlations(a, b)
    for i, j in np.ndindex(left, right):
        both = ~np.isnan(a[:, i]) & ~np.isnan(b[:, j])
        expected = np.corrcoef(a[both, i], b[both, j])[0, 1] if both.sum() >= FEWEST else 0.0
        assert found[i, j] == pytest.approx(expected, abs=1e-9)


@given(SEEDS, st.integers(-60, 60), st.sampled_from([-3.0, 1.0, 1e-9, 1e9]), st.floats(0, 0.3))
def test_a_line_through_the_target_is_found_at_its_step_and_nowhere_else(seed, step, slope, share):
    rng = np.random.default_rng(seed)
    y = holed(rng.normal(size=400).cumsum(), seed, share)
    copy = np.full(400, np.nan)
    copy[max(0, -step) : 400 - max(0, step)] = slope * y[max(0, step) : 400 + min(0, step)] + 5
    values = np.column_stack([y, rng.normal(size=400).cumsum(), copy])
    assert same_moves(values, 0, [1, 2], range(-70, 71)) == [(2, step)]


@given(st.floats(-5, 5), st.floats(-5, 5), st.integers(50, 300))
def test_two_straight_lines_are_no_copies_of_each_other(one, other, rows):
    t = np.arange(rows)
    values = np.column_stack([one * t + 3, other * t])
    assert same_moves(values, 0, [1], range(-20, 21)) == [] and same_columns(values) == []


@given(SEEDS, st.floats(0, 0.3))
def test_the_same_columns_are_found_whatever_their_scale(seed, share):
    rng = np.random.default_rng(seed)
    x = holed(rng.normal(size=(300, 2)), seed, share)
    values = np.column_stack([x, -1e6 * x[:, 1] + 7, x[:, 0] + 0.2 * rng.normal(size=300)])
    [link] = same_columns(values)
    assert (link.feature, link.other) == (2, 1) and link.off < 1e-9
    assert (link.slope, link.level) == (pytest.approx(-1e6), pytest.approx(7))


def test_columns_that_only_share_their_trend_are_not_the_same():
    rng = np.random.default_rng(0)
    trend = 1_000 * np.arange(500)
    values = np.column_stack([trend + rng.normal(size=500), trend + rng.normal(size=500)])
    assert correlations(values, values).min() > SAME and same_columns(values) == []


def test_a_link_says_how_far_its_line_misses():
    y = np.arange(5.0)
    assert linked(np.column_stack([y, [0, 2, 4, 6, 8]]), 1, 0).off < 1e-12
    assert linked(np.column_stack([y, [0, 2, 4, 6, 0]]), 1, 0).off > 0.2
    assert linked(np.column_stack([y, np.ones(5)]), 1, 0).off == np.inf
