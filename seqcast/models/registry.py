"""The closed table of networks: a name, its config, its class. A saved model can name nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from torch import nn

from seqcast.errors import ConfigError, nearest
from seqcast.models.hybrid import Hybrid, HybridBody
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
    "hybrid": Family(HybridConfig, Hybrid, HybridBody),
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
    context = config.context or min(max(4 * task.season, 4 * task.horizon, 32), room, 512)
    return replace(filled, context=context, patch=filled.patch or max(1, context // _TOKENS))


_TOKENS = 8  # that the hybrid reads a context as, unless told: fewer steps for the recurrence to carry, less to overfit
