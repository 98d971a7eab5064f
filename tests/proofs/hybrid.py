"""Rows of the table of correctness: the hybrid in its three forms."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product

import numpy as np
import torch
from torch import Tensor, nn

from seqcast.models.hybrid import HybridBody
from seqcast.models.presets import HybridConfig, PresetName
from seqcast.models.registry import build_network
from seqcast.nn.attention import AttentionPool, Placed, SelfAttention, sinusoid
from seqcast.train.shrunk import GROWTHS, PENALTIES, Moments, Pairs, age_freedom, shrunk_map
from seqcast.types import Dims
from tests.models.batches import DIMS, random_batch, taken
from tests.proofs.hybrid_keras import keras_error
from tests.proofs.table import Proof

PRESETS: tuple[PresetName, ...] = ("forecast", "attention-pool", "average-pool")


def network(preset: PresetName, seed: int = 0, dims: Dims = DIMS) -> nn.Module:
    """Return a hybrid in evaluation, none of whose layers is still zero."""
    torch.manual_seed(seed)
    model = build_network("hybrid", HybridConfig(preset=preset, width=16, heads=4, lstm_layers=2), dims).eval()
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return model


def alone_or_together(preset: PresetName) -> float:
    """Return how far the answer to a window alone is from its answer in any batch."""
    model, batch = network(preset), random_batch(9)
    together = model(batch)
    return max(_gap(model(taken(batch, [window]))[0], together[window]) for window in range(9))


def permuted(preset: PresetName) -> float:
    """Return how far the answers to a permuted batch are from the permuted answers."""
    model, batch = network(preset), random_batch(9)
    orders = [torch.randperm(9, generator=torch.Generator().manual_seed(seed)).tolist() for seed in range(5)]
    return max(_gap(model(taken(batch, order)), model(batch)[order]) for order in orders)


def others_moved(preset: PresetName) -> float:
    """Return how many answers of other windows change when one window does."""
    model, batch = network(preset), random_batch(9)
    past = batch.past.clone()
    past[7] += 1.0
    moved = (model(replace(batch, past=past)) != model(batch)).flatten(1).any(dim=1)
    assert bool(moved[7])
    return float(moved.sum() - 1)


def steps_unread(preset: PresetName) -> float:
    """Return at how many steps of the context a change changes nothing."""
    model, batch = network(preset), random_batch(4)
    answer, unread = model(batch), 0
    for step in range(DIMS.context):
        past = batch.past.clone()
        past[:, step, -1] += 1.0
        unread += _gap(model(replace(batch, past=past)), answer) < 1e-6
    return float(unread)


def shuffles_unseen(preset: PresetName) -> float:
    """Return how many of twenty shuffles of time leave the answer as it was."""
    model, batch = network(preset), random_batch(4)
    answer, unseen = model(batch), 0
    for seed in range(20):
        order = torch.randperm(DIMS.context - 1, generator=torch.Generator().manual_seed(seed))
        past = torch.cat([batch.past[:, order], batch.past[:, -1:]], dim=1)  # the last step stays, and so the level
        unseen += _gap(model(replace(batch, past=past)), answer) < 1e-4
    return float(unseen)


def shuffles_unseen_by_attention(placed: bool) -> float:
    """Return how many of twenty shuffles attention and pooling alone do not see; all without positions."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(16, 4, 32, 0.0, batch_first=True)
    encoder, pool = nn.TransformerEncoder(layer, 2, None, False).eval(), AttentionPool(16)
    place = Placed(16, 16, 12) if placed else nn.Linear(16, 16)
    steps, unseen = torch.randn(3, 12, 16), 0
    for seed in range(20):
        order = torch.randperm(12, generator=torch.Generator().manual_seed(seed))
        unseen += _gap(pool(encoder(place(steps[:, order]))), pool(encoder(place(steps)))) < 1e-4
    return float(unseen)


def equal_windows(preset: PresetName) -> float:
    """Return how far apart the answers to equal windows are, wherever in the batch they stand."""
    out = network(preset)(taken(random_batch(1), [0] * 8))
    return _gap(out, out[:1].expand_as(out))


def target_read(preset: PresetName) -> float:
    """Return how many numbers change when all that is to be forecast turns to NaN."""
    model, batch = network(preset), random_batch(5)
    blind = replace(batch, target=batch.target * float("nan"), observed=~batch.observed)
    return float((model(batch) != model(blind)).sum())


def position_formula() -> float:
    """Return the worst distance of the positions from the formula of Vaswani et al., in float64."""
    worst = 0.0
    for steps, width in ((1, 2), (35, 64), (512, 7)):
        table = np.zeros((steps, width))
        for step in range(steps):
            for i in range(width):
                angle = step / 10_000 ** ((i - i % 2) / width)
                table[step, i] = np.cos(angle) if i % 2 else np.sin(angle)
        worst = max(worst, float(np.abs(sinusoid(steps, width).numpy() - table).max()))
    return worst


def attention_of_torch() -> float:
    """Return how far our attention is from torch's, for weights and outputs, where heads share the width."""
    torch.manual_seed(0)
    worst = 0.0
    for width, heads, steps in ((8, 1, 1), (16, 4, 10), (64, 8, 35)):
        ours, theirs = SelfAttention(width, heads=heads, key_width=width // heads), None
        theirs = nn.MultiheadAttention(width, heads, batch_first=True)
        with torch.no_grad():
            parts = (ours.query, ours.key, ours.value)
            theirs.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
            theirs.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
            theirs.out_proj.load_state_dict(ours.out.state_dict())
        x = torch.randn(3, steps, width)
        out, weights = theirs(x, x, x, average_attn_weights=False)
        worst = max(worst, _gap(ours(x), out), _gap(ours.weights(x), weights))
    return worst


def pooling_sum() -> float:
    """Return how far the sum of the pooling weights over time is from 1."""
    torch.manual_seed(0)
    return max(
        _gap(AttentionPool(8).weights(10 * torch.randn(5, steps, 8)).sum(dim=1), torch.ones(5)) for steps in (1, 9, 700)
    )


def attention_pool_by_hand() -> float:
    """Return how far `attention-pool` is from the tutorial's layers, composed by hand after torch's own LSTM."""
    torch.manual_seed(0)
    body = HybridBody(HybridConfig(preset="attention-pool", width=8, heads=2), inputs=5, steps=12).eval()
    x = torch.randn(4, 12, 5)
    with torch.no_grad():
        lstm = nn.LSTM(5, 8, batch_first=True)
        lstm.load_state_dict(body.lstm.stack.state_dict())
        weights = {name: value.double().numpy() for name, value in body.state_dict().items()}
        read = lstm(x)[0].double().numpy()
        answer = body(x).double().numpy()
    return float(np.abs(_encoded_and_pooled(read, weights) - answer).max())


def _encoded_and_pooled(read: np.ndarray, w: dict[str, np.ndarray]) -> np.ndarray:
    """Write out the tutorial's second half: linear × √width + positions, post-norm encoder layer, pooling."""
    x = read @ w["place.linear.weight"].T + w["place.linear.bias"]
    x = x * np.sqrt(8) + sinusoid(12, 8).double().numpy()
    layer = "attend.layers.0."
    qkv = x @ w[layer + "self_attn.in_proj_weight"].T + w[layer + "self_attn.in_proj_bias"]
    query, key, value = (part.reshape(4, 12, 2, 4).swapaxes(1, 2) for part in np.split(qkv, 3, axis=-1))
    found = (_softmax(query @ key.swapaxes(-1, -2) / 2.0, -1) @ value).swapaxes(1, 2).reshape(4, 12, 8)
    found = found @ w[layer + "self_attn.out_proj.weight"].T + w[layer + "self_attn.out_proj.bias"]
    x = _normed(x + found, w[layer + "norm1.weight"], w[layer + "norm1.bias"])
    wide = np.maximum(x @ w[layer + "linear1.weight"].T + w[layer + "linear1.bias"], 0)
    x = x + wide @ w[layer + "linear2.weight"].T + w[layer + "linear2.bias"]
    x = _normed(x, w[layer + "norm2.weight"], w[layer + "norm2.bias"])
    share = _softmax(x @ w["pool.score.weight"].T + w["pool.score.bias"], 1)
    return (share * x).sum(axis=1)


def _softmax(scores: np.ndarray, axis: int) -> np.ndarray:
    raised = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return raised / raised.sum(axis=axis, keepdims=True)


def _normed(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * weight + bias


def untrained_start() -> float:
    """Return how far the untrained hybrid's middle forecast is from seasonal naive."""
    worst = 0.0
    for seed, season in ((0, 2), (1, 6), (2, 24)):
        torch.manual_seed(seed)
        batch = random_batch(5, seed)
        out = build_network("hybrid", HybridConfig(), replace(DIMS, season=season)).eval()(batch)
        steps = torch.arange(DIMS.horizon) % season + DIMS.context - season
        worst = max(worst, _gap(out[..., 1], batch.past[:, steps, : DIMS.targets]))
    return worst


def linear_start() -> float:
    """Return how far the closed form is from NumPy's least squares with the penalty as rows that ask for the prior."""
    draw = torch.Generator().manual_seed(0)
    past, target = torch.randn(80, 12, generator=draw), torch.randn(80, 5, generator=draw)
    moments = Moments.of([Pairs(past, target, torch.ones(80, 5, dtype=torch.bool))], 4)
    prior = torch.randn(12, 5, generator=draw)
    found, nearest = shrunk_map(moments, moments, 4, prior).double().numpy(), float("inf")
    for growth, penalty in product(GROWTHS, PENALTIES):
        freedom = age_freedom(12, 4, growth).double().numpy()
        unit = np.mean(np.square(past.double().numpy() * freedom).sum(axis=0))
        rows = np.sqrt(penalty * unit) * np.diag(1 / freedom)
        stacked = np.vstack([past.numpy(), rows]), np.vstack([target.numpy(), rows @ prior.double().numpy()])
        nearest = min(nearest, np.abs(np.linalg.lstsq(*stacked, rcond=None)[0] - found).max())
    return nearest


def _gap(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    return (one - other).abs().max().item()


def _for_each(measure: Callable[[PresetName], float]) -> Callable[[], float]:
    return lambda: max(measure(preset) for preset in PRESETS)


EACH = "each preset"
PROOFS: tuple[Proof, ...] = (
    Proof("average-pool: one target", "Keras, same layers, copied weights", 1e-5, partial(keras_error, outputs=1)),
    Proof("average-pool: three targets", "Keras, same layers, copied weights", 1e-5, partial(keras_error, outputs=3)),
    Proof(
        "average-pool: class probabilities",
        "Keras, same layers, softmax",
        1e-5,
        partial(keras_error, outputs=4, classes=True),
    ),
    Proof("attention-pool: body", "the layers written out in NumPy", 1e-5, attention_pool_by_hand),
    Proof("Self-attention: weights and outputs", "torch.nn.MultiheadAttention", 1e-6, attention_of_torch),
    Proof("Sinusoidal positions", "formula of Vaswani et al. in float64", 1e-4, position_formula),
    Proof("Pooling weights sum to 1 over time", "closed form", 1e-6, pooling_sum),
    Proof("A window alone = in any batch", EACH, 1e-6, _for_each(alone_or_together)),
    Proof("A permuted batch gives permuted answers", EACH, 1e-6, _for_each(permuted)),
    Proof("A changed window changes no other's answer", f"{EACH}; answers changed", 0, _for_each(others_moved)),
    Proof("Equal windows get equal answers", f"{EACH}, any place in the batch", 1e-6, _for_each(equal_windows)),
    Proof("A change at any step changes the answer", f"{EACH}; steps unread", 0, _for_each(steps_unread)),
    Proof("Shuffled time changes the answer", f"{EACH}; shuffles unseen", 0, _for_each(shuffles_unseen)),
    Proof(
        "Positions let attention see a shuffle",
        "shuffles unseen of 20",
        0,
        partial(shuffles_unseen_by_attention, placed=True),
    ),
    Proof(
        "Without positions attention sees no shuffle",
        "permutation invariance; shuffles seen of 20",
        0,
        lambda: 20 - shuffles_unseen_by_attention(placed=False),
    ),
    Proof("What is to be forecast is never read", f"{EACH}; numbers changed", 0, _for_each(target_read)),
    Proof("forecast: seasonal naive before any fit", "seasonal naive", 1e-5, untrained_start),
    Proof("forecast: linear map in closed form", "NumPy's least squares, penalty as rows", 1e-5, linear_start),
)
