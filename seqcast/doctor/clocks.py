"""Clocks that are put forward and back: an hour that is never there in spring, one that is there twice in autumn.

Times without a zone hide it: the hour of spring looks like a gap, the one of autumn like a fault. Which zone it is can
be told from the hours alone, up to zones that change alike.
"""

from collections.abc import Iterable

import numpy as np
import polars as pl
from jaxtyping import Int

from seqcast.data.calendar import FIXED
from seqcast.data.wall import DAY

ZONES = (
    *("Europe/Berlin", "Europe/London", "Europe/Athens", "America/New_York", "America/Chicago", "America/Denver"),
    *("America/Los_Angeles", "America/Sao_Paulo", "Australia/Sydney", "Pacific/Auckland"),
)
_ENOUGH = 0.8
"""Share of the changes that must show."""

_HOUR = FIXED["hour"]


def skipped_hours(first: int, last: int, zone: str) -> Int[np.ndarray, "changes"]:
    """Return the hours from `first` to `last` that clocks of a zone never show, by their beginning.

    Examples
    --------
    >>> first = int(np.datetime64("2024-01-01", "us").astype(int))
    >>> skipped_hours(first, first + 366 * DAY, "Europe/Berlin").astype("datetime64[us]").astype(str).tolist()
    ['2024-03-31T02:00:00.000000']
    """
    hours, clock = _clock(first, last, zone, ambiguous="earliest", non_existent="null")
    return hours[clock.is_null().to_numpy()]


def doubled_hours(first: int, last: int, zone: str) -> Int[np.ndarray, "changes"]:
    """Return the hours from `first` to `last` that clocks of a zone show twice, by their beginning.

    Examples
    --------
    >>> first = int(np.datetime64("2024-01-01", "us").astype(int))
    >>> doubled_hours(first, first + 366 * DAY, "Europe/Berlin").astype("datetime64[us]").astype(str).tolist()
    ['2024-10-27T02:00:00.000000']
    """
    hours, both = _clock(first, last, zone, ambiguous="null", non_existent="null")
    _, one = _clock(first, last, zone, ambiguous="earliest", non_existent="null")
    return hours[(both.is_null() & one.is_not_null()).to_numpy()]


def zone_of(
    hours: Int[np.ndarray, "N"], first: int, last: int, *, doubled: bool, most: int | None = None
) -> tuple[str, Int[np.ndarray, "changes"]] | None:
    """Return the first zone at whose changes these hours lie, and the changes that show; None when there is none.

    Parameters
    ----------
    hours : int array (N,)
        Hours, by their beginning, that are missing, or there twice.
    first, last : int
        Times between which the changes are looked for.
    doubled : bool
        Whether the hours are there twice; else they are missing.
    most : int, optional
        How many hours there may be to each change; without it all must lie at one.

    Examples
    --------
    >>> first = int(np.datetime64("2024-01-01", "us").astype(int))
    >>> march = skipped_hours(first, first + 366 * DAY, "America/New_York")
    >>> zone_of(march, first, first + 366 * DAY, doubled=False)[0]
    'America/New_York'
    """
    changes_of = doubled_hours if doubled else skipped_hours
    for zone in ZONES:
        changes = changes_of(first, last, zone)
        shown = changes[np.isin(changes, hours)]
        known = np.isin(hours, changes).sum()
        if len(shown) and len(shown) >= _ENOUGH * len(changes) and len(hours) - known <= (most or 0) * len(changes):
            return zone, shown
    return None


def dates(times: Iterable[int]) -> str:
    """Return the dates of times, the first few by name.

    Examples
    --------
    >>> dates([0, DAY])
    '1970-01-01, 1970-01-02'
    """
    said = [str(np.datetime64(time // DAY, "D")) for time in times]
    return ", ".join(said[:6]) + (f" and {len(said) - 6} more" if len(said) > 6 else "")


def _clock(first: int, last: int, zone: str, **choice: str) -> tuple[np.ndarray, pl.Series]:
    hours = np.arange(first - first % _HOUR, last + 1, _HOUR)
    wall = pl.Series(hours, dtype=pl.Int64).cast(pl.Datetime("us"))
    return hours, wall.dt.replace_time_zone(zone, **choice)  # pyrefly: ignore
