"""From a path to bytes whose kind is known by their content, never by the name of the file."""

import gzip
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from seqcast.errors import FileError

_TEXT_SUFFIXES = {".csv", ".tsv", ".txt", ".dat", ""}

# What a file may turn out to be that is no table of text: the first bytes, what they say, and what to do about it.
_REFUSED = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV"),
    (b"SQLite format 3\x00", "an SQLite database", "give a query and the source as 'sqlite:///path'"),
    (b"BZh", "bzip2-compressed", "unpack it first"),
    (b"\xfd7zXZ", "xz-compressed", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed", "unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
    (b"\x89HDF", "an HDF5 file", "export the table as CSV or Parquet"),
    (b"\x80\x04", "a Python pickle", "save the table as CSV or Parquet"),
    (b"<", "a page of HTML or XML", "export the table as CSV"),
    (b"{", "JSON", "save the table as CSV or Parquet"),
    (b"[", "JSON", "save the table as CSV or Parquet"),
)


@dataclass(frozen=True)
class Content:
    """The bytes of a file, unpacked, and what they are.

    Parameters
    ----------
    kind : str
        `text`, `parquet`, `arrow` (file) or `stream` (Arrow IPC stream).
    data : bytes
        The unpacked bytes.
    place : str
        The name of the file.
    notes : tuple of str
        What was unpacked, and where the name promised something else.
    """

    kind: str
    data: bytes
    place: str
    notes: tuple[str, ...] = ()


def load(path: Path) -> Content:
    """Return the content of a file, unpacked when it is gzip or a zip archive of one file.

    Raises
    ------
    FileError
        When the file is not there, is damaged, or is of a kind that cannot be read.
    """
    data, notes = read_bytes(path), list[str]()
    for _ in range(2):
        if data.startswith(b"\x1f\x8b"):
            data = _gunzip(data, path.name)
            notes.append(f"{path.name} was unpacked with gzip.")
        elif data.startswith(b"PK\x03\x04"):
            data, member = _unzip(data, path.name)
            notes.append(f"{member!r} was unpacked from the zip archive {path.name}.")
    kind = _kind(data, path.name)
    if kind != "text" and path.suffix.lower() in _TEXT_SUFFIXES:
        notes.append(f"{path.name} is no text but {_names(kind)}, and was read as that.")
    if kind == "text" and path.suffix.lower() in (".parquet", ".arrow", ".feather", ".xlsx", ".xls"):
        notes.append(f"{path.name} is text in spite of its name, and was read as CSV.")
    return Content(kind, data, path.name, tuple(notes))


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    FileError
        When the file is not there or cannot be read.
    """
    if path.is_dir():
        raise FileError(f"A source is a file; {path} is a folder. Name a file in it.")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise FileError(f"There is no file {path}. Check the path.") from None
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from None


def _gunzip(data: bytes, place: str) -> bytes:
    try:
        return gzip.decompress(data)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FileError(
            f"A gzip file must be whole; {place} is cut short or damaged ({error}). Copy it again from its source."
        ) from None


def _unzip(data: bytes, place: str) -> tuple[bytes, str]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
        if any(name.startswith("xl/") for name in members):
            raise FileError(
                f"A source is a table of text, Parquet or Arrow; {place} is an Excel workbook. "
                "Save the sheet as CSV, or read it with polars.read_excel and hand the data frame over."
            )
        if len(members) != 1:
            raise FileError(
                f"A zip archive must hold one file; {place} holds {len(members)}: {', '.join(members[:5])}. "
                "Unpack it and name the file."
            )
        return archive.read(members[0]), members[0]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise FileError(
            f"A zip archive must be whole and open; {place} is not ({error}). Unpack it first, or copy it again."
        ) from None


def _kind(data: bytes, place: str) -> str:
    if data.startswith(b"PAR1"):
        return "parquet"
    if data.startswith(b"ARROW1"):
        return "arrow"
    if data.startswith(b"\xff\xff\xff\xff"):
        return "stream"
    for magic, what, way_out in _REFUSED:
        if data.lstrip().startswith(magic) if len(magic) == 1 else data.startswith(magic):
            raise FileError(f"A source is a table of text, Parquet or Arrow; {place} is {what}. Please {way_out}.")
    return "text"


def _names(kind: str) -> str:
    return {"parquet": "Parquet", "arrow": "Arrow", "stream": "an Arrow stream"}[kind]
