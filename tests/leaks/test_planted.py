"""Every planted leak is caught, by the panel and by the table; its honest twin passes."""

import numpy as np
import polars as pl
import pytest

from seqcast import audit
from seqcast.data.options import RoleOptions
from seqcast.data.table import read_panel
from seqcast.leaks.procedure import audit_procedure
from tests.leaks.planted import HORIZON, KNOWN, PLANTED, column, panel_of_table, table

NAMES = [each.name for each in PLANTED]
ALL = 160


def audited(procedure, read):
    panel = panel_of_table()
    return audit_procedure(lambda spoilt: {"it": procedure(spoilt, read)}, panel, np.array([KNOWN]), HORIZON)


@pytest.mark.parametrize("planted", PLANTED, ids=NAMES)
def test_a_planted_leak_is_caught(planted):
    found = audited(planted.procedure, ALL)
    assert found.leaking == ("it",) and not found.unsteady
    assert found.sentence.startswith("LEAK: it ")


@pytest.mark.parametrize("planted", PLANTED, ids=NAMES)
def test_its_honest_twin_passes(planted):
    found = audited(planted.procedure, KNOWN)
    assert found.passed and found.leaking == ()


@pytest.mark.parametrize("planted", PLANTED, ids=NAMES)
@pytest.mark.parametrize("leaking", [True, False])
def test_the_same_as_a_callable_on_a_table(planted, leaking):
    whole = table().head(KNOWN + HORIZON)

    def forecaster(train, future):
        panel = read_panel(pl.concat([train, future]), RoleOptions(target=("y",), known=("plan",), time="day"))
        assert len(column(panel, "y")) == ALL
        return planted.procedure(panel, KNOWN + HORIZON if leaking else KNOWN)

    found = audit(forecaster, whole, HORIZON, columns={"target": ["y"], "known": ["plan"]})
    # Nothing known lies beyond the horizon of a table that ends with it, so there is nothing to leak.
    assert found.passed == (not leaking or planted.name == "known values from beyond the horizon")
