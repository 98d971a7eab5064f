import numpy as np
import pytest

from seqcast.forecasters.guard import Limits, Normal, guarded, simplest
from seqcast.types import Task

TASK = Task(horizon=3, season=4, quantiles=(0.1, 0.5, 0.9))
NOISE = np.random.default_rng(0).normal(5, 2, size=60)


def recorded(history, limits=None, task=TASK):
    """Return what the fit is given, and the forecast that comes of it."""
    seen = {}

    def fit(given, steps, season):
        seen.update(given=given, steps=steps, season=season)
        return Normal(np.arange(steps, dtype=float), np.ones(steps))

    return seen, guarded(fit, history, task, limits or Limits())


def test_the_fit_sees_a_standard_history_and_the_user_its_own_scale():
    seen, forecast = recorded(NOISE)
    np.testing.assert_allclose([seen["given"].mean(), seen["given"].std()], [0, 1], atol=1e-12)
    np.testing.assert_allclose(forecast.mean, NOISE.mean() + NOISE.std() * np.arange(3))
    np.testing.assert_allclose(forecast.values[:, 2] - forecast.mean, 1.2815515655 * NOISE.std())


def test_the_end_that_is_missing_is_forecast_through():
    seen, forecast = recorded(np.r_[NOISE, np.nan, np.nan])
    assert seen["steps"] == 5
    np.testing.assert_allclose(forecast.mean, NOISE.mean() + NOISE.std() * np.arange(2, 5))


def test_holes_are_filled_for_the_fit_only_and_said():
    history = NOISE.copy()
    history[[10, 11]] = np.nan
    seen, forecast = recorded(history)
    filled = history.copy()
    filled[[10, 11]] = np.interp([10, 11], [9, 12], NOISE[[9, 12]])
    np.testing.assert_allclose(seen["given"], (filled - filled.mean()) / filled.std())
    assert forecast.note == "missing values were interpolated for the fit, never for the scores"
    kept, untold = recorded(history, Limits(holes=True))
    assert np.isnan(kept["given"]).sum() == 2 and untold.note is None


def test_only_the_latest_seasons_are_read():
    long = np.random.default_rng(1).normal(size=5000)
    seen, _ = recorded(long, Limits(seasons=20, steps=100), Task(horizon=3, season=12))
    assert len(seen["given"]) == 240
    tampered = long.copy()
    tampered[:4700] = 1e6
    again, _ = recorded(tampered, Limits(seasons=20, steps=100), Task(horizon=3, season=12))
    assert np.array_equal(seen["given"], again["given"])


@pytest.mark.parametrize(
    ("normal", "reason"),
    [
        (Normal(np.full(3, np.nan), np.ones(3)), "not finite or explodes"),
        (Normal(np.zeros(3), np.full(3, np.inf)), "not finite or explodes"),
        (Normal(np.zeros(3), -np.ones(3)), "not finite or explodes"),
        (Normal(np.full(3, 1e7), np.ones(3)), "not finite or explodes"),
    ],
)
def test_a_forecast_that_cannot_be_meant_falls_back(normal, reason):
    forecast = guarded(lambda *given: normal, NOISE, TASK, Limits())
    assert np.isfinite(forecast.values).all() and reason in str(forecast.note)


def test_a_numeric_failure_falls_back_but_a_fault_of_ours_does_not():
    def singular(*given):
        raise np.linalg.LinAlgError("singular")

    assert "the fit failed (LinAlgError)" in str(guarded(singular, NOISE, TASK, Limits()).note)
    with pytest.raises(TypeError):
        guarded(lambda: None, NOISE, TASK, Limits())


def test_the_simplest_method_is_the_one_that_errs_least():
    rows = np.arange(40.0)
    assert simplest(np.cumsum(NOISE - NOISE.mean()), TASK).name == "naive"
    assert simplest(3 * rows + NOISE[:40] / 100, TASK).name == "drift"
    assert simplest(np.resize([0.0, 9.0, -9.0, 3.0], 40) + NOISE[:40] / 100, TASK).name == "seasonal naive"


@pytest.mark.parametrize(
    ("history", "truth", "name"),
    [
        (np.arange(30.0) * 0.1, [3.0, 3.1, 3.2], "drift"),
        (np.resize([0.3, 0.7, 0.1, 0.2], 42), [0.1, 0.2, 0.3], "seasonal naive"),
    ],
)
def test_a_history_without_any_error_is_continued_without_any(history, truth, name):
    seen, forecast = recorded(history)
    assert not seen
    np.testing.assert_allclose(forecast.mean, truth, atol=1e-9)
    np.testing.assert_allclose(np.ptp(forecast.values, axis=1), 0, atol=1e-9)
    assert forecast.note == f"the history continues itself exactly: {name} was taken"
