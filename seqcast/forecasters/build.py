"""A forecaster from its name and the settings of a run. torch is imported only for a network."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from seqcast.config import Settings, built
from seqcast.errors import ConfigError, nearest
from seqcast.forecasters.base import Forecaster
from seqcast.forecasters.classical import CLASSICAL, build_local
from seqcast.models.names import NETWORK_NAMES

ENSEMBLES = ("ensemble", "median")
"""Combinations of the models of a run: the greedy one with weights, and the median."""

if TYPE_CHECKING:
    from seqcast.forecasters.neural import Watch
    from seqcast.train.run import Run


def known_models() -> tuple[str, ...]:
    """Return the names that `build_forecaster` knows, beside explicit ARIMA orders."""
    return (*CLASSICAL, *NETWORK_NAMES)


def build_forecaster(name: str, settings: Settings, watch: "Watch | None" = None) -> Forecaster:
    """Return the forecaster of that name.

    Parameters
    ----------
    name : str
        `naive` … `theta`, orders such as `arima(1,1,1)`, or a network.
    settings : Settings
        Its `training`, `model` and `run.seed` concern networks.
    watch : Watch or None
        Where a network keeps its training after each epoch, and who is told of it.

    Raises
    ------
    ConfigError
        For an unknown name or setting.

    Examples
    --------
    >>> build_forecaster("naive", Settings.from_mapping({"run": {"horizon": 1}})).name
    'naive'
    """
    if name in NETWORK_NAMES:
        from seqcast.forecasters.neural import Neural, Watch
        from seqcast.models.registry import NETWORKS
        from seqcast.train.config import FitConfig

        config = built(NETWORKS[name].config, settings.model.get(name, {}), f"model.{name}")
        training = built(FitConfig, settings.training, "training")
        return Neural(name, config, training, settings.run.seed, watch or Watch())
    if name in ENSEMBLES:
        raise ConfigError(
            f"{name!r} combines the other models of a run and is made beside them; name three models at least, or none "
            "for all of them."
        )
    if "(" not in name and name not in CLASSICAL:
        raise ConfigError(f"No model is named {name!r}. {nearest(name, known_models())}")
    return build_local(name)


def watched(name: str, folder: Path | None, on_epoch: "Callable[[str, Run, int], None]") -> "Watch | None":
    """Return a watch for a network of that name; None for a model that has no epochs."""
    if name not in NETWORK_NAMES:
        return None
    from seqcast.forecasters.neural import Watch

    return Watch(folder, on_epoch)
