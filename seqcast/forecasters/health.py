"""A look inside a trained network: how many of its gate units still weigh what they read."""

from collections.abc import Callable
from typing import Any

ALL_THE_TIME = 0.9


def pinned_share(model: Any, forward: Callable[[], object]) -> float:
    """Return the share of the gate units of a network that are shut or open nearly all the time while it forecasts.

    The first layer of each recurrent stack is looked at, reading forward: nothing reaches the others but through it. Of
    a simple recurrent network, which has no gates, the hidden units are looked at themselves.

    Parameters
    ----------
    model : Module
        A trained network.
    forward : callable
        Makes it forecast from a few windows.

    Examples
    --------
    >>> import torch
    >>> from seqcast.nn.recurrent import Recurrent
    >>> stack = Recurrent("gru", inputs=2, width=4)
    >>> pinned_share(stack, lambda: stack.read(torch.zeros(3, 5, 2)))
    0.0
    """
    from seqcast.nn.recurrent import Recurrent  # here: torch takes two seconds that a run without networks can spare

    shares: list[float] = []

    def look(stack: Any, given: tuple[Any, ...], answer: Any) -> None:
        steps, state = given
        if state is None:  # what goes on from a state is not the reading of the past
            shares.append(_pinned(stack, steps))

    hooks = [part.stack.register_forward_hook(look) for part in model.modules() if isinstance(part, Recurrent)]
    try:
        forward()
    finally:
        for hook in hooks:
            hook.remove()
    return max(shares, default=0.0)


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
