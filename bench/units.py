"""What a model of a panel is shown instead of the plain values, and the way back to them.

Logs make changes of equal share equal; a season that Naive2 finds may be divided out first. Both are monotone for each
step, so that the median of what is said stays the median of the values. Dividing a series by its level alone is not
offered: the library's own scaler takes level and spread out of each series, so that it would change nothing.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from bench.competition import seasonal_indices

_FLOOR = 0.01  # of the mean size of a series: what its least value becomes before logs, where that is not above zero

UNITS = {"plain": (False, False), "log": (True, False), "adjust": (False, True), "log-adjust": (True, True)}
"""Name to whether logs are taken, and whether the season is divided out."""

Histories = tuple[Float[np.ndarray, "T"], ...]


@dataclass(frozen=True, eq=False)
class Shown:
    """Histories as a model sees them.

    Parameters
    ----------
    histories : tuple of float arrays (T,)
        In the units of the model.
    ahead : float array (N, H)
        The season that each step of the horizon is multiplied with on the way back.
    shift : float array (N,) or None
        What was added before logs; None where none were taken.
    """

    histories: Histories
    ahead: Float[np.ndarray, "N H"]
    shift: Float[np.ndarray, "N"] | None

    def values(self, forecast: Float[np.ndarray, "N H"]) -> Float[np.ndarray, "N H"]:
        """Return a forecast in the units of the series."""
        if self.shift is not None:
            forecast = np.exp(forecast) - self.shift[:, None]
        return forecast * self.ahead


@dataclass(frozen=True)
class Units:
    """Which units a model is to see.

    Parameters
    ----------
    log : bool
        Logs; a series with zeros or less is first raised above them.
    adjust : bool
        Without the season that Naive2 finds.
    season : int
        Of that.

    Examples
    --------
    >>> Units.named("log-adjust", season=12)
    Units(log=True, adjust=True, season=12)
    >>> shown = Units(log=True).of((np.array([1.0, 1.0, 1.0]),), horizon=2)
    >>> shown.histories[0].tolist(), shown.values(np.zeros((1, 2))).tolist()
    ([0.0, 0.0, 0.0], [[1.0, 1.0]])
    """

    log: bool = False
    adjust: bool = False
    season: int = 1

    @classmethod
    def named(cls, name: str, season: int) -> "Units":
        """Return the units of a name in `UNITS`."""
        return cls(*UNITS[name], season)

    def of(self, histories: Histories, horizon: int) -> Shown:
        """Return the histories in these units."""
        ahead = np.ones((len(histories), horizon))
        if self.adjust:
            indices = [seasonal_indices(rows, self.season) for rows in histories]
            ahead = np.stack(
                [
                    np.take(each, len(rows) + np.arange(horizon), mode="wrap")
                    for each, rows in zip(indices, histories, strict=True)
                ]
            )
            histories = tuple(rows / np.resize(each, len(rows)) for each, rows in zip(indices, histories, strict=True))
        if not self.log:
            return Shown(histories, ahead, None)
        shift = np.array([_shift(rows) for rows in histories])
        return Shown(tuple(np.log(rows + add) for rows, add in zip(histories, shift, strict=True)), ahead, shift)


def _shift(rows: Float[np.ndarray, "T"]) -> float:
    least = float(rows.min())
    return 0.0 if least > 0 else _FLOOR * (float(np.abs(rows).mean()) or 1.0) - least


def best_cycle(histories: Histories, horizon: int, cycles: tuple[int, ...]) -> int:
    """Return the cycle whose last round forecasts the known rows best; one longer than half of a history is not taken.

    Parameters
    ----------
    histories : tuple of float arrays (T,)
        Only rows that are known.
    horizon : int
        Steps to forecast: a cycle shorter than that is repeated.
    cycles : tuple of int
        Steps of each; the first is the one to stay with where rows are few.

    Examples
    --------
    >>> week = np.resize([5.0, 5.0, 6.0, 6.0, 5.0, 1.0, 1.0], 70)
    >>> best_cycle((week,), 3, (1, 7)), best_cycle((np.arange(70.0),), 3, (1, 7))
    (7, 1)
    """
    first, *others = cycles
    kept = [first, *(cycle for cycle in others if np.median([len(rows) for rows in histories]) >= 2 * cycle + horizon)]
    errors = {cycle: 0.0 for cycle in kept}
    for rows in histories:
        if len(rows) < 2 * max(kept) + horizon:
            continue
        size = float(np.abs(rows - rows.mean()).mean()) or 1.0
        for cycle in kept:
            errors[cycle] += _error_of_last(rows, horizon, cycle) / size
    return min(errors, key=errors.__getitem__)


def _error_of_last(rows: Float[np.ndarray, "T"], horizon: int, cycle: int) -> float:
    lags = [cycle * -(-step // cycle) for step in range(1, horizon + 1)]
    return float(np.mean([np.abs(rows[lag:] - rows[:-lag]).mean() for lag in lags]))
