"""The level of a window: measured over what was observed, taken out and put back without loss."""

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqcast.nn.level import Normalisation, level_of

KINDS = get_args(Normalisation)
windows = arrays(np.float32, (3, 7, 2), elements=st.floats(-1e4, 1e4, width=32))
masks = arrays(np.bool_, (3, 7, 2))


def level(values, observed, kind):
    return level_of(torch.from_numpy(values), torch.from_numpy(observed.astype(values.dtype)), kind)


@pytest.mark.parametrize("kind", KINDS)
@given(values=windows, observed=masks)
def test_taken_out_and_put_back_a_window_is_itself(kind, values, observed):
    found = level(values, observed, kind)
    back = found.restore(found.remove(torch.from_numpy(values))[..., None])[..., 0].numpy()
    last_place = np.spacing(np.abs(values) + found.loc.abs().numpy()[:, None])
    least = np.finfo(np.float32).tiny  # what a division takes below it has fewer digits
    assert (np.abs(back - values) <= 4 * last_place + least).all() and (found.scale > 0).all()


@given(values=windows, observed=masks, other=st.integers(-10_000, 10_000))
@pytest.mark.parametrize("kind", ["mean-std", "min-max"])
def test_what_was_not_observed_is_not_measured(kind, values, observed, other):
    one = level(np.where(observed, values, 0.0).astype(np.float32), observed, kind)
    two = level(np.where(observed, values, other).astype(np.float32), observed, kind)
    assert torch.equal(one.loc, two.loc) and torch.equal(one.scale, two.scale)


@given(values=windows)
def test_min_max_maps_a_window_onto_0_to_1(values):
    everything = np.ones_like(values, dtype=bool)
    out = level(values, everything, "min-max").remove(torch.from_numpy(values)).numpy()
    moves = np.ptp(values, axis=1) >= 0.01
    assert (out.min(axis=1) == 0).all() and out.max() <= 1
    assert (out.max(axis=1)[moves] == 1).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_a_single_and_an_unseen_window_are_not_blown_up(kind):
    for values, seen in (
        (np.full((1, 5, 1), 7.0), True),
        (np.full((1, 1, 1), 7.0), True),
        (np.zeros((1, 5, 1)), False),
    ):
        found = level(values, np.full(values.shape, seen), kind)
        assert found.loc.item() in (0.0, values[0, 0, 0]) and found.scale.item() in (0.01, 1.0)
        assert torch.isfinite(found.remove(torch.from_numpy(values))).all()
