"""How long `seqcast run` will take on a table, and how much memory: fitted to measured runs of the default models.

Classical models are fitted to every series once for each cutoff; networks are trained on all series together. The
figures are processor time of one core, read from five runs, and from the seconds of single fits in `bench/LOG.md`.
"""

from dataclasses import dataclass

import numpy as np

from seqcast.data.panel import Panel
from seqcast.doctor.findings import Case, Finding
from seqcast.doctor.lines import said, whole

LONG_MINUTES = 30.0
LARGE_GIGABYTES = 4.0

_CUTOFFS = 10  # five inner and five outer windows
_MANY_SERIES = 200  # beyond, there is one outer window and one inner one
_STARTING = 26.0  # seconds for libraries, the audit and the report
_OF_A_FIT = 0.6  # seconds for all classical models together, fitted to one short series at one cutoff
_OF_A_ROW = 0.0003  # and for each of its rows, up to as many as they read
_READ = 5_000
_OF_NETWORKS = 2.5  # seconds at one row and one target; more cost by these powers, since epochs have an end
_POWER, _POWER_OF_TARGETS = 0.5, 0.35
_LEARNT = 40_000  # rows from which every epoch is full
_MEGABYTES = 590.0  # with the libraries
_OF_CONTEXT = 57e-6  # megabytes for each row learnt from and each step of the hybrid's context
_SHARE_READ, _MOST_READ, _POWER_OF_MEMORY = 12, 720, 0.25  # that context, and how it grows with the targets
_OF_CELLS = 300.0  # bytes a cell: the table, its copies and the forecasts


@dataclass(frozen=True)
class Size:
    """What a run is expected to take."""

    minutes: float
    gigabytes: float


def expected(panel: Panel) -> Size:
    """Return what `seqcast run` with the default models is expected to take.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> expected(read_panel(pl.DataFrame({"ds": range(144), "y": range(144)}))).minutes < 2
    True
    """
    rows, targets = panel.history, len(panel.columns.target)
    cutoffs = 2 if len(panel) > _MANY_SERIES else _CUTOFFS
    fits = targets * cutoffs * (_OF_A_FIT * len(panel) + _OF_A_ROW * float(np.minimum(rows, _READ).sum()))
    learnt = float(min(rows.sum(), _LEARNT))
    networks = _OF_NETWORKS * learnt**_POWER * targets**_POWER_OF_TARGETS
    seconds = _STARTING + fits + networks
    context = min(float(rows.max(initial=0)) / _SHARE_READ, _MOST_READ)
    megabytes = _MEGABYTES + _OF_CELLS * panel.values.size / 1e6
    megabytes += _OF_CONTEXT * learnt * context * targets**_POWER_OF_MEMORY
    return Size(minutes=seconds / 60, gigabytes=megabytes / 1024)


def large(case: Case) -> list[Finding]:
    """Find a table on which a run takes long, or more memory than a small machine has."""
    size = expected(case.panel)
    if size.minutes < LONG_MINUTES and size.gigabytes < LARGE_GIGABYTES:
        return []
    return [
        Finding(
            severity="note",
            check="large table",
            places=(whole(case.panel, case.panel.columns.target[0]),),
            looked=1,
            what=f"seqcast run may take {said(round(size.minutes))} minutes and {size.gigabytes:.1f} GB of memory.",
            why="It is read from few runs and may be off by a factor of two; a busy machine takes longer.",
            option="--budget 30m ends in time; --models naive,theta,gru takes a part; --where takes fewer series.",
        )
    ]
