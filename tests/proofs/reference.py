"""Rows of the table of correctness: RNN, LSTM and GRU in NumPy, and their gradients by hand."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import cache, partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast.nn.cells import CellActivation
from seqcast.reference import SGD, Adam, Stack, back, load, loss_and_gradients, read, save, start_regressor
from seqcast.reference.bptt import Gradients, Reading
from seqcast.reference.optimizer import Optimizer, no_moments
from seqcast.reference.stack import Weights
from tests.nn.cases import CELLS, Case
from tests.proofs.cells import in_chunks
from tests.proofs.table import Proof

ACTIVATIONS: tuple[CellActivation, ...] = ("tanh", "relu", "sigmoid")


def stack_of(case: Case) -> Stack:
    """Return the layers of a case."""
    return Stack(cell=case.cell, inputs=case.inputs, width=case.width, layers=case.layers, activation=case.activation)


def weights_of(case: Case) -> Weights:
    """Return weights by the seed, about twice those a network starts with, so that gates open and close."""
    random, scale = np.random.default_rng(case.seed), case.width**-0.5
    return {name: random.normal(scale=scale, size=shape) for name, shape in stack_of(case).shapes().items()}


def noise_of(case: Case) -> list[np.ndarray]:
    """Return by what a random sum of all outputs weighs the hidden vectors and the last state: its derivatives."""
    random = np.random.default_rng([case.seed, 1])
    state = [(case.layers, case.batch, case.width)] * (1 + (case.cell == "lstm"))
    return [random.normal(size=shape) for shape in [(case.batch, case.steps, case.width), *state]]


def of_numpy(
    case: Case, weights: Weights, given: Sequence[np.ndarray], truncation: int | None = None
) -> tuple[Reading, Gradients]:
    """Return what NumPy reads from steps and first state, and its gradients of that random sum."""
    reading = read(stack_of(case), weights, given[0], tuple(given[1:]))
    d_hidden, *d_state = noise_of(case)
    return reading, back(stack_of(case), weights, reading, d_hidden, tuple(d_state), truncation)


@cache
def layer_errors(case: Case, truncation: int | None = None) -> tuple[float, float]:
    """Return how far NumPy is from torch and its autograd with the same weights: outputs, and every gradient."""
    weights = weights_of(case)
    leaves = [torch.from_numpy(weight).requires_grad_() for weight in weights.values()]
    steps, state = case.read()
    if case.activation == "sigmoid":
        expected = sigmoid_of_torch(leaves, steps, state[0], truncation)
    else:
        module = case.of_torch(dict(zip(weights, leaves, strict=True)))
        leaves = list(module.parameters())
        hidden, reached = in_chunks(module, steps, state, truncation or case.steps)
        expected = [hidden, *reached]
    noise = [torch.from_numpy(each) for each in noise_of(case)]
    total = torch.stack([(part * each).sum() for part, each in zip(expected, noise, strict=True)]).sum()
    truth = torch.autograd.grad(total, [*leaves, steps, *state])
    reading, found = of_numpy(case, weights, arrays([steps, *state]), truncation)
    return (
        gap([reading.hidden, *reading.state], arrays(expected)),
        gap([*found.weights.values(), found.steps, *found.state], arrays(truth)),
    )


def sigmoid_of_torch(weights: Sequence[Tensor], steps: Tensor, hidden: Tensor, truncation: int | None) -> list[Tensor]:
    """Return hidden vectors and last state of sigmoid layers, which torch.nn has not, in torch's own operations."""
    below, ends = steps.unbind(dim=1), []
    for layer, state in enumerate(hidden):
        of_input, of_hidden, bias_input, bias_hidden = weights[4 * layer : 4 * layer + 4]
        states = []
        for time, x in enumerate(below):
            if truncation and time and time % truncation == 0:
                state = state.detach()
            state = torch.sigmoid(F.linear(x, of_input, bias_input) + F.linear(state, of_hidden, bias_hidden))
            states.append(state)
        below = tuple(states)
        ends.append(state)
    return [torch.stack(below, dim=1), torch.stack(ends)]


def difference_errors(case: Case) -> float:
    """Return how far the gradients are from central differences by every single number that goes in."""
    weights, given = weights_of(case), arrays([*flattened(case)])
    _, found = of_numpy(case, weights, given)
    noise, shift, slopes = noise_of(case), 1e-5, []
    moved = [*(weight.copy() for weight in weights.values()), *(each.copy() for each in given)]

    def total() -> float:
        named = dict(zip(weights, moved, strict=False))
        steps, *state = moved[len(weights) :]
        reading = read(stack_of(case), named, steps, tuple(state))
        return sum(float((part * by).sum()) for part, by in zip([reading.hidden, *reading.state], noise, strict=True))

    for numbers in moved:
        slope = np.zeros_like(numbers)
        for place in np.ndindex(numbers.shape):
            kept = numbers[place]
            numbers[place] = kept + shift
            above = total()
            numbers[place] = kept - shift
            slope[place] = (above - total()) / (2 * shift)
            numbers[place] = kept
        slopes.append(slope)
    return gap([*found.weights.values(), found.steps, *found.state], slopes)


def flattened(case: Case) -> Iterator[Tensor]:
    """Yield what is read, then each part of the first state."""
    steps, state = case.read()
    yield steps
    yield from state


def crossings(case: Case) -> float:
    """Return at how many steps the last hidden vector has a derivative beyond the last cut, or none after it."""
    weights, given = weights_of(case), arrays([*flattened(case)])
    reading = read(stack_of(case), weights, given[0], tuple(given[1:]))
    d_hidden, wrong = np.zeros_like(reading.hidden), 0
    d_hidden[:, -1] = noise_of(case)[0][:, -1]
    for truncation in range(1, case.steps + 1):
        found = back(stack_of(case), weights, reading, d_hidden, truncation=truncation)
        last_cut = (case.steps - 1) // truncation * truncation
        reached = np.abs(found.steps).sum(axis=(0, 2)) > 0
        wrong += int((reached != (np.arange(case.steps) >= last_cut)).sum())
        wrong += int(last_cut > 0 and any(part.any() for part in found.state))
    return float(wrong)


def descent_error(ours: Optimizer, theirs: Callable[[list[Tensor]], torch.optim.Optimizer], steps: int = 60) -> float:
    """Return how far weights are from torch's optimizer after any of many steps, by gradients of many sizes."""
    random, worst = np.random.default_rng(0), 0.0
    weights = {"wide": random.normal(size=(5, 4)), "bias": random.normal(size=5), "still": random.normal(size=3)}
    leaves = {name: torch.from_numpy(weight.copy()).requires_grad_() for name, weight in weights.items()}
    truth, kept = theirs(list(leaves.values())), no_moments(weights)
    for step in range(steps):
        gradients = {name: random.normal(size=w.shape) * 10.0 ** (step % 7 - 4) for name, w in weights.items()}
        gradients["still"][:2] = 0.0
        weights, kept = ours.step(weights, gradients, kept)
        for name, leaf in leaves.items():
            leaf.grad = torch.from_numpy(gradients[name])
        truth.step()
        worst = max(worst, gap(list(weights.values()), arrays(leaves.values())))
    return worst


class RegressorOfTorch(nn.Module):
    """The regressor of a common tutorial: layers, last step, linear map."""

    def __init__(self, case: Case, weights: Weights):
        super().__init__()
        of_head = {name: torch.from_numpy(weights[f"head.{name}"]) for name in ("weight", "bias")}
        self.layers = case.of_torch({n: torch.from_numpy(w) for n, w in weights.items() if not n.startswith("head")})
        self.head = nn.Linear(case.width, len(of_head["bias"]), dtype=torch.float64)
        self.head.load_state_dict(of_head)

    def forward(self, windows: Tensor) -> Tensor:
        """Return what is told of each window."""
        return self.head(self.layers(windows)[0][:, -1])


def training_error(case: Case, targets: int = 1, updates: int = 50) -> float:
    """Return how far losses and weights are from torch's when both are trained by Adam on the same windows."""
    random, stack = np.random.default_rng(case.seed), stack_of(case)
    windows = random.normal(size=(case.batch, case.steps, case.inputs))
    asked = random.normal(size=(case.batch, targets))
    weights = start_regressor(stack, targets, case.seed)
    model = RegressorOfTorch(case, weights)
    adam, theirs, kept, worst = Adam(lr=1e-3), torch.optim.Adam(model.parameters(), lr=1e-3), no_moments(weights), 0.0
    for _ in range(updates):
        loss, gradients = loss_and_gradients(stack, weights, windows, asked)
        weights, kept = adam.step(weights, gradients, kept)
        theirs.zero_grad()
        truth = F.mse_loss(model(torch.from_numpy(windows)), torch.from_numpy(asked))
        truth.backward()
        theirs.step()
        worst = max(worst, abs(loss / truth.item() - 1))
    return max(worst, gap(list(weights.values()), arrays(model.parameters())))


def bits_lost(case: Case) -> float:
    """Return how many numbers or settings are not the same after they were saved and loaded."""
    stack, odd = stack_of(case), [np.nan, -np.nan, np.inf, -0.0, 5e-324, 1 + 2**-52]
    weights = start_regressor(stack, 2, case.seed)
    weights["head.weight"].flat[: len(odd)] = odd
    with tempfile.TemporaryDirectory() as home:
        save(Path(home, "saved"), stack, weights)
        again, loaded = load(Path(home, "saved"))
    lost = sum(getattr(again, name) != value for name, value in asdict(stack).items())
    lost += list(loaded) != list(weights)
    return float(lost + sum(int((loaded[name].view("u8") != w.view("u8")).sum()) for name, w in weights.items()))


def arrays(tensors: Iterator[Tensor] | Sequence[Tensor]) -> list[np.ndarray]:
    """Return tensors as arrays."""
    return [tensor.detach().numpy() for tensor in tensors]


def gap(ours: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> float:
    """Return the worst difference, in units of the largest number of its array.

    Where a whole array is under a thousandth of the largest of all, that thousandth is the unit: what is left of large
    numbers that cancel carries their rounding.
    """
    least = max(np.abs(truth).max() for truth in truths) / 1000
    worst = 0.0
    for our, truth in zip(ours, truths, strict=True):
        assert our.shape == truth.shape and our.dtype == truth.dtype == np.float64
        difference = np.abs(our - truth).max()
        error = difference / max(np.abs(truth).max(), least) if difference else 0.0
        worst = max(worst, np.inf if np.isnan(error) else float(error))  # max would pass over a NaN
    return worst


def cases_of(cell: str, activations: Sequence[CellActivation] = ("tanh",)) -> list[Case]:
    """Return one to three layers in three sizes, the last that of a common tutorial."""
    found = []
    for layers, activation in product((1, 2, 3), activations):
        case = Case(cell, layers=layers, activation=activation)
        found += [
            case,
            replace(case, inputs=1, width=1, batch=1, steps=1, seed=1),
            replace(case, inputs=10, width=20, batch=3, steps=35, seed=2),
        ]
    return found


EVERY = [
    *cases_of("rnn", ("tanh", "relu")),
    *cases_of("lstm"),
    *cases_of("gru"),
]
SIGMOID = cases_of("rnn", ("sigmoid",))
SMALL = [
    *(Case("rnn", 2, 3, layers=2, activation=activation, batch=2, steps=4) for activation in ACTIVATIONS),
    *(Case(cell, 2, 3, layers=2, batch=2, steps=4) for cell in ("lstm", "gru")),
]
LONG = [Case(case.cell, layers=2, activation=case.activation, steps=9, batch=2) for case in SMALL]


def _worst_of(cases: Sequence[Case], which: int) -> float:
    return max(layer_errors(case)[which] for case in cases)


def _worst_truncated() -> float:
    return max(max(layer_errors(case, k)) for case in LONG for k in range(1, case.steps + 1))


def _gradients_of(cell: str) -> Proof:
    flavour = "tanh and relu, " if cell == "rnn" else ""
    cases = [case for case in EVERY if case.cell == cell]
    truth = f"autograd of torch.nn.{cell.upper()}, {flavour}1 to 3 layers, float64"
    return Proof(f"NumPy {cell.upper()}: gradients by hand", truth, 1e-10, partial(_worst_of, cases, 1))


PROOFS: tuple[Proof, ...] = (
    Proof(
        "NumPy layers: outputs and states",
        "torch.nn.RNN, LSTM and GRU, 1 to 3 layers, float64",
        1e-12,
        partial(_worst_of, EVERY, 0),
    ),
    *(_gradients_of(cell) for cell in CELLS),
    Proof(
        "NumPy sigmoid RNN: gradients by hand",
        "autograd of the layers in torch's operations, float64",
        1e-10,
        partial(_worst_of, SIGMOID, 1),
    ),
    Proof(
        "NumPy gradients by every number that goes in",
        "central differences, all cells and activations",
        1e-6,
        lambda: max(difference_errors(case) for case in SMALL),
    ),
    Proof(
        "NumPy truncated gradients, each k from 1 to T",
        "autograd, state detached every k steps, float64",
        1e-10,
        _worst_truncated,
    ),
    Proof(
        "NumPy: no gradient crosses a cut",
        "closed form; steps reached wrongly",
        0,
        lambda: sum(crossings(case) for case in LONG if case.activation != "relu"),
    ),
    Proof(
        "NumPy SGD, plain and with momentum",
        "torch.optim.SGD, 60 steps, float64",
        1e-12,
        lambda: max(
            descent_error(SGD(lr=0.03, momentum=m), partial(torch.optim.SGD, lr=0.03, momentum=m)) for m in (0.0, 0.9)
        ),
    ),
    Proof(
        "NumPy Adam",
        "torch.optim.Adam, 60 steps, float64",
        1e-12,
        lambda: max(
            descent_error(Adam(lr=0.03, beta1=a, beta2=b), partial(torch.optim.Adam, lr=0.03, betas=(a, b)))
            for a, b in ((0.9, 0.999), (0.0, 0.5))
        ),
    ),
    Proof(
        "NumPy regressor LSTM(10, 20, 2 layers), 50 updates",
        "torch.nn.LSTM, Linear, MSE and Adam: losses and weights",
        1e-10,
        lambda: training_error(Case("lstm", 10, 20, layers=2, batch=16, steps=12)),
    ),
    Proof(
        "NumPy regressor, saved and loaded",
        "itself; numbers and settings changed",
        0,
        lambda: sum(bits_lost(case) for case in SMALL),
    ),
)
