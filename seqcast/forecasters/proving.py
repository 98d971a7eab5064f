"""Whether what a bundle says of itself can be true: sizes that fit each other, members that are there, numbers.

The digests of a manifest tell damage from what was written, not a stranger's manifest from ours. Anything that does not
hold together is refused when it is opened, not met as a wrong forecast or a strange error later on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seqcast.data.encode import Encoder
from seqcast.data.panel import Panel
from seqcast.errors import BundleError
from seqcast.forecasters.average import check_weights
from seqcast.forecasters.stored import Arrays
from seqcast.types import Columns, Dims, Task

Sizes = Mapping[str, tuple[int, ...]]

LARGEST = 100_000  # rows of a context, layers, heads or quantiles: none has more
_WHOLE = ("offsets", "times", "residuals")


def insist(holds: bool, rule: str) -> None:
    """Refuse a bundle for which a rule does not hold.

    Raises
    ------
    BundleError
        When it does not.

    Examples
    --------
    >>> insist(True, "numbers are numbers")
    """
    if not holds:
        raise BundleError(f"This is no model as seqcast writes it: {rule}. Save the forecaster again.")


def prove_arrays(what: str, arrays: Arrays, sizes: Sizes) -> None:
    """Refuse arrays that are not those which are named, each of its size and kind.

    Raises
    ------
    BundleError
        Names the first that is missing, too many, or of another size or kind.
    """
    odd = sorted(set(arrays) ^ set(sizes))
    insist(not odd, f"{what} holds the arrays {', '.join(sorted(sizes))}, and not {', '.join(odd[:3])}")
    for name, size in sizes.items():
        kind = "i" if name in _WHOLE else "f"
        found = arrays[name]
        insist(
            found.shape == size and found.dtype.kind == kind,
            f"{name} of {what} has the size {list(size)}, not {list(found.shape)} of {found.dtype}",
        )


def prove_panel(columns: Columns, series: Sequence[Any], arrays: Arrays) -> None:
    """Refuse the parts of a panel that are not one.

    Raises
    ------
    BundleError
        When a name is there twice, an array has another size, or rows belong to no series.
    """
    everything = (*columns.values, *columns.static)
    insist(len(columns.target) > 0 and len(set(everything)) == len(everything), "columns have a name of their own each")
    named = all(isinstance(name, str) for name in series)
    insist(named and 0 < len(set(series)) == len(series), "series have a name of their own each")
    rows = len(arrays["times"]) if "times" in arrays and arrays["times"].ndim else 0
    sizes = {
        "offsets": (len(series) + 1,),
        "times": (rows,),
        "values": (rows, len(columns.values)),
        "static": (len(series), len(columns.static)),
    }
    prove_arrays("the panel", arrays, sizes)
    offsets = arrays["offsets"]
    insist(
        offsets[0] == 0 and offsets[-1] == rows and bool((np.diff(offsets) >= 0).all()),
        f"series share out the {rows} rows of the panel, in order",
    )


def prove_calibration(arrays: Arrays, panel: Panel, task: Task) -> None:
    """Refuse a calibration of other levels, steps, targets or series.

    Raises
    ------
    BundleError
        Names what does not fit.
    """
    targets, levels = len(panel.columns.target), len(task.quantiles)
    steps = (task.horizon, targets, levels)
    sizes = {"levels": (levels,), "shift": (len(panel), *steps), "pooled": steps}
    prove_arrays("the calibration", arrays, {**sizes, **dict.fromkeys(("steps", "residuals"), (len(panel), targets))})
    insist(arrays["levels"].tolist() == list(task.quantiles), "a calibration is for the levels of its forecaster")


def prove_members(names: Any, members: Any, weights: Any) -> None:
    """Refuse members that are not one for each name, or weights that no average can have.

    Raises
    ------
    BundleError
        Says what is wrong.
    """
    listed = isinstance(names, list) and isinstance(members, list) and all(isinstance(name, str) for name in names)
    insist(listed and 0 < len(set(names)) == len(members) == len(names), "an ensemble has a name for each member")
    if weights is None:
        return
    numbers = isinstance(weights, dict) and all(type(weight) in (int, float) for weight in weights.values())
    insist(numbers, "weights are numbers by the names of members")
    try:
        check_weights(names, weights)
    except ValueError as error:
        raise BundleError(f"{error} Save the forecaster again.") from error


def prove_encoder(arrays: Arrays, panel: Panel) -> None:
    """Refuse the scales of other columns or series.

    Raises
    ------
    BundleError
        Names what does not fit.
    """
    values, static = (len(panel), len(panel.columns.values)), (len(panel.columns.static),)
    sizes = {"loc": values, "scale": values, "static_loc": static, "static_scale": static}
    prove_arrays("the encoder", arrays, sizes)


def prove_inputs(dims: Dims, encoder: Encoder, panel: Panel, task: Task) -> None:
    """Refuse a network for another task, or of more or fewer inputs than its columns give.

    Raises
    ------
    BundleError
        When sizes differ.
    """
    # Of one series alone: the width of the channels is the same for all, and rows cost time.
    read = encoder.encode(panel.only(np.array([0])))
    given = (
        task.horizon,
        len(panel.columns.target),
        *(part.shape[1] for part in (read.past, read.future, read.static)),
    )
    taken = (dims.horizon, dims.targets, dims.past, dims.future, dims.static)
    insist(
        given == taken and dims.context > 0,
        f"a network takes the horizon, targets and inputs of its columns, {list(given)}, not {list(taken)}",
    )


def of_size(config: Mapping[str, Any], dims: Mapping[str, Any], stored: int) -> bool:
    """Tell whether a network of these settings can have as few weights as are stored, so that it may be built.

    Examples
    --------
    >>> [of_size({"width": width, "layers": 2}, {"context": 20}, stored=500) for width in (8, 80)]
    [True, False]
    """
    layers = sum(value for name, value in config.items() if name.endswith("layers") and value is not None)
    numbers = [value for value in (*config.values(), *dims.values()) if isinstance(value, int)]
    # Each layer has a square of its width at least.
    return config["width"] ** 2 * layers <= stored and max(numbers) <= LARGEST
