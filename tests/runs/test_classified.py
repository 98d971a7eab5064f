"""A classification from end to end: the folder, honest parts, twins, a search, a budget, and the command line."""

import json
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest

from seqcast import Classifier
from seqcast.errors import BundleError, ConfigError
from seqcast.runs.classified import classify
from seqcast.runs.classify_answers import answer
from seqcast.runs.classify_settings import ClassifySettings
from tests.runs.reviews import reviews, trends

SMALL = {"network": {"width": 8, "embedding": 16}, "training": {"epochs": 8, "batch": 16, "lr": 0.01}}


def settings_for(source, **run):
    return ClassifySettings.from_mapping({"source": str(source), **SMALL, "run": run})


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    home = tmp_path_factory.mktemp("tables")
    train, test = reviews(120, seed=1), reviews(40, seed=2)
    pl.concat([train, train[:2]]).write_parquet(home / "train.parquet")
    pl.concat([test, train[:1]]).write_csv(home / "test.csv")
    trends().write_csv(home / "trends.csv")
    return home


@pytest.fixture(scope="module")
def done(tables, tmp_path_factory):
    settings = settings_for(tables / "train.parquet", test=str(tables / "test.csv"))
    return classify(settings, tmp_path_factory.mktemp("home") / "run")


def test_the_folder_holds_everything_that_was_said(done):
    assert {path.name for path in done.folder.iterdir()} == {
        *("report.html", "predictions.csv", "scores.csv", "classify.toml", "classify.json", "model")
    }
    told = json.loads((done.folder / "classify.json").read_text())
    assert told["scores"][0]["model"] == "lstm" and told["counts"]["tested"] == 41
    assert [score.model for score in done.scores] == ["lstm", "network alone", "linear alone", "most frequent class"]
    assert done.scores[0].accuracy > 0.9
    assert "://" not in (done.folder / "report.html").read_text()


def test_predictions_are_those_of_the_saved_model(done, tables):
    table = pl.read_csv(done.folder / "predictions.csv")
    assert (table["truth"] == table["said"]).mean() == done.scores[0].accuracy
    again = answer(done.folder / "model", tables / "test.csv")
    np.testing.assert_allclose(again["p:good"], table["p:good"], atol=1e-6)
    unlabelled = pl.read_csv(tables / "test.csv").drop("label")
    assert answer(done.folder / "model", unlabelled).drop("sample").equals(again.drop("sample"))


def test_twins_are_told(done):
    assert any(note.startswith("2 texts stand there again") for note in done.notes)
    assert any(note.startswith("1 text of the 41 that test were learnt too") for note in done.notes)


def test_the_settings_of_the_folder_repeat_the_run(done, tmp_path):
    import tomllib

    read = ClassifySettings.from_mapping(tomllib.loads((done.folder / "classify.toml").read_text()))
    twin = classify(read, tmp_path / "twin")
    assert (twin.folder / "predictions.csv").read_bytes() == (done.folder / "predictions.csv").read_bytes()


def test_the_test_part_changes_nothing_that_is_learnt(done, tables, tmp_path):
    other = classify(settings_for(tables / "train.parquet"), tmp_path / "alone")
    first, second = (Classifier.load(run.folder / "model").fitted_ for run in (done, other))
    assert first.reading.vocabulary.words.equals(second.reading.vocabulary.words)
    for name, value in first.network.model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), second.network.model.state_dict()[name].numpy())
    assert other.facts.found.part == "validation"
    assert other.facts.confusion.sum() == other.facts.found.counts["validated"]


def test_series_are_classified_beside_nearest_neighbour_and_linear_model(tables, tmp_path):
    mapping = {"source": str(tables / "trends.csv"), "columns": {"series": "name", "time": "t"}}
    training = {"epochs": 30, "batch": 8, "lr": 0.01}
    asked = {**mapping, "network": {"width": 8}, "training": training, "run": {"order": "none"}}
    done = classify(ClassifySettings.from_mapping(asked), tmp_path / "run")
    assert [score.model for score in done.scores][1:] == ["nearest neighbour", "linear", "most frequent class"]
    assert done.scores[0].accuracy > 0.8
    said = answer(done.folder / "model", trends(8, seed=5).drop("label"))
    assert said["sample"].to_list() == [f"s{n}" for n in range(8)]


def test_a_search_goes_on_and_is_judged_by_validation_alone(tables, tmp_path):
    settings = settings_for(tables / "train.parquet", test=str(tables / "test.csv"), trials=4)
    settings = ClassifySettings.from_mapping({**settings.to_mapping(), "training": {"epochs": 3, "batch": 16}})
    done = classify(settings, tmp_path / "run")
    trials = (tmp_path / "run" / "search" / "trials.csv").read_text()
    assert any(note.startswith("5 settings were tried") for note in done.notes)
    assert len(pl.read_csv(tmp_path / "run" / "search" / "trials.csv")) >= 5
    other = ClassifySettings.from_mapping({**settings.to_mapping(), "run": {"trials": 4}})
    classify(other, tmp_path / "run")  # the records stand: another test part changes none
    assert (tmp_path / "run" / "search" / "trials.csv").read_text() == trials
    with pytest.raises(BundleError):
        classify(ClassifySettings.from_mapping({**other.to_mapping(), "network": {"width": 4}}), tmp_path / "run")


def test_a_budget_ends_the_training(tables, tmp_path):
    training = {"epochs": 100_000, "batch": 16, "patience": 100_000}
    asked = {"source": str(tables / "train.parquet"), "training": training, "run": {"budget": "8s"}}
    began = time.monotonic()
    done = classify(ClassifySettings.from_mapping({**asked, "network": {"width": 8}}), tmp_path / "run")
    assert time.monotonic() - began < 10
    assert len(done.facts.found.records) < 100_000


def test_a_refit_learns_from_all_and_is_scored_by_the_test_part_alone(tables, done, tmp_path):
    settings = settings_for(tables / "train.parquet", test=str(tables / "test.csv"), refit=True)
    again = classify(settings, tmp_path / "run")
    assert again.facts.found.part == "test" and again.scores[0].accuracy > 0.9
    words = (run.folder / "model" / "reading.safetensors" for run in (again, done))
    assert len({path.stat().st_size for path in words}) == 2  # runs of the texts that validated are weighed too


def test_a_folder_of_somebody_else_is_left_alone(tables, tmp_path):
    (tmp_path / "thesis.txt").write_text("…")
    with pytest.raises(ConfigError, match="files that no classification wrote"):
        classify(settings_for(tables / "train.parquet"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"source": "a.csv", "netwrok": {}}, "No section is named 'netwrok'. Did you mean 'network'"),
        ({}, "A table is needed"),
        ({"source": "a.csv", "run": {"order": "tmie"}}, "No order of samples is named 'tmie'. Did you mean 'time'"),
        ({"source": "a.csv", "run": {"refit": True}}, "none is left to score by.*--test FILE"),
        ({"source": "a.csv", "run": {"trials": 0}}, "trials must be at least 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(mapping, message):
    with pytest.raises(ConfigError, match=message):
        ClassifySettings.from_mapping(mapping)


def command(*words, folder):
    line = [sys.executable, "-m", "seqcast", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, cwd=folder, check=False)


def test_the_command_line_learns_and_answers(tables, tmp_path):
    small = ["--set", "network.width=8", "--set", "training.epochs=3", "--set", "training.batch=16"]
    done = command(
        "classify", tables / "train.parquet", "--test", tables / "test.csv", "--json", *small, folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["part"] == "test" and set(told["scores"][0]) == {"model", "accuracy", "low", "high", "log_loss"}
    assert "Column 'text' holds the texts." in done.stderr
    said = command("predict", tmp_path / told["model"], tables / "test.csv", folder=tmp_path)
    assert said.returncode == 0 and said.stdout.startswith("sample,said,p:bad,p:good\n"), said.stderr
    assert len(said.stdout.splitlines()) == 42
    without = command("predict", tmp_path / told["model"], folder=tmp_path)
    assert without.returncode == 2 and "needs a table to ask about" in without.stderr
    wrong = command("classify", tables / "train.parquet", "--text", "review", folder=tmp_path)
    assert wrong.returncode == 2 and "has no column 'review'" in wrong.stderr and not wrong.stdout
