"""Scalers: their way back is exact, gaps stay gaps, and only the rows before the cutoff are learnt from."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.encode import fit_encoder
from seqcast.data.scale import fit_scaler
from seqcast.errors import ConfigError
from seqcast.forecasters import neural
from tests.panels import changed, make_panel
from tests.proofs.scaling import CUT, KINDS, forecasts_changed, round_trip, rows_of, scales_changed, two_series

magnitudes = st.builds(
    lambda sign, digits, exponent: sign * digits * 10.0**exponent,
    st.sampled_from([-1.0, 1.0]),
    st.floats(1, 9.99),
    st.integers(-300, 149),
)
cells = st.one_of(magnitudes, st.just(0.0), st.just(float("nan")))


@pytest.mark.parametrize("kind", KINDS)
@given(values=st.lists(cells, min_size=1, max_size=30))
def test_scaled_and_scaled_back_each_value_is_itself_to_a_few_last_places(kind, values):
    column = np.array(values)
    scaler = fit_scaler(make_panel({"a": column}), kind)
    assert (scaler.scale > 0).all() and np.isfinite(scaler.scale).all() and np.isfinite(scaler.loc).all()
    if not np.isnan(column).all():
        assert round_trip(scaler, column) <= 7  # three roundings of what is at most twice the largest, and one of it


@pytest.mark.parametrize("kind", KINDS)
@given(exponent=st.integers(-300, 149), values=st.lists(st.floats(1, 9.99), min_size=2, max_size=30))
def test_within_one_magnitude_scaled_values_are_of_the_size_of_one(kind, exponent, values):
    column = np.array(values) * 10.0**exponent
    scaled = fit_scaler(make_panel({"a": column}), kind).apply(column[:, None], rows_of(column))
    assert np.isfinite(scaled).all()
    if kind != "robust":
        assert np.abs(scaled).max() <= max(1.0, np.sqrt(len(values)))


@given(values=st.lists(magnitudes, min_size=2, max_size=30))
def test_min_max_reaches_0_and_1_to_the_last_bit(values):
    column = np.array(values)
    if np.ptp(column) > 1e-11 * np.abs(column).max():
        scaled = fit_scaler(make_panel({"a": column}), "minmax").apply(column[:, None], rows_of(column))
        assert (scaled.min(), scaled.max()) == (0.0, 1.0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [7.0, -1e150, 1e-300, 0.0])
@pytest.mark.parametrize("count", [1, 4])
def test_a_constant_is_0_and_a_later_change_is_measured_against_it(kind, value, count):
    scaler = fit_scaler(make_panel({"a": np.full(count, value)}), kind)
    unit = abs(value) or 1.0
    scaled = scaler.apply(np.array([[value], [value + unit]]), rows_of(np.zeros(2)))
    assert scaled.ravel().tolist() == [0.0, 1.0]


def test_a_column_of_gaps_alone_is_left_as_it_is():
    scaler = fit_scaler(make_panel({"a": np.column_stack([np.arange(3.0), np.full(3, np.nan)])}, past=1))
    assert (scaler.loc[0, 1], scaler.scale[0, 1]) == (0.0, 1.0)


@pytest.mark.parametrize("kind", KINDS)
def test_an_outlier_moves_only_the_scales_that_look_at_it(kind):
    column = np.arange(101.0)
    calm, wild = make_panel({"a": column}), changed(make_panel({"a": column}), 0, [100], 1e6)
    one, two = fit_scaler(calm, kind), fit_scaler(wild, kind)
    same = (one.loc[0, 0], one.scale[0, 0]) == (two.loc[0, 0], two.scale[0, 0])
    assert same == (kind == "robust")


def test_where_more_than_half_are_one_value_the_robust_scale_is_the_standard_deviation():
    column = np.array([5.0] * 9 + [6.0])
    assert fit_scaler(make_panel({"a": column}), "robust").scale[0, 0] == pytest.approx(0.3)


def test_a_leak_is_seen():
    """The measures of the two rows on the cutoff turn red when the rows after it are learnt from as well."""
    assert scales_changed() == 0
    assert scales_changed(known=lambda panel: panel.before(CUT + 1)) > 0
    assert scales_changed(known=lambda panel: panel) > 0


def test_a_network_whose_scale_saw_the_rows_after_the_cutoff_is_found_out(monkeypatch):
    """The encoder of the whole table in the place of the one fitted until the cutoff, and it lies about that."""
    whole = {}

    def remembering(after=lambda rows: rows):
        whole["panel"] = two_series(after)
        return whole["panel"]

    def leaky(panel, kind="standard"):
        honest = fit_encoder(panel, kind)
        scaler = fit_scaler(whole["panel"], kind)
        object.__setattr__(scaler, "fitted_until", honest.scaler.fitted_until)
        object.__setattr__(honest, "scaler", scaler)
        return honest

    monkeypatch.setattr("tests.proofs.scaling.two_series", remembering)
    monkeypatch.setattr("tests.proofs.scaling.KINDS", ("standard",))
    assert forecasts_changed() == 0
    monkeypatch.setattr(neural, "fit_encoder", leaky)
    assert forecasts_changed() > 0


def test_another_kind_is_refused():
    with pytest.raises(ConfigError, match="must be one of standard, minmax, robust; got 'log'"):
        fit_scaler(make_panel({"a": np.arange(3.0)}), "log")
