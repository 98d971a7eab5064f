"""Layers written out over a sequence: equal to torch's, truncated as told, and dropped between layers only."""

import inspect
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqcast.errors import ConfigError, InputError
from seqcast.nn.unrolled import Unrolled
from tests.nn.cases import CELLS, Case, cases, flat, packed
from tests.proofs.cells import (
    layer_errors,
    memory_from_gates,
    sigmoid_errors,
    truncated_bits,
    truncation_both_ways_errors,
    truncation_errors,
)


@given(case=cases())
def test_outputs_and_all_gradients_are_those_of_torch(case):
    assert max(layer_errors(case)) < 1e-12


@given(case=cases(torch.float32, layers=2, steps=6))
def test_outputs_and_all_gradients_are_those_of_torch_in_float32(case):
    assert max(layer_errors(case)) < 1e-6


@given(case=cases().map(lambda case: replace(case, cell="rnn", activation="sigmoid")))
def test_sigmoid_layers_are_tanh_layers_of_torch_on_another_scale(case):
    assert max(sigmoid_errors(case)) < 1e-12


@pytest.mark.parametrize("bidirectional", [False, True])
def test_sigmoid_layers_have_the_derivatives_of_finite_differences(bidirectional):
    case = Case("rnn", 2, 2, layers=2, bidirectional=bidirectional, activation="sigmoid", batch=2, steps=3)
    layers, (steps, state) = case.ours(), case.read()

    def outputs(steps, hidden, *weights):
        named = dict(zip(layers.state_dict(), weights, strict=True))
        return tuple(torch.func.functional_call(layers, named, (steps, hidden)))

    assert torch.autograd.gradcheck(outputs, (steps, *state, *layers.parameters()))


@given(case=cases())
def test_weights_of_torch_are_taken_as_they_are_and_the_first_state_is_zero(case):
    torch_layers = case.of_torch()
    ours = replace(case, seed=case.seed + 1).ours()
    ours.load_state_dict(torch_layers.state_dict())
    steps = case.read()[0]
    for one, other in zip(flat(ours(steps)), flat(torch_layers(steps)), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


@given(case=cases().map(lambda case: replace(case, bidirectional=False, steps=case.steps + 1)), data=st.data())
def test_reading_on_from_a_state_is_reading_in_one_go(case, data):
    layers, steps = case.ours(), case.read()[0]
    halfway = data.draw(st.integers(1, case.steps - 1))
    whole, end = layers(steps)
    first, state = layers(steps[:, :halfway])
    second, state = layers(steps[:, halfway:], state)
    assert torch.equal(torch.cat([first, second], dim=1), whole)
    assert all(torch.equal(one, other) for one, other in zip(flat((whole, state)), flat((whole, end)), strict=True))


@pytest.mark.parametrize(
    ("layers", "bidirectional", "output", "state"),
    [(1, False, (1, 35, 20), (1, 1, 20)), (2, False, (1, 35, 20), (2, 1, 20)), (2, True, (1, 35, 40), (4, 1, 20))],
)
def test_an_lstm_of_10_to_20_has_the_shapes_of_the_course(layers, bidirectional, output, state):
    hidden, (h, c) = Unrolled("lstm", 10, 20, layers=layers, bidirectional=bidirectional)(torch.randn(1, 35, 10))
    assert (hidden.shape, h.shape, c.shape) == (output, state, state)


@given(case=cases().filter(lambda case: not case.bidirectional), truncation=st.integers(1, 12))
def test_truncated_gradients_are_those_of_torch_in_chunks_with_the_state_detached(case, truncation):
    assert max(truncation_errors(case, truncation)) < 1e-12


@given(case=cases(layers=2).map(lambda case: replace(case, bidirectional=True)), truncation=st.integers(1, 12))
def test_a_backward_direction_is_cut_in_the_order_it_reads(case, truncation):
    assert max(truncation_both_ways_errors(case, truncation)) < 1e-12


@given(case=cases(steps=6))
def test_truncation_changes_no_value(case):
    assert truncated_bits(case) == 0


@pytest.mark.parametrize("cell", CELLS)
def test_no_gradient_of_the_last_step_reaches_back_over_a_cut(cell):
    """Ten steps in pieces of four: the last piece is steps 8 and 9."""
    case = Case(cell, steps=10)
    steps, state = case.read()
    last = case.ours()(steps, packed(state), truncation=4)[0][:, -1].sum()
    reached = torch.autograd.grad(last, steps)[0].abs().sum(dim=(0, 2))
    assert (reached > 0).tolist() == [False] * 8 + [True] * 2


@given(case=cases(layers=1))
def test_gates_of_all_steps_at_once_rebuild_the_memory(case):
    assert memory_from_gates(replace(case, cell="lstm", activation="tanh", bidirectional=False)) < 1e-12


@given(case=cases().map(lambda case: replace(case, dropout=0.4)))
def test_with_the_masks_of_torch_dropout_is_that_of_torch(case):
    if case.layers == 1:  # torch warns of a dropout that nothing is dropped by
        case = replace(case, layers=2)
    assert max(layer_errors(case)) < 1e-12


def seen_through(dropout):
    """Return two layers that let all through: the first says 1 at every step, the second repeats what it hears."""
    layers = Unrolled("rnn", 1, 50, layers=2, activation="relu", dropout=dropout)
    with torch.no_grad():
        for weight in layers.parameters():
            weight.zero_()
        layers.weights(0).bias_ih.fill_(1.0)
        layers.weights(1).weight_ih.copy_(torch.eye(50))
    return layers


@pytest.mark.parametrize("dropout", [0.1, 0.5, 0.8])
def test_between_layers_the_share_asked_for_is_dropped_and_the_rest_scaled_up(dropout):
    torch.manual_seed(0)
    hidden, _ = seen_through(dropout)(torch.zeros(20, 30, 1))
    dropped = hidden == 0
    torch.testing.assert_close(hidden[~dropped], torch.full_like(hidden[~dropped], 1 / (1 - dropout)))
    spread = (dropout * (1 - dropout) / hidden.numel()) ** 0.5
    assert abs(dropped.float().mean().item() - dropout) < 4 * spread
    assert not (dropped == dropped[:, :1]).all(dim=2).all(dim=1).any()  # another mask at each step


def test_nothing_is_dropped_in_evaluation():
    assert torch.equal(seen_through(0.8).eval()(torch.zeros(2, 3, 1))[0], torch.ones(2, 3, 50))


@pytest.mark.parametrize("cell", CELLS)
def test_what_leaves_the_last_layer_is_whole(cell):
    torch.manual_seed(0)
    hidden, state = Unrolled(cell, 3, 40, layers=2, dropout=0.9)(torch.randn(5, 30, 3))
    assert (hidden != 0).all()
    assert torch.equal(flat((hidden, state))[1][-1], hidden[:, -1])
    alone = Unrolled(cell, 3, 40, dropout=0.9)
    steps = torch.randn(5, 30, 3)
    assert torch.equal(alone(steps)[0], alone.eval()(steps)[0])


def test_every_state_of_the_first_layer_is_whole_too():
    _, state = seen_through(0.8)(torch.zeros(2, 3, 1))
    assert torch.equal(state[0], torch.ones(2, 50))


LSTM = Unrolled("lstm", 3, 5, layers=2)


@pytest.mark.parametrize(
    ("error", "make", "words"),
    [
        (ConfigError, lambda: Unrolled("rnn", 3, 5, layers=0), "layers must be at least 1; got 0"),
        (ConfigError, lambda: Unrolled("rnn", 3, 5, dropout=1.0), "dropout must lie in 0 … 1, 1 left out; got 1.0"),
        (ConfigError, lambda: Unrolled("rnn", 3, 5, dropout=-0.1), "dropout must lie in 0 … 1, 1 left out; got -0.1"),
        (ConfigError, lambda: Unrolled("gru", 3, 0), "inputs and width must be at least 1; got 3 and 0"),
        (
            ConfigError,
            lambda: Unrolled("gru", 3, 5, activation="relu"),
            "Only an rnn .* got 'relu' for 'gru'. Leave it",
        ),
        (
            ConfigError,
            lambda: Unrolled("rnn", 3, 5, forget_bias=1.0),
            "Only an lstm .* forget_bias=1.0 for 'rnn'. Leave",
        ),
        (ConfigError, lambda: Unrolled("rnn", 3, 5, activation="gelu"), "No activation is named 'gelu'. .*'relu'"),
        (ConfigError, lambda: Unrolled("rnn", 3, 5, **{"acivation": "relu"}), "'acivation'. Did you mean 'activation'"),
        (ConfigError, lambda: LSTM(torch.zeros(2, 7, 3), truncation=0), "truncation must be at least 1 step, .* got 0"),
        (InputError, lambda: LSTM(torch.zeros(2, 0, 3)), r"At least one step of 3 channels .* got \(2, 0, 3\)"),
        (InputError, lambda: LSTM(torch.zeros(2, 7, 4)), r"At least one step of 3 channels .* got \(2, 7, 4\)"),
        (
            InputError,
            lambda: LSTM(torch.zeros(2, 7, 3), torch.zeros(2, 2, 5)),
            r"This lstm reads on from 2 of shape \(layers · directions, B, W\) = \(2, 2, 5\); got \(2, 2, 5\)\. Leave",
        ),
        (
            InputError,
            lambda: LSTM(torch.zeros(2, 7, 3), (torch.zeros(1, 2, 5), torch.zeros(1, 2, 5))),
            r"= \(2, 2, 5\); got \(1, 2, 5\), \(1, 2, 5\)",
        ),
    ],
)
def test_what_cannot_work_is_named(error, make, words):
    with pytest.raises(error, match=words):
        make()


def test_an_unknown_cell_is_named():
    """Unwrapped, because the check of types that runs in tests would speak first."""
    with pytest.raises(ConfigError, match="No cell is named 'lsmt'. Did you mean 'lstm'.*rnn, lstm, gru"):
        inspect.unwrap(Unrolled.__init__)(object.__new__(Unrolled), "lsmt", 3, 5)
