"""A study: every model on the same cutoffs, within a time limit, going on where a killed one stopped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from seqcast.budget import Deadline
from seqcast.data.panel import Panel
from seqcast.errors import BudgetError
from seqcast.evaluate.backtest import Backtest, backtest
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.leaderboard import Score
from seqcast.evaluate.nested import Settled, settle
from seqcast.evaluate.plan import Plan
from seqcast.forecasters.base import Forecaster
from seqcast.forecasters.classical import build_local
from seqcast.models.names import NETWORK_NAMES
from seqcast.options import RunOptions

YARDSTICK = "seasonal-naive"
CLASSICAL_SHARE = 0.35  # of a budget, at most, while networks wait for the rest

Say = Callable[[str], None]


class Store(Protocol):
    """Where finished backtests are kept, so that a killed study loses none."""

    def load(self, name: str) -> Backtest | None:
        """Return the finished backtest of that model, if there is one."""
        ...

    def save(self, name: str, result: Backtest) -> None:
        """Keep a finished backtest."""
        ...


class NoStore:
    """Keeps nothing."""

    def load(self, name: str) -> Backtest | None:
        """Return nothing."""
        return None

    def save(self, name: str, result: Backtest) -> None:
        """Keep nothing."""


@dataclass(frozen=True)
class Limits:
    """How a study may spend its time, and who is told what it does."""

    deadline: Deadline = Deadline()
    refit: bool = False
    say: Say = lambda line: None
    intervals: str = "adaptive"
    ensembles: bool = True

    @classmethod
    def of(cls, options: RunOptions, deadline: Deadline | None = None, say: Say = lambda line: None) -> "Limits":
        """Return the limits that the options of a run ask for."""
        return cls(deadline or Deadline(), options.refit, say, options.intervals or "adaptive", options.ensembles)


@dataclass(frozen=True, eq=False)
class Study:
    """What the inner windows decided, and what the user should know."""

    settled: Settled
    notes: tuple[str, ...] = field(default=())

    @property
    def backtests(self) -> Mapping[str, Backtest]:
        """What each model said at the outer cutoffs."""
        return self.settled.backtests

    @property
    def choice(self) -> Choice:
        """The model chosen, and by what."""
        return self.settled.choice

    @property
    def scores(self) -> tuple[Score, ...]:
        """The leaderboard of the outer windows, best first."""
        return self.choice.outer

    @property
    def best(self) -> str:
        """Name of the model that was chosen."""
        return self.choice.model

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the models, the chosen one first, then as the windows that chose it rank them."""
        ranked = (score.model for score in self.choice.inner or self.choice.outer)
        return tuple(dict.fromkeys([self.best, *ranked]))


def compare(
    panel: Panel, plan: Plan, forecasters: Sequence[Forecaster], limits: Limits, store: Store | None = None
) -> Study:
    """Backtest every forecaster on the cutoffs of the plan, choose on the inner ones and score on the outer ones.

    Raises
    ------
    BudgetError
        When not one model was done in time.
    """
    store = store or NoStore()
    forecasters = _with_yardstick(forecasters)
    done: dict[str, Backtest] = {}
    notes: list[str] = []
    local = limits.deadline.share(CLASSICAL_SHARE if _networks(forecasters) else 0.8)
    for place, forecaster in enumerate(forecasters):
        name = forecaster.name
        left = len(_networks(forecasters[place:]))
        # Each network still to come gets an equal share, and the last forecast as much again.
        # One slow classical model may use half of what the others have left.
        deadline = limits.deadline.share(1 / (left + 1)) if name in NETWORK_NAMES else local.share(0.5)
        try:
            result = store.load(name) or _judged(forecaster, panel, plan, deadline, limits)
        except BudgetError:
            notes.append(f"{name} was left out: the budget ended before its backtest was done.")
            limits.say(notes[-1])
            continue
        except KeyboardInterrupt:
            if not done:
                raise
            notes.extend(_left_out(forecasters[place:]))
            break
        store.save(name, result)
        done[name] = result
        notes.extend(result.notes)
        if result.ending == "interrupted":
            notes.extend(_left_out(forecasters[place + 1 :]))
            break
    if not done:
        raise BudgetError("The budget ended before one model was done. Give more time, or fewer and lighter models.")
    return Study(settle(panel, plan, done, limits.intervals, limits.ensembles), tuple(notes))


def _with_yardstick(forecasters: Sequence[Forecaster]) -> list[Forecaster]:
    """Return the forecasters with seasonal naive among them: no score means anything without it."""
    if any(forecaster.name == YARDSTICK for forecaster in forecasters):
        return list(forecasters)
    return [build_local(YARDSTICK), *forecasters]


def _networks(forecasters: Sequence[Forecaster]) -> list[Forecaster]:
    return [forecaster for forecaster in forecasters if forecaster.name in NETWORK_NAMES]


def _left_out(forecasters: Sequence[Forecaster]) -> list[str]:
    names = ", ".join(forecaster.name for forecaster in forecasters)
    return [f"Interrupted: left out were {names}."] if names else []


def _judged(forecaster: Forecaster, panel: Panel, plan: Plan, deadline: Deadline, limits: Limits) -> Backtest:
    if deadline.passed:
        raise BudgetError(f"The budget was spent before {forecaster.name} began.")
    limits.say(f"{forecaster.name}: backtest")
    starts = plan.starts(limits.refit) if forecaster.name in NETWORK_NAMES else (0,)
    result = backtest(forecaster, panel, plan.task, plan.folds, starts=starts, deadline=deadline)
    limits.say(f"{forecaster.name}: backtest done in {result.seconds:.1f} s")
    return result
