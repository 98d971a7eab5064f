"""Runs of words as columns: which stand in a text, for a linear model that weighs each of them.

A run of up to three words is one number of 64 bits, twenty for each word, so that all runs of all texts are found by
sorting one array. What counts is whether a run stands in a text, not how often (Wang & Manning, 2012).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Int64
from scipy import sparse

from seqcast.data.text import FIRST
from seqcast.sequences import Sequences

_BITS = 20  # of a word's number
_LEAST = 2  # texts that a run must stand in: one that stands in a single text tells of that text alone

Matrix = sparse.csr_matrix


@dataclass(frozen=True, eq=False)
class Ngrams:
    """The runs that are known, and how long they may be.

    Parameters
    ----------
    keys : int array (F,)
        The runs as numbers, in ascending order: the columns of the matrix.
    longest : int
        Words of the longest run.

    Examples
    --------
    >>> texts = Sequences.of([np.array([[2], [3]]), np.array([[2], [3], [4]])])
    >>> ngrams, matrix = fit_ngrams(texts, longest=2)
    >>> matrix.toarray().tolist(), ngrams.matrix(texts.take([0])).toarray().tolist()
    ([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]], [[1.0, 1.0, 1.0]])
    """

    keys: Int64[np.ndarray, "F"]
    longest: int

    def matrix(self, texts: Sequences) -> Matrix:
        """Return 1 where a run stands in a text: a sparse (N, F) matrix in float32."""
        found, text = _runs(texts, self.longest)
        place = np.searchsorted(self.keys, found)
        place[place == len(self.keys)] = 0
        known = self.keys[place] == found if len(self.keys) else np.zeros(len(found), dtype=bool)
        return _ones(text[known], place[known], (len(texts), len(self.keys)))


def fit_ngrams(texts: Sequences, longest: int) -> tuple[Ngrams, Matrix]:
    """Return the runs that stand in two or more of these texts, and which of them stand where.

    Parameters
    ----------
    texts : Sequences (N, 1)
        Numbers of words, of the texts that train; runs with an unknown word do not count.
    longest : int
        Words of the longest run, 1 to 3.
    """
    found, text = _runs(texts, longest)
    keys, place = np.unique(found, return_inverse=True)
    matrix = _ones(text, place, (len(texts), len(keys)))
    frequent = matrix.getnnz(axis=0) >= _LEAST
    return Ngrams(keys[frequent], longest), sparse.csr_matrix(matrix[:, frequent])


def frequent_pairs(texts: Sequences, most: int) -> Int64[np.ndarray, "P"]:
    """Return the most frequent pairs of known words as numbers, in ascending order; each stands there twice or more.

    Examples
    --------
    >>> texts = Sequences.of([np.array([[2], [3], [2], [3], [4]])])
    >>> pair_numbers(texts, frequent_pairs(texts, most=5)).ravel().tolist()
    [1, 0, 1, 0, 0]
    """
    pairs = _pairs(texts)
    keys, counts = np.unique(pairs[pairs >= 0], return_counts=True)
    keys, counts = keys[counts >= _LEAST], counts[counts >= _LEAST]
    return np.sort(keys[np.argsort(-counts, kind="stable")[:most]])


def pair_numbers(texts: Sequences, known: Int64[np.ndarray, "P"]) -> Int64[np.ndarray, "T"]:
    """Return for every word the number of the pair that begins with it, 1 for the first known pair; 0 for another."""
    pairs = _pairs(texts)
    if not len(known):
        return np.zeros(len(pairs), dtype=np.int64)
    place = np.searchsorted(known, pairs)
    place[place == len(known)] = 0
    return np.where(known[place] == pairs, place + 1, 0)


def _pairs(texts: Sequences) -> Int64[np.ndarray, "T"]:
    """Return the number of each pair, -1 where a word is the last of its text or one of the two is unknown."""
    words = texts.values[:, 0].astype(np.int64)
    after = np.append(words[1:], 0)
    after[texts.offsets[1:] - 1] = 0
    return np.where((words >= FIRST) & (after >= FIRST), (words << _BITS) + after, -1)


def _runs(texts: Sequences, longest: int) -> tuple[Int64[np.ndarray, "runs"], Int64[np.ndarray, "runs"]]:
    """Return every run that stands somewhere, and in which text."""
    words = texts.values[:, 0].astype(np.int64)
    owner = np.repeat(np.arange(len(texts)), texts.lengths)
    keys, owners = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for length in range(1, longest + 1):
        last = len(words) - length + 1
        if last < 1:
            break
        run, whole = np.zeros(last, dtype=np.int64), owner[:last] == owner[length - 1 :]
        for word in range(length):
            run = (run << _BITS) + words[word : last + word]
            whole &= words[word : last + word] >= FIRST
        keys.append(run[whole])
        owners.append(owner[:last][whole])
    return np.concatenate(keys), np.concatenate(owners)


def _ones(rows: Int[np.ndarray, "n"], columns: Int[np.ndarray, "n"], shape: tuple[int, int]) -> Matrix:
    matrix = sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1.0
    return matrix
