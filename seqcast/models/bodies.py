"""What stands between a batch and its answers in each sequence form: stacks that read, and stacks that say.

The answers alone tell the forms apart: at every step, at the end, or one after the other without reading on.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqcast.batch import Batch
from seqcast.models.decode import Answers, Decoder
from seqcast.nn.recurrent import Recurrent, State

_BothStates = Float[Tensor, "states B width"] | tuple[Float[Tensor, "states B width"], Float[Tensor, "states B width"]]


class EveryStep(nn.Module):
    """One answer at every step read: `many-to-many`, and `one-to-one` where the sequence is one step long."""

    def __init__(self, recurrent: Recurrent, answers: Answers):
        super().__init__()
        self.recurrent, self.answers = recurrent, answers

    def forward(self, batch: Batch) -> Float[Tensor, "B H K Q"]:
        """Return what is said at each step; forward in time, that hangs on no later one."""
        return self.answers(self.recurrent(batch.past))


class AtTheEnd(nn.Module):
    """One answer when all was read: `many-to-one`."""

    def __init__(self, recurrent: Recurrent, answers: Answers):
        super().__init__()
        self.recurrent, self.answers = recurrent, answers

    def forward(self, batch: Batch) -> Float[Tensor, "B 1 K Q"]:
        """Return what is said at the end of each direction that was read."""
        return self.answers(self.recurrent.summary(self.recurrent(batch.past))[:, None])


class FromOneStep(nn.Module):
    """A sequence said after one input: `one-to-many`."""

    def __init__(self, decoder: Decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, batch: Batch) -> Float[Tensor, "B H K Q"]:
        """Return what is said at each step; the input is read once, before the first answer."""
        return self.decoder(batch.past[:, 0], None, batch)


class EncoderDecoder(nn.Module):
    """One stack reads, another says what was asked, starting from the last state of the first."""

    def __init__(self, encoder: Recurrent, bridge: nn.Module, decoder: Decoder):
        super().__init__()
        self.encoder, self.bridge, self.decoder = encoder, bridge, decoder

    def forward(self, batch: Batch) -> Float[Tensor, "B H K Q"]:
        """Return what is said at each step; all that the decoder knows of the inputs is that state."""
        _, state = self.encoder.read(batch.past)
        return self.decoder(batch.past[:, 0, :0], self.bridge(state), batch)


class Bridge(nn.Module):
    """Takes the last states of both directions to one state of their width: a linear map a layer.

    Parameters
    ----------
    layers, width : int
        Of the stack that read; the state of each direction is so wide.
    parts : int
        Vectors in a state: 2 of an LSTM (hidden and cell, each with its own maps), else 1.

    Examples
    --------
    >>> both = Recurrent("lstm", 3, 8, layers=2, bidirectional=True).read(torch.zeros(5, 4, 3))[1]
    >>> [part.shape for part in Bridge(2, 8, parts=2)(both)]
    [torch.Size([2, 5, 8]), torch.Size([2, 5, 8])]
    """

    def __init__(self, layers: int, width: int, parts: int):
        super().__init__()
        self.layers = layers
        self.maps = nn.ModuleList(nn.Linear(2 * width, width) for _ in range(parts * layers))

    def forward(self, state: _BothStates) -> State:
        """Return the state that a stack of one direction starts from."""
        parts = state if isinstance(state, tuple) else (state,)
        both = [pair for part in parts for pair in part.unflatten(0, (self.layers, 2))]
        mapped = [turn(torch.cat([*pair], dim=-1)) for turn, pair in zip(self.maps, both, strict=True)]
        joined = torch.stack(mapped).unflatten(0, (len(parts), self.layers))
        return (joined[0], joined[1]) if isinstance(state, tuple) else joined[0]
