"""A fitted forecaster as a folder of data: a manifest with the SHA-256 of every file, arrays, and no code.

A network brings its weights and the rows that its next forecast reads; a classical model brings the history, on which
it is fitted again, to the same bits, when it is asked. What holds others is stored as a tree: an ensemble brings its
members, a calibrated forecaster the one inside and how far its quantiles are moved, each with a file of its own.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError

from seqcast.budget import Deadline
from seqcast.config import built
from seqcast.data.panel import Panel
from seqcast.errors import BundleError, SeqcastError
from seqcast.files import Bundle, read_folder, write_folder
from seqcast.forecasters.base import Fitted
from seqcast.forecasters.calibrated import CalibratedFitted, Calibration
from seqcast.forecasters.classical import build_local
from seqcast.forecasters.ensemble import FittedEnsemble
from seqcast.forecasters.local import FittedLocal
from seqcast.forecasters.proving import (
    insist,
    of_size,
    prove_arrays,
    prove_calibration,
    prove_encoder,
    prove_inputs,
    prove_members,
    prove_panel,
)
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
from seqcast.types import Columns, Task

FORMAT, VERSION, OLDER = "seqcast-model", 3, 2

Facts = dict[str, Any]
Files = dict[str, bytes]


@dataclass(frozen=True, eq=False)
class Saved:
    """A fitted forecaster with the rows that it forecasts from."""

    name: str
    fitted: Fitted
    panel: Panel
    task: Task
    settings: dict[str, Any]


def save_model(folder: Path, saved: Saved) -> None:
    """Write a fitted forecaster as a bundle, whole or not at all.

    Raises
    ------
    BundleError
        When it is made of something that no bundle can hold, or `folder` holds files of somebody else.
    """
    files: Files = {}
    part = _part_of(saved.fitted, "", files)
    context = _rows_read(part)
    panel = saved.panel if context is None else saved.panel.since(saved.panel.history - context)[0]
    files["panel.safetensors"] = panel_bytes(panel)
    facts: Facts = {
        "name": saved.name,
        "task": asdict(saved.task),
        "settings": saved.settings,
        "seqcast": version("seqcast"),
        "part": part,
        "panel": panel_facts(panel),
    }
    write_folder(folder, Bundle(format=FORMAT, version=VERSION, facts=facts, files=files))


def load_model(folder: Path) -> Saved:
    """Read a bundle back.

    Raises
    ------
    BundleError
        When it is none, was changed or cut short, does not hold together, or names a model that this release does not
        know.
    """
    try:
        return _saved_of(_opened(folder))
    except SeqcastError:
        raise
    except _MALFORMED as error:
        raise BundleError(
            f"{folder} is no model as seqcast writes it: {type(error).__name__}, {error}. Save the forecaster again."
        ) from error


# What facts and arrays of another form break. Their form is anybody's choice, so that no list of checks is whole.
_MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SafetensorError,
    TypeError,
    ValueError,
)


def _saved_of(bundle: Bundle) -> Saved:
    facts: Facts = dict(bundle.facts)
    kept, (arrays, _) = facts["panel"], unpacked(_file(bundle, "panel.safetensors"))
    columns = built(Columns, kept["columns"], "panel.columns")
    prove_panel(columns, kept["series"], arrays)
    panel = panel_of(arrays, columns, kept)
    task = built(Task, facts["task"], "task")
    insist(isinstance(facts["name"], str) and isinstance(facts["settings"], dict), "it has a name and settings")
    fitted = _fitted_of(facts["part"], _Reading(bundle, panel, task))
    return Saved(facts["name"], fitted, panel, task, facts["settings"])


@dataclass(frozen=True, eq=False)
class _Reading:
    """What every part of a bundle is built from."""

    bundle: Bundle
    panel: Panel
    task: Task


def _opened(folder: Path) -> Bundle:
    try:
        return read_folder(folder, FORMAT, VERSION)
    except BundleError:
        # Before there were ensembles a bundle was one network or one classical model, with the same files.
        with suppress(BundleError):
            return _of_this_version(read_folder(folder, FORMAT, OLDER))
        raise


def _of_this_version(bundle: Bundle) -> Bundle:
    facts: Facts = dict(bundle.facts)
    part: Facts = {"kind": "local", "name": facts["name"]}
    if "network" in facts:
        part = {**facts["network"], "kind": "network", "name": facts["name"], "file": "network.safetensors"}
    return replace(bundle, version=VERSION, facts={**facts, "part": part})


def _part_of(fitted: Any, place: str, files: Files) -> Facts:
    """Return the small facts of a forecaster and of all that it holds; its arrays go to `files`, below `place`."""
    if isinstance(fitted, FittedLocal):
        return {"kind": "local", "name": fitted.local.name}
    if isinstance(fitted, CalibratedFitted):
        name = f"{place}calibration.safetensors"
        files[name] = packed(fitted.calibration.arrays())
        return {"kind": "calibrated", "file": name, "inner": _part_of(fitted.inner, place, files)}
    if isinstance(fitted, FittedEnsemble):
        places = [f"{place}members/{number}/" for number in range(len(fitted.members))]
        parts = [_part_of(member, where, files) for member, where in zip(fitted.members, places, strict=True)]
        weights = None if fitted.weights is None else dict(fitted.weights)
        return {
            "kind": "ensemble",
            "name": fitted.name,
            "names": list(fitted.names),
            "weights": weights,
            "members": parts,
        }
    if getattr(fitted, "name", None) not in NETWORK_NAMES:
        raise BundleError(
            f"A bundle holds networks, classical models, ensembles of them and calibrations; got a "
            f"{type(fitted).__name__}, which it cannot bring back. Keep the settings and the table, and fit anew."
        )
    files[f"{place}network.safetensors"] = packed(_network_arrays(fitted))
    return {"kind": "network", "file": f"{place}network.safetensors", **_network_facts(fitted)}


def _rows_read(part: Facts) -> int | None:
    """Return how many of the latest rows the next forecast reads; None for all of them."""
    if part["kind"] == "network":
        return int(part["dims"]["context"])
    inner = [part["inner"]] if part["kind"] == "calibrated" else part.get("members", [])
    contexts = [_rows_read(each) for each in inner]
    known = [context for context in contexts if context is not None]
    return max(known) if known and len(known) == len(contexts) else None


def _fitted_of(part: Facts, reading: _Reading) -> Fitted:
    kind = part["kind"]
    if kind == "local":
        return build_local(str(part["name"])).fit(reading.panel, reading.task, Deadline())
    if kind == "network":
        return _network_of(part, reading)
    if kind == "calibrated":
        arrays, _ = unpacked(_file(reading.bundle, part["file"]))
        prove_calibration(arrays, reading.panel, reading.task)
        return CalibratedFitted(_fitted_of(part["inner"], reading), Calibration.from_arrays(arrays))
    if kind == "ensemble":
        prove_members(part["names"], part["members"], part["weights"])
        members = tuple(_fitted_of(member, reading) for member in part["members"])
        return FittedEnsemble(str(part["name"]), tuple(part["names"]), members, part["weights"])
    raise BundleError(f"This seqcast knows no part of the kind {kind!r}. Open it with the release that wrote it.")


def _file(bundle: Bundle, name: str) -> bytes:
    if name not in bundle.files:
        raise BundleError(f"{name} is named by the bundle and is not in it. Save the forecaster again.")
    return bundle.files[name]


def _network_arrays(fitted: Any) -> Arrays:
    arrays: Arrays = {f"encoder:{name}": array for name, array in encoder_arrays(fitted.encoder).items()}
    arrays |= {f"weights:{name}": value.detach().cpu().numpy() for name, value in fitted.model.state_dict().items()}
    return arrays if fitted.spread is None else {**arrays, "spread": fitted.spread}


def _network_facts(fitted: Any) -> Facts:
    return {
        "name": fitted.name,
        "config": asdict(fitted.config),
        "loss": fitted.loss,
        "dims": asdict(fitted.dims),
        "encoder": encoder_facts(fitted.encoder),
        "records": [asdict(record) for record in fitted.records],
        "ending": fitted.ending,
    }


def _network_of(facts: Facts, reading: _Reading) -> Fitted:
    import torch

    from seqcast.forecasters.neural import FittedNetwork
    from seqcast.forecasters.outputs import reading_of
    from seqcast.models.registry import NETWORKS, build_network
    from seqcast.types import Dims

    name, panel, task = str(facts["name"]), reading.panel, reading.task
    if name not in NETWORKS:
        raise BundleError(f"This seqcast knows no network {name!r}. Open it with the release that wrote it.")
    arrays, _ = unpacked(_file(reading.bundle, facts["file"]))
    scales, weights = (_under(arrays, prefix) for prefix in ("encoder:", "weights:"))
    spread = arrays.get("spread")
    insist(len(scales) + len(weights) + (spread is not None) == len(arrays), "a network has scales, weights and spread")
    config = built(NETWORKS[name].config, facts["config"], f"model.{name}")
    dims = built(Dims, facts["dims"], "dims")
    prove_encoder(scales, panel)
    encoder = encoder_of(scales, facts["encoder"], np.minimum(panel.history, panel.rows))
    prove_inputs(dims, encoder, panel, task)
    reading_of(facts["loss"])
    unfit = f"The weights do not fit a {name} of these settings; the bundle is of another release."
    # Settings of another size must not fill the memory before they are refused.
    if not of_size(asdict(config), asdict(dims), sum(array.size for array in weights.values())):
        raise BundleError(unfit)
    with torch.random.fork_rng():
        model = build_network(name, config, dims)
    sizes = {key: (tuple(value.shape), "f") for key, value in model.state_dict().items()}
    if {key: (array.shape, array.dtype.kind) for key, array in weights.items()} != sizes:
        raise BundleError(unfit)
    model.load_state_dict({key: torch.from_numpy(array.copy()) for key, array in weights.items()})
    if spread is not None:
        prove_arrays("the network", {"spread": spread}, {"spread": (task.horizon, dims.targets, len(task.quantiles))})
    records = tuple(built(EpochRecord, record, "records") for record in facts["records"])
    learnt = {"encoder": encoder, "model": model.eval(), "loss": facts["loss"], "spread": spread}
    return FittedNetwork(name, config, task, dims, records=records, ending=str(facts["ending"]), **learnt)


def _under(arrays: Arrays, prefix: str) -> Arrays:
    return {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
