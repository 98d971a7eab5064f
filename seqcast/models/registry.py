"""The closed table of networks: a name, its config, its class. A saved model can name nothing else."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from torch import nn

from seqcast.errors import ConfigError, nearest
from seqcast.models.hybrid import HybridBody, hybrid_forecaster
from seqcast.models.presets import HybridConfig
from seqcast.models.recurrent import RecurrentBody, RecurrentConfig, RecurrentForecaster
from seqcast.nn.recurrent import Cell
from seqcast.types import Dims, Task

ModelConfig = RecurrentConfig | HybridConfig


@dataclass(frozen=True)
class Family:
    """A network family: its config type, how its forecaster is built, and its body from a sequence to one vector."""

    config: type[RecurrentConfig] | type[HybridConfig]
    build: Callable[..., nn.Module]
    body: Callable[..., RecurrentBody | HybridBody]


def _recurrent(cell: Cell) -> Family:
    def body(config: RecurrentConfig, inputs: int, steps: int) -> RecurrentBody:
        return RecurrentBody(cell, config, inputs)

    return Family(RecurrentConfig, partial(RecurrentForecaster, cell), body)


NETWORKS = {
    "rnn": _recurrent("rnn"),
    "lstm": _recurrent("lstm"),
    "gru": _recurrent("gru"),
    "hybrid": Family(HybridConfig, hybrid_forecaster, HybridBody),
}


def build_network(name: str, config: ModelConfig, dims: Dims) -> nn.Module:
    """Return a new forecaster network with weights drawn from torch's current random state.

    Raises
    ------
    ConfigError
        For an unknown name or the config of another family.
    """
    return family_of(name, config).build(config, dims)


def build_body(name: str, config: ModelConfig, inputs: int, steps: int) -> RecurrentBody | HybridBody:
    """Return a new network from a sequence (B, T, inputs) of at most `steps` to one vector (B, W).

    Raises
    ------
    ConfigError
        For an unknown name or the config of another family.

    Examples
    --------
    >>> build_body("hybrid", HybridConfig(width=32), 5, 10).out_width
    32
    """
    return family_of(name, config).body(config, inputs, steps)


def family_of(name: str, config: ModelConfig) -> Family:
    """Return the family of that name, whose config this must be.

    Raises
    ------
    ConfigError
        For an unknown name or the config of another family.
    """
    if name not in NETWORKS:
        raise ConfigError(f"No network is named {name!r}. {nearest(name, NETWORKS)}")
    family = NETWORKS[name]
    if not isinstance(config, family.config):
        raise ConfigError(f"{name!r} takes a {family.config.__name__}; got a {type(config).__name__}.")
    return family


def settled(config: ModelConfig, task: Task, rows: int) -> ModelConfig:
    """Return the config with its open choices made: context and patch from season, horizon and known rows.

    Parameters
    ----------
    config : RecurrentConfig or HybridConfig
        Fields that are None are chosen.
    task : Task
        Horizon and season.
    rows : int
        Known rows of the longest series.

    Examples
    --------
    >>> settled(RecurrentConfig(), Task(horizon=12, season=12), rows=100).context
    24
    """
    room = max(task.horizon, rows // 3)
    if isinstance(config, RecurrentConfig):
        wish = max(2 * task.season, 2 * task.horizon, 16)
        return replace(config, context=config.context or min(wish, room, 96))
    filled = config.filled()
    wish = max(4 * task.season, 4 * task.horizon, 32)
    if filled.patch == 1:
        return replace(filled, context=filled.context or min(wish, room, 512))
    context = filled.context or _whole_seasons(min(max(wish, min(rows // _SHARE, _MOST)), room), task.season)
    return replace(filled, context=context, patch=filled.patch or _patch(context))


_SHARE = 12  # of a long history, one part of so many is read: a year of hours gives a month
_MOST = 720  # steps, a month of hours
_LONGEST = 1344  # two weeks of quarter-hours: the closed form's time grows with the cube of it
_TOKENS = 15  # that a context is read as: half a day each of a week, two days each of a month


def _whole_seasons(wish: int, season: int) -> int:
    """Return a context of whole seasons, no more of them than a fortnight has days, or than `_MOST` steps hold."""
    context = min(wish, min(max(_MOST, 14 * season), _LONGEST))
    return context - context % season if context > season else context


def _patch(context: int) -> int:
    """Return a divisor of the context that makes about so many tokens, or what does where none is near."""
    wish = context / _TOKENS
    divisors = [size for size in range(1, context + 1) if context % size == 0]
    nearest = min(divisors, key=lambda size: abs(math.log(size / wish)))
    return nearest if 2 / 3 <= nearest / wish <= 3 / 2 else max(1, round(wish))
