"""Where a training run stands, as values: early stopping needs no network to be understood or tested."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EpochRecord:
    """What one epoch gave, in scaled units.

    The error is the mean absolute error of the point forecast; of classes, the share that was answered wrong. `pinned`
    is the share of gate units that the finished network keeps shut or open nearly all the time; only the last record of
    a forecaster has it.
    """

    epoch: int
    train_loss: float
    valid_loss: float
    train_error: float
    valid_error: float
    rate: float
    seconds: float
    pinned: float | None = None


@dataclass(frozen=True)
class Progress:
    """Where a run stands. `after` returns the next one; nothing is changed in place.

    Examples
    --------
    >>> progress = Progress().after(3.0).after(2.0).after(2.5)
    >>> progress.epoch, progress.best_epoch, progress.best_loss, progress.stalled(1), progress.stalled(2)
    (3, 2, 2.0, True, False)
    >>> Progress.before(1.0).after(3.0)
    Progress(epoch=1, best_epoch=0, best_loss=1.0)
    """

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = math.inf

    @classmethod
    def before(cls, loss: float) -> "Progress":
        """Return the progress before the first epoch; a loss that is not finite is no loss to beat."""
        return cls(best_loss=loss if math.isfinite(loss) else math.inf)

    def after(self, loss: float) -> "Progress":
        """Return the progress after one more epoch with this validation loss."""
        epoch = self.epoch + 1
        if loss < self.best_loss:
            return Progress(epoch, epoch, loss)
        return Progress(epoch, self.best_epoch, self.best_loss)

    @property
    def improved(self) -> bool:
        """Whether the last epoch was the best so far."""
        return self.epoch == self.best_epoch

    def stalled(self, patience: int) -> bool:
        """Whether `patience` epochs went by without improvement."""
        return self.epoch - self.best_epoch >= patience
