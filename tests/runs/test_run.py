"""A run: its files, its honesty, and that a stopped one goes on to the same bytes."""

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

from seqcast import load, run
from seqcast.config import Settings
from seqcast.errors import BundleError, ConfigError, HistoryError
from seqcast.forecasters.build import ENSEMBLES
from seqcast.runs.talk import Talk
from tests.runs.tables import MODELS, QUICK, write_table

FILES = {"report.html", "forecast.csv", "backtest.parquet", "leaderboard.csv", "model", "run.toml", "run.json"}


def settings_for(table, models=MODELS, **more):
    options = {"horizon": 4, "models": list(models), "windows": 2, "audit": False, **more}
    return Settings.from_mapping(
        {"source": str(table), "columns": {"target": ["load"]}, "run": options, "training": QUICK}
    )


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("data") / "load.csv")


@pytest.fixture(scope="module")
def finished(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "one"
    return run(settings_for(table), out)


def test_the_folder_holds_what_was_promised_and_nothing_else(finished):
    assert {path.name for path in finished.folder.iterdir()} == FILES


def test_the_leaderboard_is_sorted_and_every_model_is_on_it(finished):
    scores = [score.mase for score in finished.scores]
    assert scores == sorted(scores) and {score.model for score in finished.scores} == {*MODELS, *ENSEMBLES}
    yardstick = next(score for score in finished.scores if score.model == "seasonal-naive")
    for score in finished.scores:
        assert score.skill == pytest.approx(1 - score.mase / yardstick.mase)


def test_the_forecast_is_the_chosen_models_past_the_last_row(finished):
    table = pl.read_csv(finished.folder / "forecast.csv")
    assert table["model"].unique().to_list() == [finished.choice.model]
    assert table["time"].to_list() == ["2024-04-30", "2024-05-01", "2024-05-02", "2024-05-03"]
    levels = [name for name in table.columns if name.startswith("q0.")]
    assert len(levels) == 9
    assert (np.diff(table.select(levels).to_numpy(), axis=1) >= 0).all()


def test_the_backtest_holds_what_came_and_what_was_said_then(finished, table):
    past = pl.read_parquet(finished.folder / "backtest.parquet")
    assert past.height == len([*MODELS, *ENSEMBLES]) * 2 * 4
    seen = pl.read_csv(table, try_parse_dates=True)
    joined = past.join(seen, left_on="time", right_on="date")
    assert (joined["actual"] - joined["load"]).abs().max() == 0
    assert (past["time"] > past["cutoff"]).all()


def test_scores_can_be_computed_again_from_the_backtest_alone(finished):
    past = pl.read_parquet(finished.folder / "backtest.parquet")
    for score in finished.scores:
        own = past.filter(pl.col("model") == score.model)
        assert (own["actual"] - own["q0.5"]).abs().mean() == pytest.approx(score.mae)


def test_the_facts_say_what_a_rerun_needs(finished):
    facts = json.loads((finished.folder / "run.json").read_text())
    assert facts["seed"] == 0 and facts["best"] == finished.best
    assert {"python", "torch", "numpy", "seqcast"} <= set(facts["versions"])
    assert len(facts["data"]["sha256"]) == 64


def test_the_written_settings_repeat_the_run_byte_for_byte(finished, tmp_path):
    import tomllib

    settings = Settings.from_mapping(tomllib.loads((finished.folder / "run.toml").read_text()))
    again = run(settings, tmp_path / "again")
    for name in ("forecast.csv", "run.toml"):
        assert (again.folder / name).read_bytes() == (finished.folder / name).read_bytes()
    assert pl.read_parquet(again.folder / "backtest.parquet").equals(
        pl.read_parquet(finished.folder / "backtest.parquet")
    )


def test_the_saved_model_forecasts_the_same(finished):
    forecast = load(finished.folder / "model").predict()
    written = pl.read_csv(finished.folder / "forecast.csv")
    np.testing.assert_array_equal(forecast["mean"].to_numpy(), written["mean"].to_numpy())


def test_a_changed_model_file_is_refused(finished, tmp_path):
    import shutil

    shutil.copytree(finished.folder / "model", tmp_path / "model")
    victim = tmp_path / "model" / "panel.safetensors"
    data = bytearray(victim.read_bytes())
    data[-3] ^= 1
    victim.write_bytes(bytes(data))
    with pytest.raises(BundleError, match=r"panel\.safetensors was changed since it was saved"):
        load(tmp_path / "model")


class Killed(Exception):
    pass


class KillAt(Talk):
    """Stops the run at the n-th thing it says."""

    def __init__(self, moment):
        self.left = moment

    def stage(self, line):
        self.left -= 1
        if self.left == 0:
            raise Killed

    def epoch(self, name, run, epochs):
        self.stage(name)


@pytest.mark.parametrize("moment", [2, 5, 9, 11, 12, 15, 18])
def test_a_stopped_run_goes_on_to_the_same_bytes(moment, finished, table, tmp_path):
    with pytest.raises(Killed):
        run(settings_for(table), tmp_path / "run", talk=KillAt(moment))
    assert not (tmp_path / "run" / "run.json").exists()
    resumed = run(settings_for(table), tmp_path / "run", resume=True)
    assert (resumed.folder / "forecast.csv").read_bytes() == (finished.folder / "forecast.csv").read_bytes()
    assert {path.name for path in resumed.folder.iterdir()} == FILES


def test_what_was_finished_before_a_stop_is_not_done_again(table, tmp_path):
    with pytest.raises(Killed):
        run(settings_for(table), tmp_path / "run", talk=KillAt(9))
    said = []

    class Listen(Talk):
        def stage(self, line):
            said.append(line)

    run(settings_for(table), tmp_path / "run", resume=True, talk=Listen())
    assert not any(line.startswith(("naive: backtest", "theta: backtest")) for line in said)


def test_going_on_with_other_settings_or_data_is_refused(table, tmp_path):
    with pytest.raises(Killed):
        run(settings_for(table), tmp_path / "run", talk=KillAt(8))
    with pytest.raises(BundleError, match="changed since: settings"):
        run(settings_for(table, seed=1), tmp_path / "run", resume=True)
    other = write_table(tmp_path / "load.csv", rows=121)
    with pytest.raises(BundleError, match="changed since: data, settings"):
        run(settings_for(other), tmp_path / "run", resume=True)


def test_a_folder_used_again_is_whole_only_when_the_new_run_is(table, tmp_path):
    run(settings_for(table, models=("naive",)), tmp_path / "run")
    with pytest.raises(Killed):
        run(settings_for(table, models=("naive", "theta")), tmp_path / "run", talk=KillAt(4))
    assert not (tmp_path / "run" / "run.json").exists()
    again = run(settings_for(table, models=("naive", "theta")), tmp_path / "run", resume=True)
    assert {path.name for path in again.folder.iterdir()} == FILES


def test_nothing_to_go_on_with_is_said(table, tmp_path):
    with pytest.raises(ConfigError, match="nothing to go on with"):
        run(settings_for(table), tmp_path / "new", resume=True)


def test_a_folder_of_somebody_else_is_left_alone(table, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="holds files that seqcast did not write"):
        run(settings_for(table), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_too_short_a_history_says_how_many_rows_it_takes(tmp_path):
    table = write_table(tmp_path / "short.csv", rows=42)
    with pytest.raises(
        HistoryError, match=r"needs a series of 94 rows: 14 to learn from and 80 to be judged by; the longest has 42"
    ):
        run(settings_for(table, windows=20), tmp_path / "run")


def test_a_budget_cuts_and_says_so(table, tmp_path):
    began = time.monotonic()
    settings = settings_for(table, budget="12s")
    slow = replace(settings, training={"epochs": 100_000, "steps": 100, "batch": 16, "patience": 100_000})
    result = run(slow, tmp_path / "run")
    assert time.monotonic() - began < 12 * 1.2
    assert any("cut by the budget" in note for note in result.notes)
    assert result.forecast.height == 4


def test_ctrl_c_in_a_network_reports_what_was_done(table, tmp_path):
    class Press(Talk):
        def epoch(self, name, run, epochs):
            if name == "lstm" and run.progress.epoch == 2:
                raise KeyboardInterrupt

    result = run(settings_for(table, models=("naive", "lstm", "hybrid")), tmp_path / "run", talk=Press())
    assert "hybrid" not in {score.model for score in result.scores}
    assert "Interrupted: left out were hybrid." in result.notes


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_whole_files_and_loses_no_finished_work(finished, table, tmp_path):
    out, draw = tmp_path / "run", np.random.default_rng(3)
    command = [
        sys.executable,
        "-m",
        "seqcast",
        "run",
        "--config",
        str(tmp_path / "run.toml"),
        "--out",
        str(out),
        "--quiet",
    ]
    (tmp_path / "run.toml").write_text(settings_for(table).to_toml())
    for _ in range(4):
        more = ["--resume"] if (out / "checkpoints" / "identity.json").exists() else []
        process = subprocess.Popen([*command, *more], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(draw.uniform(1.5, 7.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not list(out.glob("*.part"))
        if (out / "run.json").exists():
            break
        if (out / "forecast.csv").exists():
            assert (out / "forecast.csv").read_bytes() == (finished.folder / "forecast.csv").read_bytes()
    if not (out / "run.json").exists():
        more = ["--resume"] if (out / "checkpoints" / "identity.json").exists() else []
        subprocess.run(
            [*command, *more], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
    assert (out / "forecast.csv").read_bytes() == (finished.folder / "forecast.csv").read_bytes()
