"""Samples of a table: which columns they stand in, how series are put together, and what is refused."""

import numpy as np
import polars as pl
import pytest

from seqcast.data.options import SampleOptions, TableOptions
from seqcast.data.samples import read_samples
from seqcast.errors import CellError, ColumnError, FileError
from tests.runs.reviews import reviews, trends

SERIES = SampleOptions(series="name", time="t")


def test_texts_come_back_as_they_stand_whatever_the_file(tmp_path):
    table = pl.DataFrame({"text": ['a "fine"\nfilm, truly', "dull"], "label": ["good", "bad"]})
    table.write_csv(tmp_path / "t.csv")
    table.write_parquet(tmp_path / "t.parquet")
    for source in (tmp_path / "t.csv", tmp_path / "t.parquet", table, table.to_pandas()):
        samples = read_samples(source, SampleOptions())
        assert samples.values == table["text"].to_list() and samples.labels == ["good", "bad"]


@pytest.mark.parametrize(("labels", "said"), [([1, 0], "10"), ([1.0, 0.0], "10"), ([True, False], ("true", "false"))])
def test_a_class_is_the_same_word_in_every_kind_of_table(labels, said):
    assert read_samples(pl.DataFrame({"text": ["a", "b"], "label": labels}), SampleOptions()).labels == list(said)


def test_rows_of_a_series_are_put_together_in_the_order_of_time():
    table = trends(6)
    samples = read_samples(table, SERIES)
    assert samples.names == tuple(f"s{n}" for n in range(6)) and samples.roles.channels == ("a", "b")
    for name, values, label in zip(samples.names, samples.values, samples.labels, strict=True):
        own = table.filter(pl.col("name") == name).sort("t")
        np.testing.assert_array_equal(values, own.select("a", "b").to_numpy())
        assert {label} == set(own["label"])


def test_times_may_be_dates_and_rows_may_stand_as_they_are():
    table = pl.DataFrame({"name": ["x"] * 3, "day": ["2024-01-10", "2024-01-09", "2024-02-01"], "a": [1.0, 2.0, 3.0]})
    table = table.with_columns(label=pl.lit("u"))
    by_day = read_samples(table, SampleOptions(series="name", time="day", channels=("a",)))
    assert by_day.values[0].ravel().tolist() == [2.0, 1.0, 3.0]
    as_it_is = read_samples(table, SampleOptions(series="name", channels=("a",)))
    assert as_it_is.values[0].ravel().tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("change", "roles", "error", "message"),
    [
        ({"label": None}, SampleOptions(), CellError, r"column 'label' has nothing in row 1 of .* \(120 rows in all\)"),
        ({"text": None}, SampleOptions(), CellError, "Each row needs a text"),
        ({"text": 3}, SampleOptions(), CellError, "Texts are text; column 'text' of .* is Int"),
        ({}, SampleOptions(text="review"), ColumnError, "has no column 'review'"),
        ({}, SampleOptions(label="sentiment"), ColumnError, "has no column 'sentiment'"),
        ({}, SampleOptions(text="text", series="label"), ColumnError, "got --text and --series"),
    ],
)
def test_what_is_missing_is_named(change, roles, error, message):
    table = reviews().with_columns(**{name: pl.lit(value) for name, value in change.items()})
    with pytest.raises(error, match=message):
        read_samples(table, roles)


def test_a_column_that_cannot_be_guessed_is_asked_for():
    with pytest.raises(ColumnError, match="Which column holds the classes.*--label"):
        read_samples(reviews().rename({"label": "mood"}), SampleOptions())
    with pytest.raises(ColumnError, match="Which column holds the texts.*--text"):
        read_samples(reviews().rename({"text": "words"}), SampleOptions())


def test_a_series_of_two_classes_and_a_time_that_is_none_are_refused():
    table = trends(4)
    with pytest.raises(CellError, match="A series has one class; 's0' has 'down', 'up'"):
        mixed = pl.when(pl.col("t") == 0).then(pl.lit("up")).otherwise("label")
        read_samples(table.with_columns(label=mixed), SERIES)
    with pytest.raises(CellError, match="Times are numbers or dates"):
        read_samples(table.with_columns(t=pl.lit("noon")), SERIES)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"text,label\nfine,1\n\xff\xfe\x9d bad,0\n")
    with pytest.raises(FileError):
        read_samples(path, SampleOptions())
    table = pl.DataFrame({"text": [b"fine", b"\xff\xfe"], "label": [1, 0]})
    with pytest.raises(CellError, match="Texts must be UTF-8"):
        read_samples(table, SampleOptions())


def test_rows_are_kept_by_a_condition():
    assert len(read_samples(reviews(), SampleOptions(), TableOptions(where="label = 'good'"))) == 60
