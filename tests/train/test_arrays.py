"""Arrays become batches: all of them, in an order that can be made again, with what is not known left out."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from seqcast.errors import InputError
from seqcast.train.arrays import batch_of_arrays, source_of_arrays
from seqcast.train.config import FitConfig
from seqcast.train.loop import fit


def numbered(count, steps=3, channels=2, horizon=4, targets=1):
    """Return inputs and targets whose every entry is the number of its sample."""
    number = np.arange(float(count))[:, None, None]
    return number + np.zeros((count, steps, channels)), number + np.zeros((count, horizon, targets))


def seen(batches):
    return [int(row) for batch in batches for row in batch.past[:, 0, 0]]


@given(count=st.integers(1, 60), batch=st.integers(1, 20), epoch=st.integers(0, 5), seed=st.integers(0, 9))
def test_an_epoch_shows_every_sample_once_with_its_own_target(count, batch, epoch, seed):
    inputs, targets = numbered(count)
    source = source_of_arrays(inputs, targets, (inputs, targets), batch, seed)
    batches = list(source.train(epoch))
    assert sorted(seen(batches)) == list(range(count))
    sizes = [len(part.past) for part in batches]
    assert len(batches) == source.steps and max(sizes) <= batch and max(sizes) - min(sizes) <= 1
    assert all((part.past[:, :1, :1] == part.target[:, :1]).all() for part in batches)


def test_the_order_hangs_on_seed_and_epoch_alone():
    inputs, targets = numbered(50)

    def order(seed, epoch):
        return seen(source_of_arrays(inputs, targets, (inputs, targets), 8, seed).train(epoch))

    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}) == 4


def test_fewer_steps_draw_another_part_each_epoch():
    inputs, targets = numbered(40)
    source = source_of_arrays(inputs, targets, (inputs, targets), 4, steps=3)
    first, second = seen(source.train(0)), seen(source.train(1))
    assert source.steps == 3 and len(set(first)) == len(first) == 12 and set(first) != set(second)


def test_validation_comes_whole_and_in_its_own_order():
    inputs, targets = numbered(1300)
    source = source_of_arrays(inputs[:5], targets[:5], (inputs, targets))
    assert seen(source.valid()) == seen(source.valid()) == list(range(1300))


def test_a_sample_is_located_by_its_row():
    inputs, targets = numbered(30)
    source = source_of_arrays(inputs, targets, (inputs, targets), batch=7, seed=3)
    for step, batch in enumerate(source.train(4)):
        for window, row in enumerate(seen([batch])):
            assert source.locate(4, step, window) == f"sample {row}"


def test_absent_inputs_have_width_zero_and_unknown_targets_are_masked():
    inputs, targets = numbered(3, horizon=2, targets=2)
    targets[1, 0, 1] = np.nan
    batch = batch_of_arrays(inputs, targets)
    assert batch.future.shape == (3, 2, 0) and batch.static.shape == (3, 0)
    assert {batch.past.dtype, batch.target.dtype} == {torch.float32}
    assert (~batch.observed).nonzero().tolist() == [[1, 0, 1]]
    assert batch.target[1, 0, 1] == 0


def test_the_arrays_are_copied():
    inputs, targets = (array.astype(np.float32) for array in numbered(3))
    batch = batch_of_arrays(inputs, targets)
    inputs[:], targets[:] = -1, -1
    assert batch.past.min() == 0 and batch.target.min() == 0


def test_the_loop_learns_from_arrays():
    """A linear map that is exactly representable, with some targets unknown: the loss falls to nothing."""
    draw = np.random.default_rng(0)
    inputs = draw.normal(size=(256, 1, 3))
    targets = inputs @ draw.normal(size=(3, 1))
    targets[::5] = np.nan

    class Linear(nn.Module):
        def __init__(self):
            super().__init__()
            self.map = nn.Linear(3, 1)

        def forward(self, batch):
            return self.map(batch.past)[..., None]

    source = source_of_arrays(inputs[:192], targets[:192], (inputs[192:], targets[192:]), batch=32)
    torch.manual_seed(0)
    config = FitConfig(loss="mse", epochs=40, patience=40, lr=0.1, weight_decay=0.0)
    run, _ = fit(Linear(), source, torch.tensor([0.5]), config)
    assert run.progress.best_loss < 1e-8


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda i, t: (i[:-1], t), "Each sample needs inputs and targets; got 3 inputs and 4 targets"),
        (lambda i, t: (np.where(i == 2, np.nan, i), t), "Inputs must be finite; sample 2, step 0, channel 0 holds nan"),
        (lambda i, t: (i, np.where(t == 3, -np.inf, t)), "sample 3, step 0, channel 0 holds -inf. Fill it in"),
        (lambda i, t: (i, t * np.nan), "The training part must hold a known target; got 4 samples, none"),
        (lambda i, t: (i[:0], t[:0]), "The training part must hold a known target; got 0 samples"),
    ],
)
def test_arrays_that_cannot_teach_are_refused(spoil, words):
    inputs, targets = numbered(4)
    spoilt, answers = spoil(inputs, targets)
    with pytest.raises(InputError, match=words):
        source_of_arrays(spoilt, answers, (inputs, targets))


def test_an_empty_validation_part_is_refused():
    inputs, targets = numbered(4)
    with pytest.raises(InputError, match="The validation part must hold a known target; got 0 samples"):
        source_of_arrays(inputs, targets, (inputs[:0], targets[:0]))
