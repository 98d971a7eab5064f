"""A table as it lies: each refusal of the door becomes a finding, and what is read on is what a clean file gives."""

import gzip

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast import read_panel
from seqcast.data.options import RoleOptions, TableOptions
from seqcast.doctor.opening import open_table
from seqcast.errors import ColumnError, ConfigError, FileError

DAYS = [f"2024-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 29)]
"""56 days with a hole of three between the months."""


def written(tmp_path, text, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def lines(*columns, head="ds,y", mark=","):
    return "\n".join([head, *(mark.join(map(str, row)) for row in zip(*columns, strict=True))]) + "\n"


def checks(opened):
    return [finding.check for finding in opened.found]


def severities(opened):
    return {finding.severity for finding in opened.found}


def test_what_the_door_takes_is_what_the_door_gives(tmp_path):
    path = written(tmp_path, lines(DAYS, range(56)))
    opened = open_table(path)
    assert opened.found == ()
    theirs = read_panel(path)
    assert np.array_equal(opened.panel.values, theirs.values, equal_nan=True) and opened.panel.notes == theirs.notes


def test_without_a_certain_target_every_column_of_numbers_is_one(tmp_path):
    kinds = ["a", "b"] * 28
    path = written(tmp_path, lines(DAYS, range(56), kinds, range(56, 0, -1), head="ds,one,kind,two"))
    opened = open_table(path)
    assert checks(opened) == ["no certain target"] and severities(opened) == {"note"}
    assert opened.panel.columns.target == ("one", "two") and opened.panel.columns.past == ("kind",)
    assert opened.found[0].option == "Name it with --target."


def test_irregular_dates_are_rows_as_steps_and_say_so(tmp_path):
    days = ["2024-01-01", "2024-01-02", "2024-01-17", "2024-02-20", "2024-04-01"]
    opened = open_table(written(tmp_path, lines(days, range(5))))
    assert checks(opened) == ["uneven steps"] and opened.panel.frequency.unit == "rows"
    assert "Each row is taken as one step here" in opened.found[0].why and "--freq rows" in opened.found[0].option
    assert opened.panel.values[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_decimal_commas_are_read_as_with_the_option(tmp_path):
    text = lines(DAYS, [f"{i},{i % 10}5" for i in range(56)], head="ds;y", mark=";")
    path = written(tmp_path, text)
    opened = open_table(path)
    assert checks(opened) == ["decimal comma"] and opened.found[0].option == "--decimal ','"
    theirs = read_panel(path, options=TableOptions(decimal=","))
    assert np.array_equal(opened.panel.values, theirs.values, equal_nan=True)


def test_a_comma_that_may_be_of_thousands_is_not_read_as_a_number(tmp_path):
    values = [f'"1,{100 + i}"' if i % 3 == 1 else str(i) for i in range(56)]
    opened = open_table(written(tmp_path, lines(DAYS, values)))
    assert checks(opened) == ["cells that are no numbers"]
    assert np.isnan(opened.panel.values[1, 0]) and np.nanmax(opened.panel.values) == 54
    assert "thousands" in opened.found[0].details[0] and "line 3 of table.csv" in opened.found[0].details[0]


def test_commas_in_one_column_do_not_turn_the_points_of_another(tmp_path):
    one, two = [f"{i},5" for i in range(56)], [f"{i}.25" for i in range(56)]
    opened = open_table(written(tmp_path, lines(DAYS, one, two, head="ds;one;two", mark=";")))
    assert opened.panel.columns.values == ("two",) and opened.panel.values[3, 0] == 3.25
    assert checks(opened) == ["column that is no numbers"] and "'0,5'" in opened.found[0].what


def test_lines_keep_their_numbers_under_a_header_that_is_not_there(tmp_path):
    rows = lines(DAYS, range(56)).splitlines()[1:]
    rows[4] = "2024-01-05,?"
    opened = open_table(written(tmp_path, "\n".join(rows) + "\n"))
    assert "line 5 of" in opened.found[1].details[0]


def test_cells_that_are_no_numbers_are_missing_and_each_is_named(tmp_path):
    values = ["?" if i in (3, 7) else i for i in range(56)]
    opened = open_table(written(tmp_path, lines(DAYS, values)))
    [finding] = opened.found
    assert finding.check == "cells that are no numbers" and finding.option == "--missing '?'"
    assert [detail.split(":")[0] for detail in finding.details] == ["line 5 of table.csv", "line 9 of table.csv"]
    assert np.isnan(opened.panel.values[[3, 7], 0]).all()


def test_infinite_and_huge_cells_never_reach_a_check(tmp_path):
    values = ["inf" if i == 3 else "1e300" if i == 7 else i for i in range(56)]
    opened = open_table(written(tmp_path, lines(DAYS, values)))
    assert checks(opened) == ["cells that are no numbers"] and np.nanmax(np.abs(opened.panel.values)) == 55


def test_times_there_twice_are_averaged_and_named_with_their_lines(tmp_path):
    opened = open_table(written(tmp_path, lines([*DAYS, DAYS[3]], [*range(56), 5])))
    [finding] = opened.found
    assert finding.check == "times there twice" and finding.details == ("2024-01-04: lines 5, 58",)
    assert opened.panel.values[3, 0] == 4 and "--aggregate" in finding.option


def test_a_column_that_tells_rows_of_one_time_apart_is_the_series(tmp_path):
    shops = ["north"] * 56 + ["south"] * 56
    opened = open_table(written(tmp_path, lines(DAYS * 2, shops, range(112), head="ds,shop,y")))
    assert checks(opened) == ["several series"] and opened.found[0].option == "--series 'shop'"
    assert opened.panel.series == ("north", "south") and opened.panel.values[0, 0] == 0


@pytest.mark.parametrize(
    ("fault", "check", "severity"),
    [
        (lambda rows: ["Report of sales", "", *rows], "lines before the header", "warning"),
        (lambda rows: [rows[0], *rows[1:9], rows[9] + ",7", *rows[10:]], "lines of another width", "warning"),
        (lambda rows: rows[1:], "no header", "warning"),
        (lambda rows: [*rows[:9], "," + rows[9].split(",")[1], *rows[10:]], "rows without a time", "warning"),
        (lambda rows: [*rows[:9], "2024-02-30,5", *rows[10:]], "unreadable time", "warning"),
        (lambda rows: [*rows, "Total,1540"], "unreadable time", "warning"),
    ],
)
def test_each_fault_of_a_file_is_told_and_looked_past(tmp_path, fault, check, severity):
    rows = lines(DAYS, range(100, 156)).splitlines()
    opened = open_table(written(tmp_path, "\n".join(fault(rows)) + "\n"))
    assert checks(opened) == [check] and severities(opened) == {severity}
    assert 55 <= np.isfinite(opened.panel.values).sum() <= 56
    assert set(opened.panel.values[np.isfinite(opened.panel.values)]) <= set(range(100, 156))


def test_a_line_left_out_is_named_with_its_number_and_no_other_moves(tmp_path):
    rows = lines(DAYS, range(56)).splitlines()
    rows[9] += ",7"
    rows[20] = "2024-01-20,?"
    opened = open_table(written(tmp_path, "\n".join(rows) + "\n"))
    assert checks(opened) == ["lines of another width", "cells that are no numbers"]
    assert "line 10: 3 cells" in opened.found[0].details[0] and "line 21 of" in opened.found[1].details[0]


def test_columns_of_one_name_get_a_number(tmp_path):
    opened = open_table(written(tmp_path, lines(DAYS, range(56), range(56, 112), head="ds,y,y")))
    assert checks(opened)[0] == "columns of one name" and set(opened.panel.columns.values) == {"y", "y (2)"}


def test_dates_that_may_be_read_in_two_ways_are_not_read_at_all(tmp_path):
    dates = ["03/04/2024", "05/06/2024", "01/02/2024", "07/08/2024", "02/01/2024"]
    opened = open_table(written(tmp_path, lines(dates, range(5))))
    assert checks(opened) == ["unreadable times"] and opened.panel.times.tolist() == [0, 1, 2, 3, 4]
    assert "--date-format" in opened.found[0].option and opened.panel.values[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_an_encoding_that_is_not_certain_leaves_numbers_alone(tmp_path):
    head = b"ds,y,\x81\xff\x8d\n"
    body = "".join(f"{day},{i},{i * 2}\n" for i, day in enumerate(DAYS)).encode()
    opened = open_table(written(tmp_path, head + body))
    assert checks(opened)[0] == "encoding" and opened.panel.values[5, 0] == 5


def test_pairs_of_dates_and_values_are_not_read_as_rows_of_one_time(tmp_path):
    days = [day.replace("-", "") for day in DAYS]
    text = lines(days, range(56), days[::-1], range(56), days[::-1], range(56), head="ds,a,ds,b,ds,c")
    opened = open_table(written(tmp_path, text))
    assert checks(opened) == ["columns of one name", "several columns of dates", "no certain target"]
    assert opened.panel.columns.values == ("a",) and "ds (2)" in opened.found[1].what


@pytest.mark.parametrize("name", ["kr_macro_daily", "kr_metals_daily", "kr_steel_ragged"])
def test_raw_exports_are_read_by_their_dates_whatever_stands_before_them(shared, name):
    opened = open_table(shared / "data" / "steel" / "raw" / f"{name}_cp949.csv")
    first = opened.panel.frequency.label(opened.panel.times[:1])[0]
    assert first.startswith(("2008-07-21", "2013-06-28")) and opened.panel.columns.time
    assert not any(name.startswith("날짜") for name in opened.panel.columns.values)


@pytest.mark.parametrize(
    ("path", "targets"),
    [
        ("ett/ETTh1.csv.gz", 7),
        ("steel/kr_rebar_weekly.csv", 22),
        ("appliances_energy/energydata_complete.csv.gz", 28),
        ("air_quality/AirQualityUCI.csv.gz", 13),
    ],
)
def test_real_tables_open_without_an_option_as_with_the_right_ones(shared, path, targets):
    opened = open_table(shared / "data" / path)
    options = TableOptions(decimal="," if "air" in path else ".")
    theirs = read_panel(shared / "data" / path, RoleOptions(target=opened.panel.columns.target), options)
    assert len(opened.panel.columns.target) == targets and opened.panel.columns.target == theirs.columns.target
    assert np.array_equal(opened.panel.values, theirs.values, equal_nan=True)
    assert np.array_equal(opened.panel.times, theirs.times)
    assert {finding.severity for finding in opened.found} <= {"note", "warning"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"ds,y\n",
        b"<html><body>404</body></html>",
        b"%PDF-1.7 ...",
        b"PAR1 cut",
        b"a\0b,c\n1,2\n",
        gzip.compress(b"", mtime=0),
    ],
)
def test_where_nothing_can_be_read_it_is_unusable_and_says_why(tmp_path, content):
    opened = open_table(written(tmp_path, content))
    assert opened.panel is None and opened.found[-1].severity == "unusable"
    assert opened.found[-1].what and opened.found[-1].option


def test_an_unusable_table_keeps_what_was_found_before(tmp_path):
    opened = open_table(written(tmp_path, "Report\n\nds,y\n2024-01-01,x\n2024-01-02,z\n"))
    assert opened.panel is None and checks(opened) == ["lines before the header", "cannot be read"]


def test_a_slip_of_the_user_is_no_finding(tmp_path):
    path = written(tmp_path, lines(DAYS, range(56)))
    with pytest.raises(ColumnError, match="Did you mean 'y'"):
        open_table(path, RoleOptions(target=("yy",)))
    with pytest.raises(FileError, match="There is no file"):
        open_table(tmp_path / "absent.csv")
    with pytest.raises(ConfigError):
        open_table(path, options=TableOptions(freq="1q"[::-1]))


MARKS = st.sampled_from(["?", "x", "1.2.3", "abc", "$5", "5%", "1,000", "(3)", "∞"])


@given(st.dictionaries(st.integers(0, 55), MARKS, min_size=1, max_size=20))
def test_no_wrong_cell_ever_becomes_a_number(faults):
    values = [faults.get(i, str(i)) for i in range(56)]
    opened = open_table(pl.DataFrame({"ds": DAYS, "y": values}))
    seen = opened.panel.values[np.isfinite(opened.panel.values[:, 0]), 0]
    assert seen.tolist() == [i for i in range(56) if i not in faults]
    assert checks(opened) == ["cells that are no numbers"]
    assert opened.found[0].what.startswith(f"{len(faults)} cell")
