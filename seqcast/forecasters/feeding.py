"""How windows reach a network: in a fixed random order for training, in large parts for judging and forecasting."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqcast.batch import Batch
from seqcast.data.panel import Panel
from seqcast.data.window import Windows
from seqcast.train.config import FitConfig
from seqcast.train.loop import Source
from seqcast.train.order import Order
from seqcast.types import Origins

MOST_VALIDATION = 2048  # windows that judge an epoch; more cost time and say little more
_PREDICT_BATCH, _PREDICT_SERIES = 512, 8192  # windows, and windows times targets, at a time


def source_of(windows: Windows, panel: Panel, split: tuple[Origins, Origins], training: FitConfig, seed: int) -> Source:
    """Return the batches of training and validation; an epoch's order hangs on the seed and its number alone."""
    train, valid = split
    order = Order(len(train), training.batch, training.steps, seed)

    def train_batches(epoch: int) -> Iterator[Batch]:
        return (windows.batch(train.take(rows)) for rows in order.batches(epoch))

    def valid_batches() -> Iterator[Batch]:
        return (windows.batch(part) for part in parts(valid, windows.target.shape[1]))

    def locate(epoch: int, step: int, window: int) -> str:
        origin = train.take(order.batches(epoch)[step][[window]])
        moment = panel.frequency.label(panel.time_of(origin))[0]
        return f"series {panel.series[int(origin.series[0])]!r}, cutoff {moment}"

    return Source(train_batches, valid_batches, locate, order.steps)


def parts(origins: Origins, targets: int = 1) -> Iterator[Origins]:
    """Return the origins in parts that fit memory, in order; of many targets fewer at a time."""
    most = max(1, min(_PREDICT_BATCH, _PREDICT_SERIES // targets))
    for start in range(0, len(origins), most):
        yield origins.take(np.arange(start, min(start + most, len(origins))))


def evenly(origins: Origins, most: int = MOST_VALIDATION) -> Origins:
    """Return at most so many of the origins, evenly spread."""
    return origins.take(np.unique(np.linspace(0, len(origins) - 1, most).astype(np.int64)))


@torch.no_grad()
def predicted(model: nn.Module, windows: Windows, origins: Origins) -> Float[Tensor, "N H K Q"]:
    """Return what the network says at every origin, in scaled units."""
    return torch.cat([model(windows.batch(part)) for part in parts(origins, windows.target.shape[1])])


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch and keep it on one thread, and leave both as they were found."""
    with torch.random.fork_rng(), one_thread():
        torch.manual_seed(seed)
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch on one thread: small recurrent steps on two busy cores run many times slower on two than on one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
