"""Exact maximum likelihood of an ARIMA model, or of a regression with ARIMA errors, with missing values integrated out.

The Kalman filter is that of statsmodels. A history without holes is differenced before, which is the same likelihood in
about half of the states. Otherwise the levels before the history are diffuse, exactly and not by a large variance, and
the observations that only fix these levels are not counted: the likelihood is that of what the differences say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float
from statsmodels.tsa.statespace.sarimax import SARIMAX
from statsmodels.tsa.statespace.tools import is_invertible

from seqcast.forecasters.bootstrap import Errors, Paths, convolved
from seqcast.forecasters.guard import FitFailedError, History, Normal
from seqcast.forecasters.orders import ArimaOrder
from seqcast.forecasters.regressors import Design

# The library's tolerances stop short of the maximum by a digit that R prints. The objective is per observation.
_TOLERANCES = {"maxiter": 300, "pgtol": 1e-7, "factr": 1e3}


@dataclass(frozen=True, eq=False)
class Estimate:
    """Maximum-likelihood parameters, and the model of the levels that they belong to.

    Parameters
    ----------
    model : SARIMAX
        In levels: it forecasts.
    parameters : float array
        In the order of the model: the mean (where nothing is differenced), regressors, ar, ma, seasonal ar, seasonal
        ma, and the variance.
    log_likelihood : float
        At these parameters.
    used : int
        Observations that it counts: those observed, less one for each difference.
    """

    model: SARIMAX
    parameters: Float[np.ndarray, "parameters"]
    log_likelihood: float
    used: int

    @property
    def aicc(self) -> float:
        """Akaike's criterion, corrected for the length; the variance counts as a parameter."""
        count = len(self.parameters)
        return -2 * self.log_likelihood + 2 * count * self.used / max(self.used - count - 1, 1)

    def forecast(self, steps: int, ahead: Float[np.ndarray, "H X"] | None = None) -> Normal:
        """Return the forecast of the next steps, over which the regressors are `ahead`."""
        return predicted(self.model, self.parameters, steps, ahead)


def predicted(
    model: SARIMAX,
    parameters: Float[np.ndarray, "parameters"],
    steps: int,
    ahead: Float[np.ndarray, "H X"] | None = None,
) -> Normal:
    """Return the forecast of a model with these parameters.

    Raises
    ------
    FitFailedError
        When the parameters cannot be meant.
    """
    if not np.isfinite(parameters).all() or parameters[-1] <= 0:
        raise FitFailedError("the estimates are not finite, or its variance is zero")
    width = 0 if ahead is None else ahead.shape[1]
    found = model.filter(parameters)
    forecast = found.get_forecast(steps, exog=_columns(steps, ahead, mean=model.k_exog > width))
    mean, sigma = np.asarray(forecast.predicted_mean), np.asarray(forecast.se_mean)
    errors = Errors(standardised(found), len(parameters) - 1, steps, partial(_errors, model, parameters, sigma))
    return Normal(mean, sigma, errors=errors)


def standardised(found: Any) -> History:
    """Return the one-step errors of a filtered model over their standard deviations.

    NaN where nothing was observed, and where an observation only fixed what the levels before the history were.
    """
    filtered = found.filter_results
    known = ~np.isnan(found.model.endog[:, 0])
    if filtered.forecasts_error_diffuse_cov is not None:
        known &= filtered.forecasts_error_diffuse_cov[0, 0] <= 0
    return np.where(known, filtered.forecasts_error[0] / np.sqrt(filtered.forecasts_error_cov[0, 0]), np.nan)


def _errors(
    model: SARIMAX, parameters: Float[np.ndarray, "parameters"], sigma: Float[np.ndarray, "H"], shocks: Paths
) -> Paths:
    responses: Any = model.impulse_responses  # its stubs take it for a value
    weights = np.asarray(responses(parameters, len(sigma) - 1), dtype=np.float64).reshape(len(sigma))
    # Next to a hole the filter knows less than the weights assume: each step is held to the spread that it has.
    return convolved(shocks, weights) * (sigma / np.sqrt(np.cumsum(weights**2)))


def estimate(
    history: History,
    order: ArimaOrder,
    season: int,
    design: Design | None = None,
    start: Sequence[float] | None = None,
) -> Estimate:
    """Return the maximum-likelihood estimate on a history of standard deviation about one.

    Parameters
    ----------
    history : float array (T,)
        NaN where missing.
    order : ArimaOrder
        A seasonal part is left out where the season is a single step.
    season : int
        Steps of the season.
    design : Design or None
        Regressors; rows of the history in which one of them is missing count as missing.
    start : sequence of float or None
        Where to begin the search for ar, ma, seasonal ar and seasonal ma; taken where it is stationary and invertible.

    Raises
    ------
    FitFailedError
        When there are too few observed values for the parameters.

    Examples
    --------
    >>> found = estimate(np.random.default_rng(0).normal(size=50), ArimaOrder(p=1), 1)
    >>> found.parameters.shape, found.used
    ((3,), 50)
    """
    order = order.at(season)
    columns = _columns(len(history), None if design is None else design.values[: len(history)], mean=order.has_mean)
    width = 0 if columns is None else columns.shape[1]
    values = history.copy()
    if columns is not None:
        values[np.isnan(columns).any(axis=1)] = np.nan
        columns = np.nan_to_num(columns)
    spent = order.d + season * order.D + order.p + order.q + order.P + order.Q + width
    if (~np.isnan(values)).sum() < spent + 3:
        raise FitFailedError("too few observed values for these orders")
    differenced = not order.has_mean
    whole = differenced and not np.isnan(values).any()
    model = partial(
        SARIMAX,
        exog=columns,
        order=(order.p, order.d, order.q),
        seasonal_order=(order.P, order.D, order.Q, season) if order.seasonal else (0, 0, 0, 0),
    )
    searched = model(
        values, simple_differencing=whole, use_exact_diffuse=differenced and not whole, concentrate_scale=True
    )
    begin = None
    if start is not None and _admissible(start, order):
        begin = np.append(searched.start_params[:width], start)
    # With the variance concentrated out, a random walk has nothing left to search for.
    found = searched.fit(begin, disp=False, **_TOLERANCES) if searched.k_params else searched.filter([])
    counted = ~np.isnan(searched.endog[:, 0])
    if differenced and not whole:
        counted &= np.asarray(found.filter_results.forecasts_error_diffuse_cov)[0, 0] <= 0
    return Estimate(
        model=model(values, use_exact_diffuse=differenced),
        parameters=np.append(np.asarray(found.params), found.scale),
        log_likelihood=float(np.sum(np.asarray(found.llf_obs)[counted])),
        used=int(counted.sum()),
    )


def _columns(rows: int, regressors: Float[np.ndarray, "T X"] | None, *, mean: bool) -> np.ndarray | None:
    """Return the constant, where there is a mean, and the regressors; None where there are none."""
    parts = [np.ones((rows, 1))] if mean else []
    parts += [regressors] if regressors is not None and regressors.shape[1] else []
    return np.column_stack(parts) if parts else None


def _admissible(terms: Sequence[float], order: ArimaOrder) -> bool:
    """Return whether each of the four polynomials is stationary or invertible."""
    blocks = np.split(np.asarray(terms, dtype=np.float64), np.cumsum([order.p, order.q, order.P]))
    signs = (-1, 1, -1, 1)
    pairs = zip(signs, blocks, strict=True)
    return all(is_invertible(np.append(1.0, sign * block)) for sign, block in pairs if len(block))
