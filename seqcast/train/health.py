"""Can a recurrent network learn from the far past? Gradient by time lag, memory length, saturation of gates.

The gradient of what is read at the last step with respect to the state `lag` steps before is a product of `lag`
Jacobians (Hochreiter, 1991; Bengio, Simard & Frasconi, 1994). Where it has vanished, what happened there cannot be
learnt, however long the network trains.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from seqcast.errors import ConfigError, InputError

State = Tensor | tuple[Tensor, ...]
Read = Callable[[Tensor, State | None], tuple[Tensor, State]]
Readout = Callable[[Tensor], Tensor]


def added(hidden: Float[Tensor, "B W"]) -> Float[Tensor, "B"]:
    """Return the sum of each hidden vector: a readout that asks for no head."""
    return hidden.sum(dim=-1)


def gradient_by_lag(read: Read, steps: Float[Tensor, "B T X"], readout: Readout = added) -> Float[Tensor, "T"]:
    """Return the norm of the gradient at the last step with respect to the state at each step before.

    Parameters
    ----------
    read : callable
        Steps (B, T, X) and a state (None: from zero) to the hidden vectors (B, T, W) and the state to read on from: one
        tensor or several, each with the samples on its last axis but one. So are `Unrolled`, `Recurrent.read` and, with
        `batch_first`, torch's own layers. It reads forward only.
    steps : float tensor (B, T, X)
        What is read. Double precision tells norms down to 1e-300 from 0.
    readout : callable
        The hidden vectors (B, W) of the last step to one number a sample; a loss, for instance.

    Returns
    -------
    float tensor (T,)
        At 0 the norm of the gradient with respect to the last hidden vector; at each `lag` from 1 on with respect to
        the whole state `lag` steps before, of an LSTM hidden and cell vector together. Euclidean norms, exact (by
        automatic differentiation), mean over samples.

    Raises
    ------
    InputError
        When there is no step to read.

    Examples
    --------
    >>> def halve(steps, state):
    ...     state = steps[:, 0] + (0.0 if state is None else 0.5 * state)
    ...     return state[:, None], state
    >>> gradient_by_lag(halve, torch.ones(2, 4, 1)).tolist()
    [1.0, 0.5, 0.25, 0.125]
    """
    if steps.shape[1] < 1:
        raise InputError(f"A gradient by lag needs at least 1 step; got {steps.shape[1]}. Give a longer sequence.")
    states: list[State] = []
    with torch.enable_grad():
        # Inputs that ask for a gradient make every state part of the graph, though all weights be frozen.
        one_by_one = steps.detach().requires_grad_().split(1, dim=1)
        hidden, state = read(one_by_one[0], None)
        for step in one_by_one[1:]:
            states.append(state)
            hidden, state = read(step, state)
        last = hidden[:, -1]
        parts = [(last,), *(part if isinstance(part, tuple) else (part,) for part in reversed(states))]
        flat = [tensor for part in parts for tensor in part]
        found = iter(torch.autograd.grad(readout(last).sum(), flat, materialize_grads=True))
    return torch.stack([_norm([next(found) for _ in part]) for part in parts])


def gradient_by_input(
    network: Callable[[Tensor], Tensor], steps: Float[Tensor, "B T X"], readout: Readout = added
) -> Float[Tensor, "T"]:
    """Return the norm of the gradient at the last step with respect to the input, by lag, of any causal network.

    Parameters
    ----------
    network : callable
        Steps (B, T, X) to hidden vectors (B, T, W).
    steps : float tensor (B, T, X)
        What is read.
    readout : callable
        The hidden vectors (B, W) of the last step to one number a sample.

    Returns
    -------
    float tensor (T,)
        Entry `lag` belongs to the input `lag` steps before the last: Euclidean norms over X, mean over samples.

    Examples
    --------
    >>> gradient_by_input(lambda steps: steps.cumsum(dim=1), torch.ones(2, 3, 1)).tolist()
    [1.0, 1.0, 1.0]
    """
    with torch.enable_grad():
        leaf = steps.detach().requires_grad_()
        (found,) = torch.autograd.grad(readout(network(leaf)[:, -1]).sum(), leaf, materialize_grads=True)
    return torch.linalg.vector_norm(found, dim=-1).mean(dim=0).flip(0)


def memory_length(norms: Float[Tensor, "T"], share: float = 1 / math.e) -> float:
    """Return after how many steps the gradient has fallen, for good, to `share` of that at lag 0.

    Parameters
    ----------
    norms : float tensor (T,)
        By lag, from `gradient_by_lag`.
    share : float
        Between 0 and 1; 1/e is the time constant of an exponential decay.

    Returns
    -------
    float
        The first lag from which on every norm is at most `share` of that at lag 0; infinite where the norm at the
        longest lag is above it, for then the memory is longer than what was measured.

    Raises
    ------
    ConfigError
        When `share` lies outside.
    InputError
        When the gradient at lag 0 is not a positive number.

    Examples
    --------
    >>> memory_length(0.9 ** torch.arange(100.0)), memory_length(torch.ones(100))
    (10.0, inf)
    """
    if not 0 < share < 1:
        raise ConfigError(f"share must lie between 0 and 1; got {share}. 1/e gives the time constant.")
    first = norms[0].item() if len(norms) else math.nan
    if not 0 < first < math.inf:
        raise InputError(
            f"The gradient at lag 0 must be a positive number; got {first}. Give a readout that uses the last step."
        )
    above = (norms > share * first).nonzero()[-1].item()
    return math.inf if above == len(norms) - 1 else above + 1.0


@dataclass(frozen=True)
class Saturation:
    """Shares of time in which each unit of a gate is nearly shut (`left`) or nearly open (`right`), between 0 and 1."""

    left: Float[Tensor, "W"]
    right: Float[Tensor, "W"]


def saturation(gate: Float[Tensor, "*any W"], low: float = 0.1, high: float = 0.9) -> Saturation:
    """Return how often each unit of a gate is saturated, after Karpathy, Johnson & Fei-Fei (2015).

    Parameters
    ----------
    gate : float tensor (..., W)
        Values of one gate between 0 and 1 over samples and steps.
    low, high : float
        A unit is left-saturated below `low` and right-saturated above `high`.

    Examples
    --------
    >>> shares = saturation(torch.tensor([[0.05, 0.5], [0.95, 0.5], [0.99, 0.5], [0.5, 0.5]]))
    >>> shares.left.tolist(), shares.right.tolist()
    ([0.25, 0.0], [0.5, 0.0])
    """
    flat = gate.reshape(-1, gate.shape[-1])
    return Saturation((flat < low).to(gate.dtype).mean(dim=0), (flat > high).to(gate.dtype).mean(dim=0))


def _norm(parts: list[Tensor]) -> Tensor:
    """Return the norm over a whole state, mean over the samples, which lie on the last axis but one of each part."""
    squares = [part.square().movedim(-2, 0).flatten(1).sum(dim=1) for part in parts]
    return torch.stack(squares).sum(dim=0).sqrt().mean()
