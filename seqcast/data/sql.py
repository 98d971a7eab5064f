"""Rows of a SQL query as records, through ADBC. The one module that needs the extra `sql`."""

import importlib
from types import ModuleType

from seqcast.data.frames import read_frame
from seqcast.data.records import Records
from seqcast.errors import ConfigError, FileError, MissingExtraError

_DRIVERS = {
    "sqlite": "adbc_driver_sqlite.dbapi",
    "postgresql": "adbc_driver_postgresql.dbapi",
    "postgres": "adbc_driver_postgresql.dbapi",
}


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
    driver = _driver(_DRIVERS[scheme])
    place = "the query"
    try:
        with driver.connect(_target(scheme, rest, uri)) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            table = cursor.fetch_arrow_table()
    except driver.Error as error:
        said = " ".join(str(error).split())
        raise FileError(f"The database refused the query {query!r}: {said} Check the query and the URI.") from None
    return read_frame(table, place)


def _driver(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise MissingExtraError(
            f"A query needs {name.partition('.')[0]}, which is not installed. Run: pip install 'seqcast[sql]'"
        ) from None


def _target(scheme: str, rest: str, uri: str) -> str:
    # sqlite:///data.db names a file beside the user, sqlite:////data.db one from the root.
    return rest.removeprefix("/") if scheme == "sqlite" else uri
