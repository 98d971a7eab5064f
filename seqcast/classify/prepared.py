"""From samples and their classes to a classifier: parted, made readable by what trains alone, learnt."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float32, Int

from seqcast.classify.fitted import FittedClassifier
from seqcast.classify.learner import FittedReader, SequenceLearner, settled_training
from seqcast.classify.mixing import fit_shares
from seqcast.classify.parts import split
from seqcast.classify.recipe import Recipe
from seqcast.classify.series import scaled_series, scaler_of_series
from seqcast.classify.texts import TextReading, fingerprints, fit_reading
from seqcast.data.scale import Scaler
from seqcast.data.text import Words
from seqcast.models.classifier import ReadingDims
from seqcast.sequences import Sequences
from seqcast.train.loop import Hooks
from seqcast.train.run import Run
from seqcast.train.sequences import Labelled

_TOKENS = 40  # steps that are read of a middling sequence
_MOST_WORDS, _MOST_STEPS = 2, 4  # that are read as one

Codes = Int[np.ndarray, "N"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """Samples as a network reads them, parted, and the recipe with its open choices made.

    Parameters
    ----------
    recipe : Recipe
        Settled for these samples.
    sequences : Sequences
        All samples.
    codes : int array (N,)
        Their classes.
    train, held : int array
        Rows that train, and rows that validate.
    dims : ReadingDims
        Sizes of the network's inputs and outputs.
    source : Words or Sequences
        The samples as they came.
    reading : TextReading or None
        How texts are read, without a linear model yet.
    scaler : Scaler or None
        Of series.
    vectors : float array (words, embedding) or None
        Word vectors to start from.
    """

    recipe: Recipe
    sequences: Sequences
    codes: Codes
    train: Int[np.ndarray, "A"]
    held: Int[np.ndarray, "B"]
    dims: ReadingDims
    source: Words | Sequences
    reading: TextReading | None = None
    scaler: Scaler | None = None
    vectors: Float32[np.ndarray, "words E"] | None = None

    def learner(self) -> SequenceLearner:
        """Return what trains the network of the recipe."""
        recipe = self.recipe
        return SequenceLearner(
            name=recipe.model,
            config=recipe.config,
            training=recipe.training,
            seed=recipe.seed,
            vectors=self.vectors,
        )

    def part(self, rows: Int[np.ndarray, "M"]) -> Labelled:
        """Return some samples as the network reads them."""
        return Labelled(self.sequences.take(rows), self.codes[rows])

    def trained(self, resume: Run | None = None, hooks: Hooks | None = None) -> FittedReader:
        """Return the network, trained on the part that trains."""
        return self.learner().fit(self.part(self.train), self.part(self.held), self.dims, resume, hooks)

    def fitted(self, network: FittedReader) -> FittedClassifier:
        """Return the classifier of this network: what each model counts is learnt from the part that validates."""
        reading, logits = self.reading, [network.logits(self.part(self.held))]
        if reading is not None and isinstance(self.source, Words):
            reading = reading.weighed(self.source.take(self.train), self.codes[self.train], self.dims.classes)
            linear = reading.logits(self.source.take(self.held))
            logits += [] if linear is None else [linear]
        shares = fit_shares(logits, self.codes[self.held])
        if self.recipe.refit:
            whole = Labelled(self.sequences, self.codes)
            again = self.learner().again(whole, self.dims, _best_epoch(network))
            network = replace(again, records=network.records)
            if reading is not None and isinstance(self.source, Words):
                reading = reading.weighed(self.source, self.codes, self.dims.classes)
        return FittedClassifier(self.recipe, network, shares, reading=reading, scaler=self.scaler, held=self.held)


def prepare(samples: Words | Sequences, codes: Codes, recipe: Recipe) -> Prepared:
    """Return samples made ready: vocabulary, pairs and scales are learnt from the part that trains alone.

    Raises
    ------
    InputError
        When too few samples or words are there, or nothing in them changes.
    FileError
        When word vectors cannot be read.
    """
    return _texts(samples, codes, recipe) if isinstance(samples, Words) else _series(samples, codes, recipe)


def _texts(words: Words, codes: Codes, recipe: Recipe) -> Prepared:
    train, held = split(codes, recipe.valid, recipe.order or "none", recipe.seed, fingerprints(words))
    reading = fit_reading(words.take(train), recipe.text)
    sequences, vectors = reading.sequences(words), reading.vectors()
    if vectors is not None:
        recipe = replace(recipe, config=replace(recipe.config, embedding=vectors.shape[1]))
    dims = ReadingDims(
        classes=int(codes.max()) + 1,
        words=reading.words,
        channels=sequences.values.shape[1],
        steps=recipe.text.length,
        pairs=len(reading.pairs) + 1 if len(reading.pairs) else 0,
    )
    recipe = _settled(recipe, sequences.lengths[train], _MOST_WORDS)
    return Prepared(recipe, sequences, codes, train, held, dims, source=words, reading=reading, vectors=vectors)


def _series(series: Sequences, codes: Codes, recipe: Recipe) -> Prepared:
    train, held = split(codes, recipe.valid, recipe.order or "time", recipe.seed)
    scaler = scaler_of_series(series.take(train))
    sequences = scaled_series(scaler, series)
    dims = ReadingDims(
        classes=int(codes.max()) + 1,
        words=0,
        channels=sequences.values.shape[1],
        steps=int(sequences.lengths.max()),
    )
    recipe = _settled(recipe, sequences.lengths[train], _MOST_STEPS)
    return Prepared(recipe, sequences, codes, train, held, dims, source=series, scaler=scaler)


def _settled(recipe: Recipe, lengths: Int[np.ndarray, "N"], most: int) -> Recipe:
    """Return the recipe with epochs and patch, `most` at most, chosen for these samples where they were left open."""
    training = settled_training(recipe.training, len(lengths), told=recipe.epochs_told)
    patch = recipe.config.patch or int(np.clip(np.median(lengths) // _TOKENS, 1, most))
    return replace(recipe, training=training, config=replace(recipe.config, patch=patch), epochs_told=True)


def _best_epoch(network: FittedReader) -> int:
    losses = [record.valid_loss for record in network.records]
    return 1 + int(np.argmin(losses)) if losses else 1
