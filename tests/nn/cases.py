"""Recurrent layers in many sizes, ours and torch's with the same weights, and how far apart two answers are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from seqcast.nn.cells import CellActivation
from seqcast.nn.recurrent import Cell
from seqcast.nn.unrolled import Unrolled

CELLS: tuple[Cell, ...] = ("rnn", "lstm", "gru")
SHARED: tuple[CellActivation, ...] = ("tanh", "relu")  # the activations that torch has as well
_OF_TORCH = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


@dataclass(frozen=True)
class Case:
    """What is built, and what it reads."""

    cell: Cell
    inputs: int = 3
    width: int = 5
    layers: int = 1
    bidirectional: bool = False
    activation: CellActivation = "tanh"
    dropout: float = 0.0
    batch: int = 4
    steps: int = 7
    seed: int = 0
    dtype: torch.dtype = torch.float64

    def ours(self) -> Unrolled:
        """Return our layers, with weights by the seed."""
        torch.manual_seed(self.seed)
        own: dict[str, CellActivation] = {"activation": self.activation} if self.cell == "rnn" else {}
        layers, both = self.layers, self.bidirectional
        return Unrolled(
            self.cell, self.inputs, self.width, layers=layers, bidirectional=both, dropout=self.dropout, **own
        ).to(self.dtype)

    def of_torch(self, weights: dict[str, Tensor] | None = None) -> nn.RNN | nn.LSTM | nn.GRU:
        """Return torch's layers, with those weights or else by the seed."""
        torch.manual_seed(self.seed)
        own = {"nonlinearity": self.activation} if self.cell == "rnn" else {}
        module = _OF_TORCH[self.cell](
            self.inputs,
            self.width,
            self.layers,
            batch_first=True,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
            **own,
        ).to(self.dtype)
        if weights is not None:
            module.load_state_dict(weights)
        return module

    def read(self) -> tuple[Tensor, list[Tensor]]:
        """Return what is read and the first state, as leaves of a graph."""
        random = torch.Generator().manual_seed(self.seed + 1)
        shapes: list[tuple[int, ...]] = [(self.batch, self.steps, self.inputs)]
        shapes += [(self.layers * (1 + self.bidirectional), self.batch, self.width)] * (1 + (self.cell == "lstm"))
        steps, *state = (torch.randn(shape, generator=random, dtype=torch.float64).to(self.dtype) for shape in shapes)
        return steps.requires_grad_(), [part.requires_grad_() for part in state]


def packed(state: Sequence[Tensor]) -> Tensor | tuple[Tensor, Tensor]:
    """Return a state as torch takes it: a tensor, of an LSTM a tuple of two."""
    return (state[0], state[1]) if len(state) == 2 else state[0]


def flat(answer: tuple[Tensor, Tensor | tuple[Tensor, Tensor]]) -> list[Tensor]:
    """Return the hidden vectors and each part of the state."""
    hidden, state = answer
    return [hidden, *(state if isinstance(state, tuple) else (state,))]


def gap(ours: Sequence[Tensor], truths: Sequence[Tensor]) -> float:
    """Return the worst difference; that of a tensor beyond 1 is in units of its largest number."""
    worst = 0.0
    for our, truth in zip(ours, truths, strict=True):
        assert our.shape == truth.shape and our.dtype == truth.dtype
        error = ((our - truth).abs().max() / truth.abs().max().clamp(min=1)).item()
        worst = max(worst, math.inf if math.isnan(error) else error)  # max would pass over a NaN
    return worst


def gradients(outputs: Sequence[Tensor], leaves: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the gradients of one random sum of all outputs, of weights whose squares sum to about 1."""
    random = torch.Generator().manual_seed(9)
    total = torch.stack([(output * _noise(output, random)).sum() for output in outputs]).sum()
    return torch.autograd.grad(total / sum(output.numel() for output in outputs) ** 0.5, list(leaves))


def _noise(like: Tensor, random: torch.Generator) -> Tensor:
    return torch.randn(like.shape, generator=random, dtype=torch.float64).to(like.dtype)


def cases(dtype: torch.dtype = torch.float64, layers: int = 3, steps: int = 9) -> st.SearchStrategy[Case]:
    """Draw layers that torch has as well, and what they read.

    In float32 keep them few and short: rounding of both sides grows with what is summed.
    """
    drawn = st.builds(
        Case,
        cell=st.sampled_from(CELLS),
        inputs=st.integers(1, 6),
        width=st.integers(1, 6),
        layers=st.integers(1, layers),
        bidirectional=st.booleans(),
        activation=st.sampled_from(SHARED),
        batch=st.integers(1, 4),
        steps=st.integers(1, steps),
        seed=st.integers(0, 2**31),
        dtype=st.just(dtype),
    )
    return drawn.map(lambda case: case if case.cell == "rnn" else replace(case, activation="tanh"))
