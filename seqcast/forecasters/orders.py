"""The orders of an ARIMA model, and how they are written in the name of a model."""

import re
from dataclasses import dataclass, replace

from seqcast.errors import ConfigError

_NAME = re.compile(r"(ar|ma|arma|arimax?)\((\d+(?:,\d+)*)\)(?:\((\d+),(\d+),(\d+)\))?")
_FIELDS = {"ar": ("p",), "ma": ("q",), "arma": ("p", "q"), "arima": ("p", "d", "q"), "arimax": ("p", "d", "q")}
_MOST = {"p": 24, "d": 2, "q": 24, "P": 3, "D": 1, "Q": 3}


@dataclass(frozen=True, kw_only=True)
class ArimaOrder:
    """ARIMA(p,d,q)(P,D,Q); the seasonal period is that of the task. A mean is fitted where nothing is differenced.

    Parameters
    ----------
    p, d, q : int
        Autoregressive terms, differences, moving-average terms.
    P, D, Q : int
        The same at the season.

    Raises
    ------
    ConfigError
        When an order is negative or larger than can be estimated in reasonable time.

    Examples
    --------
    >>> ArimaOrder.parse("arima(0,1,1)(0,1,1)")
    ArimaOrder(p=0, d=1, q=1, P=0, D=1, Q=1)
    >>> ArimaOrder.parse("ar(3)").name
    'arima(3,0,0)'
    """

    p: int = 0
    d: int = 0
    q: int = 0
    P: int = 0
    D: int = 0
    Q: int = 0

    def __post_init__(self) -> None:
        for field, most in _MOST.items():
            value = getattr(self, field)
            if not 0 <= value <= most:
                raise ConfigError(f"The ARIMA order {field} lies between 0 and {most}; got {value}.")

    @classmethod
    def parse(cls, name: str) -> "ArimaOrder":
        """Return the orders that `name` gives, such as `ar(2)`, `ma(1)`, `arma(1,1)`, `arima(2,1,1)(0,1,1)`.

        With an x, as in `arimax(1,0,0)`, the errors of a regression have these orders.

        Raises
        ------
        ConfigError
            When the name is not written like one of these.
        """
        found = _NAME.fullmatch(name.lower().replace(" ", ""))
        fields = _FIELDS[found[1]] if found else ()
        orders = found[2].split(",") if found else []
        if not found or len(orders) != len(fields):
            raise ConfigError(
                "Orders are written like ar(2), ma(1), arma(1,1), arima(2,1,1) or arima(2,1,1)(0,1,1), or with known "
                f"columns arimax(1,0,0); got {name!r}."
            )
        seasonal = [int(order) for order in found.groups()[2:] if order is not None]
        return cls(**dict(zip((*fields, *"PDQ"), [*map(int, orders), *seasonal], strict=False)))

    @property
    def name(self) -> str:
        """The name that `parse` reads."""
        plain = f"arima({self.p},{self.d},{self.q})"
        return plain + (f"({self.P},{self.D},{self.Q})" if self.seasonal else "")

    @property
    def seasonal(self) -> bool:
        """Whether any seasonal order is set."""
        return self.P + self.D + self.Q > 0

    @property
    def has_mean(self) -> bool:
        """Whether a mean is fitted: only where nothing is differenced."""
        return self.d + self.D == 0

    def at(self, season: int) -> "ArimaOrder":
        """Return these orders for a season of so many steps: a season of one step has no part of its own."""
        return replace(self, P=0, D=0, Q=0) if season == 1 else self
