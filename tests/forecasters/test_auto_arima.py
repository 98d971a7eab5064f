"""What the automatic search finds, and what happens when it comes back with something that cannot be meant."""

import numpy as np
import pytest

from seqcast.forecasters import auto_arima as module
from seqcast.forecasters.arima import given_arima
from seqcast.forecasters.auto_arima import auto_arima, mixed, moving_average
from seqcast.forecasters.guard import FitFailedError
from seqcast.forecasters.orders import ArimaOrder
from seqcast.types import Task
from tests.forecasters.r_figures import APPROVAL
from tests.proofs.classical import automatic_deaths, nan_for_estimates, zeros_for_estimates


def simulated(ar=(), ma=(), rows=400, seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=rows + 50)
    values = np.zeros(rows + 50)
    for step in range(4, rows + 50):
        values[step] = noise[step] + sum(c * values[step - 1 - i] for i, c in enumerate(ar))
        values[step] += sum(c * noise[step - 1 - i] for i, c in enumerate(ma))
    return values[50:]


def true_spread(ar, ma, steps):
    """Return the standard deviation of h-step errors of the true process: the root of summed squared psi weights."""
    psi = [1.0]
    for step in range(1, steps):
        own = ma[step - 1] if step <= len(ma) else 0.0
        psi.append(own + sum(ar[i] * psi[step - 1 - i] for i in range(min(len(ar), step))))
    return np.sqrt(np.cumsum(np.square(psi)))


@pytest.mark.parametrize(
    ("method", "ar", "ma"),
    [(auto_arima, (0.7,), ()), (auto_arima, (0.5,), (0.4,)), (moving_average, (), (0.8, 0.4)), (mixed, (0.6,), (0.5,))],
)
def test_spread_is_that_of_the_process(method, ar, ma):
    task = Task(horizon=5, quantiles=(0.5, 0.8413447460685429))
    spreads = []
    for seed in range(3):
        forecast = method(simulated(ar, ma, seed=seed), task)
        assert forecast.note is None
        spreads.append(forecast.values[:, 1] - forecast.mean)
    np.testing.assert_allclose(np.mean(spreads, axis=0), true_spread(ar, ma, 5), rtol=0.1)


def test_moving_average_knows_nothing_past_its_order():
    forecast = moving_average(10 + simulated(ma=(0.8,)), Task(horizon=12))
    np.testing.assert_allclose(forecast.mean[6:], forecast.mean[-1], rtol=1e-9)
    np.testing.assert_allclose(forecast.mean[-1], 10, atol=0.3)


@pytest.mark.parametrize("season", [4, 24])
def test_a_season_is_carried_on(season):
    rng = np.random.default_rng(3)
    pattern = 5 * np.sin(2 * np.pi * np.arange(season) / season)
    history = 100 + np.resize(pattern, 20 * season) + rng.normal(0, 0.5, 20 * season)
    forecast = auto_arima(history, Task(horizon=2 * season, season=season))
    np.testing.assert_allclose(forecast.mean, 100 + np.resize(pattern, 2 * season), atol=1.2)


def spoilt(**changes):
    """Return a search that finds something, and spoils what it found."""
    search = module.auto_arima_f
    return lambda *args, **settings: {**search(*args, **settings), **changes}


@pytest.mark.parametrize(
    "changes",
    [{"coef": {"ar1": np.nan}}, {"coef": {"ar1": 0.0}}, {"sigma2": 0.0}, {"sigma2": np.nan}, {"loglik": np.nan}],
)
def test_estimates_that_cannot_be_meant_are_replaced_by_exact_likelihood_and_said(changes, monkeypatch):
    history, task = simulated(ar=(0.7,)), Task(horizon=3)
    expected = auto_arima(history, task)
    monkeypatch.setattr(module, "auto_arima_f", spoilt(**changes))
    forecast = auto_arima(history, task)
    np.testing.assert_allclose(forecast.values, expected.values, rtol=1e-3, atol=1e-3)
    assert expected.note is None
    assert "came back with estimates of zero or NaN; ARIMA(" in str(forecast.note)


def test_a_search_that_fails_or_ends_on_a_worse_model_is_replaced_and_said(monkeypatch):
    history, task = simulated(ar=(0.9,)), Task(horizon=3)
    expected = given_arima(history, task, order=ArimaOrder(p=1))
    # White noise, praised: what the library says of its own likelihood is not believed.
    noise = {"arma": (0, 0, 0, 0, 1, 0, 0), "coef": {}, "loglik": 1e9, "aicc": -1e9}
    monkeypatch.setattr(module, "auto_arima_f", spoilt(**noise))
    forecast = auto_arima(history, task)
    assert "worse model than ARIMA(1,0,0); that was taken" in str(forecast.note)
    np.testing.assert_allclose(forecast.values, expected.values, rtol=1e-6)

    def failing(*args, **settings):
        raise ValueError("No suitable ARIMA model found")

    monkeypatch.setattr(module, "auto_arima_f", failing)
    assert "worse model than ARIMA(" in str(auto_arima(history, task).note)


def test_where_nothing_is_sane_a_naive_method_answers(monkeypatch):
    def failing(*args, **settings):
        raise FitFailedError("too few observed values for these orders")

    monkeypatch.setattr(module, "estimate", failing)
    history = simulated(ar=(0.9,))
    forecast = auto_arima(history, Task(horizon=3))
    assert "fell back to naive: neither the automatic search nor a simpler model" in str(forecast.note)
    assert forecast.mean[0] == history[-1]


@pytest.mark.parametrize(("rows", "season"), [(10, 1), (10, 4), (12, 4), (14, 4), (16, 4)])
def test_a_short_history_gets_no_model_of_more_parameters_than_rows(rows, season, monkeypatch):
    found = []
    search = module.auto_arima_f
    monkeypatch.setattr(module, "auto_arima_f", lambda *args, **more: found.append(search(*args, **more)) or found[-1])
    for seed in range(2):
        noise = np.random.default_rng(seed).normal(size=rows)
        history = np.resize([3.0, -1.0, 0.5, -2.5], rows) + 0.05 * np.arange(rows) + noise
        assert auto_arima(history, Task(horizon=2, season=season)).note is None
    for model in found:
        _, _, _, _, period, d, D = model["arma"]
        assert len(model["coef"]) + 1 < rows - d - D * period - 1


def test_what_the_library_really_returns_for_zero_and_nan_is_caught():
    assert zeros_for_estimates() < 1e-4
    assert nan_for_estimates() == 0


@pytest.mark.parametrize(("season", "rows"), [(1, 120), (4, 120), (1, 60)])
def test_missing_values_are_integrated_out_of_the_orders_that_were_found(season, rows, monkeypatch):
    asked, exact = [], module.estimate

    def listening(history, order, *args):
        asked.append(order)
        return exact(history, order, *args)

    monkeypatch.setattr(module, "estimate", listening)
    history, task = APPROVAL[-rows:], Task(horizon=4, season=season)
    forecast = auto_arima(history, task)
    given = given_arima(history, task, order=asked[0])
    assert np.isfinite(forecast.values).all() and "missing values were interpolated to search" in str(forecast.note)
    np.testing.assert_allclose(forecast.mean, given.mean, rtol=1e-3)
    np.testing.assert_allclose(forecast.values, given.values, rtol=1e-3)


def test_below_a_long_season_the_gaps_are_filled_and_that_is_said():
    history = 50 + np.resize(np.sin(np.arange(24) * np.pi / 12), 24 * 8) + simulated(ar=(0.5,), rows=192)
    history[[30, 31, 100]] = np.nan
    forecast = auto_arima(history, Task(horizon=4, season=24))
    assert np.isfinite(forecast.values).all()
    assert forecast.note == "missing values were interpolated for the fit, never for the scores"


def test_the_forecast_of_accidental_deaths_is_that_of_r():
    assert automatic_deaths() < 1e-5
