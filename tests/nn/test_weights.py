"""How recurrent weights start."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch import nn

from seqcast.nn.cells import GRUCell, LSTMCell, RNNCell
from seqcast.nn.unrolled import Unrolled
from seqcast.nn.weights import weights_of
from tests.nn.cases import CELLS, cases
from tests.proofs.cells import start_evenness, start_of_torch


@given(case=cases(torch.float32))
def test_layers_start_with_the_weights_that_torch_draws(case):
    assert start_of_torch(case) == 0


@pytest.mark.parametrize(("ours", "truth"), [(RNNCell, nn.RNNCell), (LSTMCell, nn.LSTMCell), (GRUCell, nn.GRUCell)])
@given(inputs=st.integers(1, 6), width=st.integers(1, 6), seed=st.integers(0, 2**31))
def test_a_cell_starts_with_the_weights_that_torch_draws(ours, truth, inputs, width, seed):
    torch.manual_seed(seed)
    drawn = ours(inputs, width).state_dict()
    torch.manual_seed(seed)
    expected = truth(inputs, width).state_dict()
    assert list(drawn) == list(expected)
    assert all(torch.equal(drawn[name], expected[name]) for name in drawn)


@pytest.mark.parametrize("cell", CELLS)
@given(width=st.integers(1, 200), seed=st.integers(0, 2**31))
def test_no_weight_starts_beyond_one_by_the_root_of_the_width(cell, width, seed):
    torch.manual_seed(seed)
    for weight in Unrolled(cell, 2, width, layers=2).parameters():
        assert weight.abs().max() <= width**-0.5


@pytest.mark.parametrize("width", [4, 20, 64])
@pytest.mark.parametrize("cell", CELLS)
def test_weights_start_even_between_the_bounds(cell, width):
    assert start_evenness(cell, width, seed=1) < 1


def test_the_distance_from_even_finds_weights_that_are_not():
    """The measure itself: normal weights of the same variance, and even ones of half the range, are found out."""
    drawn = torch.randn(4000, generator=torch.Generator().manual_seed(0)) * (1 / 3) ** 0.5
    for weights in (drawn, torch.rand(4000, generator=torch.Generator().manual_seed(0)) - 0.5):
        distance = stats.kstest(weights.numpy(), stats.uniform(-1, 2).cdf).statistic
        assert distance > 2 * stats.kstwo.ppf(0.99, 4000)


@given(
    case=cases(torch.float32).map(lambda case: replace(case, cell="lstm", activation="tanh")), asked=st.floats(-9, 9)
)
def test_the_forget_bias_is_added_once_and_to_the_forget_gate_alone(case, asked):
    torch.manual_seed(case.seed)
    layers, both = case.layers, case.bidirectional
    ours = Unrolled("lstm", case.inputs, case.width, layers=layers, bidirectional=both, forget_bias=asked).state_dict()
    for name, drawn in case.of_torch().state_dict().items():
        wanted = drawn.unflatten(0, (4, case.width)).clone()
        if name.startswith("bias_ih"):
            wanted[1] += asked
        assert torch.equal(ours[name], wanted.flatten(0, 1))


def test_an_lstm_cell_starts_with_the_forget_gate_as_open_as_asked():
    torch.manual_seed(0)
    weights = weights_of(LSTMCell(3, 400, forget_bias=2.0))
    summed = (weights.bias_ih + weights.bias_hh).detach().unflatten(0, (4, 400)).mean(dim=1)
    torch.testing.assert_close(summed, torch.tensor([0.0, 2.0, 0.0, 0.0]), rtol=0, atol=0.01)
