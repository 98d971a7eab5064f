"""ETS and Theta against simulation, against statsmodels, and against what the methods are known to be."""

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from seqcast.forecasters.ets import ets, ets_sigma
from seqcast.forecasters.guard import Normal
from seqcast.forecasters.season import classical_pattern, on_remainder
from seqcast.forecasters.theta import theta
from seqcast.types import Task


def simulated(form, damped, parameters, level, steps, count=200_000):
    """Return (count, steps) futures of the ETS model, by its own recursions."""
    alpha, beta, gamma, phi, variance = parameters
    rng = np.random.default_rng(0)
    now, slope, season = (np.full(count, value) for value in (level, 0.3, 1.0))
    seasons = [np.full(count, factor) for factor in (1.2, 0.9, 0.7, 1.2)]
    paths = np.empty((count, steps))
    for step in range(steps):
        ahead = now + phi * slope * (form[1] == "A")
        season = seasons.pop(0)
        mean = {"N": ahead, "A": ahead + season, "M": ahead * season}[form[2]]
        error = rng.normal(0, np.sqrt(variance), count) * (mean if form[0] == "M" else 1.0)
        paths[:, step] = mean + error
        shock = error / season if form[2] == "M" else error
        now = ahead + alpha * shock
        slope = phi * slope + beta * shock
        seasons.append(season + gamma * (error / ahead if form[2] == "M" else error))
    return paths


@pytest.mark.parametrize("form", ["ANN", "AAN", "ANA", "AAA", "MNN", "MAN", "MNA", "MAA", "MNM", "MAM"])
@pytest.mark.parametrize("damped", [False, True])
def test_variance_is_that_of_simulated_futures(form, damped):
    if damped and form[1] == "N":
        pytest.skip("there is no trend to damp")
    phi, variance = 0.9 if damped else 1.0, 0.0025 if form[0] == "M" else 1.0
    alpha, beta, gamma = 0.4, 0.1 * (form[1] == "A"), 0.2 * (form[2] != "N")
    paths = simulated(form, damped, (alpha, beta, gamma, phi, variance), 20.0, 9)
    # The states hold the latest season first, so these come as 1.2, 0.9, 0.7, 1.2.
    seasons = [1.2, 0.7, 0.9, 1.2] if form[2] != "N" else []
    model = {
        "components": form + ("D" if damped else "N"),
        "par": [alpha, beta, gamma, phi],
        "sigma2": variance,
        "m": 4 if form[2] != "N" else 1,
        "states": np.array([[20.0, 0.3, *seasons]]),
    }
    sigma = ets_sigma(model, paths.mean(axis=0))
    np.testing.assert_allclose(sigma, paths.std(axis=0), rtol=0.02)


def test_simple_smoothing_agrees_with_statsmodels():
    rng = np.random.default_rng(5)
    level = np.cumsum(rng.normal(0, 0.4, size=200))
    values = level + rng.normal(size=200)
    reference = ExponentialSmoothing(values, initialization_method="estimated").fit()
    forecast = ets(values, Task(horizon=3))
    np.testing.assert_allclose(forecast.mean, reference.forecast(3), atol=0.05)


def test_additive_season_and_trend_are_found():
    rows = np.arange(96)
    values = 30 + 0.5 * rows + np.resize([4.0, -1.0, -3.0, 0.0], 96) + np.random.default_rng(6).normal(0, 0.3, 96)
    future = np.arange(96, 104)
    truth = 30 + 0.5 * future + np.resize([4.0, -1.0, -3.0, 0.0], 8)
    # Theta takes half of the trend, less what its smoothing follows, so it falls behind a steady one.
    for method, allowed in ((ets, 0.6), (theta, 1.5)):
        np.testing.assert_allclose(method(values, Task(horizon=8, season=4)).mean, truth, atol=allowed)


def test_multiplicative_season_is_found_where_it_is():
    rows = np.arange(120)
    factors = np.resize([1.5, 1.0, 0.5, 1.0], 120)
    values = (50 + 2.0 * rows) * factors * np.exp(np.random.default_rng(7).normal(0, 0.02, 120))
    truth = (50 + 2.0 * np.arange(120, 128)) * np.resize([1.5, 1.0, 0.5, 1.0], 8)
    for method in (ets, theta):
        forecast = method(values, Task(horizon=8, season=4))
        np.testing.assert_allclose(forecast.mean, truth, rtol=0.08)
        width = forecast.values[:, -1] - forecast.values[:, 0]
        assert width[0] > 2 * width[2], "what multiplies the level multiplies its uncertainty"


def test_theta_of_a_line_follows_half_of_its_slope_or_more():
    # The Theta method is exponential smoothing with half the slope of the trend; optimised, with up to all of it.
    rows = np.arange(80)
    values = 3.0 * rows + np.random.default_rng(8).normal(size=80)
    step = np.diff(theta(values, Task(horizon=5)).mean)
    assert (step > 1.4).all() and (step < 3.1).all()


def test_season_test_of_theta():
    noise = np.random.default_rng(9).normal(10, 1, size=120)
    assert classical_pattern(noise, 12) is None
    additive = classical_pattern(noise - 10 + np.resize([5.0, -5.0, 0.0], 120), 3)
    assert additive is not None and not additive[1]
    np.testing.assert_allclose(additive[0][:3], [5.0, -5.0, 0.0], atol=0.5)
    multiplicative = classical_pattern(noise * np.resize([1.5, 0.5, 1.0], 120), 3)
    assert multiplicative is not None and multiplicative[1]


def test_short_history_has_no_season_to_take_out():
    seen = []

    def fit(history, steps, season):
        seen.append((history.copy(), season))
        return Normal(np.zeros(steps), np.ones(steps))

    history = np.random.default_rng(10).normal(size=40)
    on_remainder(fit, history, 3, 24)
    assert np.array_equal(seen[0][0], history) and seen[0][1] == 1
