"""Records of a search in a PostgreSQL database, so that several machines share it. Needs the extra `sql`.

A job that somebody does is locked by a connection of its own: whoever is killed loses it, and the lock with it.
"""

import importlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, unquote

from seqcast.errors import BundleError, ConfigError, MissingExtraError
from seqcast.tune.journal import check_same
from seqcast.tune.records import Done, Job, Record, unique

_DRIVER = "adbc_driver_postgresql.dbapi"

# Two machines that make the same table at once would hurt each other, so they queue. The last table stands for all,
# since they are made together: a role that may only write to them is not asked to make any.
_TABLES = """
DO $$ BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('seqcast tables', 0));
    IF to_regclass('seqcast_trainings') IS NULL THEN
        CREATE TABLE seqcast_searches (study text PRIMARY KEY, identity text NOT NULL);
        CREATE TABLE seqcast_records (
            number bigserial PRIMARY KEY, study text NOT NULL, key text NOT NULL, body text NOT NULL,
            UNIQUE (study, key)
        );
        CREATE TABLE seqcast_trainings (
            study text, trial bigint, name text, body bytea NOT NULL, PRIMARY KEY (study, trial, name)
        );
    END IF;
END $$
"""
# An update that changes nothing, since only a row that was written is returned: the first identity, whoever wrote it.
_OPEN = """
INSERT INTO seqcast_searches (study, identity) VALUES ($1, $2)
ON CONFLICT (study) DO UPDATE SET study = EXCLUDED.study RETURNING identity
"""
_ADD = "INSERT INTO seqcast_records (study, key, body) VALUES ($1, $2, $3) ON CONFLICT (study, key) DO NOTHING"
# In two halves, so that it can be told whether any job of a study is being done.
_CLAIM = "SELECT pg_try_advisory_lock(hashtext($1::text), hashtext($2::text))"
_CLAIMED = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE datname = current_database() AND locktype = 'advisory' AND objsubid = 2 AND classid = hashtext($1::text)::oid
"""
# A machine that lost its power or its network says no goodbye; the server asks after a minute, thrice.
_ALIVE = """
SELECT set_config('tcp_keepalives_idle', '60', false), set_config('tcp_keepalives_interval', '10', false),
       set_config('tcp_keepalives_count', '3', false)
"""
_CLEARED = (
    "DELETE FROM seqcast_trainings WHERE study = $1",
    "DELETE FROM seqcast_records WHERE study = $1",
    "DELETE FROM seqcast_searches WHERE study = $1",
)


@dataclass(frozen=True)
class Postgres:
    """A search in a database of PostgreSQL 11 or later, and the trainings that stand.

    Parameters
    ----------
    uri : str
        `postgresql://user@host:port/database`; a password is better kept in `~/.pgpass` or `PGPASSWORD`.
    study : str
        Name of the search; whoever gives the same works on the same.
    scratch : path
        Folder of this machine for the trainings it is at.

    Raises
    ------
    ConfigError
        When the URI is not one of PostgreSQL; of each method, when the database cannot be reached or refuses it.
    MissingExtraError
        Of each method, when the driver is not installed.

    Examples
    --------
    >>> Postgres("postgresql://ann:secret@db.lan/trials", "load", Path("scratch")).address
    'postgresql://ann@db.lan/trials'
    """

    uri: str = field(repr=False)  # it may hold a password
    study: str
    scratch: Path

    def __post_init__(self) -> None:
        if not self.uri.startswith(("postgresql://", "postgres://")):
            scheme, mark, _ = self.uri.partition("://")
            shown = f"{scheme}://…" if mark else "none"
            raise ConfigError(
                f"A shared search needs the URI of a database, postgresql://user@host:port/database; got {shown}. "
                "Mend storage, or leave it out to seek on this machine alone."
            )

    @property
    def address(self) -> str:
        """The URI as it may be shown."""
        return address_of(self.uri)

    def open(self, identity: Mapping[str, Any]) -> None:
        """Begin, or go on with the search that was begun with the same identity.

        Raises
        ------
        BundleError
            When the study was begun with another one.
        """
        with self._session() as session:
            session.ask(_TABLES)
            [(before,)] = session.ask(_OPEN, self.study, json.dumps(identity, allow_nan=False))
            session.commit()
        check_same(json.loads(before), identity)

    def done(self) -> Done:
        """Return everything found so far, by whomever."""
        with self._session() as session:
            rows = session.ask("SELECT body FROM seqcast_records WHERE study = $1 ORDER BY number", self.study)
        return Done(unique(Record.of(json.loads(body)) for (body,) in rows))

    def add(self, record: Record) -> None:
        """Keep a record for good: the server has it when this returns. The first of a job stays."""
        with self._session() as session:
            session.ask(_ADD, self.study, record.job.key, json.dumps(record.to_mapping(), allow_nan=False))
            session.commit()

    @contextmanager
    def claim(self, job: Job) -> Iterator[bool]:
        """Keep others off a job, on whichever machine; yields whether it is ours."""
        with self._session() as session:
            session.ask(_ALIVE)
            [(mine,)] = session.ask(_CLAIM, self.study, job.key)
            # The lock outlives the transaction, which a server may not suffer to stand idle for hours.
            session.commit()
            yield mine

    @contextmanager
    def training(self, trial: int) -> Iterator[Path]:
        """Lend a folder of this machine with the training of a trial as it stands; how it is left is stored again."""
        folder = self.scratch / f"{trial:05d}"
        self._fetch(trial, folder)
        try:
            yield folder
        finally:
            self._store(trial, folder)

    def close(self) -> None:
        """Remove the trainings, unless some machine still works; the records stay."""
        with self._session() as session:
            [(others,)] = session.ask(_CLAIMED, self.study)
            if not others:
                session.ask(_CLEARED[0], self.study)
                session.commit()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def clear(self) -> None:
        """Remove everything of the study."""
        with self._session() as session:
            session.ask(_TABLES)
            for statement in _CLEARED:
                session.ask(statement, self.study)
            session.commit()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _fetch(self, trial: int, folder: Path) -> None:
        with self._session() as session:
            rows = session.ask(
                "SELECT name, body FROM seqcast_trainings WHERE study = $1 AND trial = $2", self.study, trial
            )
        # What lies here may be older than what another machine has stored since, or of another search.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, body in rows:
            if Path(name).name != name:
                raise BundleError(f"A training lies in its own folder only; the database names {name!r}. Use --fresh.")
            (folder / name).write_bytes(body)

    def _store(self, trial: int, folder: Path) -> None:
        # A hidden file is one whose writing was cut.
        files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
        with self._session() as session:
            session.ask("DELETE FROM seqcast_trainings WHERE study = $1 AND trial = $2", self.study, trial)
            for path in files:
                session.ask(
                    "INSERT INTO seqcast_trainings (study, trial, name, body) VALUES ($1, $2, $3, $4)",
                    *(self.study, trial, path.name, path.read_bytes()),
                )
            session.commit()

    @contextmanager
    def _session(self) -> Iterator["_Session"]:
        """Connect anew each time: nothing is held that another process could inherit, or a pause could break."""
        driver = _driver()
        try:
            connection = driver.connect(self.uri)
        except driver.Error as error:
            raise ConfigError(
                f"The database {self.address} that a search is shared by cannot be reached{_said(error, self.uri)}. "
                "Start its server, mend storage, or leave it out to seek on this machine alone."
            ) from None
        with closing(connection):
            yield _Session(self.uri, driver, connection)


@dataclass(frozen=True, eq=False)
class _Session:
    """One transaction after another; what was not committed never was."""

    uri: str
    driver: ModuleType
    connection: Any

    def ask(self, statement: str, *values: str | int | bytes) -> list[tuple[Any, ...]]:
        """Return the rows that a statement gives; its values are bound, never written into it."""
        with self._translated(), self.connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def commit(self) -> None:
        with self._translated():
            self.connection.commit()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self.driver.Error as error:
            raise ConfigError(
                f"The database {address_of(self.uri)} refused what a search keeps there{_said(error, self.uri)}. "
                "Its role must be allowed to make tables and to write; then run the same command again, it goes on."
            ) from None


# Anything else, such as a password with a bare @ or / in it, is shown as nothing but its scheme.
_PLAIN = re.compile(
    r"(?P<scheme>[a-z]+://)((?P<user>[^:/?#@]*)(:(?P<password>[^:/?#@]*))?@)?(?P<place>[^?#@]*)(\?(?P<query>[^?#@]*))?"
)
_SHOWN = ("host", "hostaddr", "port", "dbname", "user")


def address_of(uri: str) -> str:
    """Return the URI of a database without what is secret.

    Examples
    --------
    >>> address_of("postgresql://ann:secret@db.lan:5433/trials?host=/run&password=secret")
    'postgresql://ann@db.lan:5433/trials?host=/run'
    >>> address_of("postgresql://ann:sec/ret@db.lan/trials")
    'postgresql://…'
    """
    parts = _PLAIN.fullmatch(uri)
    if parts is None:
        return f"{uri.partition('://')[0]}://…"
    user = f"{parts['user']}@" if parts["user"] else ""
    query = "&".join(f"{name}={value}" for name, value in parse_qsl(parts["query"] or "") if name in _SHOWN)
    return f"{parts['scheme']}{user}{parts['place']}{f'?{query}' if query else ''}"


def _said(error: Exception, uri: str) -> str:
    """Return what the driver says, in one line; nothing where it could tell a secret, as it does of a torn URI."""
    parts = _PLAIN.fullmatch(uri)
    if parts is None:
        return ""
    secret = {parts["password"], *(value for name, value in parse_qsl(parts["query"] or "") if name not in _SHOWN)}
    # The driver repeats the statement before the server's own words, and the server where in it the fault lies.
    said = " ".join(str(error).split()).rpartition("ERROR: ")[2].partition(" CONTEXT: ")[0].strip().removesuffix(".")
    hidden = any(word in said for found in secret if found for word in (found, unquote(found)))
    return "" if hidden else f": {said}"


def _driver() -> ModuleType:
    try:
        return importlib.import_module(_DRIVER)
    except ImportError:
        raise MissingExtraError(
            f"A shared search needs {_DRIVER.partition('.')[0]}, which is not installed. "
            "Run: pip install 'seqcast[sql]'"
        ) from None
