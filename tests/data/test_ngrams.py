"""Runs and pairs of words: those that a Counter of tuples finds, and none that crosses two texts."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.ngrams import fit_ngrams, frequent_pairs, pair_numbers
from seqcast.sequences import Sequences

LAST = 2**20 - 1  # the largest number that a word can have
TEXTS = st.lists(st.lists(st.sampled_from([1, 2, 3, 4, LAST]), max_size=9), min_size=1, max_size=6)


def numbered(texts):
    return Sequences.of([np.array(text, dtype=np.int64).reshape(-1, 1) for text in texts])


def runs(text, longest):
    """Return the runs of a text as tuples, those with an unknown word left out."""
    found = [tuple(text[at : at + n]) for n in range(1, longest + 1) for at in range(len(text) - n + 1)]
    return [run for run in found if 1 not in run]


def as_number(run):
    return sum(word << 20 * place for place, word in enumerate(reversed(run)))


def pairs_of(text):
    return [run for run in runs(text, 2) if len(run) == 2]


@pytest.mark.parametrize("longest", [1, 2, 3])
@given(texts=TEXTS, asked=TEXTS)
def test_runs_are_those_of_a_counter(longest, texts, asked):
    texts_with = Counter(run for text in texts for run in set(runs(text, longest)))
    known = sorted(as_number(run) for run, count in texts_with.items() if count >= 2)
    ngrams, matrix = fit_ngrams(numbered(texts), longest)
    assert ngrams.keys.tolist() == known
    for lists, found in ((texts, matrix), (asked, ngrams.matrix(numbered(asked)))):
        there = [{as_number(run) for run in runs(text, longest)} for text in lists]
        assert found.toarray().tolist() == [[float(key in own) for key in known] for own in there]
        assert found.dtype == np.float32


@given(text=st.lists(st.integers(2, 6), min_size=1, max_size=8), cut=st.integers(0, 8))
def test_a_run_that_two_texts_share_between_them_is_none(text, cut):
    """Cut in two, a text has the runs of both parts and no other."""
    ngrams, _ = fit_ngrams(numbered([text, text]), 3)
    whole = ngrams.matrix(numbered([text])).toarray()[0]
    parts = ngrams.matrix(numbered([text[:cut], text[cut:]])).toarray()
    inside = {as_number(run) for part in (text[:cut], text[cut:]) for run in runs(part, 3)}
    assert (parts.sum(axis=0) > 0).tolist() == [key in inside for key in ngrams.keys.tolist()]
    assert (whole >= parts.max(axis=0)).all()


@given(texts=TEXTS, most=st.integers(1, 6))
def test_pairs_are_the_most_frequent_of_a_counter(texts, most):
    counts = Counter(pair for text in texts for pair in pairs_of(text))
    often = sorted((pair for pair in counts if counts[pair] >= 2), key=lambda pair: (-counts[pair], as_number(pair)))
    expected = sorted(as_number(pair) for pair in often[:most])
    found = frequent_pairs(numbered(texts), most)
    assert found.tolist() == expected


@given(texts=TEXTS, asked=TEXTS)
def test_each_word_has_the_number_of_the_pair_that_begins_with_it(texts, asked):
    known = frequent_pairs(numbered(texts), 9)
    place = {key: number for number, key in enumerate(known.tolist(), start=1)}
    expected = [
        place.get(as_number((text[at], text[at + 1])), 0) if at + 1 < len(text) and 1 not in text[at : at + 2] else 0
        for text in asked
        for at in range(len(text))
    ]
    assert pair_numbers(numbered(asked), known).tolist() == expected
