"""An ARIMA model fitted to one history, as a statistics package prints it: on the user's own scale, for reading.

The estimates are those that the forecasters `arima(p,d,q)` and `arimax(p,d,q)` forecast with.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from seqcast.errors import ColumnError, HistoryError
from seqcast.forecasters.guard import FIT_FAILURES, History
from seqcast.forecasters.likelihood import Estimate, estimate
from seqcast.forecasters.orders import ArimaOrder
from seqcast.forecasters.regressors import Design, Known, design


@dataclass(frozen=True, eq=False)
class ArimaFit:
    """Exact maximum-likelihood estimates of an ARIMA model, in the convention of R's `arima`.

    Where nothing is differenced, `intercept` is the mean of the series, or of what the regressors leave. A moving
    average is written with plus signs.

    Parameters
    ----------
    order : ArimaOrder
        The orders, without a seasonal part where the season is a single step.
    season : int
        Steps of the season.
    names : tuple of str
        `ar1` …, `ma1` …, `sar1` …, `sma1` …, `intercept`, then the regressors.
    coefficients, standard_errors : float array (parameters,)
        One for each name. The errors come from the curvature of the log-likelihood; NaN where it has none.
    variance : float
        Of the innovations, by maximum likelihood: the sum of squares over the number of observations.
    log_likelihood : float
        Of the history; where it is differenced, of its differences.
    used : int
        Observations that the likelihood counts.
    """

    order: ArimaOrder
    season: int
    names: tuple[str, ...]
    coefficients: Float[np.ndarray, "parameters"]
    standard_errors: Float[np.ndarray, "parameters"]
    variance: float
    log_likelihood: float
    used: int

    @property
    def aic(self) -> float:
        """Akaike's criterion; the variance counts as a parameter."""
        return -2 * self.log_likelihood + 2 * (len(self.names) + 1)

    def __str__(self) -> str:
        """Return the estimates, one a line with its standard error, and how well they fit."""
        rows = zip(self.names, self.coefficients, self.standard_errors, strict=True)
        lines = [f"{name:>12} {value:12.4f}  (s.e. {error:.4f})" for name, value, error in rows]
        fit = f"variance {self.variance:.4g}, log likelihood {self.log_likelihood:.2f}, AIC {self.aic:.2f}"
        return "\n".join([self.order.name, *lines, fit])


def fit_arima(
    history: History,
    order: ArimaOrder | str,
    season: int = 1,
    regressors: Mapping[str, Float[np.ndarray, "rows"]] | None = None,
) -> ArimaFit:
    """Fit an ARIMA model, or a regression with ARIMA errors, by exact maximum likelihood.

    Parameters
    ----------
    history : float array (T,)
        NaN where missing: missing values are integrated out, not filled.
    order : ArimaOrder or str
        The orders, or their name such as `ar(3)` or `arima(0,1,1)(0,1,1)`.
    season : int
        Steps of the season.
    regressors : mapping of str to float array (T,), optional
        Columns that the mean depends on. A row in which one is missing counts as missing.

    Raises
    ------
    HistoryError
        When the history is too short for the orders, constant, or cannot be fitted.
    ColumnError
        When a regressor is of another length, or is constant or a sum of others, so that it has no coefficient.

    Examples
    --------
    >>> steps = np.arange(60.0)
    >>> noise = np.random.default_rng(0).normal(size=60)
    >>> print(fit_arima(5 + 0.5 * steps + noise, "ar(1)", regressors={"trend": steps}))
    arima(1,0,0)
             ar1       0.2246  (s.e. 0.1263)
       intercept       4.8196  (s.e. 0.2798)
           trend       0.5086  (s.e. 0.0082)
    variance 0.7401, log likelihood -76.13, AIC 160.26
    """
    order = (ArimaOrder.parse(order) if isinstance(order, str) else order).at(season)
    values = np.asarray(history, dtype=np.float64)
    seen = ~np.isnan(values)
    loc, scale = (float(np.mean(values[seen])), float(np.std(values[seen]))) if seen.any() else (0.0, 0.0)
    if not 0 < scale < np.inf:
        raise HistoryError("A model needs a history of finite values that vary. Give other rows, or a naive method.")
    chosen = _chosen(regressors, seen, order, season) if regressors else None
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = estimate((values - loc) / scale, order, season, chosen)
            covariance = found.model.filter(found.parameters, cov_type="approx").cov_params()
    except FIT_FAILURES as failure:
        raise HistoryError(
            f"{order.name} cannot be fitted to {int(seen.sum())} observed values: {failure}. "
            "Ask for lower orders, or give a longer history."
        ) from failure
    return _unscaled(found, np.asarray(covariance), order, season, chosen, loc, scale)


def _chosen(
    regressors: Mapping[str, Float[np.ndarray, "rows"]], seen: np.ndarray, order: ArimaOrder, season: int
) -> Design:
    for name, column in regressors.items():
        if len(column) != len(seen):
            raise ColumnError(
                f"A regressor has a value for each row of the history; {name!r} has {len(column)} for {len(seen)} rows."
            )
    known = Known(tuple(regressors), np.column_stack([np.asarray(c, dtype=np.float64) for c in regressors.values()]))
    chosen = design(known, seen, order, season)
    if chosen.dropped:
        raise ColumnError(
            f"A regressor must say something of its own; {chosen.dropped[0]!r} is constant, or a sum of others, or "
            "vanishes when differenced. Leave it out."
        )
    return chosen


def _unscaled(
    found: Estimate,
    covariance: np.ndarray,
    order: ArimaOrder,
    season: int,
    chosen: Design | None,
    loc: float,
    scale: float,
) -> ArimaFit:
    """Return the fit in the units of the history: everything but the variance is linear in the parameters."""
    mean, width = int(order.has_mean), 0 if chosen is None else len(chosen.names)
    terms = len(found.parameters) - 1 - mean - width
    linear = np.zeros((terms + mean + width, len(found.parameters) - 1))
    linear[:terms, mean + width :] = np.eye(terms)
    if chosen is not None:
        linear[terms + mean :, mean : mean + width] = scale * chosen.turn
        linear[terms : terms + mean, mean : mean + width] = -scale * chosen.level @ chosen.turn
    linear[terms : terms + mean, :mean] = scale
    coefficients = linear @ found.parameters[:-1]
    coefficients[terms : terms + mean] += loc
    counts = {"ar": order.p, "ma": order.q, "sar": order.P, "sma": order.Q}
    names = [f"{kind}{lag}" for kind, count in counts.items() for lag in range(1, count + 1)]
    names += ["intercept"] * mean + list(chosen.names if chosen else ())
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diag(linear @ covariance[:-1, :-1] @ linear.T))
    return ArimaFit(
        order=order,
        season=season,
        names=tuple(names),
        coefficients=coefficients,
        standard_errors=errors,
        variance=float(found.parameters[-1]) * scale**2,
        log_likelihood=found.log_likelihood - found.used * float(np.log(scale)),
        used=found.used,
    )
