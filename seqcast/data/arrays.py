"""The door of plain arrays: windows that the user has cut already, and what is asked of each.

A table with column names and times comes in by `read_panel`, which knows what to do with its gaps; here nothing is
guessed and nothing mended.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from seqcast.data.calendar import Frequency
from seqcast.data.panel import Panel
from seqcast.data.scale import Scaler, fit_scaler
from seqcast.errors import InputError
from seqcast.types import Columns

_BEYOND = 1e18  # times the spread of what was learnt: its square would leave single precision


def windows_of(value: Any) -> Float[np.ndarray, "N T X"]:
    """Return windows as a copy in float64: samples, steps of each, channels of a step.

    Parameters
    ----------
    value : array, nested sequence or CPU tensor (N, T, X)
        Whole or real numbers, every one of them known.

    Raises
    ------
    InputError
        For a table, another number of axes, an empty axis, what is no number, NaN or infinity.

    Examples
    --------
    >>> windows_of([[[1, 2], [3, 4], [5, 6]]]).shape
    (1, 3, 2)
    """
    windows = _numbers(value, "X")
    if windows.ndim != 3 or 0 in windows.shape:
        raise InputError(
            f"X must have three axes, samples × steps × channels, none of them empty; got shape {windows.shape}. "
            "One channel is X[..., None]."
        )
    wrong = ~np.isfinite(windows)
    if wrong.any():
        sample, step, channel = (int(index) for index in np.argwhere(wrong)[0])
        raise InputError(
            f"X must be finite; sample {sample}, step {step}, channel {channel} holds "
            f"{windows[sample, step, channel]}. "
            "Fill it in, or leave that sample out."
        )
    return windows


def targets_of(value: Any) -> Float[np.ndarray, "N K"]:
    """Return what is asked of each window as a copy in float64, one column a target; NaN where it is not known.

    Parameters
    ----------
    value : array, sequence or CPU tensor (N,) or (N, K)
        Whole or real numbers; NaN where a target is not known.

    Raises
    ------
    InputError
        For a table, another number of axes, an empty axis, what is no number, or infinity.

    Examples
    --------
    >>> targets_of([1, 2, 3]).tolist()
    [[1.0], [2.0], [3.0]]
    """
    targets = _numbers(value, "y")
    if targets.ndim not in (1, 2) or 0 in targets.shape:
        raise InputError(
            f"y must have one axis, samples, or two, samples × targets, none of them empty; got shape {targets.shape}."
        )
    table = targets.reshape(len(targets), -1)
    wrong = np.isinf(table)
    if wrong.any():
        sample, target = (int(index) for index in np.argwhere(wrong)[0])
        raise InputError(
            f"y must be finite, or NaN where it is not known; sample {sample}, target {target} holds "
            f"{table[sample, target]}. Make it NaN, or leave that sample out."
        )
    return table


def scaler_of_columns(values: Float[np.ndarray, "*rows V"], kind: str) -> Scaler:
    """Return a scaler of the last axis, learnt from all other axes as from the rows of one series.

    Raises
    ------
    ConfigError
        For an unknown kind.

    Examples
    --------
    >>> scaler = scaler_of_columns(np.array([[[0.0, 5.0], [4.0, 25.0]]]), "minmax")
    >>> scaler.loc.tolist(), scaler.scale.tolist()
    ([[0.0, 5.0]], [[4.0, 20.0]])
    """
    rows = np.array(values).reshape(-1, values.shape[-1])
    names = tuple(str(column) for column in range(rows.shape[1]))
    panel = Panel(
        columns=Columns(time=None, target=names),
        frequency=Frequency(unit="integer", precision="integer"),
        series=("windows",),
        offsets=np.array([0, len(rows)]),
        times=np.arange(len(rows)),
        values=rows,
        static=np.zeros((1, 0)),
    )
    return fit_scaler(panel, kind)


def scaled(scaler: Scaler, values: Float[np.ndarray, "*rows V"]) -> Float[np.ndarray, "*rows V"]:
    """Return the values scaled along their last axis; NaN stays NaN.

    Raises
    ------
    InputError
        When a value is so far from those that were learnt that single precision cannot hold its square.

    Examples
    --------
    >>> scaled(scaler_of_columns(np.array([[0.0], [4.0]]), "minmax"), np.array([[1.0]])).tolist()
    [[0.25]]
    """
    flat = values.reshape(-1, values.shape[-1])
    with np.errstate(over="ignore"):
        whole = scaler.apply(flat, np.zeros(len(flat), dtype=np.int64))
    beyond = np.abs(whole) > _BEYOND
    if beyond.any():
        row, column = (int(index) for index in np.argwhere(beyond)[0])
        raise InputError(
            f"A value must be of the size of those that trained; got {flat[row, column]} in column {column}, where "
            f"those were about {scaler.loc[0, column]} and spread over {scaler.scale[0, column]}. Look for a unit or a "
            "mark of missing values."
        )
    return whole.reshape(values.shape)


def _numbers(value: Any, name: str) -> Float[np.ndarray, "..."]:
    if hasattr(value, "columns"):
        raise InputError(
            f"{name} must be an array; got a table, {type(value).__module__.split('.')[0]}.{type(value).__name__}. "
            "seqcast.Forecaster reads tables; for a Regressor cut windows from it first, as an array."
        )
    if hasattr(value, "detach"):
        value = value.detach()
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(f"{name} must be an array whose rows are equally long; got a ragged sequence.") from error
    if array.dtype.kind not in "biuf":
        raise InputError(f"{name} must hold whole or real numbers; got {array.dtype}. Convert it first.")
    return np.array(array, dtype=np.float64)
