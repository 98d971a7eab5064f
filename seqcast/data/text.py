r"""From a text to the numbers of its words: cleaned, cut into words, numbered by a vocabulary of the training texts.

Cleaning as usual for reviews: lower case, no `<br />` or other tag, no punctuation. Marks that carry feeling (`!`, `?`)
may stay as words of their own, and Chinese and Japanese signs, which no blank parts, are words each. The work is done
by Polars, in Rust and on flat columns: 25,000 reviews in a second or two.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Int

from seqcast.errors import ConfigError, InputError, nearest
from seqcast.ranges import selectable
from seqcast.sequences import SIDES, Sequences, Side

PAD, UNKNOWN = "<pad>", "<unk>"
FIRST = 2
"""Number of the first word; 0 stands for padding and 1 for every word that the vocabulary does not hold."""

_MOST_WORDS = 2**20  # three of them must fit one number of 64 bits, see `ngrams`
_TAG = r"<[a-zA-Z/][^<>]{0,40}>"
_WORD = (
    r"[\p{Han}\p{Hiragana}\p{Katakana}]|[\p{L}\p{M}\p{N}_--[\p{Han}\p{Hiragana}\p{Katakana}]]+(?:['’][\p{L}\p{N}]+)*"
)


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """How texts are read.

    Parameters
    ----------
    vocabulary : int
        Most words that are told apart by the network; all others are one unknown word.
    least : int
        Times that a word must stand in the training texts.
    length : int
        Most words of a text that the network reads.
    side : str
        Which words of a longer text are read: those at the `start`, at the `end`, or half of them from `both`.
    marks : str
        Punctuation that counts as words.
    ngrams : int
        Longest run of words that the linear shortcut weighs, 1 to 3; 0 for no shortcut.
    pairs : int
        Most pairs of words that have a vector of their own beside those of their words; 0 for none.
    vectors : str or None
        Text file of word vectors (word2vec or GloVe) that the embedding starts from.

    Examples
    --------
    >>> TextOptions(length=200).vocabulary
    30000
    """

    vocabulary: int = selectable(30_000, (10_000, 30_000, 60_000))
    least: int = 2
    length: int = selectable(400, (200, 400, 800))
    side: Side = "both"
    marks: str = "!?"
    ngrams: int = 3
    pairs: int = selectable(50_000, (0, 50_000))
    vectors: str | None = None

    def __post_init__(self) -> None:
        for name in ("vocabulary", "least", "length"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1; got {getattr(self, name)}.")
        if self.vocabulary > _MOST_WORDS - FIRST:
            raise ConfigError(f"A vocabulary holds at most {_MOST_WORDS - FIRST} words; got {self.vocabulary}.")
        if self.side not in SIDES:
            raise ConfigError(f"No side of a text is named {self.side!r}. {nearest(self.side, SIDES)}")
        if self.pairs < 0:
            raise ConfigError(f"pairs must not be below 0; got {self.pairs}.")
        if not 0 <= self.ngrams <= 3:
            raise ConfigError(f"ngrams are runs of 1 to 3 words, 0 for none; got {self.ngrams}.")


@dataclass(frozen=True, eq=False)
class Words:
    """The words of N texts, one behind the other.

    Parameters
    ----------
    flat : Polars series of text
        All words.
    offsets : int array (N + 1,)
        Where each text begins.
    """

    flat: pl.Series
    offsets: Int[np.ndarray, "bounds"]

    def __len__(self) -> int:
        """Return how many texts these are."""
        return len(self.offsets) - 1

    def of(self, text: int) -> list[str]:
        """Return the words of one text."""
        return self.flat[int(self.offsets[text]) : int(self.offsets[text + 1])].to_list()

    def take(self, rows: Int[np.ndarray, "M"]) -> "Words":
        """Return some of the texts, in the order that is asked for."""
        places = Sequences(np.arange(len(self.flat))[:, None], self.offsets).take(rows)
        return Words(self.flat.gather(places.values[:, 0]), places.offsets)


def words_of(texts: Sequence[str], marks: str = "!?") -> Words:
    """Return the words of texts, cleaned.

    Parameters
    ----------
    texts : sequence of str
        Texts; one may be empty or hold no word at all.
    marks : str
        Punctuation that counts as words.

    Examples
    --------
    >>> words_of(["It's <br /><br />GREAT, isn't it?", "映画"]).flat.to_list()
    ["it's", 'great', "isn't", 'it', '?', '映', '画']
    """
    kept = f"|[{''.join(f'{chr(92)}x{{{ord(mark):x}}}' for mark in marks)}]" if marks else ""
    column = pl.Series([unicodedata.normalize("NFC", text) for text in texts], dtype=pl.String)
    clean = column.str.replace_all(_TAG, " ").str.to_lowercase().str.replace_all("’", "'")
    lists = clean.str.extract_all(_WORD + kept)
    offsets = np.concatenate([[0], lists.list.len().to_numpy().astype(np.int64).cumsum()])
    flat = lists.explode(empty_as_null=False) if len(texts) else pl.Series([], dtype=pl.String)
    return Words(flat, offsets)


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words that have a number of their own, the most frequent first.

    Examples
    --------
    >>> vocabulary = fit_vocabulary(words_of(["a b a", "b a c"]), most=2, least=1)
    >>> vocabulary.words.to_list(), vocabulary.numbers(words_of(["a c b"])).values.ravel().tolist()
    (['a', 'b'], [2, 1, 3])
    """

    words: pl.Series

    def __len__(self) -> int:
        """Return how many numbers there are, with those of padding and of unknown words."""
        return len(self.words) + FIRST

    def numbers(self, words: Words) -> Sequences:
        """Return the numbers of the words of each text; those of unknown words are 1."""
        known = pl.DataFrame({"word": self.words, "number": np.arange(FIRST, len(self), dtype=np.int64)})
        found = words.flat.rename("word").to_frame().join(known, on="word", how="left", maintain_order="left")
        return Sequences(found["number"].fill_null(1).to_numpy()[:, None].copy(), words.offsets)

    def first(self, most: int) -> "Vocabulary":
        """Return a vocabulary of the most frequent words alone."""
        return Vocabulary(self.words.head(most))


def fit_vocabulary(words: Words, most: int = _MOST_WORDS - FIRST, least: int = 1) -> Vocabulary:
    """Return the vocabulary of these texts, which must be those that train; of equal counts the earlier word is first.

    Raises
    ------
    InputError
        When no word stands there often enough.
    """
    counted = words.flat.rename("word").value_counts(name="count").filter(pl.col("count") >= least)
    if not len(counted):
        raise InputError(
            f"Texts must have words to learn from; none stands {least} times or more in the {len(words)} that train. "
            "Give more texts, or a smaller `least`."
        )
    return Vocabulary(counted.sort(["count", "word"], descending=[True, False])["word"].head(most))
