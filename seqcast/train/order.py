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
