"""Locks on files that end with the process that holds them, however it ends: no lock of a dead one is ever left."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if os.name == "posix":
    import fcntl

    def _try(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

else:
    import msvcrt

    def _try(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True


_PAUSE = 0.01  # seconds between two tries


@contextmanager
def tried(path: Path) -> Iterator[bool]:
    """Hold the lock of a file, made if missing, where nobody else does; yields whether it is held.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home, tried(Path(home, "a")) as one, tried(Path(home, "a")) as other:
    ...     one, other
    (True, False)
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield _try(handle)
    finally:
        os.close(handle)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock of a file; waits for whoever holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not _try(handle):
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(handle)
