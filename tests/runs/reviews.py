"""Small tables of samples with classes: sentences whose mood a word gives away, and series that rise or fall."""

import numpy as np
import polars as pl

GOOD, BAD = ("fine", "lovely", "great", "bright"), ("dull", "awful", "poor", "grim")
SUBJECTS = ("film", "story", "cast", "music", "ending", "picture")


def reviews(count: int = 120, seed: int = 0) -> pl.DataFrame:
    """Return sentences, half of them good; no two are the same."""
    draw = np.random.default_rng(seed)
    labels = [("bad", "good")[row % 2] for row in range(count)]
    texts = [
        f"the {draw.choice(SUBJECTS)} was {draw.choice(GOOD if label == 'good' else BAD)}, number {seed}{row}"
        for row, label in enumerate(labels)
    ]
    return pl.DataFrame({"text": texts, "label": labels})


def trends(count: int = 60, seed: int = 0) -> pl.DataFrame:
    """Return series of unequal length below each other, which rise or fall; the rows of each are shuffled."""
    draw = np.random.default_rng(seed)
    parts = []
    for sample in range(count):
        steps = int(draw.integers(8, 15))
        slope = 1 if sample % 2 else -1
        values = slope * np.linspace(-1, 1, steps) + 0.1 * draw.normal(size=steps)
        part = pl.DataFrame({"name": f"s{sample}", "t": np.arange(steps), "a": values, "b": draw.normal(size=steps)})
        parts.append(part.with_columns(label=pl.lit("up" if slope > 0 else "down"))[draw.permutation(steps)])
    return pl.concat(parts)
