"""The training loop, in full view."""

import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from seqcast.batch import Batch
from seqcast.budget import Deadline
from seqcast.errors import TrainingError
from seqcast.train.config import FitConfig
from seqcast.train.loss import Loss, masked_mean
from seqcast.train.progress import EpochRecord
from seqcast.train.run import Run
from seqcast.train.schedule import rate_at

Ending = Literal["finished", "stalled", "paused", "out of time", "interrupted"]


@dataclass(frozen=True)
class Source:
    """Where batches come from.

    Parameters
    ----------
    train : callable
        Epoch number to the batches of that epoch; the same number gives the same batches.
    valid : callable
        The validation batches.
    locate : callable
        Epoch, batch and window number to words that name the series and the cutoff, for messages.
    steps : int
        Batches in an epoch.
    """

    train: Callable[[int], Iterable[Batch]]
    valid: Callable[[], Iterable[Batch]]
    locate: Callable[[int, int, int], str]
    steps: int


@dataclass(frozen=True)
class Hooks:
    """What may watch or end a run: callers after each epoch and batch, the time that is left, an epoch to pause at."""

    on_epoch: Callable[[Run], None] = lambda run: None
    on_step: Callable[[int, int], None] = lambda epoch, step: None
    deadline: Deadline = Deadline()
    until: int = sys.maxsize


def fit(
    model: nn.Module,
    source: Source,
    quantiles: Tensor,
    config: FitConfig,
    resume: Run | None = None,
    hooks: Hooks | None = None,
) -> tuple[Run, Ending]:
    """Train until the validation loss stops falling; leaves the best weights in `model`, be it those it came with.

    Parameters
    ----------
    model : Module
        Takes a Batch, returns (B, H, K, Q).
    source : Source
        Training and validation batches.
    quantiles : float tensor (Q,)
        Levels of the outputs, for the pinball loss; other losses do not read them.
    config : FitConfig
        Settings.
    resume : Run or None
        Goes on from there bit for bit; None starts anew from the weights and random state as they are.
    hooks : Hooks or None
        Watchers and the time limit.

    Returns
    -------
    run, ending
        The run after its last whole epoch, and why it ended.

    Raises
    ------
    TrainingError
        When a loss or a gradient stops being finite; names epoch, batch, series and step.
    """
    hooks = hooks or Hooks()
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    if resume:
        run = resume.onto(model, optimizer)
    else:
        first, _ = evaluate(model, source.valid(), quantiles, config.objective())
        run = Run.start(model, optimizer, first)
    epoch_of = _Epoch(model, optimizer, source, quantiles, config, hooks)
    ending: Ending | None = None
    epochs = config.epochs
    while ending is None and run.progress.epoch < min(epochs, hooks.until):
        if run.progress.stalled(config.patience):
            ending = "stalled"
            break
        try:
            record = epoch_of(run.progress.epoch, epochs)
            run = run.after(record, model, optimizer)
            hooks.on_epoch(run)
        except KeyboardInterrupt:
            if run.progress.epoch == 0:
                raise
            ending = "interrupted"
            break
        epochs = _epochs_that_fit(run, config.epochs, hooks.deadline)
        ending = "out of time" if run.progress.epoch >= epochs < config.epochs else None
    model.load_state_dict(dict(run.best))
    return run, ending or ("paused" if run.progress.epoch < epochs else "finished")


def _epochs_that_fit(run: Run, most: int, deadline: Deadline) -> int:
    """Return how many epochs to plan, so that the rate is low when the time is up."""
    if deadline.moment is None:
        return most
    slowest = max(record.seconds for record in run.records[-3:])
    return min(most, run.progress.epoch + int(deadline.left / max(slowest, 1e-3)))


@dataclass(frozen=True)
class _Epoch:
    model: nn.Module
    optimizer: torch.optim.Optimizer
    source: Source
    quantiles: Tensor
    config: FitConfig
    hooks: Hooks

    def __call__(self, epoch: int, epochs: int) -> EpochRecord:
        began = time.monotonic()
        self.model.train()
        losses: list[Tensor] = []
        errors: list[Tensor] = []
        rate = self.config.lr
        for step, batch in enumerate(self.source.train(epoch)):
            rate = rate_at((epoch + step / self.source.steps) / epochs, self.config.lr, self.config.schedule)
            self.optimizer.param_groups[0]["lr"] = rate
            loss, error = self._learn(batch, (epoch, step))
            losses.append(loss)
            errors.append(error)
            self.hooks.on_step(epoch, step)
            if self.hooks.deadline.passed:
                break
        valid_loss, valid_error = evaluate(self.model, self.source.valid(), self.quantiles, self.config.objective())
        if not valid_loss < float("inf"):
            raise TrainingError(
                f"The validation loss must stay finite; it became {valid_loss} in epoch {epoch + 1}. {_WAY_OUT}"
            )
        return EpochRecord(
            epoch=epoch + 1,
            train_loss=torch.stack(losses).mean().item(),
            valid_loss=valid_loss,
            train_error=torch.stack(errors).mean().item(),
            valid_error=valid_error,
            rate=rate,
            seconds=time.monotonic() - began,
        )

    def _learn(self, batch: Batch, place: tuple[int, int]) -> tuple[Tensor, Tensor]:
        self.optimizer.zero_grad()
        predicted = self.model(batch)
        losses, wrong = _judged(self.config.objective(), predicted, batch, self.quantiles)
        loss = masked_mean(losses, batch.observed)
        if not torch.isfinite(loss):
            raise TrainingError(self._where(losses, place))
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        if not torch.isfinite(norm):
            epoch, step = place
            raise TrainingError(
                f"Gradients must stay finite; their norm became {norm.item()} in epoch {epoch + 1}, batch {step + 1}, "
                f"first window: {self.source.locate(epoch, step, 0)}. {_WAY_OUT}"
            )
        self.optimizer.step()
        return loss.detach(), masked_mean(wrong.detach(), batch.observed)

    def _where(self, losses: Tensor, place: tuple[int, int]) -> str:
        epoch, step = place
        window, ahead, _ = (int(index) for index in (~torch.isfinite(losses)).nonzero()[0])
        return (
            f"The loss must stay finite; it became {losses[window, ahead].sum().item()} in epoch {epoch + 1}, "
            f"batch {step + 1}, {self.source.locate(epoch, step, window)}, horizon step {ahead + 1}. {_WAY_OUT}"
        )


_WAY_OUT = "Lower the rate (lr), or look at that series for values far outside its usual range."


@torch.no_grad()
def evaluate(model: nn.Module, batches: Iterable[Batch], quantiles: Tensor, loss: Loss) -> tuple[float, float]:
    """Return loss and error, means over every observed entry of all batches."""
    model.eval()
    total, error, count = 0.0, 0.0, 0
    for batch in batches:
        losses, wrong = _judged(loss, model(batch), batch, quantiles)
        total += losses.double().sum().item()
        error += wrong.double().sum().item()
        count += int(batch.observed.sum())
    return total / max(count, 1), error / max(count, 1)


def _judged(loss: Loss, predicted: Tensor, batch: Batch, quantiles: Tensor) -> tuple[Tensor, Tensor]:
    """Return loss and error of every target, 0 where it was not observed.

    What stands there is replaced before the loss too: a NaN would reach the gradient through a mask laid over it after.
    """
    hidden = ~batch.observed
    target = batch.target.masked_fill(hidden, 0.0)
    losses = loss.pointwise(predicted, target, quantiles)
    return losses.masked_fill(hidden, 0.0), loss.error(predicted, target).masked_fill(hidden, 0.0)
