"""How well are single sentences of film reviews told apart from scratch, in ten folds?

    OMP_NUM_THREADS=1 python -m bench.polarity --data ../shared/data/rt_polarity/rt_polarity.csv.gz [--folds 10]

rt-polarity (Pang & Lee, 2005): 10,662 sentences, half of them positive, no official parts; so ten folds of each class,
as published figures have it. In each fold `seqcast.Classifier` learns from nine tenths, nothing else told but `refit`,
and a tenth scores. Published without vectors of other texts: 76.1 % (CNN-rand, Kim, 2014), 79.4 % (NB-SVM on pairs,
Wang & Manning, 2012). The last line is one JSON object.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import polars as pl

from seqcast import Classifier


def main() -> None:
    """Score every fold, and print the mean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--only", type=int, help="score so many folds alone")
    given = parser.parse_args()
    table = pl.read_csv(given.data)
    texts, labels = np.array(table["text"].to_list(), dtype=object), table["label"].to_numpy().astype(np.int64)
    began, shares, parts = time.process_time(), [], []
    for fold, asked in enumerate(folds(labels, given.folds)[: given.only]):
        known = np.setdiff1d(np.arange(len(labels)), asked)
        classifier = Classifier(valid=0.1, refit=True).fit(texts[known].tolist(), labels[known])
        asked_texts = texts[asked].tolist()
        shares.append(classifier.score(asked_texts, labels[asked]))
        said = classifier.beside(asked_texts)
        parts.append({name: float((each.argmax(axis=1) == labels[asked]).mean()) for name, each in said.items()})
        told = ", ".join(f"{name} alone {share:.2%}" for name, share in parts[-1].items())
        print(f"fold {fold}: {shares[-1]:.2%}; {told}", flush=True)
    summary = {
        "accuracy_mean": round(mean(shares), 5),
        "accuracy_spread": round(stdev(shares), 5) if len(shares) > 1 else 0.0,
        "network": round(mean(part["network"] for part in parts), 5),
        "linear": round(mean(part["linear"] for part in parts), 5),
        "folds": len(shares),
        "seconds": round(time.process_time() - began, 1),
    }
    print(json.dumps(summary))


def folds(labels: np.ndarray, count: int) -> list[np.ndarray]:
    """Return so many parts with about the same share of each class."""
    drawn = np.random.default_rng(0).permutation(len(labels))
    by_class = drawn[np.argsort(labels[drawn], kind="stable")]
    return [np.sort(by_class[start::count]) for start in range(count)]


if __name__ == "__main__":
    main()
