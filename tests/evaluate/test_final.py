"""The forecast past the last row is made by what was chosen, of the members that the inner windows picked."""

import pytest

from seqcast.budget import Deadline
from seqcast.errors import BudgetError
from seqcast.evaluate.backtest import Backtest
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.final import fit_final, forecaster_of
from seqcast.evaluate.nested import Settled
from seqcast.evaluate.plan import plan
from seqcast.evaluate.study import Limits, Study, compare
from seqcast.forecasters.classical import build_local
from seqcast.options import RunOptions
from tests.evaluate.panels import panel_of
from tests.evaluate.test_nested import walk


def study_of(model, weights, middle):
    choice = Choice(model=model, windows=3, inner=(), outer=(), weights=weights, middle=middle)
    return Study(Settled({}, dict[str, Backtest](), {}, choice))


@pytest.mark.parametrize(
    ("name", "members", "weights"),
    [("median", ("naive", "theta"), None), ("ensemble", ("ets", "naive"), {"ets": 0.8, "naive": 0.2})],
)
def test_a_combination_has_the_members_that_the_inner_windows_picked(name, members, weights):
    study = study_of(name, {"ets": 0.8, "naive": 0.2}, ("naive", "theta"))
    made = forecaster_of(name, study, build_local)
    assert made.name == name and tuple(member.name for member in made.members) == members
    assert made.weights == weights


def test_any_other_name_is_built_as_it_is():
    assert forecaster_of("drift", study_of("drift", {}, ()), build_local).name == "drift"


def studied(names):
    panel = panel_of(walk(80))
    planned = plan(panel, RunOptions(horizon=4, models=names, season=1, windows=3))
    return panel, planned, compare(panel, planned, [build_local(name, workers=1) for name in names], Limits())


def test_the_chosen_one_forecasts_with_its_intervals_corrected():
    panel, planned, study = studied(("naive", "drift", "theta"))
    final = fit_final(panel, planned, study, build_local, Limits())
    assert final.name == study.best == "median" and final.notes == ()
    raw = fit_final(panel, planned, study, build_local, Limits(), ("naive",)).fitted.inner
    assert (final.forecast.origins.rows == 80).all() and raw is not None


def test_without_time_the_yardstick_forecasts_and_the_notes_say_why():
    panel, planned, study = studied(("naive", "drift", "theta"))
    spent = Limits(Deadline.after(0.0))
    final = fit_final(panel, planned, study, build_local, spent)
    assert final.name == "seasonal-naive"
    assert final.notes[0].startswith("median was chosen, but its forecast did not fit the budget: ")
    with pytest.raises(BudgetError, match="No model could make its forecast within the budget"):
        fit_final(panel, planned, study, build_local, spent, ("theta",))
