"""Examine a table: every check there is, each a small function from a `Case` to findings; a new one joins `CHECKS`."""

from collections.abc import Callable, Iterable

from seqcast.data.panel import Panel
from seqcast.doctor import quotes, readings, size, spans, timing, told
from seqcast.doctor.findings import WORST_FIRST, Case, Diagnosis, Finding
from seqcast.doctor.pairs import Limits, tested_pairs
from seqcast.doctor.value_checks import VALUE_CHECKS

CHECKS: tuple[Callable[[Case], list[Finding]], ...] = (
    spans.horizon,
    timing.gaps,
    timing.uneven,
    timing.summer_time,
    quotes.of_the_period,
    quotes.of_the_week,
    quotes.weekly,
    quotes.hours,
    spans.ends,
    spans.starts,
    spans.missing,
    spans.lengths,
    told.mended,
    *VALUE_CHECKS,
    size.large,
    readings.untested,
    readings.unit_root,
    readings.moving_level,
    readings.trend,
    readings.undecided,
    readings.strong_season,
)


def examine(
    panel: Panel,
    season: int | None = None,
    limits: Limits | None = None,
    *,
    horizon: int | None = None,
    found: tuple[Finding, ...] = (),
) -> Diagnosis:
    """Return what a table has that a forecaster should know before training.

    Each series and target is tested for a unit root (ADF) and for stationarity (KPSS), and the differences that make it
    stationary are suggested. Of large tables a part is tested, evenly chosen; the notes say so. The checks of times and
    of values read everything.

    Parameters
    ----------
    panel : Panel
        From `read_panel`. Rows after the last observed target are not read.
    season : int, optional
        Steps of the main cycle; without it by the frequency.
    limits : Limits, optional
        How much is tested at most.
    horizon : int, optional
        Steps to forecast: is the history long enough for them?
    found : tuple of Finding
        What opening the table found before, from `open_table`.

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
    history = panel.before(panel.history)
    tested, notes = tested_pairs(history, season, limits or Limits())
    ahead = tuple((panel.rows - panel.history).tolist())
    case = Case(panel=history, season=season, tested=tested, ahead=ahead, horizon=horizon, found=found)
    everything = [*found, *(finding for check in CHECKS for finding in check(case))]
    return Diagnosis(
        season=season,
        series=len(panel),
        rows=int(panel.history.sum()),
        pairs=len(panel) * len(panel.columns.target),
        tested=tested,
        findings=worst_first(everything),
        notes=notes,
        read=panel.notes,
    )


def unreadable(found: tuple[Finding, ...]) -> Diagnosis:
    """Return the diagnosis of a table of which nothing can be read.

    Examples
    --------
    >>> unreadable(()).rows
    0
    """
    return Diagnosis(season=1, series=0, rows=0, pairs=0, tested=(), findings=worst_first(found), notes=())


def worst_first(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings by severity, else in their order.

    Examples
    --------
    >>> worst_first([])
    ()
    """
    return tuple(sorted(found, key=lambda finding: WORST_FIRST.index(finding.severity)))
