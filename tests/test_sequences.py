"""Sequences of unequal length: joined, taken, cut and padded as plain lists are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.errors import ConfigError, InputError
from seqcast.sequences import SIDES, Sequences

LISTS = st.lists(st.lists(st.integers(-99, 99), max_size=9), min_size=1, max_size=7)


def joined(lists, channels=1):
    """Return sequences whose channel k holds each number plus 1000 k."""
    steps = [np.array(part, dtype=np.int64)[:, None] + 1000 * np.arange(channels) for part in lists]
    return Sequences.of(steps)


def listed(sequences, channel=0):
    return [(sequences[place][:, channel] - 1000 * channel).tolist() for place in range(len(sequences))]


def cut_as_lists(part, most, side):
    if len(part) <= most:
        return part
    first, last = {"start": (most, 0), "end": (0, most), "both": (most // 2, most - most // 2)}[side]
    return part[:first] + part[len(part) - last :]


@given(lists=LISTS, channels=st.integers(1, 3))
def test_what_is_joined_comes_apart_again(lists, channels):
    sequences = joined(lists, channels)
    assert len(sequences) == len(lists)
    assert sequences.lengths.tolist() == [len(part) for part in lists]
    assert all(listed(sequences, channel) == lists for channel in range(channels))


@given(lists=LISTS, data=st.data())
def test_any_rows_are_taken_in_any_order_and_more_than_once(lists, data):
    rows = data.draw(st.lists(st.integers(0, len(lists) - 1), max_size=12))
    assert listed(joined(lists).take(rows)) == [lists[row] for row in rows]
    assert listed(joined(lists).take(np.array(rows, dtype=np.int64))) == [lists[row] for row in rows]


@pytest.mark.parametrize("side", SIDES)
@given(lists=LISTS, most=st.integers(1, 12))
def test_longer_ones_are_cut_on_the_side_that_is_named(side, lists, most):
    cut = joined(lists, channels=2).cut(most, side)
    expected = [cut_as_lists(part, most, side) for part in lists]
    assert listed(cut) == listed(cut, channel=1) == expected
    assert listed(cut.cut(most, side)) == expected


@given(lists=LISTS, least=st.integers(0, 12))
def test_zeros_stand_behind_the_shorter_ones_only(lists, least):
    longest = max(least, *(len(part) for part in lists), 0)
    block = joined(lists, channels=2).padded(least)
    assert block[..., 0].tolist() == [part + [0] * (longest - len(part)) for part in lists]
    for row, part in zip(block[..., 1], lists, strict=True):
        assert row.tolist() == [number + 1000 for number in part] + [0] * (longest - len(part))


@pytest.mark.parametrize("kind", [np.int64, np.float32, np.float64])
def test_the_kind_of_number_stays(kind):
    sequences = Sequences.of([np.ones((2, 1), dtype=kind), np.ones((5, 1), dtype=kind)])
    kinds = [sequences.take([1]).values, sequences.cut(3, "both").values, sequences.padded()]
    assert {array.dtype for array in kinds} == {np.dtype(kind)}


def test_what_was_made_of_sequences_does_not_change_them():
    sequences = joined([[1, 2, 3], [4]])
    for made in (sequences.take([0, 1]).values, sequences.cut(9, "end").values, sequences.padded()):
        made[:] = 7
    assert listed(sequences) == [[1, 2, 3], [4]]


def test_no_sequence_and_unequal_channels_are_refused():
    with pytest.raises(InputError, match="Sequences must be at least one; got none"):
        Sequences.of([])
    with pytest.raises(InputError, match=r"must have the same channels; got \[1, 2\]"):
        Sequences.of([np.zeros((3, 1)), np.zeros((3, 2))])


def test_a_cut_to_nothing_is_refused():
    with pytest.raises(ConfigError, match="cut to at least 1 step, on start, end, both; got 0 on 'end'"):
        joined([[1]]).cut(0, "end")
