"""Where a search keeps what it finds: a file in its folder, or a database that several machines share."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from seqcast.config import Settings
from seqcast.errors import ConfigError
from seqcast.files import write_atomic
from seqcast.options import PLACE
from seqcast.runs.folder import versions
from seqcast.tune.journal import Journal
from seqcast.tune.postgres import Postgres
from seqcast.tune.space import Space

_OWN = ("search.jsonl", "tune.toml")  # either tells a folder of a search


def opened(settings: Settings, folder: Path, identity: Mapping[str, Any], *, fresh: bool = False) -> Journal | Postgres:
    """Return the storage, ready for the search of this identity; its folder is made.

    Raises
    ------
    ConfigError
        When the folder holds files of others, or the database cannot be reached.
    BundleError
        When the folder holds another search.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     _ = opened(Settings.from_mapping({"run": {"horizon": 1}}), Path(home), {"data": "a"})
    ...     sorted(path.name for path in Path(home).iterdir() if path.is_file())
    ['search.jsonl', 'search.lock', 'tune.toml']
    """
    refuse_strangers(folder)
    storage = storage_of(settings, folder, identity)
    if fresh:
        storage.clear()
    storage.open(identity)
    folder.mkdir(parents=True, exist_ok=True)
    kept = settings
    if isinstance(storage, Postgres):
        kept = replace(settings, search=replace(settings.search, storage=storage.address))  # without the password
    write_atomic(folder / "tune.toml", kept.to_toml().encode())
    return storage


def identity_of(settings: Settings, space: Space, data: str) -> dict[str, Any]:
    """Return all that a search must be begun and gone on with; `data` is the fingerprint of its table.

    How long and by how many it is sought changes no record, and neither does the place of the table: it may lie
    elsewhere on another machine.

    Examples
    --------
    >>> settings = Settings.from_mapping({"source": "a.csv", "run": {"horizon": 1, "budget": "1h"}})
    >>> identity = identity_of(settings, Space(("lstm",), {}, {"lstm": {}}), "0f")
    >>> sorted(identity), "budget" in identity["settings"]["run"], "source" in identity["settings"]
    (['data', 'settings', 'space', 'versions'], False, False)
    """
    sought = settings.to_mapping()
    sought.pop("source", None)
    sought["run"] = {name: value for name, value in sought["run"].items() if name not in ("budget", *PLACE)}
    sought["search"] = {n: v for n, v in sought.get("search", {}).items() if n in ("method", "sampler", "factor")}
    return {"data": data, "settings": sought, "space": space.to_mapping(), "versions": versions()}


def storage_of(settings: Settings, folder: Path, identity: Mapping[str, Any]) -> Journal | Postgres:
    """Return the storage that the settings ask for; nothing is opened yet.

    In a database the identity names the search, so that every machine that asks the same finds it there.

    Examples
    --------
    >>> storage_of(Settings.from_mapping({"run": {"horizon": 1}}), Path("out"), {}).path.name
    'search.jsonl'
    """
    uri = settings.search.storage
    if uri is None:
        return Journal(folder)
    study = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:32]
    return Postgres(uri, study, folder / "trainings")


def refuse_strangers(folder: Path) -> None:
    """Refuse a folder that holds files which no search has written.

    Raises
    ------
    ConfigError
        When it does.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home:
    ...     _ = Path(home, "thesis.txt").write_text("…", "utf-8")
    ...     refuse_strangers(Path(home))
    Traceback (most recent call last):
    seqcast.errors.ConfigError: The folder ... holds files that no search has written, so nothing is written there. ...
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"A search needs a folder; {str(folder)!r} is a file. Name another with --out.")
    if folder.exists() and any(folder.iterdir()) and not any((folder / name).exists() for name in _OWN):
        raise ConfigError(
            f"The folder {str(folder)!r} holds files that no search has written, so nothing is written there. "
            "Name another with --out."
        )
