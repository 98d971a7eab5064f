"""Networks that answer a whole window with one vector of numbers, or with its class.

The same bodies as the forecasters have, without level and shortcut: a window of features says nothing of the past of
what is asked.
"""

from jaxtyping import Float
from torch import Tensor, nn

from seqcast.batch import Batch
from seqcast.models.presets import PRESETS, HybridConfig
from seqcast.models.registry import ModelConfig, build_body
from seqcast.nn.heads import ClassHead, DenseHead
from seqcast.types import Dims


class WindowRegressor(nn.Module):
    """A body and a head: one or more numbers for each window.

    Parameters
    ----------
    name : str
        Family: `rnn`, `lstm`, `gru` or `hybrid`.
    config : RecurrentConfig or HybridConfig
        Settings; `context`, `normalise` and `shortcut` are for forecasters alone.
    dims : Dims
        `context` steps of `past` channels in, `targets` numbers of `quantiles` outputs each out.

    Raises
    ------
    ConfigError
        For an unknown name or the config of another family.

    Examples
    --------
    >>> dims = Dims(context=10, horizon=1, past=5, future=0, static=0, targets=3, quantiles=1)
    >>> WindowRegressor("hybrid", HybridConfig(preset="average-pool"), dims).head.layers
    Sequential(
      (0): Linear(in_features=64, out_features=64, bias=True)
      (1): ReLU()
      (2): Dropout(p=0.2, inplace=False)
      (3): Linear(in_features=64, out_features=3, bias=True)
    )
    """

    def __init__(self, name: str, config: ModelConfig, dims: Dims):
        super().__init__()
        self.body = build_body(name, config, dims.past, dims.context)
        shape = (1, dims.targets, dims.quantiles)
        self.head = DenseHead(self.body.out_width, 0, 0, shape=shape, dense=_dense(config), dropout=config.dropout)
        self.sigmoid = isinstance(config, HybridConfig) and config.sigmoid

    def forward(self, batch: Batch) -> Float[Tensor, "B 1 K Q"]:
        """Return the numbers of each window, in scaled units."""
        out = self.head(self.body(batch.past), batch.future, batch.static)
        return out.sigmoid() if self.sigmoid else out


class WindowClassifier(nn.Module):
    """A body and a head: logits of the classes of each window.

    Examples
    --------
    >>> from seqcast.models.recurrent import RecurrentConfig
    >>> dims = Dims(context=10, horizon=1, past=5, future=0, static=0, targets=1, quantiles=3)
    >>> WindowClassifier("gru", RecurrentConfig(width=8), dims).head.layers
    Sequential(
      (0): Linear(in_features=8, out_features=3, bias=True)
    )
    """

    def __init__(self, name: str, config: ModelConfig, dims: Dims):
        super().__init__()
        self.body = build_body(name, config, dims.past, dims.context)
        self.head = ClassHead(self.body.out_width, classes=dims.quantiles, dense=_dense(config), dropout=config.dropout)

    def forward(self, batch: Batch) -> Float[Tensor, "B 1 1 classes"]:
        """Return the logits of each window, in the shape that the loop trains with cross-entropy."""
        return self.head(self.body(batch.past))[:, None, None]


def _dense(config: ModelConfig) -> int:
    """Return the size of the head's hidden layer; 0 for none."""
    dense = isinstance(config, HybridConfig) and PRESETS[config.preset].head == "dense"
    return config.width if dense else 0
