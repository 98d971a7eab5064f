"""Batches of about equal length: every sample once an epoch, as many and as large as without, and little padding."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqcast.sequences import Sequences
from seqcast.train.order import Buckets, Order
from seqcast.train.sequences import Labelled, source_of_sequences

CASES = {
    "lengths": st.lists(st.integers(1, 50), min_size=1, max_size=150),
    "batch": st.integers(1, 9),
    "most": st.integers(1, 300),
    "seed": st.integers(0, 9),
    "epoch": st.integers(0, 5),
}


def padding(batches, lengths):
    return sum(lengths[rows].max() * len(rows) - lengths[rows].sum() for rows in batches)


@given(**CASES)
def test_samples_and_sizes_are_those_of_plain_order(lengths, batch, most, seed, epoch):
    """A heap has 50 batches: with 150 samples in batches of one, three heaps must keep their batches apart."""
    buckets, order = Buckets(np.array(lengths), batch, most, seed), Order(len(lengths), batch, most, seed)
    own, plain = buckets.batches(epoch), order.batches(epoch)
    assert buckets.steps == order.steps == len(own)
    assert sorted(map(len, own)) == sorted(map(len, plain))
    assert sorted(np.concatenate(own)) == sorted(np.concatenate(plain))
    assert len(set(np.concatenate(own).tolist())) == sum(map(len, own))
    if most * batch >= len(lengths):
        assert sorted(np.concatenate(own)) == list(range(len(lengths)))


@given(**CASES)
def test_an_epoch_hangs_on_the_seed_and_its_number_alone(lengths, batch, most, seed, epoch):
    once, again = (Buckets(np.array(lengths), batch, most, seed) for _ in range(2))
    again.batches(epoch + 1)
    for one, two in zip(once.batches(epoch), again.batches(epoch), strict=True):
        np.testing.assert_array_equal(one, two)


def test_epochs_and_seeds_differ_and_batches_do_not_come_by_length():
    lengths = np.arange(400)
    first, second = (Buckets(lengths, 8, 999, 0).batches(epoch) for epoch in (0, 1))
    other = Buckets(lengths, 8, 999, 1).batches(0)
    for one in (second, other):
        assert [rows.tolist() for rows in one] != [rows.tolist() for rows in first]
    means = np.array([lengths[rows].mean() for rows in first])
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.5


@pytest.mark.parametrize("samples", [640, 5000])
def test_batches_are_nearly_of_one_length(samples):
    lengths = np.ceil(np.random.default_rng(0).lognormal(4, 1, samples)).astype(np.int64)
    own = padding(Buckets(lengths, 32, 10**6, 0).batches(0), lengths)
    plain = padding(Order(samples, 32, 10**6, 0).batches(0), lengths)
    assert own < plain / 5


@given(lists=st.lists(st.lists(st.integers(2, 99), min_size=1, max_size=6), min_size=1, max_size=6), data=st.data())
def test_a_batch_holds_its_samples_and_how_long_they_are(lists, data):
    rows = data.draw(st.lists(st.integers(0, len(lists) - 1), min_size=1, max_size=8))
    codes = np.arange(len(lists)) % 3
    labelled = Labelled(Sequences.of([np.array(part)[:, None] for part in lists]), codes)
    batch = labelled.batch(np.array(rows))
    longest = max(len(lists[row]) for row in rows)
    assert batch.past[..., 0].tolist() == [lists[row] + [0] * (longest - len(lists[row])) for row in rows]
    assert batch.lengths.tolist() == [len(lists[row]) for row in rows]
    assert batch.target[:, 0, 0].tolist() == codes[rows].tolist()
    assert bool(batch.observed.all()) and batch.past.dtype == torch.float32


def test_all_samples_are_judged_once_each_in_the_place_that_is_told():
    lengths = np.random.default_rng(0).integers(1, 30, 600)
    labelled = Labelled(Sequences.of([np.full((n, 1), row) for row, n in enumerate(lengths)]), np.zeros(600, int))
    told = []
    for rows, batch in labelled.batches():
        assert batch.past[:, 0, 0].long().tolist() == rows.tolist()
        told += rows.tolist()
    assert sorted(told) == list(range(600))


def test_a_source_names_the_sample_of_a_batch():
    labelled = Labelled(Sequences.of([np.full((row % 4 + 1, 1), row) for row in range(20)]), np.zeros(20, int))
    source = source_of_sequences(labelled, labelled, batch=3, seed=1, steps=99)
    batches = list(source.train(2))
    assert len(batches) == source.steps == 7
    for step, batch in enumerate(batches):
        for place, sample in enumerate(batch.past[:, 0, 0].long().tolist()):
            assert source.locate(2, step, place) == f"sample {sample}"
    assert sum(len(batch.past) for batch in source.valid()) == 20
