"""Several forecasters as one: fitted on the same rows, asked at the same origins, answering as one forecast."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from seqcast.budget import Deadline
from seqcast.data.panel import Panel
from seqcast.forecasters.average import check_weights, combined, gaps_in, median_of, places
from seqcast.forecasters.base import Fitted, Forecaster
from seqcast.models.names import NETWORK_NAMES
from seqcast.train.progress import EpochRecord
from seqcast.types import Forecast, Origins, Task

GREEDY, MEDIAN = "ensemble", "median"
"""Names of the two on the leaderboard."""

_WORST_FIRST = ("interrupted", "out of time")


@dataclass(frozen=True)
class Ensemble:
    """A forecaster made of others, whose weights are settled before.

    Parameters
    ----------
    name : str
        Name on the leaderboard.
    members : tuple of Forecaster
        What it is made of.
    weights : mapping of str to float or None
        Weight of each member by name; None for the median.

    Raises
    ------
    ValueError
        When there is no member, two share a name, or the weights are of others.

    Examples
    --------
    >>> from seqcast.forecasters.classical import build_local
    >>> Ensemble("median", (build_local("naive"), build_local("drift"))).weights is None
    True
    """

    name: str
    members: tuple[Forecaster, ...]
    weights: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        names = [member.name for member in self.members]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"An ensemble needs members, each of a name of its own; got {names}.")
        if self.weights is not None:
            check_weights(names, self.weights)

    def fit(self, panel: Panel, task: Task, deadline: Deadline) -> "FittedEnsemble":
        """Fit every member on the same rows; networks share the time, of which classical models keep a part."""
        networks = [member.name for member in self.members if member.name in NETWORK_NAMES]
        parts = len(networks) + (len(networks) < len(self.members))
        fitted: list[Fitted] = []
        for member in self.members:
            # A classical model works when it is asked, after every network has been trained.
            part = deadline.share(1 / parts) if member.name in NETWORK_NAMES else deadline
            parts -= member.name in NETWORK_NAMES
            fitted.append(member.fit(panel, task, part))
        return FittedEnsemble(self.name, tuple(member.name for member in self.members), tuple(fitted), self.weights)


@dataclass(eq=False)
class FittedEnsemble:
    """Fitted members that answer as one; `notes` say what the last forecast left out.

    Parameters
    ----------
    name : str
        Name on the leaderboard.
    names : tuple of str
        Names of the members.
    members : tuple of Fitted
        The members, in the order of their names.
    weights : mapping of str to float or None
        Weight of each member; None for the median.
    gaps : tuple of str
        What the last forecast had to do without.
    """

    name: str
    names: tuple[str, ...]
    members: tuple[Fitted, ...]
    weights: Mapping[str, float] | None = None
    gaps: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What its members want to be known, and who was left out where."""
        return (*(note for member in self.members for note in member.notes), *self.gaps)

    @property
    def records(self) -> tuple[EpochRecord, ...]:
        """Nothing: the epochs of several networks are no one course of training."""
        return ()

    @property
    def ending(self) -> str:
        """Why fitting ended: `interrupted` or `out of time` where one member's did, else `finished`."""
        endings = [member.ending for member in self.members]
        return next((ending for ending in _WORST_FIRST if ending in endings), "finished")

    def moved(self, panel: Panel, known: Panel) -> "FittedEnsemble":
        """Return the same members for another panel, when `known` is the one they were fitted on."""
        return replace(self, members=tuple(member.moved(panel, known) for member in self.members), gaps=())

    def predict(self, panel: Panel, origins: Origins) -> Forecast:
        """Return one forecast for each origin, combined from those of the members."""
        said = {name: member.predict(panel, origins) for name, member in zip(self.names, self.members, strict=True)}
        forecast = median_of(self.name, said) if self.weights is None else combined(self.name, said, self.weights)
        self.gaps = gaps_in(self.name, said)
        return forecast.take(places(forecast.origins, origins))
