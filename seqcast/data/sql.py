"""Rows of a SQL query as records, through ADBC, which the extra `sql` brings."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from seqcast.data.frames import read_frame
from seqcast.data.records import Records
from seqcast.errors import ConfigError, FileError, MissingExtraError

_DRIVERS = {
    "sqlite": "adbc_driver_sqlite.dbapi",
    "postgresql": "adbc_driver_postgresql.dbapi",
    "postgres": "adbc_driver_postgresql.dbapi",
}
_READING = ("select", "with", "values", "table")


def read_query(uri: str, query: str) -> Records:
    """Return what a query gives.

    Parameters
    ----------
    uri : str
        `sqlite:///path/to/file.db` or `postgresql://user@host:port/database`.
    query : str
        A SELECT statement.

    Raises
    ------
    ConfigError
        When the URI names no database that can be read.
    FileError
        When the database cannot be reached or refuses the query.
    MissingExtraError
        When the driver is not installed.

    Examples
    --------
    >>> read_query("mysql://localhost/shop", "SELECT 1")
    Traceback (most recent call last):
    seqcast.errors.ConfigError: A query needs the URI of a database, sqlite:///path or postgresql://…; got 'mysql://…'.
    """
    scheme, mark, rest = uri.partition("://")
    if not mark or scheme not in _DRIVERS:
        shown = f"{scheme}://…" if mark else uri
        raise ConfigError(f"A query needs the URI of a database, sqlite:///path or postgresql://…; got {shown!r}.")
    if not query.lower().lstrip().startswith(_READING):
        raise ConfigError(f"A query only reads and so begins with SELECT or WITH; got {query!r}. Mend the query.")
    driver = _driver(_DRIVERS[scheme])
    target = _sqlite(rest) if scheme == "sqlite" else uri
    try:
        with driver.connect(target) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            table = _stored(cursor.fetch_arrow_table())
    except driver.Error as error:
        said = " ".join(str(error).split())
        raise FileError(f"The database refused the query {query!r}: {said} Check the query and the URI.") from None
    return read_frame(table, "the query")


def _driver(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingExtraError(
            f"A query needs {name.partition('.')[0]}, which is not installed. Run: pip install 'seqcast[sql]'"
        ) from None


def _sqlite(rest: str) -> str:
    """Return the address of a file that is only read: SQLite would make a missing one.

    sqlite:///shop.db names a file beside the user, sqlite:////data/shop.db one from the root.
    """
    path = Path(rest.removeprefix("/"))
    if not path.is_file():
        raise FileError(f"There is no database file {path}. Check the path; from the root it is sqlite:////….")
    return f"{path.resolve().as_uri()}?mode=ro"


def _stored(table: Any) -> Any:
    """Return an Arrow table whose columns of a database's own types, such as NUMERIC, are what they are stored as."""
    for position, column in enumerate(table.columns):
        stored = getattr(column.type, "storage_type", None)
        if stored is not None:
            table = table.set_column(position, table.column_names[position], column.cast(stored))
    return table
