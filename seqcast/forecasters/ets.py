"""Exponential smoothing: error, trend and season chosen by AICc.

The recursions are those of statsforecast, which run compiled; the optimisation is ours. Its own stops after a fixed
number of steps of Nelder and Mead, well short of the maximum once there are seasonal states: on the airline passengers
it ranks a model without a trend first. `bench/LOG.md` has the figures.

Variances after Hyndman, Koehler, Ord & Snyder, Forecasting with Exponential Smoothing (2008), chapter 6: exact for
additive seasons, to first order where the season multiplies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.optimize import minimize
from statsforecast.ets import initstate, pegelsfcast_C, pegelsresid_C

from seqcast.forecasters.bootstrap import Errors, Paths
from seqcast.forecasters.gaussian import History, LocalForecast
from seqcast.forecasters.guard import FitFailedError, Limits, Normal, guarded, level_matters
from seqcast.forecasters.season import on_remainder
from seqcast.types import Task

LONGEST_SEASON = 12
"""A longer season is taken out by STL first: each of its positions would be one more state to optimise."""

REFINED = 5
"""Forms whose initial states are optimised too; the others are judged by states that regression gives."""

_WORST = 1e9

Vector = Float[np.ndarray, "parameters"]


@dataclass(frozen=True, kw_only=True)
class Form:
    """Kinds of error, trend and season: additive, multiplicative or none.

    Examples
    --------
    >>> Form(error="A", trend="A", season="M", damped=True).name
    'AAMD'
    """

    error: str
    trend: str
    season: str
    damped: bool

    @property
    def name(self) -> str:
        """The four letters of statsforecast."""
        return self.error + self.trend + self.season + ("D" if self.damped else "N")

    @cached_property
    def start(self) -> list[float]:
        """First values of alpha, beta / alpha, gamma / (1 - alpha) and phi, as far as the form has them."""
        return [0.3, *[0.1] * (self.trend == "A"), *[0.1] * (self.season != "N"), *[0.95] * self.damped]

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """The usual region of those values."""
        return [(1e-4, 0.9999)] * (len(self.start) - self.damped) + [(0.8, 0.98)] * self.damped

    def smoothing(self, point: Vector) -> tuple[float, float, float, float]:
        """Return alpha, beta, gamma and phi; 0 for those the form has not, phi 1."""
        values = iter(point[: len(self.start)].tolist())
        alpha = next(values)
        beta = alpha * next(values) if self.trend == "A" else 0.0
        gamma = (1 - alpha) * next(values) if self.season != "N" else 0.0
        return alpha, beta, gamma, next(values) if self.damped else 1.0


@dataclass(frozen=True, eq=False)
class Fitted:
    """An ETS model at its parameters.

    Parameters
    ----------
    point : float array (parameters,)
        Smoothing parameters as `Form.start` orders them, then the initial states; the last season is implied.
    """

    form: Form
    season: int
    point: Vector
    likelihood: float
    aicc: float

    def run(self, history: History) -> tuple[Float[np.ndarray, "T"], Float[np.ndarray, "rows states"]]:
        """Return the errors and the states that the model goes through."""
        return _recursion(history, self.form, self.season, self.point)[:2]


def ets(history: History, task: Task) -> LocalForecast:
    """Forecast by exponential smoothing; error, trend and season chosen by AICc.

    Multiplicative ones are tried when every value is positive and they could differ from additive ones.

    Examples
    --------
    >>> line = np.arange(40.0) + np.resize([0.0, 0.3, -0.2], 40)
    >>> ets(line, Task(horizon=2)).mean.round().tolist()
    [40.0, 41.0]
    """
    return guarded(_ets, history, task, Limits(level=level_matters(history)))


def _ets(history: History, steps: int, season: int) -> Normal:
    if season > LONGEST_SEASON:
        return on_remainder(_ets, history, steps, season)
    season = season if len(history) >= 2 * season + 2 else 1
    tried = [_optimised(history, form, season, full=False) for form in _forms(history, season)]
    tried = sorted((fit for fit in tried if np.isfinite(fit.aicc)), key=lambda fit: fit.aicc)
    refined = [_optimised(history, fit.form, season, full=True, start=fit.point) for fit in tried[:REFINED]]
    if not refined:
        raise FitFailedError("no ETS model could be fitted")
    best = min(refined, key=lambda fit: fit.aicc)
    errors, states = best.run(history)
    parameters = len(best.point) + 1
    variance = float(errors @ errors) / (len(history) - parameters)
    alpha, beta, gamma, phi = best.form.smoothing(best.point)
    period = season if best.form.season != "N" else 1
    model = {"components": best.form.name, "par": [alpha, beta, gamma, phi], "m": period, "states": states}
    mean = pegelsfcast_C(steps, model)
    way = partial(_beside, best, states[-1], period, mean)
    return Normal(mean, ets_sigma({**model, "sigma2": variance}, mean), errors=Errors(errors, parameters, steps, way))


def _beside(fitted: Fitted, state: Vector, season: int, mean: Float[np.ndarray, "H"], shocks: Paths) -> Paths:
    return futures(fitted.form, fitted.form.smoothing(fitted.point), state, season, shocks) - mean


def _forms(history: History, season: int) -> list[Form]:
    positive = bool(history.min() > 0)
    seasons = "N" if season == 1 else "NAM" if positive else "NA"
    forms = [
        Form(error=error, trend=trend, season=shape, damped=damped)
        for error, trend, shape, damped in product("AM" if positive else "A", "NA", seasons, (False, True))
    ]
    # Additive errors on a multiplicative season have no finite variance.
    return [f for f in forms if not (f.damped and f.trend == "N") and f.error + f.season != "AM"]


def _optimised(history: History, form: Form, season: int, *, full: bool, start: Vector | None = None) -> Fitted:
    """Return the form at its maximum likelihood: over all parameters, or over the smoothing ones alone."""
    if start is None:
        start = np.array([*form.start, *initstate(history, season, form.trend, form.season)], dtype=np.float64)
    free = len(start) if full else len(form.start)
    held = start[free:]

    def objective(point: Vector) -> float:
        return _recursion(history, form, season, np.concatenate([point, held]))[2]

    bounds = [*form.bounds, *[(None, None)] * (free - len(form.start))]
    found = minimize(objective, start[:free], method="L-BFGS-B", bounds=bounds, options={"maxiter": 100})
    count, parameters = len(history), len(start) + 1
    room = count - parameters - 1
    aicc = found.fun + 2 * parameters * count / room if room > 0 and found.fun < _WORST else np.inf
    return Fitted(form, season, np.concatenate([found.x, held]), float(found.fun), float(aicc))


def _recursion(history: History, form: Form, season: int, point: Vector) -> tuple[np.ndarray, np.ndarray, float]:
    """Return one-step errors, states, and minus twice the log-likelihood; a very large one where there is none."""
    states = point[len(form.start) :]
    if form.season != "N":
        first = 1 + (form.trend == "A")
        # Additive seasons sum to nothing, multiplicative ones to their number.
        states = np.append(states, season * (form.season == "M") - states[first:].sum())
    alpha, beta, gamma, phi = form.smoothing(point)
    period = season if form.season != "N" else 1
    _, errors, path, value = pegelsresid_C(
        history, period, states, form.error, form.trend, form.season, form.damped, alpha, beta, gamma, phi, 1
    )
    return errors, path, float(value) if np.isfinite(value) and value > -_WORST else _WORST


def futures(
    form: Form, smoothing: tuple[float, float, float, float], state: Vector, season: int, shocks: Paths
) -> Paths:
    """Return the paths that an ETS model takes from a state by these shocks.

    Parameters
    ----------
    form : Form
        Its kinds of error, trend and season.
    smoothing : tuple of float
        Alpha, beta, gamma and phi.
    state : float array (states,)
        Level, slope where there is a trend, and the seasonal states, the latest first.
    season : int
        Number of seasonal states; 1 where there are none.
    shocks : float array (N, H)
        One-step errors; relative ones where they multiply.

    Examples
    --------
    >>> walk = Form(error="A", trend="N", season="N", damped=False)
    >>> futures(walk, (1.0, 0.0, 0.0, 1.0), np.array([5.0]), 1, np.ones((1, 3))).tolist()
    [[6.0, 7.0, 8.0]]
    """
    alpha, beta, gamma, phi = smoothing
    trend, multiplies = form.trend == "A", form.season == "M"
    level, slope = np.full(len(shocks), state[0]), np.full(len(shocks), state[1] if trend else 0.0)
    seasons = list(state[-season:][::-1]) if form.season != "N" else [0.0]
    paths = np.empty_like(shocks)
    for step, shock in enumerate(shocks.T):
        base, pattern = level + phi * slope, seasons[step]
        mean = base * pattern if multiplies else base + pattern
        # Data for which errors multiply are positive: what comes is nothing at the least.
        error = mean * np.maximum(shock, -1.0) if form.error == "M" else shock
        paths[:, step] = mean + error
        own = base * np.maximum(shock, -1.0) if multiplies else error
        level, slope = base + alpha * own, phi * slope + beta * own
        seasons.append(pattern * (1 + gamma * np.maximum(shock, -1.0)) if multiplies else pattern + gamma * error)
    return paths


def ets_sigma(model: Mapping[str, Any], mean: Float[np.ndarray, "H"]) -> Float[np.ndarray, "H"]:
    """Return the standard deviation of each step of an ETS model.

    Parameters
    ----------
    model : mapping
        `components` such as AAMD, `par` (alpha, beta, gamma, phi), the error variance `sigma2`, the season `m`, and
        for a multiplicative season `states`, whose last row ends in the factors, the latest first.
    mean : float array (H,)
        Its forecast.

    Examples
    --------
    >>> walk = {"components": "ANNN", "par": [1.0, 0.0, 0.0, 1.0], "sigma2": 4.0, "m": 1}
    >>> ets_sigma(walk, np.zeros(4)).round(2).tolist()
    [2.0, 2.83, 3.46, 4.0]
    """
    error, _, shape, _ = model["components"]
    alpha, beta, gamma, phi = model["par"]
    lags = np.arange(1, len(mean))
    effect = alpha + beta * np.cumsum(phi**lags) + gamma * (lags % model["m"] == 0)
    variance = float(model["sigma2"])
    if error == "A":
        return np.sqrt(variance * np.concatenate([[1.0], 1 + np.cumsum(effect**2)]))
    pattern = np.resize(np.asarray(model["states"])[-1, -model["m"] :][::-1], len(mean)) if shape == "M" else 1.0
    rest = mean / pattern
    second = np.empty(len(mean))
    for step in range(len(mean)):
        second[step] = rest[step] ** 2 + variance * (effect[:step] ** 2 @ second[:step][::-1])
    return np.abs(pattern) * np.sqrt(np.maximum(second * (1 + variance) - rest**2, 0.0))
