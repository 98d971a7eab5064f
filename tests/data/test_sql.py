"""Queries against real databases: SQLite in a file, PostgreSQL where its programs are installed."""

import sqlite3
import sys
from pathlib import Path

import pytest

from seqcast.data.options import TableOptions
from seqcast.data.sql import read_query
from seqcast.data.table import fingerprint
from seqcast.errors import ConfigError, FileError, MissingExtraError
from tests.data.tables import as_kind, assert_same, days, read

pytest.importorskip("adbc_driver_sqlite", reason="the extra 'sql' is not installed")

ROWS = [("2024-01-01", 1.5, 3), ("2024-01-02", None, 5), ("2024-01-03", 4.25, 4), ("2024-01-04", 3.0, None)]
TEXT = days(["1.5,3", ",5", "4.25,4", "3,"], header="ds,y,x")
QUERY = "SELECT ds, y, x FROM sales WHERE shop = 'north' ORDER BY ds"


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE sales (shop TEXT, ds TEXT, y REAL, x INTEGER)")
        base.executemany("INSERT INTO sales VALUES ('north', ?, ?, ?)", ROWS)
        base.executemany("INSERT INTO sales VALUES ('south', ?, ?, ?)", [(day, 9.0, 9) for day, *_ in ROWS])
    base.close()
    return f"sqlite:///{path}"


def test_a_query_gives_the_panel_of_its_table(sqlite, tmp_path):
    panel = read(sqlite, {"target": ("y",)}, {"query": QUERY})
    assert_same(panel, read(as_kind(TEXT, "csv", tmp_path), {"target": ("y",)}))
    options = TableOptions(query=QUERY)
    assert fingerprint(sqlite, options) == fingerprint(sqlite, options)
    assert fingerprint(sqlite, options) != fingerprint(sqlite, TableOptions(query="SELECT ds, y FROM sales"))


def test_a_path_beside_the_user(sqlite, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read("sqlite:///shop.db", {"target": ("y",)}, {"query": QUERY}).rows.tolist() == [4]


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(FileError, match="There is no database file .*nope.db"):
        read_query(f"sqlite:///{tmp_path}/nope.db", "SELECT 1")
    assert not (tmp_path / "nope.db").exists()


@pytest.mark.parametrize("query", ["SELECT * FROM nope", "SELECT FROM", "DELETE FROM sales", "DROP TABLE sales"])
def test_a_query_that_fails_or_is_none_is_shown(query, sqlite):
    with pytest.raises((FileError, ConfigError)) as caught:
        read_query(sqlite, query)
    assert repr(query) in str(caught.value) and "\n" not in str(caught.value)
    with sqlite3.connect(sqlite.removeprefix("sqlite:///")) as base:
        assert base.execute("SELECT count(*) FROM sales").fetchone() == (8,)
    base.close()


def test_a_query_without_rows(sqlite):
    with pytest.raises(FileError, match="the query has 3 columns and 0 rows"):
        read(sqlite, options={"query": "SELECT ds, y, x FROM sales WHERE shop = 'east'"})


@pytest.mark.parametrize("uri", ["mysql://user:secret@host/shop", "shop.db", "http://host"])
def test_other_databases_are_refused_without_showing_a_password(uri):
    with pytest.raises(ConfigError) as caught:
        read_query(uri, "SELECT 1")
    assert "secret" not in str(caught.value) and "postgresql://" in str(caught.value)


def test_a_missing_driver_names_the_extra(sqlite, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_sqlite.dbapi", None)
    monkeypatch.setitem(sys.modules, "adbc_driver_sqlite", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'seqcast\[sql\]'"):
        read_query(sqlite, QUERY)


def test_a_source_for_a_query_is_an_address(tmp_path):
    with pytest.raises(ConfigError, match="A query needs the URI of a database; got PosixPath"):
        read(tmp_path / "shop.db", options={"query": QUERY})


def test_postgresql_gives_the_panel_of_its_table(postgresql, tmp_path):
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(postgresql) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE sales (shop text, ds date, y double precision, x bigint, price numeric(12, 4))")
        for day, y, x in ROWS:
            cursor.execute("INSERT INTO sales VALUES ('north', $1::text::date, $2, $3, 2.5)", (day, y, x))
        connection.commit()
    clean = read(as_kind(TEXT, "csv", tmp_path), {"target": ("y",)})
    assert_same(read(postgresql, {"target": ("y",)}, {"query": QUERY}), clean)
    decimal = "SELECT ds, y, (x * 1.0)::numeric(12, 4) AS x, '2.5'::numeric AS price FROM sales ORDER BY ds"
    panel = read(postgresql, {"target": ("y",)}, {"query": decimal})
    assert_same(panel, clean)
    assert any("never changing: 'price'" in note for note in panel.notes)
    with pytest.raises(FileError, match="nope"):
        read(postgresql, options={"query": "SELECT * FROM nope"})


def test_a_server_that_is_not_there(tmp_path):
    pytest.importorskip("adbc_driver_postgresql", reason="the extra 'sql' is not installed")
    with pytest.raises(FileError, match="Check the query and the URI") as caught:
        read_query(f"postgresql://user:secret@/shop?host={tmp_path}", "SELECT 1")
    assert "secret" not in str(caught.value)
