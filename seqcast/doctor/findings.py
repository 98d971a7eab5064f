"""A diagnosis: what was looked at, and what was found that a forecaster should know before training.

A check is one small function from a `Case` to findings; a new one joins `CHECKS`. What several checks read, such as the
tests of every series, is measured once and lies in the case.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from seqcast.data.panel import Panel
from seqcast.doctor.pairs import Limits, Pair, Place, tested_pairs
from seqcast.doctor.plain import plain
from seqcast.doctor.stationarity import STRONG, Stationarity, Untested

Severity = Literal["note", "warning"]
"""A note is dealt with by the defaults; a warning is for the user to deal with."""

_NAMED = 3
_KEEP = "arima and drift difference by themselves; for networks keep normalise = 'last', the default."


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about the table that a forecaster should know.

    Parameters
    ----------
    severity : "note" or "warning"
        Whether the defaults deal with it, or the user must.
    check : str
        What was found, in a word or two.
    places : tuple of Place
        Where it was found, out of `looked` places.
    what, why, option : str
        What it is, why it matters, and which option deals with it; each a sentence.

    Examples
    --------
    >>> here = Place(series="a", target="load", name="a", first="2024-01-01", last="2024-12-31")
    >>> Finding(severity="note", check="season", places=(here,), looked=3,
    ...         what="A season of 7 steps.", why="It repeats.", option="--season 7").where
    '1 of 3: a'
    """

    severity: Severity
    check: str
    places: tuple[Place, ...]
    looked: int
    what: str
    why: str
    option: str

    @property
    def where(self) -> str:
        """In how many places it was found, and the names of the first few."""
        names = ", ".join(place.name for place in self.places[:_NAMED])
        more = ", …" if len(self.places) > _NAMED else ""
        return f"{len(self.places):,} of {self.looked:,}: {names}{more}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Diagnosis:
    """What a table was found to be.

    Parameters
    ----------
    season : int
        Steps of the cycle that was looked for.
    series, rows, pairs : int
        Size of the table up to its last observed target; pairs of series and target.
    tested : tuple of Pair
        The pairs that were tested, with what the tests gave.
    findings : tuple of Finding
        Warnings first.
    notes : tuple of str
        What was not looked at, in sentences.
    """

    season: int
    series: int
    rows: int
    pairs: int
    tested: tuple[Pair, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]

    def to_mapping(self) -> dict[str, Any]:
        """Return the diagnosis as JSON values; what cannot be had is None."""
        return {name: plain(value) for name, value in vars(self).items()}


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """What every check may read."""

    panel: Panel
    season: int
    tested: Sequence[Pair]


def examine(panel: Panel, season: int | None = None, limits: Limits | None = None) -> Diagnosis:
    """Return what a table has that a forecaster should know before training.

    Each series and target is tested for a unit root (ADF) and for stationarity (KPSS), and the differences that make it
    stationary are suggested. Of large tables a part is tested, evenly chosen; the notes say so.

    Parameters
    ----------
    panel : Panel
        From `read_panel`. Rows after the last observed target are not read.
    season : int, optional
        Steps of the main cycle; without it by the frequency.
    limits : Limits, optional
        How much is tested at most.

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> walk = np.random.default_rng(0).normal(size=300).cumsum()
    >>> diagnosis = examine(read_panel(pl.DataFrame({"ds": range(300), "price": walk})))
    >>> [(finding.check, finding.places[0].target) for finding in diagnosis.findings]
    [('unit root', 'price')]
    """
    season = season or panel.frequency.season
    tested, notes = tested_pairs(panel, season, limits or Limits())
    case = Case(panel=panel, season=season, tested=tested)
    found = [finding for check in CHECKS for finding in check(case)]
    return Diagnosis(
        season=season,
        series=len(panel),
        rows=int(panel.history.sum()),
        pairs=len(panel) * len(panel.columns.target),
        tested=tested,
        findings=tuple(sorted(found, key=lambda finding: finding.severity != "warning")),
        notes=notes,
    )


def untested(case: Case) -> list[Finding]:
    """Find what cannot be tested, by reason."""
    reasons = dict.fromkeys(pair.found for pair in case.tested if isinstance(pair.found, Untested))
    return [
        Finding(
            severity="warning",
            check="cannot be tested",
            places=tuple(pair.place for pair in case.tested if pair.found == reason),
            looked=len(case.tested),
            what=f"Not tested: {reason.why}.",
            why="Nothing says whether it has a level, a trend or a season to learn.",
            option=reason.option,
        )
        for reason in reasons
    ]


def unit_root(case: Case) -> list[Finding]:
    """Find what wanders."""
    return _read(
        case,
        "unit root",
        what="It wanders: what moved it once stays in it for good.",
        why="A level learnt from old rows is wrong for new ones.",
        option=_KEEP,
    )


def moving_level(case: Case) -> list[Finding]:
    """Find what comes back, but not to a fixed level."""
    return _read(
        case,
        "difference-stationary",
        what="It comes back after a shock, but to a level that moves.",
        why="A level learnt from old rows is somewhat off for new ones.",
        option=_KEEP,
    )


def trend(case: Case) -> list[Finding]:
    """Find what follows a straight line."""
    return _read(
        case,
        "trend-stationary",
        what="It moves around a straight line.",
        why="The next values lie outside of all that was seen.",
        option="drift, theta, ets and arima carry the line on; for networks keep normalise = 'last', the default.",
    )


def undecided(case: Case) -> list[Finding]:
    """Find what the tests do not decide."""
    return _read(
        case,
        "undecided",
        what="ADF does not rule a unit root out, KPSS does not rule a fixed level out.",
        why="Either is possible, so the choice between them is a guess.",
        option="A longer history; without it, let the backtest decide: seqcast run.",
    )


def strong_season(case: Case) -> list[Finding]:
    """Find what a season makes up for the most part."""
    pairs = [pair for pair in case.tested if isinstance(pair.found, Stationarity) and pair.found.strength > STRONG]
    if not pairs:
        return []
    return [
        Finding(
            severity="note",
            check="strong season",
            places=tuple(pair.place for pair in pairs),
            looked=len(case.tested),
            what=f"A season of {case.season} steps makes up most of what is left without the trend.",
            why="A model that cannot repeat it starts far behind.",
            option=f"--season {case.season} is in use; give another number to try it.",
        )
    ]


def _read(case: Case, reading: str, *, what: str, why: str, option: str) -> list[Finding]:
    pairs = [pair for pair in case.tested if isinstance(pair.found, Stationarity) and pair.found.reading == reading]
    if not pairs:
        return []
    return [
        Finding(
            severity="note",
            check=reading,
            places=tuple(pair.place for pair in pairs),
            looked=len(case.tested),
            what=what,
            why=why,
            option=option,
        )
    ]


CHECKS: tuple[Callable[[Case], list[Finding]], ...] = (
    untested,
    unit_root,
    moving_level,
    trend,
    undecided,
    strong_season,
)
