"""Tuning a table from end to end: honest windows, the same answer after any stop, and a budget that is kept."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from seqcast import load
from seqcast.config import Settings
from seqcast.data.table import read_panel
from seqcast.errors import BundleError, ConfigError, HistoryError
from seqcast.runs.talk import Talk
from seqcast.runs.tuning import planned_for, search_of, tune
from seqcast.tune.journal import Journal
from seqcast.tune.records import Job
from tests.runs.tables import write_table

TRAINING = {"epochs": 3, "steps": 3, "batch": 16}


def settings_for(table, **search):
    return Settings.from_mapping(
        {
            "source": str(table),
            "columns": {"target": ["load"]},
            "run": {"horizon": 4, "models": ["lstm", "gru"], "windows": 2},
            "training": TRAINING,
            "search": {"trials": 5, **search},
        }
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("data") / "load.csv")


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
    return tune(settings_for(table), tmp_path_factory.mktemp("tuned") / "search")


def test_the_folder_holds_what_was_promised(finished):
    assert {path.name for path in finished.folder.iterdir()} == {
        *("trials.csv", "forecast.csv", "model", "tune.json", "tune.toml", "search.jsonl", "report.html")
    }
    facts = json.loads((finished.folder / "tune.json").read_text())
    assert {"best", "best_value", "trials", "seconds"} <= set(facts)
    assert facts["trials"] == 6 and facts["best_value"] == min(
        record.value for record in finished.done.records if record.job.epochs == 3
    )


def test_the_saved_model_makes_the_forecast_with_the_settings_that_were_chosen(finished):
    forecaster = load(finished.folder / "model")
    assert forecaster.model == finished.best["model"]
    assert forecaster.predict()["mean"].to_list() == finished.forecast["mean"].to_list()
    for name, value in finished.best.items():
        if name.startswith("training."):
            assert forecaster.training[name.removeprefix("training.")] == value


def test_outer_windows_score_and_choose_nothing(finished, table):
    settings = settings_for(table)
    panel = read_panel(settings.source, settings.columns, settings.table)
    plan = planned_for(panel, settings)
    inner = plan.folds.origins.take(plan.folds.origins.fold < plan.inner)
    first_outer = plan.folds.known[plan.inner].max()
    assert plan.inner >= 2 and (inner.rows + 4 <= first_outer).all()
    assert {score.model for score in finished.scores} >= {"tuned", "seasonal-naive"}
    assert finished.optimism == pytest.approx(finished.outer["tuned"] - finished.inner)


def test_what_comes_after_the_first_outer_cutoff_moves_no_value(finished, table, tmp_path):
    settings = settings_for(table)
    panel = read_panel(settings.source, settings.columns, settings.table)
    plan = planned_for(panel, settings)
    first_outer = int(plan.folds.known[plan.inner].max())
    frame = pl.read_csv(table)
    step = pl.int_range(pl.len())
    if "id" in frame.columns:
        step = step.over("id")
    changed = frame.with_columns(
        pl.when(step >= first_outer).then(pl.col(pl.Float64) * 3 + 50).otherwise(pl.col(pl.Float64)).name.keep()
    )
    assert not changed.equals(frame)
    changed.write_csv(tmp_path / "changed.csv")
    other = settings_for(tmp_path / "changed.csv")
    again = read_panel(other.source, other.columns, other.table)
    found = search_of(again, planned_for(again, other), other, Talk())
    (tmp_path / "training").mkdir()
    record = found.objective(Job(0, 3), {"model": "lstm"}, tmp_path / "training")
    assert record.value == finished.done.value(0, 3)


def test_a_trial_that_went_on_from_rung_to_rung_is_the_one_trained_straight(table, tmp_path):
    settings = replace(settings_for(table), training={**TRAINING, "epochs": 9})
    panel = read_panel(settings.source, settings.columns, settings.table)
    objective = search_of(panel, planned_for(panel, settings), settings, Talk()).objective
    params = {"model": "gru", "model.gru.width": 16, "training.lr": 0.004}
    for name in ("rungs", "straight"):
        (tmp_path / name).mkdir()
    for epochs in (1, 3, 9):
        last = objective(Job(1, epochs), params, tmp_path / "rungs")
    straight = objective(Job(1, 9), params, tmp_path / "straight")
    assert (last.value, last.loss, last.reached) == (straight.value, straight.loss, straight.reached)
    rungs, whole = (next((tmp_path / name).iterdir()).read_bytes() for name in ("rungs", "straight"))
    assert without_seconds(rungs) == without_seconds(whole)


def without_seconds(checkpoint):
    """Return the tensors of a checkpoint: its head tells the time that each epoch took."""
    return checkpoint[8 + int.from_bytes(checkpoint[:8], "little") :]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_killed_at_any_moment_the_same_command_ends_with_the_same_bytes(finished, table, tmp_path):
    out, draw = tmp_path / "search", np.random.default_rng(1)
    (tmp_path / "tune.toml").write_text(settings_for(table).to_toml())
    command = [sys.executable, "-m", "seqcast", "tune", "--config", str(tmp_path / "tune.toml"), "--out", str(out)]
    for _ in range(4):
        process = subprocess.Popen([*command, "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        waited = time.monotonic()
        while not (out / "search.jsonl").exists() and time.monotonic() - waited < 60:
            time.sleep(0.05)
        time.sleep(draw.uniform(0.2, 1.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = subprocess.run([*command, "--json"], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["best"] == dict(finished.best)
    for name in ("trials.csv", "forecast.csv"):
        assert (out / name).read_bytes() == (finished.folder / name).read_bytes()


def test_a_finished_search_answers_again_and_other_settings_are_refused(finished, table):
    again = tune(settings_for(table), finished.folder)
    assert again.best == finished.best and again.done.records == finished.done.records
    with pytest.raises(BundleError, match=r"changed since: settings.*--fresh"):
        tune(settings_for(table, sampler="random"), finished.folder)


def test_more_trials_go_on_with_a_finished_search(table, tmp_path):
    few = tune(settings_for(table, trials=2, method="random"), tmp_path / "search")
    more = tune(settings_for(table, trials=4, method="random"), tmp_path / "search")
    assert more.trials == 5 and more.done.records[: len(few.done.records)] == few.done.records


def test_two_processes_write_the_table_that_one_does(finished, table, tmp_path):
    both = tune(settings_for(table, workers=2), tmp_path / "search")
    assert (both.folder / "trials.csv").read_bytes() == (finished.folder / "trials.csv").read_bytes()


@pytest.mark.slow
def test_a_budget_is_kept_and_ends_with_a_model(table, tmp_path):
    settings = settings_for(table)
    settings = replace(settings, run=replace(settings.run, budget="25s"), search=replace(settings.search, trials=None))
    began = time.monotonic()
    result = tune(settings, tmp_path / "search")
    assert 17.5 < time.monotonic() - began < 27.5
    assert result.trials > 3 and (result.folder / "model" / "manifest.json").is_file()


def test_a_budget_too_short_for_a_search_still_gives_the_model_of_the_defaults(table, tmp_path):
    settings = settings_for(table)
    run = replace(settings.run, budget="4s")
    training = {**TRAINING, "epochs": 500, "steps": 50, "patience": 500}
    result = tune(replace(settings, run=run, training=training), tmp_path / "search")
    assert result.best == {"model": "lstm"} and len(result.forecast) > 0
    assert any("too short for a search" in note for note in result.notes)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"search": {}}, ConfigError, "A search needs an end: give --budget 20m, --trials 30"),
        ({"search": {"trials": 0}}, ConfigError, "trials must be at least 1; got 0"),
        ({"search": {"trials": 2, "method": "hyperban"}}, ConfigError, "Did you mean 'hyperband'?"),
        (
            {"search": {"trials": 2}, "run": {"horizon": 4, "engine": "spark"}},
            ConfigError,
            "No engine is named 'spark'",
        ),
        ({"run": {"horizon": 4, "models": ["theta"]}}, ConfigError, "Settings are sought for networks"),
        ({"run": {"horizon": 4, "inner": 0}}, HistoryError, "Settings are sought on inner windows"),
    ],
)
def test_what_cannot_be_sought_is_refused(table, tmp_path, change, error, message):
    mapping = {**settings_for(table).to_mapping(), **change}
    with pytest.raises(error) as caught:
        tune(Settings.from_mapping(mapping), tmp_path / "search")
    assert message in str(caught.value)


def test_a_folder_of_somebody_else_is_left_alone(table, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ConfigError, match="no search has written"):
        tune(settings_for(table), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_setting_that_cannot_work_is_a_trial_that_failed(table, tmp_path):
    settings = settings_for(table, method="random", sampler="random", trials=2)
    settings = replace(settings, run=replace(settings.run, models=("hybrid",)), space={"model.hybrid.width": [30]})
    result = tune(settings, tmp_path / "search")
    failed = [record for record in result.done.records if record.failed]
    assert [record.job.trial for record in failed] == [1, 2]
    assert all("width must be a multiple of heads; got 30 and 4" in record.failed for record in failed)
    assert result.best == {"model": "hybrid"} and any("2 of 3 settings could not work" in note for note in result.notes)


def test_records_of_a_search_stay_in_its_journal(finished):
    assert Journal(finished.folder).done().records == finished.done.records
