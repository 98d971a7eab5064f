"""A look inside a trained network: how many of its gate units still weigh what they read."""

from typing import TYPE_CHECKING, Any

from seqcast.autopsy.causes import Health
from seqcast.data.panel import Panel
from seqcast.types import Origins

if TYPE_CHECKING:
    from seqcast.forecasters.neural import FittedNetwork

ALL_THE_TIME = 0.9


def health_of(fitted: "FittedNetwork", panel: Panel, origins: Origins) -> Health:
    """Measure the saturation of the gates of a network while it forecasts from these origins.

    The first layer of each recurrent stack is looked at, reading forward: nothing reaches the others but through it. Of
    a simple recurrent network, which has no gates, the hidden units are looked at themselves.

    Parameters
    ----------
    fitted : FittedNetwork
        A trained network.
    panel, origins : Panel, Origins
        What it reads; a few origins are enough.

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> from seqcast.budget import Deadline
    >>> from seqcast.forecasters.neural import Neural
    >>> from seqcast.models.recurrent import RecurrentConfig
    >>> from seqcast.train.config import FitConfig
    >>> from seqcast.types import Task
    >>> panel = read_panel(pl.DataFrame({"ds": range(60), "y": np.sin(np.arange(60.0))}))
    >>> network = Neural("gru", RecurrentConfig(width=4, context=8), FitConfig(epochs=1, steps=1))
    >>> fitted = network.fit(panel, Task(horizon=2), Deadline())
    >>> health_of(fitted, panel, panel.at_end()).pinned
    0.0
    """
    from seqcast.nn.recurrent import Recurrent  # here: torch takes two seconds that a run without networks can spare

    shares: list[float] = []

    def look(stack: Any, given: tuple[Any, ...], answer: Any) -> None:
        shares.append(_pinned(stack.stack, given[0]))

    hooks = [part.register_forward_hook(look) for part in fitted.model.modules() if isinstance(part, Recurrent)]
    try:
        fitted.predict(panel, origins)
    finally:
        for hook in hooks:
            hook.remove()
    return Health(pinned=max(shares, default=0.0))


def _pinned(stack: Any, steps: Any) -> float:
    """Return the share of the gate units of the first layer that are nearly shut or nearly open all the time."""
    from seqcast.nn.cells import gru_gates, lstm_gates
    from seqcast.nn.weights import NAMES, weights_of
    from seqcast.train.health import saturation

    # On no device, so that no weights are drawn and torch's random state stays as it is.
    first = type(stack)(stack.input_size, stack.hidden_size, 1, batch_first=True, device="meta")
    first.load_state_dict({f"{name}_l0": getattr(stack, f"{name}_l0") for name in NAMES}, assign=True)
    hidden = first(steps)[0].detach()
    before = hidden.roll(1, dims=1)
    before[:, 0] = 0.0
    weights = weights_of(first, "_l0")
    if stack.mode == "LSTM":
        gates = lstm_gates(steps, before, weights)
        weighing = [gates.input, gates.forget, gates.output]
    elif stack.mode == "GRU":
        weighing = [*gru_gates(steps, before, weights)[:2]]
    else:
        weighing = [(hidden + 1) / 2]
    found = [saturation(gate) for gate in weighing]
    pinned = [((shares.left + shares.right) >= ALL_THE_TIME).double().mean().item() for shares in found]
    return sum(pinned) / len(pinned)
