"""What every classical forecaster promises, whatever its mathematics."""

from dataclasses import replace

import numpy as np
import pytest

from seqcast.budget import Deadline
from seqcast.errors import BudgetError
from seqcast.forecasters import local
from seqcast.forecasters.classical import CLASSICAL, build_local
from seqcast.types import Origins, Task
from tests.panels import MONTHLY, make_panel

NAMES = [*CLASSICAL, "arima(1,0,1)", "arima(0,1,1)(0,1,1)", "arimax(1,0,1)"]
# Shifted data may be fitted by other ETS and Theta models: multiplicative ones know where zero is.
SHIFT_FREE = [name for name in NAMES if name not in ("ets", "theta")]
TASK = Task(horizon=6, season=4)
NO_LIMIT = Deadline.after(None)


def wave(seed: int, rows: int = 56, level: float = 20.0) -> np.ndarray:
    """Return a series with a season of 4, a little trend and noise, all values positive."""
    noise = np.random.default_rng(seed).normal(size=rows)
    return level + np.resize([3.0, -1.0, 0.5, -2.5], rows) + 0.05 * np.arange(rows) + noise


def panel_for(name, values, targets=1, **more):
    """Return the panel of these series; for a model that reads known columns, with one over the horizon too."""
    if not build_local(name).reads_known:
        return make_panel(values, targets=targets, **more)
    blocks = {}
    for series, history in values.items():
        block = np.asarray(history, dtype=np.float64).reshape(len(history), targets)
        known = np.sin(0.7 * np.arange(-len(block), TASK.horizon))
        blocks[series] = np.column_stack([np.pad(block, ((0, TASK.horizon), (0, 0)), constant_values=np.nan), known])
    return make_panel(blocks, targets=targets, known=1, **more)


def tampered(panel, rows, factor):
    """Return the panel with the targets after `rows`, and all that lies past the horizon, times `factor`."""
    values = panel.values.copy()
    values[rows:, : len(panel.columns.target)] *= factor
    values[rows + TASK.horizon :] *= factor
    return replace(panel, values=values)


def forecasts(name, panel, rows=None, task=TASK, workers=1):
    origins = panel.at_end() if rows is None else origins_at(panel, rows)
    fitted = build_local(name, workers=workers).fit(panel, task, NO_LIMIT)
    return fitted.predict(panel, origins), fitted


def origins_at(panel, rows):
    series = np.arange(len(panel))
    return Origins(series, np.full(len(panel), rows), np.zeros(len(panel), dtype=np.int64))


def one(name, values, task=TASK):
    forecast, fitted = forecasts(name, panel_for(name, {"a": values}, frequency=MONTHLY), task=task)
    return forecast.mean[0, :, 0], forecast.values[0, :, 0], fitted.notes


def same(left, right):
    return np.array_equal(left.mean, right.mean) and np.array_equal(left.values, right.values)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [np.nan, 100.0])
def test_what_lies_after_the_origin_changes_nothing(name, factor):
    panel = panel_for(name, {"a": wave(0, rows=44)})
    assert same(forecasts(name, panel, 38)[0], forecasts(name, tampered(panel, 38, factor), 38)[0])


@pytest.mark.parametrize("name", NAMES)
def test_order_of_series_and_company_change_nothing(name):
    values = {"a": wave(0, rows=40), "b": wave(1, level=500.0)}
    together = forecasts(name, panel_for(name, values))[0]
    backwards = forecasts(name, panel_for(name, dict(reversed(values.items()))))[0]
    alone = forecasts(name, panel_for(name, {"b": values["b"]}))[0]
    assert same(together, backwards.take(np.array([1, 0])))
    assert same(together.take(np.array([1])), alone)


@pytest.mark.parametrize("name", NAMES)
def test_an_ordinary_series_needs_no_fallback(name):
    for rows in (56, 12):
        assert one(name, wave(0, rows=rows))[2] == ()


@pytest.mark.parametrize("name", NAMES)
def test_quantiles_are_finite_and_ordered_around_the_mean(name):
    panel = panel_for(name, {"a": wave(0), "negative": -wave(1), "jump": np.r_[np.zeros(30), wave(2, 26)]})
    forecast = forecasts(name, panel, task=Task(horizon=6, season=4, quantiles=(0.01, 0.25, 0.5, 0.75, 0.99)))[0]
    assert np.isfinite(forecast.mean).all() and np.isfinite(forecast.values).all()
    assert (np.diff(forecast.values, axis=-1) > 0).all()
    np.testing.assert_allclose(forecast.median, forecast.mean)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("power", [-990, 1000])
def test_scale_by_a_power_of_two_changes_not_a_bit(name, power):
    # The values lie below 2**6, so these are magnitudes from about 1e-297 to 1e302.
    mean, quantiles, notes = one(name, wave(3))
    scaled_mean, scaled_quantiles, scaled_notes = one(name, np.ldexp(wave(3), power))
    assert np.array_equal(scaled_mean, np.ldexp(mean, power))
    assert np.array_equal(scaled_quantiles, np.ldexp(quantiles, power))
    assert notes == scaled_notes


@pytest.mark.parametrize("name", NAMES)
def test_scale_changes_nothing_that_matters(name):
    scale = 3e100
    mean, quantiles, _ = one(name, wave(3))
    scaled_mean, scaled_quantiles, _ = one(name, scale * wave(3))
    # An optimiser stops where the likelihood is flat to its tolerance, and rounding decides where on the flat.
    np.testing.assert_allclose(scaled_mean / scale, mean, rtol=1e-3)
    np.testing.assert_allclose(scaled_quantiles / scale, quantiles, rtol=1e-3)


@pytest.mark.parametrize("name", SHIFT_FREE)
def test_shift_moves_the_forecast_along(name):
    mean, quantiles, _ = one(name, wave(3))
    shifted_mean, shifted_quantiles, _ = one(name, wave(3) - 1000.0)
    np.testing.assert_allclose(shifted_mean + 1000.0, mean, rtol=1e-4)
    np.testing.assert_allclose(shifted_quantiles + 1000.0, quantiles, rtol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_missing_values_inside_before_and_at_the_end(name):
    values = wave(4)
    values[[0, 1, 2, 20, 21, 35, 54, 55]] = np.nan
    # The last two rows are known to be missing: the forecast starts after them all the same.
    forecast, _ = forecasts(name, panel_for(name, {"a": values}), len(values))
    complete, _ = forecasts(name, panel_for(name, {"a": wave(4)}), len(values))
    assert np.isfinite(forecast.values).all() and (np.diff(forecast.values, axis=-1) > 0).all()
    np.testing.assert_allclose(forecast.mean, complete.mean, atol=5.0)


@pytest.mark.parametrize("name", NAMES)
def test_a_leading_hole_is_as_if_the_series_began_later(name):
    late = np.r_[np.full(8, np.nan), wave(5)]
    assert np.array_equal(one(name, late)[1], one(name, wave(5))[1])


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_stays_what_it_is(name):
    for level in (0.0, 7.5, -1e9):
        mean, quantiles, _ = one(name, np.full(40, level))
        assert (mean == level).all() and (quantiles == level).all()


@pytest.mark.parametrize("name", NAMES)
def test_three_points_are_forecast_and_said(name):
    mean, quantiles, notes = one(name, np.array([1.0, 2.0, 4.0]))
    assert np.isfinite(quantiles).all()
    if name not in ("naive", "drift"):
        assert mean[0] == 4.0
        assert len(notes) == 1 and notes[0].startswith(f"{name}: 1 of 1 forecasts: ")
        assert "first for" not in notes[0]  # there is but one


@pytest.mark.parametrize("name", NAMES)
def test_a_series_without_any_value_is_said_and_not_made_up(name):
    mean, quantiles, notes = one(name, np.full(20, np.nan))
    assert np.isnan(mean).all() and np.isnan(quantiles).all()
    assert "no value was observed before the cutoff" in notes[0]


@pytest.mark.parametrize("name", NAMES)
def test_two_targets_are_two_series(name):
    both = np.column_stack([wave(6), wave(7)])
    forecast = forecasts(name, panel_for(name, {"a": both}, targets=2))[0]
    assert forecast.mean.shape == (1, 6, 2) and forecast.values.shape == (1, 6, 2, 9)
    for k in range(2):
        assert np.array_equal(forecast.values[0, :, k], one(name, both[:, k])[1])


def test_processes_give_the_bits_of_one_process(monkeypatch):
    values = {f"s{i}": wave(i, rows=40 + i) for i in range(6)}
    for name in ("arima", "ets", "ar", "arima(0,1,1)(0,1,1)", "arimax(1,0,1)"):
        panel = panel_for(name, values)
        monkeypatch.setattr(local, "WORTH_PROCESSES", np.inf)
        serial, _ = forecasts(name, panel)
        monkeypatch.setattr(local, "WORTH_PROCESSES", 0.0)
        shared, _ = forecasts(name, panel, workers=2)
        assert same(serial, shared), name


def test_the_deadline_ends_the_work():
    panel = make_panel({"a": wave(0)})
    with pytest.raises(BudgetError, match="0 of 1 local fits"):
        build_local("naive").fit(panel, TASK, Deadline.after(0.0)).predict(panel, panel.at_end())
