"""A classifier from labelled samples: what is read, the network, the linear model beside it, and what each counts."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from seqcast.classify.learner import FittedReader, SequenceLearner, settled_training
from seqcast.classify.mixing import fit_shares, mixed
from seqcast.classify.parts import split
from seqcast.classify.series import scaled_series, scaler_of_series
from seqcast.classify.texts import TextReading, fingerprints, fit_reading
from seqcast.config import built
from seqcast.data.scale import Scaler
from seqcast.data.text import TextOptions, Words
from seqcast.errors import ConfigError, InputError
from seqcast.models.classifier import ReadingConfig, ReadingDims
from seqcast.sequences import Sequences
from seqcast.train.config import FitConfig
from seqcast.train.loop import Hooks
from seqcast.train.sequences import Labelled

Codes = Int[np.ndarray, "N"]
Logits = Float[np.ndarray, "N classes"]

_USUAL_TRAINING = {"loss": "cross-entropy", "steps": 400}
_TOKENS = 40  # steps that are read of a middling sequence
_MOST_WORDS, _MOST_STEPS = 2, 4  # that are read as one


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a classifier is made with; the settings as they were asked for.

    Parameters
    ----------
    model : str
        Family.
    config, text, training
        Settings of the network, of reading texts, and of training.
    epochs_told : bool
        Whether the number of epochs was asked for.
    valid, order, refit, seed
        As those of `Classifier`.
    """

    model: str
    config: ReadingConfig
    text: TextOptions
    training: FitConfig
    epochs_told: bool
    valid: float
    order: str | None
    refit: bool
    seed: int

    @classmethod
    def of(cls, model: str, settings: Any, text: Any, training: Any, **rest: Any) -> "Recipe":
        """Return the recipe that the arguments of a `Classifier` name.

        Raises
        ------
        ConfigError
            For an unknown setting.
        """
        told = not isinstance(training, Mapping) or "epochs" in training
        asked = {**_USUAL_TRAINING, **training} if isinstance(training, Mapping) else training
        return cls(
            model=model,
            config=_as(ReadingConfig, settings, "settings"),
            text=_as(TextOptions, text, "text"),
            training=_as(FitConfig, asked, "training"),
            epochs_told=told,
            **rest,
        )

    def parameters(self) -> dict[str, Any]:
        """Return them as arguments of `Classifier`, plain values all."""
        return {
            "model": self.model,
            "settings": asdict(self.config),
            "text": asdict(self.text),
            "training": asdict(self.training),
            "valid": self.valid,
            "order": self.order,
            "refit": self.refit,
            "seed": self.seed,
        }


@dataclass(frozen=True, eq=False)
class FittedClassifier:
    """What was learnt, and all it needs to answer.

    Parameters
    ----------
    recipe : Recipe
        With its open choices made.
    network : FittedReader
        The trained network.
    shares : float array (models,)
        What the logits of the network, and of the linear model where there is one, are multiplied by.
    reading : TextReading or None
        How texts are read; None of series.
    scaler : Scaler or None
        Of the channels of series; None of texts.
    held : int array (M,)
        Rows that validated.
    """

    recipe: Recipe
    network: FittedReader
    shares: Float[np.ndarray, "models"]
    reading: TextReading | None = None
    scaler: Scaler | None = None
    held: Int[np.ndarray, "M"] = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def probabilities(self, samples: Words | Sequences) -> Logits:
        """Return the probability of each class."""
        return mixed(self._logits(samples), self.shares)

    def beside(self, samples: Words | Sequences) -> dict[str, Logits]:
        """Return the probabilities of the network alone, and of the linear model alone."""
        names = ("network", "linear")
        return {name: mixed([said], np.ones(1)) for name, said in zip(names, self._logits(samples), strict=False)}

    def explained(self, words: Words) -> list[list[tuple[str, float]]]:
        """Return the words that were read of each text with the share of each in what was pooled."""
        assert self.reading is not None
        options = self.reading.options
        places = Sequences(np.arange(len(words.flat))[:, None], words.offsets).cut(options.length, options.side)
        weights = self.network.weights(_asked(self.reading.sequences(words)))
        told = []
        for text, shares in enumerate(weights):
            own = words.flat.gather(places[text][:, 0]).to_list()
            told.append([(word, float(share)) for word, share in zip(own, shares, strict=False)])
        return told

    def _logits(self, samples: Words | Sequences) -> list[Logits]:
        sequences = self._sequences(samples)
        said = [self.network.logits(_asked(sequences))]
        if self.reading is not None and isinstance(samples, Words):
            linear = self.reading.logits(samples)
            said += [] if linear is None else [linear]
        return said

    def _sequences(self, samples: Words | Sequences) -> Sequences:
        if isinstance(samples, Words):
            assert self.reading is not None
            return self.reading.sequences(samples)
        assert self.scaler is not None
        if samples.values.shape[1] != self.network.dims.channels:
            raise InputError(
                f"X must have the {self.network.dims.channels} channels that were learnt; got "
                f"{samples.values.shape[1]}."
            )
        longest = int(samples.lengths.max())
        if self.network.name == "hybrid" and longest > self.network.dims.steps:
            raise InputError(
                f"A hybrid marks the places that it has learnt, {self.network.dims.steps} steps; a sample has "
                f"{longest}. Cut it, or use an lstm."
            )
        return scaled_series(self.scaler, samples)


def fit_texts(words: Words, codes: Codes, recipe: Recipe, hooks: Hooks | None = None) -> FittedClassifier:
    """Learn from texts; the vocabulary and all else is learnt from those that train alone.

    Raises
    ------
    InputError
        When too few texts or words are there.
    """
    train, held = split(codes, recipe.valid, recipe.order or "none", recipe.seed, fingerprints(words))
    classes = int(codes.max()) + 1
    reading = fit_reading(words.take(train), recipe.text)
    sequences = reading.sequences(words)
    vectors = reading.vectors()
    if vectors is not None:
        recipe = replace(recipe, config=replace(recipe.config, embedding=vectors.shape[1]))
    recipe = _settled(recipe, sequences.lengths[train], _MOST_WORDS)
    dims = ReadingDims(
        classes=classes,
        words=reading.words,
        channels=sequences.values.shape[1],
        steps=recipe.text.length,
        pairs=len(reading.pairs) + 1 if len(reading.pairs) else 0,
    )
    learner = SequenceLearner(
        name=recipe.model, config=recipe.config, training=recipe.training, seed=recipe.seed, vectors=vectors
    )
    network = _learnt(learner, sequences, codes, (train, held), dims, hooks)
    reading = reading.weighed(words.take(train), codes[train], classes)
    logits = [network.logits(Labelled(sequences.take(held), codes[held])), reading.logits(words.take(held))]
    shares = fit_shares([said for said in logits if said is not None], codes[held])
    if recipe.refit:
        network = replace(
            learner.again(Labelled(sequences, codes), dims, _best_epoch(network)), records=network.records
        )
        reading = reading.weighed(words, codes, classes)
    return FittedClassifier(recipe, network, shares, reading=reading, held=held)


def fit_series(series: Sequences, codes: Codes, recipe: Recipe, hooks: Hooks | None = None) -> FittedClassifier:
    """Learn from series; the scales are learnt from those that train alone.

    Raises
    ------
    InputError
        When too few samples are there, or nothing in them changes.
    """
    train, held = split(codes, recipe.valid, recipe.order or "time", recipe.seed)
    scaler = scaler_of_series(series.take(train))
    sequences = scaled_series(scaler, series)
    recipe = _settled(recipe, sequences.lengths[train], _MOST_STEPS)
    dims = ReadingDims(
        classes=int(codes.max()) + 1,
        words=0,
        channels=sequences.values.shape[1],
        steps=int(sequences.lengths.max()),
    )
    learner = SequenceLearner(name=recipe.model, config=recipe.config, training=recipe.training, seed=recipe.seed)
    network = _learnt(learner, sequences, codes, (train, held), dims, hooks)
    shares = fit_shares([network.logits(Labelled(sequences.take(held), codes[held]))], codes[held])
    if recipe.refit:
        again = learner.again(Labelled(sequences, codes), dims, _best_epoch(network))
        network = replace(again, records=network.records)
    return FittedClassifier(recipe, network, shares, scaler=scaler, held=held)


def _learnt(
    learner: SequenceLearner,
    sequences: Sequences,
    codes: Codes,
    parts: tuple[Int[np.ndarray, "A"], Int[np.ndarray, "B"]],
    dims: ReadingDims,
    hooks: Hooks | None,
) -> FittedReader:
    train, valid = (Labelled(sequences.take(rows), codes[rows]) for rows in parts)
    return learner.fit(train, valid, dims, hooks=hooks)


def _settled(recipe: Recipe, lengths: Int[np.ndarray, "N"], most: int) -> Recipe:
    """Return the recipe with epochs and patch, `most` at most, chosen for these samples where they were left open."""
    training = settled_training(recipe.training, len(lengths), told=recipe.epochs_told)
    patch = recipe.config.patch or int(np.clip(np.median(lengths) // _TOKENS, 1, most))
    return replace(recipe, training=training, config=replace(recipe.config, patch=patch), epochs_told=True)


def _best_epoch(network: FittedReader) -> int:
    losses = [record.valid_loss for record in network.records]
    return 1 + int(np.argmin(losses)) if losses else 1


def _asked(sequences: Sequences) -> Labelled:
    return Labelled(sequences, np.zeros(len(sequences), dtype=np.int64))


def _as(kind: type, given: Any, section: str) -> Any:
    if isinstance(given, Mapping):
        return built(kind, given, section)
    if not isinstance(given, kind):
        raise ConfigError(f"{section} are a mapping or a {kind.__name__}; got a {type(given).__name__}.")
    return given
