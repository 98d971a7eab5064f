"""Comparing to the bit, and what breaks down on the way."""

import itertools

import numpy as np
import pytest

from seqcast.errors import BudgetError, HistoryError
from seqcast.leaks.procedure import audit_procedure, compared
from seqcast.types import Forecast, Origins
from tests.leaks.test_corrupt import panel_with

KNOWN = np.array([10])


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0),
        ([1.0, 2.0], [1.0, np.nextafter(2.0, 3.0)], 1),
        ([0.0], [-0.0], 1),
        ([np.nan, 1.0], [np.nan, 1.0], 0),
        ([np.nan, 1.0], [0.0, 1.0], 1),
        ([np.inf], [np.inf], 0),
    ],
)
def test_numbers_are_compared_to_the_bit(before, after, moved):
    assert compared("it", "noise", np.array(before), np.array(after)).moved == moved


def test_another_shape_or_no_answer_is_no_pass():
    assert "another shape" in compared("it", "noise", np.zeros(3), np.zeros(2)).reason
    assert "said nothing" in compared("it", "noise", np.zeros(3), None).reason
    assert not compared("it", "noise", np.zeros(3), None).passed


def test_the_largest_change_of_a_forecast_is_named_in_spreads_of_its_target():
    panel = panel_with([30, 30], targets=2)
    origins = Origins(np.array([0, 1]), np.array([20, 20]), np.array([0, 0]))
    mean = np.zeros((2, 3, 2))
    other = mean.copy()
    other[1, 2, 0], other[0, 0, 1] = 7.0, 1.0
    clean, moved = (Forecast(origins, (0.5,), each, each[..., None]) for each in (mean, other))
    found = compared("it", "noise", clean, moved, panel=panel)
    assert found.where == "b, v0, step 3" and found.moved == 4
    assert found.worst == pytest.approx(7.0 / panel.values[:, 0].std())


def test_a_procedure_that_draws_at_random_is_told_apart_from_a_leak():
    count = itertools.count()
    found = audit_procedure(lambda panel: {"it": np.array([next(count)], float)}, panel_with([20]), KNOWN, 3)
    assert found.unsteady == ("it",) and found.leaking == ()


def test_a_steady_pass_costs_no_second_clean_run():
    calls = []
    audit_procedure(lambda panel: calls.append(1) or {"it": np.zeros(2)}, panel_with([20]), KNOWN, 3)
    assert len(calls) == 4


@pytest.mark.parametrize("error", [HistoryError("too short"), ValueError("NaN"), np.linalg.LinAlgError("singular")])
def test_what_breaks_down_on_spoilt_values_has_read_them(error):
    def procedure(panel):
        if np.isnan(panel.values).any():
            raise error
        return {"it": np.zeros(2)}

    found = audit_procedure(procedure, panel_with([20]), KNOWN, 3)
    assert found.leaking == ("it",)
    assert [each.reason for each in found.outcomes if not each.passed] == [
        f"it broke down: {type(error).__name__}, {error}"
    ]


def test_a_procedure_that_breaks_down_on_the_clean_table_is_not_forgiven():
    def procedure(panel):
        raise HistoryError("too short")

    with pytest.raises(HistoryError, match="too short"):
        audit_procedure(procedure, panel_with([20]), KNOWN, 3)


def test_the_end_of_a_budget_is_no_leak():
    def procedure(panel):
        if np.isnan(panel.values).any():
            raise BudgetError("spent")
        return {"it": np.zeros(2)}

    with pytest.raises(BudgetError, match="spent"):
        audit_procedure(procedure, panel_with([20]), KNOWN, 3)


def test_the_cutoff_is_the_latest_moment_known_of_any_series():
    found = audit_procedure(lambda panel: {"it": np.zeros(1)}, panel_with([20, 30, 9]), np.array([10, 12, 0]), 3)
    assert found.cutoff == "11"
    assert found.held_out.targets == 10 + 18 + 9
