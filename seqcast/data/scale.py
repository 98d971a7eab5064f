"""Scaling with what was known before a cutoff, and the way back."""

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

    Examples
    --------
    >>> scaler = Scaler(np.array([[10.0]]), np.array([[2.0]]), np.array([5]))
    >>> scaler.apply(np.array([[14.0]]), np.array([0])).tolist()
    [[2.0]]
    """

    loc: Float[np.ndarray, "series V"]
    scale: Float[np.ndarray, "series V"]
    fitted_until: Int[np.ndarray, "series"]

    def apply(self, values: Float[np.ndarray, "N V"], series: Int[np.ndarray, "N"]) -> Float[np.ndarray, "N V"]:
        """Return the values of rows that belong to `series`, scaled."""
        return (values - self.loc[series]) / self.scale[series]


def fit_scaler(panel: Panel, kind: str = "standard") -> Scaler:
    """Learn a scaler from every row of a panel that was cut by `Panel.before`.

    Parameters
    ----------
    panel : Panel
        Only rows known at the cutoff.
    kind : str
        `standard` (mean, standard deviation), `minmax` (to 0 … 1) or `robust` (median, interquartile range).

    Raises
    ------
    ConfigError
        For another kind.
    """
    if kind not in _KINDS:
        raise ConfigError(f"The scaler must be one of {', '.join(_KINDS)}; got {kind!r}.")
    columns = panel.values.shape[1]
    loc, scale = np.zeros((len(panel), columns)), np.ones((len(panel), columns))
    for s, (low, high) in enumerate(zip(panel.offsets, panel.offsets[1:], strict=False)):
        for v in range(columns):
            column = panel.values[low:high, v]
            seen = column[~np.isnan(column)]
            if len(seen):
                loc[s, v], scale[s, v] = _location_and_scale(seen, kind)
    return Scaler(loc, scale, panel.rows)


def _location_and_scale(seen: Float[np.ndarray, "T"], kind: str) -> tuple[float, float]:
    largest = float(np.abs(seen).max()) or 1.0  # squares of 1e150 and more would overflow
    loc, scale = _KINDS[kind](seen / largest)
    if scale <= 1e-12:  # constant so far: a later change is then measured against the level
        return loc * largest, largest
    return loc * largest, scale * largest


def _standard(seen: Float[np.ndarray, "T"]) -> tuple[float, float]:
    return float(seen.mean()), float(seen.std())


def _minmax(seen: Float[np.ndarray, "T"]) -> tuple[float, float]:
    return float(seen.min()), float(seen.max() - seen.min())


def _robust(seen: Float[np.ndarray, "T"]) -> tuple[float, float]:
    low, middle, high = np.quantile(seen, [0.25, 0.5, 0.75])
    return float(middle), float(high - low) or float(seen.std())


_KINDS = {"standard": _standard, "minmax": _minmax, "robust": _robust}
