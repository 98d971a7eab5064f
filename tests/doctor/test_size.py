"""What a run is expected to take: more rows cost more, and only a large table is a finding."""

import numpy as np
import pytest

from seqcast.doctor.size import LARGE_GIGABYTES, LONG_MINUTES, expected, large
from tests.doctor.tables import case_of, table
from tests.panels import make_panel


def panel(series, rows, targets=1):
    values = np.random.default_rng(0).normal(size=(rows, targets))
    return make_panel({f"s{i}": values for i in range(series)}, targets=targets)


def test_more_rows_series_or_targets_never_cost_less():
    sizes = [expected(panel(*shape)) for shape in ((1, 100), (1, 1_000), (10, 1_000), (10, 1_000, 4))]
    for smaller, larger in zip(sizes, sizes[1:], strict=False):
        assert smaller.minutes < larger.minutes and smaller.gigabytes <= larger.gigabytes


@pytest.mark.parametrize("name", ["air_passengers", "co2", "temps", "rebar_weekly"])
def test_a_small_table_is_no_finding(shared, name):
    assert large(case_of(table(shared, name))) == []


def test_a_large_table_is_a_finding_with_what_shortens_it():
    [finding] = large(case_of(panel(100, 5_000, targets=3)))
    assert finding.severity == "note" and "minutes" in finding.what and "--budget" in finding.option
    size = expected(panel(100, 5_000, targets=3))
    assert size.minutes >= LONG_MINUTES or size.gigabytes >= LARGE_GIGABYTES


@pytest.mark.parametrize(
    "series, rows, targets, seconds, megabytes",
    [
        (1, 144, 1, 62, 634),
        (1, 522, 1, 131, 687),
        (1, 3_652, 1, 232, 681),
        (1, 17_420, 1, 424, 1346),
        (1, 17_420, 7, 917, 1745),
    ],
)
def test_what_was_measured_is_foreseen_within_a_factor_of_two(series, rows, targets, seconds, megabytes):
    size = expected(panel(series, rows, targets))
    assert 1 / 2 < 60 * size.minutes / seconds < 2
    assert 3 / 4 < 1024 * size.gigabytes / megabytes < 4 / 3
