"""Rows of the table of correctness: recurrent cells written out, and layers of them over a sequence."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import product

import torch
from scipy import stats
from torch import Tensor, nn
from torch.func import functional_call

from seqcast.nn.cells import GRUCell, LSTMCell, RNNCell, lstm_gates
from seqcast.nn.recurrent import Cell
from seqcast.nn.unrolled import Unrolled
from tests.nn.cases import CELLS, SHARED, Case, flat, gap, gradients, packed
from tests.proofs.table import Proof

_CELL_OF_TORCH = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}


@cache
def layer_errors(case: Case) -> tuple[float, float]:
    """Return how far our layers are from torch's with the same weights: outputs, and every gradient there is."""
    ours = case.ours()
    truth = case.of_torch(ours.state_dict())
    steps, state = case.read()
    torch.manual_seed(case.seed)  # for dropout
    out = flat(ours(steps, packed(state)))
    torch.manual_seed(case.seed)
    expected = flat(truth(steps, packed(state)))
    return gap(out, expected), gap(
        gradients(out, [steps, *state, *ours.parameters()]), gradients(expected, [steps, *state, *truth.parameters()])
    )


def cell_errors(case: Case) -> tuple[float, float]:
    """Return how far our cell is from torch's with the same weights, for one step: outputs, and every gradient."""
    torch.manual_seed(case.seed)
    own = {"nonlinearity": case.activation} if case.cell == "rnn" else {}
    truth = _CELL_OF_TORCH[case.cell](case.inputs, case.width, **own).to(case.dtype)
    ours = our_cell(case)
    ours.load_state_dict(truth.state_dict())
    steps, state = case.read()
    leaves = [steps, *state]
    x, before = steps[:, 0], packed([part[0] for part in state])
    out, expected = ours(x, before), truth(x, before)
    out, expected = ([*each] if isinstance(each, tuple) else [each] for each in (out, expected))
    return gap(out, expected), gap(
        gradients(out, [*leaves, *ours.parameters()]), gradients(expected, [*leaves, *truth.parameters()])
    )


def our_cell(case: Case) -> nn.Module:
    """Return our cell, with weights by the seed."""
    torch.manual_seed(case.seed)
    if case.cell == "rnn":
        return RNNCell(case.inputs, case.width, activation=case.activation).to(case.dtype)
    return {"lstm": LSTMCell, "gru": GRUCell}[case.cell](case.inputs, case.width).to(case.dtype)


def sigmoid_errors(case: Case) -> tuple[float, float]:
    """Return how far sigmoid layers are from torch's tanh layers, rescaled; torch has no sigmoid of its own.

    σ(a) = (1 + tanh(a/2))/2: with hidden = (1 + u)/2, u is the hidden vector of a tanh network whose maps are halved
    once for a/2, and where they read a hidden vector once more, with what the 1 adds put into the bias.
    """
    ours = case.ours()
    steps, state = case.read()
    scaled = {}
    for name, weight in ours.named_parameters():
        reads_hidden = "weight_hh" in name or ("weight_ih" in name and "_l0" not in name)
        scaled[name] = weight / 4 if reads_hidden else weight / 2
    for name, weight in ours.named_parameters():
        if name.startswith("weight") and not name.startswith("weight_ih_l0"):
            bias = name.replace("weight", "bias")
            scaled[bias] = scaled[bias] + weight.sum(dim=1) / 4
    truth = replace(case, activation="tanh").of_torch()
    out = flat(ours(steps, packed(state)))
    expected = [(1 + u) / 2 for u in flat(functional_call(truth, scaled, (steps, 2 * state[0] - 1)))]
    leaves = [steps, *state, *ours.parameters()]
    return gap(out, expected), gap(gradients(out, leaves), gradients(expected, leaves))


def truncation_errors(case: Case, truncation: int) -> tuple[float, float]:
    """Return how far truncated gradients are from those of torch's layers run in chunks, state detached between."""
    ours = case.ours()
    truth = case.of_torch(ours.state_dict())
    steps, state = case.read()
    out = flat(ours(steps, packed(state), truncation=truncation))
    hidden, reached = in_chunks(truth, steps, state, truncation)
    expected = [hidden, *reached]
    return gap(out, expected), gap(
        gradients(out, [steps, *state, *ours.parameters()]), gradients(expected, [steps, *state, *truth.parameters()])
    )


def in_chunks(
    module: nn.Module, steps: Tensor, state: Sequence[Tensor], truncation: int
) -> tuple[Tensor, Sequence[Tensor]]:
    """Return hidden vectors and last state of a torch layer that reads so many steps at a time."""
    hidden = []
    for number, chunk in enumerate(steps.split(truncation, dim=1)):
        start = [part.detach() for part in state] if number else state
        answer, *state = flat(module(chunk, packed(start)))
        hidden.append(answer)
    return torch.cat(hidden, dim=1), state


def truncation_both_ways_errors(case: Case, truncation: int) -> tuple[float, float]:
    """Return the same for layers read both ways, put together from torch's layers that read one way."""
    ours = case.ours()
    steps, state = case.read()
    out = flat(ours(steps, packed(state), truncation=truncation))
    read, ends, weights = steps, [], []
    for layer in range(case.layers):
        sides = []
        for suffix in (f"_l{layer}", f"_l{layer}_reverse"):
            named = {
                f"{name.removesuffix(suffix)}_l0": w for name, w in ours.state_dict().items() if name.endswith(suffix)
            }
            truth = replace(case, inputs=read.shape[2], layers=1, bidirectional=False).of_torch(named)
            start = [part[None, len(ends)] for part in state]
            turned = read.flip(1) if suffix.endswith("reverse") else read
            hidden, end = in_chunks(truth, turned, start, truncation)
            sides.append(hidden.flip(1) if suffix.endswith("reverse") else hidden)
            ends.append(end)
            weights += truth.parameters()
        read = torch.cat(sides, dim=2)
    expected = [read, *(torch.cat(part) for part in zip(*ends, strict=True))]
    return gap(out, expected), gap(
        gradients(out, [steps, *state, *ours.parameters()]), gradients(expected, [steps, *state, *weights])
    )


def truncated_bits(case: Case) -> float:
    """Return how many numbers of outputs and states change with the truncation."""
    ours = case.ours()
    steps, state = case.read()
    whole = flat(ours(steps, packed(state)))
    cut = [flat(ours(steps, packed(state), truncation=length)) for length in range(1, case.steps + 2)]
    return float(sum(int((a != b).sum()) for answer in cut for a, b in zip(answer, whole, strict=True)))


def shape_facts() -> float:
    """Return how many shapes of an LSTM(10, 20) that reads (1, 35, 10) are not those of the course."""
    facts = [
        (1, False, (1, 35, 20), (1, 1, 20)),
        (2, False, (1, 35, 20), (2, 1, 20)),
        (2, True, (1, 35, 40), (4, 1, 20)),
    ]
    wrong = 0
    for layers, bidirectional, of_hidden, of_state in facts:
        hidden, (h, c) = Unrolled("lstm", 10, 20, layers=layers, bidirectional=bidirectional)(torch.zeros(1, 35, 10))
        wrong += (hidden.shape != of_hidden) + (h.shape != of_state) + (c.shape != of_state)
    return float(wrong)


def start_of_torch(case: Case) -> float:
    """Return how many starting weights differ from those torch draws in the same random state."""
    ours, truth = case.ours().state_dict(), case.of_torch().state_dict()
    assert list(ours) == list(truth)
    return float(sum(int((ours[name] != truth[name]).sum()) for name in ours))


def start_evenness(cell: Cell, width: int, seed: int) -> float:
    """Return the Kolmogorov–Smirnov distance of the starting weights from even on ±1/√W, by what 1 % would exceed."""
    drawn = torch.cat([weight.flatten() for weight in Case(cell, 8, width, seed=seed).ours().parameters()]).detach()
    bound = width**-0.5
    distance = stats.kstest(drawn.numpy(), stats.uniform(-bound, 2 * bound).cdf).statistic
    return float(distance / stats.kstwo.ppf(0.99, len(drawn)))


def forget_bias_error() -> float:
    """Return how far the sum of both biases is from torch's start, plus the bias asked for on the forget gate alone."""
    case, worst = Case("lstm", layers=2, bidirectional=True, dtype=torch.float32), 0.0
    drawn = case.of_torch().state_dict()
    for asked in (-2.0, 0.0, 1.0, 5.0):
        torch.manual_seed(case.seed)
        ours = Unrolled("lstm", 3, 5, layers=2, bidirectional=True, forget_bias=asked).state_dict()
        for name in (name for name in ours if "bias_ih" in name):
            other = name.replace("ih", "hh")
            wanted = (drawn[name] + drawn[other]).unflatten(0, (4, 5))
            wanted[1] += asked
            worst = max(worst, gap([(ours[name] + ours[other]).unflatten(0, (4, 5))], [wanted]))
    return worst


def memory_from_gates(case: Case) -> float:
    """Return how far the memory is from torch's at every step, when rebuilt from the gates of all steps at once."""
    ours, truth = case.ours(), nn.LSTMCell(case.inputs, case.width).to(case.dtype)
    truth.load_state_dict({name.removesuffix("_l0"): weight for name, weight in ours.state_dict().items()})
    steps, (h, c) = case.read()
    hidden, _ = ours(steps, (h, c))
    gates = lstm_gates(steps, torch.cat([h[0][:, None], hidden[:, :-1]], dim=1), ours.weights())
    memory, state, worst = c[0], (h[0], c[0]), 0.0
    for time in range(case.steps):
        memory = gates.forget[:, time] * memory + gates.input[:, time] * gates.candidate[:, time]
        state = truth(steps[:, time], state)
        worst = max(worst, gap([gates.output[:, time] * memory.tanh(), memory], state))
    return worst


def cases_of(cell: Cell, dtype: torch.dtype = torch.float64) -> Iterator[Case]:
    """Yield one to three layers, one way and both, with each activation torch has, in three sizes."""
    for layers, both, activation in product((1, 2, 3), (False, True), SHARED if cell == "rnn" else ("tanh",)):
        case = Case(cell, layers=layers, bidirectional=both, activation=activation, dtype=dtype)
        yield case
        yield replace(case, inputs=1, width=1, batch=1, steps=1, seed=1)
        yield replace(case, inputs=10, width=20, batch=3, steps=35, seed=2)


def _worst(measure: Callable[[Case], tuple[float, float]], cases: Sequence[Case], which: int | None = None) -> float:
    """Return the worst error over the cases: of outputs (0), of gradients (1), or of both."""
    errors = [measure(case) for case in cases]
    return max(max(error) if which is None else error[which] for error in errors)


def _worst_truncation() -> float:
    worst = 0.0
    for cell, layers, length in product(CELLS, (1, 2), (1, 3, 7, 10)):
        case = Case(cell, layers=layers, steps=10)
        worst = max(worst, *truncation_errors(case, length))
        worst = max(worst, *truncation_both_ways_errors(replace(case, bidirectional=True), length))
    return worst


def _rows_of(cell: Cell) -> tuple[Proof, ...]:
    name, cases = cell.upper(), list(cases_of(cell))
    flavour = "tanh and relu, " if cell == "rnn" else ""
    layers = f"torch.nn.{name}, {flavour}1 to 3 layers, one way and both, float64"
    return (
        Proof(
            f"{name} cell: outputs and all gradients",
            f"torch.nn.{name}Cell, {flavour}float64",
            1e-12,
            partial(_worst, cell_errors, cases),
        ),
        Proof(f"{name} layers: outputs and states", layers, 1e-12, partial(_worst, layer_errors, cases, 0)),
        Proof(f"{name} layers: all gradients", layers, 1e-12, partial(_worst, layer_errors, cases, 1)),
    )


IN_FLOAT32 = [case for cell in CELLS for case in cases_of(cell, torch.float32)]
SIGMOID = [replace(case, activation="sigmoid") for case in cases_of("rnn") if case.activation == "tanh"]
DROPPED = [Case(cell, layers=3, bidirectional=both, dropout=0.4) for cell in CELLS for both in (False, True)]
STARTS = [replace(case, dtype=torch.float32) for case in DROPPED]
PROOFS: tuple[Proof, ...] = (
    *(row for cell in CELLS for row in _rows_of(cell)),
    Proof(
        "The three cells in float32",
        "torch.nn's cells, outputs and all gradients",
        1e-6,
        partial(_worst, cell_errors, IN_FLOAT32),
    ),
    Proof(
        "The three layers in float32",
        "torch.nn's layers, outputs and all gradients",
        1e-6,
        partial(_worst, layer_errors, IN_FLOAT32),
    ),
    Proof(
        "Sigmoid RNN layers: outputs and all gradients",
        "σ(a) = (1 + tanh(a/2))/2 through torch.nn.RNN, float64",
        1e-12,
        partial(_worst, sigmoid_errors, SIGMOID),
    ),
    Proof(
        "Dropout between layers: outputs and all gradients",
        "torch.nn's layers under the same masks, float64",
        1e-12,
        partial(_worst, layer_errors, DROPPED),
    ),
    Proof(
        "Truncation: outputs and all gradients",
        "torch.nn's layers in chunks, state detached between, float64",
        1e-12,
        _worst_truncation,
    ),
    Proof(
        "Truncation changes no value",
        "no truncation; numbers changed",
        0,
        lambda: sum(truncated_bits(replace(case, dropout=0.0)) for case in DROPPED),
    ),
    Proof("LSTM(10, 20) reads (1, 35, 10)", "shapes of the course; shapes that differ", 0, shape_facts),
    Proof(
        "Start of weights and their names",
        "torch.nn in the same random state; numbers that differ",
        0,
        lambda: sum(start_of_torch(case) for case in STARTS),
    ),
    Proof(
        "Weights start even on ±1/√W",
        "Kolmogorov–Smirnov; distance by its 1 % bound",
        1,
        lambda: max(start_evenness(cell, width, seed=0) for cell in CELLS for width in (4, 20, 64)),
    ),
    Proof("Forget bias counts once", "torch's start plus the bias, two biases summed", 1e-6, forget_bias_error),
    Proof(
        "LSTM gates of all steps at once",
        "memory of torch.nn.LSTMCell, rebuilt from them, float64",
        1e-12,
        lambda: memory_from_gates(Case("lstm", steps=20)),
    ),
)
