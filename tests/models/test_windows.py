"""Networks that answer a window: what may change an answer, and that both kinds learn by the one loop."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from seqcast.models.presets import HybridConfig
from seqcast.models.recurrent import RecurrentConfig
from seqcast.models.windows import WindowClassifier, WindowRegressor
from seqcast.train.arrays import batch_of_arrays, source_of_arrays
from seqcast.train.config import FitConfig
from seqcast.train.loop import fit
from seqcast.types import Dims

DIMS = Dims(context=6, horizon=1, past=3, future=0, static=0, targets=2, quantiles=1)
CLASSES = replace(DIMS, targets=1, quantiles=3)
BODIES = [
    pytest.param("rnn", RecurrentConfig(width=8), id="rnn"),
    pytest.param("lstm", RecurrentConfig(width=8, layers=2, bidirectional=True), id="lstm-both-ways"),
    pytest.param("gru", RecurrentConfig(width=8), id="gru"),
    pytest.param("hybrid", HybridConfig(width=8, heads=2, patch=2), id="hybrid-forecast"),
    pytest.param("hybrid", HybridConfig(preset="attention-pool", width=8, heads=2), id="hybrid-attention-pool"),
    pytest.param("hybrid", HybridConfig(preset="average-pool", width=8, heads=2), id="hybrid-average-pool"),
]
KINDS = [pytest.param(WindowRegressor, DIMS, id="regressor"), pytest.param(WindowClassifier, CLASSES, id="classifier")]


def network(kind, name, config, dims):
    torch.manual_seed(0)
    return kind(name, config, dims).eval()


def batch(count=7, seed=0):
    inputs = np.random.default_rng(seed).normal(size=(count, 6, 3))
    return batch_of_arrays(inputs, np.full((count, 1, 2), np.nan))


def only(whole, rows):
    return replace(whole, **{name: part[rows] for name, part in vars(whole).items() if part is not None})


@pytest.mark.parametrize(("kind", "dims"), KINDS)
@pytest.mark.parametrize(("name", "config"), BODIES)
def test_a_window_alone_gets_what_it_gets_in_any_batch(kind, dims, name, config):
    model, whole = network(kind, name, config, dims), batch()
    answers = model(whole)
    assert answers.shape == (7, 1, dims.targets, dims.quantiles)
    for window in range(7):
        torch.testing.assert_close(model(only(whole, [window]))[0], answers[window], rtol=0, atol=1e-6)
    order = [3, 0, 6, 5, 1, 2, 4]
    torch.testing.assert_close(model(only(whole, order)), answers[order], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("kind", "dims"), KINDS)
@pytest.mark.parametrize(("name", "config"), BODIES)
def test_every_step_and_channel_of_a_window_is_read_and_of_no_other(kind, dims, name, config):
    model, whole = network(kind, name, config, dims), batch(3)
    answers = model(whole)
    for step in range(6):
        for channel in range(3):
            past = whole.past.clone()
            past[1, step, channel] += 1.0
            moved = (model(replace(whole, past=past)) - answers).abs().amax(dim=(1, 2, 3))
            assert moved[1] > 1e-6 and moved[[0, 2]].max() == 0, (step, channel)


@pytest.mark.parametrize(("kind", "dims"), KINDS)
@pytest.mark.parametrize(("name", "config"), BODIES)
def test_the_order_of_the_steps_matters(kind, dims, name, config):
    model, whole = network(kind, name, config, dims), batch(3)
    turned = replace(whole, past=whole.past.flip(1))
    assert (model(whole) - model(turned)).abs().max() > 1e-4


def test_a_sigmoid_squashes_what_comes_without_it():
    config = HybridConfig(preset="average-pool", width=8, heads=2)
    plain = network(WindowRegressor, "hybrid", config, DIMS)(batch())
    squashed = network(WindowRegressor, "hybrid", replace(config, sigmoid=True), DIMS)(batch())
    torch.testing.assert_close(squashed, 1 / (1 + (-plain).exp()))


def which_channel_peaks_last(count, seed):
    """Return windows in which each channel has one peak, and the channel whose peak comes last: order alone tells."""
    draw = np.random.default_rng(seed)
    inputs = 0.1 * draw.normal(size=(count, 6, 3))
    steps = np.argsort(draw.random((count, 6)), axis=1)[:, :3]
    inputs[np.arange(count)[:, None], steps, np.arange(3)] += 1.0
    return inputs, steps.argmax(axis=1).astype(float)[:, None, None]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "config"),
    [
        pytest.param("gru", RecurrentConfig(width=24, dropout=0.0), id="gru"),
        pytest.param("hybrid", HybridConfig(preset="average-pool", width=24, heads=2, dropout=0.0), id="average-pool"),
    ],
)
def test_a_classifier_learns_an_order_by_cross_entropy(name, config):
    train, valid, test = (which_channel_peaks_last(count, seed) for seed, count in enumerate((800, 200, 300)))
    source = source_of_arrays(*train, valid, batch=32)
    training = FitConfig(loss="cross-entropy", epochs=15, patience=15, lr=5e-3)
    torch.manual_seed(0)
    model = WindowClassifier(name, config, CLASSES)
    run, _ = fit(model, source, torch.tensor([0.5]), training)
    model.eval()
    with torch.no_grad():
        shares = model(batch_of_arrays(*test)).softmax(-1)[:, 0, 0]
        alone = torch.cat([model(batch_of_arrays(test[0][[i]], test[1][[i]])).softmax(-1)[:, 0, 0] for i in range(20)])
    truth = torch.from_numpy(test[1][:, 0, 0]).long()
    assert (shares.argmax(-1) == truth).float().mean() > 0.97
    said = -shares[torch.arange(300), truth].log().mean()
    assert said < 0.15 < run.records[0].valid_loss
    torch.testing.assert_close(shares.sum(-1), torch.ones(300))
    torch.testing.assert_close(alone, shares[:20], rtol=0, atol=1e-6)
