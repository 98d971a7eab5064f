"""Word vectors of others, from a local text file as word2vec and GloVe write them: a word a line, then its numbers."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Float32

from seqcast.errors import FileError
from seqcast.files import sha256


def read_vectors(path: Path, words: pl.Series) -> tuple[Float32[np.ndarray, "N E"], np.ndarray, str]:
    """Return the vectors of these words, which of them the file holds, and the file's SHA-256.

    Parameters
    ----------
    path : path
        Text or gzip of it; the first line may tell how many words and numbers follow, as word2vec does.
    words : Polars series of text
        The words that are wanted; others are passed over, so that a large file needs little memory.

    Raises
    ------
    FileError
        When a line is no word with numbers, lines differ in how many, or no word that is wanted stands there.
    """
    wanted = {word: place for place, word in enumerate(words.to_list())}
    found = np.zeros(len(words), dtype=bool)
    vectors: np.ndarray | None = None
    for line, word, numbers in _lines(path):
        if vectors is None:
            vectors = np.zeros((len(words), len(numbers)), dtype=np.float32)
        if len(numbers) > vectors.shape[1]:
            word, numbers = _with_blanks(word, numbers, vectors.shape[1])
        if len(numbers) != vectors.shape[1]:
            raise FileError(
                f"Each word has as many numbers as the first, {vectors.shape[1]}; line {line} of {path.name} has "
                f"{len(numbers)}. Fetch the file again."
            )
        place = wanted.get(word)
        if place is None or found[place]:
            continue
        vectors[place] = _read(numbers, f"line {line} of {path.name}")
        found[place] = True
    if vectors is None or not found.any():
        raise FileError(
            f"Some word of the training texts must have a vector; {path.name} holds none of {len(words):,}."
        )
    return vectors, found, sha256(path)


def _read(numbers: list[str], place: str) -> Float32[np.ndarray, "E"]:
    try:
        vector = np.array(numbers, dtype=np.float32)
    except ValueError:
        raise FileError(f"Behind a word stand its numbers; {place} has {numbers[0]!r} …") from None
    if not np.isfinite(vector).all():
        raise FileError(f"The numbers of a word must be finite; {place} has one that is not.")
    return vector


def _with_blanks(word: str, numbers: list[str], width: int) -> tuple[str, list[str]]:
    """Return a word that holds blanks, as some of GloVe's do, and its numbers; where all is numbers, as it came."""
    more = numbers[:-width]
    if all(_is_number(part) for part in more):
        return word, numbers
    return " ".join([word, *more]), numbers[-width:]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _lines(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    try:
        opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
        with opened as file:
            for line, text in enumerate(file, start=1):
                word, *numbers = text.rstrip().split(" ")
                if line == 1 and len(numbers) == 1 and word.isdigit():
                    continue
                if not numbers:
                    raise FileError(f"Behind a word stand its numbers; line {line} of {path.name} has none.")
                yield line, word, numbers
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}. Check the path.") from None
    except (EOFError, zlib.error) as error:
        raise FileError(
            f"Word vectors must be whole; {path.name} is cut short: {error}. Fetch the file again."
        ) from None
    except UnicodeDecodeError:
        raise FileError(f"Word vectors are UTF-8 text; {path.name} is not. Save it as text.") from None
