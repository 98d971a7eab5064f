"""Health of training: gradients by lag against closed forms, Jacobian products and finite sums; memory; saturation."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.autograd.functional import jacobian

from seqcast.errors import ConfigError, InputError
from seqcast.nn.cells import lstm_gates
from seqcast.nn.recurrent import Recurrent
from seqcast.nn.unrolled import Unrolled
from seqcast.train.health import gradient_by_input, gradient_by_lag, memory_length, saturation

LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def diagonal(weights):
    """Return a reader whose units each keep their own share of themselves: hidden' = weights · hidden + x."""

    def read(steps, state):
        hidden = []
        for x in steps.unbind(1):
            state = x if state is None else weights * state + x
            hidden.append(state)
        return torch.stack(hidden, dim=1), state

    return read


def drawn(cell, inputs, width, seed, **options):
    torch.manual_seed(seed)
    return Unrolled(cell, inputs, width, **options).double()


def white(count, length, inputs, seed=0):
    return torch.randn(count, length, inputs, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(
    weights=st.lists(st.floats(-1.2, 1.2), min_size=1, max_size=4),
    length=st.integers(1, 30),
    count=st.integers(1, 3),
)
def test_a_diagonal_recurrence_has_powers_of_its_weights(weights, length, count):
    kept = torch.tensor(weights, dtype=torch.float64)
    steps = white(count, length, len(weights))
    expected = torch.stack([torch.linalg.vector_norm(kept**lag) for lag in range(length)])
    torch.testing.assert_close(gradient_by_lag(diagonal(kept), steps), expected)
    read = diagonal(kept)
    torch.testing.assert_close(gradient_by_input(lambda steps: read(steps, None)[0], steps), expected)


@given(width=st.integers(1, 6), length=st.integers(1, 12), seed=st.integers(0, 20))
def test_a_turn_neither_loses_nor_adds(width, length, seed):
    """With an orthogonal recurrence the norm is that of the readout at every lag."""
    turn, _ = torch.linalg.qr(white(1, width, width, seed)[0])

    def read(steps, state):
        state = steps[:, 0] if state is None else state @ turn + steps[:, 0]
        return state[:, None], state

    norms = gradient_by_lag(read, white(2, length, width))
    torch.testing.assert_close(norms, torch.full_like(norms, width**0.5))


@given(width=st.integers(1, 5), length=st.integers(2, 9), activation=st.sampled_from(["tanh", "sigmoid"]))
def test_a_simple_network_has_the_product_of_its_jacobians(width, length, activation):
    """By hand: readout · D_T W · D_(T-1) W …, D the slopes of the activation, for one sample after the other."""
    net, steps = drawn("rnn", 3, width, length, activation=activation), white(2, length, 3)
    hidden, _ = net(steps)
    slope = 1 - hidden**2 if activation == "tanh" else hidden * (1 - hidden)
    expected = torch.zeros(length, dtype=torch.float64)
    for slopes in slope.detach():
        row = torch.ones(width, dtype=torch.float64)
        for lag in range(length):
            expected[lag] += torch.linalg.vector_norm(row) / 2
            row = (row * slopes[length - 1 - lag]) @ net.weights().weight_hh.detach()
    torch.testing.assert_close(gradient_by_lag(net, steps), expected)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", LAYERS)
def test_a_gated_network_has_the_jacobian_of_what_is_read_from_each_state_on(cell, layers):
    """Torch's own layer, a readout of my own, and the whole state: of every layer, of an LSTM both vectors."""
    torch.manual_seed(7)
    theirs = LAYERS[cell](3, 4, layers, batch_first=True).double()
    ours = Unrolled(cell, 3, 4, layers=layers).double()
    ours.load_state_dict(theirs.state_dict())
    steps, weights = white(3, 6, 3), white(1, 1, 4, seed=5)[0, 0]

    def readout(hidden):
        return hidden.square() @ weights

    norms = gradient_by_lag(theirs, steps, readout)
    torch.testing.assert_close(gradient_by_lag(ours, steps, readout), norms)
    for lag in range(1, 6):
        each = []
        for sample in steps.split(1):
            _, state = theirs(sample[:, : 6 - lag])
            parts = state if isinstance(state, tuple) else (state,)

            def ahead(*state, rest=sample[:, 6 - lag :]):
                return readout(theirs(rest, state if cell == "lstm" else state[0])[0][:, -1]).sum()

            slopes = jacobian(ahead, tuple(part.detach() for part in parts))
            each.append(torch.cat([slope.ravel() for slope in slopes]).norm())
        torch.testing.assert_close(norms[lag], torch.stack(each).mean())


def test_an_lstm_whose_gates_are_fixed_carries_its_memory_by_the_forget_gate():
    """All weights zero, so every gate is a constant, and a step leaves sigmoid(bias) of the memory."""
    bias = 1.5
    net = drawn("lstm", 2, 3, 0)
    with torch.no_grad():
        for weight in net.parameters():
            weight.zero_()
        net.weights().bias_ih[3:6] = bias
    forget = 1 / (1 + math.exp(-bias))
    # At lag 1 the way leads once through the output gate, one half, and through tanh, whose slope at 0 is 1.
    expected = [3**0.5] + [3**0.5 * 0.5 * forget**lag for lag in range(1, 20)]
    norms = gradient_by_lag(net, white(2, 20, 2))
    torch.testing.assert_close(norms, torch.tensor(expected, dtype=torch.float64))


def test_the_networks_of_the_forecasters_can_be_asked_with_frozen_weights():
    torch.manual_seed(0)
    net = Recurrent("gru", 3, 4)
    steps = white(2, 8, 3).float()
    norms = gradient_by_lag(net.read, steps)
    net.requires_grad_(False)
    with torch.no_grad():
        torch.testing.assert_close(gradient_by_lag(net.read, steps), norms)
    assert not steps.requires_grad and (norms > 0).all()


def test_what_a_cut_hides_is_zero():
    net, steps = drawn("lstm", 2, 4, 1), white(2, 12, 2)
    norms = gradient_by_input(lambda steps: net(steps, truncation=4)[0], steps)
    whole = gradient_by_input(lambda steps: net(steps)[0], steps)
    torch.testing.assert_close(norms[:4], whole[:4])
    assert (norms[4:] == 0).all() and (whole[4:] > 0).all()


@given(kept=st.floats(0.01, 0.99), share=st.floats(0.01, 0.9), scale=st.floats(0.1, 10))
def test_the_memory_of_a_decay_is_its_logarithm(kept, share, scale):
    norms = scale * kept ** torch.arange(600.0, dtype=torch.float64)
    exact = math.log(share) / math.log(kept)
    found = memory_length(norms, share)
    if exact > 600:
        assert found == math.inf
    else:
        assert exact - 1e-6 <= found < exact + 1 + 1e-6


def test_a_gradient_that_comes_back_is_not_forgotten_yet():
    assert memory_length(torch.tensor([1.0, 0.1, 0.9, 0.1, 0.05]), 0.5) == 3.0
    assert memory_length(torch.tensor([1.0, 0.1, 0.9])) == math.inf


def test_saturation_is_that_of_gates_with_fixed_shares():
    """A gate driven by its bias alone is saturated always or never; one that alternates, half of the time."""
    net = drawn("lstm", 1, 4, 0)
    with torch.no_grad():
        for weight in net.parameters():
            weight.zero_()
        net.weights().weight_ih[4:8, 0] = torch.tensor([4.0, 0.0, -9.0, 1.0])
        net.weights().bias_ih[4:8] = torch.tensor([0.0, 5.0, 0.0, 0.0])
    steps = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(5)[None, :, None]
    shares = saturation(lstm_gates(steps, torch.zeros(1, 10, 4, dtype=torch.float64), net.weights()).forget)
    assert (shares.left.tolist(), shares.right.tolist()) == ([0.5, 0.0, 0.5, 0.0], [0.5, 1.0, 0.5, 0.0])


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda: memory_length(torch.ones(3), 1.0), ConfigError, "share must lie between 0 and 1; got 1.0. 1/e gives"),
        (lambda: memory_length(torch.zeros(3)), InputError, "at lag 0 must be a positive number; got 0.0. Give a read"),
        (lambda: memory_length(torch.ones(0)), InputError, "at lag 0 must be a positive number; got nan"),
        (
            lambda: gradient_by_lag(nn.GRU(1, 1), torch.ones(1, 0, 1)),
            InputError,
            "needs at least 1 step; got 0. Give a",
        ),
    ],
)
def test_what_cannot_be_measured_is_refused(ask, error, words):
    with pytest.raises(error, match=words):
        ask()
