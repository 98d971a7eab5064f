"""On which days a column has values: quotes of one weekday, figures for a month or a quarter, hours never measured.

A figure for a period that carries the first day of it was not known on that day: it came out weeks after its end. In a
backtest such a column knows what nobody knew.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from seqcast.data import steps
from seqcast.data.calendar import FIXED
from seqcast.data.panel import Panel
from seqcast.data.records import count
from seqcast.data.wall import DAY, to_wall
from seqcast.doctor.findings import Case, Finding, Severity, shortened
from seqcast.doctor.lines import Line, lines, name_of, place_of

WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
FEWEST = 12

_PERIODS = {1: "months", 3: "quarters", 6: "half-years", 12: "years"}
_MOST = 0.9  # share of the values that a pattern must hold
_SELDOM = 0.6  # share of the rows; a column with more values than this has no days of its own
_OF_A_WEEK = ("stock", "inventor", "output", "production", "sales", "volume", "average", "mean", "orders", "deliver")
"""What names of figures for a whole week have in common; prices are of a day."""

_HOURS_SEEN = 0.8  # share of the days on which an hour must have values so that another's lack of them stands out
_HOURS_NOT = 0.05


@dataclass(frozen=True, eq=False)
class Quoted:
    """A column and the dates, days since 1970, on which it has values."""

    line: Line
    days: Int[np.ndarray, "T"]

    @property
    def weekday(self) -> int | None:
        """The day of the week that nearly all values lie on, a week apart; None when there is none."""
        counts = np.bincount(steps.weekday_of(self.days), minlength=7)
        weekly = np.median(np.diff(self.days)) == 7
        return int(counts.argmax()) if weekly and counts.max() >= _MOST * len(self.days) else None

    @property
    def period(self) -> int | None:
        """The months of the period on whose first day nearly all values lie; None when there is none."""
        if (steps.day_of_month(self.days) == 1).mean() < _MOST:
            return None
        moves = np.diff(steps.month_of(self.days))
        usual = int(np.median(moves))
        return usual if usual in _PERIODS else None


def quoted_columns(panel: Panel) -> list[Quoted]:
    """Return the columns of a table of days that have values on few of them.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> days = [f"2024-01-{day:02}" for day in range(1, 32)]
    >>> quoted_columns(read_panel(pl.DataFrame({"ds": days, "y": range(31)})))
    []
    """
    frequency = panel.frequency
    if frequency.integer or frequency.unit not in ("rows", "day", "business day") or frequency.precision != "day":
        return []
    days = to_wall(panel.times, frequency.zone) // DAY
    found = []
    for line in lines(panel, fewest=FEWEST):
        if len(line.rows) < _SELDOM * int(panel.rows[line.series]):
            found.append(Quoted(line, days[line.rows]))
    return found


def weekly(case: Case) -> list[Finding]:
    """Find columns that are quoted once a week in a table of days, with the weeks that lack."""
    found = [quoted for quoted in quoted_columns(case.panel) if quoted.weekday is not None]
    return _told(
        case,
        found,
        [_of_weekdays(case.panel, quoted) for quoted in found],
        severity="note",
        check="weekly quotes",
        what="In a table of days it has a value on one day of the week.",
        why="As a target it is empty on most rows; as a feature it is carried on for a week.",
        option="--resample 1w for a table of weeks, or --where for rows on which the target is quoted.",
    )


def of_the_week(case: Case) -> list[Finding]:
    """Find weekly figures that seem to describe the week that their date begins."""
    found = [
        quoted
        for quoted in quoted_columns(case.panel)
        if quoted.weekday == 0 and any(word in case.panel.columns.values[quoted.line.column] for word in _OF_A_WEEK)
    ]
    return _told(
        case,
        found,
        [f"{name_of(case.panel, quoted.line)}: on {WEEKDAYS[0]}" for quoted in found],
        severity="warning",
        check="figures of a week",
        what="By its name it tells of a week, and carries the Monday on which that week begins.",
        why="If so it was not known on that day, and a backtest that reads it knows the week before it is over.",
        option="Where the Monday is that of the week it averages, lag the column by one week in the table.",
    )


def of_the_period(case: Case) -> list[Finding]:
    """Find figures for months or quarters that carry the first day of their period."""
    found = [(quoted, period) for quoted in quoted_columns(case.panel) if (period := quoted.period) is not None]
    return _told(
        case,
        [quoted for quoted, _ in found],
        [
            f"{name_of(case.panel, quoted.line)}: {count(len(quoted.days), 'value')}, first days of {_PERIODS[period]}"
            for quoted, period in found
        ],
        severity="warning",
        check="publication lag",
        what="Figures for months or quarters carry the first day of the period that they describe.",
        why="They were published weeks after its end: read by that date, a backtest knows what nobody knew.",
        option="Lag such columns in the table by their period and the weeks to publication, or --ignore them.",
    )


def hours(case: Case) -> list[Finding]:
    """Find hours of the day, or days of the week, that never have values while others nearly always do."""
    panel, frequency = case.panel, case.panel.frequency
    if frequency.unit not in FIXED or len(panel.times) == 0:
        return []
    wall = to_wall(panel.times, frequency.zone)
    parts = (
        ("hour", wall % DAY // FIXED["hour"], [f"{hour:02}" for hour in range(24)]),
        ("day of the week", steps.weekday_of(wall // DAY), list(WEEKDAYS)),
    )
    details = []
    seen = panel.observed.any(axis=1)
    for _, kind, names in parts:
        rows, there = (np.bincount(each, minlength=len(names)) for each in (kind, kind[seen]))
        share = there / np.maximum(rows, 1)
        never = (rows >= FEWEST) & (share <= _HOURS_NOT)
        if never.any() and (share >= _HOURS_SEEN).any():
            details.append("never: " + ", ".join(name for name, gone in zip(names, never, strict=True) if gone))
    if not details:
        return []
    return [
        Finding(
            severity="note",
            check="hours without values",
            places=tuple(place_of(panel, line) for line in list(lines(panel))[:1]),
            looked=1,
            what="At some hours or on some days of the week there are never values.",
            why="These steps are holes by rule, not by chance: forecasts for them mean nothing.",
            option="--freq rows takes the rows that are there as steps.",
            details=tuple(details),
        )
    ]


def _told(
    case: Case, found: Sequence[Quoted], details: Sequence[str], *, severity: Severity, check: str, **words: str
) -> list[Finding]:
    if not found:
        return []
    return [
        Finding(
            severity=severity,
            check=check,
            places=tuple(place_of(case.panel, quoted.line) for quoted in found),
            looked=sum(1 for _ in lines(case.panel)),
            details=shortened(details),
            what=words["what"],
            why=words["why"],
            option=words["option"],
        )
    ]


def _of_weekdays(panel: Panel, quoted: Quoted) -> str:
    counts = np.bincount(steps.weekday_of(quoted.days), minlength=7)
    order = np.argsort(-counts, kind="stable").tolist()
    usual = f"{counts[order[0]]:,} values on {WEEKDAYS[order[0]]}"
    others = [f"{counts[d]} on {_one(d) if counts[d] == 1 else WEEKDAYS[d]}" for d in order[1:] if counts[d]]
    weeks = np.rint(np.diff(quoted.days) / 7).astype(int)
    holes = [
        f"{count(int((weeks == size).sum()), 'hole')} of {size} weeks" for size in np.unique(weeks[weeks > 1]).tolist()
    ]
    return f"{name_of(panel, quoted.line)}: {', '.join([usual, *others])}{'; ' if holes else ''}{', '.join(holes[:4])}"


def _one(weekday: int) -> str:
    return f"a {WEEKDAYS[weekday].removesuffix('s')}"
