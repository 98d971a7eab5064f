"""The two tests against statsmodels on any size, and what must not change their verdict."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.doctor.gaps import longest_stretch
from seqcast.doctor.unitroot import adf, kpss, most_lags
from tests.proofs.stationarity import AROUND, quiet


def series(seed: int, rows: int, sums: int) -> np.ndarray:
    y = np.random.default_rng(seed).normal(size=rows)
    for _ in range(sums):
        y = y.cumsum()
    return y


ANY = given(st.integers(0, 10_000), st.integers(20, 300), st.integers(0, 2), st.sampled_from(AROUND))


@ANY
def test_adf_is_that_of_statsmodels(seed, rows, sums, around):
    from statsmodels.tsa.stattools import adfuller

    y = series(seed, rows, sums)
    theirs = quiet(adfuller, y, most_lags(rows), "c" if around == "level" else "ct", "AIC")
    ours = adf(y, around)
    assert (ours.statistic, ours.p, ours.lags) == pytest.approx(theirs[:3], rel=1e-6, abs=1e-9)


@ANY
def test_kpss_is_that_of_statsmodels_at_the_same_lags(seed, rows, sums, around):
    from statsmodels.tsa.stattools import kpss as theirs

    y = series(seed, rows, sums)
    ours = kpss(y, around)
    found = quiet(theirs, y, "c" if around == "level" else "ct", int(3 * math.sqrt(rows) / 13))
    assert (ours.statistic, ours.p, ours.lags) == pytest.approx(found[:3], rel=1e-8)
    assert ours.bound == {0.1: ">", 0.01: "<"}.get(ours.p, "")


@given(st.integers(0, 10_000), st.floats(-1e6, 1e6), st.sampled_from([1e-6, 0.1, 7.0, 1e6]), st.sampled_from(AROUND))
def test_unit_and_level_of_the_data_change_nothing(seed, shift, scale, around):
    y = series(seed, 120, seed % 2)
    moved = scale * (y + shift)
    for test in (adf, kpss):
        assert test(moved, around).statistic == pytest.approx(test(y, around).statistic, rel=1e-4)


def test_a_straight_line_is_nothing_to_the_tests_around_a_line():
    y = series(0, 200, 0)
    line = 0.5 * np.arange(200)
    assert adf(y + line, "trend").statistic == pytest.approx(adf(y, "trend").statistic)
    assert kpss(y + line, "trend").statistic == pytest.approx(kpss(y, "trend").statistic)
    assert kpss(y + line).rejects and not kpss(y).rejects


@pytest.mark.parametrize("y", [np.sin(np.arange(100) * np.pi / 6), np.arange(100.0), np.tile([1.0, -1.0], 50)])
def test_what_is_told_exactly_by_its_past_has_no_statistic(y):
    assert math.isnan(adf(y, lags=4).statistic)


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_filled_gaps_leave_the_size_of_both_tests(share):
    rng = np.random.default_rng(0)
    walks = noises = 0
    for _ in range(300):
        noise = rng.normal(size=250)
        missing = rng.random(250) < share
        walk, plain = (longest_stretch(np.where(missing, np.nan, y), 20, 1_000).values for y in (noise.cumsum(), noise))
        walks += adf(walk).rejects
        noises += kpss(plain).rejects
    assert walks / 300 == pytest.approx(0.05, abs=0.04)  # three standard errors of the share
    assert noises / 300 == pytest.approx(0.05, abs=0.04)


def test_a_short_series_is_not_fitted_away():
    # With the nine lags that Schwert's rule allows for 20 rows, the regression has as many terms as rows.
    rejected = np.mean([adf(series(seed, 20, 1)).rejects for seed in range(300)])
    assert most_lags(20) == 3 and rejected < 0.2
