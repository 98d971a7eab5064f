"""Wall time: what the clocks of a zone show, from and back to UTC, and times written as text.

All times are microseconds since 1970. Polars carries the time zone database, so this works alike on every system.
"""

import re

import numpy as np
import polars as pl
from jaxtyping import Int

DAY = 86_400_000_000
PRECISIONS = ("integer", "year", "quarter", "month", "day", "minute", "second", "millisecond", "microsecond")

_CLOCKS = {"minute": "%H:%M", "second": "%H:%M:%S", "millisecond": "%H:%M:%S%.3f", "microsecond": "%H:%M:%S%.6f"}


def fixed_offset(zone: str | None) -> int | None:
    """Return the microseconds that a zone is always ahead of UTC; None where they change over the year.

    Examples
    --------
    >>> fixed_offset("-05:30") // 60_000_000, fixed_offset(None), fixed_offset("Europe/Berlin") is None
    (-330, 0, True)
    """
    if zone is None or zone == "UTC":
        return 0
    found = re.fullmatch(r"([+-])(\d{2}):(\d{2})", zone)
    if found is None:
        return None
    sign, hours, minutes = found.groups()
    return int(f"{sign}1") * (int(hours) * 60 + int(minutes)) * 60_000_000


def known_zone(zone: str) -> bool:
    """Return whether the zone is a fixed offset such as `+01:00` or a name of the time zone database.

    Examples
    --------
    >>> known_zone("Asia/Seoul"), known_zone("+09:00"), known_zone("Asia/Soul")
    (True, True, False)
    """
    if fixed_offset(zone) is not None:
        return True
    try:
        pl.Series([0]).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone)
    except (pl.exceptions.PolarsError, ValueError):
        return False
    return True


def to_wall(times: Int[np.ndarray, "N"], zone: str | None) -> Int[np.ndarray, "N"]:
    """Return what the clocks of `zone` show at these times.

    Examples
    --------
    >>> (to_wall(np.array([0]), "Asia/Seoul") // 3_600_000_000).tolist()
    [9]
    """
    offset = fixed_offset(zone)
    if offset is not None:
        return times + offset
    aware = pl.Series(times, dtype=pl.Int64).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(str(zone))
    return aware.dt.replace_time_zone(None).to_physical().to_numpy()


def to_utc(wall: Int[np.ndarray, "N"], zone: str | None) -> Int[np.ndarray, "N"]:
    """Return when the clocks of `zone` show these times.

    Of an hour shown twice the first is meant. An hour that is skipped is read by the offset before the change, so it
    comes out that much later.

    Examples
    --------
    >>> (to_utc(np.array([9 * 3_600_000_000]), "Asia/Seoul")).tolist()
    [0]
    """
    offset = fixed_offset(zone)
    if offset is not None:
        return wall - offset
    found = _utc(wall, str(zone))
    skipped = found.is_null().to_numpy()
    times = found.fill_null(0).to_numpy().copy()
    if skipped.any():
        times[skipped] = _utc(wall[skipped] - DAY, str(zone)).to_numpy() + DAY
    return times


def needed_precision(wall: Int[np.ndarray, "N"]) -> str:
    """Return the coarsest precision that writes these times without loss.

    Examples
    --------
    >>> needed_precision(np.array([0, DAY])), needed_precision(np.array([0, 31 * DAY])), needed_precision(np.array([1]))
    ('day', 'month', 'microsecond')
    """
    for size, precision in ((1000, "microsecond"), (10**6, "millisecond"), (60 * 10**6, "second"), (DAY, "minute")):
        if (wall % size).any():
            return precision
    dates = (wall // DAY).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    if (months.astype("datetime64[D]") != dates).any():
        return "day"
    number = months.astype(np.int64)
    return "month" if (number % 3).any() else "quarter" if (number % 12).any() else "year"


def finer(first: str, second: str) -> str:
    """Return the finer of two precisions.

    Examples
    --------
    >>> finer("day", "minute")
    'minute'
    """
    return max(first, second, key=PRECISIONS.index)


def written(times: Int[np.ndarray, "N"], zone: str | None, precision: str) -> list[str]:
    """Return the times as text of at least this precision, with the offset from UTC where there is a zone.

    Examples
    --------
    >>> written(np.array([0]), None, "quarter"), written(np.array([0]), None, "minute")
    (['1970Q1'], ['1970-01-01 00:00'])
    >>> written(np.array([0]), "+09:00", "second")
    ['1970-01-01T09:00:00+09:00']
    """
    if precision == "integer":
        return [str(number) for number in times.tolist()]
    wall = to_wall(times, zone)
    enough = finer(precision, needed_precision(wall))
    if zone is not None:
        return _with_offset(times, wall, zone, finer(enough, "minute"))
    dates = pl.Series(wall, dtype=pl.Int64).cast(pl.Datetime("us"))
    if enough == "quarter":
        return (dates.dt.year().cast(pl.String) + "Q" + dates.dt.quarter().cast(pl.String)).to_list()
    day = {"year": "%Y", "month": "%Y-%m"}.get(enough, "%Y-%m-%d")
    return dates.dt.strftime(f"{day} {_CLOCKS[enough]}" if enough in _CLOCKS else day).to_list()


def _with_offset(times: np.ndarray, wall: np.ndarray, zone: str, precision: str) -> list[str]:
    texts = pl.Series(wall, dtype=pl.Int64).cast(pl.Datetime("us")).dt.strftime(f"%Y-%m-%dT{_CLOCKS[precision]}")
    minutes = (wall - times) // 60_000_000
    marks = {m: f"{'-' if m < 0 else '+'}{abs(m) // 60:02}:{abs(m) % 60:02}" for m in np.unique(minutes).tolist()}
    return [text + marks[m] for text, m in zip(texts.to_list(), minutes.tolist(), strict=True)]


def _utc(wall: np.ndarray, zone: str) -> pl.Series:
    naive = pl.Series(wall, dtype=pl.Int64).cast(pl.Datetime("us"))
    return naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").to_physical()


_SUMMER_TIME = (
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Halifax",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Santiago",
    "America/Mexico_City",
    "America/Havana",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Europe/Moscow",
    "Europe/Istanbul",
    "Asia/Jerusalem",
    "Asia/Tehran",
    "Asia/Beirut",
    "Africa/Cairo",
    "Africa/Casablanca",
)


def common_zone(times: Int[np.ndarray, "N"], offset: Int[np.ndarray, "N"]) -> str | None:
    """Return the zone whose clocks are `offset` ahead of UTC at these times; None when no known one is.

    Examples
    --------
    >>> summer = np.array([0, 182 * DAY])
    >>> common_zone(np.array([0]), np.array([DAY // 24])), common_zone(summer, np.array([0, DAY // 24])) is None
    ('+01:00', True)
    """
    if (offset == offset[0]).all():
        minutes = int(offset[0]) // 60_000_000
        return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "UTC"
    few = slice(None, None, len(times) // 1000 + 1)
    likely = (zone for zone in _SUMMER_TIME if (to_wall(times[few], zone) - times[few] == offset[few]).all())
    return next((zone for zone in likely if (to_wall(times, zone) - times == offset).all()), None)
