"""Every network: what it may see, what must change its answer and what must not."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqcast.config import built
from seqcast.errors import ConfigError
from seqcast.models.names import NETWORK_NAMES
from seqcast.models.presets import HybridConfig
from seqcast.models.recurrent import RecurrentConfig
from seqcast.models.registry import NETWORKS, build_body, build_network, settled
from seqcast.types import Dims, Task
from tests.models.batches import DIMS, random_batch, taken

CONFIGS = [
    pytest.param("rnn", RecurrentConfig(width=8), id="rnn"),
    pytest.param("lstm", RecurrentConfig(width=8, layers=2), id="lstm-2"),
    pytest.param("lstm", RecurrentConfig(width=8, bidirectional=True, normalise="mean-std"), id="lstm-both-ways"),
    pytest.param("gru", RecurrentConfig(width=8, normalise="none"), id="gru"),
    pytest.param("hybrid", HybridConfig(width=8, heads=2), id="hybrid"),
    pytest.param("hybrid", HybridConfig(width=8, heads=2, patch=5, lstm_layers=2), id="hybrid-patches"),
    pytest.param("hybrid", HybridConfig(width=8, heads=2, shortcut=False, normalise="mean-std"), id="hybrid-plain"),
    pytest.param("hybrid", HybridConfig(width=8, heads=2, attention_layers=0), id="hybrid-no-attention"),
    pytest.param("hybrid", HybridConfig(preset="attention-pool", width=8, heads=2), id="hybrid-attention-pool"),
    pytest.param("hybrid", HybridConfig(preset="average-pool", width=8, heads=2), id="hybrid-average-pool"),
]


def trained_like(name, config, seed=0, dims=DIMS):
    """Return a network in evaluation whose zero-initialised layers were filled, as training would."""
    torch.manual_seed(seed)
    model = build_network(name, config, dims).eval()
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.3)
    return model


def test_the_names_that_need_no_torch_are_those_of_the_table():
    assert tuple(NETWORKS) == NETWORK_NAMES


@pytest.mark.parametrize(("name", "config"), CONFIGS)
@pytest.mark.parametrize("quantiles", [1, 2, 9])
def test_quantiles_of_every_step_and_target_come_out_in_order(name, config, quantiles):
    dims = replace(DIMS, quantiles=quantiles)
    out = trained_like(name, config, dims=dims)(random_batch(4, dims=dims))
    assert out.shape == (4, 6, 2, quantiles)
    assert (out.diff(dim=-1) > 0).all()


@pytest.mark.parametrize(("name", "config"), CONFIGS)
def test_a_window_alone_gets_what_it_gets_in_any_batch(name, config):
    model, batch = trained_like(name, config), random_batch(7)
    whole = model(batch)
    for window in range(7):
        torch.testing.assert_close(model(taken(batch, [window]))[0], whole[window], rtol=0, atol=1e-6)
    order = [3, 0, 6, 5, 1, 2, 4]
    torch.testing.assert_close(model(taken(batch, order)), whole[order], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("name", "config"), CONFIGS)
def test_changing_one_window_changes_that_window_alone(name, config):
    model, batch = trained_like(name, config), random_batch(5)
    past = batch.past.clone()
    past[2, 10] += 1.0
    moved = (model(replace(batch, past=past)) - model(batch)).abs().amax(dim=(1, 2, 3))
    assert moved[2] > 1e-4
    assert moved[[0, 1, 3, 4]].max() == 0


@pytest.mark.parametrize(("name", "config"), CONFIGS)
def test_what_is_to_be_forecast_is_never_read(name, config):
    model, batch = trained_like(name, config), random_batch(3)
    blind = replace(batch, target=batch.target * float("nan"), observed=~batch.observed)
    assert torch.equal(model(batch), model(blind))


@pytest.mark.parametrize(("name", "config"), CONFIGS)
@pytest.mark.parametrize("part", ["past", "future", "static"])
def test_every_input_is_used(name, config, part):
    model, batch = trained_like(name, config), random_batch(3)
    other = replace(batch, **{part: getattr(random_batch(3, seed=1), part)})
    assert (model(batch) - model(other)).abs().max() > 1e-4


@pytest.mark.parametrize(("name", "config"), CONFIGS)
def test_the_order_of_the_past_matters(name, config):
    model, batch = trained_like(name, config), random_batch(3)
    past = batch.past.clone()
    past[:, :-1] = past[:, :-1].flip(1)  # the last step stays, so that the level does
    assert (model(batch) - model(replace(batch, past=past))).abs().max() > 1e-4


@pytest.mark.parametrize("name", NETWORK_NAMES)
@given(shift=st.floats(-1e3, 1e3))
def test_with_the_last_value_taken_out_a_shifted_window_gives_the_shifted_forecast(name, shift):
    config = HybridConfig(width=8, heads=2) if name == "hybrid" else RecurrentConfig(width=8)
    model, batch = trained_like(name, config), random_batch(3)
    past = batch.past.clone()
    past[..., : DIMS.targets] += shift
    torch.testing.assert_close(model(replace(batch, past=past)), model(batch) + shift, rtol=1e-3, atol=1e-3)


def test_mean_and_spread_taken_out_makes_the_answer_follow_scale_too():
    model = trained_like("hybrid", HybridConfig(width=8, heads=2, normalise="mean-std"))
    batch = random_batch(3)
    past = batch.past.clone()
    past[..., : DIMS.targets] = 50 * past[..., : DIMS.targets] + 7
    torch.testing.assert_close(model(replace(batch, past=past)), 50 * model(batch) + 7, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("name", NETWORK_NAMES)
def test_training_starts_from_the_last_value(name):
    """The head starts at zero, so what comes out first is the level and, around it, the first gaps."""
    config = HybridConfig(width=8, heads=2, shortcut=False) if name == "hybrid" else RecurrentConfig(width=8)
    torch.manual_seed(0)
    batch = random_batch(3)
    out = build_network(name, config, DIMS).eval()(batch)
    last = batch.past[:, -1, : DIMS.targets]
    torch.testing.assert_close(out[..., 1], last[:, None].expand(-1, 6, -1))


def test_a_sigmoid_keeps_the_forecast_between_0_and_1():
    model = trained_like("hybrid", HybridConfig(width=8, heads=2, sigmoid=True, normalise="none"))
    out = model(random_batch(20))
    assert 0 < out.min() and out.max() < 1


def test_positions_follow_time_and_not_the_batch():
    """The tutorial's hybrid indexed its positions by the batch axis: equal windows then got unequal answers."""
    model = trained_like("hybrid", HybridConfig(width=8, heads=2))
    same = taken(random_batch(1), [0] * 6)
    out = model(same)
    assert (out - out[:1]).abs().max() < 1e-6


def test_pooling_weights_sum_to_one_over_time():
    body = build_body("hybrid", HybridConfig(width=8, heads=2), inputs=3, steps=11)
    weights = body.pool.weights(torch.randn(4, 11, 8))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(4))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: HybridConfig(width=10, heads=4), "width must be a multiple of heads; got 10 and 4"),
        (lambda: HybridConfig(dropout=1.0), "dropout must lie in 0 … 1"),
        (lambda: RecurrentConfig(layers=0), "must be at least 1; got"),
        (
            lambda: built(RecurrentConfig, {"normalise": "first"}, "model.lstm"),
            r"\[model.lstm\] normalise: .*'none', 'last', 'mean-std' or 'min-max'; got 'first'",
        ),
        (lambda: build_network("lsmt", RecurrentConfig(), DIMS), "No network is named 'lsmt'. Did you mean 'lstm'"),
        (lambda: build_network("lstm", HybridConfig(), DIMS), "'lstm' takes a RecurrentConfig; got a HybridConfig"),
    ],
)
def test_a_setting_that_cannot_work_is_named(make, words):
    with pytest.raises(ConfigError, match=words):
        make()


@given(horizon=st.integers(1, 100), season=st.integers(1, 168), rows=st.integers(3, 5000))
def test_open_choices_are_made_within_the_history(horizon, season, rows):
    task = Task(horizon=horizon, season=season)
    for config in (RecurrentConfig(), HybridConfig()):
        chosen = settled(config, task, rows)
        assert 1 <= chosen.context <= max(horizon, rows // 3)
    assert 1 <= chosen.patch <= max(chosen.context, 1)


def test_a_choice_that_was_made_stays():
    chosen = settled(HybridConfig(context=50, patch=7), Task(horizon=3, season=24), 1000)
    assert (chosen.context, chosen.patch) == (50, 7)


def test_absent_inputs_have_width_zero():
    dims = Dims(context=8, horizon=2, past=2, future=0, static=0, targets=1, quantiles=1)
    for name, config in (("gru", RecurrentConfig(width=4)), ("hybrid", HybridConfig(width=4, heads=1))):
        assert build_network(name, config, dims)(random_batch(2, dims=dims)).shape == (2, 2, 1, 1)
