"""What every statistical model needs around its fit: a clean history before, a sane forecast after.

The fit sees a history without holes, of mean zero and standard deviation one, no longer than it can afford. Where it
fails, or returns something that no forecaster could mean, the best of the naive methods answers, and the note says so.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from seqcast.forecasters.bootstrap import Errors, resampled
from seqcast.forecasters.gaussian import History, LocalForecast, gaussian
from seqcast.forecasters.naive import drift, naive, seasonal_naive
from seqcast.types import Task

FEWEST = 8
"""Observed values below which no model is fitted: AICc is not defined for the smallest of them."""

FIT_FAILURES = (ArithmeticError, LookupError, RuntimeError, ValueError)
"""What numeric libraries raise on data they cannot fit. Faults of our own, such as a TypeError, are not hidden."""

FILLED = "missing values were interpolated for the fit, never for the scores"


class FitFailedError(RuntimeError):
    """The model came back with something that no forecast can be made from."""


@dataclass(frozen=True, eq=False)
class Normal:
    """Mean and standard deviation of each step of a normal predictive distribution, and the errors that it stands for.

    Examples
    --------
    >>> Normal(np.zeros(3), np.ones(3)).note is None
    True
    """

    mean: Float[np.ndarray, "H"]
    sigma: Float[np.ndarray, "H"]
    note: str | None = None
    errors: Errors | None = None

    def checked(self) -> "Normal":
        """Return itself, or raise when a figure cannot be meant."""
        usable = np.isfinite(self.mean).all() and np.isfinite(self.sigma).all() and (self.sigma >= 0).all()
        # The history has standard deviation one; a mean a thousand of them away is an explosion, not a trend.
        if not usable or np.abs(self.mean).max() > 1e3 * len(self.mean):
            raise FitFailedError("the model's forecast is not finite or explodes")
        return self

    def seasoned(self, ahead: Float[np.ndarray, "H"], spent: float, *, multiplies: bool = False) -> "Normal":
        """Return the forecast with a season put back that was taken out of the history with `spent` parameters."""
        errors = replace(self.errors, spent=self.errors.spent + spent) if self.errors else None
        if not multiplies:
            return replace(self, mean=self.mean + ahead, errors=errors)
        times = errors.times(ahead) if errors else None
        return replace(self, mean=self.mean * ahead, sigma=self.sigma * np.abs(ahead), errors=times)


Fit = Callable[[History, int, int], Normal]
"""(history without holes, steps, season) → forecast."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a fit can take.

    Parameters
    ----------
    seasons, steps : int
        The history is cut to so many of its latest seasons, but not below `steps`.
    holes : bool
        Whether the model reads missing values as they are.
    level : bool
        Whether the level of the data matters, as it does to multiplicative models: then only the scale is removed.
    fewest : int
        Observed values it needs.

    Examples
    --------
    >>> Limits(seasons=28, steps=500).latest(season=24)
    672
    """

    seasons: int = 28
    steps: int = 500
    holes: bool = False
    level: bool = False
    fewest: int = FEWEST

    def latest(self, season: int) -> int:
        """Return how many of the latest rows are read; three seasons at least, whatever they cost."""
        return max(self.steps, min(self.seasons * season, 2000), 3 * season)


def guarded(fit: Fit, history: History, task: Task, limits: Limits) -> LocalForecast:
    """Return the forecast of `fit`, or that of the best naive method with a note that says why.

    Examples
    --------
    >>> guarded(lambda y, steps, season: Normal(y[:steps], y[:steps]), np.ones(3), Task(horizon=2), Limits()).note
    'fell back to naive: fewer than 8 observed values'
    """
    seen = np.flatnonzero(~np.isnan(history))
    if len(seen) < limits.fewest:
        return simplest(history, task).because(f"fewer than {limits.fewest} observed values")
    simple = simplest(history, task)
    if simple.exact:
        return simple.forecast.noted(f"the history continues itself exactly: {simple.name} was taken")
    trimmed = history[seen[0] : seen[-1] + 1][-limits.latest(task.season) :]
    if (~np.isnan(trimmed)).sum() < limits.fewest or np.nanmax(trimmed) == np.nanmin(trimmed):
        return simple.because("the latest part of the history is constant or missing")
    filled = trimmed if limits.holes else interpolated(trimmed)
    loc = 0.0 if limits.level else float(np.nanmean(filled))
    scale = float(np.nanmean(np.abs(filled)) if limits.level else np.nanstd(filled))
    tail = len(history) - 1 - int(seen[-1])
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            normal = fit((filled - loc) / scale, tail + task.horizon, task.season).checked()
    except FIT_FAILURES as failure:
        reason = str(failure) if isinstance(failure, FitFailedError) else f"the fit failed ({type(failure).__name__})"
        return simple.because(reason)
    note = FILLED if np.isnan(trimmed).any() and not limits.holes else None
    forecast = gaussian(loc + scale * normal.mean[tail:], scale * normal.sigma[tail:], task, normal.note).noted(note)
    forecast = resampled(forecast, normal.errors, task, scale)
    return forecast if forecast.finite else simple.because("the model's forecast is not finite")


@dataclass(frozen=True, eq=False)
class Simple:
    """A naive method that stands in for a model, and whether it explains the history without error."""

    name: str
    forecast: LocalForecast
    exact: bool

    def because(self, reason: str) -> LocalForecast:
        """Return its forecast with a note that says why it was taken."""
        return self.forecast.noted(f"fell back to {self.name}: {reason}")


def simplest(history: History, task: Task) -> Simple:
    """Return the naive method whose one-step interval is narrowest; naive itself for a short history.

    Examples
    --------
    >>> simplest(np.tile([1.0, 5.0, 2.0], 5), Task(horizon=2, season=3)).name
    'seasonal naive'
    """
    observed = history[~np.isnan(history)]
    methods = {"naive": naive}
    if len(observed) >= 4:
        methods["drift"] = drift
    if task.season > 1 and len(observed) >= 2 * task.season + 2:
        methods["seasonal naive"] = seasonal_naive
    one = replace(task, horizon=1, quantiles=(0.5, 0.841), spread="normal")
    width = {name: float(np.ptp(method(history, one).values)) for name, method in methods.items()}
    name = min(width, key=width.__getitem__)
    spread = float(np.std(observed)) if len(observed) else 0.0
    return Simple(name, methods[name](history, task), len(observed) >= FEWEST and width[name] <= 1e-9 * spread)


def level_matters(history: History) -> bool:
    """Return whether multiplicative models could differ from additive ones: all positive, and not nearly constant.

    Examples
    --------
    >>> level_matters(np.array([1.0, 2.0, 3.0])), level_matters(np.array([1e6, 1e6 + 1, 1e6 - 1]))
    (True, False)
    """
    seen = history[~np.isnan(history)]
    if not len(seen) or seen.min() <= 0:
        return False
    return bool(np.std(seen) > 0.02 * np.mean(seen))


def interpolated(history: History) -> History:
    """Return the history with straight lines across its holes; its ends are observed.

    Examples
    --------
    >>> interpolated(np.array([1.0, np.nan, 3.0])).tolist()
    [1.0, 2.0, 3.0]
    """
    seen = ~np.isnan(history)
    if seen.all():
        return history
    rows = np.arange(len(history))
    return np.interp(rows, rows[seen], history[seen])
