"""A classifier that has learnt: what it reads, its network, the linear model beside it, and what each counts."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int

from seqcast.classify.learner import FittedReader
from seqcast.classify.mixing import mixed
from seqcast.classify.recipe import Recipe
from seqcast.classify.series import scaled_series
from seqcast.classify.texts import TextReading
from seqcast.data.scale import Scaler
from seqcast.data.text import Words
from seqcast.errors import InputError
from seqcast.sequences import Sequences
from seqcast.train.sequences import Labelled

Logits = Float[np.ndarray, "N classes"]


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


def _asked(sequences: Sequences) -> Labelled:
    return Labelled(sequences, np.zeros(len(sequences), dtype=np.int64))
