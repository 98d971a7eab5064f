"""What may tell why a forecast failed, in one value that every cause is looked for in.

What a network leaves behind is its losses by epoch, why its training ended and what it was set up with; what a
classical model leaves behind is its name and what it missed of the history.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from seqcast.config import Settings
from seqcast.models.names import NETWORK_NAMES
from seqcast.train.progress import EpochRecord
from seqcast.types import Task


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a network was trained with, as far as it can be at fault."""

    lr: float
    epochs: int
    context: int
    normalise: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is known of a model that failed.

    Parameters
    ----------
    model, fault : str
        Which, and how.
    task : Task
        What was asked.
    rows : int
        Rows known at the first cutoff, of the middle one of the series that failed.
    worth : mapping of str to float
        What their history has to follow (`level`, `season`, `trend`), and the share of error that each spares.
    records, ending : tuple of EpochRecord, str
        What the epochs of a network gave, and why they ended.
    setup : Setup or None
        Where it is known.
    """

    model: str
    fault: str
    task: Task
    rows: int
    worth: Mapping[str, float]
    records: tuple[EpochRecord, ...] = ()
    ending: str = "finished"
    setup: Setup | None = None

    @property
    def pinned(self) -> float:
        """The share of gate units that are shut or open all the time; 0 where nobody looked."""
        return (self.records[-1].pinned or 0.0) if self.records else 0.0

    @property
    def rate(self) -> float:
        """The highest learning rate."""
        return self.setup.lr if self.setup else max(record.rate for record in self.records)

    @property
    def best(self) -> int:
        """Index of the epoch whose weights were kept."""
        losses = [record.valid_loss for record in self.records]
        return losses.index(min(losses))


class Reason(NamedTuple):
    """A likely cause, and the option that deals with it; each a sentence."""

    cause: str
    option: str


def setup_of(name: str, settings: Settings, task: Task, rows: int) -> Setup:
    """Return what a network of these settings was trained with, where `rows` rows were known."""
    from seqcast.forecasters.build import build_forecaster  # here, with the next: torch takes its two seconds
    from seqcast.forecasters.neural import Neural
    from seqcast.models.registry import settled

    network = build_forecaster(name, settings)
    assert isinstance(network, Neural)
    config = settled(network.config, task, rows)
    return Setup(
        lr=network.training.lr,
        epochs=network.training.epochs,
        context=config.context or 1,
        normalise=config.normalise or "none",
    )


def too_short(case: Case) -> Reason | None:
    """Find a history in which there is hardly anything to learn from."""
    reach = (case.setup.context if case.setup and case.records else case.task.season) + case.task.horizon
    if case.rows >= 4 * reach:
        return None
    return Reason(
        f"The history is short: {case.rows} rows, and one look at it takes {reach}.",
        "A longer history or more series; until then naive, theta or an ensemble.",
    )


def unlike(case: Case) -> Reason:
    """Say that nothing tells why: the last word where no cause was found."""
    kept = "its training looks healthy" if case.records else "nothing in the history tells why"
    more = ", or train it anew at every cutoff: --refit" if case.records else ""
    return Reason(f"What it learnt does not hold for what came; {kept}.", f"Leave it out of the run{more}.")


def setting(case: Case) -> str:
    """Return how a setting of the model is given on the command line; its name follows."""
    return f"--set model.{case.model}." if case.model in NETWORK_NAMES else ""


def epochs_said(count: int) -> str:
    """Return so many epochs in words."""
    return f"{count} epoch" + "s" * (count != 1)


def percent_said(share: float) -> str:
    """Return a share in words."""
    return f"{100 * share:.0f} %" if math.isfinite(share) else "much"
