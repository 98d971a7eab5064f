"""Causes that a classical model can fail of, read off what the history has to follow: one small function a cause."""

from collections.abc import Callable

from seqcast.autopsy.causes import Case, Reason, percent_said, too_short, unlike


def runaway(case: Case) -> Reason | None:
    """Find a trend or a growth that was carried too far."""
    if case.fault != "exploding":
        return None
    return Reason(
        "It carries on what the last rows did, a trend or a growth, and nothing damps it.",
        "A model with a damped trend: --models ets,theta",
    )


def no_season(case: Case) -> Reason | None:
    """Find a season that lies there and is not repeated."""
    if "season" not in case.worth:
        return None
    spared = percent_said(case.worth["season"])
    return Reason(
        f"The history has a season of {case.task.season} steps: repeating it spares {spared} of the error, and this "
        "model does not repeat it.",
        "Models with a season: --models seasonal-naive,ets,theta,arima",
    )


def no_trend(case: Case) -> Reason | None:
    """Find a trend that lies there and is not carried on."""
    if "trend" not in case.worth:
        return None
    spared = percent_said(case.worth["trend"])
    return Reason(
        f"The history has a trend: carrying it on spares {spared} of the error, and this model does not carry it on.",
        "Models with a trend: --models drift,theta,ets,arima",
    )


def no_level(case: Case) -> Reason | None:
    """Find a series that wanders away from what was fitted."""
    if "level" not in case.worth:
        return None
    spared = percent_said(case.worth["level"])
    return Reason(
        f"The series wanders: its last value errs {spared} less than its mean does, and what was fitted to its past "
        "does not hold any more.",
        "Models that take differences: --models naive,theta,arima",
    )


CLASSICAL_CAUSES: tuple[Callable[[Case], Reason | None], ...] = (
    runaway,
    no_season,
    no_trend,
    no_level,
    too_short,
    unlike,
)
"""The surest first."""
