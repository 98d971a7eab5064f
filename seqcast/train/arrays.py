"""How plain arrays reach a network: the same batches and the same order as windows of a table, without the table."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from seqcast.batch import Batch
from seqcast.errors import InputError
from seqcast.train.loop import Source
from seqcast.train.order import Order

_VALID_BATCH = 512


def source_of_arrays(
    inputs: Float[np.ndarray, "N T X"],
    targets: Float[np.ndarray, "N2 H K"],
    valid: tuple[Float[np.ndarray, "M T X"], Float[np.ndarray, "M2 H K"]],
    batch: int = 64,
    seed: int = 0,
    steps: int = 100,
    device: str | torch.device = "cpu",
) -> Source:
    """Return the batches of training and validation; an epoch's order hangs on the seed and its number alone.

    Parameters
    ----------
    inputs : float array (N, T, X)
        What is read: T steps of X channels for each of N samples.
    targets : float array (N, H, K)
        What is to be answered; NaN where it is not known. Classes are their numbers, 0 first.
    valid : tuple of two float arrays (M, T, X), (M, H, K)
        Inputs and targets of the validation part. In a time series it must lie after the training part.
    batch : int
        Samples in a batch at most.
    seed : int
        Of the order.
    steps : int
        Batches in an epoch at most; of a larger set another part is drawn each epoch.
    device : str or device
        Where the arrays are kept.

    Raises
    ------
    InputError
        When inputs hold NaN, targets are infinite or all unknown, a part is empty, or its two arrays differ in samples.

    Examples
    --------
    >>> inputs = np.arange(6.0).reshape(6, 1, 1)
    >>> source = source_of_arrays(inputs, 2 * inputs, (inputs, 2 * inputs), batch=4)
    >>> [len(batch.past) for batch in source.train(0)], source.steps, source.locate(0, 0, 0)
    ([3, 3], 2, 'sample 3')
    """
    train = batch_of_arrays(inputs, targets, device)
    held = batch_of_arrays(*valid, device)
    for name, part in (("training", train), ("validation", held)):
        if not part.observed.any():
            raise InputError(
                f"The {name} part must hold a known target; got {len(part.past)} samples, none of them with one. "
                "Give more samples, or targets that are not NaN."
            )
    order = Order(len(inputs), batch, steps, seed)

    def train_batches(epoch: int) -> Iterator[Batch]:
        return (_taken(train, torch.from_numpy(rows).to(train.past.device)) for rows in order.batches(epoch))

    def valid_batches() -> Iterator[Batch]:
        rows = torch.arange(len(held.past), device=held.past.device)
        return (_taken(held, part) for part in rows.split(_VALID_BATCH))

    def locate(epoch: int, step: int, window: int) -> str:
        return f"sample {order.batches(epoch)[step][window]}"

    return Source(train_batches, valid_batches, locate, order.steps)


def batch_of_arrays(
    inputs: Float[np.ndarray, "N T X"], targets: Float[np.ndarray, "N2 H K"], device: str | torch.device = "cpu"
) -> Batch:
    """Return all samples as one batch in float32: nothing known of the horizon, nothing static, NaN targets masked.

    Every channel of `inputs` is a channel of `past` as it stands; none of them repeats the target.

    Parameters
    ----------
    inputs : float array (N, T, X)
        What is read.
    targets : float array (N, H, K)
        What is to be answered; NaN where it is not known, as all of it is when a network is only asked.
    device : str or device
        Where the batch is kept.

    Raises
    ------
    InputError
        When inputs are not finite, targets are infinite, or the two differ in samples.

    Examples
    --------
    >>> batch = batch_of_arrays(np.ones((5, 3, 2)), np.array([[[1.0, np.nan]]] * 5))
    >>> batch.past.dtype, batch.target[0].tolist(), batch.observed[0].tolist()
    (torch.float32, [[1.0, 0.0]], [[True, False]])
    """
    if len(inputs) != len(targets):
        raise InputError(f"Each sample needs inputs and targets; got {len(inputs)} inputs and {len(targets)} targets.")
    _refuse(inputs, ~np.isfinite(inputs), "Inputs must be finite")
    _refuse(targets, np.isinf(targets), "Targets must be finite, or NaN where they are not known")
    observed = ~np.isnan(targets)
    return Batch(
        past=_tensor(inputs, device),
        future=torch.zeros(len(inputs), targets.shape[1], 0, device=device),
        static=torch.zeros(len(inputs), 0, device=device),
        target=_tensor(np.where(observed, targets, 0.0), device),
        observed=torch.from_numpy(observed).to(device),
    )


def _tensor(array: Float[np.ndarray, "..."], device: str | torch.device) -> Float[Tensor, "..."]:
    # A copy even where the type fits already: what the caller writes to the array later must not reach training.
    return torch.from_numpy(np.array(array, dtype=np.float32, order="C")).to(device)


def _taken(batch: Batch, rows: Int[Tensor, "samples"]) -> Batch:
    return Batch(
        past=batch.past[rows],
        future=batch.future[rows],
        static=batch.static[rows],
        target=batch.target[rows],
        observed=batch.observed[rows],
    )


def _refuse(array: Float[np.ndarray, "N A B"], wrong: np.ndarray, rule: str) -> None:
    if wrong.any():
        sample, step, channel = (int(index) for index in np.argwhere(wrong)[0])
        raise InputError(
            f"{rule}; sample {sample}, step {step}, channel {channel} holds {array[sample, step, channel]}. "
            "Fill it in, or leave that sample out."
        )
