"""A network on windows: what it learns from and what it may not; a rerun or a resume changes no bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqcast.errors import ConfigError, InputError
from seqcast.forecasters.windowed import WindowLearner
from seqcast.models.presets import HybridConfig
from seqcast.models.recurrent import RecurrentConfig
from seqcast.train.config import FitConfig
from seqcast.train.loop import Hooks
from tests.windows import windows

QUICK = FitConfig(epochs=3, batch=8, loss="mse", lr=5e-3)
GRU = WindowLearner(name="gru", config=RecurrentConfig(width=6), training=QUICK, scaling="minmax")
HYBRID = replace(GRU, name="hybrid", config=HybridConfig(preset="average-pool", width=8, heads=2))
LEARNERS = [
    pytest.param(GRU, id="gru"),
    pytest.param(replace(GRU, name="rnn"), id="rnn"),
    pytest.param(replace(GRU, name="lstm", config=RecurrentConfig(width=6, bidirectional=True)), id="lstm-both-ways"),
    pytest.param(HYBRID, id="average-pool"),
    pytest.param(replace(HYBRID, config=HybridConfig(preset="attention-pool", width=8, heads=2)), id="attention-pool"),
    pytest.param(
        replace(HYBRID, config=HybridConfig(preset="average-pool", width=8, heads=2, sigmoid=True), scaling="minmax"),
        id="sigmoid",
    ),
]


def same_bits(one, other):
    """Whether two fits learnt the same scales and weights, to the last bit."""
    scales = all(
        np.array_equal(getattr(getattr(one, part), name), getattr(getattr(other, part), name))
        for part in ("inputs", "targets")
        for name in ("loc", "scale")
    )
    weights = zip(one.model.state_dict().values(), other.model.state_dict().values(), strict=True)
    return scales and all(torch.equal(a, b) for a, b in weights)


def weights_differ(one, other):
    return not torch.equal(next(iter(one.model.parameters())), next(iter(other.model.parameters())))


@pytest.mark.parametrize("learner", LEARNERS)
def test_a_sample_alone_gets_what_it_gets_in_any_batch_and_order(learner):
    inputs, targets = windows(700)
    fitted = learner.fit(inputs[:60], targets[:60])
    unit = fitted.targets.scale[0]
    whole = fitted.predict(inputs) / unit
    order = np.random.default_rng(1).permutation(700)
    np.testing.assert_allclose(fitted.predict(inputs[order]) / unit, whole[order], rtol=0, atol=1e-6)
    for sample in (0, 3, 511, 512, 699):
        alone = fitted.predict(inputs[[sample]]) / unit
        np.testing.assert_allclose(alone[0], whole[sample], rtol=0, atol=1e-6)


@pytest.mark.parametrize("learner", LEARNERS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(learner):
    inputs, targets = windows()
    first = learner.fit(inputs, targets)
    assert same_bits(first, learner.fit(inputs.copy(), targets.copy()))
    assert weights_differ(first, replace(learner, seed=1).fit(inputs, targets))


def test_the_callers_random_state_and_threads_stay_as_they_were():
    inputs, targets = windows()
    torch.manual_seed(5)
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        GRU.fit(inputs, targets).predict(inputs)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.get_rng_state(), state)
    assert np.random.random() == expected


def test_a_resumed_training_ends_at_the_same_bits_as_a_straight_one():
    inputs, targets = windows()
    runs = []
    learner = replace(HYBRID, training=replace(QUICK, epochs=5, patience=9))
    straight = learner.fit(inputs, targets, hooks=Hooks(on_epoch=runs.append))
    assert len(runs) == 5
    assert same_bits(straight, learner.fit(inputs, targets, resume=runs[1]))


def test_nothing_of_the_validation_part_reaches_a_scale_or_a_weight():
    """Before any choice among epochs: what the validation part holds changes no bit of the first one's weights."""
    inputs, targets = windows()
    runs, others = [], []
    spoilt, answers = inputs.copy(), targets.copy()
    spoilt[48:] *= 100
    answers[48:] = np.where(np.arange(12)[:, None] % 2, np.nan, -1e6)
    fitted = GRU.fit(inputs, targets, hooks=Hooks(on_epoch=runs.append))
    other = GRU.fit(spoilt, answers, hooks=Hooks(on_epoch=others.append))
    assert all(torch.equal(value, others[0].weights[name]) for name, value in runs[0].weights.items())
    assert np.array_equal(fitted.inputs.loc, other.inputs.loc) and np.array_equal(fitted.targets.loc, other.targets.loc)


def test_validation_targets_only_choose_the_epoch():
    inputs, targets = windows()
    runs, others = [], []
    GRU.fit(inputs, targets, hooks=Hooks(on_epoch=runs.append))
    answers = targets.copy()
    answers[48:] = targets[48:][::-1] * 3
    GRU.fit(inputs, answers, hooks=Hooks(on_epoch=others.append))
    for one, other in zip(runs, others, strict=True):
        assert all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)
        assert one.records[-1].train_loss == other.records[-1].train_loss
        assert one.records[-1].valid_loss != other.records[-1].valid_loss


def test_the_scales_are_those_of_the_training_part():
    inputs, targets = windows()
    fitted = GRU.fit(inputs, targets)
    np.testing.assert_array_equal(fitted.inputs.loc[0], inputs[:48].min(axis=(0, 1)))
    np.testing.assert_allclose(fitted.inputs.scale[0], np.ptp(inputs[:48], axis=(0, 1)))
    np.testing.assert_array_equal(fitted.targets.loc[0], targets[:48].min(axis=0))
    np.testing.assert_allclose(fitted.mean, targets[:48].mean(axis=0))
    assert fitted.inputs.fitted_until.tolist() == [48 * 5]


def test_without_dropout_and_in_one_batch_the_order_of_training_samples_is_nothing():
    inputs, targets = windows()
    config = RecurrentConfig(width=6, dropout=0.0)
    learner = replace(GRU, config=config, training=replace(QUICK, batch=48))
    order = np.concatenate([np.random.default_rng(0).permutation(48), np.arange(48, 60)])
    one, other = learner.fit(inputs, targets), learner.fit(inputs[order], targets[order])
    np.testing.assert_allclose(one.predict(inputs), other.predict(inputs), rtol=0, atol=1e-4 * one.targets.scale[0, 0])


@given(power=st.integers(-20, 20), scaling=st.sampled_from(["minmax", "standard"]))
def test_other_units_of_a_target_give_the_same_answer_in_those_units(power, scaling):
    """A power of two changes no digit, so not one bit may differ: the way back is exact."""
    inputs, targets = windows(20)
    learner = replace(GRU, training=replace(QUICK, epochs=1), scaling=scaling)
    answers = learner.fit(inputs, targets).predict(inputs)
    np.testing.assert_array_equal(learner.fit(inputs, targets * 2.0**power).predict(inputs), answers * 2.0**power)


def test_an_unknown_target_has_no_part_in_scale_or_mean_and_its_neighbour_is_learnt_on():
    inputs, targets = windows(400, targets=2)
    holed = targets.copy()
    holed[5:200, 1] = np.nan
    learner = replace(GRU, config=RecurrentConfig(width=16, dropout=0.0), training=replace(QUICK, epochs=15, lr=1e-2))
    fitted = learner.fit(inputs[:320], holed[:320])
    np.testing.assert_allclose(fitted.mean[1], np.nanmean(holed[:256, 1]))
    np.testing.assert_allclose(fitted.targets.loc[0, 1], np.nanmin(holed[:256, 1]))
    wrong = np.square(fitted.predict(inputs[320:]) - targets[320:]).mean(axis=0)
    assert (wrong < 0.1 * targets[320:].var(axis=0)).all()


def test_a_sample_without_any_known_target_is_as_good_as_left_out():
    inputs, targets = windows()
    learner = replace(GRU, config=RecurrentConfig(width=6, dropout=0.0), training=replace(QUICK, batch=48), valid=0.25)
    holed = targets.copy()
    holed[3] = np.nan
    spoilt = inputs.copy()
    spoilt[3] = inputs[4]  # within the range that the scales were learnt from
    np.testing.assert_allclose(
        learner.fit(inputs, holed).predict(inputs),
        learner.fit(spoilt, holed).predict(inputs),
        rtol=0,
        atol=1e-4 * np.ptp(targets),
    )


def test_early_stopping_keeps_the_weights_of_the_best_epoch():
    inputs, targets = windows(30)
    runs = []
    noise = np.random.default_rng(3).normal(size=targets.shape)  # nothing to learn: validation soon gets worse
    learner = replace(GRU, training=replace(QUICK, epochs=40, patience=3, lr=0.05, schedule="constant"))
    fitted = learner.fit(inputs, noise, hooks=Hooks(on_epoch=runs.append))
    losses = [record.valid_loss for record in fitted.records]
    best = int(np.argmin(losses))
    assert fitted.ending == "stalled" and len(losses) == best + 1 + 3 < 40
    kept = fitted.model.state_dict()
    assert all(torch.equal(kept[name], runs[best].weights[name]) for name in kept)
    assert not all(torch.equal(kept[name], runs[-1].weights[name]) for name in kept)
    scale, wrong = fitted.targets.scale[0, 0], fitted.predict(inputs[24:]) - noise[24:]
    assert np.square(wrong / scale).mean() == pytest.approx(losses[best], rel=1e-5)


def test_several_targets_are_learnt_by_one_network():
    inputs, targets = windows(400, targets=3)
    learner = replace(GRU, config=RecurrentConfig(width=16, dropout=0.0), training=replace(QUICK, epochs=15, lr=1e-2))
    fitted = learner.fit(inputs[:320], targets[:320])
    wrong = np.square(fitted.predict(inputs[320:]) - targets[320:]).mean(axis=0)
    assert (wrong < 0.05 * targets[320:].var(axis=0)).all()
    assert sum(parameter.shape[0] == 3 for parameter in fitted.model.head.parameters()) == 2


def test_a_sigmoid_answers_within_the_range_that_was_learnt():
    inputs, targets = windows()
    learner = replace(
        HYBRID, config=HybridConfig(preset="average-pool", width=8, heads=2, sigmoid=True), scaling="minmax"
    )
    answers = learner.fit(inputs, targets).predict(inputs * 3)
    assert targets[:48].min() < answers.min() and answers.max() < targets[:48].max()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"training": FitConfig()}, "its loss must be one of mse, mae, huber; got 'pinball'"),
        ({"training": replace(QUICK, scaler="robust")}, "an argument of its own.* Say scaler='robust' beside that"),
        ({"valid": 0.0}, "valid is the share of samples that validates, between 0 and 1; got 0.0"),
        ({"config": RecurrentConfig(context=9)}, "context is a setting of forecasters: .* got 9. Leave it out"),
        ({"config": RecurrentConfig(shortcut=not RecurrentConfig().shortcut)}, "shortcut is a setting of forecasters"),
        (
            {"config": HybridConfig(sigmoid=True), "scaling": "standard"},
            "A sigmoid answers with 0 to 1.* got scaler 'standard'. Say scaler='minmax'",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(change, words):
    with pytest.raises(ConfigError, match=words):
        replace(GRU, **change)


def holed(rows):
    inputs, targets = windows(20, targets=2)
    targets[rows, 1] = np.nan
    return inputs, targets


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (windows(2), "At least 2 samples must train and 1 validate; got 2, of which 1 would validate"),
        (holed(slice(0, 16)), "Every target needs a known value among the 16 samples that train; target 1 has none"),
        (
            (windows(20)[0], np.where(np.arange(20)[:, None] < 16, 1.0, np.nan)),
            "Some target must be known among the 4 samples at the end, which validate; none is",
        ),
    ],
)
def test_too_little_to_learn_from_is_refused(arrays, words):
    with pytest.raises(InputError, match=words):
        GRU.fit(*arrays)


def test_other_steps_or_channels_than_learnt_are_refused():
    inputs, targets = windows()
    fitted = GRU.fit(inputs, targets)
    with pytest.raises(InputError, match="X must have the 5 steps of 3 channels that were learnt; got 4 steps of 3"):
        fitted.predict(inputs[:, 1:])
