"""The classical models by name. Their libraries are imported when the first forecast is made, not before."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from seqcast.errors import ConfigError, nearest
from seqcast.forecasters.local import Lazy, Local, LocalFunction
from seqcast.forecasters.naive import drift, naive, seasonal_naive
from seqcast.forecasters.orders import ArimaOrder

_statistical = partial(Lazy, "seqcast.forecasters.statistical")

CLASSICAL: Mapping[str, LocalFunction | Lazy] = MappingProxyType(
    {
        "naive": naive,
        "drift": drift,
        "seasonal-naive": seasonal_naive,
        "ar": _statistical("autoregression"),
        "ma": _statistical("moving_average"),
        "arma": _statistical("mixed"),
        "arima": _statistical("auto_arima"),
        "ets": _statistical("ets"),
        "theta": _statistical("theta"),
    }
)


def build_local(name: str, workers: int | None = None) -> Local:
    """Return the classical forecaster of that name, or of the ARIMA orders that the name gives.

    Parameters
    ----------
    name : str
        A key of `CLASSICAL`, or orders such as `ar(2)`, `arma(1,1)`, `arima(2,1,1)(0,1,1)`. With an x, as in
        `arimax(1,0,0)`, a regression on the known columns whose errors have these orders.
    workers : int or None
        Processes; None for one a processor.

    Raises
    ------
    ConfigError
        When there is no such model.

    Examples
    --------
    >>> build_local("arima(2,1,1)(0,1,1)").name
    'arima(2,1,1)(0,1,1)'
    """
    key = name.lower().replace(" ", "")
    if "(" in key:
        regression = key.startswith("arimax")
        function = _statistical("regression_arima" if regression else "given_arima", ArimaOrder.parse(key))
        return Local(name=key, function=function, workers=workers, reads_known=regression)
    if key not in CLASSICAL:
        raise ConfigError(f"No classical model named {name!r}. {nearest(key, CLASSICAL)}")
    return Local(name=key, function=CLASSICAL[key], workers=workers)
