"""Wall time as a value: how long is left, and a share of it for one part of the work."""

import time
from dataclasses import dataclass

from seqcast.errors import ConfigError


@dataclass(frozen=True)
class Deadline:
    """A moment on the monotonic clock; None for no limit.

    Examples
    --------
    >>> Deadline.after(None).passed
    False
    >>> Deadline.after(0.0).passed
    True
    """

    moment: float | None = None

    @classmethod
    def after(cls, seconds: float | None) -> "Deadline":
        """Return the deadline that lies `seconds` from now."""
        return cls(None if seconds is None else time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds left; infinite without a limit, never negative."""
        return float("inf") if self.moment is None else max(0.0, self.moment - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return self.left <= 0

    def share(self, fraction: float) -> "Deadline":
        """Return the deadline of a part that may use `fraction` of what is left."""
        return self if self.moment is None else Deadline.after(self.left * fraction)


def seconds_of(text: str) -> float:
    """Return the seconds that a duration such as `90s`, `5m` or `1.5h` stands for.

    Raises
    ------
    ConfigError
        When the text is no duration.

    Examples
    --------
    >>> seconds_of("5m")
    300.0
    """
    units = {"s": 1.0, "m": 60.0, "h": 3600.0}
    number, unit = (text[:-1], text[-1]) if text and text[-1] in units else (text, "s")
    try:
        seconds = float(number) * units[unit]
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise ConfigError(f"A budget is a positive duration such as 90s, 5m or 1.5h; got {text!r}.")
    return seconds
