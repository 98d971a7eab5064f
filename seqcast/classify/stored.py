"""A classifier as a folder of data, and back. No class name is ever looked up in a file."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from seqcast.classify.fitted import FittedClassifier
from seqcast.classify.learner import FittedReader
from seqcast.classify.linear import Linear
from seqcast.classify.recipe import Recipe
from seqcast.classify.texts import TextReading
from seqcast.config import built
from seqcast.data.ngrams import Ngrams
from seqcast.data.options import SampleOptions
from seqcast.data.scale import Scaler
from seqcast.data.text import Vocabulary
from seqcast.errors import BundleError
from seqcast.files import Bundle, read_folder, write_folder
from seqcast.forecasters.stored import Arrays, packed, unpacked
from seqcast.models.classifier import ReadingDims, SequenceClassifier
from seqcast.train.progress import EpochRecord

FORMAT, VERSION = "seqcast-classifier", 1
_WORDS, _NETWORK, _READING = "vocabulary.txt", "network.safetensors", "reading.safetensors"


def write(
    folder: Path, fitted: FittedClassifier, classes: np.ndarray, columns: Mapping[str, Any] | None = None
) -> Path:
    """Write what was learnt, whole or not at all, and the columns of the table that it was read from."""
    network = fitted.network
    weights: Arrays = {name: value.cpu().numpy() for name, value in network.model.state_dict().items()}
    files = {_NETWORK: packed(weights), _READING: packed(_reading_arrays(fitted))}
    if fitted.reading is not None:
        files[_WORDS] = "\n".join(fitted.reading.vocabulary.words.to_list()).encode()
    facts: dict[str, Any] = {
        "parameters": fitted.recipe.parameters(),
        "classes": classes.tolist(),
        "dims": asdict(network.dims),
        "records": [asdict(record) for record in network.records],
        "ending": network.ending,
        "longest": fitted.reading.ngrams.longest if fitted.reading and fitted.reading.ngrams else 0,
        "columns": dict(columns or {}),
        "seqcast": version("seqcast"),
    }
    write_folder(folder, Bundle(format=FORMAT, version=VERSION, facts=facts, files=files))
    return folder


def read(folder: Path) -> tuple[FittedClassifier, np.ndarray]:
    """Return what `write` wrote, and the classes.

    Raises
    ------
    BundleError
        When the folder holds none, or what it holds does not fit together.
    """
    bundle = read_folder(folder, FORMAT, VERSION)
    try:
        return _opened(bundle)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(
            f"{folder} is no classifier as seqcast writes it: {type(error).__name__}, {error}. Save it again."
        ) from error


def columns_of(folder: Path) -> SampleOptions:
    """Return the columns that a saved classifier was read from; those that a class needs not are left open.

    Raises
    ------
    BundleError
        When the folder holds no classifier.
    """
    columns: Any = read_folder(folder, FORMAT, VERSION).facts["columns"]
    return built(SampleOptions, columns, "columns")


def _opened(bundle: Bundle) -> tuple[FittedClassifier, np.ndarray]:
    facts: dict[str, Any] = dict(bundle.facts)
    recipe = Recipe.of(**facts["parameters"])
    arrays, _ = unpacked(bundle.files[_READING])
    dims = built(ReadingDims, facts["dims"], "dims")
    with torch.random.fork_rng():
        model = SequenceClassifier(recipe.model, recipe.config, dims)
    weights, _ = unpacked(bundle.files[_NETWORK])
    model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
    records = tuple(built(EpochRecord, record, "records") for record in facts["records"])
    network = FittedReader(recipe.model, recipe.config, dims, model.eval(), records, str(facts["ending"]))
    fitted = FittedClassifier(
        recipe,
        network,
        arrays["shares"],
        reading=_reading_of(recipe, bundle, arrays, int(facts["longest"])) if dims.words else None,
        scaler=None if dims.words else _scaler_of(arrays),
        held=arrays["held"],
    )
    return fitted, np.array(facts["classes"])


def _reading_arrays(fitted: FittedClassifier) -> Arrays:
    arrays: Arrays = {"shares": fitted.shares, "held": fitted.held}
    if fitted.scaler is not None:
        scaler = fitted.scaler
        arrays |= {"scaler:loc": scaler.loc, "scaler:scale": scaler.scale, "scaler:rows": scaler.fitted_until}
    reading = fitted.reading
    if reading is not None:
        arrays["pairs"] = reading.pairs
        if reading.ngrams is not None and reading.linear is not None:
            arrays |= {"keys": reading.ngrams.keys, "linear": reading.linear.weights, "bias": reading.linear.bias}
    return arrays


def _reading_of(recipe: Recipe, bundle: Bundle, arrays: Arrays, longest: int) -> TextReading:
    words = bundle.files[_WORDS].decode().split("\n")
    vocabulary = Vocabulary(pl.Series(words, dtype=pl.String))
    if not longest:
        return TextReading(recipe.text, vocabulary, arrays["pairs"])
    linear = Linear(arrays["linear"], arrays["bias"])
    return TextReading(recipe.text, vocabulary, arrays["pairs"], Ngrams(arrays["keys"], longest), linear)


def _scaler_of(arrays: Arrays) -> Scaler:
    return Scaler(arrays["scaler:loc"], arrays["scaler:scale"], arrays["scaler:rows"], "standard")
