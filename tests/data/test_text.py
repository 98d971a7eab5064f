"""Words of texts: cleaned as a plain regular expression cleans, and numbered from the texts that train alone."""

import re
import string
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.classify.texts import fit_reading
from seqcast.data.ngrams import fit_ngrams, pair_numbers
from seqcast.data.text import FIRST, TextOptions, fit_vocabulary, words_of
from seqcast.errors import ConfigError, InputError

ASCII = st.text(alphabet=[chr(code) for code in range(128)], max_size=60)
MARKUP = st.lists(st.sampled_from(["<br />", "</p>", "<", ">", "it's", "A", "b7", "_", "'", " ", ".", "!", "?", "\n"]))
WORDS = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), min_size=1, max_size=6)


def plain(text, marks="!?"):
    """Return the words of ASCII text as the standard library finds them."""
    clean = re.sub(r"<[a-zA-Z/][^<>]{0,40}>", " ", text).lower()
    return re.findall(rf"\w+(?:'[a-z0-9]+)*|[{re.escape(marks)}]" if marks else r"\w+(?:'[a-z0-9]+)*", clean, re.ASCII)


def words(*texts, marks="!?"):
    found = words_of(texts, marks)
    return [found.of(place) for place in range(len(found))]


@given(texts=st.lists(st.one_of(ASCII, MARKUP.map("".join)), min_size=1, max_size=5))
def test_ascii_is_cut_as_the_standard_library_cuts_it(texts):
    assert words(*texts) == [plain(text) for text in texts]


@given(text=ASCII, marks=st.sets(st.sampled_from(string.punctuation.replace("_", "")), max_size=4).map("".join))
def test_any_punctuation_may_count_as_words(text, marks):
    assert words(text, marks=marks) == [plain(text, marks)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("... – …", []),
        ("It isn’t IT", ["it", "isn't", "it"]),
        ("rock'n'roll 'quoted' dogs'", ["rock'n'roll", "quoted", "dogs"]),
        ("fine<br /><br />film</p>", ["fine", "film"]),
        (f"a<{'b' * 41}>c", ["a", "c"]),
        (f"a<{'b' * 42}>c", ["a", "b" * 42, "c"]),
        ("1 < 2 and 3 > 2", ["1", "2", "and", "3", "2"]),
        ("Wow!! Why?", ["wow", "!", "!", "why", "?"]),
        ("映画は good", ["映", "画", "は", "good"]),
        ("カタカナ", ["カ", "タ", "カ", "ナ"]),
        ("한국어 영화", ["한국어", "영화"]),
        ("ΣΑΣ Straße", ["σας", "straße"]),
        ("हिन्दी", ["हिन्दी"]),
        ("🙂", []),
    ],
)
def test_cleaning(text, expected):
    assert words(text) == [expected]


@given(st.text(alphabet="aeioucnAEIOUCN\u0301\u0308\u0327 ", max_size=20))
def test_letters_written_in_one_sign_or_in_two_are_the_same(text):
    one, two = words(unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text))
    assert one == two


def test_marks_beyond_ascii_count_too():
    assert words("well… «yes»", marks="…«") == [["well", "…", "«", "yes"]]


@given(texts=st.lists(ASCII, max_size=5), data=st.data())
def test_words_do_not_hang_on_the_texts_beside_and_are_taken_by_row(texts, data):
    together = words_of(texts)
    assert together.offsets[-1] == len(together.flat)
    assert [together.of(place) for place in range(len(texts))] == [words(text)[0] for text in texts]
    if texts:
        rows = data.draw(st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=6))
        taken = together.take(np.array(rows))
        assert [taken.of(place) for place in range(len(rows))] == [together.of(row) for row in rows]


@given(texts=WORDS, most=st.integers(1, 9), least=st.integers(1, 3))
def test_the_vocabulary_is_ordered_by_count_then_by_word(texts, most, least):
    counts = Counter(word for text in texts for word in text)
    expected = sorted((word for word in counts if counts[word] >= least), key=lambda word: (-counts[word], word))
    read = words_of([" ".join(text) for text in texts])
    if not expected:
        with pytest.raises(InputError, match=f"none stands {least} times or more in the {len(texts)} that train"):
            fit_vocabulary(read, most, least)
        return
    vocabulary = fit_vocabulary(read, most, least)
    assert vocabulary.words.to_list() == expected[:most]
    assert len(vocabulary) == len(expected[:most]) + FIRST
    assert vocabulary.first(2).words.to_list() == expected[:most][:2]


@given(texts=WORDS, asked=WORDS)
def test_a_number_is_the_place_of_the_word_and_1_of_every_other(texts, asked):
    texts = [*texts, ["a"]]
    vocabulary = fit_vocabulary(words_of([" ".join(text) for text in texts]), most=3)
    place = {word: number for number, word in enumerate(vocabulary.words.to_list(), start=FIRST)}
    numbers = vocabulary.numbers(words_of([" ".join(text) for text in asked]))
    expected = [[place.get(word, 1) for word in text] for text in asked]
    assert [numbers[row][:, 0].tolist() for row in range(len(asked))] == expected


@given(train=WORDS, later=st.lists(st.lists(st.sampled_from("abxyz"), min_size=1, max_size=8), min_size=1, max_size=4))
def test_words_of_texts_that_do_not_train_have_no_number_no_pair_and_no_run(train, later):
    """The vocabulary leak: letters from x on stand only in the texts that are asked later."""
    train = [*train, ["a", "b"], ["a", "b", "c"]]
    read = words_of([" ".join(text) for text in train])
    reading = fit_reading(read, TextOptions(least=1)).weighed(read, np.arange(len(train)) % 2, 2)
    known = {word for text in train for word in text}
    assert set(reading.vocabulary.words.to_list()) == known
    numbers = reading.vocabulary.numbers(words_of([" ".join(text) for text in later]))
    unknown = np.array([word not in known for text in later for word in text])
    assert np.array_equal(numbers.values[:, 0] == 1, unknown)
    pairs = pair_numbers(numbers, reading.pairs)
    assert not pairs[unknown].any() and not pairs[:-1][unknown[1:]].any()
    _, own = fit_ngrams(numbers, 1)
    assert own.shape[1] <= len(known & {word for text in later for word in text})
    matrix = reading.ngrams.matrix(numbers)
    alone = [place for place, text in enumerate(later) if not known & set(text)]
    assert matrix[alone].nnz == 0


@pytest.mark.parametrize(
    ("given_", "words_"),
    [
        ({"vocabulary": 0}, "vocabulary must be at least 1; got 0"),
        ({"vocabulary": 2**20}, "A vocabulary holds at most 1048574 words; got 1048576"),
        ({"least": 0}, "least must be at least 1; got 0"),
        ({"length": -3}, "length must be at least 1; got -3"),
        ({"pairs": -1}, "pairs must not be below 0; got -1"),
        ({"ngrams": 4}, "ngrams are runs of 1 to 3 words, 0 for none; got 4"),
        ({"ngrams": -1}, "ngrams are runs of 1 to 3 words, 0 for none; got -1"),
    ],
)
def test_options_that_cannot_work_are_refused(given_, words_):
    with pytest.raises(ConfigError, match=words_):
        TextOptions(**given_)
