"""Where a setting may be sought: written beside its default, so that no model needs a class to be tuned by."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from seqcast.errors import ConfigError

Value = bool | int | float | str | None


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; `log` seeks by their ratio. Integers where both ends are integers.

    Examples
    --------
    >>> Range(16, 256, log=True).at(0.5), Range(0.0, 0.5).at(1.0)
    (64, 0.5)
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ConfigError(
                f"A range goes from a lower to a higher number, above 0 where it is sought by ratio; got {self.low} to "
                f"{self.high}. One value alone is written as such."
            )

    @property
    def whole(self) -> bool:
        """Whether only integers are meant."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    def at(self, share: float) -> int | float:
        """Return the number that lies at this share, 0 to 1, of the way."""
        value = self.low * (self.high / self.low) ** share if self.log else self.low + (self.high - self.low) * share
        held = min(max(value, self.low), self.high)
        return round(held) if self.whole else float(held)

    def holds(self, value: Value) -> bool:
        """Whether a value lies inside."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and self.low <= value <= self.high and (isinstance(value, int) or not self.whole)


@dataclass(frozen=True)
class Choices:
    """One of several values.

    Examples
    --------
    >>> Choices(("mae", "mse")).at(0.7), Choices((1, 2)).holds(3)
    ('mse', False)
    """

    options: tuple[Value, ...]

    def __post_init__(self) -> None:
        if not self.options or len(set(self.options)) < len(self.options):
            raise ConfigError(f"Choices are one value or more, each once; got {list(self.options)}.")

    def at(self, share: float) -> Value:
        """Return the option at this share, 0 to 1, of the list."""
        return self.options[min(int(share * len(self.options)), len(self.options) - 1)]

    def holds(self, value: Value) -> bool:
        """Whether a value is one of them."""
        return value in self.options


Domain = Range | Choices


def tunable(default: Any, low: float, high: float, *, log: bool = False) -> Any:
    """Return a dataclass field with this default, sought between `low` and `high`.

    Examples
    --------
    >>> @dataclass
    ... class Config:
    ...     lr: float = tunable(1e-3, 1e-5, 1e-2, log=True)
    >>> Config().lr, domains_of(Config)
    (0.001, {'lr': Range(low=1e-05, high=0.01, log=True)})
    """
    return field(default=default, metadata={"domain": Range(low, high, log)})


def selectable(default: Any, options: Sequence[Value]) -> Any:
    """Return a dataclass field with this default, sought among `options`."""
    return field(default=default, metadata={"domain": Choices(tuple(options))})


def domains_of(config: type) -> dict[str, Domain]:
    """Return the domain of each field of a dataclass that has one."""
    return {part.name: part.metadata["domain"] for part in fields(config) if "domain" in part.metadata}
