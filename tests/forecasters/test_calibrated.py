"""A calibrated forecast never crosses, keeps its point forecast, and is the inner one where nothing is moved."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.forecasters.calibrated import CalibratedFitted, Calibration, mean_steps, moved_by, unit_of
from seqcast.forecasters.stored import packed, unpacked
from seqcast.types import Forecast, Origins
from tests.panels import make_panel

LEVELS = (0.1, 0.5, 0.9)


def forecasts(seed=0, series=3, scale=1.0, levels=LEVELS):
    draw = np.random.default_rng(seed)
    shape = (series, 4, 2, len(levels))
    values = np.sort(draw.normal(size=shape), axis=-1) * scale
    places = np.arange(series)
    return Forecast(
        Origins(places, np.full(series, 9), np.zeros(series, dtype=np.int64)), levels, values[..., 0], values
    )


def calibration(seed=0, series=3, size=1.0, levels=LEVELS):
    draw = np.random.default_rng(seed)
    shape = (4, 2, len(levels))
    return Calibration(
        levels=np.array(levels),
        shift=size * draw.normal(size=(series, *shape)),
        pooled=size * draw.normal(size=shape),
        steps=draw.random((series, 2)) + 0.5,
        residuals=draw.integers(0, 99, size=(series, 2)),
    )


@given(st.integers(0, 999), st.floats(0.01, 100), st.sampled_from([LEVELS, (0.2, 0.4, 0.7), (0.1, 0.2, 0.5, 0.6, 0.7)]))
def test_quantiles_never_cross_and_the_point_forecast_stays(seed, size, levels):
    raw = forecasts(seed, levels=levels)
    made = calibration(seed + 1, size=size, levels=levels).apply(raw)
    assert (np.diff(made.values, axis=-1) >= 0).all()
    assert np.array_equal(made.mean, raw.mean) and np.array_equal(made.median, raw.median)


@given(st.integers(0, 999))
def test_each_level_moves_by_so_many_widths(seed):
    raw = forecasts(seed)
    learnt = calibration(seed, size=0.05)
    outward = replace(learnt, shift=np.abs(learnt.shift) * [-1, 0, 1])
    width = (raw.values[..., 2] - raw.values[..., 0])[..., None]
    assert np.allclose(outward.apply(raw).values, raw.values + outward.shift * width)


def test_where_nothing_is_moved_the_bits_stay():
    raw = forecasts()
    still = replace(calibration(), shift=np.zeros((3, 4, 2, 3)))
    assert np.array_equal(still.apply(raw).values, raw.values)


@pytest.mark.parametrize("factor", [1000.0, 1e-6, 2.0**20])
def test_a_change_of_unit_changes_the_unit_alone(factor):
    learnt = calibration(size=0.3)
    one = learnt.apply(forecasts()).values
    other = replace(learnt, steps=factor * learnt.steps).apply(forecasts(scale=factor)).values
    assert np.allclose(other / factor, one, rtol=1e-12)


def test_a_forecast_without_width_is_measured_in_steps_of_its_series():
    flat = np.broadcast_to(np.array([5.0]), (1, 1, 1, 3))
    assert unit_of(flat, np.array([[2.0]])).tolist() == [[[2.0]]]
    origins = Origins(np.array([0]), np.array([9]), np.array([0]))
    said = Forecast(origins, LEVELS, flat[..., 0], flat)
    made = moved_by(said, np.array([[[[-0.5, 3.0, 1.5]]]]), np.array([[2.0]]))
    assert made.values.tolist() == [[[[4.0, 5.0, 8.0]]]]


def test_the_largest_numbers_do_not_overflow():
    raw = forecasts(scale=1e307)
    made = replace(calibration(size=100.0), steps=np.full((3, 2), 1e308)).apply(raw)
    assert np.isfinite(made.values).all() and (np.diff(made.values, axis=-1) >= 0).all()


def test_saved_as_arrays_it_moves_by_the_same_bits():
    learnt, raw = calibration(), forecasts()
    back = Calibration.from_arrays(unpacked(packed(learnt.arrays()))[0])
    assert np.array_equal(back.apply(raw).values, learnt.apply(raw).values)
    assert all(np.array_equal(part, getattr(back, name)) for name, part in learnt.arrays().items())


def test_a_forecast_of_other_levels_is_refused():
    with pytest.raises(ValueError, match=r"learnt from, \[0.1, 0.5, 0.9\]; the forecast has \[0.1, 0.5, 0.8\]"):
        calibration().apply(forecasts(levels=(0.1, 0.5, 0.8)))


def test_a_series_of_the_old_panel_keeps_its_own_and_a_new_one_is_pooled():
    rows = np.arange(20.0).reshape(10, 2)
    known = make_panel({"a": rows, "b": rows, "c": rows}, targets=2)
    fresh = make_panel({"new": 3 * rows, "c": rows}, targets=2)
    learnt = calibration()
    moved = learnt.moved(fresh, known)
    assert np.array_equal(moved.shift, np.stack([learnt.pooled, learnt.shift[2]]))
    assert np.array_equal(moved.steps, np.stack([[6.0, 6.0], learnt.steps[2]]))
    assert np.array_equal(moved.residuals, np.stack([[0, 0], learnt.residuals[2]]))


def test_typical_steps_pass_over_what_is_missing():
    panel = make_panel({"a": np.array([1.0, 3.0, np.nan, 9.0, 8.0]), "b": np.full(5, 2.0), "c": np.array([4.0])})
    assert mean_steps(panel, np.array([5, 5, 1])).tolist() == [[1.5], [0.0], [0.0]]
    assert mean_steps(panel, np.array([2, 0, 0])).tolist() == [[2.0], [0.0], [0.0]]


@dataclass(frozen=True)
class Inner:
    notes = ("theta: one forecast was simpler",)
    records = ()
    ending = "stalled"
    panels: tuple = ()

    def moved(self, panel, known):
        return Inner((panel, known))

    def predict(self, panel, origins):
        return forecasts().take(np.arange(len(origins)))


def test_the_wrapper_keeps_the_promise_of_what_it_wraps():
    rows = np.arange(20.0).reshape(10, 2)
    known = make_panel({"a": rows, "b": rows, "c": rows}, targets=2)
    fresh = make_panel({"b": rows, "a": rows}, targets=2)
    learnt = calibration()
    fitted = CalibratedFitted(Inner(), learnt)
    assert (fitted.notes, fitted.records, fitted.ending) == (Inner.notes, (), "stalled")
    said = fitted.predict(known, known.at_end())
    assert np.array_equal(said.values, learnt.apply(forecasts()).values)
    assert not np.array_equal(said.values, forecasts().values)
    moved = fitted.moved(fresh, known)
    assert moved.inner.panels == (fresh, known)
    assert np.array_equal(moved.calibration.shift, learnt.shift[[1, 0]])
