"""Film reviews told apart: a course's recipe that gets half of them wrong, mended by one change at a time.

    .venv/bin/python examples/imdb_course.py [--data ../shared/data/imdb] [--seed 0] [--quick]

The recipe is that of a course on recurrent networks: 200 words of each review, a plain recurrent network 300 wide, Adam
at 1e-4, five epochs. It ends near a coin's half, and what ails it is not the network. The state is read after the
padding: short texts are filled with zeros up to 200 steps, the network reads on through them, and by the end the words
are forgotten. Each row of the table below keeps the changes above it, makes one more, and says what came of it.

Of 25,000 texts 80 % train and the rest validates; the 25,000 others are asked once a row, at its end. In every row
batches are of texts of about one length, first weights are the library's, and no sigmoid stands before cross-entropy.

Measured once (seed 0, one thread, 24 minutes): shares of right answers in the test part .501, .777, .724, .767, .850,
.852, .853, .852, .854, .878, .893, .917; CPU seconds 254, 209, 39, 44, 43, 43, 73, 132, 128, 214, 113, 148. Being told
where a text ends is worth .28, the rate .08, a short way from each word to the answer .04. Cells with gates, the second
direction and dropout, which one would try first, bring nothing by themselves here.
"""

import argparse
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast import Classifier
from seqcast.batch import Batch
from seqcast.classify.parts import split
from seqcast.classify.texts import fingerprints, fit_reading
from seqcast.data.text import TextOptions, words_of
from seqcast.forecasters.feeding import seeded
from seqcast.models.classifier import ReadingConfig, ReadingDims, SequenceClassifier
from seqcast.train.config import FitConfig
from seqcast.train.loop import evaluate, fit
from seqcast.train.sequences import Labelled, source_of_sequences

DATA = Path(__file__).resolve().parents[2] / "shared/data/imdb"
FILES = ("train.parquet", "test.parquet")


class PastTheEnd(nn.Module):
    """The course's mistake, which the library does not make: texts are filled up, and nobody says how long they are.

    Without lengths every step counts as one of the text, so that the last state is the one behind the padding.
    """

    def __init__(self, network: nn.Module, steps: int):
        super().__init__()
        self.network, self.steps = network, steps

    def forward(self, batch: Batch) -> Tensor:
        """Return the logits of texts that are all `steps` words long, or so the network is told."""
        empty = self.steps - batch.past.shape[1]
        return self.network(replace(batch, past=F.pad(batch.past, (0, 0, 0, empty)), lengths=None))


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that a row hangs on; as it stands here, the course's."""

    text: TextOptions = TextOptions(vocabulary=10_000, least=10, length=200, side="start", marks="", ngrams=0, pairs=0)
    cell: str = "rnn"
    network: ReadingConfig = ReadingConfig(
        width=300, bidirectional=False, patch=1, pool="last", dropout=0.0, embedding_dropout=0.0
    )
    training: FitConfig = FitConfig(  # AdamW that decays nothing is Adam
        epochs=5, steps=400, lr=1e-4, schedule="constant", clip=math.inf, weight_decay=0.0, loss="cross-entropy"
    )
    past_the_end: bool = True
    best: bool = False  # whether the weights of the best epoch are kept, not of the last


@dataclass(frozen=True)
class Change:
    """A row: what is changed, and why that helps, or why it does not, whichever is found."""

    name: str
    made: Callable[[Recipe], Recipe]
    helps: str
    idle: str


def of(part: str, **settings: Any) -> Callable[[Recipe], Recipe]:
    """Return the change of some settings of one part of the recipe."""
    return lambda recipe: replace(recipe, **{part: replace(getattr(recipe, part), **settings)})


def own(**settings: Any) -> Callable[[Recipe], Recipe]:
    """Return the change of some settings of the recipe itself."""
    return lambda recipe: replace(recipe, **settings)


CHANGES = (
    Change(
        "the course's recipe",
        own(),
        "Better than a coin, though six texts in ten are forgotten in the padding behind them.",
        "A coin. Six texts in ten end in padding, which washes out the state.",
    ),
    Change(
        "state read at the last word",
        own(past_the_end=False),
        "The same network and the same steps; it is only told where each text ends.",
        "It could learn now, but not in so few steps at this rate.",
    ),
    Change(
        "width 64",
        of("network", width=64),
        "The small network learns more in as many steps, and each costs less.",
        "Nothing is gained but time, which all rows below save too.",
    ),
    Change(
        "max pooling over all states",
        of("network", pool="max"),
        "Each word now has a short way to the answer, not one through all words after it.",
        "Each word has a short way to the answer; so small a rate makes little of it.",
    ),
    Change(
        "rate 2e-3, one cycle, clipped",
        of("training", lr=2e-3, schedule="one-cycle", clip=1.0, weight_decay=1e-4),
        "A rate 20 times as high that warms up and dies down: five epochs go much further.",
        "A rate 20 times as high, and no further: the rate was not what held it back.",
    ),
    Change(
        "best epoch's weights kept",
        own(best=True),
        "The last epochs had learnt the training texts by heart; an earlier one is better.",
        "The epoch of least loss need not be right more often; it is less sure of errors.",
    ),
    Change(
        "LSTM instead of plain cells",
        own(cell="lstm"),
        "Gates hold what was read until it is needed, and let go of the rest.",
        "Max pooling has brought each word near the answer; gates find little to bridge.",
    ),
    Change(
        "both directions",
        of("network", bidirectional=True),
        "Each word is read with what follows it, too.",
        "What follows a word says little that one direction does not meet sooner or later.",
    ),
    Change(
        "dropout .3 of words' vectors, .5 of pooled",
        of("network", embedding_dropout=0.3, dropout=0.5),
        "No channel is always there, so that none can be leant on alone.",
        "So few epochs leave little learnt by heart that it could prevent.",
    ),
    Change(
        "400 words from both ends, 30,000 known",
        of("text", vocabulary=30_000, least=2, length=400, side="both", marks="!?"),
        "Reviews end with their verdict, and ! and ? count as words now.",
        "The first 200 words had said what there is to say.",
    ),
    Change(
        "four words a step, frequent pairs",
        lambda recipe: of("text", pairs=50_000)(of("network", patch=4)(recipe)),
        "'Not good' has a vector of its own, and a quarter of the steps remain.",
        "No more right than before, but a quarter of the steps remain: see the seconds.",
    ),
)
LINEAR = Change(
    "Classifier: linear model beside it",
    own(),
    "Runs of one to three words, weighed one by one, err on other texts than the network.",
    "Runs of one to three words know nothing that the network does not.",
)


@dataclass(frozen=True, eq=False)
class Reviews:
    """Texts, and 1 for each that praises."""

    texts: list[str]
    codes: np.ndarray


@dataclass(frozen=True, eq=False)
class Data:
    """What is learnt from and asked; `train` and `valid` are rows of `known`."""

    known: Reviews
    asked: Reviews
    train: np.ndarray
    valid: np.ndarray
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What a row gave: the epoch whose weights were kept, of how many, and shares of right answers."""

    kept: int
    epochs: int
    valid: float
    test: float
    alone: dict[str, float] = field(default_factory=dict)


def read(folder: Path, seed: int, quick: bool) -> Data:
    """Return the reviews and their parts; of the quick ones few."""
    tables = [pl.read_parquet(folder / name, columns=["text", "label"]) for name in FILES]
    if quick:
        tables = [table.sample(most, seed=seed) for table, most in zip(tables, (1500, 500), strict=True)]
    known, asked = (Reviews(table["text"].to_list(), table["label"].cast(pl.Int64).to_numpy()) for table in tables)
    train, valid = split(known.codes, 0.2, "none", seed, fingerprints(words_of(known.texts)))
    return Data(known, asked, train, valid, seed)


def trained(recipe: Recipe, data: Data) -> Outcome:
    """Learn by a recipe; the vocabulary, too, is learnt from the texts that train alone."""
    words = words_of(data.known.texts, recipe.text.marks)
    reading = fit_reading(words.take(data.train), recipe.text)
    numbers = reading.sequences(words)
    train, valid = (Labelled(numbers.take(rows), data.known.codes[rows]) for rows in (data.train, data.valid))
    asked = Labelled(reading.sequences(words_of(data.asked.texts, recipe.text.marks)), data.asked.codes)
    source = source_of_sequences(train, valid, batch=recipe.training.batch, seed=data.seed, steps=recipe.training.steps)
    dims = ReadingDims(
        classes=2,
        words=reading.words,
        channels=numbers.values.shape[1],
        steps=recipe.text.length,
        pairs=len(reading.pairs) + 1 if len(reading.pairs) else 0,
    )
    unread = torch.tensor([0.5])  # the level of a forecast, which cross-entropy does not look at
    with seeded(data.seed):
        model: nn.Module = SequenceClassifier(recipe.cell, recipe.network, dims)
        model = PastTheEnd(model, recipe.text.length) if recipe.past_the_end else model
        run, _ = fit(model, source, unread, recipe.training)
        model.load_state_dict(dict(run.best if recipe.best else run.weights))
        parts = (source.valid(), (batch for _, batch in asked.batches()))
        wrong = [evaluate(model, part, unread, recipe.training.objective())[1] for part in parts]
    kept = run.progress.best_epoch if recipe.best else run.progress.epoch
    return Outcome(kept, run.progress.epoch, 1 - wrong[0], 1 - wrong[1])


def with_linear(recipe: Recipe, data: Data) -> Outcome:
    """Learn with the library's own `Classifier`: the network of the row above, and a linear model of runs of words."""
    text = replace(recipe.text, ngrams=3)
    learnt = Classifier(model=recipe.cell, settings=recipe.network, text=text, training=recipe.training, seed=data.seed)
    learnt.fit(data.known.texts, data.known.codes)
    held = learnt.fitted_.held
    valid = learnt.score([data.known.texts[row] for row in held], data.known.codes[held])
    test = learnt.score(data.asked.texts, data.asked.codes)
    beside = learnt.beside(data.asked.texts).items()
    alone = {name: float((said.argmax(axis=1) == data.asked.codes).mean()) for name, said in beside}
    losses = learnt.history["valid_loss"].to_numpy()
    return Outcome(int(losses.argmin()) + 1, len(losses), valid, test, alone)


def verdict(change: Change, gain: float, chance: float) -> str:
    """Return what the change did; a gain that chance might give is none, and of few texts nothing is said."""
    if chance > 0.01:
        return "Too few texts to tell."
    if gain > chance:
        return f"Helps. {change.helps}"
    return f"{'Hurts' if gain < -chance else 'No clear gain'}. {change.idle}"


def main(data: Data, recipe: Recipe) -> None:
    """Print the table, each row as soon as it is known."""
    chance = 1 / math.sqrt(len(data.asked.texts))  # two standard errors of a coin's share
    print(f"{len(data.train):,} texts train, {len(data.valid):,} validate, {len(data.asked.texts):,} are asked.")
    print(f"Shares of right answers; a gain over the row above counts from {chance:.3f} on.\n")
    print(f"{'':46}  epoch kept   valid    test    gain   CPU s")
    found, gains = Outcome(0, 0, 0.5, 0.5), [0.0]
    for change in (*CHANGES, LINEAR):
        began, above = time.process_time(), found.test
        recipe = change.made(recipe)
        found = with_linear(recipe, data) if change is LINEAR else trained(recipe, data)
        seconds, kept = time.process_time() - began, f"{found.kept} of {found.epochs}"
        figures = f"{found.valid:6.3f}  {found.test:6.3f}  {found.test - above:+6.3f}  {seconds:6.0f}"
        print(f"{len(gains):2}  {change.name:42}  {kept:>10}  {figures}")
        print(f"    {verdict(change, found.test - above, chance)}", flush=True)
        gains.append(found.test - above)
    alone = ", ".join(f"{name} {share:.3f}" for name, share in found.alone.items())
    print(f"\nThe parts of the last row by themselves: {alone}.")
    print(f"The largest step is row {int(np.argmax(gains))}; all rows took {time.process_time():.0f} CPU seconds.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of train.parquet and test.parquet")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="2,000 texts, width 100, one epoch: the way alone")
    given = parser.parse_args()
    if not all((given.data / name).is_file() for name in FILES):
        print(f"{given.data} must hold {' and '.join(FILES)}; give another folder with --data.", file=sys.stderr)
        sys.exit(2)
    course = Recipe()
    if given.quick:
        course = of("training", epochs=1)(of("network", width=100)(course))
    main(read(given.data, given.seed, given.quick), course)
