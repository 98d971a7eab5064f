"""What trains and what validates: shares of each class, equal texts together, and in time the last ones."""

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from seqcast.classify.parts import split
from seqcast.classify.texts import fingerprints
from seqcast.data.text import words_of
from seqcast.errors import ConfigError, InputError

CODES = st.lists(st.integers(0, 2), min_size=12, max_size=60).map(np.array)


def whole(train, held, count):
    """Whether both are ascending, apart, and together all rows."""
    return sorted([*train, *held]) == list(range(count)) and all((np.diff(part) > 0).all() for part in (train, held))


@given(codes=CODES, share=st.floats(0.1, 0.45), seed=st.integers(0, 9))
def test_of_each_class_the_share_validates_that_was_asked_for(codes, share, seed):
    counts = np.bincount(codes)
    assume(any(round(share * count) for count in counts) and all(round(share * n) < n for n in counts if n))
    train, held = split(codes, share, "none", seed)
    assert whole(train, held, len(codes))
    assert np.bincount(codes[held], minlength=len(counts)).tolist() == [round(share * int(n)) for n in counts]
    again = split(codes, share, "none", seed)
    np.testing.assert_array_equal(again[1], held)


@given(share=st.floats(0.1, 0.8), count=st.integers(20, 50))
def test_in_time_the_last_ones_validate(share, count):
    train, held = split(np.arange(count) % 2, share, "time", 0)
    assert whole(train, held, count)
    assert train.max() < held.min() and len(held) == round(share * count)


def test_the_draw_hangs_on_the_seed():
    codes = np.arange(100) % 2
    drawn = [split(codes, 0.2, "none", seed)[1].tolist() for seed in range(3)]
    assert drawn[0] != drawn[1] != drawn[2] and np.ptp(drawn[0]) > 50


@given(twins=st.lists(st.integers(0, 30), min_size=30, max_size=60).map(np.array), seed=st.integers(0, 9))
def test_twins_are_never_parted(twins, seed):
    codes = np.arange(len(twins)) % 2
    try:
        train, held = split(codes, 0.3, "none", seed, twins)
    except InputError:
        assume(False)
    assert whole(train, held, len(codes))
    assert not set(twins[train]) & set(twins[held])
    assert all((codes[held] == code).sum() <= round(0.3 * (codes == code).sum()) for code in (0, 1))


def test_samples_without_a_twin_are_drawn_as_if_there_were_no_twins():
    codes = np.arange(40) % 2
    np.testing.assert_array_equal(split(codes, 0.3, "none", 5)[1], split(codes, 0.3, "none", 5, np.arange(40))[1])


TEXTS = st.lists(st.lists(st.sampled_from(["a", "b", "ab"]), max_size=4).map(" ".join), min_size=1, max_size=12)


@example(texts=["a b b a", "b a a b"])
@given(texts=TEXTS)
def test_texts_are_twins_when_their_words_are_the_same(texts):
    found = fingerprints(words_of(texts))
    for one, first in zip(found, texts, strict=True):
        for two, second in zip(found, texts, strict=True):
            assert (one == two) == (first.split() == second.split())


@pytest.mark.parametrize(
    ("codes", "share", "order", "words"),
    [
        ([0, 1] * 5, 0.0, "none", "valid is the share of samples that validates, between 0 and 1; got 0.0"),
        ([0, 1] * 5, 1.0, "time", "between 0 and 1; got 1.0"),
        ([0, 1] * 5, float("nan"), "none", "between 0 and 1; got nan"),
        ([0, 1] * 5, 0.2, "tmie", "No order of samples is named 'tmie'. Did you mean 'time'"),
    ],
)
def test_settings_that_cannot_work_are_refused(codes, share, order, words):
    with pytest.raises(ConfigError, match=words):
        split(np.array(codes), share, order, 0)


@pytest.mark.parametrize(
    ("codes", "share", "order", "words"),
    [
        ([0, 1], 0.2, "none", "got 2 and 0 of 2, and 0 classes would only validate. Give more samples"),
        ([0, 1], 0.2, "time", "got 2 and 0 of 2, and 0 classes would only validate. Give more samples"),
        ([0] * 8 + [1] * 2, 0.2, "time", "got 8 and 2 of 10, and 1 classes would only validate.*say order='none'"),
        ([0] * 9 + [1], 0.6, "none", "1 classes would only validate. Give more samples"),
    ],
)
def test_samples_that_cannot_be_parted_are_refused(codes, share, order, words):
    with pytest.raises(InputError, match=words):
        split(np.array(codes), share, order, 0)


def test_where_all_have_a_twin_nothing_can_validate():
    with pytest.raises(InputError, match="got 20 and 0 of 20.*those that are equal never validate"):
        split(np.arange(20) % 2, 0.2, "none", 0, np.zeros(20, dtype=np.int64))
