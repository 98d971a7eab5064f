"""How well are film reviews told apart from scratch, on a CPU, beside linear models of runs of words?

    OMP_NUM_THREADS=1 python -m bench.imdb --data ../shared/data/imdb [--seeds 3] [--validate] [--keep FILE] [--set ...]

IMDB (Maas et al., 2011): 25,000 reviews to learn from, 25,000 that score. Nothing pre-trained, no other texts. A tenth
of the first part validates (early stopping, and how much network and linear model count); the test part is scored once
for each seed. `--validate` holds back 5,000 reviews of the first part and scores those instead: all settings were
chosen by that. The recipe is `seqcast.Classifier` with `refit` and `valid=0.1`, nothing else told; `--set
settings.width=128` changes it.

Beside it: its network and its linear model alone; a plain biLSTM (single words, no pairs, no linear model, largest of
each channel over all words); NB-SVM with runs of three words (Wang & Manning, 2012; Mesnil et al., 2015: 91.8 %); and
a bag of vectors of words and pairs as fastText learns it (Joulin et al., 2017; 90.6 % with bigrams). Seconds are
processor seconds of one thread, from the texts to the answers. The last line is one JSON object.
"""

import argparse
import json
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import nn
from torch.nn import functional as F

from bench.keep import kept
from seqcast import Classifier
from seqcast.classify.linear import fit_weighted
from seqcast.config import merged
from seqcast.data.ngrams import fit_ngrams
from seqcast.data.text import fit_vocabulary, words_of

RECIPE: dict[str, Any] = {"valid": 0.1, "refit": True}
PLAIN: dict[str, Any] = {"valid": 0.1, "settings": {"patch": 1}, "text": {"ngrams": 0, "pairs": 0}}
_HELD = 5000
_BAG_WIDTH, _BAG_EPOCHS, _BAG_RATE, _BAG_BATCH = 10, 5, 3e-3, 32
ANCHORS = {"tuned LSTM": 86.5, "fastText, bigrams": 90.6, "NB-SVM, trigrams": 91.8, "oh-2LSTMp": 91.9}


@dataclass(frozen=True)
class Reviews:
    """Texts with their classes, those that are learnt and those that score."""

    texts: list[str]
    labels: np.ndarray
    asked: list[str]
    truth: np.ndarray


@dataclass(frozen=True)
class Result:
    """What one training gave: shares of right answers, and processor seconds."""

    name: str
    seed: int
    accuracy: float
    parts: dict[str, float]
    epochs: int
    seconds: float


def main() -> None:
    """Train what is asked, print a table with the published figures below it, and the JSON line."""
    given = _arguments()
    reviews = read(given.data, validate=given.validate)
    recipe = RECIPE
    for assignment in given.set:
        recipe = merged(recipe, tomllib.loads(assignment))
    seeds = range(given.seeds)
    runs = [
        _kept(given, "seqcast.Classifier", seed, lambda seed=seed: _classified(reviews, recipe, seed)) for seed in seeds
    ]
    plain = [_kept(given, "plain biLSTM", seed, lambda seed=seed: _classified(reviews, PLAIN, seed)) for seed in seeds]
    bags = [_kept(given, "fastText, bigrams", seed, lambda seed=seed: _bag(reviews, seed)) for seed in seeds]
    linear = _kept(given, "NB-SVM, trigrams", 0, lambda: _nbsvm(reviews))
    _table({"seqcast.Classifier": runs, "plain biLSTM": plain, "fastText, bigrams": bags, "NB-SVM, trigrams": [linear]})
    print(
        json.dumps(
            {
                "accuracy_mean": round(mean(run.accuracy for run in runs), 5),
                "accuracy": [run.accuracy for run in runs],
                "network": [run.parts["network"] for run in runs],
                "plain_bilstm": round(mean(run.accuracy for run in plain), 5),
                "plain_bilstm_seconds": round(mean(run.seconds for run in plain), 1),
                "nbsvm": linear.accuracy,
                "fasttext": round(mean(run.accuracy for run in bags), 5),
                "part": "validation" if given.validate else "test",
                "seconds": round(mean(run.seconds for run in runs), 1),
            }
        )
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


def read(folder: Path, *, validate: bool) -> Reviews:
    """Return the reviews; with `validate` those that score are the last of the first part, which is shuffled before."""
    train = pl.read_parquet(folder / "train.parquet")
    if validate:
        train = train[np.random.default_rng(0).permutation(len(train))]
        train, test = train[:-_HELD], train[-_HELD:]
    else:
        test = pl.read_parquet(folder / "test.parquet")
    texts, asked = train["text"].to_list(), test["text"].to_list()
    labels, truth = (part["label"].to_numpy().astype(np.int64) for part in (train, test))
    return Reviews(texts, labels, asked, truth)


def _kept(given: argparse.Namespace, name: str, seed: int, train: Any) -> Result:
    question = [name, seed, str(given.data), given.validate, given.set]
    result = kept(given.keep, question, lambda: train(), Result)
    shown = {**result.parts, "accuracy": result.accuracy}
    told = ", ".join(f"{part} {share:.2%}" for part, share in shown.items())
    print(f"{name}, seed {seed}: {told}; {result.epochs} epochs, {result.seconds:.0f} s", flush=True)
    return Result(name, seed, result.accuracy, result.parts, result.epochs, result.seconds)


def _classified(reviews: Reviews, recipe: dict[str, Any], seed: int) -> Result:
    began = time.process_time()
    classifier = Classifier(**recipe, seed=seed).fit(reviews.texts, reviews.labels)
    accuracy = classifier.score(reviews.asked, reviews.truth)
    seconds = time.process_time() - began
    parts = {
        name: float((said.argmax(axis=1) == reviews.truth).mean())
        for name, said in classifier.beside(reviews.asked).items()
    }
    return Result("", seed, accuracy, parts, len(classifier.history), round(seconds, 1))


def _nbsvm(reviews: Reviews) -> Result:
    began = time.process_time()
    words = words_of(reviews.texts)
    vocabulary = fit_vocabulary(words, least=2)
    ngrams, matrix = fit_ngrams(vocabulary.numbers(words), longest=3)
    linear = fit_weighted(matrix, reviews.labels, 2)
    said = linear.logits(ngrams.matrix(vocabulary.numbers(words_of(reviews.asked))))
    accuracy = float((said.argmax(axis=1) == reviews.truth).mean())
    return Result("", 0, accuracy, {}, 0, round(time.process_time() - began, 1))


def _bag(reviews: Reviews, seed: int) -> Result:
    """Return what the mean of vectors of words and pairs says, learnt with the vectors (Joulin et al., 2017)."""
    began = time.process_time()
    words = words_of(reviews.texts)
    vocabulary = fit_vocabulary(words, least=2)
    ngrams, matrix = fit_ngrams(vocabulary.numbers(words), longest=2)
    asked = ngrams.matrix(vocabulary.numbers(words_of(reviews.asked)))
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    bag = nn.EmbeddingBag(len(ngrams.keys), _BAG_WIDTH, mode="mean", sparse=True)
    nn.init.uniform_(bag.weight, -1 / _BAG_WIDTH, 1 / _BAG_WIDTH)
    head = nn.Linear(_BAG_WIDTH, 2)
    optimizers = [torch.optim.SparseAdam([bag.weight], lr=_BAG_RATE), torch.optim.Adam(head.parameters(), lr=_BAG_RATE)]
    generator = np.random.default_rng(seed)
    for _ in range(_BAG_EPOCHS):
        for rows in np.array_split(generator.permutation(len(reviews.texts)), len(reviews.texts) // _BAG_BATCH):
            loss = F.cross_entropy(head(_pooled(bag, matrix[rows])), torch.from_numpy(reviews.labels[rows]))
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
    with torch.no_grad():
        said = head(_pooled(bag, asked)).argmax(dim=1).numpy()
    accuracy = float((said == reviews.truth).mean())
    return Result("", seed, accuracy, {}, _BAG_EPOCHS, round(time.process_time() - began, 1))


def _pooled(bag: nn.EmbeddingBag, matrix: Any) -> torch.Tensor:
    columns, starts = (torch.from_numpy(part.astype(np.int64)) for part in (matrix.indices, matrix.indptr[:-1]))
    return bag(columns, starts)


def _table(found: dict[str, list[Result]]) -> None:
    print(f"\n{'':24}{'mean':>8}{'seeds':>26}{'CPU s':>8}")
    for name, results in found.items():
        parts = sorted({part for result in results for part in result.parts}) if len(results[0].parts) > 1 else []
        rows = {name: [result.accuracy for result in results]}
        rows |= {f"  {part} alone": [result.parts[part] for result in results] for part in parts}
        for label, shares in rows.items():
            each = " ".join(f"{share:.2%}" for share in shares)
            seconds = f"{mean(result.seconds for result in results):8.0f}" if label == name else ""
            print(f"{label:24}{mean(shares):8.2%}{each:>26}{seconds}")
    for name, share in ANCHORS.items():
        print(f"{name + ' (published)':32}{share:.1f} %")


if __name__ == "__main__":
    main()
