"""Forecasts whose quantiles were moved by what earlier forecasts got wrong, and the wrapper that moves them.

What is learnt is pure data: how far to move each quantile level, in units of the forecast's own width, so that series,
steps and models of different size speak one language and a forecast that is unsure is moved further than one that is
sure. `seqcast.evaluate.conformal` learns it; nothing here reads an actual value.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from seqcast.data.panel import Panel
from seqcast.forecasters.base import Fitted
from seqcast.train.progress import EpochRecord
from seqcast.types import Forecast, Origins

SMALLEST = 1e-3  # of a typical step of the series: a narrower interval is no unit to measure an error in


@dataclass(frozen=True, eq=False)
class Calibration:
    """How far each quantile level is moved, in units of the forecast's own width.

    Parameters
    ----------
    levels : float array (Q,)
        The quantile levels that it is for.
    shift : float array (series, H, K, Q)
        What is added to each level, in widths: see `unit_of`.
    pooled : float array (H, K, Q)
        The same for a series that was not among those it was learnt from.
    steps : float array (series, K)
        Mean absolute change from row to row, which stands in where a forecast has no width.
    residuals : int array (series, K)
        Errors that each shift was learnt from; 0 where nothing is moved.

    Examples
    --------
    >>> origins = Origins(np.array([0]), np.array([9]), np.array([0]))
    >>> forecast = Forecast(origins, (0.1, 0.9), np.full((1, 1, 1), 5.0), np.array([[[[4.0, 6.0]]]]))
    >>> half = np.array([[[-0.5, 0.5]]])
    >>> wider = Calibration(np.array([0.1, 0.9]), half[None], half, np.ones((1, 1)), np.full((1, 1), 40))
    >>> wider.apply(forecast).values.tolist()
    [[[[3.0, 7.0]]]]
    """

    levels: Float[np.ndarray, "Q"]
    shift: Float[np.ndarray, "series H K Q"]
    pooled: Float[np.ndarray, "H K Q"]
    steps: Float[np.ndarray, "series K"]
    residuals: Int[np.ndarray, "series K"]

    def apply(self, forecast: Forecast) -> Forecast:
        """Return the forecast with its quantiles moved; they never cross, mean and median stay.

        Raises
        ------
        ValueError
            When the forecast has other quantile levels.
        """
        if forecast.quantiles != tuple(self.levels.tolist()):
            raise ValueError(
                f"A calibration is for the levels it was learnt from, {self.levels.tolist()}; "
                f"the forecast has {list(forecast.quantiles)}. Calibrate anew for these."
            )
        series = forecast.origins.series
        return moved_by(forecast, self.shift[series], self.steps[series])

    def moved(self, panel: Panel, known: Panel) -> "Calibration":
        """Return the calibration for another panel; a series that `known` has keeps its own, a new one is pooled."""
        places = {name: s for s, name in enumerate(known.series)}
        steps = mean_steps(panel, panel.history)
        shift = np.repeat(self.pooled[None], len(panel), axis=0)
        residuals = np.zeros((len(panel), self.residuals.shape[1]), dtype=np.int64)
        for s, name in enumerate(panel.series):
            if name in places:
                shift[s], steps[s] = self.shift[places[name]], self.steps[places[name]]
                residuals[s] = self.residuals[places[name]]
        return replace(self, shift=shift, steps=steps, residuals=residuals)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as named arrays."""
        names = ("levels", "shift", "pooled", "steps", "residuals")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_arrays(cls, arrays: dict[str, Any]) -> "Calibration":
        """Return the calibration that `arrays` took apart."""
        return cls(**arrays)


@dataclass(frozen=True, eq=False)
class CalibratedFitted:
    """A fitted forecaster whose every forecast is calibrated; keeps the promise of `Fitted`.

    Parameters
    ----------
    inner : Fitted
        Makes the raw forecasts.
    calibration : Calibration
        Moves their quantiles.
    """

    inner: Fitted
    calibration: Calibration

    @property
    def notes(self) -> tuple[str, ...]:
        """What the inner forecaster wants to be known."""
        return self.inner.notes

    @property
    def records(self) -> tuple[EpochRecord, ...]:
        """What each epoch of training gave."""
        return self.inner.records

    @property
    def ending(self) -> str:
        """Why fitting ended."""
        return self.inner.ending

    def moved(self, panel: Panel, known: Panel) -> "CalibratedFitted":
        """Return the same for another panel, when `known` is the one it was fitted on."""
        return CalibratedFitted(self.inner.moved(panel, known), self.calibration.moved(panel, known))

    def predict(self, panel: Panel, origins: Origins) -> Forecast:
        """Return one calibrated forecast for each origin."""
        return self.calibration.apply(self.inner.predict(panel, origins))


def unit_of(values: Float[np.ndarray, "N H K Q"], steps: Float[np.ndarray, "N K"]) -> Float[np.ndarray, "N H K"]:
    """Return what errors of each forecast are measured in: its width, or a step of its series where it has none.

    Examples
    --------
    >>> unit_of(np.array([[[[4.0, 5.0, 8.0]], [[5.0, 5.0, 5.0]]]]), np.array([[2.0]])).tolist()
    [[[4.0], [2.0]]]
    """
    with np.errstate(over="ignore"):
        width = values[..., -1] - values[..., 0]
    step = steps[:, None, :]
    return np.where(width > SMALLEST * step, width, step)


def moved_by(forecast: Forecast, shift: Float[np.ndarray, "N H K Q"], steps: Float[np.ndarray, "N K"]) -> Forecast:
    """Return the forecast with `shift` widths added to its quantiles; the median, where there is one, stays.

    No quantile passes the median, and they are put in order. Where nothing is moved the bits stay, and so does a number
    that would leave the range of doubles.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        wanted = forecast.values + shift * unit_of(forecast.values, steps)[..., None]
    values = np.where(np.isfinite(wanted), wanted, forecast.values)
    if 0.5 in forecast.quantiles:
        levels, median = np.array(forecast.quantiles), forecast.median[..., None]
        values = np.where(levels < 0.5, np.minimum(values, median), np.maximum(values, median))
        values[..., levels == 0.5] = median
    return replace(forecast, values=np.sort(values, axis=-1))


def mean_steps(panel: Panel, rows: Int[np.ndarray, "series"]) -> Float[np.ndarray, "series K"]:
    """Return the mean absolute change from row to row among the first `rows` rows of each series; 0 if none is seen."""
    targets = len(panel.columns.target)
    found = np.zeros((len(panel), targets))
    for s, (low, known) in enumerate(zip(panel.offsets[:-1], rows, strict=True)):
        change = np.abs(np.diff(panel.targets[low : low + known], axis=0))
        seen = ~np.isnan(change)
        found[s] = np.where(seen, change, 0.0).sum(axis=0) / np.maximum(seen.sum(axis=0), 1)
    return found
