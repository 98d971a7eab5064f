"""Layers in NumPy: values and hand-derived gradients, whole and truncated, against torch's autograd."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcast.errors import ConfigError, InputError
from seqcast.reference import Stack, back, read, start_stack
from tests.nn.cases import CELLS, Case, cases
from tests.proofs.reference import (
    ACTIVATIONS,
    arrays,
    crossings,
    difference_errors,
    flattened,
    layer_errors,
    of_numpy,
    stack_of,
    weights_of,
)

ONE_WAY = cases().map(lambda case: replace(case, bidirectional=False))
SIGMOID = ONE_WAY.map(lambda case: replace(case, cell="rnn", activation="sigmoid"))


@given(case=ONE_WAY | SIGMOID)
def test_outputs_and_all_gradients_are_those_of_torch(case):
    outputs, gradients = layer_errors(case)
    assert outputs < 1e-12 and gradients < 1e-10


@settings(max_examples=25)
@given(case=cases(steps=6).map(lambda case: replace(case, bidirectional=False)) | SIGMOID)
def test_for_every_truncation_gradients_are_those_of_torch_with_the_state_detached(case):
    for truncation in range(1, case.steps + 1):
        assert max(layer_errors(case, truncation)) < 1e-10


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_of_an_rnn_are_central_differences(activation):
    assert difference_errors(Case("rnn", 3, 2, layers=3, activation=activation, batch=2, steps=3, seed=5)) < 1e-6


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gradients_of_gated_cells_are_central_differences(cell):
    assert difference_errors(Case(cell, 3, 2, layers=3, batch=2, steps=3, seed=5)) < 1e-6


@settings(max_examples=20)
@given(case=ONE_WAY.filter(lambda case: case.activation == "tanh"))
def test_no_gradient_crosses_a_multiple_of_the_truncation(case):
    assert crossings(case) == 0


@settings(max_examples=20)
@given(case=ONE_WAY | SIGMOID, more=st.integers(0, 3))
def test_a_truncation_of_the_whole_length_cuts_nothing(case, more):
    weights, given = weights_of(case), arrays([*flattened(case)])
    _, whole = of_numpy(case, weights, given)
    _, cut = of_numpy(case, weights, given, truncation=case.steps + more)
    assert all(np.array_equal(whole.weights[name], cut.weights[name]) for name in weights)
    assert np.array_equal(whole.steps, cut.steps)
    assert all(np.array_equal(one, other) for one, other in zip(whole.state, cut.state, strict=True))


@settings(max_examples=20)
@given(case=ONE_WAY.map(lambda case: replace(case, steps=case.steps + 1)), data=st.data())
def test_reading_on_from_a_state_is_reading_in_one_go(case, data):
    stack, weights, (steps, *state) = stack_of(case), weights_of(case), arrays([*flattened(case)])
    halfway = data.draw(st.integers(1, case.steps - 1))
    whole = read(stack, weights, steps, tuple(state))
    first = read(stack, weights, steps[:, :halfway], tuple(state))
    second = read(stack, weights, steps[:, halfway:], first.state)
    assert np.array_equal(np.concatenate([first.hidden, second.hidden], axis=1), whole.hidden)
    assert all(np.array_equal(one, other) for one, other in zip(second.state, whole.state, strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_nothing_that_goes_in_is_changed(cell):
    case = Case(cell, layers=2)
    weights, given = weights_of(case), arrays([*flattened(case)])
    before = [each.copy() for each in (*weights.values(), *given)]
    of_numpy(case, weights, given, truncation=2)
    assert all(np.array_equal(one, other) for one, other in zip(before, (*weights.values(), *given), strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_the_first_state_is_zero_unless_given(cell):
    case = Case(cell, layers=2)
    stack, weights, (steps, *state) = stack_of(case), weights_of(case), arrays([*flattened(case)])
    zeros = tuple(np.zeros_like(part) for part in state)
    assert np.array_equal(read(stack, weights, steps).hidden, read(stack, weights, steps, zeros).hidden)


@pytest.mark.parametrize("cell", CELLS)
def test_sums_that_overflow_an_exponential_give_numbers_without_a_warning(cell):
    stack = Stack(cell=cell, inputs=3, width=4)
    weights = {name: 1000 * weight for name, weight in start_stack(stack).items()}
    reading = read(stack, weights, np.random.default_rng(0).normal(size=(2, 5, 3)))
    found = back(stack, weights, reading, np.ones((2, 5, 4)))
    assert np.isfinite(reading.hidden).all() and all(np.isfinite(each).all() for each in found.weights.values())


def test_weights_start_even_between_plus_and_minus_one_over_root_width():
    stats = pytest.importorskip("scipy.stats")
    weights = start_stack(Stack(inputs=30, width=25, layers=2))
    drawn = np.concatenate([weight.ravel() for weight in weights.values()])
    assert stats.kstest(drawn, stats.uniform(-0.2, 0.4).cdf).pvalue > 0.01


def test_another_seed_starts_elsewhere_and_the_same_seed_in_the_same_place():
    stack = Stack(inputs=3, width=5)
    one, same, other = (start_stack(stack, seed)["weight_hh_l0"] for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not (one == other).any()


LSTM = Stack(inputs=3, width=5, layers=2)
WEIGHTS = start_stack(LSTM)
STEPS = np.zeros((2, 7, 3))


@pytest.mark.parametrize(
    ("error", "make", "words"),
    [
        (ConfigError, lambda: Stack(cell="ltsm", inputs=3, width=5), "No cell is named 'ltsm'. Did you mean 'lstm'"),
        (ConfigError, lambda: Stack(cell="rnn", activation="rleu", inputs=3, width=5), "'rleu'. Did you mean 'relu'"),
        (
            ConfigError,
            lambda: Stack(cell="gru", activation="relu", inputs=3, width=5),
            "Only an rnn may choose its activation; got 'relu' for 'gru'. Leave it out",
        ),
        (ConfigError, lambda: Stack(inputs=0, width=5), "inputs must be at least 1; got 0"),
        (ConfigError, lambda: Stack(inputs=3, width=0), "width must be at least 1; got 0"),
        (ConfigError, lambda: Stack(inputs=3, width=5, layers=0), "layers must be at least 1; got 0"),
        (
            ConfigError,
            lambda: back(LSTM, WEIGHTS, read(LSTM, WEIGHTS, STEPS), np.zeros((2, 7, 5)), truncation=0),
            "truncation must be at least 1 step, or None for no cut; got 0",
        ),
        (InputError, lambda: read(LSTM, WEIGHTS, np.zeros((2, 7, 4))), r"3 channels .* got \(2, 7, 4\)"),
        (InputError, lambda: read(LSTM, WEIGHTS, np.zeros((2, 0, 3))), r"At least .* one step .* got \(2, 0, 3\)"),
        (InputError, lambda: read(LSTM, WEIGHTS, np.zeros((0, 7, 3))), r"At least one window .* got \(0, 7, 3\)"),
        (
            InputError,
            lambda: read(LSTM, WEIGHTS, STEPS, (np.zeros((2, 2, 5)),)),
            r"reads on from 2 of shape \(layers, B, W\) = \(2, 2, 5\); got \(2, 2, 5\)\. Leave it out",
        ),
        (
            InputError,
            lambda: read(LSTM, {"weight_ih_l0": WEIGHTS["weight_ih_l0"]}, STEPS),
            "The weight 'weight_hh_l0' is missing; got weight_ih_l0. Start from",
        ),
        (
            InputError,
            lambda: read(LSTM, {**WEIGHTS, "bias_hh_l1": np.zeros(3)}, STEPS),
            r"'bias_hh_l1' has the shape \(20,\) in these layers; got \(3,\)",
        ),
    ],
)
def test_what_cannot_work_is_named(error, make, words):
    with pytest.raises(error, match=words):
        make()
