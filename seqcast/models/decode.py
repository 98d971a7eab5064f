"""From hidden vectors to answers, and back: what a recurrent stack says, at once or by hearing itself.

A decoder hears each of its answers as the next input: Sutskever, Vinyals & Le (2014). There is no start symbol: nothing
was said before the first answer, so that input is zero. Teacher forcing: Williams & Zipser (1989). A share of it, drawn
anew for every step: Bengio, Vinyals, Jaitly & Shazeer (2015), scheduled sampling.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast.batch import Batch
from seqcast.errors import InputError
from seqcast.nn.recurrent import Recurrent, State


class Answers(nn.Module):
    """A linear map from hidden vectors to what is said of K targets, each a number or one of some classes.

    Parameters
    ----------
    width, targets : int
        Size of the hidden vector; K.
    classes : int
        Classes of a target, numbered from 0; 0 where targets are numbers.
    dropout : float
        Share of the hidden values dropped in training.

    Examples
    --------
    >>> said = Answers(32, targets=1, classes=5)
    >>> said(torch.zeros(2, 7, 32)).shape, said.as_input(torch.tensor([[3.0]])).tolist()
    (torch.Size([2, 7, 1, 5]), [[0.0, 0.0, 0.0, 1.0, 0.0]])
    """

    def __init__(self, width: int, *, targets: int, classes: int = 0, dropout: float = 0.0):
        super().__init__()
        self.classes = classes
        self.shape = (targets, max(classes, 1))
        self.fed_width = targets * max(classes, 1)
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(width, self.fed_width)

    def forward(self, hidden: Float[Tensor, "B T W"]) -> Float[Tensor, "B T K Q"]:
        """Return numbers (Q = 1) or the logits of the classes, of every step."""
        return self.linear(self.dropout(hidden)).unflatten(-1, self.shape)

    def as_input(self, value: Float[Tensor, "B K"]) -> Float[Tensor, "B X"]:
        """Return values as the next step reads them: numbers as they are, classes one-hot.

        Raises
        ------
        InputError
            For what is no number of a class.
        """
        if not self.classes:
            return value
        wrong = (value != value.floor()) | (value < 0) | (value >= self.classes)
        if wrong.any():
            raise InputError(
                f"Classes are their whole numbers from 0 to {self.classes - 1}; got {value[wrong][0].item():g}. "
                "Number them from 0, or say more classes."
            )
        return F.one_hot(value.long(), self.classes).to(value.dtype).flatten(1)


def value_of(said: Float[Tensor, "... K Q"]) -> Float[Tensor, "... K"]:
    """Return the number that was said (Q = 1), or that of the likeliest class.

    Examples
    --------
    >>> value_of(torch.tensor([[0.5]])).tolist(), value_of(torch.tensor([[0.1, 0.7, 0.2]])).tolist()
    ([0.5], [1.0])
    """
    return said[..., 0] if said.shape[-1] == 1 else said.argmax(dim=-1).to(said.dtype)


class Decoder(nn.Module):
    """A recurrent stack that reads what it said before.

    Parameters
    ----------
    recurrent : Recurrent
        Reads the channels of the first input and those of an answer, side by side.
    answers : Answers
        What is said of each hidden vector, and how it is fed back.
    teacher_forcing : float
        Chance, for each sample and step in training, to hear the true answer in place of its own. In evaluation the
        target is never read.

    Examples
    --------
    >>> from seqcast.train.arrays import batch_of_arrays
    >>> decoder = Decoder(Recurrent("gru", 2, 8), Answers(8, targets=2))
    >>> asked = batch_of_arrays(torch.zeros(5, 1, 0).numpy(), torch.zeros(5, 4, 2).numpy())
    >>> decoder(torch.zeros(5, 0), None, asked).shape
    torch.Size([5, 4, 2, 1])
    """

    def __init__(self, recurrent: Recurrent, answers: Answers, teacher_forcing: float = 0.0):
        super().__init__()
        self.recurrent = recurrent
        self.answers = answers
        self.teacher_forcing = teacher_forcing

    def forward(self, first: Float[Tensor, "B X"], state: State | None, batch: Batch) -> Float[Tensor, "B H K Q"]:
        """Return what is said at each step of the horizon, after `first`, which the first step alone reads."""
        heard = first.new_zeros(len(first), self.answers.fed_width)
        said: list[Tensor] = []
        for ahead in range(batch.target.shape[1]):
            if said:
                own = value_of(said[-1][:, 0])
                first, heard = torch.zeros_like(first), self.answers.as_input(self._heard(own, batch, ahead - 1))
            hidden, state = self.recurrent.read(torch.cat([first, heard], dim=-1)[:, None], state)
            said.append(self.answers(hidden))
        return torch.cat(said, dim=1)

    def _heard(self, own: Float[Tensor, "B K"], batch: Batch, ahead: int) -> Float[Tensor, "B K"]:
        """Return what the step after step `ahead` hears of it; an unknown answer cannot be told."""
        if not self.training or self.teacher_forcing == 0:
            return own
        forced = torch.rand(len(own), 1, device=own.device) < self.teacher_forcing
        return torch.where(forced & batch.observed[:, ahead], batch.target[:, ahead], own)
