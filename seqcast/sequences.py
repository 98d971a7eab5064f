"""Sequences of unequal length as one flat array: texts as the numbers of their words, series as their values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from jaxtyping import Int, Shaped

from seqcast.errors import ConfigError, InputError

Side = Literal["start", "end", "both"]
SIDES: tuple[Side, ...] = ("start", "end", "both")


@dataclass(frozen=True, eq=False)
class Sequences:
    """N sequences of C channels, one behind the other.

    Parameters
    ----------
    values : array (T, C)
        The steps of all sequences.
    offsets : int array (N + 1,)
        Where each begins; the last entry is the end of all.

    Examples
    --------
    >>> both = Sequences.of([np.zeros((3, 2)), np.ones((5, 2))])
    >>> len(both), both.lengths.tolist(), both.take([1])[0].shape
    (2, [3, 5], (5, 2))
    """

    values: Shaped[np.ndarray, "T C"]
    offsets: Int[np.ndarray, "bounds"]

    @classmethod
    def of(cls, parts: Sequence[Shaped[np.ndarray, "_ C"]]) -> Self:
        """Return sequences joined from one array each.

        Raises
        ------
        InputError
            Without a sequence, or when their channels differ.
        """
        if not parts:
            raise InputError("Sequences must be at least one; got none.")
        widths = {part.shape[1] for part in parts}
        if len(widths) > 1:
            raise InputError(f"All sequences must have the same channels; got {sorted(widths)}.")
        return cls(np.concatenate(list(parts)), np.cumsum([0, *map(len, parts)]))

    @property
    def lengths(self) -> Int[np.ndarray, "N"]:
        """Steps of each sequence."""
        return np.diff(self.offsets)

    def __len__(self) -> int:
        """Return how many sequences these are."""
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> Shaped[np.ndarray, "steps C"]:
        """Return the steps of one sequence."""
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def take(self, rows: Int[np.ndarray, "M"] | Sequence[int]) -> "Sequences":
        """Return some of the sequences, in the order that is asked for."""
        rows = np.asarray(rows, dtype=np.int64)
        return self._steps(self.offsets[rows], self.lengths[rows])

    def cut(self, most: int, side: Side) -> "Sequences":
        """Return the sequences, of longer ones the first or last `most` steps, or half of them from either end.

        Raises
        ------
        ConfigError
            When `most` is below 1 or the side has no such name.

        Examples
        --------
        >>> numbers = Sequences.of([np.arange(9)[:, None]])
        >>> {side: numbers.cut(4, side)[0].ravel().tolist() for side in SIDES}
        {'start': [0, 1, 2, 3], 'end': [5, 6, 7, 8], 'both': [0, 1, 7, 8]}
        """
        if most < 1 or side not in SIDES:
            raise ConfigError(f"A sequence is cut to at least 1 step, on {', '.join(SIDES)}; got {most} on {side!r}.")
        lengths = np.minimum(self.lengths, most)
        if side == "start":
            return self._steps(self.offsets[:-1], lengths)
        if side == "end":
            return self._steps(self.offsets[1:] - lengths, lengths)
        first = np.where(self.lengths > most, most // 2, lengths)
        begins = np.column_stack([self.offsets[:-1], self.offsets[1:] - (lengths - first)]).ravel()
        halves = self._steps(begins, np.column_stack([first, lengths - first]).ravel())
        return Sequences(halves.values, halves.offsets[::2])

    def padded(self, least: int = 0) -> Shaped[np.ndarray, "N T2 C"]:
        """Return all sequences side by side, zeros behind the shorter ones, at least `least` steps long.

        Examples
        --------
        >>> Sequences.of([np.ones((1, 1)), np.ones((3, 1))]).padded()[..., 0].tolist()
        [[1.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
        """
        longest = max(int(self.lengths.max(initial=0)), least)
        block = np.zeros((len(self), longest, self.values.shape[1]), dtype=self.values.dtype)
        block[np.arange(longest) < self.lengths[:, None]] = self.values
        return block

    def _steps(self, begins: Int[np.ndarray, "M"], lengths: Int[np.ndarray, "M"]) -> "Sequences":
        offsets = np.cumsum([0, *lengths])
        steps = np.repeat(begins - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Sequences(self.values[steps], offsets)
