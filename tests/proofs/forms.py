"""Rows of the table of correctness: the sequence forms."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn

from seqcast.batch import Batch
from seqcast.models.decode import Answers
from seqcast.models.forms import FormConfig, FormName, SequenceForm, build_form
from seqcast.nn.recurrent import Cell, Recurrent
from seqcast.train.arrays import batch_of_arrays
from tests.models.batches import taken
from tests.proofs.table import Proof

FORMS: tuple[FormName, ...] = ("one-to-one", "one-to-many", "many-to-one", "many-to-many", "encoder-decoder")
FED_BACK: tuple[FormName, ...] = ("one-to-many", "encoder-decoder")
CELLS: tuple[Cell, ...] = ("rnn", "lstm", "gru")
_CELL = {nn.RNN: nn.RNNCell, nn.LSTM: nn.LSTMCell, nn.GRU: nn.GRUCell}


@dataclass(frozen=True)
class Sizes:
    """Of a batch of noise and of the network that answers it."""

    samples: int = 5
    read: int = 7
    said: int = 6
    inputs: int = 3
    targets: int = 2


def network(config: FormConfig, sizes: Sizes, seed: int = 0) -> SequenceForm:
    """Return a form in evaluation; its answers are spread out, so that different classes are said."""
    torch.manual_seed(seed)
    model = build_form(config, sizes.inputs, sizes.targets).eval()
    for name, weight in model.named_parameters():
        if "answers" in name:
            nn.init.normal_(weight)
    return model


def noise(config: FormConfig, sizes: Sizes, seed: int = 0) -> Batch:
    """Return a batch of noise with as many steps as the form reads and says; classes are drawn evenly."""
    draw = np.random.default_rng(seed)
    read = 1 if config.form in ("one-to-one", "one-to-many") else sizes.read
    said = {"one-to-one": 1, "many-to-one": 1, "many-to-many": read}.get(config.form, sizes.said)
    shape = (sizes.samples, said, sizes.targets)
    targets = draw.integers(0, config.classes, shape).astype(float) if config.classes else draw.normal(size=shape)
    return batch_of_arrays(draw.normal(size=(sizes.samples, read, sizes.inputs)), targets)


def read_by_cells(recurrent: Recurrent, steps: Tensor) -> tuple[Tensor, list]:
    """Return hidden vectors and last states (of each layer, then direction) by a loop over torch's cells."""
    states = []
    for layer in range(recurrent.stack.num_layers):
        directions = ("", "_reverse") if recurrent.stack.bidirectional else ("",)
        outs = []
        for direction in directions:
            cell, state, out = _cell(recurrent, f"_l{layer}{direction}"), None, []
            for step in steps.flip(1).unbind(1) if direction else steps.unbind(1):
                state = cell(step, state)
                out.append(_hidden(state))
            outs.append(torch.stack(out[::-1] if direction else out, dim=1))
            states.append(state)
        steps = torch.cat(outs, dim=-1)
    return steps, states


def said_by_cells(model: SequenceForm, batch: Batch) -> Tensor:
    """Return the answers of a form that feeds them back by a loop over torch's cells."""
    decoder, horizon = model.body.decoder, batch.target.shape[1]
    layers = decoder.recurrent.stack.num_layers
    cells = [_cell(decoder.recurrent, f"_l{layer}") for layer in range(layers)]
    if model.form == "one-to-many":
        first, states = batch.past[:, 0], [None] * layers
    else:
        first, states = batch.past[:, 0, :0], read_by_cells(model.body.encoder, batch.past)[1]
        if model.body.encoder.stack.bidirectional:
            states = _bridged(model, states)
    x = torch.cat([first, torch.zeros(len(first), decoder.answers.fed_width)], dim=-1)
    said = []
    for _ in range(horizon):
        hidden = x
        for layer, cell in enumerate(cells):
            states[layer] = cell(hidden, states[layer])
            hidden = _hidden(states[layer])
        said.append(_answered(decoder.answers, hidden))
        x = torch.cat([torch.zeros_like(first), _fed(decoder.answers, said[-1])], dim=-1)
    return torch.stack(said, dim=1)


def _cell(recurrent: Recurrent, place: str) -> nn.Module:
    stack = recurrent.stack
    weights = {name: stack.get_parameter(name + place) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    own = {"nonlinearity": stack.nonlinearity} if isinstance(stack, nn.RNN) else {}
    cell = _CELL[type(stack)](weights["weight_ih"].shape[1], recurrent.width, **own)
    cell.load_state_dict(weights)
    return cell


def _hidden(state: Tensor | tuple[Tensor, Tensor]) -> Tensor:
    return state[0] if isinstance(state, tuple) else state


def _bridged(model: SequenceForm, states: list) -> list:
    """Return one state a layer, of the two that the directions of the encoder left there."""
    pairs, maps = [states[at : at + 2] for at in range(0, len(states), 2)], list(model.body.bridge.maps)
    if not isinstance(states[0], tuple):
        return [_bent(maps[layer], forward, backward) for layer, (forward, backward) in enumerate(pairs)]
    of_cells = maps[len(pairs) :]
    return [
        (_bent(maps[layer], forward[0], backward[0]), _bent(of_cells[layer], forward[1], backward[1]))
        for layer, (forward, backward) in enumerate(pairs)
    ]


def _bent(linear: nn.Linear, forward: Tensor, backward: Tensor) -> Tensor:
    width = forward.shape[1]
    return forward @ linear.weight[:, :width].T + backward @ linear.weight[:, width:].T + linear.bias


def _answered(answers: Answers, hidden: Tensor) -> Tensor:
    out = hidden @ answers.linear.weight.T + answers.linear.bias
    return out.reshape(*hidden.shape[:-1], *answers.shape)


def _fed(answers: Answers, said: Tensor) -> Tensor:
    if not answers.classes:
        return said[:, :, 0]
    return torch.eye(answers.classes)[said.argmax(dim=-1)].flatten(1)


@torch.no_grad()
def fed_back(config: FormConfig, sizes: Sizes | None = None, seed: int = 0) -> float:
    """Return how far the answers of a form that feeds them back are from a loop over torch's cells."""
    sizes = sizes or Sizes()
    model, batch = network(config, sizes, seed), noise(config, sizes, seed)
    return _gap(model(batch), said_by_cells(model, batch))


@torch.no_grad()
def read(config: FormConfig, sizes: Sizes | None = None, seed: int = 0) -> float:
    """Return how far the answers of a form that only reads are from a loop over torch's cells."""
    sizes = sizes or Sizes()
    model, batch = network(config, sizes, seed), noise(config, sizes, seed)
    hidden, states = read_by_cells(model.body.recurrent, batch.past)
    if config.form == "many-to-one":
        top = states[-2:] if config.bidirectional else states[-1:]
        hidden = torch.cat([_hidden(state) for state in top], dim=-1)[:, None]
    return _gap(model(batch), _answered(model.body.answers, hidden))


@torch.no_grad()
def forced_in_parallel(config: FormConfig, sizes: Sizes | None = None, seed: int = 0) -> float:
    """Return how far answers under teacher forcing are from one pass of torch's layer over the true answers."""
    sizes = sizes or Sizes()
    model, batch = network(replace(config, teacher_forcing=1.0), sizes, seed).train(), noise(config, sizes, seed)
    decoder = model.body.decoder
    heard = torch.eye(config.classes)[batch.target.long()].flatten(2) if config.classes else batch.target
    steps = torch.cat([torch.zeros_like(heard[:, :1]), heard[:, :-1]], dim=1)
    state = None
    if config.form == "one-to-many":
        silent = torch.zeros(sizes.samples, steps.shape[1] - 1, sizes.inputs)
        steps = torch.cat([torch.cat([batch.past, silent], dim=1), steps], dim=-1)
    else:
        state = model.body.get_submodule("bridge")(model.body.encoder.stack(batch.past)[1])
    return _gap(model(batch), _answered(decoder.answers, decoder.recurrent.stack(steps, state)[0]))


def target_read(config: FormConfig, training: bool) -> float:
    """Return how many answers and gradients change when all that is asked for turns to NaN."""
    model, batch = network(config, Sizes()), noise(config, Sizes())
    found = []
    for target in (batch.target, batch.target * float("nan")):
        model.train(training).zero_grad()
        out = model(replace(batch, target=target))
        out.square().sum().backward()
        found.append(torch.cat([out.flatten(), *(p.grad.flatten() for p in model.parameters())]).detach())
    return float((found[0] != found[1]).sum())


@torch.no_grad()
def broken_causality(config: FormConfig) -> float:
    """Return how many answers before a changed step move, and how many from it on do not."""
    sizes = Sizes(read=9, inputs=2)
    model, batch = network(config, sizes), noise(config, sizes)
    answer, wrong = model(batch), 0
    for step in range(9):
        past = batch.past.clone()
        past[:, step] += 1.0
        moved = (model(replace(batch, past=past)) - answer).abs().amax(dim=(2, 3))
        wrong += int((moved[:, :step] > 0).sum() + (moved[:, step:] == 0).sum())
    return float(wrong)


@torch.no_grad()
def alone_or_together(config: FormConfig, sizes: Sizes | None = None, seed: int = 0) -> float:
    """Return how far the answer to a sample alone, or in another order, is from its answer in the batch."""
    sizes = sizes or Sizes()
    model, batch = network(config, sizes, seed), noise(config, sizes, seed)
    together, order = model(batch), list(range(sizes.samples))[::-1]
    alone = torch.cat([model(taken(batch, [sample])) for sample in range(sizes.samples)])
    return max(_gap(alone, together), _gap(model(taken(batch, order)), together[order]))


@torch.no_grad()
def forced_share(ratio: float) -> float:
    """Return by how many standard deviations the share of true answers heard misses the ratio."""
    config = FormConfig(form="encoder-decoder", width=4, classes=5, teacher_forcing=ratio)
    sizes = Sizes(samples=2000, said=11, targets=1)
    model, batch = network(config, sizes).train(), noise(config, sizes)
    heard: list[Tensor] = []
    model.body.decoder.recurrent.stack.register_forward_pre_hook(lambda _, given: heard.append(given[0][:, 0]))
    own = model(batch)[:, :-1, 0].argmax(dim=-1)
    truth, said = batch.target[:, :-1, 0].long(), torch.stack(heard[1:], dim=1).argmax(dim=-1)
    assert bool(((said == truth) | (said == own)).all())
    telling = own != truth  # where both are the same, nobody can say which was heard
    count = int(telling.sum())
    assert count > 10_000
    share = float((said == truth)[telling].double().mean())
    return abs(share - ratio) / (ratio * (1 - ratio) / count) ** 0.5


def gradients_through_answers(config: FormConfig) -> float:
    """Return how far gradients through answers fed back are from central differences, in float64."""
    sizes = Sizes(samples=2, read=3, said=4, inputs=2, targets=1)
    model, batch = network(config, sizes).double(), noise(config, sizes)
    batch = replace(batch, past=batch.past.double(), target=batch.target.double())

    def loss() -> Tensor:
        return (model(batch)[..., 0] - batch.target).square().mean()

    loss().backward()
    worst, nudge = 0.0, 1e-6
    for weight in model.parameters():
        flat, grad = weight.data.view(-1), weight.grad.view(-1)
        for at in range(0, flat.numel(), max(1, flat.numel() // 3)):
            here = flat[at].item()
            sides = []
            for value in (here + nudge, here - nudge):
                flat[at] = value
                sides.append(loss().item())
            flat[at] = here
            worst = max(worst, abs((sides[0] - sides[1]) / (2 * nudge) - grad[at].item()))
    return worst


def _gap(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    return (one - other).abs().max().item()


def variants(*forms: FormName, bidirectional: bool = False) -> list[FormConfig]:
    """Return small settings of these forms: every cell, one layer and two, numbers and classes, and both ways."""
    choices = product(forms, CELLS, (1, 2), (0, 4), (False, True) if bidirectional else (False,))
    return [
        FormConfig(form=form, cell=cell, width=6, layers=layers, classes=classes, bidirectional=both)
        for form, cell, layers, classes, both in choices
    ]


def _for_each(measure: Callable[[FormConfig], float], configs: list[FormConfig]) -> Callable[[], float]:
    return lambda: max(measure(config) for config in configs)


def _never_read() -> float:
    unforced = [target_read(config, training=True) for config in variants(*FED_BACK)]
    evaluated = [target_read(replace(config, teacher_forcing=1.0), training=False) for config in variants(*FED_BACK)]
    others = [target_read(FormConfig(form=form, width=6), training=True) for form in FORMS if form not in FED_BACK]
    return max(*unforced, *evaluated, *others)


LOOP = "a loop over torch's RNNCell, LSTMCell, GRUCell"
ENCODERS = variants("encoder-decoder", bidirectional=True)
PROOFS: tuple[Proof, ...] = (
    Proof("one-to-one: answers", LOOP, 1e-5, _for_each(read, variants("one-to-one"))),
    Proof("one-to-many: answers fed back", LOOP, 1e-5, _for_each(fed_back, variants("one-to-many"))),
    Proof("many-to-one: answers", LOOP, 1e-5, _for_each(read, variants("many-to-one", bidirectional=True))),
    Proof("many-to-many: answers", LOOP, 1e-5, _for_each(read, variants("many-to-many", bidirectional=True))),
    Proof("encoder-decoder: answers fed back", LOOP, 1e-5, _for_each(fed_back, ENCODERS)),
    Proof(
        "Teacher forcing 1.0",
        "one pass of torch's layer over the true answers",
        1e-5,
        _for_each(forced_in_parallel, [*variants("one-to-many"), *ENCODERS]),
    ),
    Proof("Teacher forcing 0.5: share heard", "binomial law; standard deviations", 4, lambda: forced_share(0.5)),
    Proof(
        "Unforced or evaluated, the target is never read",
        "target of NaN; answers and gradients changed",
        0,
        _never_read,
    ),
    Proof(
        "many-to-many: a step changes no earlier answer, and every later one",
        "each cell; answers that do otherwise",
        0,
        _for_each(broken_causality, variants("many-to-many")),
    ),
    Proof(
        "A sequence alone = in any batch",
        "each form",
        1e-6,
        _for_each(alone_or_together, [FormConfig(form=form, width=6) for form in FORMS]),
    ),
    Proof(
        "Gradients through answers fed back",
        "central differences in float64",
        1e-7,
        _for_each(gradients_through_answers, [config for config in variants(*FED_BACK) if not config.classes]),
    ),
)
