"""A regressor on the disk: a folder of raw numbers with their SHA-256, read back bit for bit or not at all."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from seqcast.errors import BundleError, ConfigError, InputError
from seqcast.files import Bundle, read_folder, write_folder
from seqcast.reference.regressor import regressor_shapes, targets_of
from seqcast.reference.stack import Stack, Weights

_FORMAT, _VERSION = "seqcast-reference", 1
_NUMBER = np.dtype("<f8")  # little-endian float64, whatever the machine


def save(folder: Path, stack: Stack, weights: Weights) -> None:
    """Write layers and weights as plain files, each weight its raw numbers, all of them or nothing.

    Parameters
    ----------
    folder : Path
        Is made; a regressor that was saved there is replaced.
    stack, weights : Stack and dict of str to float array
        Layers and the weights of `start_regressor` or `train`.

    Raises
    ------
    InputError
        For weights that are not those of a regressor of these layers.
    BundleError
        When `folder` holds something else.

    Examples
    --------
    >>> import tempfile
    >>> from seqcast.reference.regressor import start_regressor
    >>> stack = Stack(cell="gru", inputs=3, width=5)
    >>> weights = start_regressor(stack)
    >>> with tempfile.TemporaryDirectory() as home:
    ...     save(Path(home, "gru"), stack, weights)
    ...     again, read_back = load(Path(home, "gru"))
    >>> again == stack and all(np.array_equal(weights[name], read_back[name]) for name in weights)
    True
    """
    targets = targets_of(weights)
    expected = regressor_shapes(stack, targets)
    found = {name: weight.shape for name, weight in weights.items()}
    if found != expected or any(weight.dtype != np.float64 for weight in weights.values()):
        raise InputError(
            f"The weights of a regressor are those of start_regressor, in float64: {expected}; got {found}."
        )
    files = {f"{name}.f64": weight.astype(_NUMBER).tobytes() for name, weight in weights.items()}
    facts = {"stack": asdict(stack), "targets": targets}
    write_folder(folder, Bundle(format=_FORMAT, version=_VERSION, facts=facts, files=files))


def load(folder: Path) -> tuple[Stack, Weights]:
    """Read back what `save` wrote.

    Raises
    ------
    BundleError
        When the folder was changed, cut short, or never held a regressor.
    """
    bundle = read_folder(folder, _FORMAT, _VERSION)
    stack, shapes = _facts_of(folder, bundle.facts)
    sizes = {f"{name}.f64": _NUMBER.itemsize * int(np.prod(shape)) for name, shape in shapes.items()}
    found = {name: len(data) for name, data in bundle.files.items()}
    if found != sizes:
        raise BundleError(f"{folder} should hold files of these sizes for {stack}: {sizes}; got {found}. Save it anew.")
    weights = {}
    for name, shape in shapes.items():
        numbers = np.frombuffer(bundle.files[f"{name}.f64"], _NUMBER)
        weights[name] = numbers.astype(np.float64).reshape(shape)
    return stack, weights


def _facts_of(folder: Path, facts: Any) -> tuple[Stack, dict[str, tuple[int, ...]]]:
    """Return layers and shapes; that every digest is right does not make the settings sensible."""
    try:
        counts = [facts["targets"], *(facts["stack"][name] for name in ("inputs", "width", "layers"))]
        if not all(type(count) is int for count in counts):
            raise TypeError(f"no whole numbers: {counts}")
        stack = Stack(**facts["stack"])
        return stack, regressor_shapes(stack, facts["targets"])
    except (KeyError, TypeError, ConfigError) as error:
        raise BundleError(f"{folder} does not say which layers it holds ({error}). Save it anew.") from error
