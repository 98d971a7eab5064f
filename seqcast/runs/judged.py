"""A table judged: the cutoffs, every model at every one of them, and what was chosen; and one model learnt for good."""

from dataclasses import dataclass, replace

from seqcast.config import Settings
from seqcast.data.panel import Panel
from seqcast.evaluate.final import Final, fit_final
from seqcast.evaluate.plan import Plan, plan
from seqcast.evaluate.study import Limits, Study, compare
from seqcast.evaluate.verdict import Verdict, judge
from seqcast.forecasters.base import Fitted
from seqcast.forecasters.build import ENSEMBLES, build_forecaster, watched
from seqcast.models.names import NETWORK_NAMES
from seqcast.options import DEFAULT_MODELS
from seqcast.runs.talk import Talk
from seqcast.types import Task


@dataclass(frozen=True, eq=False)
class Judged:
    """What a study of a panel gave."""

    panel: Panel
    plan: Plan
    study: Study

    @property
    def verdict(self) -> Verdict:
        """Whether a network is worth it here, by the outer windows."""
        said = {name: (test.forecast, test.seconds) for name, test in self.study.backtests.items()}
        networks = [name for name in said if name in NETWORK_NAMES]
        return judge(self.panel, self.plan.task, said, self.plan.folds.known[0], networks)


def judged(panel: Panel, settings: Settings, limits: Limits | None = None) -> Judged:
    """Backtest the models of the settings on a panel.

    Ensembles among them stand for the models that they combine: they are made beside any three.
    """
    models = members_of(settings.run.models)
    planned = plan(panel, replace(settings.run, models=models))
    forecasters = [build_forecaster(name, settings) for name in models]
    return Judged(panel, planned, compare(panel, planned, forecasters, limits or Limits.of(settings.run)))


def members_of(models: tuple[str, ...]) -> tuple[str, ...]:
    """Return the models without ensembles; every default model where an ensemble stands alone.

    Examples
    --------
    >>> members_of(("theta", "ensemble")), len(members_of(("median",))) > 10
    (('theta',), True)
    """
    return tuple(name for name in models if name not in ENSEMBLES) or DEFAULT_MODELS


def learn(panel: Panel, settings: Settings, task: Task, limits: Limits, talk: Talk) -> Fitted:
    """Fit the one model of the settings on everything known.

    An ensemble, and intervals that past errors correct, take a backtest before: it gives weights and corrections.

    Raises
    ------
    HistoryError
        When the history has no room for that backtest.
    """
    (name,) = settings.run.models
    corrected = settings.run.intervals not in (None, "model")
    if name not in ENSEMBLES and not corrected:
        forecaster = build_forecaster(name, settings, watched(name, None, talk.epoch))
        return forecaster.fit(panel.before(panel.history), task, limits.deadline)
    limits = replace(limits, intervals=settings.run.intervals or "model", ensembles=name in ENSEMBLES)
    before = judged(panel, settings, replace(limits, deadline=limits.deadline.share(0.5)))
    return final_of(before, settings, limits, name).fitted


def final_of(found: Judged, settings: Settings, limits: Limits, name: str) -> Final:
    """Return the forecast of one model of a study past the last row."""
    return fit_final(
        found.panel, found.plan, found.study, lambda member: build_forecaster(member, settings), limits, (name,)
    )
