"""The models that need a statistics library, behind one import: what a worker process loads once."""

from seqcast.forecasters.arima import autoregression, given_arima, regression_arima
from seqcast.forecasters.auto_arima import auto_arima, mixed, moving_average
from seqcast.forecasters.ets import ets
from seqcast.forecasters.theta import theta

__all__ = [
    "auto_arima",
    "autoregression",
    "ets",
    "given_arima",
    "mixed",
    "moving_average",
    "regression_arima",
    "theta",
]
