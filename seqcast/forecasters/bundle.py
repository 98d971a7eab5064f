"""A fitted forecaster as a folder of data: a manifest with the SHA-256 of every file, arrays, and no code.

A network brings its weights and the rows that its next forecast reads; a classical model brings the history, on which
it is fitted again, to the same bits, when it is asked.
"""

from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from seqcast.budget import Deadline
from seqcast.config import built
from seqcast.data.panel import Panel
from seqcast.errors import BundleError
from seqcast.files import Bundle, read_folder, write_folder
from seqcast.forecasters.base import Fitted
from seqcast.forecasters.classical import build_local
from seqcast.forecasters.stored import (
    Arrays,
    encoder_arrays,
    encoder_facts,
    encoder_of,
    packed,
    panel_bytes,
    panel_facts,
    panel_of,
    unpacked,
)
from seqcast.models.names import NETWORK_NAMES
from seqcast.train.progress import EpochRecord
from seqcast.types import Task

FORMAT, VERSION = "seqcast-model", 2


@dataclass(frozen=True, eq=False)
class Saved:
    """A fitted forecaster with the rows that it forecasts from."""

    name: str
    fitted: Fitted
    panel: Panel
    task: Task
    settings: dict[str, Any]


def save_model(folder: Path, saved: Saved) -> None:
    """Write a fitted forecaster as a bundle, whole or not at all."""
    facts: dict[str, Any] = {
        "name": saved.name,
        "task": asdict(saved.task),
        "settings": saved.settings,
        "seqcast": version("seqcast"),
    }
    files: dict[str, bytes] = {}
    panel = saved.panel
    if saved.name in NETWORK_NAMES:
        files["network.safetensors"], facts["network"] = _network_parts(saved.fitted)
        panel, _ = panel.since(panel.history - facts["network"]["dims"]["context"])
    facts["panel"] = panel_facts(panel)
    files["panel.safetensors"] = panel_bytes(panel)
    write_folder(folder, Bundle(format=FORMAT, version=VERSION, facts=facts, files=files))


def load_model(folder: Path) -> Saved:
    """Read a bundle back.

    Raises
    ------
    BundleError
        When it is none, was changed or cut short, or names a model that this release does not know.
    """
    bundle = read_folder(folder, FORMAT, VERSION)
    facts: dict[str, Any] = dict(bundle.facts)
    name = str(facts["name"])
    panel = panel_of(bundle.files["panel.safetensors"], facts["panel"])
    task = built(Task, facts["task"], "task")
    if name not in NETWORK_NAMES:
        fitted: Fitted = build_local(name).fit(panel, task, Deadline())
    else:
        fitted = _network_of(name, facts["network"], bundle.files["network.safetensors"], panel, task)
    return Saved(name, fitted, panel, task, facts["settings"])


def _network_parts(fitted: Any) -> tuple[bytes, dict[str, Any]]:
    arrays: Arrays = {f"encoder:{name}": array for name, array in encoder_arrays(fitted.encoder).items()}
    arrays |= {f"weights:{name}": value.detach().cpu().numpy() for name, value in fitted.model.state_dict().items()}
    if fitted.spread is not None:
        arrays["spread"] = fitted.spread
    facts = {
        "config": asdict(fitted.config),
        "loss": fitted.loss,
        "dims": asdict(fitted.dims),
        "encoder": encoder_facts(fitted.encoder),
        "records": [asdict(record) for record in fitted.records],
        "ending": fitted.ending,
    }
    return packed(arrays), facts


def _network_of(name: str, facts: dict[str, Any], data: bytes, panel: Panel, task: Task) -> Fitted:
    import torch

    from seqcast.forecasters.neural import FittedNetwork
    from seqcast.models.registry import NETWORKS, build_network
    from seqcast.types import Dims

    arrays, _ = unpacked(data)
    parts = {prefix: _under(arrays, prefix) for prefix in ("encoder:", "weights:")}
    config = built(NETWORKS[name].config, facts["config"], f"model.{name}")
    dims = built(Dims, facts["dims"], "dims")
    with torch.random.fork_rng():
        model = build_network(name, config, dims)
    try:
        model.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in parts["weights:"].items()})
    except RuntimeError as error:
        raise BundleError(
            f"The weights do not fit a {name} of these settings; the bundle is of another release."
        ) from error
    encoder = encoder_of(parts["encoder:"], facts["encoder"], np.minimum(panel.history, panel.rows))
    records = tuple(EpochRecord(**record) for record in facts["records"])
    learnt = {"encoder": encoder, "model": model.eval(), "loss": str(facts["loss"]), "spread": arrays.get("spread")}
    return FittedNetwork(name, config, task, dims, records=records, ending=str(facts["ending"]), **learnt)


def _under(arrays: Arrays, prefix: str) -> Arrays:
    return {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
