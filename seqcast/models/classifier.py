"""Recurrent classifiers of texts and series: embedding → patches → recurrent layers → attention → pooling → head.

After the LSTM of Hochreiter & Schmidhuber (1997) over regions of a text (Johnson & Zhang, 2016), pooled over all steps
(Collobert et al., 2011), and, as a hybrid, a Transformer encoder on top (Vaswani et al., 2017).
"""

import math
from dataclasses import dataclass
from typing import get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast.batch import Batch
from seqcast.errors import ConfigError, nearest
from seqcast.models.names import NETWORK_NAMES
from seqcast.nn.attention import Placed
from seqcast.nn.masked import Pool, PoolName, Reader, there
from seqcast.ranges import selectable, tunable

_UNKNOWN = 1  # number of a word that is none, see data/text.py


@dataclass(frozen=True, kw_only=True)
class ReadingConfig:
    """Settings of a classifier.

    Parameters
    ----------
    width, layers : int
        Size of the hidden vector of each direction; recurrent layers on top of each other.
    bidirectional : bool
        Read backward as well.
    patch : int or None
        Words or steps that are read as one; None chooses by their usual number.
    pool : str
        `max`, `mean`, `attention` or `last`.
    embedding : int
        Size of a word's vector.
    dropout, embedding_dropout, word_dropout : float
        Shares dropped in training: of pooled channels, and between layers; of the channels of all words of a text; of
        words, which are then unknown ones.
    attention_layers, heads : int
        Of a hybrid: Transformer encoder layers on top of the recurrent ones, and their heads.

    Examples
    --------
    >>> ReadingConfig(width=32).pool
    'max'
    """

    width: int = selectable(64, (32, 64, 128))
    layers: int = selectable(1, (1, 2))
    bidirectional: bool = True
    patch: int | None = selectable(None, (None, 1, 2, 4))
    pool: PoolName = selectable("max", ("max", "mean", "attention"))
    embedding: int = selectable(100, (50, 100, 200))
    dropout: float = tunable(0.5, 0.0, 0.7)
    embedding_dropout: float = tunable(0.5, 0.0, 0.7)
    word_dropout: float = tunable(0.0, 0.0, 0.5)
    attention_layers: int = selectable(1, (1, 2))
    heads: int = 4

    def __post_init__(self) -> None:
        for name in ("width", "layers", "patch", "embedding", "attention_layers", "heads"):
            if (1 if getattr(self, name) is None else getattr(self, name)) < 1:
                raise ConfigError(f"{name} must be at least 1; got {getattr(self, name)}.")
        for name in ("dropout", "embedding_dropout", "word_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} must lie in 0 … 1, 1 left out; got {getattr(self, name)}.")
        if self.pool not in get_args(PoolName):
            raise ConfigError(f"No pooling is named {self.pool!r}. {nearest(self.pool, get_args(PoolName))}")


@dataclass(frozen=True, kw_only=True)
class ReadingDims:
    """All that a classifier knows of the data.

    Parameters
    ----------
    classes : int
        Classes to tell apart.
    words : int
        Numbers of the vocabulary; 0 where series are read.
    pairs : int
        Numbers of the pairs of words that have a vector of their own; 0 for none.
    channels : int
        Channels of a step; of a text the number of the word, and of the pair that begins with it.
    steps : int
        The most steps of a sequence.
    """

    classes: int
    words: int
    channels: int
    steps: int
    pairs: int = 0


class SequenceClassifier(nn.Module):
    """Logits of the classes of each sequence of a padded batch.

    Parameters
    ----------
    name : str
        Family: `rnn`, `lstm`, `gru`, or `hybrid` of LSTM and Transformer encoder.
    config : ReadingConfig
        Settings.
    dims : ReadingDims
        Sizes of the data.

    Raises
    ------
    ConfigError
        For an unknown name, or heads that cannot share the channels of a hybrid.

    Examples
    --------
    >>> dims = ReadingDims(classes=3, words=50, channels=1, steps=20)
    >>> SequenceClassifier("gru", ReadingConfig(width=8), dims).head
    Linear(in_features=16, out_features=3, bias=True)
    """

    def __init__(self, name: str, config: ReadingConfig, dims: ReadingDims):
        super().__init__()
        if name not in NETWORK_NAMES:
            raise ConfigError(f"No network is named {name!r}. {nearest(name, NETWORK_NAMES)}")
        self.patch = config.patch or 1
        self.words = WordVectors(dims, config) if dims.words else None
        channels = (config.embedding if dims.words else dims.channels) * self.patch
        inputs = 2 * config.width if self.patch > 1 else channels
        self.regions = nn.Sequential(nn.Linear(channels, inputs), nn.ReLU()) if self.patch > 1 else nn.Identity()
        self.reader = Reader(
            "lstm" if name == "hybrid" else name,
            inputs,
            config.width,
            layers=config.layers,
            bidirectional=config.bidirectional,
            dropout=config.dropout,
        )
        wide = self.reader.out_width
        steps = math.ceil(dims.steps / self.patch)
        self.encoder = Encoder(config, wide, steps) if name == "hybrid" else None
        self.pool = Pool(config.pool, wide, config.width if config.bidirectional else 0)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(wide, dims.classes)

    def forward(self, batch: Batch) -> Float[Tensor, "B 1 1 classes"]:
        """Return the logits of each sequence, in the shape that the loop trains with cross-entropy."""
        steps, lengths = self._read(batch)
        return self.head(self.dropout(self.pool(steps, lengths)))[:, None, None]

    @torch.no_grad()
    def weights(self, batch: Batch) -> Float[Tensor, "B T"]:
        """Return the share that each step had in the pooled channels, alike for the words of a patch; they sum to 1."""
        steps, lengths = self._read(batch)
        whole = self.pool.weights(steps, lengths).repeat_interleave(self.patch, dim=1)[:, : batch.past.shape[1]]
        shown = whole.masked_fill(~there(_lengths(batch), batch.past.shape[1]), 0.0)
        return shown / shown.sum(dim=1, keepdim=True)

    def _read(self, batch: Batch) -> tuple[Float[Tensor, "B T W"], Int[Tensor, "B"]]:
        lengths = _lengths(batch)
        steps = self.words(batch.past.long()) if self.words is not None else batch.past
        if self.patch > 1:
            short = -steps.shape[1] % self.patch
            steps = F.pad(steps, (0, 0, 0, short)).unflatten(1, (-1, self.patch)).flatten(2)
            lengths = (lengths + self.patch - 1) // self.patch
        steps = self.reader(self.regions(steps), lengths)
        return (steps if self.encoder is None else self.encoder(steps, lengths)), lengths


class WordVectors(nn.Module):
    """A vector for each word, and one more for a frequent pair; in training words and whole channels are dropped."""

    def __init__(self, dims: ReadingDims, config: ReadingConfig):
        super().__init__()
        self.table = _vectors(dims.words, config.embedding)
        self.pairs = _vectors(dims.pairs, config.embedding) if dims.pairs else None
        self.dropout = nn.Dropout1d(config.embedding_dropout)
        self.word_dropout = config.word_dropout

    def forward(self, numbers: Int[Tensor, "B T C"]) -> Float[Tensor, "B T W"]:
        """Return the vectors of all words."""
        words = numbers[..., 0]
        if self.training and self.word_dropout:
            gone = (torch.rand(words.shape, device=words.device) < self.word_dropout) & (words > 0)
            words = words.masked_fill(gone, _UNKNOWN)
        vectors = self.table(words)
        if self.pairs is not None:
            vectors = vectors + self.pairs(numbers[..., 1])
        return self.dropout(vectors.mT).mT


def _vectors(count: int, width: int) -> nn.Embedding:
    table = nn.Embedding(count, width, padding_idx=0)
    nn.init.normal_(table.weight, std=0.1)
    table.weight.data[0] = 0.0  # padding
    return table


class Encoder(nn.Module):
    """Positions and Transformer encoder layers over the steps that are there."""

    def __init__(self, config: ReadingConfig, width: int, steps: int):
        super().__init__()
        if width % config.heads:
            raise ConfigError(
                f"What heads share must be a multiple of them; got {config.heads} heads and {width} channels. Choose "
                "another width, or other heads."
            )
        self.place = Placed(width, width, steps, config.dropout)
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 2 * width, config.dropout, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, config.attention_layers, nn.LayerNorm(width), False)

    def forward(self, steps: Float[Tensor, "B T W"], lengths: Int[Tensor, "B"]) -> Float[Tensor, "B T W"]:
        """Return the steps, each with what it found at the others."""
        return self.layers(self.place(steps), src_key_padding_mask=~there(lengths, steps.shape[1]))


def _lengths(batch: Batch) -> Int[Tensor, "B"]:
    if batch.lengths is not None:
        return batch.lengths
    return torch.full((len(batch.past),), batch.past.shape[1], device=batch.past.device)
