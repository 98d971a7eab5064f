"""What becomes of cells that are not quite numbers: taken exactly, taken as missing, or refused with the way out."""

import math
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.cast import MISSING, cast_all, numbers
from seqcast.data.options import TableOptions
from seqcast.data.records import Records
from seqcast.errors import CellError
from tests.data.tables import KINDS, Handled, Refused, as_kind, assert_same, assert_says, days, faults, read, refusal


def third(cell: str) -> str:
    """Return a table whose third row holds the cell."""
    return days(["1.5", "2", f'"{cell}"' if cell else "", "3", "5"])


WRONG = [
    ("decimal comma", "2,6", "a number with a decimal comma: say --decimal ','"),
    ("negative decimal comma", "-2,65", "say --decimal ','"),
    ("decimal or thousands comma", "1,234", "thousands commas or a decimal comma: remove the commas, or say --decimal"),
    ("thousands commas", "1,234,567", "thousands separators: remove them"),
    ("thousands commas and a point", "1,234.5", "thousands separators: remove them"),
    ("thousands blanks", "12 345", "thousands separators: remove them"),
    ("thousands apostrophes", "12'345.50", "thousands separators: remove them"),
    ("dollars", "$12.50", "currency: leave the bare number"),
    ("euros", "12.50 €", "currency: leave the bare number"),
    ("currency code", "USD 12", "currency: leave the bare number"),
    ("percent", "12.5%", "a percentage: remove the % signs"),
    ("percent with a blank", "12 %", "a percentage: remove the % signs"),
    ("parentheses", "(12.5)", "parentheses: write it with a minus sign"),
    ("dash", "-", "no number. If it stands for a missing value, say --missing '-'"),
    ("question mark", "?", "--missing '?'"),
    ("word for missing", "missing", "--missing 'missing'"),
    ("spreadsheet error", "#DIV/0!", "--missing '#DIV/0!'"),
    ("dots", "..", "--missing '..'"),
    ("infinite", "inf", "infinite"),
    ("negative infinite", "-Infinity", "infinite"),
    ("overflow", "1e400", "too large"),
    ("largest double", "1e308", "too large to compute with (beyond 1e150)"),
    ("smallest double", "-1.7976931348623157e308", "too large"),
    ("square overflows", "2e150", "too large"),
    ("true", "True", "a truth value: write 1 and 0"),
    ("yes", "yes", "a truth value"),
    ("text", "closed", "no number"),
    ("number with a unit", "12kg", "no number"),
    ("underscore", "1_000", "no number"),
    ("hexadecimal", "0x1F", "no number"),
    ("two points", "1.2.3", "no number"),
    ("lone exponent", "1e", "no number"),
    ("Unicode minus", "−5", "no ASCII '-'"),
    ("fullwidth digits", "１２", "not ASCII"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("cell", "said"), [row[1:] for row in WRONG], ids=[row[0].replace(" ", "-") for row in WRONG])
def test_refused_in_a_target(cell, said, kind, tmp_path):
    message = refusal(as_kind(third(cell), kind, tmp_path), Refused("", "", CellError, ()))
    assert_says(message, ("Column 'y' must hold numbers", "@4", said), kind)
    assert cell in message


@pytest.mark.parametrize(("cell", "said"), [row[1:] for row in WRONG], ids=[row[0].replace(" ", "-") for row in WRONG])
def test_refused_in_every_other_role(cell, said, tmp_path):
    text = days([f"{value},{other}" for value, other in zip([1, 2, 3], ["1", f'"{cell}"', "3"], strict=True)], "ds,y,x")
    for roles in ({}, {"known": ("x",)}, {"static": ("x",)}):
        message = refusal(as_kind(text, "csv", tmp_path), Refused("", "", CellError, (), {"target": ("y",), **roles}))
        assert_says(message, ("Column 'x' must hold numbers", "@3", said))


ALIKE = [
    ("2,6", "3,5", "--decimal ','"),
    ("$2", "$3", "currency"),
    ("2%", "3%", "percentage"),
    ("(2)", "(3)", "parentheses"),
    ("1,000", "2,000", "thousands"),
    ("inf", "-inf", "infinite"),
    ("1e400", "2e400", "too large"),
    ("−2", "−3", "no ASCII '-'"),
    ("１２", "１３", "not ASCII"),
]


@pytest.mark.parametrize(("one", "other", "said"), ALIKE)
def test_a_whole_column_of_them_is_no_category(one, other, said, tmp_path):
    text = days([f'1,"{one}"', f'2,"{other}"', f'3,"{one}"'], header="ds,y,x")
    message = refusal(as_kind(text, "csv", tmp_path), Refused("", "", CellError, (), {"target": ("y",)}))
    assert_says(message, ("Column 'x'", "@2", said))


HANDLED = [
    Handled(
        "decimal commas",
        days(['"1,5"', '"2"', '"-4,25"', '"3,1e2"']),
        days(["1.5", "2", "-4.25", "310"]),
        (),
        options={"decimal": ","},
    ),
    Handled(
        "mark for missing",
        days(["1.5", "-200", "4.25", "-200.0"]),
        days(["1.5", "", "4.25", ""]),
        ("Cells '-200' taken as missing: 2 of 'y'.",),
        options={"missing": ("-200",)},
    ),
    Handled(
        "decimal mark for missing",
        days(['"1,5"', '"-99,9"', '"4,25"']),
        days(["1.5", "", "4.25"]),
        ("Cells '-99,9' taken as missing: 1 of 'y'.",),
        options={"missing": ("-99,9",), "decimal": ","},
    ),
    Handled(
        "word for missing named",
        days(["1.5", "closed", "4.25", "?"]),
        days(["1.5", "", "4.25", ""]),
        ("'closed' taken as missing: 1 of 'y'", "'?' taken as missing: 1 of 'y'"),
        options={"missing": ("closed", "?")},
    ),
    Handled(
        "infinite named as missing",
        days(["1.5", "inf", "4.25"]),
        days(["1.5", "", "4.25"]),
        ("'inf' taken as missing",),
        options={"missing": ("inf",)},
    ),
    Handled("gap in the target", days(["1.5", "", "", "3"]), days(["1.5", "NA", "NaN", "3"]), ()),
    Handled(
        "leading missing values",
        days(["", "NA", "4.25", "3", "2"]),
        days(["4.25", "3", "2"], start="2024-01-03"),
        ("2 leading rows without a target were left out",),
    ),
    Handled("blanks around numbers", days(["  1.5", "2 ", "\t4.25"]), days(["1.5", "2", "4.25"]), ()),
    Handled(
        "other ways to write numbers",
        days(["+1.50", ".5", "5.", "1e3", "2E-2", "007", "-0"]),
        days(["1.5", "0.5", "5", "1000", "0.02", "7", "-0.0"]),
        (),
    ),
    Handled(
        "integers beyond 2^53",
        days(["9007199254740993", "1", "-9007199254740995", "9007199254740992"]),
        days(["9007199254740992", "1", "-9007199254740996", "9007199254740992"]),
        ("2 integers beyond 2^53 in column 'y' rounded",),
    ),
    Handled(
        "zero variance in a feature",
        days(["1,0", "2,0", "3,0"], header="ds,y,x"),
        days(["1", "2", "3"]),
        ("Left out, never changing: 'x'",),
    ),
]


@pytest.mark.parametrize("kind", KINDS)
@faults(HANDLED)
def test_handled(case, kind, tmp_path):
    (tmp_path / "clean").mkdir()
    panel = read(as_kind(case.text, kind, tmp_path), case.roles, case.options)
    assert_same(panel, read(as_kind(case.clean, kind, tmp_path / "clean"), case.roles))
    assert_says(" ".join(panel.notes), case.said)


def test_a_number_among_texts_is_refused_where_it_stands(tmp_path):
    text = days(["1,a", "2,b", "3,17", "4,a"], header="ds,y,code")
    message = refusal(as_kind(text, "csv", tmp_path), Refused("", "", CellError, (), {"target": ("y",)}))
    assert_says(message, ("Column 'code' must hold numbers or texts, not both", "@4", "'17' among texts", "--ignore"))


def test_decimal_commas_between_semicolons(tmp_path):
    text = "ds;y\n2024-01-01;1,5\n2024-01-02;2\n2024-01-03;-4,25\n"
    panel = read(as_kind(text, "csv", tmp_path), options={"decimal": ","})
    assert panel.values[:, 0].tolist() == [1.5, 2.0, -4.25]


@pytest.mark.parametrize("word", [word.upper() for word in MISSING] + [word.capitalize() for word in MISSING])
def test_words_for_missing(word, tmp_path):
    panel = read(as_kind(third(word), "csv", tmp_path))
    assert panel.values[:, 0].tolist()[:2] == [1.5, 2.0]
    assert panel.observed[:, 0].tolist() == [True, True, False, True, True]


def test_a_word_for_missing_is_a_label_among_labels(tmp_path):
    text = days(["1,EU", "2,NA", "3,none", "4,", "5,EU"], header="ds,y,region")
    panel = read(as_kind(text, "csv", tmp_path))
    assert panel.categories["region"] == ("EU", "NA", "none")
    assert panel.values[:, 1].tolist()[:3] == [0.0, 1.0, 2.0] and np.isnan(panel.values[3, 1])


def test_truth_values_are_a_category_but_no_target(tmp_path):
    text = days(["1,True", "2,False", "3,True"], header="ds,y,open")
    panel = read(as_kind(text, "csv", tmp_path))
    assert panel.categories["open"] == ("False", "True")
    frame = pl.DataFrame({"ds": [1, 2, 3], "y": [True, False, True], "x": [1, 2, 4]})
    with pytest.raises(CellError, match="Column 'y' of the data frame must hold numbers; its type is Boolean"):
        read(frame, {"target": ("y",)})


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e308, 1.1e150])
@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow", "parquet"])
def test_typed_numbers_that_no_model_can_use(value, kind, tmp_path):
    frame = pl.DataFrame({"ds": [1, 2, 3], "y": [1.0, value, 2.0]})
    frame.write_parquet(tmp_path / "table.parquet")
    sources = {"polars": frame, "pandas": frame.to_pandas(), "arrow": frame.to_arrow()}
    source = sources.get(kind, tmp_path / "table.parquet")
    message = refusal(source, Refused("", "", CellError, ()))
    assert "Column 'y' must hold numbers; row 2 of" in message
    assert ("infinite" if math.isinf(value) else "too large") in message


def test_typed_marks_for_missing():
    frame = pl.DataFrame({"ds": [1, 2, 3, 4], "y": [1, -200, 3, 4], "x": [-200.0, 1.0, 2.0, None]})
    panel = read(frame, {"target": ("y",)}, {"missing": ("-200",)})
    assert panel.observed.tolist() == [[True, False], [False, True], [True, True], [True, False]]
    assert "Cells '-200' taken as missing: 1 of 'y', 1 of 'x'." in panel.notes


def column(cells: list[str], **options: object) -> np.ndarray:
    """Return a column of text cells as numbers."""
    records = Records(pl.DataFrame({"y": cells}, schema={"y": pl.String}), np.arange(len(cells)), "t.csv", "line")
    asked = TableOptions(**options)
    return numbers(cast_all(records, asked)["y"], records, asked)


FINITE = st.floats(min_value=-1e150, max_value=1e150, allow_nan=False)


@given(st.lists(FINITE, min_size=1), st.sampled_from(["{!r}", "{:.17g}", "{:.20e}", "{:+.17g}", " {!r} "]))
def test_every_double_comes_back_as_it_was(values, written):
    assert column([written.format(value) for value in values]).tolist() == values


@given(st.lists(FINITE, min_size=1), st.sampled_from([",", "."]))
def test_both_decimal_marks_are_read_alike(values, mark):
    cells = [repr(value).replace(".", mark) for value in values]
    assert column(cells, decimal=mark).tolist() == values


@given(st.decimals(min_value=-(10**30), max_value=10**30, allow_nan=False, allow_infinity=False))
def test_long_decimals_are_rounded_once(value: Decimal):
    assert column([str(value)]).tolist() == [float(value)]


@given(st.lists(st.one_of(FINITE, st.sampled_from(["", "NA", "null", "NaN", "-7777"])), min_size=1))
def test_missing_cells_are_missing_wherever_they_stand(cells):
    found = column([cell if isinstance(cell, str) else repr(cell) for cell in cells], missing=("-7777",))
    wanted = [math.nan if isinstance(cell, str) or cell == -7777 else cell for cell in cells]
    assert np.array_equal(found, wanted, equal_nan=True)


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6))
def test_no_text_becomes_a_number_that_python_reads_otherwise(text):
    try:
        found = column(["1", text])[1]
    except CellError:
        return
    if text.strip().lower() in MISSING:
        assert math.isnan(found)
    else:
        assert found == float(text)
