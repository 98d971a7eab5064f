"""How much a column knows of what is new in another, against regressions written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.doctor.news import ahead_of, news_of
from tests.doctor.test_links import SEEDS, holed


@given(SEEDS, st.integers(-8, 8), st.integers(40, 200), st.booleans())
def test_the_share_ahead_is_the_squared_partial_correlation(seed, step, rows, each_row):
    rng = np.random.default_rng(seed)
    y, x = rng.uniform(-1, 1, size=(2, rows))  # bounded, so that no value is large enough to be cut
    y[9:] += 0.5 * y[:-9]
    until = step - 1 if each_row else min(0, step - 1)
    t = np.arange(max(2 - until, -step), rows - max(step, 0))
    base = np.column_stack([np.ones(len(t)), *(y[t + until - lag] for lag in range(3))])
    rests = [column - base @ np.linalg.lstsq(base, column, rcond=None)[0] for column in (y[t + step], x[t])]
    expected = np.corrcoef(*rests)[0, 1] ** 2
    assert ahead_of(y, x[:, None], [step], each_row=each_row)[0, 0] == pytest.approx(expected, abs=0.02)


@given(SEEDS, st.integers(1, 20), st.floats(0, 0.3))
def test_a_feature_that_holds_the_target_of_later_rows_tells_all_of_it(seed, step, share):
    y = holed(np.random.default_rng(seed).normal(size=300).cumsum(), seed, share)
    x = 3 - 2 * np.concatenate([y[step:], np.full(step, np.nan)])
    shares = ahead_of(y, x[:, None], range(1, 25))[:, 0]
    # A value carried over a gap is old, so with gaps only most of it is told.
    assert shares[step - 1] >= (1 - 1e-9 if share == 0 else 0.5)
    assert shares.argmax() == step - 1


@pytest.mark.parametrize("kind", ["noise", "walk"])
def test_strangers_tell_nothing_and_neither_does_the_past(kind):
    y, x = np.random.default_rng(0).normal(size=(2, 2_000))
    y = y.cumsum() if kind == "walk" else y
    late = np.concatenate([np.full(2, np.nan), y[:-2]])
    assert ahead_of(y, np.column_stack([x, late]), range(1, 25)).max() < 0.02


def test_one_crisis_does_not_make_two_columns_alike():
    y, x = np.random.default_rng(0).normal(size=(2, 500))
    y[250], x[249] = 1e4, 1e4
    assert ahead_of(y, x[:, None], [1])[0, 0] < 0.2


def test_a_crisis_of_the_target_does_not_make_its_level_news():
    y = np.random.default_rng(0).normal(size=500).cumsum()
    near = y + 3 * np.random.default_rng(1).normal(size=500)
    y[250] += 1e4
    assert ahead_of(y, near[:, None], [1])[0, 0] < 0.2


@given(SEEDS, st.integers(1, 10))
def test_each_series_has_a_level_of_its_own(seed, step):
    rng = np.random.default_rng(seed)
    groups = np.repeat([0, 1, 2], 100)
    y = np.concatenate([[*rng.normal(size=100 - step).cumsum(), *np.full(step, np.nan)] for _ in range(3)])
    x = np.concatenate([y[step:], np.full(step, np.nan)]) + 1_000 * groups
    assert ahead_of(y, x[:, None], [step], groups=groups)[0, 0] == pytest.approx(1)
    assert ahead_of(y, x[:, None], [step])[0, 0] < 0.9


@given(SEEDS, st.integers(1, 20))
def test_news_of_a_copy_are_all_and_news_of_a_clock_are_none(seed, step):
    rows = np.arange(600)
    y = 10 * np.sin(2 * np.pi * rows / 144) + np.random.default_rng(seed).normal(size=600)
    copy = np.concatenate([y[step:], np.full(step, np.nan)])
    assert news_of(y, copy, step) == pytest.approx(1)
    for clock in (np.cos(2 * np.pi * (rows + seed) / 144), (rows + seed) % 144, (rows + seed) % 7 == 0):
        assert news_of(y, clock.astype(float), step, [7, 144]) < 0.1
