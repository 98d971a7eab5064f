"""Word vectors of others: the rows of the file reach the table of the network, and a broken file is refused."""

import gzip
import hashlib

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seqcast import Classifier
from seqcast.data.text import FIRST
from seqcast.data.vectors import read_vectors
from seqcast.errors import FileError

FLOATS = st.floats(-9, 9, width=32)


def written(path, rows, header=False, words=()):
    lines = [f"{len(rows)} {len(rows[0])}"] if header else []
    lines += [" ".join([word, *(repr(float(number)) for number in row)]) for word, row in zip(words, rows, strict=True)]
    data = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def test_a_word_may_hold_blanks_as_some_of_glove_do(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("fine 1 2\nat name@domain.com 3 4\n. . . 5 6\ndull 7 8\n", "utf-8")
    vectors, found, _ = read_vectors(path, pl.Series(["fine", "dull", "at"]))
    assert vectors.tolist() == [[1, 2], [7, 8], [0, 0]] and found.tolist() == [True, True, False]


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("name", ["vectors.txt", "vectors.txt.gz"])
@given(rows=arrays(np.float32, (4, 3), elements=FLOATS), wanted=st.permutations(["fine", "dull", "naïve", "absent"]))
def test_rows_come_back_as_they_stand_in_the_file(name, header, tmp_path_factory, rows, wanted):
    held = ["dull", "of", "naïve", "fine"]
    path = written(tmp_path_factory.mktemp("vectors") / name, rows, header, held)
    vectors, found, digest = read_vectors(path, pl.Series(wanted))
    assert found.tolist() == [word in held for word in wanted]
    for word, vector in zip(wanted, vectors, strict=True):
        np.testing.assert_array_equal(vector, rows[held.index(word)] if word in held else np.zeros(3))
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_of_a_word_that_stands_there_twice_the_first_counts(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\na 3 4\n")
    assert read_vectors(path, pl.Series(["a"]))[0].tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a 1 2\nb 1 2 3\n", "as many numbers as the first, 2; line 2 of v.txt has 3. Fetch the file again"),
        (b"2 2\na 1 2\nb 1\n", "the first, 2; line 3 of v.txt has 1"),
        (b"a 1 2\n\nb 1 2\n", "Behind a word stand its numbers; line 2 of v.txt has none"),
        (b"a one two\n", "Behind a word stand its numbers; line 1 of v.txt has 'one'"),
        (b"a 1 nan\n", "must be finite; line 1 of v.txt has one that is not"),
        (b"a 1 inf\n", "must be finite; line 1"),
        (b"a 1 2\n\xff\xfe 1 2\n", "are UTF-8 text; v.txt is not"),
        (b"z 1 2\n", "Some word of the training texts must have a vector; v.txt holds none of 2"),
        (b"", "holds none of 2"),
        (b"0 2\n", "holds none of 2"),
    ],
)
def test_a_broken_file_is_refused(data, words, tmp_path):
    (tmp_path / "v.txt").write_bytes(data)
    with pytest.raises(FileError, match=words):
        read_vectors(tmp_path / "v.txt", pl.Series(["a", "b"]))


def test_a_gzip_that_is_cut_short_or_none_is_refused(tmp_path):
    path = tmp_path / "v.txt.gz"
    rows = np.random.default_rng(0).normal(size=(200, 4))
    written(path, rows, words=[f"a{number}" for number in range(200)])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FileError, match="must be whole; v.txt.gz is cut short.*Fetch the file again"):
        read_vectors(path, pl.Series(["a"]))
    path.write_bytes(b"a 1 2\n")
    with pytest.raises(FileError, match="v.txt.gz cannot be read"):
        read_vectors(path, pl.Series(["a"]))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileError, match="none.txt cannot be read: No such file or directory. Check the path"):
        read_vectors(tmp_path / "none.txt", pl.Series(["a"]))


def test_the_table_of_the_network_begins_as_the_file(tmp_path):
    texts = [f"{how} film number{number}" for number in range(12) for how in ("fine", "dull")]
    rows = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    path = written(tmp_path / "v.txt", rows, words=["film", "fine", "absent"])
    classifier = Classifier(
        settings={"width": 4, "embedding_dropout": 0.0},
        text={"vectors": str(path)},
        training={"epochs": 1, "lr": 1e-12},
    ).fit(texts, ["good", "bad"] * 12)
    fitted = classifier.fitted_
    table = fitted.network.model.words.table.weight.detach().numpy()
    place = {word: number for number, word in enumerate(fitted.reading.vocabulary.words.to_list(), start=FIRST)}
    np.testing.assert_allclose(table[[place["film"], place["fine"]]], rows[:2], atol=1e-6)
    assert fitted.recipe.config.embedding == 5
    assert not table[0].any() and table[place["dull"]].any()
