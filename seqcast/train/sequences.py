"""How sequences of unequal length reach a network: padded to the longest of their batch, and told how long each is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int

from seqcast.batch import Batch
from seqcast.sequences import Sequences
from seqcast.train.loop import Source
from seqcast.train.order import Buckets

_AT_ONCE = 256  # samples that are judged at a time


@dataclass(frozen=True, eq=False)
class Labelled:
    """Sequences and the number of the class of each.

    Parameters
    ----------
    sequences : Sequences
        Numbers of words, or scaled values.
    codes : int array (N,)
        Class of each; all 0 where it is only asked.
    """

    sequences: Sequences
    codes: Int[np.ndarray, "N"]

    def __len__(self) -> int:
        """Return how many samples these are."""
        return len(self.codes)

    def batch(self, rows: Int[np.ndarray, "B"], device: str | torch.device = "cpu") -> Batch:
        """Return some samples as one padded batch.

        Examples
        --------
        >>> texts = Sequences.of([np.array([[2], [3]]), np.array([[4]])])
        >>> batch = Labelled(texts, np.array([0, 1])).batch(np.array([0, 1]))
        >>> batch.past[..., 0].tolist(), batch.lengths.tolist()
        ([[2.0, 3.0], [4.0, 0.0]], [2, 1])
        """
        part = self.sequences.take(rows)
        return Batch(
            past=torch.from_numpy(part.padded().astype(np.float32)).to(device),
            future=torch.zeros(len(rows), 1, 0, device=device),
            static=torch.zeros(len(rows), 0, device=device),
            target=torch.from_numpy(self.codes[rows].astype(np.float32))[:, None, None].to(device),
            observed=torch.ones(len(rows), 1, 1, dtype=torch.bool, device=device),
            lengths=torch.from_numpy(part.lengths).to(device),
        )

    def batches(self, device: str | torch.device = "cpu") -> Iterator[tuple[Int[np.ndarray, "B"], Batch]]:
        """Return all samples in parts of about equal length, each with its place among them."""
        order = np.argsort(self.sequences.lengths, kind="stable")
        for start in range(0, len(order), _AT_ONCE):
            rows = order[start : start + _AT_ONCE]
            yield rows, self.batch(rows, device)


def source_of_sequences(
    train: Labelled, valid: Labelled, *, batch: int, seed: int, steps: int, device: str | torch.device = "cpu"
) -> Source:
    """Return the batches of training and validation; an epoch's order hangs on the seed and its number alone.

    Parameters
    ----------
    train, valid : Labelled
        The two parts.
    batch : int
        Samples in a batch at most.
    seed : int
        Of the order.
    steps : int
        Batches in an epoch at most.
    device : str or device
        Where batches are put.

    Examples
    --------
    >>> texts = Labelled(Sequences.of([np.array([[2], [3]]), np.array([[4]])]), np.array([0, 1]))
    >>> source = source_of_sequences(texts, texts, batch=1, seed=0, steps=10)
    >>> source.steps, sorted(len(batch.past[0]) for batch in source.train(0))
    (2, [1, 2])
    """
    buckets = Buckets(train.sequences.lengths, batch, steps, seed)

    def train_batches(epoch: int) -> Iterator[Batch]:
        return (train.batch(rows, device) for rows in buckets.batches(epoch))

    def valid_batches() -> Iterator[Batch]:
        return (part for _, part in valid.batches(device))

    def locate(epoch: int, step: int, window: int) -> str:
        return f"sample {buckets.batches(epoch)[step][window]}"

    return Source(train_batches, valid_batches, locate, buckets.steps)
