"""Rows of one time: which they are, whether a column tells them apart, and whether clocks that went back made them."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from jaxtyping import Int

from seqcast.data.calendar import FIXED
from seqcast.data.cast import Cells
from seqcast.data.records import Records
from seqcast.data.roles import Roles
from seqcast.data.times import ParsedTimes
from seqcast.data.wall import written
from seqcast.doctor.clocks import dates, zone_of
from seqcast.doctor.findings import Finding
from seqcast.doctor.pairs import Place

_MOST_SERIES = 0.5  # of the rows; more names than that are no series


def series_column(cells: Mapping[str, Cells], times: Int[np.ndarray, "N"], roles: Roles) -> str | None:
    """Return the only column of texts in which each time is there once for each text; None when there is no such one.

    Examples
    --------
    >>> roles = Roles(time=("ds",), target=("y",), series=None, past=("shop",), known=(), static=(), notes=())
    >>> shops = Cells(pl.Series("shop", ["a", "b", "a", "b"]), "text", np.zeros(4), np.ones(4, bool))
    >>> series_column({"shop": shops}, np.array([0, 0, 1, 1]), roles)
    'shop'
    """
    found = []
    for name in roles.past:
        column = cells[name]
        if column.kind != "text" or column.labels.null_count():
            continue
        pairs = pl.DataFrame({"label": column.labels, "time": times})
        labels = column.labels.n_unique()
        if 1 < labels <= _MOST_SERIES * len(times) and pairs.is_unique().all():
            found.append(name)
    return found[0] if len(found) == 1 else None


def dates_beside(free: Mapping[str, Cells], time: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return the columns that cannot be read beside the times, since they are dates or belong to other dates.

    A table that pairs each column with dates of its own has rows that are of no one time: only the columns of the first
    dates are read.

    Examples
    --------
    >>> dates = np.array([20240101.0, 20240102.0])
    >>> cells = Cells(pl.Series("day", dates), "number", dates, np.zeros(2, bool))
    >>> dates_beside({"day": cells, "due": cells}, ("day",))[0]
    ('due',)
    """
    if len(time) != 1:
        return (), ()
    dates = [name for name, cells in free.items() if name != time[0] and _is_compact(cells)]
    if not dates:
        return (), ()
    names = list(free)
    ragged = len(dates) > 1 and names[0] == time[0] and all(names.index(name) + 1 < len(names) for name in dates)
    gone = tuple(names[names.index(dates[0]) :]) if ragged else tuple(dates)
    finding = Finding(
        severity="warning",
        check="several columns of dates",
        places=tuple(Place(series="", target=name, name=name, first="", last="") for name in dates),
        looked=len(names),
        what="Columns hold dates beside the one that is taken as the time, as numbers such as 20240131."
        + (f" Each pair has times of its own: only what stands before {dates[0]!r} is read here." if ragged else ""),
        why="Read by the dates of another column, a value lands at a time at which it was not measured.",
        option="Cut the table into one for each column of dates, and join them on the date."
        if ragged
        else f"--ignore {','.join(dates)!r}",
    )
    return gone, (finding,)


def _is_compact(cells: Cells) -> bool:
    """Tell whether a column holds dates such as 20240131."""
    if cells.kind != "number":
        return False
    values = cells.values[~np.isnan(cells.values)]
    month, day = values // 100 % 100, values % 100
    within = (values > 1900_00_00) & (values < 2100_00_00) & (values == np.floor(values))
    return len(values) > 1 and bool((within & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all())


def doubled(records: Records, times: ParsedTimes, series: pl.Series | None) -> tuple[list[str], int]:
    """Return each time that several rows of a series have with their lines, and how many rows come again.

    Examples
    --------
    >>> records = Records(pl.DataFrame({"y": ["1", "2", "3"]}), np.array([2, 3, 4]), "sales.csv", "line")
    >>> doubled(records, ParsedTimes(values=np.array([5, 5, 6]), zone=None, precision="integer"), None)
    (['5: lines 2, 3'], 1)
    """
    frame = pl.DataFrame({"time": times.values, "line": records.numbers})
    keys = ["time"]
    if series is not None:
        frame, keys = frame.with_columns(series=series), ["series", "time"]
    groups = frame.group_by(keys, maintain_order=True).agg(pl.col("line")).filter(pl.col("line").list.len() > 1)
    again = int(groups["line"].list.len().sum() - len(groups)) if len(groups) else 0
    few = groups.head(100)
    names = written(few["time"].to_numpy(), times.zone, times.precision)
    whose = [f"{name}, " for name in few["series"]] if series is not None else [""] * len(few)
    lines = [", ".join(map(str, group[:5])) + (", …" if len(group) > 5 else "") for group in few["line"].to_list()]
    told = [f"{who}{name}: {records.unit}s {group}" for who, name, group in zip(whose, names, lines, strict=True)]
    return told + [""] * (len(groups) - len(few)), again


def clock_change(times: ParsedTimes, place: str) -> tuple[Finding, ...]:
    """Return a finding where all hours that are there twice are those at which clocks go back.

    Examples
    --------
    >>> hours = np.arange(0, 48) * FIXED["hour"]
    >>> clock_change(ParsedTimes(values=hours, zone=None, precision="minute"), "load.csv")
    ()
    """
    if times.integer or times.zone is not None:
        return ()
    values, counts = np.unique(times.values, return_counts=True)
    hours = np.unique(values[counts > 1] // FIXED["hour"] * FIXED["hour"])
    if len(values) < 2 or np.diff(values).min() > FIXED["hour"] or not len(hours):
        return ()
    zone = zone_of(hours, int(values[0]), int(values[-1]), doubled=True)
    if zone is None:
        return ()
    return (
        Finding(
            severity="warning",
            check="clocks that went back",
            places=(Place(series="", target="", name=place, first="", last=""),),
            looked=1,
            what=f"What is there twice are the hours at which clocks go back in {zone[0]}: {dates(zone[1].tolist())}.",
            why="Both hours are true and an hour apart; joined, one of them is lost and all that follows is moved.",
            option="Write times with their offset, such as 2024-10-27T02:30+02:00, or in UTC.",
        ),
    )
