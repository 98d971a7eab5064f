"""Cells written out: equal to torch's, and each gate is what its name says."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from seqcast.errors import ConfigError
from seqcast.nn.cells import (
    GRUCell,
    LSTMCell,
    RNNCell,
    activation_named,
    gru_gates,
    gru_step,
    lstm_gates,
    lstm_step,
    rnn_step,
)
from seqcast.nn.weights import CellWeights, weights_of
from tests.nn.cases import cases, packed
from tests.proofs.cells import cell_errors, our_cell


@given(case=cases())
def test_a_step_and_all_its_gradients_are_those_of_torch(case):
    assert max(cell_errors(case)) < 1e-12


@given(case=cases(torch.float32))
def test_a_step_and_all_its_gradients_are_those_of_torch_in_float32(case):
    assert max(cell_errors(case)) < 1e-6


@pytest.mark.parametrize(
    ("ours", "truth"),
    [
        (RNNCell(3, 5, activation="relu"), nn.RNNCell(3, 5, nonlinearity="relu")),
        (LSTMCell(3, 5), nn.LSTMCell(3, 5)),
        (GRUCell(3, 5), nn.GRUCell(3, 5)),
    ],
)
def test_weights_go_to_torch_and_the_first_state_is_zero(ours, truth):
    truth.load_state_dict(ours.state_dict())
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(ours(x), truth(x))


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@given(data=st.data())
def test_the_leading_axes_of_a_step_are_free(cell, data):
    """All steps of all samples at once give what each gives alone."""
    case = data.draw(cases().filter(lambda case: case.cell == cell))
    weights = weights_of(our_cell(case))
    x, state = case.read()
    random = torch.Generator().manual_seed(case.seed)
    before = [torch.randn(*x.shape[:2], case.width, generator=random, dtype=case.dtype) for _ in state]
    step = {"rnn": rnn_step, "lstm": lstm_step, "gru": gru_step}[cell]
    at_once = step(x, packed(before), weights)
    for sample in range(case.batch):
        for time in range(case.steps):
            alone = step(x[sample, time], packed([part[sample, time] for part in before]), weights)
            for one, all_of_them in zip(tupled(alone), tupled(at_once), strict=True):
                torch.testing.assert_close(one, all_of_them[sample, time], rtol=0, atol=1e-12)


def tupled(state):
    return state if isinstance(state, tuple) else (state,)


def test_a_sigmoid_step_has_the_derivatives_of_finite_differences():
    torch.manual_seed(0)
    shapes = [(2, 3), (2, 4), (4, 3), (4, 4), (4,), (4,)]
    leaves = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(lambda x, h, *w: rnn_step(x, h, CellWeights(*w), "sigmoid"), leaves)


@given(x=st.floats(-30, 30), hidden=st.floats(0, 1))
def test_a_sigmoid_step_of_one_unit_is_the_logistic_function(x, hidden):
    weights = CellWeights(*(torch.tensor(w, dtype=torch.float64) for w in ([[2.0]], [[-3.0]], [0.5], [0.25])))
    read, before = (torch.tensor([[each]], dtype=torch.float64) for each in (x, hidden))
    step = rnn_step(read, before, weights, "sigmoid")
    truth = 1 / (1 + torch.exp(torch.tensor(-(2 * x - 3 * hidden + 0.75), dtype=torch.float64)))
    torch.testing.assert_close(step.squeeze(), truth, rtol=1e-12, atol=0)


def only(gates, block, value):
    """Return weights that are zero but for the bias of one block, which is so large that it alone decides."""
    bias = torch.zeros(gates, 5)
    bias[block] = value
    return CellWeights(torch.zeros(5 * gates, 3), torch.zeros(5 * gates, 5), bias.flatten(), torch.zeros(5 * gates))


LSTM_BLOCKS = ["input", "forget", "candidate", "output"]
GRU_BLOCKS = ["reset", "update", "candidate"]


@pytest.mark.parametrize("name", LSTM_BLOCKS)
def test_a_gate_of_the_lstm_follows_its_own_rows_alone(name):
    gates = lstm_gates(torch.ones(1, 3), torch.ones(1, 5), only(4, LSTM_BLOCKS.index(name), 50.0))._asdict()
    undecided = {"input": 0.5, "forget": 0.5, "candidate": 0.0, "output": 0.5}
    for each, gate in gates.items():
        torch.testing.assert_close(gate, torch.full((1, 5), 1.0 if each == name else undecided[each]))


@pytest.mark.parametrize("name", GRU_BLOCKS)
def test_a_gate_of_the_gru_follows_its_own_rows_alone(name):
    gates = gru_gates(torch.ones(1, 3), torch.ones(1, 5), only(3, GRU_BLOCKS.index(name), 50.0))._asdict()
    undecided = {"reset": 0.5, "update": 0.5, "candidate": 0.0}
    for each, gate in gates.items():
        torch.testing.assert_close(gate, torch.full((1, 5), 1.0 if each == name else undecided[each]))


def test_an_open_forget_gate_and_a_closed_input_gate_keep_the_memory():
    """The constant error carousel: what was learnt stays, and its gradient comes back whole, over any distance."""
    memory = torch.randn(2, 5, dtype=torch.float64, requires_grad=True)
    bias = torch.tensor([-60.0, 60.0, 0.0, 0.0], dtype=torch.float64).repeat_interleave(5)
    zeros = [torch.zeros(shape, dtype=torch.float64) for shape in ((20, 3), (20, 5), (20,), (2, 5), (2, 3))]
    state, weights = (zeros[3], memory), CellWeights(zeros[0], zeros[1], bias, zeros[2])
    for _ in range(200):
        state = lstm_step(zeros[4], state, weights)
    torch.testing.assert_close(state[1], memory)
    torch.testing.assert_close(torch.autograd.grad(state[1].sum(), memory)[0], torch.ones_like(memory))


def test_an_update_gate_of_one_keeps_the_hidden_vector_of_a_gru():
    hidden = torch.randn(2, 5, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(gru_step(torch.ones(2, 3), hidden, only(3, 1, 50.0)), hidden)
    forgotten = gru_step(torch.ones(2, 3), hidden, only(3, 1, -50.0))
    torch.testing.assert_close(forgotten, torch.zeros(2, 5))


def test_a_closed_reset_gate_hides_the_past_from_the_candidate_but_not_from_the_gates():
    cell, random = GRUCell(3, 5), torch.Generator().manual_seed(0)
    with torch.no_grad():
        cell.bias_ih[:5] = -200.0
    x, one, other = (torch.randn(2, size, generator=random) for size in (3, 5, 5))
    seen, unseen = (gru_gates(x, hidden, weights_of(cell)) for hidden in (one, other))
    torch.testing.assert_close(seen.candidate, unseen.candidate)
    assert (seen.update - unseen.update).abs().min() > 1e-6


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: activation_named("tahn"), "No activation is named 'tahn'. Did you mean 'tanh'.*relu, sigmoid"),
        (lambda: GRUCell(0, 5), "inputs and width must be at least 1; got 0 and 5"),
        (lambda: LSTMCell(3, 0), "inputs and width must be at least 1; got 3 and 0"),
        (lambda: RNNCell(-1, 5), "inputs and width must be at least 1; got -1 and 5"),
    ],
)
def test_a_setting_that_cannot_work_is_named(make, words):
    with pytest.raises(ConfigError, match=words):
        make()
