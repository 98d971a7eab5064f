"""Every row of the table of correctness, by room, and the page that shows them."""

from importlib import import_module
from pathlib import Path

from tests.proofs.table import Proof, Result, markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "correctness.md"
TOPICS = {
    "cells": "Cells and layers",
    "reference": "The NumPy reference",
    "forms": "Sequence forms",
    "hybrid": "The hybrid",
    "classical": "Classical models",
    "bootstrap": "Intervals from residuals",
    "stationarity": "Stationarity",
    "losses": "Losses",
    "scaling": "Scaling and windows",
    "intervals": "Intervals and coverage",
    "significance": "Tests of equal skill",
    "ensembles": "Ensembles",
    "audit": "The audit for leaks",
}


def proofs_of(topic: str) -> tuple[Proof, ...]:
    """Return the rows of one file of this folder."""
    return import_module(f"tests.proofs.{topic}").PROOFS


PROOFS: tuple[Proof, ...] = tuple(proof for topic in TOPICS for proof in proofs_of(topic))

_HEAD = """# Is it correct?

Each part of seqcast beside something that seqcast did not write: another library, a published figure, a closed formula,
or an invariance that must hold. `make proof` makes every comparison anew and writes this page; the tests make the same
comparisons on random sizes.
"""


def page(results: list[Result]) -> str:
    """Return the whole page."""
    of = {result.proof.part: result for result in results}
    parts = [_HEAD]
    for topic, title in TOPICS.items():
        parts.append(f"## {title}\n\n{markdown([of[proof.part] for proof in proofs_of(topic)])}")
    return "\n".join(parts)
