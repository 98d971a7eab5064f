"""Given orders against the figures that R prints, and against the recursions of the models themselves."""

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.regression.linear_model import burg as statsmodels_burg
from statsmodels.tsa.statespace.sarimax import SARIMAX

from seqcast.errors import ConfigError
from seqcast.forecasters.arima import autoregression, burg, given_arima
from seqcast.forecasters.likelihood import estimate
from seqcast.forecasters.orders import ArimaOrder
from seqcast.types import Task
from tests.forecasters.r_figures import DEATHS, DEATHS_AHEAD, DEATHS_SPREAD, LH, LH_AHEAD, LH_SPREAD
from tests.proofs.classical import ONE_SIGMA, spread_of


def test_forecasts_are_those_that_r_prints():
    lh = given_arima(LH, Task(horizon=12, quantiles=ONE_SIGMA), order=ArimaOrder.parse("ar(3)"))
    np.testing.assert_allclose(lh.mean, LH_AHEAD, atol=1e-4)
    np.testing.assert_allclose(spread_of(lh), LH_SPREAD, rtol=1e-4)
    order = ArimaOrder.parse("arima(0,1,1)(0,1,1)")
    deaths = given_arima(DEATHS, Task(horizon=6, season=12, quantiles=ONE_SIGMA), order=order)
    np.testing.assert_allclose(deaths.mean, DEATHS_AHEAD, atol=0.02)
    np.testing.assert_allclose(spread_of(deaths), DEATHS_SPREAD, rtol=2e-4)


def test_missing_values_in_a_differenced_series_are_those_of_the_library_with_a_diffuse_start():
    history = np.cumsum(np.random.default_rng(5).normal(size=90)) / 5
    history[[10, 11, 40, 71]] = np.nan
    found = estimate(history, ArimaOrder.parse("arima(1,1,1)"), 1)
    # A large variance at the start, which the library takes by default, is diffuse only nearly.
    nearly = SARIMAX(history, order=(1, 1, 1))
    better = [nearly.loglike(found.parameters * factor) for factor in (0.99, 1.01)]
    assert nearly.loglike(found.parameters) > max(better)
    assert found.used == 85
    forecast, theirs = found.forecast(3), nearly.filter(found.parameters).get_forecast(3)
    np.testing.assert_allclose(forecast.mean, theirs.predicted_mean, rtol=1e-6)
    np.testing.assert_allclose(forecast.sigma, theirs.se_mean, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:Non-")
def test_a_given_start_leads_to_the_same_maximum_and_a_start_outside_is_not_taken():
    order = ArimaOrder.parse("arma(2,1)")
    history = (LH - LH.mean()) / LH.std()
    free = estimate(history, order, 1)
    for start in ([0.5, 0.1, 0.1], [2.5, 0.0, 0.0], [0.1, 0.1, -1.7]):
        np.testing.assert_allclose(
            estimate(history, order, 1, start=start).log_likelihood, free.log_likelihood, atol=1e-6
        )


def test_a_random_walk_has_the_interval_of_naive():
    walk = np.cumsum(np.random.default_rng(0).normal(size=120))
    task = Task(horizon=5, quantiles=(0.5, 0.841344746))
    forecast = given_arima(walk, task, order=ArimaOrder(d=1))
    sigma = np.sqrt(np.mean(np.diff(walk) ** 2))
    np.testing.assert_allclose(forecast.mean, walk[-1], rtol=1e-9)
    np.testing.assert_allclose(forecast.values[:, 1] - walk[-1], sigma * np.sqrt(np.arange(1, 6)), rtol=1e-3)


def test_missing_values_are_integrated_out_not_filled():
    # An AR(1) seen at every other step only is an AR(1) with the coefficient squared at that step.
    rng = np.random.default_rng(1)
    values = np.zeros(3000)
    for step in range(1, len(values)):
        values[step] = 0.8 * values[step - 1] + rng.normal()
    values[1::2] = np.nan
    history = values / np.nanstd(values)
    _, coefficient, _ = estimate(history, ArimaOrder(p=1), 1).parameters
    sparse = history[::2] - history[::2].mean()
    np.testing.assert_allclose(coefficient**2, sparse[1:] @ sparse[:-1] / (sparse @ sparse), atol=0.01)


def test_burg_is_that_of_statsmodels_at_its_order():
    rng = np.random.default_rng(2)
    values = np.convolve(rng.normal(size=400), [1.0, 0.7, 0.4, 0.2])[:400]
    coefficients, variance = burg(values - values.mean(), 12)
    reference, reference_variance = statsmodels_burg(values, order=len(coefficients), demean=True)
    assert 0 < len(coefficients) <= 12
    np.testing.assert_allclose(coefficients, reference, rtol=1e-8)
    np.testing.assert_allclose(variance, reference_variance, rtol=1e-2)


def test_autoregression_forecasts_by_its_recursion():
    rng = np.random.default_rng(3)
    values = 50 + np.convolve(rng.normal(size=300), 0.9 ** np.arange(40))[:300]
    forecast = autoregression(values, Task(horizon=4))
    mean = values.mean()
    coefficients, _ = burg((values - mean) / values.std(), 24)
    state = list(values - mean)
    for _ in range(4):
        state.append(float(np.dot(coefficients, state[::-1][: len(coefficients)])))
    np.testing.assert_allclose(forecast.mean, mean + np.array(state[-4:]), rtol=1e-8)


def test_names_and_orders_are_one_to_one():
    assert ArimaOrder.parse("AR(2)") == ArimaOrder(p=2)
    assert ArimaOrder.parse("ma(3)") == ArimaOrder(q=3)
    assert ArimaOrder.parse("arma(2, 1)") == ArimaOrder(p=2, q=1)
    assert ArimaOrder.parse("arimax(2,0,1)(1,0,0)") == ArimaOrder(p=2, q=1, P=1)
    full = ArimaOrder(p=2, d=1, q=3, P=1, D=1, Q=2)
    assert ArimaOrder.parse(full.name) == full
    assert replace(full, P=0, D=0, Q=0).name == "arima(2,1,3)"


@pytest.mark.parametrize(
    "name",
    ["arima(1,0)", "arimax(1,0)", "arx(1)", "arima()", "ar(1,1)", "sarima(1,0,0)", "arima(1,0,1)(1,0)", "ar(-1)"],
)
def test_a_name_that_is_no_order_is_refused(name):
    with pytest.raises(ConfigError, match="Orders are written like .* got "):
        ArimaOrder.parse(name)


def test_orders_too_large_are_refused():
    with pytest.raises(ConfigError, match="order d lies between 0 and 2; got 3"):
        ArimaOrder.parse("arima(1,3,1)")


def test_a_seasonal_part_without_a_season_is_left_out_and_said():
    history = np.random.default_rng(4).normal(size=50)
    forecast = given_arima(history, Task(horizon=2), order=ArimaOrder.parse("arima(1,0,0)(1,0,0)"))
    plain = given_arima(history, Task(horizon=2), order=ArimaOrder(p=1))
    assert np.array_equal(forecast.values, plain.values)
    assert "its seasonal part was left out" in str(forecast.note)


def test_too_few_values_for_the_orders_are_said():
    forecast = given_arima(np.arange(10.0) % 4 + 0.1, Task(horizon=2), order=ArimaOrder.parse("arima(4,0,4)"))
    assert "too few observed values for these orders" in str(forecast.note)
