"""A diagnosis: what was looked at, and what was found that a forecaster should know before training.

A check is one small function from a `Case` to findings. What several checks read, such as the tests of every series,
is measured once and lies in the case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from seqcast.data.panel import Panel
from seqcast.doctor.pairs import Pair, Place
from seqcast.doctor.plain import plain

Severity = Literal["note", "warning", "unusable"]
"""A note is dealt with by the defaults; a warning is for the user to deal with; unusable is what nothing looks past."""

WORST_FIRST: tuple[Severity, ...] = ("unusable", "warning", "note")
MOST_DETAILS = 12
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something about the table that a forecaster should know.

    Parameters
    ----------
    severity : "note", "warning" or "unusable"
        Whether the defaults deal with it, the user must, or the table cannot be forecast as it is.
    check : str
        What was found, in a word or two.
    places : tuple of Place
        Where it was found, out of `looked` places.
    what, why, option : str
        What it is, why it matters, and which option deals with it; each a sentence.
    details : tuple of str
        Dates, rows and values, one a line; make them with `shortened`.

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
    details: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """In how many places it was found, and the names of the first few."""
        names = ", ".join(place.name for place in self.places[:_NAMED])
        more = ", …" if len(self.places) > _NAMED else ""
        return f"{len(self.places):,} of {self.looked:,}: {names}{more}"


def shortened(lines: Sequence[str], most: int = MOST_DETAILS) -> tuple[str, ...]:
    """Return at most `most` lines of detail, and how many there are besides.

    Examples
    --------
    >>> shortened(["a", "b", "c", "d"], most=2)
    ('a', 'b', 'and 2 more')
    """
    more = len(lines) - most
    return (*lines[:most], f"and {more:,} more") if more > 0 else tuple(lines)


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
        The worst first.
    notes : tuple of str
        What was not looked at, in sentences.
    read : tuple of str
        What reading the table inferred, dropped or mended, in sentences.
    """

    season: int
    series: int
    rows: int
    pairs: int
    tested: tuple[Pair, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    read: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the table can be looked at, with a history that is long enough where a horizon is given."""
        return all(finding.severity != "unusable" for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 for no finding, 2 where the table is unusable, else 3."""
        return 0 if not self.findings else 3 if self.usable else 2

    def to_mapping(self) -> dict[str, Any]:
        """Return the diagnosis as JSON values; what cannot be had is None."""
        return {name: plain(value) for name, value in vars(self).items()}


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """What every check may read.

    Parameters
    ----------
    panel : Panel
        The table up to the last observed target of each series: `known` values of the future are not in it.
    season : int
        Steps of the main cycle.
    tested : sequence of Pair
        What the tests of stationarity gave.
    ahead : int array (series,)
        Rows of each series after its last observed target.
    horizon : int, optional
        Steps to forecast, where they are known.
    found : tuple of Finding
        What opening the table found: a target that is not named, rows on no grid, times that are there twice.
    """

    panel: Panel
    season: int
    tested: Sequence[Pair]
    ahead: Sequence[int] = ()
    horizon: int | None = None
    found: tuple[Finding, ...] = ()
