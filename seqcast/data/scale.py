"""Scaling with what was known before a cutoff, and the way back."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from seqcast.data.panel import Panel
from seqcast.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Scaler:
    """Location and scale of every column of every series, and up to which row they were learnt.

    Parameters
    ----------
    loc, scale : float array (series, V)
        `scaled = (value - loc) / scale`; the scale is never 0.
    fitted_until : int array (series,)
        Rows of each series that were looked at.
    kind : str
        How they were learnt: `standard`, `minmax` or `robust`.

    Examples
    --------
    >>> scaler, series = Scaler(np.array([[10.0]]), np.array([[2.0]]), np.array([5])), np.array([0])
    >>> scaler.apply(np.array([[14.0]]), series).tolist(), scaler.inverse(np.array([[2.0]]), series).tolist()
    ([[2.0]], [[14.0]])
    """

    loc: Float[np.ndarray, "series V"]
    scale: Float[np.ndarray, "series V"]
    fitted_until: Int[np.ndarray, "series"]
    kind: str = "standard"

    def apply(self, values: Float[np.ndarray, "N V"], series: Int[np.ndarray, "N"]) -> Float[np.ndarray, "N V"]:
        """Return the values of rows that belong to `series`, scaled; NaN stays NaN."""
        return (values - self.loc[series]) / self.scale[series]

    def inverse(
        self, values: Float[np.ndarray, "N K *more"], series: Int[np.ndarray, "N"]
    ) -> Float[np.ndarray, "N K *more"]:
        """Return scaled values on the user's own scale again; NaN stays NaN.

        Parameters
        ----------
        values : float array (N, K, …)
            Of the first K columns, which are the targets where K is less than V; any further axes, such as steps of a
            horizon and quantiles, are of the same column.
        series : int array (N,)
            Which series each belongs to.
        """
        columns = values.shape[1]
        shape = (*values.shape[:2], *(1 for _ in values.shape[2:]))
        scale, loc = (each[series, :columns].reshape(shape) for each in (self.scale, self.loc))
        return values * scale + loc


def check_scaling(kind: str) -> None:
    """Refuse a kind of scaler that there is not.

    Raises
    ------
    ConfigError
        Names those that there are.
    """
    if kind not in _KINDS:
        raise ConfigError(f"The scaler must be one of {', '.join(_KINDS)}; got {kind!r}.")


def fit_scaler(panel: Panel, kind: str = "standard") -> Scaler:
    """Learn a scaler from every row of a panel that was cut by `Panel.before`.

    Parameters
    ----------
    panel : Panel
        Only rows known at the cutoff.
    kind : str
        `standard` (mean, standard deviation), `minmax` (least and largest value to exactly 0 and 1) or `robust`
        (median, interquartile range; the standard deviation where more than half of the values are one).

    Raises
    ------
    ConfigError
        For another kind.
    """
    check_scaling(kind)
    columns = panel.values.shape[1]
    loc, scale = np.zeros((len(panel), columns)), np.ones((len(panel), columns))
    for s, (low, high) in enumerate(zip(panel.offsets, panel.offsets[1:], strict=False)):
        for v in range(columns):
            column = panel.values[low:high, v]
            seen = column[~np.isnan(column)]
            if len(seen):
                loc[s, v], scale[s, v] = _location_and_scale(seen, kind)
    return Scaler(loc, scale, panel.rows, kind)


def _location_and_scale(seen: Float[np.ndarray, "T"], kind: str) -> tuple[float, float]:
    largest = float(np.abs(seen).max())
    # Squares of 1e150 and more would overflow. A power of two is divided by without rounding, so that the least value
    # of `minmax` is a value of the column to the last bit.
    unit = math.ldexp(1.0, min(max(math.frexp(largest)[1], -_EXPONENT), _EXPONENT))
    loc, scale = _KINDS[kind](seen / unit)
    if scale <= 1e-12:  # constant so far: a later change is then measured against the level
        return loc * unit, largest or 1.0
    return loc * unit, scale * unit


def _standard(seen: Float[np.ndarray, "T"]) -> tuple[float, float]:
    return float(seen.mean()), float(seen.std())


def _minmax(seen: Float[np.ndarray, "T"]) -> tuple[float, float]:
    return float(seen.min()), float(seen.max() - seen.min())


def _robust(seen: Float[np.ndarray, "T"]) -> tuple[float, float]:
    low, middle, high = np.quantile(seen, [0.25, 0.5, 0.75])
    return float(middle), float(high - low) or float(seen.std())


_KINDS = {"standard": _standard, "minmax": _minmax, "robust": _robust}
_EXPONENT = 1000  # below 2**-1000 numbers lose digits and their scale could become 0; above 2**1000 it could overflow
