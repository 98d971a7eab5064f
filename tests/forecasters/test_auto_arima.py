"""What the automatic search finds, and what happens when it comes back with something that cannot be meant."""

import numpy as np
import pytest

from seqcast.forecasters import auto_arima as module
from seqcast.forecasters.auto_arima import auto_arima, mixed, moving_average
from seqcast.types import Task


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


def broken(**changes):
    """Return a search that finds something, and spoils it."""
    search = module.auto_arima_f

    def spoilt(*args, **settings):
        return {**search(*args, **settings), **changes}

    return spoilt


@pytest.mark.parametrize(
    "changes",
    [
        {"coef": {"ar1": np.nan}},
        {"coef": {"ma1": 0.0, "drift": np.inf}},
        {"sigma2": 0.0},
        {"sigma2": np.nan},
        {"loglik": np.nan},
        {"aicc": np.inf},
    ],
)
def test_what_cannot_be_meant_is_replaced_and_said(changes, monkeypatch):
    monkeypatch.setattr(module, "auto_arima_f", broken(**changes))
    forecast = auto_arima(simulated(ar=(0.7,)), Task(horizon=3))
    assert np.isfinite(forecast.values).all()
    assert "the automatic search came back with a worse model than ARIMA(1," in str(forecast.note)


def test_a_search_that_fails_or_ends_on_a_worse_model_is_replaced_and_said(monkeypatch):
    history = simulated(ar=(0.9,))
    monkeypatch.setattr(module, "auto_arima_f", broken(aicc=1e9))
    assert "worse model than ARIMA(1," in str(auto_arima(history, Task(horizon=3)).note)

    def failing(*args, **settings):
        raise ValueError("No suitable ARIMA model found")

    monkeypatch.setattr(module, "auto_arima_f", failing)
    assert "worse model than ARIMA(" in str(auto_arima(history, Task(horizon=3)).note)


def test_where_nothing_is_sane_a_naive_method_answers(monkeypatch):
    monkeypatch.setattr(module, "auto_arima_f", broken(sigma2=0.0))
    monkeypatch.setattr(module, "Arima", lambda *args, **settings: {"coef": {}, "sigma2": -1.0, "loglik": 0.0})
    history = simulated(ar=(0.9,))
    forecast = auto_arima(history, Task(horizon=3))
    assert "fell back to naive: neither the automatic search nor a simpler model" in str(forecast.note)
    assert forecast.mean[0] == history[-1]
