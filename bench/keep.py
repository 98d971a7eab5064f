"""Finished trainings, each a line of a file: the same code asked for the same training reads it instead."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import seqcast

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def kept(path: Path | None, question: Any, train: Callable[[], T], kind: type[T]) -> T:
    """Return what an earlier run of this very code kept of a training, or train and keep it.

    Parameters
    ----------
    path : Path, optional
        The file; without one nothing is kept.
    question : JSON value
        What tells this training from any other.
    train : callable
        Gives the answer, a dataclass of plain values.
    kind : type
        Of the answer.
    """
    key = json.dumps([_code(), question], sort_keys=True)
    for line in path.read_text().splitlines() if path and path.exists() else []:
        record = json.loads(line)
        if record["key"] == key:
            return kind(**record["trained"])
    trained = train()
    if path:
        with path.open("a") as lines:
            lines.write(json.dumps({"key": key, "trained": asdict(trained)}) + "\n")
    return trained


def _code() -> str:
    """Return a digest of the library and of these programs."""
    digest = hashlib.sha256()
    for folder in (Path(seqcast.__file__).parent, Path(__file__).parent):
        for file in sorted(folder.rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()
