"""Settings of the hybrid, and its forms by name: they differ in what stands around its LSTM and its attention."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from seqcast.errors import ConfigError, nearest
from seqcast.nn.level import Normalisation
from seqcast.ranges import selectable, tunable

PresetName = Literal["forecast", "attention-pool", "average-pool"]


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One form of the hybrid.

    Parameters
    ----------
    embedded : bool
        Map the steps of a patch to one token before the LSTM; without it the LSTM reads them as they are.
    placed : bool
        Linear map times √width and sinusoidal positions between LSTM and attention.
    block : str
        `pre-norm` or `post-norm` Transformer encoder layers, or `attention-only`: post-norm blocks without their
        feed-forward half, each head as wide as the whole vector.
    pool : str
        How time is pooled: learned `attention` weights, or the `average`.
    head : str
        `segments` (asks for every part of the horizon, see `models/segments.py`), `linear`, or `dense` (one hidden
        layer before the linear map).
    patch, attention_layers, normalise, shortcut
        What these settings of the config are unless given.
    """

    embedded: bool
    placed: bool
    block: Literal["pre-norm", "post-norm", "attention-only"]
    pool: Literal["attention", "average"]
    head: Literal["segments", "linear", "dense"]
    patch: int | None
    attention_layers: int
    normalise: Normalisation | None
    shortcut: bool


PRESETS: dict[str, Preset] = {
    "forecast": Preset(
        embedded=True,
        placed=True,
        block="pre-norm",
        pool="attention",
        head="segments",
        patch=None,
        attention_layers=1,
        normalise=None,
        shortcut=True,
    ),
    "attention-pool": Preset(
        embedded=False,
        placed=True,
        block="post-norm",
        pool="attention",
        head="linear",
        patch=1,
        attention_layers=1,
        normalise="none",
        shortcut=False,
    ),
    "average-pool": Preset(
        embedded=False,
        placed=False,
        block="attention-only",
        pool="average",
        head="dense",
        patch=1,
        attention_layers=2,
        normalise="none",
        shortcut=False,
    ),
}


@dataclass(frozen=True, kw_only=True)
class HybridConfig:
    """Settings of the hybrid; where None stands, the preset or the data decide.

    Parameters
    ----------
    preset : str
        `forecast`, `attention-pool` or `average-pool`.
    context : int or None
        Steps read before the cutoff; None chooses by season, horizon and history.
    patch : int or None
        Steps that form one token; 1 for none. None in the preset `forecast` makes about 15 tokens of the context.
    width, heads : int
        Size of every hidden vector; attention heads.
    lstm_layers : int
        Recurrent layers.
    attention_layers : int or None
        Attention layers; 0 for none.
    dropout : float
        Share of hidden values dropped in training.
    normalise : str or None
        Level taken out of each window: `none`, `last`, `mean-std` or `min-max`. None in the preset `forecast` takes
        `last` or `mean-std`, whichever a linear map forecasts the validation windows better with.
    shortcut : bool or None
        Add a linear map from each target's context to its horizon, fitted to the training windows before the network;
        never under a sigmoid.
    sigmoid : bool
        Squash the output to 0 … 1, for targets scaled to that range.

    Examples
    --------
    >>> HybridConfig(width=32, heads=2, preset="average-pool").filled().attention_layers
    2
    """

    preset: PresetName = "forecast"
    context: int | None = selectable(None, (None, 24, 48, 96, 192, 384, 768))
    patch: int | None = selectable(None, (None, 6, 12, 24, 48))
    width: int = selectable(64, (32, 64, 128, 256))
    heads: int = 4
    lstm_layers: int = selectable(1, (1, 2))
    attention_layers: int | None = selectable(None, (None, 0, 2))
    dropout: float = tunable(0.2, 0.0, 0.5)
    normalise: Normalisation | None = selectable(None, (None, "last", "mean-std"))
    shortcut: bool | None = None
    sigmoid: bool = False

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ConfigError(f"No preset of the hybrid is named {self.preset!r}. {nearest(self.preset, PRESETS)}")
        if self.attention_layers is not None and self.attention_layers < 0:
            raise ConfigError(f"attention_layers must be at least 0; got {self.attention_layers}.")
        filled = (self.context, self.patch)
        sizes = (*(1 if size is None else size for size in filled), self.width, self.heads, self.lstm_layers)
        if min(sizes) < 1:
            raise ConfigError(f"context, patch, width, heads and layers must be at least 1; got {list(sizes)}.")
        if self.width % self.heads:
            raise ConfigError(f"width must be a multiple of heads; got {self.width} and {self.heads}.")
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout must lie in 0 … 1, 1 left out; got {self.dropout}.")
        if self.normalise is not None and self.normalise not in get_args(Normalisation):
            known = ", ".join(get_args(Normalisation))
            raise ConfigError(f"normalise must be one of {known}; got {self.normalise!r}.")

    def filled(self) -> "HybridConfig":
        """Return the config with what its preset decides filled in."""
        preset = PRESETS[self.preset]
        names = ("patch", "attention_layers", "normalise", "shortcut")
        return replace(self, **{name: getattr(preset, name) for name in names if getattr(self, name) is None})
