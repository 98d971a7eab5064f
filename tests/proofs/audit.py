"""Rows of the table of correctness: the audit for leaks, on procedures of which it is known whether they leak."""

import numpy as np

from seqcast import audit
from seqcast.data.export import to_frame
from seqcast.data.options import RoleOptions
from seqcast.data.table import read_panel
from seqcast.leaks.procedure import audit_procedure
from tests.leaks.planted import HORIZON, KNOWN, PLANTED, panel_of_table, table
from tests.proofs.table import Proof

_ALL = 160


def _missed() -> float:
    """Return how many planted leaks are not caught."""
    return float(sum(_passes(each.procedure, _ALL) for each in PLANTED))


def _false_alarms() -> float:
    """Return how many honest procedures are called leaking."""
    return float(sum(not _passes(each.procedure, KNOWN) for each in PLANTED))


def _passes(procedure, read: int) -> bool:
    panel = panel_of_table()
    return audit_procedure(lambda spoilt: {"it": procedure(spoilt, read)}, panel, np.array([KNOWN]), HORIZON).passed


def _callables() -> float:
    """Return how many functions of two tables are told wrong; what is known ahead may be read, the rest may not."""
    whole, roles = table().head(KNOWN + HORIZON), {"target": ["y"], "known": ["plan"]}
    wrong = 0
    for name, honest in (("y", False), ("x", False), ("plan", True)):
        found = audit(
            lambda train, future, name=name: future[name].fill_null(0.0).to_numpy(), whole, HORIZON, columns=roles
        )
        wrong += found.passed != honest
    return float(wrong)


def _reread() -> float:
    """Return how many cells differ between a panel and the same one written out and read anew."""
    panel = panel_of_table()
    again = read_panel(to_frame(panel), RoleOptions(target=("y",), known=("plan",), time="day"))
    differing = ~((panel.values == again.values) | (np.isnan(panel.values) & np.isnan(again.values)))
    return float(differing.sum())


PROOFS = (
    Proof("leak audit", f"{len(PLANTED)} leaks planted on purpose, those missed", 0, _missed),
    Proof("leak audit, false alarms", "their honest twins", 0, _false_alarms),
    Proof("leak audit of any function", "what each function reads", 0, _callables),
    Proof("a panel as a table again", "the panel, cell by cell", 0, _reread),
)
