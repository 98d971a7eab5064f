"""Put the rows of a table on a grid of even steps: sorted, joined, averaged or with holes, as was asked, and said."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.data.calendar import Frequency
from seqcast.data.options import TableOptions
from seqcast.data.times import ParsedTimes


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
class Laid:
    """Rows in series order, one step after another.

    Parameters
    ----------
    times : int array (M,)
        Microseconds since 1970, or the integers of the table.
    values : float array (M, V)
        NaN where missing, and in every hole.
    offsets : int array (series + 1,)
        Rows of series s are `offsets[s]:offsets[s + 1]`.
    source : int array (M,)
        The row of the table that each row came from, the last one of rows that were joined; -1 in holes.
    frequency : Frequency
        The step between rows.
    notes : tuple of str
        What was sorted, joined, filled or left out, in sentences for the user.
    """

    times: Int[np.ndarray, "M"]
    values: Float[np.ndarray, "M V"]
    offsets: Int[np.ndarray, "starts"]
    source: Int[np.ndarray, "M"]
    frequency: Frequency
    notes: tuple[str, ...]


def lay(rows: Rows, parsed: ParsedTimes, options: TableOptions) -> Laid:
    """Return the rows on the grid."""
    raise NotImplementedError
