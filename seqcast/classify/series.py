"""The door of labelled series: windows cut already, or whole series of unequal length, of one or several channels."""

from typing import Any

import numpy as np
from jaxtyping import Float

from seqcast.data.arrays import scaled, scaler_of_columns
from seqcast.data.scale import Scaler
from seqcast.errors import InputError
from seqcast.sequences import Sequences


def series_of(value: Any) -> Sequences:
    """Return series as sequences of float64.

    Parameters
    ----------
    value : array (N, T, C) or (N, T), or a list of arrays (T,) or (T, C)
        Samples; in a list each may have its own number of steps.

    Raises
    ------
    InputError
        When a sample is empty or no numbers, holds NaN or infinity, or has other channels than the first.

    Examples
    --------
    >>> series_of([[1, 2, 3], [4, 5]]).lengths.tolist(), series_of(np.zeros((2, 5, 3))).values.shape
    ([3, 2], (10, 3))
    """
    if isinstance(value, np.ndarray) and value.ndim not in (2, 3):
        raise InputError(f"X must have two or three axes, samples × steps (× channels); got shape {value.shape}.")
    if not hasattr(value, "__len__") or isinstance(value, str):
        raise InputError(f"Series come as an array or a list of arrays; got a {type(value).__name__}.")
    parts = [_sample(row, sample) for row, sample in enumerate(value)]
    if not parts:
        raise InputError("Series must be at least one; got none.")
    for row, part in enumerate(parts):
        if part.shape[1] != parts[0].shape[1]:
            raise InputError(
                f"All samples must have the same channels; sample 0 has {parts[0].shape[1]}, sample {row} has "
                f"{part.shape[1]}."
            )
    return Sequences.of(parts)


def _sample(row: int, sample: Any) -> Float[np.ndarray, "T C"]:
    try:
        values = np.asarray(sample, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(
            f"Samples must be numbers; sample {row} is not. Give arrays (steps,) or (steps, channels)."
        ) from None
    if values.ndim not in (1, 2) or 0 in values.shape:
        raise InputError(
            f"A sample has steps, and perhaps channels, none of them zero; sample {row} has shape {values.shape}."
        )
    values = values.reshape(len(values), -1)
    wrong = ~np.isfinite(values)
    if wrong.any():
        step, channel = (int(place) for place in np.argwhere(wrong)[0])
        raise InputError(
            f"Samples must be finite; sample {row}, step {step}, channel {channel} holds {values[step, channel]}. "
            "Fill it in, or leave that sample out."
        )
    return values


def scaler_of_series(series: Sequences) -> Scaler:
    """Return a scaler of each channel, learnt from all steps of these series, which must be those that train.

    Raises
    ------
    InputError
        When no channel of them ever changes.
    """
    if not (np.ptp(series.values, axis=0) > 0).any():
        raise InputError("Some channel must change; all are constant in the samples that train.")
    return scaler_of_columns(series.values, "standard")


def scaled_series(scaler: Scaler, series: Sequences) -> Sequences:
    """Return series in units of the scaler.

    Raises
    ------
    InputError
        When a value lies beyond all measure of what was learnt.
    """
    return Sequences(scaled(scaler, series.values), series.offsets)
