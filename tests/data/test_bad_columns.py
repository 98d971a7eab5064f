"""What becomes of columns that are missing, doubled, in doubt, or say nothing: for files and data frames alike."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from seqcast.data.table import check_future
from seqcast.errors import CellError, ColumnError, ConfigError
from tests.data.tables import KINDS, Handled, Refused, as_kind, assert_same, assert_says, days, faults, read, refusal

PLAIN = days(["1,5", "2,6", "4,5", "3,4", "5,2"], header="ds,y,x")
PANEL = "id,ds,y,size\n" + "".join(
    f"{name},2024-01-0{day},{day * 1.5},{size}\n" for name, size in (("a", 3), ("b", 7)) for day in (1, 2, 3)
)

REFUSED = [
    Refused(
        "target missing", PLAIN, ColumnError, ("target column 'yy' is not in", "Did you mean 'y'?"), {"target": ("yy",)}
    ),
    Refused(
        "known column missing",
        PLAIN,
        ColumnError,
        ("known column 'holiday'", "Known: ds, y, x."),
        {"known": ("holiday",)},
    ),
    Refused("ignored column missing", PLAIN, ColumnError, ("ignore column 'z'",), {"ignore": ("z",)}),
    Refused(
        "target listed as a known feature",
        PLAIN,
        ColumnError,
        ("'y' was named as target and as known", "Name it once"),
        {"target": ("y",), "known": ("y",)},
    ),
    Refused(
        "target listed as a static feature",
        PLAIN,
        ColumnError,
        ("'y' was named as target and as static",),
        {"target": ("y",), "static": ("y",)},
    ),
    Refused(
        "target is the time",
        PLAIN,
        ColumnError,
        ("'ds' was named as target and as time",),
        {"target": ("ds",), "time": "ds"},
    ),
    Refused(
        "target ignored",
        PLAIN,
        ColumnError,
        ("'y' was named as target and as ignore",),
        {"target": ("y",), "ignore": ("y",)},
    ),
    Refused(
        "target in doubt",
        PLAIN.replace("y,x", "load,price"),
        ColumnError,
        ("2 columns that could be it: 'load', 'price'", "--target"),
    ),
    Refused("two named like a target", PLAIN.replace("y,x", "y,target"), ColumnError, ("'y', 'target'", "--target")),
    Refused(
        "no numbers at all", days(["a", "b", "a"]).replace("ds,y", "ds,name"), ColumnError, ("none but times: 'name'",)
    ),
    Refused("time column missing", PLAIN, ColumnError, ("time column 'date' is not in",), {"time": "date"}),
    Refused(
        "two columns of dates",
        days([f"2023-05-0{day},{day}" for day in (1, 2, 3)], header="start,end,y"),
        ColumnError,
        ("2 columns of dates: 'start', 'end'", "--time"),
    ),
    Refused(
        "two numbered times",
        "t,month,y\n1,1,5\n2,2,6\n3,3,8\n",
        ColumnError,
        ("'t', 'month'", "--time"),
        {"target": ("y",)},
    ),
    Refused(
        "static changing",
        PANEL.replace("a,2024-01-03,4.5,3", "a,2024-01-03,4.5,4"),
        ColumnError,
        ("'size' of series 'a' is 3 first and 4 on", "@4", "--static"),
        {"static": ("size",)},
    ),
    Refused(
        "static text changing",
        PANEL.replace(",3\n", ",S\n").replace(",7\n", ",L\n").replace("4.5,S", "4.5,M"),
        ColumnError,
        ("'size' of series 'a' is 'S' first and 'M' on", "@4"),
        {"static": ("size",)},
    ),
    Refused(
        "all-missing target",
        days(["NA,1", ",2", "nan,3"], header="ds,y,x"),
        ColumnError,
        ("all 3 rows of 'y'", "missing", "--target"),
    ),
    Refused(
        "one of two targets all missing",
        days(["1,", "2,", "3,"], header="ds,y,z"),
        ColumnError,
        ("all 3 rows of 'z'",),
        {"target": ("y", "z")},
    ),
    Refused(
        "known column of remarks",
        days([f"{day},remark {day * day}" for day in range(30)], header="ds,y,note"),
        ColumnError,
        ("'note'", "differ in most rows"),
        {"known": ("note",)},
    ),
    Refused(
        "row without a series",
        PANEL.replace("a,2024-01-02", ",2024-01-02"),
        CellError,
        ("'id' is empty on", "@3", "Fill or delete"),
    ),
    Refused(
        "series that differ in blanks",
        PANEL.replace("a,2024-01-02", "a ,2024-01-02"),
        CellError,
        ("'a' and 'a '", "Write them alike"),
    ),
    Refused(
        "series that are Unicode twins",
        PANEL.replace("a,", "é,").replace("é,2024-01-02", "e\u0301,2024-01-02"),
        CellError,
        ("blanks or Unicode form",),
    ),
    Refused(
        "text in a target",
        days(["a", "b", "a"]),
        CellError,
        ("Column 'y' must hold numbers", "@2", "'a'", "--missing 'a'"),
    ),
]


@pytest.mark.parametrize("kind", KINDS)
@faults(REFUSED)
def test_refused(case, kind, tmp_path):
    assert_says(refusal(as_kind(case.text, kind, tmp_path), case), case.said, kind)


HANDLED = [
    Handled(
        "padded names",
        PLAIN.replace("ds,y,x", " ds ,  y,x\t"),
        PLAIN,
        ("Blanks or Unicode variants in column names", "'  y'"),
    ),
    Handled(
        "names in decomposed Unicode",
        PLAIN.replace("x", "cafe\u0301"),
        PLAIN.replace("x", "café"),
        ("Unicode variants",),
        {"target": ("y",)},
    ),
    Handled(
        "role named in decomposed Unicode",
        PLAIN.replace("x", "café"),
        PLAIN.replace("x", "café"),
        (),
        {"known": ("cafe\u0301",)},
    ),
    Handled(
        "names in Hangul",
        PLAIN.replace("ds,y", "날짜,가격"),
        PLAIN.replace("ds,y", "날짜,가격"),
        ("Column '날짜' holds the times",),
        {"target": ("가격",)},
    ),
    Handled(
        "all-missing feature",
        days(["1,5,", "2,6,NA", "4,5,nan"], header="ds,y,x,z"),
        days(["1,5", "2,6", "4,5"], header="ds,y,x"),
        ("Left out, without a value in the history: 'z'",),
    ),
    Handled(
        "constant feature",
        days(["1,5,7", "2,6,7", "4,5,"], header="ds,y,x,z"),
        days(["1,5", "2,6", "4,5"], header="ds,y,x"),
        ("Left out, never changing: 'z'",),
    ),
    Handled(
        "constant text feature",
        days(["1,5,on", "2,6,on", "4,5,on"], header="ds,y,x,z"),
        days(["1,5", "2,6", "4,5"], header="ds,y,x"),
        ("Left out, never changing: 'z'",),
    ),
    Handled(
        "constant static",
        PANEL.replace(",7\n", ",3\n"),
        "\n".join(line.rpartition(",")[0] for line in PANEL.splitlines()) + "\n",
        ("Left out, never changing: 'size'",),
        {"target": ("y",)},
    ),
    Handled(
        "column of remarks",
        days([f"{day},remark {day * day}" for day in range(30)], header="ds,y,note"),
        days(list(range(30))),
        ("Column 'note' left out: texts that differ in most rows (30 in 30)",),
    ),
    Handled(
        "second column of dates",
        days([f"{day},2023-05-0{day}" for day in range(1, 6)], header="ds,y,made"),
        days(list(range(1, 6))),
        ("Column 'made' left out: dates beside the time column",),
        {"time": "ds"},
    ),
    Handled(
        "padded series names",
        PANEL.replace("a,", " a ,"),
        PANEL,
        ("names of column 'id' were put right",),
        {"target": ("y",)},
    ),
    Handled(
        "series without any target",
        PANEL + "c,2024-01-01,,9\nc,2024-01-02,NA,9\n",
        PANEL,
        ("1 series left out that never have a target: 'c'",),
        {"target": ("y",)},
    ),
    Handled(
        "date and time apart",
        "Date,Time,y\n12/03/2004,22.00.00,1\n12/03/2004,23.00.00,2\n13/03/2004,00.00.00,4\n13/03/2004,01.00.00,5\n",
        "ds,y\n2004-03-12 22:00,1\n2004-03-12 23:00,2\n2004-03-13 00:00,4\n2004-03-13 01:00,5\n",
        ("Columns 'Date', 'Time' make the time together",),
    ),
    Handled(
        "year and quarter apart",
        "year,quarter,y\n1959,1,5\n1959,2,6\n1959,3,8\n1959,4,9\n1960,1,9\n",
        "ds,y\n1959-01-01,5\n1959-04-01,6\n1959-07-01,8\n1959-10-01,9\n1960-01-01,9\n",
        ("make the time together",),
        {"target": ("y",)},
    ),
    Handled(
        "year, month, day and hour apart",
        "No,year,month,day,hour,y\n1,2010,1,1,22,5\n2,2010,1,1,23,6\n3,2010,1,2,0,8\n",
        "ds,y\n2010-01-01 22:00,5\n2010-01-01 23:00,6\n2010-01-02 00:00,8\n",
        ("'year', 'month', 'day', 'hour' make",),
        {"target": ("y",), "ignore": ("No",)},
    ),
]


@pytest.mark.parametrize("kind", KINDS)
@faults(HANDLED)
def test_handled(case, kind, tmp_path):
    (tmp_path / "clean").mkdir()
    panel = read(as_kind(case.text, kind, tmp_path), case.roles, case.options)
    roles = {role: names for role, names in case.roles.items() if role not in ("ignore", "time")}
    clean = read(as_kind(case.clean, kind, tmp_path / "clean"), roles)
    assert_says(" ".join(panel.notes), case.said)
    if "make" in "".join(case.said):  # the time has another name there
        assert panel.times.tolist() == clean.times.tolist() and panel.values.tolist() == clean.values.tolist()
    else:
        assert_same(panel, clean)


TWINS = [("y", "y", "2 columns named 'y'."), ("y", " y", "only in blanks"), ("é", "e\u0301", "Unicode form")]


@pytest.mark.parametrize(("one", "other", "said"), TWINS)
def test_twins_are_refused(one, other, said, tmp_path):
    text = f"ds,{one},{other}\n2024-01-01,1,2\n2024-01-02,3,4\n2024-01-03,3,4\n"
    columns = [pd.Series(["2024-01-01", "2024-01-02"]), pd.Series([1, 2]), pd.Series([3, 4])]
    pandas = pd.concat(columns, axis=1)
    pandas.columns = ["ds", one, other]
    arrow = pa.Table.from_arrays([pa.array(column) for column in columns], names=["ds", one, other])
    sources = [as_kind(text, "csv", tmp_path), pandas, arrow]
    if one != other:
        sources.append(pl.from_arrow(arrow))
    for source in sources:
        message = refusal(source, Refused("", "", ColumnError, ()))
        assert said in message and "Rename or remove all but one" in message


def test_a_constant_target_is_said_and_kept(tmp_path):
    for kind in KINDS:
        panel = read(as_kind(days([5, 5, 5, 5]), kind, tmp_path))
        assert panel.values[:, 0].tolist() == [5.0] * 4
        assert "Target 'y' never changes: the naive forecast is exact." in panel.notes


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_series_with_leading_zeros_stay_text(kind, tmp_path):
    text = "id,ds,y,shop\n" + "".join(f"00{n},2024-01-0{day},{day + n},0{n}\n" for n in (1, 2) for day in (1, 2, 3))
    panel = read(as_kind(text, kind, tmp_path), {"static": ("shop",)})
    assert panel.series == ("001", "002")
    assert panel.categories["shop"] == ("01", "02")
    kept = read(as_kind(text, kind, tmp_path), {"static": ("shop",)}, {"where": "id = '002'"})
    assert kept.series == ("002",)


@pytest.mark.parametrize("kind", KINDS)
def test_a_category_that_only_the_future_has_is_said(kind, tmp_path):
    text = days(["1,none", "2,sale", "3,none", ",none", ",strike"], header="ds,y,event")
    panel = read(as_kind(text, kind, tmp_path), {"known": ("event",)})
    assert panel.categories["event"] == ("none", "sale", "strike")
    assert panel.values[:, 1].tolist() == [0.0, 1.0, 0.0, 0.0, 2.0]
    assert "Column 'event' has categories in the future that the history never had: 'strike'." in panel.notes
    assert "2 rows after the last target taken as the future." in panel.notes


FUTURE = [
    ("enough", ["1,0", "2,1", "3,0", ",1", ",0"], 2, ()),
    (
        "too few rows",
        ["1,0", "2,1", "3,0", ",1", ",0"],
        3,
        ("'holiday' has none at 2024-01-06", "3 steps", "2 rows after", "--known"),
    ),
    ("no rows", ["1,0", "2,1", "3,0"], 1, ("'holiday' has none at 2024-01-04", "1 step ", "0 rows after")),
    ("a hole", ["1,0", "2,1", "3,0", ",", ",0"], 2, ("'holiday' has none at 2024-01-04", "filled")),
]


@pytest.mark.parametrize(("values", "horizon", "said"), [row[1:] for row in FUTURE], ids=[row[0] for row in FUTURE])
def test_known_features_must_reach_over_the_horizon(values, horizon, said, tmp_path):
    panel = read(as_kind(days(values, header="ds,y,holiday"), "csv", tmp_path), {"known": ("holiday",)})
    if not said:
        check_future(panel, horizon)
        return
    with pytest.raises(ColumnError) as caught:
        check_future(panel, horizon)
    assert_says(str(caught.value), said)


def test_the_series_that_lacks_a_known_value_is_named():
    frame = pl.DataFrame(
        {"id": ["a"] * 3 + ["b"] * 3, "ds": [1, 2, 3] * 2, "y": [1, 2, None, 4, 5, None], "k": [1, 2, 3, 4, 5, None]}
    )
    with pytest.raises(ColumnError, match="'k' of series 'b' has none at 3"):
        check_future(read(frame, {"known": ("k",)}), 1)


def test_what_the_user_says_wins():
    frame = pl.DataFrame(
        {"ds": [5, 6, 7], "when": [1, 2, 3], "unique_id": [3, 4, 9], "y": [1, 2, 4], "price": [7, 8, 6]}
    )
    panel = read(frame, {"target": ("price",), "time": "when"})
    assert panel.columns.target == ("price",) and panel.columns.time == "when"
    assert panel.columns.past == ("ds", "unique_id", "y")
    assert panel.times.tolist() == [1, 2, 3]


@pytest.mark.parametrize("name", ["unique_id", "item_id", "series_id", "id", "ID"])
def test_columns_are_recognised_by_name(name):
    panel = read(pl.DataFrame({name: ["a", "a", "b", "b"], "timestamp": [1, 2, 1, 2], "target": [1, 2, 4, 4]}))
    assert (panel.columns.series, panel.columns.time, panel.columns.target) == (name, "timestamp", ("target",))
    assert f"Column {name!r} names the series." in panel.notes


def test_times_are_recognised_by_content():
    panel = read(pl.DataFrame({"abc": ["1 Jan 2024", "2 Jan 2024", "3 Jan 2024"], "load": [1, 2, 4]}))
    assert panel.columns.time == "abc" and panel.columns.target == ("load",)


def test_an_unnamed_first_column_of_years_is_the_time(tmp_path):
    panel = read(as_kind(",0\n1821,269\n1822,321\n1823,585\n", "csv", tmp_path))
    assert panel.columns.time == "column_1" and panel.columns.target == ("0",)
    assert panel.frequency.unit == "year"
    assert "Columns without a name are called by their position: 'column_1'." in panel.notes


def test_rows_without_times_are_numbered_and_keep_their_holes(tmp_path):
    panel = read(as_kind("a,b\n1,2\n,\n3,4\n5,5\n", "csv", tmp_path), {"target": ("b",)})
    assert panel.columns.time is None and panel.times.tolist() == [0, 1, 2, 3]
    assert panel.observed[:, 0].tolist() == [True, False, True, True]
    assert "There is no column of times: the rows are numbered in their order." in panel.notes


WHERE = [
    ("y > 9", [10.0, 11.0]),
    ("name = 'b'", [8.0, 10.0]),
    ("ds >= '2024-01-03' and not (y = 11)", [10.0]),
    ("\"name\" in ('a') or y is null", [9.0, 11.0]),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("condition", "left"), WHERE)
def test_conditions_compare_numbers_as_numbers(condition, left, kind, tmp_path):
    text = days(["8,b", "9,a", "10,b", "11,a"], header="ds,y,name")
    if len(left) < 2:
        text += "2024-01-05,12,c\n"
        left = [10.0, 12.0]
    panel = read(as_kind(text, kind, tmp_path), {"ignore": ("name",)}, {"where": condition})
    assert panel.values[panel.observed[:, 0], 0].tolist() == left
    assert any(f"kept, those where {condition}." in note for note in panel.notes)


@pytest.mark.parametrize("condition", ["", "y >", "nope = 1", "y", "y > 'x'", "count(y) > 1", "SELECT 1", "y > 99"])
def test_conditions_that_cannot_work_are_shown(condition, tmp_path):
    with pytest.raises(ConfigError) as caught:
        read(as_kind(PLAIN, "csv", tmp_path), {"target": ("y",)}, {"where": condition})
    assert repr(condition) in str(caught.value) and "\n" not in str(caught.value)


def test_categories_do_not_hang_on_the_order_of_rows(tmp_path):
    rows = days(["1,b", "2,a", "3,c"], header="ds,y,k").splitlines()
    one = read(as_kind("\n".join(rows) + "\n", "csv", tmp_path))
    other = read(as_kind("\n".join([rows[0], *rows[:0:-1]]) + "\n", "csv", tmp_path))
    assert_same(one, other)
    assert np.array_equal(one.values[:, 1], [1.0, 0.0, 2.0])
