"""Where the lines and cells of a delimited text begin: one pass over its bytes, so that no row is padded or cut."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int

from seqcast.errors import ConfigError, FileError

DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


@dataclass(frozen=True, eq=False)
class Structure:
    """The lines of a text, quoted line ends not counted as such.

    Parameters
    ----------
    text : uint8 array (bytes,)
        The text, UTF-8.
    inside : bool array (bytes,) or None
        Which bytes lie in quotes; None when no quote occurs.
    starts, ends : int array (lines,)
        First byte of each line and the byte after its last.
    numbers : int array (lines,)
        Number of each line in the file.
    first : int
        Number of the line that the text begins with.
    """

    text: np.ndarray
    inside: Bool[np.ndarray, "bytes"] | None
    starts: Int[np.ndarray, "lines"]
    ends: Int[np.ndarray, "lines"]
    numbers: Int[np.ndarray, "lines"]
    first: int = 1

    def widths(self, delimiter: str) -> Int[np.ndarray, "lines"]:
        """Return how many cells each line has."""
        found = self.text == ord(delimiter)
        if self.inside is not None:
            found &= ~self.inside
        places = np.flatnonzero(found)
        return np.searchsorted(places, self.ends) - np.searchsorted(places, self.starts) + 1

    def line(self, index: int) -> str:
        """Return the text of a line, cut to what a message can hold."""
        piece = self.text[self.starts[index] : min(self.ends[index], self.starts[index] + 80)]
        return piece.tobytes().decode("utf-8", "ignore")

    def written(self) -> Bool[np.ndarray, "lines"]:
        """Return which lines hold more than blanks."""
        written = self.ends > self.starts
        for line in np.flatnonzero(written & (self.text[np.minimum(self.starts, len(self.text) - 1)] <= 32)):
            written[line] = (self.text[self.starts[line] : self.ends[line]] > 32).any()
        return written

    def only(self, keep: Bool[np.ndarray, "lines"]) -> "Structure":
        """Return the structure with the lines that the mask selects."""
        return replace(self, starts=self.starts[keep], ends=self.ends[keep], numbers=self.numbers[keep])

    def joined(self) -> bytes:
        """Return the text of these lines alone."""
        if self.starts[0] == 0 and (self.starts[1:] == self.ends[:-1] + 1).all():
            return self.text[: self.ends[-1]].tobytes()
        return b"\n".join(self.text[low:high].tobytes() for low, high in zip(self.starts, self.ends, strict=True))


def scan(data: bytes, first: int = 1) -> Structure:
    r"""Return the structure of a text whose lines end in LF.

    Parameters
    ----------
    data : bytes
        The text, UTF-8.
    first : int
        Number of the first line.

    Examples
    --------
    >>> scan(b'ds,y\n"a,\nb",2\n').widths(",").tolist()
    [2, 2]
    """
    text = np.frombuffer(data, dtype=np.uint8)
    breaks = text == 10
    inside = None
    every = np.flatnonzero(breaks)
    if b'"' in data:
        inside = np.bitwise_xor.accumulate((text == 34).view(np.uint8)).view(bool)
        breaks &= ~inside
    ends = np.flatnonzero(breaks)
    if len(text) and text[-1] != 10:
        ends = np.append(ends, len(text))
    starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64) if len(ends) else np.zeros(0, np.int64)
    return Structure(text, inside, starts, ends, first + np.searchsorted(every, starts), first)


def check_quotes(structure: Structure, delimiters: Sequence[str], place: str) -> None:
    r"""Refuse quotes that do not enclose a whole cell.

    Parameters
    ----------
    structure : Structure
        All lines of the text.
    delimiters : sequence of str
        What may stand beside a quote: each candidate at first, the one chosen later.
    place : str
        Name of the source, for messages.

    Raises
    ------
    FileError
        When a quote opens and never closes, or stands in the middle of a cell.

    Examples
    --------
    >>> check_quotes(scan(b'ds,y\n"2024-01-01",5\n'), [","], "sales.csv")
    """
    text, inside = structure.text, structure.inside
    if inside is None:
        return
    quotes = np.flatnonzero(text == 34)
    opening, closing = quotes[inside[quotes]], quotes[~inside[quotes]]
    edge = np.zeros(256, dtype=bool)
    edge[[10, 34, *map(ord, delimiters)]] = True
    wrong_open = opening[(opening > 0) & ~edge[text[opening - 1]]]
    wrong_close = closing[~edge[text[np.minimum(closing + 1, len(text) - 1)]]]
    pair = np.searchsorted(opening, wrong_close[:1]) - 1
    wrong = np.concatenate([wrong_open[:1], opening[pair], opening[-1:] if inside[-1] else opening[:0]])
    if len(wrong):
        at = int(wrong.min())
        number = structure.first + int(np.count_nonzero(text[:at] == 10))
        said = text[at : at + 40].tobytes().decode("utf-8", "ignore").split("\n")[0]
        raise FileError(
            f"A quoted cell must open at its first character and close at its last; line {number} of {place} has "
            f"{said!r}, whose quote does neither or never closes. Close or double that quote."
        )


def delimiter_of(structure: Structure, place: str) -> str:
    r"""Return the delimiter: the one that cuts the lines into rows of equal width.

    Raises
    ------
    FileError
        When two delimiters fit equally well.

    Examples
    --------
    >>> delimiter_of(scan(b"ds;y\n2024-01-01;2,5\n2024-01-02;2,7\n"), "sales.csv")
    ';'
    """
    shares = {}
    for mark in DELIMITERS:
        widths = structure.widths(mark)
        if widths.max() > 1:
            shares[mark] = (widths[0] > 1, float((widths == usual_width(widths)).mean()), usual_width(widths) > 1)
    fits = {mark: share for mark, (_, share, wide) in shares.items() if wide}
    heads = {mark: share for mark, share in fits.items() if shares[mark][0]}
    best = heads or fits
    if not best:
        return next((mark for mark, (head, _, _) in shares.items() if head), ",")
    top = max(best.values())
    winners = [mark for mark, share in best.items() if share == top]
    if len(winners) > 1:
        raise FileError(
            f"The column separator must be certain; {place} could be cut at "
            f"{' or at '.join(_NAMES[mark] for mark in winners)}: {structure.line(0)!r}. Name it with --delimiter."
        )
    return winners[0]


def usual_width(widths: Int[np.ndarray, "lines"]) -> int:
    """Return the commonest number of cells in a line; of two equally common ones, the larger."""
    counted = np.bincount(widths)
    return int(len(counted) - 1 - np.argmax(counted[::-1]))


def spoken(delimiter: str) -> str:
    """Return a delimiter as a word."""
    return _NAMES.get(delimiter, repr(delimiter))


def named_delimiter(delimiter: str | None) -> str | None:
    r"""Return the delimiter that the user named as a character, if one was named.

    Raises
    ------
    ConfigError
        When it is not a single character.

    Examples
    --------
    >>> named_delimiter("tab"), named_delimiter(";"), named_delimiter(None)
    ('\t', ';', None)
    """
    if delimiter is None:
        return None
    mark = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
    if len(mark) != 1 or not mark.isascii() or mark in '"\n\r':
        raise ConfigError(f"A delimiter is one ASCII character such as ';' or tab; got {delimiter!r}.")
    return mark
