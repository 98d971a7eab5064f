"""The values that every floor speaks.

Axis letters are the same everywhere: B batch, C context steps, H horizon steps, P past, F future, S static channels,
K targets, Q quantiles, W width of a hidden vector, N rows or forecasts, V value columns, T steps.

Nothing here imports torch: reading a table or fitting a classical model must not cost its two seconds.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from seqcast.errors import ConfigError, nearest

SPREADS = ("normal", "bootstrap")
"""How the quantiles of a classical model come about: by normal errors, or by its own residuals drawn anew."""


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Which column plays which role; `past` are the features known up to the cutoff only.

    Parameters
    ----------
    time : str or None
        Column of the times; None when the rows of the table are only numbered.
    target : tuple of str
        The columns to forecast.
    series : str or None
        Column that names the series; None for a table of one series.
    past, known, static : tuple of str
        Features known up to the cutoff, known over the horizon too, and constant within a series.

    Examples
    --------
    >>> Columns(time="ds", target=("y",), known=("holiday",)).values
    ('y', 'holiday')
    """

    time: str | None
    target: tuple[str, ...]
    series: str | None = None
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[str, ...]:
        """Names of the value columns of a panel, in their order: targets, past, known."""
        return (*self.target, *self.past, *self.known)


@dataclass(frozen=True, kw_only=True)
class Dims:
    """All that a model knows of the data: the sizes of its inputs and outputs, and the cycle worth starting from.

    `season` is 1 where the last value forecasts better than the last cycle does.

    Examples
    --------
    >>> Dims(context=48, horizon=24, past=3, future=2, static=0, targets=1, quantiles=9).targets
    1
    """

    context: int
    horizon: int
    past: int
    future: int
    static: int
    targets: int
    quantiles: int
    season: int = 1


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is asked of every forecaster alike.

    Parameters
    ----------
    horizon : int
        Steps to forecast.
    quantiles : tuple of float
        Levels between 0 and 1, increasing.
    season : int
        Steps of the main seasonal cycle; 1 for none.
    spread : str
        How a classical model draws its quantiles: `normal`, or `bootstrap` from its own residuals.

    Examples
    --------
    >>> Task(horizon=24, season=24).quantiles[0]
    0.1
    """

    horizon: int
    quantiles: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
    season: int = 1
    spread: str = "normal"

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ConfigError(f"The horizon must be at least 1 step; got {self.horizon}.")
        if self.season < 1:
            raise ConfigError(f"The season must be at least 1 step; got {self.season}.")
        levels = self.quantiles
        ordered = all(low < high for low, high in zip(levels, levels[1:], strict=False))
        if not levels or not ordered or not 0 < levels[0] <= levels[-1] < 1:
            raise ConfigError(
                f"Quantiles must increase and lie between 0 and 1; got {list(levels)}. For example: 0.1,0.5,0.9"
            )
        if self.spread not in SPREADS:
            raise ConfigError(f"No spread named {self.spread!r}. {nearest(self.spread, SPREADS)}")


@dataclass(frozen=True, eq=False)
class Origins:
    """Where forecasts start: for each, the series and how many of its rows are known.

    Parameters
    ----------
    series : int array (N,)
        Index of the series in the panel.
    rows : int array (N,)
        Rows of that series that are known at the cutoff.
    fold : int array (N,)
        Number of the backtest window, 0 the earliest; all 0 for the forecast past the last row.

    Examples
    --------
    >>> len(Origins(np.array([0, 1]), np.array([100, 90]), np.array([0, 0])))
    2
    """

    series: Int[np.ndarray, "N"]
    rows: Int[np.ndarray, "N"]
    fold: Int[np.ndarray, "N"]

    def __len__(self) -> int:
        return len(self.series)

    def take(self, keep: np.ndarray) -> "Origins":
        """Return the origins that `keep` (indices or mask) selects."""
        return Origins(self.series[keep], self.rows[keep], self.fold[keep])


@dataclass(frozen=True, eq=False)
class Forecast:
    """Forecasts on the user's own scale, one for each origin. Quantiles never cross.

    Parameters
    ----------
    origins : Origins
        Where each of the N forecasts starts.
    quantiles : tuple of float
        The Q levels.
    mean : float array (N, H, K)
        Point forecast.
    values : float array (N, H, K, Q)
        Quantile forecasts, not decreasing along the last axis.

    Examples
    --------
    >>> origins = Origins(np.array([0]), np.array([100]), np.array([0]))
    >>> Forecast(origins, (0.5,), np.zeros((1, 24, 2)), np.zeros((1, 24, 2, 1))).median.shape
    (1, 24, 2)
    """

    origins: Origins
    quantiles: tuple[float, ...]
    mean: Float[np.ndarray, "N H K"]
    values: Float[np.ndarray, "N H K Q"]

    @property
    def median(self) -> Float[np.ndarray, "N H K"]:
        """The median where it was asked for, else the point forecast."""
        return self.values[..., self.quantiles.index(0.5)] if 0.5 in self.quantiles else self.mean

    def take(self, keep: np.ndarray) -> "Forecast":
        """Return the forecasts that `keep` (indices or mask) selects."""
        return Forecast(self.origins.take(keep), self.quantiles, self.mean[keep], self.values[keep])
