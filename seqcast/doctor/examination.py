"""Examine a table: every check there is, each a small function from a `Case` to findings; a new one joins `CHECKS`."""

from collections.abc import Callable

from seqcast.data.panel import Panel
from seqcast.doctor import readings
from seqcast.doctor.findings import WORST_FIRST, Case, Diagnosis, Finding
from seqcast.doctor.pairs import Limits, tested_pairs

CHECKS: tuple[Callable[[Case], list[Finding]], ...] = (
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
        findings=tuple(sorted(everything, key=lambda finding: WORST_FIRST.index(finding.severity))),
        notes=notes,
        read=panel.notes,
    )
