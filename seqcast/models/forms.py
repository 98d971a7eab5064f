"""The sequence forms of a recurrent network: how many steps it reads and how many it says.

    one-to-one        read 1, say 1
    one-to-many       read 1, say H: each answer is fed back as the next input
    many-to-one       read C, say 1 at the end
    many-to-many      read C, say one answer at every step
    encoder-decoder   read C, then say H: unequal lengths (Cho et al., 2014; Sutskever, Vinyals & Le, 2014)

The names are those of Karpathy (2015), "The unreasonable effectiveness of recurrent neural networks". A form knows its
channels, not its lengths: what learnt to read 10 steps may be asked to read 20.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from seqcast.batch import Batch
from seqcast.errors import ConfigError, InputError, nearest
from seqcast.models.bodies import AtTheEnd, Bridge, EncoderDecoder, EveryStep, FromOneStep
from seqcast.models.decode import Answers, Decoder, value_of
from seqcast.nn.recurrent import Activation, Cell, Recurrent
from seqcast.train.arrays import batch_of_arrays

FormName = Literal["one-to-one", "one-to-many", "many-to-one", "many-to-many", "encoder-decoder"]
_READS_ONE = ("one-to-one", "one-to-many")
_SAYS_ONE = ("one-to-one", "many-to-one")
_FEEDS_BACK = ("one-to-many", "encoder-decoder")
_ASKED_AT_ONCE = 512


@dataclass(frozen=True, kw_only=True)
class FormConfig:
    """Settings of a sequence form.

    Parameters
    ----------
    form : str
        `one-to-one`, `one-to-many`, `many-to-one`, `many-to-many` or `encoder-decoder`.
    cell : str
        `rnn`, `lstm` or `gru`.
    activation : str
        Of an `rnn`: `tanh` or `relu`.
    width, layers : int
        Size of the hidden vector of each direction; recurrent layers on top of each other.
    bidirectional : bool
        Read backward as well, where several steps are read: each answer of `many-to-many` then sees later inputs. Of an
        `encoder-decoder` the encoder alone does; a linear map takes both its last states to the decoder's first.
    dropout : float
        Share of hidden values dropped between layers and before the answer, in training.
    teacher_forcing : float
        Where answers are fed back: chance, for each sample and step in training, to hear the true one in its place.
    classes : int
        Classes of each target, for the loss `cross-entropy`; 0 where targets are numbers.

    Raises
    ------
    ConfigError
        For a setting that cannot work.

    Examples
    --------
    >>> FormConfig(form="encoder-decoder", teacher_forcing=0.5).cell
    'gru'
    """

    form: FormName
    cell: Cell = "gru"
    activation: Activation = "tanh"
    width: int = 64
    layers: int = 1
    bidirectional: bool = False
    dropout: float = 0.0
    teacher_forcing: float = 0.0
    classes: int = 0

    def __post_init__(self) -> None:
        known = {"form": get_args(FormName), "cell": get_args(Cell), "activation": get_args(Activation)}
        for name, names in known.items():
            value = getattr(self, name)
            if value not in names:
                raise ConfigError(f"No {name} is named {value!r}. {nearest(str(value), names)}")
        if min(self.width, self.layers) < 1:
            raise ConfigError(f"width and layers must be at least 1; got {self.width} and {self.layers}.")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout must lie in 0 … 1, 1 left out; got {self.dropout}.")
        if not 0 <= self.teacher_forcing <= 1:
            raise ConfigError(f"teacher_forcing must lie in 0 … 1; got {self.teacher_forcing}.")
        if self.classes < 0 or self.classes == 1:
            raise ConfigError(f"classes must be at least 2, or 0 where targets are numbers; got {self.classes}.")
        self._refuse_what_the_form_cannot_use()

    def _refuse_what_the_form_cannot_use(self) -> None:
        if self.bidirectional and self.form in _READS_ONE:
            raise ConfigError(
                f"Reading backward takes several steps, and answers are said forward only; got bidirectional=True for "
                f"{self.form!r}, which reads one step. Leave it out."
            )
        if self.teacher_forcing and self.form not in _FEEDS_BACK:
            raise ConfigError(
                f"Teacher forcing stands in for answers that are fed back, in {' and '.join(_FEEDS_BACK)}; got "
                f"teacher_forcing={self.teacher_forcing} for {self.form!r}. Leave it out."
            )
        if self.activation != "tanh" and self.cell != "rnn":
            raise ConfigError(
                f"Only an rnn may choose its activation, the gates of the others fix theirs; got "
                f"{self.activation!r} for {self.cell!r}. Leave it out, or say cell='rnn'."
            )


def build_form(config: FormConfig, inputs: int, targets: int = 1) -> "SequenceForm":
    """Return a new network of that form with weights drawn from torch's current random state.

    Parameters
    ----------
    config : FormConfig
        Settings.
    inputs, targets : int
        Channels of a step that is read; targets of a step that is said.

    Raises
    ------
    ConfigError
        Without an input or a target.

    Examples
    --------
    >>> reverse = build_form(FormConfig(form="encoder-decoder", classes=5), inputs=5)
    >>> reverse.answer(np.zeros((2, 7, 5)), steps=3).shape
    (2, 3, 1)
    """
    if min(inputs, targets) < 1:
        raise ConfigError(f"inputs and targets must be at least 1; got {inputs} and {targets}.")
    body = _speaker(config, inputs, targets) if config.form in _FEEDS_BACK else _reader(config, inputs, targets)
    return SequenceForm(config.form, body, inputs, targets)


def _reader(config: FormConfig, inputs: int, targets: int) -> nn.Module:
    recurrent = _stack(config, inputs, config.bidirectional)
    answers = Answers(recurrent.out_width, targets=targets, classes=config.classes, dropout=config.dropout)
    return AtTheEnd(recurrent, answers) if config.form == "many-to-one" else EveryStep(recurrent, answers)


def _speaker(config: FormConfig, inputs: int, targets: int) -> nn.Module:
    answers = Answers(config.width, targets=targets, classes=config.classes, dropout=config.dropout)
    if config.form == "one-to-many":
        return FromOneStep(Decoder(_stack(config, inputs + answers.fed_width), answers, config.teacher_forcing))
    decoder = Decoder(_stack(config, answers.fed_width), answers, config.teacher_forcing)
    encoder = _stack(config, inputs, config.bidirectional)
    vectors = 2 if config.cell == "lstm" else 1
    bridge = Bridge(config.layers, config.width, vectors) if config.bidirectional else nn.Identity()
    return EncoderDecoder(encoder, bridge, decoder)


def _stack(config: FormConfig, channels: int, bidirectional: bool = False) -> Recurrent:
    return Recurrent(
        config.cell,
        channels,
        config.width,
        layers=config.layers,
        bidirectional=bidirectional,
        dropout=config.dropout,
        activation=config.activation,
    )


class SequenceForm(nn.Module):
    """A form that refuses batches it was not made for; `body` does the rest.

    Parameters
    ----------
    form : str
        Says how many steps are read and said.
    body : Module
        Takes a Batch, returns (B, H, K, Q).
    inputs, targets : int
        Channels of a step read; K.
    """

    def __init__(self, form: FormName, body: nn.Module, inputs: int, targets: int):
        super().__init__()
        self.form: FormName = form
        self.body = body
        self.inputs, self.targets = inputs, targets

    def forward(self, batch: Batch) -> Float[Tensor, "B H K Q"]:
        """Return numbers (Q = 1) or the logits of the classes, of every step that is asked for.

        Raises
        ------
        InputError
            When the steps are not those of the form, or the channels not those it was built for.
        """
        self._refuse_channels(batch)
        self._refuse_lengths(batch.past.shape[1], batch.target.shape[1])
        return self.body(batch)

    @torch.no_grad()
    def answer(self, inputs: Float[np.ndarray, "N T X"], steps: int) -> Float[np.ndarray, "N H K"]:
        """Return what is said to each sample in evaluation: numbers, or those of the likeliest classes.

        Parameters
        ----------
        inputs : float array (N, T, X)
            What is read.
        steps : int
            How many are to be said.

        Raises
        ------
        InputError
            When inputs are not finite, or their shape is not one that the form reads.
        """
        self._refuse_lengths(inputs.shape[1], steps)
        device, trained = next(self.parameters()).device, self.training
        unknown = np.full((len(inputs), steps, self.targets), np.nan)
        parts = [slice(first, first + _ASKED_AT_ONCE) for first in range(0, max(len(inputs), 1), _ASKED_AT_ONCE)]
        self.eval()
        try:
            said = [value_of(self(batch_of_arrays(inputs[part], unknown[part], device))) for part in parts]
        finally:
            self.train(trained)
        return torch.cat(said).double().cpu().numpy()

    def _refuse_channels(self, batch: Batch) -> None:
        for name, got, built in (
            ("inputs", batch.past.shape[2], self.inputs),
            ("targets", batch.target.shape[2], self.targets),
        ):
            if got != built:
                raise InputError(
                    f"A form takes the {name} it was built for, {built} a step; got {got}. Build it with {name}={got}."
                )
        known, static = batch.future.shape[2], batch.static.shape[1]
        if known or static:
            raise InputError(
                f"A form reads one sequence alone; got {known} channels known of the horizon and {static} that never "
                "change. Append them to the inputs of each step."
            )

    def _refuse_lengths(self, read: int, said: int) -> None:
        lengths = f"got {read} steps to read and {said} to say"
        if min(read, said) < 1:
            raise InputError(f"A form reads and says at least one step; {lengths}. Leave no sequence empty.")
        if self.form in _READS_ONE and read > 1:
            other = "many-to-one" if self.form in _SAYS_ONE else "encoder-decoder"
            raise InputError(f"{self.form!r} reads exactly one step; {lengths}. To read more say form={other!r}.")
        if self.form in _SAYS_ONE and said > 1:
            other = "one-to-many" if self.form in _READS_ONE else "encoder-decoder"
            raise InputError(f"{self.form!r} says exactly one step; {lengths}. To say more say form={other!r}.")
        if self.form == "many-to-many" and read != said:
            raise InputError(
                f"'many-to-many' says one answer at every step that it reads; {lengths}. For unequal lengths say "
                "form='encoder-decoder'."
            )
