"""Settings of training, the same for every network."""

from dataclasses import dataclass

import torch

from seqcast.errors import ConfigError
from seqcast.ranges import selectable, tunable
from seqcast.train.loss import Loss, loss_named
from seqcast.train.schedule import rate_at


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Settings of training.

    Parameters
    ----------
    epochs : int
        At most so many.
    steps : int
        Batches in an epoch at most; a larger set of windows is drawn from anew each epoch.
    batch : int
        Windows in a batch.
    lr : float
        Highest learning rate.
    schedule : str
        `one-cycle`, `cosine`, `halving` or `constant`.
    patience : int
        Epochs without a better validation loss before stopping.
    clip : float
        Largest gradient norm.
    weight_decay : float
        Of AdamW (Loshchilov & Hutter, 2019).
    loss : str
        `pinball` (quantiles); `gaussian`, `student-t` (a distribution, by its likelihood); `mse`, `mae`, `huber` (point
        forecast, intervals from the validation residuals); of classes `cross-entropy`.
    delta : float or None
        Of the loss `huber`: the error, in scaled units, from which on it grows as a straight line; 1 unless given.
    scaler : str
        What a forecaster scales each series by, before the network: `standard` (mean, standard deviation), `minmax`
        (least and largest value to 0 and 1) or `robust` (median, interquartile range).
    device : str
        `auto` takes a GPU where there is one.

    Examples
    --------
    >>> FitConfig(epochs=5).patience
    6
    """

    epochs: int = 30
    steps: int = 100
    batch: int = selectable(64, (16, 32, 64, 128))
    lr: float = tunable(2e-3, 1e-5, 1e-2, log=True)
    schedule: str = "one-cycle"
    patience: int = 6
    clip: float = 1.0
    weight_decay: float = 1e-4
    loss: str = selectable("pinball", ("pinball", "mae", "huber", "mse"))
    delta: float | None = None
    scaler: str = "standard"
    device: str = "auto"

    def __post_init__(self) -> None:
        counts = {"epochs": self.epochs, "steps": self.steps, "batch": self.batch, "patience": self.patience}
        for name, count in counts.items():
            if count < 1:
                raise ConfigError(f"{name} must be at least 1; got {count}.")
        if not 0 < self.lr < 10:
            raise ConfigError(f"lr must lie between 0 and 10; got {self.lr}. 0.001 is a usual start.")
        if self.clip <= 0 or self.weight_decay < 0:
            raise ConfigError(
                f"clip must be above 0 and weight_decay not below; got {self.clip} and {self.weight_decay}."
            )
        if self.delta is not None and not 0 < self.delta < float("inf"):
            raise ConfigError(f"delta must be a number above 0; got {self.delta}. 1 is usual.")
        self.objective()
        rate_at(0.0, self.lr, self.schedule)

    def objective(self) -> Loss:
        """Return the loss with its settings."""
        return loss_named(self.loss, **({} if self.delta is None else {"delta": self.delta}))

    def torch_device(self) -> torch.device:
        """Return the device to train on."""
        if self.device != "auto":
            return torch.device(self.device)
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
