"""The network of a classifier: trained until the validation part is answered no better, and asked in batches."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Float32

from seqcast.batch import Batch
from seqcast.errors import ConfigError
from seqcast.forecasters.feeding import one_thread, seeded
from seqcast.models.classifier import ReadingConfig, ReadingDims, SequenceClassifier
from seqcast.train.config import FitConfig
from seqcast.train.loop import Hooks, Source, fit
from seqcast.train.progress import EpochRecord
from seqcast.train.run import Run
from seqcast.train.sequences import Labelled, source_of_sequences

_LEAST_STEPS, _MOST_EPOCHS = 1200, 200  # batches that a training sees at least, and times that it sees a small set
_FEWEST = 3  # epochs


@dataclass(frozen=True, kw_only=True)
class SequenceLearner:
    """A network family with its settings, to be fitted on labelled sequences.

    Parameters
    ----------
    name : str
        `rnn`, `lstm`, `gru` or `hybrid`.
    config : ReadingConfig
        Settings of the network.
    training : FitConfig
        Settings of training.
    seed : int
        Of the first weights, the order of samples and dropout.
    vectors : float array (words, embedding) or None
        Word vectors to start from.
    """

    name: str
    config: ReadingConfig
    training: FitConfig
    seed: int = 0
    vectors: Float32[np.ndarray, "words E"] | None = None

    def fit(
        self,
        train: Labelled,
        valid: Labelled,
        dims: ReadingDims,
        resume: Run | None = None,
        hooks: Hooks | None = None,
    ) -> "FittedReader":
        """Train, and keep the weights of the epoch that the validation part was answered best with."""
        run, ending, model = self._run(train, valid, dims, (resume, hooks or Hooks()))
        return FittedReader(self.name, self.config, dims, model, run.records, ending)

    def again(self, whole: Labelled, dims: ReadingDims, epochs: int) -> "FittedReader":
        """Train anew on all samples, for as many epochs as were best with a validation part."""
        hooks = Hooks(until=max(1, epochs))
        run, ending, model = self._run(whole, whole, dims, (None, hooks), judged=False)
        model.load_state_dict(dict(run.weights))
        return FittedReader(self.name, self.config, dims, model, run.records, ending)

    def _run(
        self,
        train: Labelled,
        valid: Labelled,
        dims: ReadingDims,
        how: tuple[Run | None, Hooks],
        judged: bool = True,
    ) -> tuple[Run, str, SequenceClassifier]:
        device = self.training.torch_device()
        source = source_of_sequences(
            train,
            valid,
            batch=self.training.batch,
            seed=self.seed,
            steps=self.training.steps,
            device=device,
        )
        if not judged:  # what was learnt would be asked: of the loss the first batch is enough
            source = replace(source, valid=lambda: _first(source))
        with seeded(self.seed):
            model = SequenceClassifier(self.name, self.config, dims).to(device)
            if self.vectors is not None and model.words is not None:
                model.words.table.weight.data.copy_(torch.from_numpy(self.vectors))
            resume, hooks = how
            run, ending = fit(model, source, torch.tensor([0.5], device=device), self.training, resume, hooks)
        return run, ending, model


def _first(source: Source) -> Iterator[Batch]:
    yield next(iter(source.train(0)))


@dataclass(frozen=True, eq=False)
class FittedReader:
    """A trained network and what its epochs gave.

    Parameters
    ----------
    name : str
        Family.
    config : ReadingConfig
        Settings of the network.
    dims : ReadingDims
        Sizes of its inputs and outputs.
    model : SequenceClassifier
        With the weights of its best epoch.
    records : tuple of EpochRecord
        What each epoch gave.
    ending : str
        Why training ended.
    """

    name: str
    config: ReadingConfig
    dims: ReadingDims
    model: SequenceClassifier
    records: tuple[EpochRecord, ...] = ()
    ending: str = "finished"

    @torch.no_grad()
    def logits(self, asked: Labelled) -> Float[np.ndarray, "N classes"]:
        """Return one logit a class for each sample, in their order."""
        self.model.eval()
        said = np.empty((len(asked), self.dims.classes))
        device = next(self.model.parameters()).device
        with one_thread():
            for rows, batch in asked.batches(device):
                said[rows] = self.model(batch)[:, 0, 0].double().cpu().numpy()
        return said

    def weights(self, asked: Labelled) -> list[Float[np.ndarray, "T"]]:
        """Return the share that each step had in the pooled channels of its sample."""
        self.model.eval()
        found: dict[int, np.ndarray] = {}
        device = next(self.model.parameters()).device
        with one_thread():
            for rows, batch in asked.batches(device):
                shares = self.model.weights(batch).double().cpu().numpy()
                lengths = asked.sequences.lengths[rows]
                found |= {int(row): share[:steps] for row, share, steps in zip(rows, shares, lengths, strict=True)}
        return [found[row] for row in range(len(asked))]


def settled_training(training: FitConfig, samples: int, *, told: bool) -> FitConfig:
    """Return the settings of training for so many samples: as many epochs as a small set needs, unless `told` how many.

    Raises
    ------
    ConfigError
        When the loss is not `cross-entropy`.

    Examples
    --------
    >>> [settled_training(FitConfig(loss="cross-entropy"), n, told=False).epochs for n in (300, 25_000)]
    [200, 12]
    """
    if training.loss != "cross-entropy":
        raise ConfigError(f"Classes are learnt by the loss 'cross-entropy'; got {training.loss!r}. Leave it out.")
    if told:
        return training
    in_epoch = min(training.steps, math.ceil(samples / training.batch))
    return replace(training, epochs=min(_MOST_EPOCHS, max(_FEWEST, round(_LEAST_STEPS / in_epoch))))
