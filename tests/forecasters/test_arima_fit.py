"""A fit as a statistics package prints it: against R's figures, against the density, against a change of units."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcast.errors import ColumnError, ConfigError, HistoryError
from seqcast.forecasters.arima_fit import fit_arima
from seqcast.forecasters.orders import ArimaOrder
from tests.forecasters.r_figures import APPROVAL, DEATHS, HURON, LH, PRINTED, YEARS
from tests.proofs.classical import exact_likelihood, gap

MODELS = [pytest.param(model, id=f"{data} {model.name}") for data, models in PRINTED.items() for model in models]


def test_the_series_are_those_of_r():
    # Lengths and summaries as R's help pages and summary() give them.
    assert [len(data) for data in (LH, DEATHS, HURON, APPROVAL)] == [48, 72, 98, 120]
    assert int(np.isnan(APPROVAL).sum()) == 6
    np.testing.assert_allclose([LH.mean(), DEATHS.mean(), HURON.mean()], [2.4, 8788.79, 579.0041], rtol=1e-6)
    np.testing.assert_allclose(np.nanmean(APPROVAL), 56.31, atol=0.005)


@pytest.mark.parametrize("model", MODELS)
def test_everything_that_r_prints(model):
    fit = model.fit
    assert gap(fit.coefficients, model.coefficients) < 2e-4
    assert gap(fit.standard_errors, model.errors) < 3e-4
    np.testing.assert_allclose(fit.variance, model.variance, rtol=5e-4)
    np.testing.assert_allclose([fit.log_likelihood, fit.aic], [model.log_likelihood, model.aic], atol=0.01)
    assert fit.used == (~np.isnan(model.history)).sum() - (13 if model.season == 12 else 0)


def test_conditional_sums_of_squares_would_be_found_out():
    # R's method = "CSS" prints these for the same call; they are another estimate.
    assert gap(fit_arima(LH, "ar(3)").coefficients, [0.6578, -0.0658, -0.2348, 2.3918]) > 1e-2


def test_names_are_in_the_order_of_r():
    fit = fit_arima(DEATHS, "arima(2,0,1)(1,0,1)", 12, {"step": np.arange(72.0)})
    assert fit.names == ("ar1", "ar2", "ma1", "sar1", "sma1", "intercept", "step")
    assert len(fit.coefficients) == len(fit.standard_errors) == len(fit.names)
    assert fit_arima(DEATHS, "arima(0,1,1)(0,1,1)", 1).names == ("ma1",)


@settings(max_examples=12)
@given(
    scale=st.sampled_from([1e-6, 0.3, 1.0, 1e5]),
    shift=st.floats(-100, 100),
    stretch=st.sampled_from([1e-3, 1.0, 1e4]),
    orders=st.sampled_from(["ar(1)", "arma(1,1)", "arima(0,1,1)"]),
)
def test_units_change_the_figures_as_they_must(scale, shift, stretch, orders):
    plain = fit_arima(HURON, orders, regressors={"year": YEARS})
    moved = fit_arima(scale * (HURON + shift), orders, regressors={"year": stretch * YEARS})
    factors = np.array([{"year": scale / stretch, "intercept": scale}.get(name, 1.0) for name in plain.names])
    offsets = np.array([shift * (name == "intercept") for name in plain.names])
    np.testing.assert_allclose(moved.coefficients / factors - offsets, plain.coefficients, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(moved.standard_errors / factors, plain.standard_errors, rtol=1e-2)
    np.testing.assert_allclose(moved.variance / scale**2, plain.variance, rtol=1e-5)
    np.testing.assert_allclose(moved.log_likelihood + plain.used * np.log(scale), plain.log_likelihood, atol=1e-5)


@settings(max_examples=15)
@given(
    orders=st.sampled_from(["ar(2)", "ma(1)", "arma(1,1)", "arima(1,1,0)", "arima(0,1,1)"]),
    rows=st.integers(20, 60),
    seed=st.integers(0, 99),
    gaps=st.integers(0, 6),
)
def test_the_stated_likelihood_is_the_density_of_what_was_observed(orders, rows, seed, gaps):
    rng = np.random.default_rng(seed)
    history = 20 + 3 * np.cumsum(rng.normal(size=rows)) / np.sqrt(rows) + rng.normal(size=rows)
    history[rng.choice(rows, gaps, replace=False)] = np.nan
    fit = fit_arima(history, orders)
    np.testing.assert_allclose(fit.log_likelihood, exact_likelihood(history, fit), atol=1e-6)


def test_a_missing_regressor_takes_its_row_out():
    holes = [4, 40, 41]
    years, levels = YEARS.copy(), HURON.copy()
    years[holes] = np.nan
    levels[holes] = np.nan
    missing = fit_arima(HURON, "ar(2)", regressors={"year": years})
    taken_out = fit_arima(levels, "ar(2)", regressors={"year": YEARS})
    np.testing.assert_allclose(missing.coefficients, taken_out.coefficients, rtol=1e-4)
    np.testing.assert_allclose(missing.log_likelihood, taken_out.log_likelihood, atol=1e-8)
    assert missing.used == 95


def test_a_drift_is_the_mean_of_the_differences():
    walk = np.cumsum(np.random.default_rng(0).normal(0.5, 1.0, size=80))
    fit = fit_arima(walk, "arima(0,1,0)", regressors={"step": np.arange(80.0)})
    np.testing.assert_allclose(fit.coefficients, [np.diff(walk).mean()], rtol=1e-6)
    np.testing.assert_allclose(fit.variance, np.diff(walk).var(), rtol=1e-6)
    np.testing.assert_allclose(fit.standard_errors, [np.diff(walk).std() / np.sqrt(79)], rtol=1e-4)


def test_it_reads_as_a_table():
    lines = str(fit_arima(LH, ArimaOrder(p=1))).splitlines()
    assert lines[0] == "arima(1,0,0)" and lines[-1] == "variance 0.1975, log likelihood -29.38, AIC 64.76"
    assert lines[1].split() == ["ar1", "0.5739", "(s.e.", "0.1162)"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"year": YEARS[:-1]}, "has a value for each row of the history; 'year' has 97 for 98 rows"),
        ({"one": np.ones(98)}, "must say something of its own; 'one' is constant"),
        ({"year": YEARS, "month": 12 * YEARS + 5}, "must say something of its own; 'month' is constant, or a sum"),
    ],
)
def test_regressors_that_have_no_coefficient_are_refused(columns, message):
    with pytest.raises(ColumnError, match=message):
        fit_arima(HURON, "ar(1)", regressors=columns)


def test_a_trend_has_no_coefficient_once_differenced_twice():
    with pytest.raises(ColumnError, match="'year' .* vanishes when differenced. Leave it out"):
        fit_arima(HURON, "arima(0,2,1)", regressors={"year": YEARS})


def test_histories_that_cannot_be_fitted_are_refused():
    with pytest.raises(HistoryError, match=r"arima\(4,0,4\) cannot be fitted to 10 observed values: too few .* lower"):
        fit_arima(LH[:10], "arma(4,4)")
    for history in (np.ones(30), np.full(30, np.nan), np.empty(0)):
        with pytest.raises(HistoryError, match="needs a history of finite values that vary"):
            fit_arima(history, "ar(1)")
    with pytest.raises(ConfigError, match="Orders are written like"):
        fit_arima(LH, "sarima(1,0,0)")
