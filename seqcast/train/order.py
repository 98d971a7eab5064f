"""Which samples make a batch: a new order each epoch, which hangs on the seed and the epoch's number alone."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int


@dataclass(frozen=True)
class Order:
    """The batches of every epoch, of one size up to a single sample.

    A last batch of a sample or two would move the weights as far as a full one, and by noise alone: DLinear on ETTh1
    ends each epoch with a batch of one window, 336 or 720 steps ahead, and its errors then vary tenfold over seeds.

    Parameters
    ----------
    count : int
        Samples.
    batch : int
        Samples in a batch at most.
    most : int
        Batches in an epoch at most; of a larger set another part is drawn each epoch.
    seed : int
        Of the order.

    Examples
    --------
    >>> order = Order(count=7, batch=3, most=100, seed=0)
    >>> order.steps, [len(batch) for batch in order.batches(epoch=0)]
    (3, [3, 2, 2])
    """

    count: int
    batch: int
    most: int
    seed: int

    @property
    def steps(self) -> int:
        """Return the batches in an epoch."""
        return min(self.most, -(-self.count // self.batch))

    def batches(self, epoch: int) -> list[Int[np.ndarray, "samples"]]:
        """Return the samples of each batch of an epoch; no sample comes twice."""
        shuffled = np.random.default_rng([self.seed, epoch]).permutation(self.count)
        return np.array_split(shuffled[: self.steps * self.batch], self.steps)


@dataclass(frozen=True, eq=False)
class Buckets:
    """The same for sequences of unequal length: those of a batch are about equally long, so that little is padded.

    Each epoch draws large heaps of samples, sorts each heap by length, and cuts it into batches that come in random
    order (Khomenko et al., 2016).

    Parameters
    ----------
    lengths : int array (N,)
        Steps of each sample.
    batch, most, seed : int
        As for `Order`.

    Examples
    --------
    >>> buckets = Buckets(lengths=np.array([9, 1, 8, 2]), batch=2, most=100, seed=0)
    >>> sorted(sorted(batch.tolist()) for batch in buckets.batches(epoch=0))
    [[0, 2], [1, 3]]
    """

    lengths: Int[np.ndarray, "N"]
    batch: int
    most: int
    seed: int

    @property
    def steps(self) -> int:
        """Return the batches in an epoch."""
        return Order(len(self.lengths), self.batch, self.most, self.seed).steps

    def batches(self, epoch: int) -> list[Int[np.ndarray, "samples"]]:
        """Return the samples of each batch of an epoch; no sample comes twice."""
        drawn = np.concatenate(Order(len(self.lengths), self.batch, self.most, self.seed).batches(epoch))
        steps = self.steps
        # Heaps of whole batches, so that all batches of an epoch have the size they have without buckets.
        edges = np.cumsum([0, *(len(part) for part in np.array_split(drawn, steps))])
        ends = [*range(_HEAP, steps, _HEAP), steps]
        sorted_ = [
            heap[np.argsort(self.lengths[heap], kind="stable")]
            for heap in np.split(drawn, [edges[end] for end in ends[:-1]])
        ]
        parts = np.split(np.concatenate(sorted_), edges[1:-1])
        return [parts[place] for place in np.random.default_rng([self.seed, epoch, 1]).permutation(steps)]


_HEAP = 50  # batches
