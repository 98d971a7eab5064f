"""A study: every model on the same cutoffs, within a time limit, going on where a killed one stopped."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from seqcast.budget import Deadline
from seqcast.data.panel import Panel
from seqcast.errors import BudgetError
from seqcast.evaluate.backtest import Backtest, backtest
from seqcast.evaluate.leaderboard import Score, leaderboard
from seqcast.evaluate.plan import Plan
from seqcast.forecasters.base import Forecaster
from seqcast.forecasters.classical import build_local
from seqcast.models.names import NETWORK_NAMES

YARDSTICK = "seasonal-naive"
CLASSICAL_SHARE = 0.35  # of a budget, at most, while networks wait for the rest


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
    say: Callable[[str], None] = lambda line: None


@dataclass(frozen=True, eq=False)
class Study:
    """Backtests by model, their scores (best first), and what the user should know."""

    backtests: Mapping[str, Backtest]
    scores: tuple[Score, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def best(self) -> str:
        """Name of the model with the lowest error."""
        return self.scores[0].model


def compare(
    panel: Panel, plan: Plan, forecasters: Sequence[Forecaster], limits: Limits, store: Store | None = None
) -> Study:
    """Backtest every forecaster on the cutoffs of the plan and score them.

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
    pairs = {name: (result.forecast, result.seconds) for name, result in done.items()}
    return Study(done, leaderboard(panel, plan.task, pairs, plan.folds.known[0]), tuple(notes))


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
    refit = limits.refit and forecaster.name in NETWORK_NAMES
    result = backtest(forecaster, panel, plan.task, plan.folds, refit=refit, deadline=deadline)
    limits.say(f"{forecaster.name}: backtest done in {result.seconds:.1f} s")
    return result
