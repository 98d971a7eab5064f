"""Which samples train and which validate: of texts some of each class at random, of series those at the end."""

from typing import Literal, get_args

import numpy as np
from jaxtyping import Int

from seqcast.errors import ConfigError, InputError, nearest

SampleOrder = Literal["time", "none"]

Rows = Int[np.ndarray, "M"]


def split(
    codes: Int[np.ndarray, "N"], share: float, order: str, seed: int, twins: Int[np.ndarray, "N"] | None = None
) -> tuple[Int[np.ndarray, "A"], Int[np.ndarray, "B"]]:
    """Return the rows that train and those that validate, each in ascending order.

    Parameters
    ----------
    codes : int array (N,)
        Class of each sample.
    share : float
        Of the samples, that validates.
    order : str
        `time`: samples follow each other, the last validate; `none`: some of each class do, drawn at random.
    seed : int
        Of the draw.
    twins : int array (N,) or None
        The same number for samples that are equal: they are never parted, for then one would be asked that was learnt.

    Raises
    ------
    ConfigError
        When the share does not lie between 0 and 1, or the order has no such name.
    InputError
        When a class has no sample that trains.

    Examples
    --------
    >>> split(np.array([0, 0, 1, 1, 0, 1]), 0.4, "time", seed=0)[1].tolist()
    [4, 5]
    """
    if not 0 < share < 1:
        raise ConfigError(f"valid is the share of samples that validates, between 0 and 1; got {share}.")
    if order not in get_args(SampleOrder):
        raise ConfigError(f"No order of samples is named {order!r}. {nearest(order, get_args(SampleOrder))}")
    held = _last(codes, share) if order == "time" else _drawn(codes, share, seed, twins)
    train = np.setdiff1d(np.arange(len(codes)), held)
    missing = np.setdiff1d(np.unique(codes), codes[train])
    if len(missing) or not len(held):
        way_out = (
            "Samples that do not follow each other in time are parted at random: say order='none'."
            if len(missing) and order == "time"
            else "Give more samples; those that are equal never validate."
        )
        raise InputError(
            f"Each class must have samples that train, and some must validate; got {len(train)} and {len(held)} of "
            f"{len(codes)}, and {len(missing)} classes would only validate. {way_out}"
        )
    return train, held


def _last(codes: Int[np.ndarray, "N"], share: float) -> Rows:
    return np.arange(len(codes) - round(share * len(codes)), len(codes))


def _drawn(codes: Int[np.ndarray, "N"], share: float, seed: int, twins: np.ndarray | None) -> Rows:
    drawn = np.random.default_rng(seed).permutation(len(codes))
    if twins is not None:
        _, group, count = np.unique(twins, return_inverse=True, return_counts=True)
        drawn = drawn[count[group[drawn]] == 1]
    of_class = [drawn[codes[drawn] == code] for code in np.unique(codes)]
    wanted = [round(share * int((codes == code).sum())) for code in np.unique(codes)]
    return np.sort(np.concatenate([rows[:count] for rows, count in zip(of_class, wanted, strict=True)]))
