"""The command line as a person meets it: what it prints where, and with which exit code."""

import json
import subprocess
import sys

import polars as pl
import pytest

from seqcast.cli.options import SECTIONS, settings_of
from seqcast.errors import ConfigError
from tests.runs.tables import write_table

TRAINING = ["--set", "training.epochs=2", "--set", "training.steps=3"]


def seqcast(*words, folder=None):
    command = [sys.executable, "-m", "seqcast", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("data") / "load.csv")


@pytest.fixture(scope="module")
def done(table, tmp_path_factory):
    """Return what one run printed; it was given no --out."""
    home = tmp_path_factory.mktemp("home")
    words = ["--target", "load", "--horizon", 4, "--models", "naive,seasonal-naive,gru", *TRAINING]
    return seqcast("run", table, *words, "--json", folder=home), home


def test_json_is_one_object_on_stdout_and_talk_is_on_stderr(done):
    result, home = done
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert set(found) == {
        *("leaderboard", "best", "choice", "verdict", "audit"),
        *("forecast_rows", "report", "seconds"),
    }
    assert found["audit"].startswith("passed: ")
    assert set(found["leaderboard"][0]) == {"model", "mase", "mae", "skill", "seconds"}
    errors = [row["mase"] for row in found["leaderboard"]]
    assert errors == sorted(errors) and found["best"] == found["choice"]["model"]
    assert found["forecast_rows"] == 4
    assert (home / found["report"]).is_file()
    assert "The step between rows is 1d." in result.stderr


def test_nothing_is_written_outside_the_run_folder(done):
    _, home = done
    assert [path.relative_to(home).as_posix() for path in home.glob("*/*")] == ["runs/load"]


def test_no_bar_is_drawn_where_stderr_is_no_terminal(done):
    assert "epoch" not in done[0].stderr and "\r" not in done[0].stderr and "\x1b" not in done[0].stderr


def test_fit_then_predict_from_the_saved_model(table, tmp_path):
    words = ["--target", "load", "--horizon", 4, "--model", "lstm", *TRAINING, "--out", tmp_path / "model"]
    fitted = seqcast("fit", table, *words, "--json")
    assert fitted.returncode == 0, fitted.stderr
    assert json.loads(fitted.stdout)["model"] == "lstm"
    said = seqcast("predict", tmp_path / "model")
    rows = pl.read_csv(said.stdout.encode())
    assert rows.columns[:5] == ["series", "time", "target", "model", "mean"] and rows.height == 4
    newer = write_table(tmp_path / "newer.csv", rows=130)
    later = pl.read_csv(seqcast("predict", tmp_path / "model", newer).stdout.encode())
    assert later["time"][0] == "2024-05-10"


def test_backtest_prints_scores_and_writes_only_what_was_named(table, tmp_path):
    words = ["--target", "load", "--horizon", 4, "--models", "naive,theta", "--out", "past.parquet"]
    result = seqcast("backtest", table, *words, "--json", folder=tmp_path)
    assert [row["model"] for row in json.loads(result.stdout)["leaderboard"]].count("seasonal-naive") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["past.parquet"]
    assert {"cutoff", "actual", "mean"} <= set(pl.read_parquet(tmp_path / "past.parquet").columns)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--horizon", 4, "--target", "lode"], "Did you mean 'load'?"),
        (["--horizon", 0], "The horizon must be at least 1 step; got 0."),
        (["--horizon", 4, "--target", "load", "--models", "naive,hybird"], "Did you mean 'hybrid'?"),
        (["--horizon", 4, "--target", "load", "--set", "training.epoch=3"], "Did you mean 'epochs'?"),
        (["--horizon", 4, "--target", "load", "--set", "run.horizen=3"], "Did you mean 'horizon'?"),
        (["--horizon", 4, "--target", "load", "--quantiles", "0.9,0.1"], "Quantiles must increase"),
        (["--horizon", 4, "--target", "load", "--budget", "soon"], "A budget is a positive duration"),
        (["--horizon", 90, "--target", "load"], "needs a series of"),
    ],
)
def test_a_refusal_is_one_line_and_exit_code_2(table, tmp_path, words, message):
    result = seqcast("run", table, *words, "--out", tmp_path / "run", "--quiet")
    assert result.returncode == 2
    assert message in result.stderr and len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert result.stdout == "" and not (tmp_path / "run").exists()


def test_an_unknown_option_is_exit_code_2(table):
    assert seqcast("run", table, "--horizn", 3).returncode == 2


def test_a_missing_file_is_one_line_and_exit_code_2():
    result = seqcast("run", "no-such.csv", "--horizon", 3)
    assert result.returncode == 2 and "no-such.csv" in result.stderr and len(result.stderr.splitlines()) == 1


def test_every_setting_of_a_run_is_an_option():
    from dataclasses import fields

    shown = {command: seqcast(command, "--help").stdout for command in ("run", "tune")}
    for section, options in SECTIONS.items():
        for part in fields(options):
            assert f"--{part.name.replace('_', '-')}" in shown["tune" if section == "search" else "run"]
    assert "--trials" not in shown["run"] and "--audit" not in shown["tune"]


def test_options_lie_over_set_and_set_over_the_file(tmp_path):
    (tmp_path / "a.toml").write_text("source = 'a.csv'\n[run]\nhorizon = 1\nseed = 1\nwindows = 1\n")
    given = {"config": str(tmp_path / "a.toml"), "set": ["run.seed=2", "run.windows=2"], "windows": 3}
    options = settings_of(None, given).run
    assert (options.horizon, options.seed, options.windows) == (1, 2, 3)


def test_names_with_commas_in_brackets_stay_whole():
    given = {"horizon": 3, "models": ["naive,arima(2,1,1)(0,1,1)"], "quantiles": ["0.1,0.9"]}
    options = settings_of("a.csv", given).run
    assert options.models == ("naive", "arima(2,1,1)(0,1,1)") and options.quantiles == (0.1, 0.9)


def test_what_set_cannot_read_is_shown():
    with pytest.raises(ConfigError, match="--set takes KEY=VALUE, such as training.lr=0.001; got 'training.lr'"):
        settings_of("a.csv", {"horizon": 3, "set": ["training.lr"]})


def test_version_is_printed():
    from seqcast import __version__

    assert seqcast("--version").stdout == f"seqcast {__version__}\n"
