"""The forecast past the last row: the chosen model fitted on everything known, its intervals corrected."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seqcast.budget import Deadline
from seqcast.data.panel import Panel
from seqcast.errors import BudgetError
from seqcast.evaluate.plan import Plan
from seqcast.evaluate.study import YARDSTICK, Limits, Study
from seqcast.forecasters.base import Fitted, Forecaster
from seqcast.forecasters.calibrated import CalibratedFitted
from seqcast.forecasters.ensemble import GREEDY, MEDIAN, Ensemble
from seqcast.types import Forecast

Build = Callable[[str], Forecaster]
"""From the name of a model of a study, but an ensemble, to its forecaster."""


@dataclass(frozen=True, eq=False)
class Final:
    """The model that forecasts past the last row.

    Parameters
    ----------
    name : str
        Its name.
    fitted : Fitted
        Fitted on everything known.
    forecast : Forecast
        What it says.
    notes : tuple of str
        Why it is not the one that was chosen.
    """

    name: str
    fitted: Fitted
    forecast: Forecast
    notes: tuple[str, ...] = ()


def fit_final(panel: Panel, plan: Plan, study: Study, build: Build, limits: Limits, names: Sequence[str] = ()) -> Final:
    """Fit the chosen model on everything known; where the budget stops it, the next best.

    Parameters
    ----------
    names : sequence of str
        Models that may forecast, in this order; those of the study, the chosen one first, unless given.

    Raises
    ------
    BudgetError
        When no model could be fitted in time.
    """
    notes = []
    for name in names or study.order:
        limits.say(f"{name}: forecast past the last row")
        # The yardstick costs nothing and is on every leaderboard: a run that started ends with a forecast.
        limit = Deadline() if name == YARDSTICK else limits.deadline
        try:
            fitted = forecaster_of(name, study, build).fit(panel.before(panel.history), plan.task, limit)
            calibration = study.settled.calibrations.get(name)
            fitted = fitted if calibration is None else CalibratedFitted(fitted, calibration)
            return Final(name, fitted, fitted.predict(panel, panel.at_end()), tuple(notes))
        except BudgetError as error:
            notes.append(f"{name} was chosen, but its forecast did not fit the budget: {error}")
    raise BudgetError("No model could make its forecast within the budget. Give more time.")


def forecaster_of(name: str, study: Study, build: Build) -> Forecaster:
    """Return the forecaster of that name; an ensemble with the members and weights that the study gave it."""
    if name == GREEDY:
        weights = study.choice.weights
        return Ensemble(GREEDY, tuple(build(member) for member in weights), weights)
    if name == MEDIAN:
        return Ensemble(MEDIAN, tuple(build(member) for member in study.choice.middle), None)
    return build(name)
