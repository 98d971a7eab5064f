"""Correlations against statsmodels, R's method and regression."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcast.doctor.correlation import acf, lags_shown, pacf

SERIES = st.tuples(st.integers(0, 10_000), st.integers(12, 300), st.integers(0, 2))


def made(seed: int, rows: int, sums: int) -> np.ndarray:
    y = np.random.default_rng(seed).normal(size=rows)
    for _ in range(sums):
        y = y.cumsum()
    return y


@settings(max_examples=25)  # theirs takes a second to import and is slow at many lags
@given(SERIES)
def test_both_are_those_of_statsmodels(kind):
    from statsmodels.tsa.stattools import acf as their_acf
    from statsmodels.tsa.stattools import pacf as their_pacf

    y = made(*kind)
    lags = min(20, len(y) // 2 - 1)
    ours = acf(y, lags)
    np.testing.assert_allclose(ours, their_acf(y, nlags=lags, fft=False)[1:], atol=1e-10)
    np.testing.assert_allclose(pacf(ours), their_pacf(y, nlags=lags, method="ldb")[1:], atol=1e-6)


@given(SERIES)
def test_none_leaves_one(kind):
    y = made(*kind)
    correlation = acf(y, lags_shown(len(y), 12))
    assert np.abs(correlation).max() <= 1 and np.abs(pacf(correlation)).max() <= 1 + 1e-9


def test_partial_correlation_is_what_a_regression_on_shorter_lags_leaves():
    # Of a long series, so that the ends, which regression and Yule-Walker treat differently, weigh little.
    noise = np.random.default_rng(0).normal(size=50_000)
    y = noise.copy()
    for t in range(2, len(y)):
        y[t] += 0.5 * y[t - 1] - 0.4 * y[t - 2]
    found = pacf(acf(y, 4))
    for lag in (1, 2, 3, 4):
        past = np.stack([y[4 - back : len(y) - back] for back in range(1, lag + 1)], axis=1)
        weights = np.linalg.lstsq(past - past.mean(axis=0), y[4:] - y[4:].mean(), rcond=None)[0]
        assert abs(found[lag - 1] - weights[-1]) < 1e-3
    assert abs(found[1] - -0.4) < 0.02 and np.abs(found[2:]).max() < 0.02


def test_what_repeats_exactly_has_finite_partial_correlations():
    correlation = acf(np.tile([1.0, -1.0], 500), 60)
    assert np.isfinite(pacf(correlation)).all() and np.isfinite(pacf(np.ones(10))).all()


def test_the_season_is_within_sight_unless_it_is_very_long():
    assert lags_shown(10_000, 24) == 72 and lags_shown(10_000, 336) == 400 > 336
    assert lags_shown(100, 24) == 33 and lags_shown(10_000, 1) == 40
