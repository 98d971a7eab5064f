"""A stack of recurrent layers, read in order.

Elman (1990); Hochreiter & Schmidhuber (1997); Cho et al. (2014). The arithmetic is torch's own.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

Cell = Literal["rnn", "lstm", "gru"]
Activation = Literal["tanh", "relu"]
State = Float[Tensor, "layers B width"] | tuple[Float[Tensor, "layers B width"], Float[Tensor, "layers B width"]]
_LAYERS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class Recurrent(nn.Module):
    """RNN, LSTM or GRU over a sequence, all steps out.

    Recurrent weights start orthogonal and the forget gate of an LSTM starts open (bias 1: Jozefowicz et al., 2015), so
    that the first gradients reach the far past.

    Parameters
    ----------
    cell : str
        `rnn`, `lstm` or `gru`.
    inputs, width : int
        Channels in; size of the hidden vector of each direction.
    layers : int
        Layers on top of each other, with `dropout` between them.
    bidirectional : bool
        Read the context backward as well; the output is then twice as wide. Nothing beyond the context is read.
    activation : str
        Of an `rnn`: `tanh`, or `relu`, which can hold a linear recurrence exactly. The gates of the others fix theirs.

    Examples
    --------
    >>> Recurrent("lstm", 10, 20, layers=2, bidirectional=True)(torch.zeros(1, 35, 10)).shape
    torch.Size([1, 35, 40])
    """

    def __init__(
        self,
        cell: Cell,
        inputs: int,
        width: int,
        *,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        activation: Activation = "tanh",
    ):
        super().__init__()
        between = dropout if layers > 1 else 0.0
        own = {"nonlinearity": activation} if cell == "rnn" else {}
        self.stack = _LAYERS[cell](
            inputs, width, layers, batch_first=True, bidirectional=bidirectional, dropout=between, **own
        )
        self.width = width
        self.out_width = width * (2 if bidirectional else 1)
        for name, weight in self.stack.named_parameters():
            if name.startswith("weight_hh"):
                for gate in weight.data.split(width):
                    nn.init.orthogonal_(gate)
            elif cell == "lstm" and name.startswith("bias_ih"):
                weight.data[width : 2 * width].fill_(1.0)

    def forward(self, steps: Float[Tensor, "B T X"]) -> Float[Tensor, "B T W"]:
        """Return the hidden vector of the last layer at every step."""
        return self.read(steps)[0]

    def read(self, steps: Float[Tensor, "B T X"], state: State | None = None) -> tuple[Float[Tensor, "B T W"], State]:
        """Read on from `state` (None: from zero); return all hidden vectors, and the state to read on from.

        The state is torch's own: each layer's last hidden vector, of an LSTM with its cell vector, the two directions
        of a layer one after the other.

        Examples
        --------
        >>> gru, steps = Recurrent("gru", 3, 8), torch.ones(2, 10, 3)
        >>> _, halfway = gru.read(steps[:, :5])
        >>> torch.allclose(gru.read(steps[:, 5:], halfway)[0], gru(steps)[:, 5:], atol=1e-6)
        True
        """
        return self.stack(steps, state)

    def summary(self, hidden: Float[Tensor, "B T W"]) -> Float[Tensor, "B W"]:
        """Return what was read by the end: the last step, and of the backward direction the first."""
        return torch.cat([hidden[:, -1, : self.width], hidden[:, 0, self.width :]], dim=-1)
