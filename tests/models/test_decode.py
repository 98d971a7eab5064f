"""What is said, how it is heard again, and when the true answer is heard in its place."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqcast.errors import InputError
from seqcast.models.decode import Answers, Decoder, value_of
from seqcast.nn.recurrent import Recurrent
from seqcast.train.arrays import batch_of_arrays
from tests.proofs.forms import forced_share

CLASSES = 5


def decoder_of(classes=0, teacher_forcing=0.0, targets=1, first=0):
    torch.manual_seed(0)
    answers = Answers(8, targets=targets, classes=classes)
    torch.nn.init.normal_(answers.linear.weight)
    return Decoder(Recurrent("gru", first + answers.fed_width, 8), answers, teacher_forcing)


def batch_of(samples=6, steps=5, classes=0, targets=1):
    draw = np.random.default_rng(0)
    shape = (samples, steps, targets)
    target = draw.integers(0, classes, shape).astype(float) if classes else draw.normal(size=shape)
    return batch_of_arrays(np.zeros((samples, 1, 1)), target)


@given(samples=st.integers(1, 5), targets=st.integers(1, 3), classes=st.integers(2, 6), seed=st.integers(0, 99))
def test_a_class_survives_being_said_and_heard(samples, targets, classes, seed):
    numbers = np.random.default_rng(seed).integers(0, classes, (samples, targets))
    fed = Answers(4, targets=targets, classes=classes).as_input(torch.tensor(numbers, dtype=torch.float32))
    logits = fed.unflatten(1, (targets, classes))
    assert fed.sum() == samples * targets and value_of(logits).tolist() == numbers.tolist()


def test_numbers_are_heard_as_they_were_said():
    numbers = torch.randn(4, 3)
    assert torch.equal(Answers(4, targets=3).as_input(numbers), numbers)
    assert torch.equal(value_of(numbers[..., None]), numbers)


@pytest.mark.parametrize("number", [5.0, -1.0, 1.5, float("nan")])
def test_what_is_no_class_is_refused_when_it_is_to_be_heard(number):
    decoder, batch = decoder_of(CLASSES, teacher_forcing=1.0), batch_of(classes=CLASSES)
    batch.target[2, 1, 0] = number
    with pytest.raises(InputError, match=rf"whole numbers from 0 to 4; got {number:g}\. Number them from 0"):
        decoder.train()(torch.zeros(6, 0), None, batch)
    assert torch.isfinite(decoder.eval()(torch.zeros(6, 0), None, batch)).all()


@pytest.mark.parametrize("classes", [0, CLASSES])
def test_an_answer_that_is_not_known_cannot_be_told(classes):
    free, forced, batch = decoder_of(classes), decoder_of(classes, teacher_forcing=1.0), batch_of(classes=classes)
    unknown = replace(batch, observed=torch.zeros_like(batch.observed))
    first = torch.zeros(6, 0)
    assert torch.equal(forced.train()(first, None, unknown), free(first, None, batch))
    assert not torch.equal(forced.train()(first, None, batch), free(first, None, batch))


def test_of_two_targets_the_known_one_alone_is_told():
    decoder, batch = decoder_of(teacher_forcing=1.0, targets=2).train(), batch_of(targets=2)
    heard = []
    decoder.recurrent.stack.register_forward_pre_hook(lambda _, given: heard.append(given[0][:, 0]))
    batch.observed[:, :, 1] = False
    said = decoder(torch.zeros(6, 0), None, batch)
    for step in range(1, 5):
        assert torch.equal(heard[step][:, 0], batch.target[:, step - 1, 0])
        assert torch.equal(heard[step][:, 1], said[:, step - 1, 1, 0])


def test_the_first_input_is_read_once_and_nothing_was_said_before():
    decoder, batch = decoder_of(first=3), batch_of()
    heard = []
    decoder.recurrent.stack.register_forward_pre_hook(lambda _, given: heard.append(given[0][:, 0]))
    first = torch.randn(6, 3)
    decoder(first, None, batch)
    assert torch.equal(heard[0], torch.cat([first, torch.zeros(6, 1)], dim=1))
    assert all((step[:, :3] == 0).all() for step in heard[1:])


def test_a_state_is_read_on_from():
    decoder, batch = decoder_of(), batch_of()
    state = torch.randn(1, 6, 8)
    alone = decoder(torch.zeros(6, 0), None, batch)
    assert ((decoder(torch.zeros(6, 0), state, batch) - alone).abs().amax(dim=(1, 2, 3)) > 1e-4).all()


@pytest.mark.parametrize("ratio", [0.05, 0.3, 0.5, 0.9])
def test_the_true_answer_is_heard_as_often_as_was_asked_for(ratio):
    """Four standard deviations: by chance it fails in one of 15,000 draws, and the draws are fixed."""
    assert forced_share(ratio) < 4


def test_chance_falls_anew_for_each_sample_and_step():
    """What samples and steps hear varies as independent draws do; drawn together, at least 100 times as much."""
    decoder, batch = decoder_of(teacher_forcing=0.5).train(), batch_of(samples=400, steps=101)
    heard = []
    decoder.recurrent.stack.register_forward_pre_hook(lambda _, given: heard.append(given[0][:, 0, 0]))
    decoder(torch.zeros(400, 0), None, batch)
    told = (torch.stack(heard[1:], dim=1) == batch.target[:, :-1, 0]).double()
    for axis, draws in ((0, 400), (1, 100)):
        assert 0.5 < told.mean(dim=axis).var().item() / (0.25 / draws) < 1.7


def test_the_draws_follow_from_the_seed_of_torch():
    decoder, batch = decoder_of(teacher_forcing=0.5).train(), batch_of()
    outs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        outs.append(decoder(torch.zeros(6, 0), None, batch))
    assert torch.equal(outs[0], outs[1]) and not torch.equal(outs[0], outs[2])


def test_forcing_is_a_setting_of_training_alone():
    free, forced, batch = decoder_of(), decoder_of(teacher_forcing=1.0), batch_of()
    assert torch.equal(forced.eval()(torch.zeros(6, 0), None, batch), free.eval()(torch.zeros(6, 0), None, batch))
