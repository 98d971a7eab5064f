"""Rows of a table as they come, and in order of series and time: what the step is inferred from and messages tell."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.data.wall import DAY, to_wall, written


@dataclass(frozen=True, eq=False, kw_only=True)
class Rows:
    """The rows of a table as they come, before their times are put in order.

    Parameters
    ----------
    series : int array (N,)
        Which of `names` each row belongs to.
    values : float array (N, V)
        Value columns, NaN where missing; the first `targets` of them are to be forecast.
    names : tuple of str
        Names of the series.
    columns : tuple of str
        Names of the V value columns.
    targets : int
        How many columns, from the first, are targets.
    categorical : bool array (V,)
        Columns that hold codes, of which no mean can be taken.
    lines : int array (N,)
        Where each row stands in its source, for messages.
    place : str
        What `lines` count: "line" of a file, "row" of a data frame.
    """

    series: Int[np.ndarray, "N"]
    values: Float[np.ndarray, "N V"]
    names: tuple[str, ...]
    columns: tuple[str, ...]
    targets: int
    categorical: Bool[np.ndarray, "V"]
    lines: Int[np.ndarray, "N"]
    place: str = "line"


@dataclass(frozen=True, eq=False, kw_only=True)
class Timed:
    """Times of all rows, sorted by series and time.

    Parameters
    ----------
    times : int array (N,)
        Microseconds since 1970, or plain integers.
    series : int array (N,)
        Which series each row belongs to.
    lines : int array (N,)
        Where the rows stand in their source.
    place : str
        What `lines` count: line or row.
    names : tuple of str
        Names of the series.
    zone : str or None
        Time zone of the times.
    precision : str
        How finely the table writes times; `integer` for plain integers.
    """

    times: Int[np.ndarray, "N"]
    series: Int[np.ndarray, "N"]
    lines: Int[np.ndarray, "N"]
    place: str
    names: tuple[str, ...]
    zone: str | None
    precision: str

    def __len__(self) -> int:
        return len(self.times)

    @property
    def integer(self) -> bool:
        """Whether times are plain integers."""
        return self.precision == "integer"

    @property
    def follows(self) -> Bool[np.ndarray, "N"]:
        """Which rows come after another row of the same series."""
        return np.concatenate([[False], self.series[1:] == self.series[:-1]])

    @property
    def wall(self) -> Int[np.ndarray, "N"]:
        """The times on the clocks of the zone; plain integers as they are."""
        return self.times if self.integer else to_wall(self.times, self.zone)

    @property
    def days(self) -> Int[np.ndarray, "N"]:
        """Dates as days since 1970."""
        return self.wall // DAY

    def where(self, row: int | np.integer) -> str:
        """Return the time of a row, where it stands, and its series if there are several."""
        time = written(self.times[row : row + 1], self.zone, self.precision)[0]
        among = f" of series {self.names[self.series[row]]!r}" if len(self.names) > 1 else ""
        return f"{time}{among} ({self.place} {self.lines[row]})"
