"""Given orders against the figures that R prints, and against the recursions of the models themselves."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from statsmodels.regression.linear_model import burg as statsmodels_burg

from seqcast.errors import ConfigError
from seqcast.forecasters.arima import autoregression, burg, estimate, given_arima
from seqcast.forecasters.orders import ArimaOrder
from seqcast.types import Task

# The data sets `lh` and `USAccDeaths` of R, which are in the public domain.
LH = [2.4, 2.4, 2.4, 2.2, 2.1, 1.5, 2.3, 2.3, 2.5, 2.0, 1.9, 1.7, 2.2, 1.8, 3.2, 3.2, 2.7, 2.2, 2.2, 1.9, 1.9, 1.8, 2.7]
LH += [3.0, 2.3, 2.0, 2.0, 2.9, 2.9, 2.7, 2.7, 2.3, 2.6, 2.4, 1.8, 1.7, 1.5, 1.4, 2.1, 3.3, 3.5, 3.5, 3.1, 2.6, 2.1]
LH += [3.4, 3.0, 2.9]
_YEARS = (
    "9007 8106 8928 9137 10017 10826 11317 10744 9713 9938 9161 8927",
    "7750 6981 8038 8422 8714 9512 10120 9823 8743 9129 8710 8680",
    "8162 7306 8124 7870 9387 9556 10093 9620 8285 8466 8160 8034",
    "7717 7461 7767 7925 8623 8945 10078 9179 8037 8488 7874 8647",
    "7792 6957 7726 8106 8890 9299 10625 9302 8314 8850 8265 8796",
    "7836 6892 7791 8192 9115 9434 10484 9827 9110 9070 8633 9240",
)
DEATHS = [float(count) for year in _YEARS for count in year.split()]

# R's predict(arima(lh, order = c(3, 0, 0)), n.ahead = 3) and of USAccDeaths, (0,1,1)(0,1,1), as its help page prints.
LH_AHEAD = [2.460173, 2.270829, 2.198597]
DEATHS_AHEAD = [8336.061, 7531.829, 8314.644, 8616.869]


def standard(values):
    values = np.asarray(values, dtype=np.float64)
    return (values - values.mean()) / values.std(), values.std()


@pytest.mark.parametrize(
    ("data", "name", "season", "coefficients", "variance"),
    [
        (LH, "arima(1,0,0)", 1, [0.5739], 0.1975),
        (LH, "arima(3,0,0)", 1, [0.6448, -0.0634, -0.2198], 0.1787),
        (DEATHS, "arima(0,1,1)(0,1,1)", 12, [-0.4303, -0.5528], 99347.0),
    ],
)
def test_estimates_are_those_that_r_prints(data, name, season, coefficients, variance):
    history, scale = standard(data)
    parameters, _ = estimate(history, ArimaOrder.parse(name), season)
    np.testing.assert_allclose(parameters[-1 - len(coefficients) : -1], coefficients, atol=2e-4)
    np.testing.assert_allclose(parameters[-1] * scale**2, variance, rtol=5e-4)


def test_airline_model_is_that_of_box_and_jenkins(shared):
    with (shared / "data/classic/air_passengers.csv").open() as file:
        history, scale = standard(np.log([float(row[1]) for row in list(csv.reader(file))[1:]]))
    parameters, _ = estimate(history, ArimaOrder.parse("arima(0,1,1)(0,1,1)"), 12)
    np.testing.assert_allclose(parameters[:2], [-0.4018, -0.5569], atol=3e-4)
    np.testing.assert_allclose(parameters[2] * scale**2, 0.001348, rtol=1e-3)


def test_forecasts_are_those_that_r_prints():
    levels = (0.5, 0.841344746)
    lh = given_arima(np.array(LH), Task(horizon=3, quantiles=levels), order=ArimaOrder.parse("ar(3)"))
    np.testing.assert_allclose(lh.mean, LH_AHEAD, atol=1e-3)
    np.testing.assert_allclose(lh.values[:2, 1] - lh.mean[:2], [0.4226823, 0.5029332], rtol=1e-4)
    order = ArimaOrder.parse("arima(0,1,1)(0,1,1)")
    deaths = given_arima(np.array(DEATHS), Task(horizon=6, season=12, quantiles=levels), order=order)
    np.testing.assert_allclose(deaths.mean[:4], DEATHS_AHEAD, atol=0.05)
    np.testing.assert_allclose(deaths.values[0, 1] - deaths.mean[0], 315.4481, rtol=2e-3)


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
    (_, coefficient, _), _ = estimate(history, ArimaOrder(p=1), 1)
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
    full = ArimaOrder(p=2, d=1, q=3, P=1, D=1, Q=2)
    assert ArimaOrder.parse(full.name) == full
    assert replace(full, P=0, D=0, Q=0).name == "arima(2,1,3)"


@pytest.mark.parametrize("name", ["arima(1,0)", "arima()", "ar(1,1)", "sarima(1,0,0)", "arima(1,0,1)(1,0)", "ar(-1)"])
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
