"""Recurrent layers over a sequence, and backpropagation through time: whole (Werbos, 1990), or truncated."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from seqcast.errors import ConfigError, InputError
from seqcast.reference.cell import Cell, CellWeights, State, Step
from seqcast.reference.stack import Stack, Weights, refuse_weights

LayerStates = tuple[Float[np.ndarray, "layers B W"], ...]  # hidden vectors; of an LSTM the memory too


class Reading(NamedTuple):
    """A sequence that was read: hidden vectors of the last layer, the state to read on from, and every step taken."""

    hidden: Float[np.ndarray, "B T W"]
    state: LayerStates
    taken: list[list[Step]]


class Gradients(NamedTuple):
    """Derivatives of the loss by the weights, by what was read, and by the state before it."""

    weights: Weights
    steps: Float[np.ndarray, "B T X"]
    state: LayerStates


def read(
    stack: Stack, weights: Weights, steps: Float[np.ndarray, "B T X"], state: LayerStates | None = None
) -> Reading:
    """Read a sequence step by step, layer by layer.

    Parameters
    ----------
    stack : Stack
        The layers.
    weights : dict of str to float array
        By the names of `Stack.shapes`; others are not looked at.
    steps : float array (B, T, X)
        What is read.
    state : tuple of float array (layers, B, W), or None
        The hidden vectors, of an LSTM with the memory; None is zero.

    Raises
    ------
    InputError
        For steps, a state or weights of another shape than the layers have.

    Examples
    --------
    >>> from seqcast.reference.stack import start_stack
    >>> stack = Stack(cell="gru", inputs=3, width=5, layers=2)
    >>> reading = read(stack, start_stack(stack), np.ones((4, 7, 3)))
    >>> reading.hidden.shape, reading.state[0].shape
    ((4, 7, 5), (2, 4, 5))
    """
    cell = stack.kind()
    refuse_weights(stack.shapes(), weights)
    starts = _starts(stack, cell, steps, state)
    below = list(steps.swapaxes(0, 1))
    taken: list[list[Step]] = []
    for layer in range(stack.layers):
        own, vectors = _of_layer(weights, layer), tuple(part[layer] for part in starts)
        walked: list[Step] = []
        for x in below:
            walked.append(cell.forward(x, vectors, own))
            vectors = walked[-1].after
        below = [step.after[0] for step in walked]
        taken.append(walked)
    ends = zip(*(walked[-1].after for walked in taken), strict=True)
    return Reading(np.stack(below, axis=1), tuple(np.stack(part) for part in ends), taken)


def back(
    stack: Stack,
    weights: Weights,
    reading: Reading,
    d_hidden: Float[np.ndarray, "B T W"],
    d_state: LayerStates | None = None,
    truncation: int | None = None,
) -> Gradients:
    """Take derivatives back through the layers and through time.

    A layer's hidden vector at a step is read twice: by the layer above at that step, and by the layer itself at the
    next one. So its derivative is the sum of both, and the walk goes from the top layer down and from the last step to
    the first. The weights are the same at every step, so theirs are summed over the steps.

    Truncated, the state is taken as a constant before every step whose number, counted from 0, is a multiple of
    `truncation`: the derivative carried back in time ends there, in every layer (Williams & Peng, 1990).

    Parameters
    ----------
    stack, weights : Stack and dict of str to float array
        Those that were read with.
    reading : Reading
        What `read` returned.
    d_hidden : float array (B, T, W)
        Derivatives by the hidden vectors of the last layer.
    d_state : tuple of float array (layers, B, W), or None
        Derivatives by the last state; None is zero.
    truncation : int or None
        Steps in a piece that no gradient leaves; None for the whole sequence.

    Raises
    ------
    ConfigError
        For a truncation under 1.

    Examples
    --------
    >>> stack = Stack(cell="rnn", inputs=1, width=1, activation="relu")
    >>> weights = {name: np.ones(shape) for name, shape in stack.shapes().items()}
    >>> reading = read(stack, weights, np.ones((1, 4, 1)))
    >>> last = np.array([[[0.0], [0.0], [0.0], [1.0]]])
    >>> back(stack, weights, reading, last).steps.ravel().tolist()
    [1.0, 1.0, 1.0, 1.0]
    >>> back(stack, weights, reading, last, truncation=3).steps.ravel().tolist()
    [0.0, 0.0, 0.0, 1.0]
    """
    if truncation is not None and truncation < 1:
        raise ConfigError(f"truncation must be at least 1 step, or None for no cut; got {truncation}.")
    cell = stack.kind()
    d_ends = d_state or tuple(np.zeros_like(part) for part in reading.state)
    d_out = list(d_hidden.swapaxes(0, 1))
    d_weights: Weights = {}
    d_starts: list[State] = []
    for layer in reversed(range(stack.layers)):
        own = _of_layer(weights, layer)
        total = CellWeights(*(np.zeros_like(weight) for weight in own))
        d_carried = tuple(part[layer] for part in d_ends)
        for time, step in reversed(list(enumerate(reading.taken[layer]))):
            found = cell.backward(step, (d_carried[0] + d_out[time], *d_carried[1:]), own)
            total = CellWeights(*(summed + one for summed, one in zip(total, found.weights, strict=True)))
            d_out[time], d_carried = found.x, found.before
            if truncation and time and time % truncation == 0:
                d_carried = tuple(np.zeros_like(part) for part in d_carried)
        d_weights |= {f"{name}_l{layer}": summed for name, summed in total._asdict().items()}
        d_starts.insert(0, d_carried)
    d_first = tuple(np.stack(part) for part in zip(*d_starts, strict=True))
    return Gradients({name: d_weights[name] for name in stack.shapes()}, np.stack(d_out, axis=1), d_first)


def _of_layer(weights: Weights, layer: int) -> CellWeights:
    return CellWeights(*(weights[f"{name}_l{layer}"] for name in CellWeights._fields))


def _starts(stack: Stack, cell: Cell, steps: np.ndarray, state: LayerStates | None) -> LayerStates:
    if steps.ndim != 3 or min(steps.shape[:2]) < 1 or steps.shape[2] != stack.inputs:
        raise InputError(
            f"At least one window of one step of {stack.inputs} channels can be read, as (B, T, {stack.inputs}); got "
            f"{steps.shape}."
        )
    shape = (stack.layers, len(steps), stack.width)
    if state is None:
        return (np.zeros(shape),) * cell.vectors
    shapes = [part.shape for part in state]
    if shapes != [shape] * cell.vectors:
        raise InputError(
            f"This {stack.cell} reads on from {cell.vectors} of shape (layers, B, W) = {shape}; got "
            f"{', '.join(map(str, shapes))}. Leave it out to start from zero."
        )
    return state
