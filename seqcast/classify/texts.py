"""What is learnt of texts beside the network: vocabulary, frequent pairs, and a linear model of runs of words."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float, Float32, Int, Int64

from seqcast.classify.linear import Linear, fit_weighted
from seqcast.data.ngrams import Ngrams, fit_ngrams, frequent_pairs, pair_numbers
from seqcast.data.text import FIRST, TextOptions, Vocabulary, Words, fit_vocabulary
from seqcast.data.vectors import read_vectors
from seqcast.errors import InputError
from seqcast.sequences import Sequences

_UNKNOWN = 1


@dataclass(frozen=True, eq=False)
class TextReading:
    """Turns texts into what the network and the linear model read.

    Parameters
    ----------
    options : TextOptions
        How texts are read.
    vocabulary : Vocabulary
        All words of the training texts that stand there often enough; the network tells the first of them apart.
    pairs : int array (P,)
        Pairs of words with a vector of their own.
    ngrams : Ngrams or None
        Runs that the linear model weighs.
    linear : Linear or None
        Its weights.
    """

    options: TextOptions
    vocabulary: Vocabulary
    pairs: Int64[np.ndarray, "P"]
    ngrams: Ngrams | None = None
    linear: Linear | None = None

    @property
    def words(self) -> int:
        """Return the numbers of words that the network tells apart."""
        return min(len(self.vocabulary), self.options.vocabulary + FIRST)

    def sequences(self, words: Words) -> Sequences:
        """Return the numbers of the words, cut to length; of a text without a word one unknown word."""
        numbers = self.vocabulary.numbers(words)
        values = numbers.values
        if len(self.pairs):
            values = np.column_stack([values, pair_numbers(numbers, self.pairs)])
        values = np.where(np.arange(values.shape[1]) == 0, np.where(values < self.words, values, _UNKNOWN), values)
        return _filled(Sequences(values, numbers.offsets)).cut(self.options.length, self.options.side)

    def logits(self, words: Words) -> Float[np.ndarray, "N classes"] | None:
        """Return what the linear model says of texts; None where there is none."""
        if self.ngrams is None or self.linear is None:
            return None
        return self.linear.logits(self.ngrams.matrix(self.vocabulary.numbers(words)))

    def weighed(self, words: Words, codes: Int[np.ndarray, "N"], classes: int) -> "TextReading":
        """Return the same with a linear model of these texts; its runs are theirs, its vocabulary stays."""
        if not self.options.ngrams:
            return self
        ngrams, matrix = fit_ngrams(self.vocabulary.numbers(words), self.options.ngrams)
        return replace(self, ngrams=ngrams, linear=fit_weighted(matrix, codes, classes))

    def vectors(self) -> Float32[np.ndarray, "words E"] | None:
        """Return the vectors that the file of the options has for the words, small random ones for the others.

        Raises
        ------
        FileError
            When the file cannot be read or knows none of the words.
        """
        if self.options.vectors is None:
            return None
        known, found, _ = read_vectors(Path(self.options.vectors), self.vocabulary.words.head(self.words - FIRST))
        spread = known[found].std()
        table = np.random.default_rng(0).normal(scale=spread, size=(self.words, known.shape[1])).astype(np.float32)
        table[0] = 0.0
        table[FIRST:][found] = known[found]
        return table


def fit_reading(words: Words, options: TextOptions) -> TextReading:
    """Return what texts are read with, learnt from those that train alone.

    Raises
    ------
    InputError
        When no word stands there often enough, or all texts are the same.
    """
    vocabulary = fit_vocabulary(words, least=options.least)
    numbers = vocabulary.numbers(words)
    if len(words) > 1 and len(np.unique(fingerprints(words))) == 1:
        raise InputError(
            f"Texts must differ; all {len(words):,} that train have the same words, {' '.join(words.of(0)[:8])!r} …"
        )
    pairs = frequent_pairs(numbers, options.pairs) if options.pairs else np.empty(0, dtype=np.int64)
    return TextReading(options, vocabulary, pairs)


def fingerprints(words: Words) -> Int[np.ndarray, "N"]:
    """Return a number for each text, the same for texts of the same words in the same order.

    Examples
    --------
    >>> from seqcast.data.text import words_of
    >>> one, two, three = fingerprints(words_of(["A b.", "a b", "b a"]))
    >>> bool(one == two), bool(one == three)
    (True, False)
    """
    starts, ends = words.offsets[:-1], words.offsets[1:]
    place = np.arange(len(words.flat)) - np.repeat(starts, ends - starts) + 1
    # Places are hashed too: were their factors evenly spaced, "a b b a" and "b a a b" would have the same number.
    mixed = words.flat.hash(seed=0).to_numpy() * (pl.Series(place).hash(seed=1).to_numpy() | np.uint64(1))
    sums = np.concatenate([[np.uint64(0)], np.cumsum(mixed, dtype=np.uint64)])
    return (sums[ends] - sums[starts]).view(np.int64)


def checked_texts(texts: Any) -> list[str]:
    """Return texts as a list.

    Raises
    ------
    InputError
        When one is missing or no text, or none is given.

    Examples
    --------
    >>> checked_texts(("one", "two"))
    ['one', 'two']
    """
    if isinstance(texts, str) or not hasattr(texts, "__iter__"):
        raise InputError(f"Texts come as a list, one a sample; got a {type(texts).__name__}. Put it in a list.")
    given = list(texts)
    if not given:
        raise InputError("Texts must be at least one; got none.")
    for row, text in enumerate(given):
        if not isinstance(text, str):
            nothing = text is None or type(text).__name__ == "NAType" or (isinstance(text, float) and text != text)
            said = "nothing" if nothing else f"a {type(text).__name__}"
            way_out = "Decode it first." if isinstance(text, bytes) else "Leave that row out, or give an empty text."
            raise InputError(f"Each sample needs a text; row {row} has {said}. {way_out}")
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise InputError(f"Texts must be Unicode; row {row} holds half a letter, a surrogate. Decode it anew.")
    return [str(text) for text in given]


def _filled(sequences: Sequences) -> Sequences:
    """Return sequences where each has a step: of those without one, an unknown word."""
    empty = sequences.lengths == 0
    if not empty.any():
        return sequences
    nothing = np.zeros((int(empty.sum()), sequences.values.shape[1]), dtype=sequences.values.dtype)
    nothing[:, 0] = _UNKNOWN
    values = np.insert(sequences.values, sequences.offsets[:-1][empty], nothing, axis=0)
    return Sequences(values, np.cumsum([0, *np.maximum(sequences.lengths, 1)]))
