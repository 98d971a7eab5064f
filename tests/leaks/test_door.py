"""The door of the table is part of the audit: what it drops, counts and infers must not hang on what comes later."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from seqcast.data.export import reading_of, to_frame
from seqcast.data.options import RoleOptions, TableOptions
from seqcast.data.table import read_panel
from seqcast.leaks.corrupt import corrupted
from seqcast.leaks.door import through_the_door
from tests.leaks.planted import HORIZON, KNOWN, panel_of_table

CLASSIC = ["air_passengers", "ausbeer", "monthly_milk_incomplete", "lynx", "temps", "co2_weekly", "us_macrodata"]


def same(one, other):
    assert one.columns == other.columns and one.series == other.series and one.categories == other.categories
    np.testing.assert_array_equal(one.values, other.values)
    np.testing.assert_array_equal(one.times, other.times)
    np.testing.assert_array_equal(one.offsets, other.offsets)
    np.testing.assert_array_equal(one.static, other.static)


def hourly(zone=None):
    start = pl.datetime(2024, 10, 26, time_zone=zone)
    times = pl.datetime_range(start, start + pl.duration(hours=59), "1h", eager=True)
    return pl.DataFrame({"ds": times, "y": np.sin(np.arange(60.0)), "z": np.arange(60.0)})


TABLES = {
    "days, a gap, a label and a known feature": panel_of_table,
    "several series with statics": lambda: read_panel(
        pl.DataFrame(
            {
                "id": ["b"] * 9 + ["a"] * 7,
                "ds": [*range(3, 12), *range(7)],
                "y": np.arange(16.0) ** 1.5,
                "size": [2.0] * 9 + [5.0] * 7,
                "kind": ["new"] * 9 + ["old"] * 7,
            }
        ),
        RoleOptions(static=("size", "kind")),
    ),
    "hours over a change of the clock": lambda: read_panel(hourly("Europe/Berlin"), RoleOptions(target=("y",))),
    "hours without a zone": lambda: read_panel(hourly(), RoleOptions(target=("y",))),
    "rows without times": lambda: read_panel(pl.DataFrame({"y": [3.0, 1.0, 2.0, 5.0, 4.0]})),
    "days with holes, a row each": lambda: read_panel(
        pl.DataFrame({"ds": ["2024-01-02", "2024-01-03", "2024-01-09", "2024-01-15"], "y": [1.0, 4.0, 2.0, 3.0]}),
        options=TableOptions(freq="rows"),
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_panel_written_out_comes_in_as_the_same(name):
    panel = TABLES[name]()
    roles, options = reading_of(panel)
    again = read_panel(to_frame(panel), roles, options)
    # Rows that were only numbered get a column of their numbers.
    same(replace(again, columns=replace(again.columns, time=panel.columns.time)), panel)
    assert through_the_door(panel)[1] is not None


@pytest.mark.parametrize("name", CLASSIC)
def test_so_do_real_tables(shared, name):
    target = ("realgdp",) if name == "us_macrodata" else ()
    panel = read_panel(str(shared / f"data/classic/{name}.csv"), RoleOptions(target=target))
    first, reread = through_the_door(panel)
    assert reread is not None
    same(first, panel)


def test_a_feature_that_changes_only_after_the_cutoff_comes_back_from_a_spoilt_table():
    frame = pl.DataFrame({"ds": range(40), "y": np.arange(40.0) % 5, "flag": [1.0] * 40, "x": np.arange(40.0)})
    panel = read_panel(frame, RoleOptions(target=("y",)))
    assert panel.columns.past == ("x",)
    changed = frame.with_columns(flag=pl.when(pl.col("ds") < 30).then(1.0).otherwise(7.0))
    assert read_panel(changed, RoleOptions(target=("y",))).columns.past == ("flag", "x")


@pytest.mark.parametrize("kind", ["noise", "missing", "constant"])
def test_what_is_known_is_read_alike_from_a_clean_and_from_a_spoilt_table(kind):
    panel, reread = through_the_door(panel_of_table())
    assert reread is not None
    known = np.array([KNOWN])
    spoilt = reread(dict(corrupted(panel, known, HORIZON))[kind]).before(known)
    same(spoilt, panel.before(known))
