"""Plain arrays come in as they are, or not at all; and their scaling has a way back."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqcast.data.arrays import scaled, scaler_of_columns, targets_of, windows_of
from seqcast.errors import ConfigError, InputError

CUBE = np.arange(24.0).reshape(4, 3, 2)


@pytest.mark.parametrize(
    "value",
    [CUBE, CUBE.astype(np.float32), CUBE.astype(np.int16), CUBE.tolist(), torch.from_numpy(CUBE).requires_grad_()],
    ids=["float64", "float32", "int16", "list", "tensor"],
)
def test_numbers_of_any_kind_come_in_as_float64(value):
    windows = windows_of(value)
    assert windows.dtype == np.float64
    np.testing.assert_array_equal(windows, CUBE)


def test_what_came_in_is_a_copy():
    cube, column = CUBE.copy(), np.arange(4.0)
    windows, targets = windows_of(cube), targets_of(column)
    cube[:], column[:] = -1, -1
    assert windows.min() == 0 and targets.min() == 0


def test_one_target_and_several_come_in_as_columns():
    assert targets_of([1, 2]).tolist() == [[1.0], [2.0]]
    assert targets_of(pd.Series([1.0, 2.0])).tolist() == [[1.0], [2.0]]
    assert targets_of([[1, 2], [3, 4], [5, 6]]).shape == (3, 2)
    assert np.isnan(targets_of([1.0, np.nan])[1, 0])


def spoilt(where, value):
    cube = CUBE.copy()
    cube[where] = value
    return cube


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (CUBE[0], r"X must have three axes, samples × steps × channels, none of them empty; got shape \(3, 2\)"),
        (CUBE[:0], r"none of them empty; got shape \(0, 3, 2\)"),
        (spoilt((2, 1, 0), np.nan), "X must be finite; sample 2, step 1, channel 0 holds nan. Fill it in"),
        (spoilt((3, 0, 1), -np.inf), "sample 3, step 0, channel 1 holds -inf"),
        ([[[1.0], [2.0]], [[3.0]]], "X must be an array whose rows are equally long; got a ragged"),
        (CUBE.astype(str), "X must hold whole or real numbers; got <U32"),
        (CUBE.astype(complex), "X must hold whole or real numbers; got complex128"),
        (pl.DataFrame({"a": [1.0]}), "got a table, polars.DataFrame. seqcast.Forecaster reads tables"),
        (pd.DataFrame({"a": [1.0]}), "got a table, pandas.DataFrame"),
        (pa.table({"a": [1.0]}), "got a table, pyarrow.Table"),
    ],
)
def test_windows_that_cannot_be_learnt_are_refused(value, words):
    with pytest.raises(InputError, match=words):
        windows_of(value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (CUBE, r"y must have one axis, samples, or two, .* got shape \(4, 3, 2\)"),
        (3.0, r"got shape \(\)"),
        ([], r"none of them empty; got shape \(0,\)"),
        ([[1.0, 2.0], [3.0, np.inf]], "NaN where it is not known; sample 1, target 1 holds inf. Make it NaN"),
        ([None, 1.0], "y must hold whole or real numbers; got object"),
        (pl.DataFrame({"a": [1.0]}), "y must be an array; got a table"),
    ],
)
def test_targets_that_cannot_be_learnt_are_refused(value, words):
    with pytest.raises(InputError, match=words):
        targets_of(value)


@given(arrays(np.float64, (6, 3, 2), elements=st.floats(-1e6, 1e6)), st.sampled_from(["minmax", "standard", "robust"]))
def test_scaling_has_a_way_back_and_min_max_a_range(values, kind):
    scaler = scaler_of_columns(values, kind)
    out = scaled(scaler, values)
    np.testing.assert_allclose(out * scaler.scale[0] + scaler.loc[0], values, rtol=1e-9, atol=1e-6)
    if kind == "minmax":
        varied = np.ptp(values, axis=(0, 1)) > 1e-6 * np.abs(values).max()
        low, high = out.min(axis=(0, 1))[varied], out.max(axis=(0, 1))[varied]
        np.testing.assert_allclose(low, 0, atol=1e-9)
        np.testing.assert_allclose(high, 1, atol=1e-9)


def test_a_scaler_is_that_of_each_column_by_numpy():
    values = np.random.default_rng(0).normal(size=(50, 4, 3)) * [1, 10, 100]
    scaler = scaler_of_columns(values, "standard")
    np.testing.assert_allclose(scaler.loc[0], values.reshape(-1, 3).mean(axis=0))
    np.testing.assert_allclose(scaler.scale[0], values.reshape(-1, 3).std(axis=0))


def test_the_array_that_a_scaler_learnt_from_stays_writable():
    values = CUBE.copy()
    scaler_of_columns(values, "minmax")
    values[0] = 7.0


def test_a_value_beyond_single_precision_is_refused_and_an_unknown_kind_too():
    scaler = scaler_of_columns(CUBE, "minmax")
    with pytest.raises(InputError, match=r"must be of the size .*; got 1e\+300 in column 1, where"):
        scaled(scaler, spoilt((0, 0, 1), 1e300))
    with pytest.raises(ConfigError, match="got 'min-max'"):
        scaler_of_columns(CUBE, "min-max")
