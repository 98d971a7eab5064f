"""Protocol of the long-horizon benchmark: borders, errors, published figures, and the linear model it is proven by."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast.batch import Batch
from seqcast.errors import ConfigError
from seqcast.types import Origins

# Published test MSE by horizon, fair loaders only (96, 192, 336, 720).
ANCHORS = {
    "ETTh1": {
        "DUET": (0.352, 0.398, 0.414, 0.429),
        "TimeBridge": (0.354, 0.389, 0.407, 0.443),
        "SegRNN": (0.351, 0.392, 0.423, 0.466),
        "PatchTST": (0.385, 0.414, 0.441, 0.456),
        "DLinear": (0.384, 0.443, 0.447, 0.504),
    },
    "ETTm1": {
        "DUET": (0.279, 0.320, 0.348, 0.405),
        "TimeBridge": (0.277, 0.321, 0.365, 0.416),
        "SegRNN": (0.293, 0.328, 0.357, 0.410),
        "PatchTST": (0.293, 0.331, 0.366, 0.419),
        "DLinear": (0.301, 0.336, 0.372, 0.427),
    },
    "exchange_rate": {"DUET": (0.080, 0.162, 0.294, 0.583), "last value": (0.081, 0.167, 0.305, 0.823)},
}
_ETT_ROWS = (8640, 11520, 14400)


@dataclass(frozen=True)
class Borders:
    """First row after the training, the validation and the test part.

    Examples
    --------
    >>> Borders.of("exchange_rate", 7588)
    Borders(train=5311, valid=6071, test=7588)
    """

    train: int
    valid: int
    test: int

    @classmethod
    def of(cls, name: str, rows: int) -> "Borders":
        """Return the borders that the field uses for this table."""
        if name.startswith("ETT"):
            return cls(*(border * (4 if name.startswith("ETTm") else 1) for border in _ETT_ROWS))
        return cls(int(0.7 * rows), rows - int(0.2 * rows), rows)

    def origins(self, context: int, horizon: int) -> tuple[Origins, Origins, Origins]:
        """Return where windows start in each part: known rows, the first target's row.

        Raises
        ------
        ConfigError
            When a part is too short for one window.

        Examples
        --------
        >>> [len(part) for part in Borders.of("ETTh1", 17_420).origins(context=336, horizon=96)]
        [8209, 2785, 2785]
        """
        firsts, ends = (context, self.train, self.valid), (self.train, self.valid, self.test)
        for part, first, end in zip(("training", "validation", "test"), firsts, ends, strict=True):
            if first + horizon > end:
                raise ConfigError(
                    f"The {part} part must hold one window; it ends at row {end}, and {horizon} steps after row "
                    f"{first} end at {first + horizon}. Take a shorter context or horizon."
                )
        return tuple(_origins(first, end - horizon) for first, end in zip(firsts, ends, strict=True))


def _origins(first: int, last: int) -> Origins:
    rows = np.arange(first, last + 1)
    return Origins(np.zeros_like(rows), rows, np.zeros_like(rows))


class DLinear(nn.Module):
    """Trend (mean over 25 steps) and remainder, each by one linear map shared by the columns."""

    def __init__(self, context: int, horizon: int):
        super().__init__()
        self.trend, self.remainder = nn.Linear(context, horizon), nn.Linear(context, horizon)

    def forward(self, batch: Batch) -> Tensor:
        """Return one forecast for each step and column."""
        series = batch.past[..., : batch.target.shape[-1]].mT
        trend = F.avg_pool1d(F.pad(series, (12, 12), mode="replicate"), 25, stride=1)
        return (self.trend(trend) + self.remainder(series - trend)).mT[..., None]


Errors = tuple[float, float]


def errors(pairs: Iterator[tuple[np.ndarray, np.ndarray]]) -> Errors:
    """Return mean squared and mean absolute error over every entry of all parts, each entry counting once."""
    squared, absolute, count = 0.0, 0.0, 0
    for forecast, actual in pairs:
        wrong = forecast - actual
        squared, absolute, count = squared + np.square(wrong).sum(), absolute + np.abs(wrong).sum(), count + wrong.size
    return float(squared / count), float(absolute / count)
