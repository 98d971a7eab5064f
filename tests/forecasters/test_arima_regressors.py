"""`arimax`: what it reads of the known columns, and what it does with columns that say nothing or are missing."""

from dataclasses import replace

import numpy as np
import pytest

from seqcast import Forecaster
from seqcast.budget import Deadline
from seqcast.errors import ColumnError
from seqcast.forecasters.arima import regression_arima
from seqcast.forecasters.arima_fit import fit_arima
from seqcast.forecasters.classical import build_local
from seqcast.forecasters.orders import ArimaOrder
from seqcast.forecasters.regressors import Known, design, known_at
from seqcast.types import Origins, Task
from tests.panels import MONTHLY, make_panel

TASK = Task(horizon=4, season=6)
ROWS = 60


def waves(seed=0):
    """Return a regressor over history and horizon."""
    return np.random.default_rng(seed).normal(size=ROWS + TASK.horizon)


def driven(*columns, weights=(5.0, -3.0), level=50.0, seed=9):
    """Return a history that its columns move, with noise that remembers a little."""
    noise = np.convolve(np.random.default_rng(seed).normal(size=ROWS + 9), 0.5 ** np.arange(10), mode="valid")
    return level + sum(weight * column[:ROWS] for weight, column in zip(weights, columns, strict=False)) + noise


def panel_of(history, *columns, past=()):
    block = [np.pad(history, (0, TASK.horizon), constant_values=np.nan), *past, *columns]
    return make_panel({"a": np.column_stack(block)}, past=len(past), known=len(columns), frequency=MONTHLY)


def forecast_of(panel, name="arimax(1,0,0)", rows=None, task=TASK):
    origins = panel.at_end() if rows is None else Origins(*(np.array([value]) for value in (0, rows, 0)))
    fitted = build_local(name).fit(panel, task, Deadline())
    forecast = fitted.predict(panel, origins)
    return forecast.mean[0, :, 0], forecast.values[0, :, 0], fitted.notes


@pytest.mark.parametrize("name", ["arimax(1,0,0)", "arimax(0,1,1)", "arimax(1,0,0)(0,1,1)", "arimax(0,2,1)"])
def test_what_the_columns_will_do_is_forecast(name):
    one, two = waves(0), waves(1)
    mean, _, notes = forecast_of(panel_of(driven(one, two), one, two), name)
    blind, _, _ = forecast_of(panel_of(driven(one, two), one, two), name.replace("arimax", "arima"))
    expected = 50 + 5 * one[ROWS:] - 3 * two[ROWS:]
    assert notes == ()
    assert np.abs(mean - expected).max() < 3.5 < np.abs(blind - expected).max()


def test_only_the_known_columns_are_read_and_only_to_the_horizon():
    known, past = waves(0), waves(1)
    history = driven(known)
    panel = panel_of(history, known, past=(past,))
    expected = forecast_of(panel, rows=50)[1]
    values = panel.values.copy()
    values[50:, 0] = np.nan  # targets after the origin
    values[:, 1] *= -7  # a past-only feature, anywhere
    values[54:, 2] = np.nan  # known columns after the horizon
    assert np.array_equal(forecast_of(replace(panel, values=values), rows=50)[1], expected)
    values = values.copy()
    values[52, 2] += 1.0
    moved = forecast_of(replace(panel, values=values), rows=50)[1]
    assert np.array_equal(moved[:2], expected[:2]) and np.abs(moved[2] - expected[2]).min() > 1.0


def test_plain_arima_does_not_read_them():
    with_columns = forecast_of(panel_of(driven(waves(0)), waves(0)), "arima(1,0,0)")[1]
    assert np.array_equal(with_columns, forecast_of(panel_of(driven(waves(0))), "arima(1,0,0)")[1])


@pytest.mark.parametrize("name", ["arimax(1,0,1)", "arimax(0,1,1)"])
def test_units_of_a_column_and_their_order_change_nothing_that_matters(name):
    one, two = waves(0), waves(1)
    history = driven(one, two)
    plain = forecast_of(panel_of(history, one, two), name)[1]
    np.testing.assert_allclose(forecast_of(panel_of(history, two, one), name)[1], plain, rtol=1e-5)
    np.testing.assert_allclose(forecast_of(panel_of(history, 1e7 + 1e3 * one, 1e-9 * two), name)[1], plain, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "columns", "left_out"),
    [
        ("arimax(1,0,0)", (np.full(64, 7.0), waves(0)), "k0"),
        ("arimax(1,0,0)", (waves(0), 3 - 2 * waves(0)), "k1"),
        ("arimax(1,0,0)", (waves(0), np.r_[np.zeros(60), np.ones(4)]), "k1"),
        ("arimax(0,2,1)", (waves(0), np.arange(64.0)), "k1"),
        ("arimax(0,1,0)(0,1,0)", (waves(0), np.arange(64.0) % 6), "k1"),
        ("arimax(1,0,0)", (np.full(64, np.nan), waves(0)), "k0, k1"),
    ],
)
def test_a_column_that_says_nothing_of_its_own_is_left_out_and_said(name, columns, left_out):
    history = driven(waves(0))
    _, quantiles, notes = forecast_of(panel_of(history, *columns), name)
    kept = [column for k, column in enumerate(columns) if f"k{k}" not in left_out]
    alone = forecast_of(panel_of(history, *kept), name if kept else name.replace("x", ""))[1]
    np.testing.assert_allclose(quantiles, alone, rtol=1e-6)
    assert f"left out, for it says nothing of its own in the history: {left_out}" in notes[0]


def test_without_known_columns_it_names_the_way_out():
    with pytest.raises(
        ColumnError, match=r"arimax\(1,0,0\) is a regression on known .* none.*--known.* arima\(1,0,0\)\."
    ):
        forecast_of(panel_of(driven(waves(0))))


def test_a_value_that_is_missing_in_the_horizon_is_refused_at_the_door_and_said_in_a_backtest():
    known = waves(0)
    known[ROWS + 2] = np.nan
    history = driven(waves(0))
    _, quantiles, notes = forecast_of(panel_of(history, known))
    assert np.isfinite(quantiles).all()
    assert "a known column has no value at some step of the horizon" in notes[0]
    steps = np.arange(ROWS + TASK.horizon)
    table = {"t": steps, "y": [*history, *[None] * TASK.horizon], "k": [None if np.isnan(k) else k for k in known]}
    asked = Forecaster(horizon=4, model="arimax(1,0,0)", time="t", target="y", known=("k",))
    with pytest.raises(ColumnError, match="A known column needs a value for each of the 4 steps of the horizon; 'k'"):
        asked.fit(_frame(table)).predict()


def test_a_value_that_is_missing_in_the_history_takes_its_row_out():
    known, history = waves(0), driven(waves(0))
    holes = [3, 30, 31]
    gapped, without = known.copy(), history.copy()
    gapped[holes] = np.nan
    without[holes] = np.nan
    mean, _, notes = forecast_of(panel_of(history, gapped))
    assert notes == ()
    np.testing.assert_allclose(mean, forecast_of(panel_of(without, known))[0], rtol=1e-6)


def test_gaps_between_the_last_value_and_the_origin_are_nobodys():
    known, history = waves(0), driven(waves(0))
    history[-2:] = np.nan
    gapped = known.copy()
    gapped[ROWS - 2 : ROWS] = np.nan
    expected = forecast_of(panel_of(history, known), rows=ROWS)[1]
    np.testing.assert_allclose(forecast_of(panel_of(history, gapped), rows=ROWS)[1], expected, rtol=1e-9)


def test_a_categorical_column_is_measured_against_its_commonest_label():
    codes = np.random.default_rng(3).choice([0.0, 1.0, 2.0], p=[0.2, 0.5, 0.3], size=ROWS + TASK.horizon)
    dummies = [(codes == 0).astype(float), (codes == 2).astype(float)]
    history = driven(*dummies)
    labelled = replace(panel_of(history, codes), categories={"k0": ("rain", "sun", "wind")})
    assert known_at(labelled, 0, 0, ROWS, TASK.horizon).names == ("k0=rain", "k0=wind")
    assert np.array_equal(forecast_of(labelled)[1], forecast_of(panel_of(history, *dummies))[1])
    # A label that the history does not have counts as the commonest: nothing is known of it.
    unseen, common = codes.copy(), codes.copy()
    unseen[ROWS + 1], common[ROWS + 1] = 3.0, 1.0
    names = {"k0": ("rain", "sun", "wind", "snow")}
    first, second = (replace(panel_of(history, column), categories=names) for column in (unseen, common))
    assert np.array_equal(forecast_of(first)[1], forecast_of(second)[1])


def test_a_seasonal_part_without_a_season_is_left_out_and_said_beside_what_is_left_out():
    known = Known(("one", "wave"), np.column_stack([np.ones(64), waves(0)]))
    order = ArimaOrder.parse("arimax(1,0,0)(1,0,0)")
    forecast = regression_arima(driven(waves(0)), Task(horizon=4), order=order, known=known)
    assert "its seasonal part was left out" in str(forecast.note) and "in the history: one" in str(forecast.note)


def test_turned_columns_are_orthogonal_and_lead_back_to_their_coefficients():
    one, two = 1e6 + waves(0), 1e-3 * waves(1) + 1e-4 * waves(0)
    chosen = design(Known(("a", "b"), np.column_stack([one, two])), np.ones(ROWS, dtype=bool), ArimaOrder(p=1), 1)
    np.testing.assert_allclose(chosen.values[:ROWS].T @ chosen.values[:ROWS] / ROWS, np.eye(2), atol=1e-9)
    np.testing.assert_allclose((np.column_stack([one, two]) - chosen.level) @ chosen.turn, chosen.values, atol=1e-6)
    history = driven(waves(0), waves(1))
    fit = fit_arima(history, "ma(0)", regressors={"a": one[:ROWS], "b": two[:ROWS]})
    least = np.linalg.lstsq(np.column_stack([np.ones(ROWS), one[:ROWS] - 1e6, two[:ROWS]]), history, rcond=None)[0]
    np.testing.assert_allclose(fit.coefficients[1:], least[1:], rtol=1e-6)
    np.testing.assert_allclose(fit.coefficients[0], least[0] - 1e6 * least[1], rtol=1e-6)


def _frame(table):
    import polars as pl

    return pl.DataFrame(table, strict=False)
