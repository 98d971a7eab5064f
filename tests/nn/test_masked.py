"""Layers over sequences of unequal length: what torch says of packed sequences, and padding that changes nothing."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqcast.batch import Batch
from seqcast.errors import ConfigError
from seqcast.models.classifier import ReadingConfig, ReadingDims, SequenceClassifier
from seqcast.models.names import NETWORK_NAMES
from seqcast.nn.masked import Pool, Reader, there, turned

TORCH = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
POOLS = ("last", "mean", "max", "attention")
LENGTHS = st.lists(st.integers(1, 7), min_size=1, max_size=5)


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def torch_reader(reader, cell, inputs, width, layers):
    """Return torch's own stack of both directions with the weights of ours."""
    truth = TORCH[cell](inputs, width, layers, batch_first=True, bidirectional=bool(reader.back))
    own = dict(truth.named_parameters())
    for end, stacks in (("", reader.forth), ("_reverse", reader.back)):
        for layer, stack in enumerate(stacks):
            for name, weight in stack.stack.named_parameters():
                own[name.replace("_l0", f"_l{layer}{end}")].data.copy_(weight.data)
    return truth


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@given(lengths=LENGTHS, layers=st.integers(1, 3), both=st.booleans(), seed=st.integers(0, 99))
def test_a_reader_is_torchs_packed_stack(cell, lengths, layers, both, seed):
    torch.manual_seed(seed)
    reader = Reader(cell, 3, 4, layers=layers, bidirectional=both).double()
    truth = torch_reader(reader, cell, 3, 4, layers).double()
    steps, sizes = noise(len(lengths), max(lengths), 3, seed=seed).double(), torch.tensor(lengths)
    packed = pack_padded_sequence(steps, sizes, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(truth(packed)[0], batch_first=True)
    found = reader(steps, sizes)
    counts = there(sizes, max(lengths))
    torch.testing.assert_close(found[counts], expected[counts], rtol=0, atol=1e-12)
    ours = torch.autograd.grad(found[counts].square().sum(), list(reader.parameters()))
    theirs = torch.autograd.grad(expected[counts].square().sum(), list(truth.parameters()))
    sums = [sum(gradient.sum().item() for gradient in gradients) for gradients in (ours, theirs)]
    assert sums[0] == pytest.approx(sums[1], rel=1e-9, abs=1e-9)


@given(lengths=LENGTHS)
def test_to_turn_is_to_reverse_each_within_its_length(lengths):
    steps, sizes = noise(len(lengths), 7, 2), torch.tensor(lengths)
    back = turned(steps, sizes)
    for row, length in enumerate(lengths):
        assert torch.equal(back[row, :length], steps[row, :length].flip(0))
        assert torch.equal(back[row, length:], steps[row, length:])
    assert torch.equal(turned(back, sizes), steps)
    assert there(sizes, 7).sum(dim=1).tolist() == lengths


def pooled_by_loops(pool, steps, lengths, backward):
    """Return the pooled vectors and the shares of the steps, one number at a time."""
    vectors, shares = np.zeros((len(steps), steps.shape[2])), np.zeros(steps.shape[:2])
    for row, length in enumerate(lengths):
        own = steps[row, :length].numpy()
        if pool.how in ("mean", "attention"):
            score = np.zeros(length) if pool.score is None else pool.score(steps[row, :length]).detach().numpy()[:, 0]
            shares[row, :length] = np.exp(score - score.max()) / np.exp(score - score.max()).sum()
            vectors[row] = shares[row, :length] @ own
            continue
        for channel in range(own.shape[1]):
            end = 0 if channel >= own.shape[1] - backward else length - 1
            step = int(own[:, channel].argmax()) if pool.how == "max" else end
            vectors[row, channel] = own[step, channel]
            shares[row, step] += 1 / own.shape[1]
    return vectors, shares


@pytest.mark.parametrize("how", POOLS)
@given(lengths=LENGTHS, backward=st.sampled_from([0, 2]), more=st.integers(0, 3), seed=st.integers(0, 99))
def test_a_pool_is_what_loops_find(how, lengths, backward, more, seed):
    """What stands behind the end of a sequence is not a number: whoever reads it shows it."""
    torch.manual_seed(seed)
    pool = Pool(how, 4, backward).double()
    sizes = torch.tensor(lengths)
    steps = noise(len(lengths), max(lengths) + more, 4, seed=seed).double()
    steps = steps.masked_fill(~there(sizes, steps.shape[1])[..., None], torch.nan)
    vectors, shares = pooled_by_loops(pool, steps, lengths, backward)
    np.testing.assert_allclose(pool(steps, sizes).detach().numpy(), vectors, rtol=0, atol=1e-12)
    found = pool.weights(steps, sizes).detach().numpy()
    np.testing.assert_allclose(found, shares, rtol=0, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-6)


def batch_of(past, lengths):
    rows = len(past)
    nothing, target = torch.zeros(rows, 1, 0), torch.zeros(rows, 1, 1)
    return Batch(
        past=past,
        future=nothing,
        static=nothing[:, 0],
        target=target,
        observed=target == 0,
        lengths=None if lengths is None else torch.tensor(lengths),
    )


def classifier(name, words=0, **settings):
    torch.manual_seed(5)
    config = ReadingConfig(**{"width": 4, "embedding": 5, "heads": 2, **settings})
    dims = ReadingDims(classes=3, words=words, channels=2, steps=20, pairs=words and 6)
    return SequenceClassifier(name, config, dims).eval()


def padded(sequences, steps):
    block = torch.zeros(len(sequences), steps, 2)
    for row, sequence in enumerate(sequences):
        block[row, : len(sequence)] = sequence
    return block


@torch.no_grad()
def answers(model, sequences, steps):
    lengths = [len(sequence) for sequence in sequences]
    batch = batch_of(padded(sequences, steps), lengths)
    return model(batch)[:, 0, 0], model.weights(batch)


@pytest.mark.parametrize("patch", [1, 2, 3, 4])
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("name", NETWORK_NAMES)
@pytest.mark.parametrize("words", [0, 30])
def test_padding_changes_no_answer(name, pool, patch, words):
    model = classifier(name, words, pool=pool, patch=patch, layers=2)
    lengths = [1, 6, 9, 1, 4, 7]
    numbers = torch.Generator().manual_seed(1)
    if words:
        sequences = [torch.randint(1, 6, (length, 2), generator=numbers).float() for length in lengths]
    else:
        sequences = [torch.randn(length, 2, generator=numbers) for length in lengths]
    together, shares = answers(model, sequences, 9)
    longer, _ = answers(model, sequences, 17)
    torch.testing.assert_close(longer, together, rtol=0, atol=1e-6)
    for row, sequence in enumerate(sequences):
        alone, own = answers(model, [sequence], len(sequence))
        torch.testing.assert_close(alone[0], together[row], rtol=0, atol=1e-6)
        torch.testing.assert_close(own[0], shares[row, : len(sequence)], rtol=0, atol=1e-6)
        assert not shares[row, len(sequence) :].any()
        assert shares[row].sum().item() == pytest.approx(1.0, abs=1e-5)
        for start in range(0, len(sequence), patch):  # the words of a patch share alike
            assert len(set(own[0, start : start + patch].tolist())) == 1


@torch.no_grad()
def test_without_lengths_all_steps_count():
    model, past = classifier("gru"), noise(3, 6, 2)
    torch.testing.assert_close(model(batch_of(past, None)), model(batch_of(past, [6, 6, 6])), rtol=0, atol=0)


@torch.no_grad()
@pytest.mark.parametrize("name", NETWORK_NAMES)
def test_every_step_that_is_there_is_read(name):
    model, past = classifier(name, pool="mean", patch=2), noise(1, 7, 2)
    before = model(batch_of(past, [7]))
    for step in range(7):
        other = past.clone()
        other[0, step] += 1.0
        assert (model(batch_of(other, [7])) - before).abs().max() > 1e-5


def test_dropped_words_are_unknown_ones_and_only_in_training():
    model = classifier("gru", 30, word_dropout=0.999999, embedding_dropout=0.0)
    numbers = torch.randint(2, 6, (2, 8, 2), generator=torch.Generator().manual_seed(0))
    unknown = numbers.clone()
    unknown[..., 0] = 1
    vectors = model.words
    assert vectors is not None
    asked, expected = vectors(numbers), vectors(unknown)
    assert not torch.equal(asked, expected)
    torch.testing.assert_close(vectors.train()(numbers), expected)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"width": 0}, "width must be at least 1; got 0"),
        ({"patch": 0}, "patch must be at least 1; got 0"),
        ({"dropout": 1.0}, "dropout must lie in 0 … 1, 1 left out; got 1.0"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings, words):
    with pytest.raises(ConfigError, match=words):
        ReadingConfig(**{"width": 4, "heads": 2, "bidirectional": False, **settings})


def test_heads_must_share_the_channels_of_a_hybrid_and_of_no_other():
    with pytest.raises(ConfigError, match="got 2 heads and 3 channels. Choose another width, or other heads"):
        classifier("hybrid", width=3, bidirectional=False)
    assert classifier("lstm", width=3, bidirectional=False).head.in_features == 3


def test_an_unknown_family_names_the_nearest():
    with pytest.raises(ConfigError, match="No network is named 'lstmm'. Did you mean 'lstm'"):
        classifier("lstmm")
