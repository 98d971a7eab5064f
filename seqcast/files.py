"""Files that are there whole or not at all, and folders that can prove that nobody changed them.

A write goes to a name aside, to the disk (fsync), and only then to its own name in one step: whoever is killed in
between leaves the old file or the new one, never half of one. A bundle is a folder of plain files with the size and
SHA-256 of each in `manifest.json`: data only, so that opening a stranger's model cannot run a stranger's code.
"""

import contextlib
import ctypes
import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from seqcast.errors import BundleError

_MANIFEST = "manifest.json"
_CURRENT_FOLDER = -100  # AT_FDCWD: paths are taken from the working folder
_EXCHANGE = 2  # RENAME_EXCHANGE: both names change places in one step


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What a saved folder holds.

    Parameters
    ----------
    format : str
        What kind of thing was saved, such as `seqcast-model`.
    version : int
        Version of that format.
    facts : mapping of str to JSON value
        Everything small: settings, names, numbers.
    files : mapping of str to bytes
        Everything large, by name; a name may lie in a subfolder (`networks/lstm.safetensors`).

    Examples
    --------
    >>> Bundle(format="seqcast-model", version=1, facts={"horizon": 24}, files={}).facts["horizon"]
    24
    """

    format: str
    version: int
    facts: Mapping[str, object]
    files: Mapping[str, bytes]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "a").write_bytes(b"abc")
    ...     sha256(Path(folder, "a"))[:16]
    'ba7816bf8f01cfea'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that at every moment it holds all of the old bytes or all of the new ones.

    A write that was killed may leave a hidden `.….part` beside the file; it may be deleted.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_atomic(Path(folder, "run.json"), b"{}")
    ...     sorted(file.name for file in Path(folder).iterdir())
    ['run.json']
    """
    aside = _aside(path)
    try:
        _write_synced(aside, data)
        os.replace(aside, path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_folder(folder: Path, bundle: Bundle) -> None:
    """Write a bundle aside, then put it in the place of `folder`, whole.

    Raises
    ------
    BundleError
        When a file name would lead out of the folder, or when `folder` holds something that is no bundle.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     write_folder(Path(home, "model"), Bundle(format="demo", version=1, facts={}, files={"w": b"123"}))
    ...     read_folder(Path(home, "model"), "demo", 1).files
    {'w': b'123'}
    """
    for name in bundle.files:
        _refuse_unsafe(folder, name)
    if folder.exists() and not (folder / _MANIFEST).is_file() and not _is_empty(folder):
        raise BundleError(f"{folder} holds files that seqcast did not write, so it is not replaced; name a new folder.")
    aside = _aside(folder)
    try:
        aside.mkdir()
        for name, data in {**bundle.files, _MANIFEST: _manifest_of(bundle)}.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_synced(path, data)
        for inner in [path for path in aside.rglob("*") if path.is_dir()]:
            _sync_folder(inner)
        _sync_folder(aside)
        _put_in_place(aside, folder)
    finally:
        # What stands aside now is the old folder after an exchange, or what a failed write left.
        shutil.rmtree(aside, ignore_errors=True)
    _sync_folder(folder.parent)


def read_folder(folder: Path, format: str, version: int) -> Bundle:
    """Read a bundle and prove it: every byte is what was written, and nothing is missing or was added.

    Raises
    ------
    BundleError
        When it is no bundle of this format and version, or a file was changed, cut short, removed or added.
    """
    manifest = _read_manifest(folder, format, version)
    recorded: Mapping[str, Mapping[str, object]] = manifest["files"]
    for name in recorded:
        _refuse_unsafe(folder, name)
    found = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()
    }
    for name in sorted(found - {*recorded, _MANIFEST}):
        raise BundleError(f"{folder / name} does not belong to this bundle: it was added after saving. Remove it.")
    files = {name: _read_proved(folder / name, facts) for name, facts in recorded.items()}
    return Bundle(format=format, version=version, facts=manifest["facts"], files=files)


def format_of(folder: Path) -> str | None:
    """Return what a folder says it holds, such as `seqcast-model`, proved by nothing; None where it says nothing."""
    try:
        return json.loads((folder / _MANIFEST).read_bytes())["format"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _manifest_of(bundle: Bundle) -> bytes:
    files = {name: {"bytes": len(data), "sha256": _digest(data)} for name, data in bundle.files.items()}
    content = {"format": bundle.format, "version": bundle.version, "facts": dict(bundle.facts), "files": files}
    return _dump({**content, "sha256": _digest(_dump(content))})


def _read_manifest(folder: Path, format: str, version: int) -> dict[str, Any]:
    path = folder / _MANIFEST
    if not path.is_file():
        raise BundleError(f"{folder} is no saved {format}: it has no {_MANIFEST}. Give the folder that was saved.")
    data = path.read_bytes()
    try:
        manifest = json.loads(data)
        found, found_version = manifest["format"], manifest["version"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BundleError(f"{path} was changed or cut short since it was saved. {_AGAIN}") from error
    if found != format:
        opener = _OPENERS.get(str(found), "what wrote it")
        raise BundleError(f"{folder} holds a {found!r}, not a {format!r}. Open it with {opener}.")
    if found_version != version:
        raise BundleError(
            f"{folder} is of format version {found_version!r}; this seqcast reads version {version}. "
            "Open it with the release that wrote it, or save it anew."
        )
    digest = manifest.pop("sha256", None)
    # The comparison of bytes refuses what JSON would forgive: doubled keys, other spaces, a number written otherwise.
    if digest != _digest(_dump(manifest)) or data != _dump({**manifest, "sha256": digest}):
        raise BundleError(f"{path} was changed since it was saved. {_AGAIN}")
    return manifest


_OPENERS = {
    "seqcast-model": "seqcast.load",
    "seqcast-reference": "seqcast.reference.load",
    "seqcast-regressor": "seqcast.Regressor.load",
    "seqcast-classifier": "seqcast.Classifier.load",
}
_AGAIN = "Save or copy the folder again."


def _read_proved(path: Path, recorded: Mapping[str, object]) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise BundleError(f"{path} is missing from the bundle. {_AGAIN}")
    data = path.read_bytes()
    if len(data) != recorded["bytes"]:
        raise BundleError(f"{path} has {len(data)} bytes where {recorded['bytes']} were saved. {_AGAIN}")
    if _digest(data) != recorded["sha256"]:
        raise BundleError(f"{path} was changed since it was saved: its SHA-256 differs. {_AGAIN}")
    return data


def _refuse_unsafe(folder: Path, name: str) -> None:
    parts = PurePosixPath(name).parts
    plain = bool(parts) and PurePosixPath(name).as_posix() == name and not any(letter in name for letter in "\\:\0")
    if not plain or name.startswith("/") or ".." in parts or name == _MANIFEST:
        raise BundleError(f"A bundle holds files inside its own folder only; {folder} names {name!r}.")


def _dump(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True)
    return (text + "\n").encode("utf-8", "surrogatepass")


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _aside(path: Path) -> Path:
    return path.with_name(f".{secrets.token_hex(6)}.part")


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # other systems cannot open a folder, and write names through by themselves
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put_in_place(aside: Path, folder: Path) -> None:
    """Move `aside` to `folder`; when that exists, `aside` holds the old one afterwards."""
    if not folder.exists():
        aside.rename(folder)
    elif not _exchange(aside, folder):
        # Without an exchange in one step there is a moment with no folder at all; both are whole beside it.
        old = _aside(folder)
        folder.rename(old)
        aside.rename(folder)
        old.rename(aside)


def _exchange(one: Path, other: Path) -> bool:
    if sys.platform != "linux":
        return False
    with contextlib.suppress(OSError, AttributeError):
        rename = ctypes.CDLL(None, use_errno=True).renameat2
        return rename(_CURRENT_FOLDER, os.fsencode(one), _CURRENT_FOLDER, os.fsencode(other), _EXCHANGE) == 0
    return False
