"""Typed tables in and out: whatever type a column has, its values are those of the same table written as text."""

from datetime import date, time
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from seqcast.data.frames import is_frame, kind_of, to_kind
from seqcast.data.table import fingerprint
from seqcast.errors import CellError, ColumnError, ConfigError, FileError
from tests.data.tables import as_kind, assert_same, days, read

DAYS = [date(2024, 1, day) for day in (1, 2, 3, 4)]
TEXT = days(["1.5,a", ",b", "4.25,a", "3,b"], header="ds,y,k")


@pytest.fixture
def clean(tmp_path):
    return read(as_kind(TEXT, "csv", tmp_path))


def polars(**columns):
    return pl.DataFrame({"ds": DAYS, "y": [1.5, None, 4.25, 3.0], "k": ["a", "b", "a", "b"]} | columns)


def pandas(**columns):
    return pd.DataFrame({"ds": pd.to_datetime(DAYS), "y": [1.5, np.nan, 4.25, 3.0], "k": list("abab")} | columns)


def arrow(**columns):
    plain = {"ds": pa.array(DAYS), "y": pa.array([1.5, None, 4.25, 3.0]), "k": pa.array(list("abab"))}
    return pa.table(plain | columns)


DECIMALS = [Decimal("1.5"), None, Decimal("4.25"), Decimal("3.00")]
SAME = {
    "polars": polars(),
    "polars lazy": polars().lazy(),
    "polars float32": polars(y=pl.Series([1.5, None, 4.25, 3.0], dtype=pl.Float32)),
    "polars NaN": polars(y=[1.5, float("nan"), 4.25, 3.0]),
    "polars decimal": polars(y=pl.Series(DECIMALS, dtype=pl.Decimal(10, 2))),
    "polars text": polars(y=["1.5", "", "4.25", " 3.0 "]),
    "polars categorical": polars(k=pl.Series(list("abab"), dtype=pl.Categorical)),
    "polars enum": polars(k=pl.Series(list("abab"), dtype=pl.Enum(["b", "a", "unused"]))),
    "polars datetime": polars(ds=pl.Series(DAYS).cast(pl.Datetime("ns"))),
    "polars date as text": polars(ds=[str(day) for day in DAYS]),
    "polars in chunks": pl.concat([polars()[:2], polars()[2:]], rechunk=False),
    "pandas": pandas(),
    "pandas nullable": pandas(y=pd.array([1.5, None, 4.25, 3.0], dtype="Float64")),
    "pandas arrow": pandas(y=pd.array([1.5, None, 4.25, 3.0], dtype="double[pyarrow]")),
    "pandas objects": pandas(y=pd.Series([1.5, None, 4.25, 3], dtype=object)),
    "pandas objects of all kinds": pandas(y=pd.Series(["1.5", pd.NA, Decimal("4.25"), np.float64(3)], dtype=object)),
    "pandas dates as objects": pandas(ds=pd.Series(DAYS, dtype=object)),
    "pandas string": pandas(k=pd.array(list("abab"), dtype="string")),
    "pandas category": pandas(k=pd.Categorical(list("abab"), categories=["b", "a", "unused"])),
    "pandas category of days": pandas(ds=pd.Categorical([str(day) for day in DAYS])),
    "pandas index": pandas().set_index("ds"),
    "pandas index of rows kept": pandas().set_axis([7, 3, 9, 1]),
    "pandas period": pandas(ds=pd.period_range("2024-01-01", periods=4, freq="D")),
    "arrow": arrow(),
    "arrow dictionary": arrow(k=pa.array(list("abab")).dictionary_encode()),
    "arrow dictionary of days": arrow(ds=pa.array(DAYS).dictionary_encode()),
    "arrow large string": arrow(k=pa.array(list("abab"), pa.large_string())),
    "arrow string view": arrow(k=pa.array(list("abab"), pa.string_view())),
    "arrow decimal": arrow(y=pa.array(DECIMALS, pa.decimal128(10, 2))),
    "arrow timestamp": arrow(ds=pa.array(DAYS).cast(pa.timestamp("ms"))),
    "arrow date64": arrow(ds=pa.array(DAYS).cast(pa.date64())),
    "arrow record batch": arrow().to_batches()[0],
    "arrow in chunks": pa.concat_tables([arrow()[:2], arrow()[2:]]),
    "arrow reader": None,
}


@pytest.mark.parametrize("name", SAME)
def test_every_kind_of_table_gives_the_panel_of_its_text(name, clean):
    source = arrow().to_reader() if name == "arrow reader" else SAME[name]
    assert is_frame(source)
    assert_same(read(source), clean)


def test_an_index_is_a_column_and_this_is_said(clean):
    panel = read(pandas().set_index("ds"))
    assert "The index of the data frame was read as 1 column." in panel.notes


def test_a_pandas_index_without_a_name_is_the_time():
    frame = pd.DataFrame({"y": [1.0, 2.0, 4.0]}, index=pd.date_range("2024-01-01", periods=3, tz="Europe/Berlin"))
    panel = read(frame)
    assert panel.columns.time == "index" and panel.frequency.zone == "Europe/Berlin"


def test_a_pandas_index_of_two_levels_names_series_and_times():
    index = pd.MultiIndex.from_product([["a", "b"], pd.date_range("2024-01-01", periods=3)], names=["unique_id", "ds"])
    panel = read(pd.DataFrame({"y": np.arange(6.0)}, index=index))
    assert panel.series == ("a", "b") and panel.columns.time == "ds" and panel.rows.tolist() == [3, 3]


def test_one_column_is_a_table():
    series = pd.Series([1.0, 2.0, 4.0], index=pd.date_range("2024-01-01", periods=3), name="load")
    assert read(series).columns.target == ("load",)
    assert read(pl.Series("load", [1.0, 2.0, 4.0])).columns.target == ("load",)


def test_names_that_are_no_text_are_read_as_text():
    panel = read(pd.DataFrame({0: pd.date_range("2024-01-01", periods=3), 1: [1, 2, 4]}))
    assert (panel.columns.time, panel.columns.target) == ("0", ("1",))


def test_a_column_of_all_nulls_is_left_out():
    for source in (polars(z=[None] * 4), pandas(z=[None] * 4), arrow(z=pa.nulls(4))):
        assert "Left out, without a value in the history: 'z'." in read(source).notes


def test_big_integers_are_rounded_and_this_is_said():
    for dtype in (pl.Int64, pl.UInt64, pl.Int128, pl.Decimal(38, 0)):
        frame = polars(y=pl.Series([2**53 + 1, 1, 2, 3]).cast(dtype))
        panel = read(frame)
        assert panel.values[0, 0] == float(2**53 + 1)
        assert any("1 integer beyond 2^53 in column 'y' rounded" in note for note in panel.notes)


REFUSED = {
    "list": (polars(z=[[1], [2], [3], [4]]), CellError, "'z' of the data frame must hold numbers; its type is List"),
    "struct": (polars(z=[{"a": 1}] * 4), CellError, "its type is Struct"),
    "bytes": (polars(z=[b"1"] * 4), CellError, "its type is Binary"),
    "duration": (polars(z=pl.Series([1, 2, 3, 4]).cast(pl.Duration("us"))), CellError, "its type is Duration"),
    "pandas lists": (pandas(z=[[1], [2], [3], [4]]), CellError, "Column 'z'"),
    "pandas text among numbers": (
        pandas(y=pd.Series([1, 2.5, "x", 4], dtype=object)),
        CellError,
        "row 3 of the data frame has 'x'",
    ),
    "pandas complex": (pandas(z=[1j, 2j, 3j, 4j]), ColumnError, "'z' of the data frame holds complex128"),
    "categorical target": (polars(y=pl.Series(list("abab"), dtype=pl.Categorical)), CellError, "'a'"),
    "no rows": (polars()[:0], FileError, "has 3 columns and 0 rows"),
    "no columns": (pl.DataFrame(), FileError, "has 0 columns and 0 rows"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_number_is_refused(name):
    frame, error, said = REFUSED[name]
    with pytest.raises(error) as caught:
        read(frame)
    assert said in str(caught.value)


def test_a_clock_beside_a_date_makes_a_time():
    frame = pl.DataFrame({"date": [date(2024, 1, 1)] * 3, "time": [time(5), time(6), time(7)], "y": [1, 2, 4]})
    panel = read(frame)
    assert panel.columns.time == "date+time" and panel.frequency.name == "1h"


@pytest.mark.parametrize(
    ("source", "kind"), [(polars(), "polars"), (pandas(), "pandas"), (arrow(), "arrow"), ("t.csv", "polars")]
)
def test_the_kind_of_table_that_came_in_goes_out(source, kind):
    assert kind_of(source) == kind
    out = to_kind(polars(), kind)
    assert kind_of(out) == kind
    assert_same(read(out), read(polars()))


def test_an_unknown_kind_is_refused():
    with pytest.raises(ConfigError, match="polars, pandas or arrow; got 'excel'"):
        to_kind(polars(), "excel")


def test_the_frame_given_is_left_as_it_was():
    frame, before = pandas().set_index("ds"), pandas().set_index("ds")
    read(frame)
    pd.testing.assert_frame_equal(frame, before)
    padded = polars().rename({"y": " y "})
    read(padded)
    assert padded.columns == ["ds", " y ", "k"]


def test_fingerprints_tell_contents_apart(tmp_path):
    frames = [polars(), polars(y=[1.5, None, 4.25, 3.1]), polars().rename({"y": "z"}), polars()[:3], pandas(), arrow()]
    prints = [fingerprint(frame) for frame in frames]
    assert fingerprint(polars()) == prints[0]
    assert fingerprint(pl.concat([polars()[:2], polars()[2:]], rechunk=False)) == prints[0]
    assert len(set(prints[:4])) == 4 and all(len(found) == 64 for found in prints)
    path = as_kind(TEXT, "csv", tmp_path)
    assert fingerprint(path) == fingerprint(str(path)) != prints[0]
