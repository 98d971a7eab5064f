"""Records of a search in one file, a line each with its checksum: what a kill cuts is at most the last line.

Several processes of one machine may add to it. A job that somebody does is locked by a file that its death unlocks.
"""

import json
import os
import shutil
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from seqcast.errors import BundleError
from seqcast.tune.locks import held, tried
from seqcast.tune.records import Done, Job, Record, unique


class Storage(Protocol):
    """Where a search keeps what it finds."""

    def open(self, identity: Mapping[str, Any]) -> None:
        """Begin, or go on with the search that was begun with the same identity."""
        ...

    def done(self) -> Done:
        """Return everything found so far, by whomever."""
        ...

    def add(self, record: Record) -> None:
        """Keep a record for good."""
        ...

    @contextmanager
    def claim(self, job: Job) -> Iterator[bool]:
        """Keep others off a job; yields whether it is ours."""
        ...

    @contextmanager
    def training(self, trial: int) -> Iterator[Path]:
        """Lend the folder in which the training of a trial stands."""
        ...

    def close(self) -> None:
        """Let go of what only an unfinished search needs."""
        ...


@dataclass(frozen=True)
class Journal:
    """A search in a folder: `search.jsonl`, and the trainings that stand.

    Parameters
    ----------
    folder : path
        Made if missing.
    """

    folder: Path

    @property
    def path(self) -> Path:
        """The file of the records."""
        return self.folder / "search.jsonl"

    def open(self, identity: Mapping[str, Any]) -> None:
        """Begin, or go on with the search that was begun with the same identity.

        Raises
        ------
        BundleError
            When the folder holds a search with another one.
        """
        for part in (self._claims, self._trainings):
            part.mkdir(parents=True, exist_ok=True)
        with held(self._lock):
            lines = self._lines()
            if not lines:
                self._write({"identity": identity})
                return
        check_same(lines[0].get("identity", {}), identity)

    def done(self) -> Done:
        """Return everything found so far, by whomever."""
        return Done(unique(Record.of(line["record"]) for line in self._lines() if "record" in line))

    def add(self, record: Record) -> None:
        """Keep a record for good: it is on the disk when this returns."""
        with held(self._lock):
            self._write({"record": record.to_mapping()})

    @contextmanager
    def claim(self, job: Job) -> Iterator[bool]:
        """Keep other processes off a job; yields whether it is ours."""
        self._claims.mkdir(exist_ok=True)  # who was first to end has closed
        with tried(self._claims / job.key) as mine:
            yield mine

    @contextmanager
    def training(self, trial: int) -> Iterator[Path]:
        """Lend the folder in which the training of a trial stands."""
        folder = self._trainings / f"{trial:05d}"
        folder.mkdir(parents=True, exist_ok=True)
        yield folder

    def close(self) -> None:
        """Remove the trainings and the locks, unless somebody still works; the records stay."""
        with ExitStack() as locks:
            claims = sorted(self._claims.iterdir()) if self._claims.exists() else []
            if all([locks.enter_context(tried(path)) for path in claims]):
                self._remove()

    def _remove(self) -> None:
        for part in (self._claims, self._trainings):
            shutil.rmtree(part, ignore_errors=True)
        self._lock.unlink(missing_ok=True)

    def clear(self) -> None:
        """Remove everything."""
        self._remove()
        self.path.unlink(missing_ok=True)

    @property
    def _lock(self) -> Path:
        return self.folder / "search.lock"

    @property
    def _claims(self) -> Path:
        return self.folder / "claims"

    @property
    def _trainings(self) -> Path:
        return self.folder / "trainings"

    def _lines(self) -> list[dict[str, Any]]:
        data = self.path.read_bytes() if self.path.exists() else b""
        return lines_of(data)[0]

    def _write(self, value: Mapping[str, Any]) -> None:
        """Add a line in the place of what a kill may have cut."""
        with self.path.open("ab+") as file:
            file.seek(0)
            _, whole = lines_of(file.read())
            file.truncate(whole)
            file.write(line_of(value))
            file.flush()
            os.fsync(file.fileno())


def check_same(before: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
    """Refuse to go on with a search that was begun with another identity.

    Raises
    ------
    BundleError
        When they differ; names what does.

    Examples
    --------
    >>> check_same({"data": "a", "space": [1]}, {"data": "a", "space": [2]})
    Traceback (most recent call last):
    seqcast.errors.BundleError: A search goes on only with what it was begun with; changed since: space. ...
    """
    changed = sorted(n for n in {*before, *identity} if json.dumps(before.get(n)) != json.dumps(identity.get(n)))
    if changed:
        raise BundleError(
            f"A search goes on only with what it was begun with; changed since: {', '.join(changed)}. "
            f"Give the same settings, name another folder with --out, or start anew with --fresh."
        )


def line_of(value: Mapping[str, Any]) -> bytes:
    r"""Return a value as one line that can tell whether it is whole.

    Examples
    --------
    >>> line_of({"a": 1})
    b'...{"a": 1}\n'
    """
    text = json.dumps(value, allow_nan=False).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def lines_of(data: bytes) -> tuple[list[dict[str, Any]], int]:
    """Return the values of all whole lines, and how many bytes they take; what follows was cut.

    Raises
    ------
    BundleError
        When a line that others follow is damaged: no kill does that.

    Examples
    --------
    >>> lines_of(line_of({"a": 1}) + line_of({"b": 2})[:-3])
    ([{'a': 1}], 18)
    """
    found: list[dict[str, Any]] = []
    whole = 0
    for line in data.splitlines(keepends=True):
        text = line[9:-1]
        if line[-1:] != b"\n" or line[:8] != b"%08x" % zlib.crc32(text):
            break
        found.append(json.loads(text))
        whole += len(line)
    if b"\n" in data[whole:-1]:
        raise BundleError(
            f"Record {len(found) + 1} of the search was changed since it was written, and others follow it. "
            "Copy the folder again, or start anew with --fresh."
        )
    return found, whole
