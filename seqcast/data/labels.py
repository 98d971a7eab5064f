"""The door of labels: whatever names the classes becomes their numbers, and what cannot be learnt is refused."""

from typing import Any

import numpy as np
from jaxtyping import Int

from seqcast.errors import InputError

Labels = np.ndarray
"""The classes in ascending order, of whatever kind the labels are."""


def codes_of(labels: Any, rows: int) -> tuple[Labels, Int[np.ndarray, "N"]]:
    """Return the classes and the number of the class of each sample.

    Parameters
    ----------
    labels : array, series or sequence (N,)
        Text, whole numbers or truth values; each sample must have one.
    rows : int
        Samples that they belong to.

    Raises
    ------
    InputError
        When a label is missing, there are more or fewer than samples, or only one class.

    Examples
    --------
    >>> classes, codes = codes_of(["good", "bad", "good"], rows=3)
    >>> classes.tolist(), codes.tolist()
    (['bad', 'good'], [1, 0, 1])
    """
    given = labels_of(labels, rows)
    classes, codes = np.unique(given, return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            f"Classes to tell apart must be at least two; all {rows:,} labels are {classes.tolist()[0]!r}."
        )
    return classes, codes.astype(np.int64)


def labels_of(labels: Any, rows: int) -> Labels:
    """Return the labels as one array of numbers or of text.

    Raises
    ------
    InputError
        When a label is missing, or there are more or fewer than samples.
    """
    if isinstance(labels, str) or not hasattr(labels, "__iter__"):
        raise InputError(f"Labels come as a list, one a sample; got a {type(labels).__name__}. Put them in a list.")
    given = list(labels)
    if len(given) != rows:
        raise InputError(f"Each sample needs one label; got {rows:,} samples and {len(given):,} labels.")
    for row, label in enumerate(given):
        if _missing(label):
            raise InputError(f"Each sample needs a label; row {row} has {label!r}. Leave that row out, or label it.")
        if _kind(label) is None or _kind(label) != _kind(given[0]):
            raise InputError(
                f"Labels are all text, all whole numbers or all truth values; row {row} has {label!r}, a "
                f"{type(label).__name__}, and row 0 a {type(given[0]).__name__}. Make them one kind."
            )
    return np.array([str(label) if isinstance(label, str) else label for label in given])


def known_codes(labels: Any, rows: int, classes: Labels) -> Int[np.ndarray, "N"]:
    """Return the numbers of labels among classes that are known already.

    Raises
    ------
    InputError
        For a label that was not learnt, beside those of `labels_of`.

    Examples
    --------
    >>> known_codes([1, 0], 2, np.array([0, 1])).tolist()
    [1, 0]
    """
    given = labels_of(labels, rows)
    places = {label: code for code, label in enumerate(classes.tolist())}
    for row, label in enumerate(given.tolist()):
        if label not in places:
            known = ", ".join(repr(name) for name in list(places)[:8])
            raise InputError(f"A label must be one that was learnt, {known}; row {row} has {label!r}.")
    return np.array([places[label] for label in given.tolist()], dtype=np.int64)


def _missing(label: Any) -> bool:
    if isinstance(label, str):
        return not label.strip()
    if isinstance(label, float | np.floating):
        return bool(np.isnan(label))
    return label is None or type(label).__name__ == "NAType"


def _kind(label: Any) -> str | None:
    if isinstance(label, str):
        return "text"
    if isinstance(label, bool | np.bool_):
        return "truth"
    whole = isinstance(label, int | np.integer) or (
        isinstance(label, float | np.floating) and float(label).is_integer()
    )
    return "number" if whole else None
