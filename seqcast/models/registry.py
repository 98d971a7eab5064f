"""The closed table of networks: a name, its config, its class. A saved model can name nothing else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from torch import nn

from seqcast.errors import ConfigError, nearest
from seqcast.models.hybrid import Hybrid, HybridConfig
from seqcast.models.recurrent import RecurrentConfig, RecurrentForecaster
from seqcast.types import Dims, Task

ModelConfig = RecurrentConfig | HybridConfig


@dataclass(frozen=True)
class Family:
    """A network family: its config type and how it is built."""

    config: type[RecurrentConfig] | type[HybridConfig]
    build: Callable[..., nn.Module]


NETWORKS = {
    "rnn": Family(RecurrentConfig, partial(RecurrentForecaster, "rnn")),
    "lstm": Family(RecurrentConfig, partial(RecurrentForecaster, "lstm")),
    "gru": Family(RecurrentConfig, partial(RecurrentForecaster, "gru")),
    "hybrid": Family(HybridConfig, Hybrid),
}


def build_network(name: str, config: ModelConfig, dims: Dims) -> nn.Module:
    """Return a new network with weights drawn from torch's current random state.

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
    return family.build(config, dims)


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
    context = config.context or min(max(4 * task.season, 4 * task.horizon, 32), room, 512)
    return replace(config, context=context, patch=config.patch or max(1, context // _TOKENS))


_TOKENS = 8  # that the hybrid reads a context as, unless told: fewer steps for the recurrence to carry, less to overfit
