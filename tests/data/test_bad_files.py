"""What becomes of damaged and unusual files: each is refused in words that help, or read as if it had been clean."""

import codecs
import csv
import gzip
import io
import zipfile

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.cast import MISSING
from seqcast.data.delimited import read_delimited
from seqcast.data.names import normal
from seqcast.data.options import TableOptions
from seqcast.errors import ConfigError, FileError, HistoryError, SeqcastError, TimeError
from tests.data.tables import Refused, assert_same, assert_says, days, faults, read, refusal

CLEAN = days(["1.5", "2", "4.25", "3", "5"])
WIDE = days(["1.5,7", "2,6", "4.25,5", "3,4", "5,2"], header="ds,y,x")
LINES = CLEAN.splitlines()


def table(tmp_path, content, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


REFUSED = [
    Refused("empty", "", FileError, ("table.csv is empty", "export is whole")),
    Refused("empty but for blanks", " \n\n", FileError, ("table.csv is empty",)),
    Refused("header only", "ds,y\n", FileError, ("a header and nothing below", "Add the rows")),
    Refused("one row", "\n".join(LINES[:2]) + "\n", HistoryError, ("one row", "Give more rows")),
    Refused(
        "no header",
        "\n".join(LINES[1:]) + "\n",
        FileError,
        ("line 1 of table.csv looks like data", "2024-01-01,1.5", "Put a header above"),
    ),
    Refused("no header, numbers only", "1,5\n2,6\n3,8\n", FileError, ("looks like data: '1,5'",)),
    Refused("no header, series first", "a,1,5\na,2,6\nb,1,8\n", FileError, ("looks like data: 'a,1,5'",)),
    Refused("no header, one column", "5\n6\n8\n", FileError, ("looks like data: '5'",)),
    Refused("no header, missing first", "2024-01-01,NA\n2024-01-02,5\n", FileError, ("looks like data",)),
    Refused(
        "NUL byte",
        CLEAN.replace("4.25", "4.\x0025"),
        FileError,
        ("line 4 of table.csv", "NUL", "export the table again"),
    ),
    Refused(
        "unclosed quote", CLEAN.replace("4.25", '"4.25'), FileError, ("line 4 of table.csv", '"4.25', "Close or double")
    ),
    Refused(
        "unclosed quote before quoted cells",
        'ds,y\n2024-01-01,"1\n2024-01-02,"2"\n2024-01-03,"3"\n',
        FileError,
        ("line 2 of table.csv", "Close or double"),
    ),
    Refused(
        "quote inside a cell", CLEAN.replace("4.25", '4"25'), FileError, ("line 4 of table.csv", "Close or double")
    ),
    Refused(
        "truncated last row",
        WIDE[:-3],
        FileError,
        ("line 6 of table.csv has 2 cells", "3 cells of the header", "'2024-01-05,5'", "cut short"),
    ),
    Refused("truncated in the time", CLEAN[:-6], FileError, ("line 6 of table.csv has 1 cell", "cut short")),
    Refused(
        "truncated inside the last number",
        days(["1.50", "2.25", "4.25", "3.75"])[:-4],
        FileError,
        ("line 5 of table.csv ends in '3'", "line break"),
    ),
    Refused(
        "truncated behind the last separator",
        days(["1.50", "2.25", "4.25", "3.75"])[:-5],
        FileError,
        ("line 5 of table.csv ends in ''",),
    ),
    Refused(
        "short row",
        WIDE.replace("4.25,5", "4.25"),
        FileError,
        ("line 4 of table.csv has 2 cells", "'2024-01-03,4.25'", "leaving a missing value empty"),
    ),
    Refused(
        "long row",
        CLEAN.replace("4.25", "4,25"),
        FileError,
        ("line 4 of table.csv has 3 cells", "'2024-01-03,4,25'", "quote a cell"),
    ),
    Refused(
        "every row longer than the header",
        "ds,y\n2024-01-01,1,5\n2024-01-02,2,5\n",
        FileError,
        ("line 1", "2 columns", "line 2 has 3 cells", "decimal commas"),
    ),
    Refused("blank line in one column", "y\n1\n\n3\n4\n", FileError, ("line 3 of table.csv is blank", "NaN")),
    Refused(
        "preamble",
        "Report of 2024\n\n" + CLEAN,
        FileError,
        ("line 1 of table.csv has 1 cell", "'Report of 2024'", "--skip 2"),
    ),
    Refused(
        "short footer",
        WIDE + "Total,15\n",
        FileError,
        ("line 7 of table.csv has 2 cells", "'Total,15'", "footer", "delete that line"),
    ),
    Refused(
        "footer", CLEAN + "Total,15.75\n", TimeError, ("line 7 of table.csv", "'Total'", "footer", "Delete that line")
    ),
    Refused("footer below an empty cell", WIDE + ",15.75,\n", TimeError, ("line 7 of table.csv", "'ds'", "footer")),
    Refused(
        "separator that could be two",
        "a;b,c\n1;2,3\n2;3,4\n",
        FileError,
        ("commas", "semicolons", "a;b,c", "--delimiter"),
    ),
]


@faults(REFUSED)
def test_refused(case, tmp_path):
    assert_says(refusal(table(tmp_path, case.text), case), case.said)


def xlsx() -> bytes:
    return zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})


def zipped(members: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def parquet() -> bytes:
    target = io.BytesIO()
    pl.read_csv(CLEAN.encode()).write_parquet(target)
    return target.getvalue()


KOREAN = "날짜,철근 가격\n" + CLEAN.split("\n", 1)[1]
FRENCH = "date,température\n" + CLEAN.split("\n", 1)[1]
GERMAN = "Datum,Größe\n" + CLEAN.split("\n", 1)[1]
BINARY = [
    ("gzip cut short", gzip.compress(CLEAN.encode())[:-9], {}, ("table.csv is cut short or damaged", "Copy it again")),
    ("gzip of nothing known", b"\x1f\x8b" + CLEAN.encode(), {}, ("damaged",)),
    ("workbook named csv", xlsx(), {}, ("table.csv is an Excel workbook", "Save the sheet as CSV")),
    ("old workbook named csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), {}, ("old Excel workbook", "as CSV")),
    ("zip of two files", zipped({"a.csv": b"1", "b.csv": b"2"}), {}, ("holds 2: a.csv, b.csv", "Unpack it")),
    ("zip cut short", zipped({"a.csv": CLEAN.encode()})[:-30], {}, ("zip archive must be whole", "Unpack it")),
    ("parquet cut short", parquet()[:-20], {}, ("table.csv begins like parquet", "damaged", "Fetch the file again")),
    ("web page", b"<!doctype html><p>not found</p>", {}, ("a page of HTML", "export the table as CSV")),
    ("JSON", b'[{"ds": "2024-01-01", "y": 1}]', {}, ("is JSON", "CSV or Parquet")),
    ("SQLite", b"SQLite format 3\x00" + bytes(100), {}, ("SQLite database", "query")),
    ("pickle", b"\x80\x04\x95" + bytes(100), {}, ("Python pickle",)),
    (
        "neither encoding",
        FRENCH.encode("utf-8").replace("é".encode(), b"\x81\xff\x9d"),
        {},
        ("line 1", "neither UTF-8", "--encoding"),
    ),
    (
        "two encodings",
        "기,y\n".encode("cp949") + CLEAN.encode()[5:],
        {},
        ("line 1 of table.csv", "'기,y'", "'±â,y'", "--encoding cp949"),
    ),
    ("Chinese in GBK", "日期,价格\n".encode("gbk") + CLEAN.encode()[5:], {}, ("line 1", "--encoding")),
    (
        "wrong encoding named",
        KOREAN.encode("cp949"),
        {"encoding": "utf-8"},
        ("byte 0xb3 on line 1 of table.csv is no utf-8",),
    ),
    (
        "encoding against the mark",
        codecs.BOM_UTF8 + CLEAN.encode(),
        {"encoding": "latin-1"},
        ("mark of utf-8", "latin-1"),
    ),
]


@pytest.mark.parametrize(("content", "options", "said"), [row[1:] for row in BINARY], ids=[row[0] for row in BINARY])
def test_bytes_refused(content, options, said, tmp_path):
    case = Refused("", "", FileError, said, options=options)
    assert_says(refusal(table(tmp_path, content), case), said)


HANDLED = [
    ("UTF-8 mark", codecs.BOM_UTF8 + CLEAN.encode(), {}, ("byte-order mark", "UTF-8")),
    ("UTF-16", CLEAN.encode("utf-16"), {}, ("UTF-16-LE",)),
    ("UTF-16 big-endian", codecs.BOM_UTF16_BE + CLEAN.encode("utf-16-be"), {}, ("UTF-16-BE",)),
    ("UTF-16 without mark", CLEAN.encode("utf-16-le"), {}, ("UTF-16-LE",)),
    ("UTF-32", CLEAN.encode("utf-32"), {}, ("UTF-32-LE",)),
    ("encoding named", CLEAN.encode("utf-16-be"), {"encoding": "utf-16-be"}, ()),
    ("blank lines", CLEAN.replace("\n", "\n\n"), {}, ("5 blank lines of table.csv left out",)),
    ("lines of blanks", CLEAN.replace("\n2024-01-03", "\n  \t \n2024-01-03"), {}, ("1 blank line of",)),
    ("blank lines at the end", CLEAN + "\n\n\n", {}, ()),
    ("no line end at the end", CLEAN[:-1], {}, ()),
    ("rows of separators at the end", CLEAN + ",\n,\n,\n", {}, ("3 empty rows at the end of table.csv left out",)),
    (
        "row of separators inside",
        CLEAN.replace("\n2024-01-03", "\n,\n2024-01-03"),
        {},
        ("1 empty row of table.csv left out",),
    ),
    ("preamble skipped", "Report of 2024\n\n" + CLEAN, {"skip": 2}, ()),
    ("semicolons", CLEAN.replace(",", ";"), {}, ("separated by semicolons",)),
    ("tabs", CLEAN.replace(",", "\t"), {}, ("separated by tabs",)),
    ("bars", CLEAN.replace(",", "|"), {}, ("separated by bars",)),
    ("separator named", CLEAN.replace(",", ";"), {"delimiter": ";"}, ()),
    ("tab named", CLEAN.replace(",", "\t"), {"delimiter": "tab"}, ()),
    ("separator of another kind named", CLEAN.replace(",", "^"), {"delimiter": "^"}, ()),
    ("gzip", gzip.compress(CLEAN.encode()), {}, ("unpacked with gzip",)),
    ("zip of one file", zipped({"inside.csv": CLEAN.encode()}), {}, ("'inside.csv' was unpacked from the zip",)),
    ("CR LF", CLEAN.replace("\n", "\r\n"), {}, ()),
    ("CR", CLEAN.replace("\n", "\r"), {}, ()),
    (
        "mixed line ends",
        CLEAN.replace("\n", "\r\n", 2).replace("04,3\n", "04,3\r"),
        {},
        ("mixes line ends (2 CR LF, 3 LF, 1 CR)",),
    ),
    (
        "all quoted",
        '"ds","y"\n' + "".join(f'"{line.replace(",", chr(34) + "," + chr(34))}"\n' for line in LINES[1:]),
        {},
        (),
    ),
    (
        "empty column without a name",
        "".join(line + ",\n" for line in LINES),
        {},
        ("1 empty column without a name left out",),
    ),
    (
        "row numbers",
        ",ds,y\n" + "".join(f"{row},{line}\n" for row, line in enumerate(LINES[1:])),
        {},
        ("Row numbers left out: 'column_1'",),
    ),
]


@pytest.mark.parametrize(("content", "options", "said"), [row[1:] for row in HANDLED], ids=[row[0] for row in HANDLED])
def test_handled(content, options, said, tmp_path):
    panel = read(table(tmp_path, content), options=options)
    assert_same(panel, read(table(tmp_path, CLEAN, "clean.csv")))
    assert_says(" ".join(panel.notes), said)


def test_handled_without_a_word_says_no_more_than_the_clean_table(tmp_path):
    clean = read(table(tmp_path, CLEAN)).notes
    for fault, content, options, said in HANDLED:
        if not said:
            assert read(table(tmp_path, content), options=options).notes == clean, fault


@pytest.mark.parametrize("name", ["table.csv", "table.parquet"])
def test_parquet_is_known_by_its_content(name, tmp_path):
    panel = read(table(tmp_path, parquet(), name))
    assert_same(panel, read(table(tmp_path, CLEAN, "clean.csv")))
    assert any("is no text but Parquet" in note for note in panel.notes) == (name == "table.csv")


def test_text_named_parquet_is_read_as_text(tmp_path):
    panel = read(table(tmp_path, CLEAN, "table.parquet"))
    assert_same(panel, read(table(tmp_path, CLEAN, "clean.csv")))
    assert "table.parquet is text in spite of its name, and was read as CSV." in panel.notes


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        (KOREAN, "cp949", "read as cp949"),
        (FRENCH, "latin-1", "read as latin-1"),
        (GERMAN, "latin-1", "read as latin-1"),
    ],
)
def test_encodings_are_found_or_named(text, encoding, said, tmp_path):
    clean = read(table(tmp_path, text, "clean.csv"))
    found = read(table(tmp_path, text.encode(encoding)))
    assert_same(found, clean)
    assert any(said in note for note in found.notes)
    assert_same(read(table(tmp_path, text.encode(encoding)), options={"encoding": encoding}), clean)


def test_an_encoding_in_doubt_is_settled_by_its_name(tmp_path):
    path = table(tmp_path, "날짜,기\n".encode("cp949") + CLEAN.encode()[5:])
    assert read(path, options={"encoding": "cp949"}).columns.target == ("기",)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"encoding": "klingon"}, "Unknown text encoding 'klingon'"),
        ({"encoding": "base64"}, "Unknown text encoding 'base64'"),
        ({"delimiter": "--"}, "A delimiter is one ASCII character"),
        ({"decimal": ";"}, "The decimal mark is '.' or ','; got ';'"),
    ],
)
def test_settings_that_cannot_work(options, said, tmp_path):
    with pytest.raises(ConfigError, match=said.replace(".", r"\.")):
        read(table(tmp_path, CLEAN), options=options)


def test_a_path_to_nothing_a_folder_and_things_that_are_no_table(tmp_path):
    with pytest.raises(FileError, match="There is no file"):
        read(tmp_path / "nope.csv")
    with pytest.raises(FileError, match="is a folder"):
        read(tmp_path)
    with pytest.raises(ConfigError, match="got dict"):
        read({"y": [1, 2]})
    with pytest.raises(ConfigError, match="Add --query"):
        read("postgresql://localhost/shop")


def test_lines_are_counted_as_an_editor_counts_them(tmp_path):
    text = 'note\nds,y,said\n2024-01-01,1,"two\nlines"\n\n2024-01-02,2,b\n2024-01-03,x,c\n'
    case = Refused("", text, TimeError, ())
    with pytest.raises(Exception, match="line 7 of table.csv has 'x'"):
        read(table(tmp_path, case.text), options={"skip": 1}, roles={"target": ("y",)})


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    always=st.booleans(),
)
def test_any_cells_come_back_from_any_delimiter(rows, delimiter, always):
    def written(cell: str) -> str:
        needs = always or any(sign in cell for sign in (delimiter, '"', "\n")) or not cell.strip()
        return '"' + cell.replace('"', '""') + '"' if needs else cell

    lines = [delimiter.join(written(cell) for cell in row) for row in [("first", "second", "third"), *rows]]
    text = "\n".join(lines) + "\n"
    filled = [index for index, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if not filled:
        return
    frame = read_delimited(text.encode(), "table.csv", TableOptions(delimiter=delimiter)).frame
    assert frame.rows() == rows[: filled[-1] + 1]


MUTATIONS = st.tuples(
    st.sampled_from(["insert", "delete", "replace", "cut"]),
    st.floats(min_value=0, max_value=1, exclude_max=True),
    st.one_of(
        st.sampled_from(
            [b",", b";", b"\n", b'"', b"\0", b"\r", b"NA", b"inf", b" ", b"-", b"Total", b"1e400", b"\xe9"]
        ),
        st.binary(min_size=1, max_size=2),
    ),
)


@given(st.lists(MUTATIONS, min_size=1, max_size=3))
def test_a_damaged_file_is_refused_or_gives_what_is_written_in_it(tmp_path_factory, damages):
    content = CLEAN.encode()
    for action, place, piece in damages:
        at = int(place * (len(content) + 1))
        rest = {"insert": content[at:], "delete": content[at + 4 :], "replace": content[at + len(piece) :], "cut": b""}
        content = content[:at] + (b"" if action in ("delete", "cut") else piece) + rest[action]
    path = table(tmp_path_factory.getbasetemp(), content, "damaged.csv")
    try:
        panel = read(path, options={"freq": "rows", "aggregate": "first"})
    except SeqcastError as refused:
        assert "\n" not in str(refused)
        return
    if not content.isascii():
        return
    text = content.decode().replace("\r\n", "\n").replace("\r", "\n")
    separator = "," if "," in text.lstrip().split("\n")[0] else ";"
    head, *rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(map(str.strip, row))]
    assert {len(row) for row in rows} == {len(head)}
    at = [normal(name) or f"column_{place}" for place, name in enumerate(head, 1)].index(panel.columns.target[0])
    written = {float(row[at]) for row in rows if row[at].strip().lower() not in MISSING}
    assert set(panel.values[panel.observed[:, 0], 0].tolist()) <= written
