"""How the settings of the next trial are drawn: at random, or near what did well before.

A draw hangs on the seed, the number of the trial and the records it is given, on nothing else: a search that was killed
draws the same settings when it goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from seqcast.errors import MissingExtraError
from seqcast.ranges import Domain, Value
from seqcast.tune.records import Done
from seqcast.tune.space import Space

if TYPE_CHECKING:
    from seqcast.tune.optuna import Tpe


class Sampler(Protocol):
    """Draws the settings of a trial."""

    def __call__(self, space: Space, trial: int, done: Done) -> dict[str, Value]:
        """Return settings for a new trial, knowing these records."""
        ...


@dataclass(frozen=True)
class Random:
    """Draws every setting from its whole domain.

    Examples
    --------
    >>> from seqcast.ranges import Range
    >>> space = Space(("lstm",), {"training.lr": Range(0.001, 0.01)}, {"lstm": {}})
    >>> Random(0)(space, 1, Done()) == Random(0)(space, 1, Done())
    True
    """

    seed: int

    def __call__(self, space: Space, trial: int, done: Done) -> dict[str, Value]:
        """Return settings for a new trial; what was found before does not count."""
        return space.sampled(_shares(np.random.default_rng([self.seed, trial])))


def _shares(draw: np.random.Generator) -> Callable[[str, Domain], Value]:
    return lambda name, domain: domain.at(float(draw.random()))


def sampler_named(name: str, seed: int) -> "Random | Tpe":
    """Return the sampler of that name.

    Raises
    ------
    MissingExtraError
        When Optuna, which `tpe` needs, is not installed.
    """
    if name == "random":
        return Random(seed)
    try:
        from seqcast.tune.optuna import Tpe
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "Settings are drawn by Optuna's TPE, which is not installed: pip install 'seqcast[tune]', or draw them at "
            "random with --sampler random."
        ) from error
    return Tpe(seed)
