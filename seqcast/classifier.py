"""Classifier: texts or labelled series in, classes out, with the manners of scikit-learn."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl
from jaxtyping import Float

from seqcast.config import parameters_of, set_parameters
from seqcast.data.labels import codes_of, known_codes
from seqcast.data.records import count
from seqcast.data.text import TextOptions, Words, words_of
from seqcast.errors import InputError

if TYPE_CHECKING:
    from seqcast.classify.fitted import FittedClassifier
    from seqcast.sequences import Sequences
    from seqcast.train.loop import Hooks


@dataclass(kw_only=True)
class Classifier:
    """Learns to tell the class of texts, or of series of one or several channels.

    The constructor stores its arguments and does no work; `fit` returns self. A part of the samples validates: it says
    when to stop, which epoch's weights to keep, and how much the network and the linear model on runs of words beside
    it count. Vocabulary, scales and linear model are learnt from the others alone.

    Parameters
    ----------
    model : str
        `rnn`, `lstm`, `gru` or `hybrid` (LSTM, then a Transformer encoder).
    settings : ReadingConfig or mapping
        Of the network, such as `{"width": 128, "pool": "attention"}`.
    text : TextOptions or mapping
        How texts are read, such as `{"length": 200, "ngrams": 0}`.
    training : FitConfig or mapping
        Such as `{"epochs": 3, "lr": 0.001}`; without epochs as many as the number of samples needs.
    valid : float
        Share of the samples that validates.
    order : str or None
        `time`: samples follow each other, so that the last ones validate; `none`: some of each class do, drawn at
        random, equal texts never parted. None takes `none` for texts and `time` for series.
    refit : bool
        Train once more on all samples, for as many epochs as were best.
    seed : int
        Of weights, sample order, dropout and the validation part.

    Examples
    --------
    >>> texts = [f"{how} film number {number}" for number in range(30) for how in ("fine", "dull")]
    >>> labels = ["good", "bad"] * 30
    >>> classifier = Classifier(settings={"width": 8}, training={"epochs": 2}).fit(texts, labels)
    >>> classifier.predict(["what a fine story", "how dull"]).tolist()
    ['good', 'bad']
    """

    model: str = "lstm"
    settings: Any = field(default_factory=dict)
    text: Any = field(default_factory=dict)
    training: Any = field(default_factory=dict)
    valid: float = 0.2
    order: str | None = None
    refit: bool = False
    seed: int = 0

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        return parameters_of(self)

    def set_params(self, **params: Any) -> Self:
        """Set constructor arguments by name.

        Raises
        ------
        ConfigError
            For an unknown name.
        """
        set_parameters(self, params)
        return self

    def fit(self, X: Any, y: Any, *, hooks: "Hooks | None" = None) -> Self:
        """Learn from samples and their classes.

        Parameters
        ----------
        X : sequence of str, array (N, T) or (N, T, C), or list of arrays (T,) or (T, C)
            N texts, or N series of T steps of C channels; every value known.
        y : sequence (N,)
            The class of each: text, whole numbers or truth values.
        hooks : Hooks or None
            Watchers of the training.

        Raises
        ------
        InputError
            When a sample or a label is missing or cannot be read, or fewer than two classes are there.
        ConfigError
            When a setting cannot work.
        """
        from seqcast.classify.prepared import prepare
        from seqcast.classify.recipe import Recipe

        recipe = Recipe.of(**self.get_params())
        samples, notes = samples_of(X, recipe.text)
        classes, codes = codes_of(y, len(samples))
        prepared = prepare(samples, codes, recipe)
        self.fitted_: FittedClassifier = prepared.fitted(prepared.trained(hooks=hooks))
        self.classes_, self.notes_ = classes, notes
        return self

    def predict_proba(self, X: Any) -> Float[np.ndarray, "N classes"]:
        """Return the probability of each class, in the order of `classes_`.

        Raises
        ------
        InputError
            Before `fit`, or when samples cannot be read.
        """
        return self._fitted().probabilities(self._read(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the likeliest class of each sample, of the kind of the labels of `fit`."""
        said = self.predict_proba(X)
        return self.classes_[said.argmax(axis=1)]

    def score(self, X: Any, y: Any) -> float:
        """Return the share of samples whose likeliest class is the true one; higher is better, as in scikit-learn.

        Raises
        ------
        InputError
            When labels are missing, or one was not learnt.
        """
        said = self.predict_proba(X)
        return float((said.argmax(axis=1) == known_codes(y, len(said), self.classes_)).mean())

    def beside(self, X: Any) -> dict[str, Float[np.ndarray, "N classes"]]:
        """Return the probabilities of the parts by themselves: the `network`, and of texts the `linear` model."""
        return self._fitted().beside(self._read(X))

    def explain(self, texts: Any) -> list[list[tuple[str, float]]]:
        """Return the words that the network read of each text, with the share that each gave to what was pooled.

        Words of one patch share alike; the shares of a text sum to 1.

        Raises
        ------
        InputError
            When what was learnt are series.
        """
        fitted = self._fitted()
        if fitted.reading is None:
            raise InputError("Words have shares, and this Classifier has learnt series. Fit it on texts.")
        return fitted.explained(self._read(texts))

    @property
    def history(self) -> pl.DataFrame:
        """What each epoch of training gave, one row an epoch; the error is the share that was answered wrong."""
        from dataclasses import asdict

        return pl.DataFrame([asdict(record) for record in self._fitted().network.records])

    def save(self, folder: str | Path) -> Path:
        """Write what was learnt as a folder of data: no pickle, and the SHA-256 of every file."""
        from seqcast.classify.stored import write

        return write(Path(folder), self._fitted(), self.classes_)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Return the classifier that `save` wrote; it predicts at once.

        Raises
        ------
        BundleError
            When the folder holds none, or a file was changed or cut short.
        """
        from seqcast.classify.stored import read

        fitted, classes = read(Path(folder))
        classifier = cls(**fitted.recipe.parameters())
        classifier.fitted_, classifier.classes_, classifier.notes_ = fitted, classes, ()
        return classifier

    def _fitted(self) -> "FittedClassifier":
        if not hasattr(self, "fitted_"):
            raise InputError("A Classifier answers once it has learnt; this one has not. Call fit(X, y) first.")
        return self.fitted_

    def _read(self, X: Any) -> Any:
        fitted, X = self._fitted(), _kept(X)
        if hasattr(X, "__len__") and not len(X):
            raise InputError("Samples to ask about must be at least one; got none.")
        if (fitted.reading is not None) != _are_texts(X):
            learnt = "texts" if fitted.reading is not None else "series"
            raise InputError(f"This Classifier has learnt {learnt}; got something else. Give it {learnt}.")
        return samples_of(X, fitted.recipe.text)[0]


def samples_of(X: Any, options: TextOptions) -> "tuple[Words | Sequences, tuple[str, ...]]":
    """Return texts as words, or series as sequences, and what the user should know of them.

    Raises
    ------
    InputError
        When a sample is missing or cannot be read.
    """
    X = _kept(X)
    if _are_texts(X):
        return _words(X, options)
    from seqcast.classify.series import series_of

    return series_of(X), ()


def _are_texts(X: Any) -> bool:
    """Whether these are texts: a single one says so; what is mixed is refused where it is read."""
    if isinstance(X, np.ndarray) and X.dtype.kind in "biuf":
        return False
    if not hasattr(X, "__iter__"):
        return False
    return any(isinstance(sample, str | bytes) for sample in X)


def _kept(X: Any) -> Any:
    """Return samples that can be gone through twice."""
    return list(X) if isinstance(X, Iterator) else X


def _words(texts: Any, options: TextOptions) -> tuple[Words, tuple[str, ...]]:
    from seqcast.classify.texts import checked_texts

    words = words_of(checked_texts(texts), options.marks)
    lengths = np.diff(words.offsets)
    notes = []
    if (lengths == 0).any():
        few = int((lengths == 0).sum())
        notes.append(f"{count(few, 'text')} of {len(words):,} hold no word, and count as one unknown word.")
    longer = int((lengths > options.length).sum())
    if longer:
        part = {"start": "the first", "end": "the last", "both": "half of them from either end"}[options.side]
        notes.append(
            f"{longer:,} of {count(len(words), 'text')} have more than {options.length} words; the network reads "
            f"{part}."
        )
    return words, tuple(notes)
