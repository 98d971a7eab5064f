"""Rows of the table of correctness: quantiles drawn from a model's own residuals."""

from functools import partial

import numpy as np
from scipy.stats import norm
from statsforecast.theta import forecast_theta, thetamodel
from statsmodels.tsa.arima_process import arma2ma
from statsmodels.tsa.statespace.sarimax import SARIMAX

from seqcast.forecasters.arima import given_arima
from seqcast.forecasters.bootstrap import quantile_function, shocks
from seqcast.forecasters.ets import Fitted, Form, futures
from seqcast.forecasters.gaussian import LocalFunction
from seqcast.forecasters.likelihood import predicted
from seqcast.forecasters.naive import drift, naive, seasonal_naive
from seqcast.forecasters.orders import ArimaOrder
from seqcast.forecasters.theta import errors_of_theta
from seqcast.types import Task
from tests.proofs.table import Proof

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
FORMS = tuple(
    Form(error=error, trend=trend, season=season, damped=damped)
    for error in "AM"
    for trend, damped in (("N", False), ("A", False), ("A", True))
    for season in "NAM"
    if error + season != "AM"
)
ARIMA = (
    ((1, 0, 0), (0, 0, 0, 0), (0.7, 1.3)),
    ((0, 1, 1), (0, 0, 0, 0), (-0.4, 0.8)),
    ((2, 1, 1), (0, 1, 1, 4), (0.5, -0.3, 0.3, -0.4, 2.0)),
    ((1, 2, 0), (1, 0, 0, 6), (0.4, 0.5, 1.0)),
)


def walk(rows: int = 80, seed: int = 0) -> np.ndarray:
    """Return a random walk with a season of 4, far above zero."""
    rng = np.random.default_rng(seed)
    return 60 + np.cumsum(rng.normal(size=rows)) + np.resize([3.0, -1.0, 1.0, -3.0], rows)


def psi_gap() -> float:
    """Return how far the errors of one unit shock are from the weights that statsmodels expands the polynomials to."""
    worst, steps = 0.0, 20
    for order, seasonal, parameters in ARIMA:
        (p, d, q), (P, D, _, season) = order, seasonal
        model = SARIMAX(walk(), order=order, seasonal_order=seasonal, use_exact_diffuse=d + D > 0)
        errors = predicted(model, np.array(parameters), steps).errors
        assert errors is not None
        ar, ma, sar, sma = np.split(np.array(parameters[:-1]), np.cumsum([p, q, P]))
        left = np.convolve(np.r_[1, -ar], _at_season(-sar, season))
        for lag in [1] * d + [season] * D:
            left = np.convolve(left, np.r_[1, np.zeros(lag - 1), -1])
        weights = arma2ma(left, np.convolve(np.r_[1, ma], _at_season(sma, season)), steps)
        unit = errors.ahead(np.eye(1, steps))[0]
        worst = max(worst, float(np.abs(unit / np.sqrt(parameters[-1]) - weights).max() / np.abs(weights).max()))
    return worst


def _at_season(terms: np.ndarray, season: int) -> np.ndarray:
    polynomial = np.zeros((1 + len(terms), max(season, 1)))
    polynomial[:, 0] = [1, *terms]
    return polynomial.ravel()


def arima_filter_gap() -> float:
    """Return how far the filter, run on over simulated paths, is from finding the shocks that made them."""
    history, steps, worst = walk(160), 12, 0.0
    drawn = np.random.default_rng(1).normal(size=(5, steps))
    for order, seasonal, parameters in ARIMA:
        model = SARIMAX(history, order=order, seasonal_order=seasonal, use_exact_diffuse=order[1] + seasonal[1] > 0)
        normal = predicted(model, np.array(parameters), steps)
        assert normal.errors is not None
        for path, sought in zip(normal.mean + normal.errors.ahead(drawn), drawn, strict=True):
            whole = np.append(history, path)
            again = SARIMAX(whole, order=order, seasonal_order=seasonal, use_exact_diffuse=model.use_exact_diffuse)
            found = again.filter(parameters).filter_results.forecasts_error[0, -steps:] / np.sqrt(parameters[-1])
            worst = max(worst, float(np.abs(found - sought).max()))
    return worst


def ets_filter_gap() -> float:
    """Return how far statsforecast's recursion, run on over simulated paths, is from finding the shocks again."""
    history, steps, worst = walk(), 9, 0.0
    for form in FORMS:
        season = 4 if form.season != "N" else 1
        first = [55.0] + [0.3] * (form.trend == "A")
        first += {"N": [], "A": [2.0, 1.0, -1.0], "M": [1.05, 1.02, 0.98]}[form.season]
        fitted = Fitted(form, season, np.array([*form.start, *first]), 0.0, 0.0)
        size = 0.03 if form.error == "M" else 1.0
        drawn = size * np.random.default_rng(2).normal(size=(4, steps))
        paths = futures(form, form.smoothing(fitted.point), fitted.run(history)[1][-1], season, drawn)
        for path, sought in zip(paths, drawn, strict=True):
            found = fitted.run(np.append(history, path))[0][-steps:]
            worst = max(worst, float(np.abs(found - sought).max() / size))
    return worst


def theta_filter_gap() -> float:
    """Return how far statsforecast's Theta recursion, run on over simulated paths, is from finding the shocks again."""
    history, steps, worst = walk(), 15, 0.0
    drawn = np.random.default_rng(3).normal(size=(4, steps))
    for alpha, line in ((0.2, 1.5), (0.6, 2.0), (0.95, 8.0)):
        fitted = partial(thetamodel, m=1, modeltype="DOTM", initial_smoothed=50.0, alpha=alpha, theta=line, nmse=3)
        mean = np.asarray(forecast_theta(fitted(history), steps)["mean"])
        for path, sought in zip(mean + errors_of_theta(alpha, line, len(history), drawn), drawn, strict=True):
            found = fitted(np.append(history, path))["residuals"][-steps:]
            worst = max(worst, float(np.abs(found - sought).max()))
    return worst


def normal_gap() -> float:
    """Return how far quantiles are from normal ones where errors are normal, in standard deviations of the step."""
    rng, worst = np.random.default_rng(4), 0.0
    for method, season in ((naive, 1), (drift, 1), (seasonal_naive, 4)):
        worst = max(worst, _gap_to_normal(method, np.cumsum(_normal(rng, 4000)), season))
    noise = _normal(rng, 500)
    smoothed = noise + 0.5 * np.r_[0.0, noise[:-1]]
    for order, values in (("ma(1)", smoothed), ("ar(1)", smoothed), ("arima(0,1,1)", np.cumsum(smoothed))):
        worst = max(worst, _gap_to_normal(partial(given_arima, order=ArimaOrder.parse(order)), values, 1))
    return worst


def _normal(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Return shuffled normal quantiles: a sample without the luck of one."""
    return rng.permutation(norm.ppf((np.arange(rows) + 0.5) / rows))


def _gap_to_normal(method: LocalFunction, history: np.ndarray, season: int) -> float:
    task = Task(horizon=6, season=season, quantiles=LEVELS)
    normal = method(history, task)
    drawn = method(history, Task(horizon=6, season=season, quantiles=LEVELS, spread="bootstrap"))
    sigma = (normal.values[:, -1] - normal.values[:, 0])[:, None] / (2 * 1.959964)
    return float((np.abs(drawn.values - normal.values) / sigma).max())


def one_step_gap() -> float:
    """Return how far the naive forecast's next quantiles are from the order statistics of its own moves."""
    history = np.cumsum(np.random.default_rng(5).exponential(size=1000) - 1)
    moves = np.diff(history)
    centred = (moves - moves.mean()) * np.sqrt(np.mean(moves**2)) / moves.std()
    truth = history[-1] + np.quantile(centred, LEVELS, method="weibull")
    drawn = naive(history, Task(horizon=1, quantiles=LEVELS, spread="bootstrap"))
    return float(np.abs(drawn.values[0] - truth).max() / moves.std())


def two_step_gap() -> float:
    """Return how far the naive forecast's quantiles two steps ahead are from those of all sums of two moves."""
    history = np.cumsum(np.random.default_rng(6).exponential(size=1000) - 1)
    moves = np.diff(history)
    centred = (moves - moves.mean()) * np.sqrt(np.mean(moves**2)) / moves.std()
    truth = history[-1] + np.quantile(np.add.outer(centred, centred), LEVELS)
    drawn = naive(history, Task(horizon=2, quantiles=LEVELS, spread="bootstrap"))
    return float(np.abs(drawn.values[1] - truth).max() / moves.std())


def next_rank_gap() -> float:
    """Return how far the share of new values below a quantile of 19 others is from its level: exact for any law."""
    levels, rng = np.arange(1, 20) / 20, np.random.default_rng(7)
    values = rng.exponential(size=(40_000, 20)) - 1
    below = [new[-1] < quantile_function(new[:-1], levels) for new in values]
    return float(np.abs(np.mean(below, axis=0) - levels).max())


def uneven_columns() -> float:
    """Return how many columns of shocks do not hold the same values as the first."""
    drawn = np.sort(shocks(np.random.default_rng(8).normal(size=50), 2, 30), axis=0)
    return float((drawn != drawn[:, :1]).any(axis=0).sum())


PROOFS: tuple[Proof, ...] = (
    Proof("Bootstrap: ARIMA, weights of shocks", "statsmodels' arma2ma", 1e-9, psi_gap),
    Proof("Bootstrap: ARIMA, shocks found again", "statsmodels' filter run on", 1e-6, arima_filter_gap),
    Proof("Bootstrap: all ETS forms, shocks found again", "statsforecast's recursion run on", 1e-9, ets_filter_gap),
    Proof("Bootstrap: Theta, shocks found again", "statsforecast's recursion run on", 1e-9, theta_filter_gap),
    Proof("Bootstrap: normal errors", "normal quantiles; standard deviations", 0.1, normal_gap),
    Proof("Bootstrap: naive, one step", "order statistics of the moves", 0.01, one_step_gap),
    Proof("Bootstrap: naive, two steps", "all sums of two moves", 0.1, two_step_gap),
    Proof("Bootstrap: a new value of 20", "exchangeability: rank / 20", 0.01, next_rank_gap),
    Proof("Bootstrap: every step draws the same values", "columns that differ", 0, uneven_columns),
)
