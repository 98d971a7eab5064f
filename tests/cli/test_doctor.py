"""The command `doctor` as a person meets it: exit codes, JSON alone on stdout, and a page of text 80 columns wide."""

import json
import subprocess
import sys
from dataclasses import dataclass, fields

import numpy as np
import polars as pl
import pytest

from seqcast.cli import main
from seqcast.cli.diagnosis import sketch
from seqcast.data.options import RoleOptions, TableOptions
from seqcast.doctor.stationarity import Stationarity, stationarity


@dataclass(frozen=True)
class Said:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def doctor(monkeypatch, capsys):
    """Return the command as a function; in this process, so that the libraries are read once."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["seqcast", "doctor", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        return Said(int(end.value.code or 0), *capsys.readouterr())

    return run


def table(folder, name, **columns):
    months = [f"{2000 + i // 12}-{i % 12 + 1:02}" for i in range(150)]
    pl.DataFrame({"month": months, **columns}).write_csv(folder / name)
    return folder / name


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    calm = rng.normal(size=150)
    walk = rng.normal(size=150).cumsum()
    wave = 9 * np.sin(np.arange(150) * np.pi / 6) + calm
    return {
        "calm": table(folder, "calm.csv", y=calm + np.sin(np.arange(150) * np.pi / 6)),
        "walk": table(folder, "walk.csv", walk=walk, wave=wave),
    }


def test_a_calm_table_is_exit_code_0(doctor, files):
    result = doctor(files["calm"])
    assert (result.returncode, "stationary" in result.stdout) == (0, True), result.stderr
    assert "150 rows of 1 series, season 12 steps" in result.stdout


def test_findings_are_exit_code_3_and_text_that_fits_80_columns(doctor, files):
    result = doctor(files["walk"], "--target", "walk,wave")
    assert result.returncode == 3, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80 and "\x1b" not in result.stdout
    row = next(line for line in lines if line.startswith("walk ")).split()
    assert row[:2] == ["walk", "150"] and row[-4:] == ["0", "1", "unit", "root"]
    assert " 1. unit root · 1 of 2: walk" in lines and " 2. strong season · 1 of 2: wave" in lines
    assert "    → --season 12 is in use; give another number to try it." in lines
    assert lines[1] == "2 notes" and lines[3] == "NOTES, dealt with by the defaults"
    assert "The step between rows is 1mo." in result.stderr


def test_json_is_one_object_and_nothing_else(files):
    words = ["doctor", files["walk"], "--target", "walk,wave", "--season", "4", "--json", "--quiet"]
    result = subprocess.run([sys.executable, "-m", "seqcast", *words], capture_output=True, text=True, check=False)
    assert result.returncode == 3 and result.stderr == ""
    told = json.loads(result.stdout)
    assert len(result.stdout.splitlines()) == 1 and told["season"] == 4
    assert [pair["place"]["target"] for pair in told["tested"]] == ["walk", "wave"]
    assert all(len(pair["found"]["acf"]) == 12 for pair in told["tested"])


def test_what_is_drawn_in_colour_for_a_terminal_is_plain_with_no_color(doctor, files, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    words = [files["walk"], "--target", "walk"]
    assert "\x1b[36m" in doctor(*words).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[3" not in doctor(*words).stdout


def test_a_wrong_name_is_one_line_and_exit_code_2(doctor, files):
    result = doctor(files["walk"], "--target", "wlak")
    assert result.returncode == 2 and result.stdout == ""
    assert "Did you mean 'walk'?" in result.stderr and len(result.stderr.splitlines()) == 1


def test_every_option_of_the_table_is_there_and_none_of_the_work(doctor):
    shown = doctor("--help").stdout
    for part in (*fields(RoleOptions), *fields(TableOptions)):
        assert f"--{part.name.replace('_', '-')}" in shown
    assert "--models" not in shown and "--season" in shown and "--horizon" in shown


def found(y, season):
    outcome = stationarity(y, season)
    assert isinstance(outcome, Stationarity)
    return outcome


def test_a_sketch_shows_each_lag_over_its_number():
    wave = np.sin(np.arange(200) * np.pi / 6) + 0.3 * np.random.default_rng(0).normal(size=200)
    lines = [line.plain for line in sketch(found(wave, 12))]
    assert lines[0].startswith("  ACF ")
    ups, downs, axis = lines[0][6:], lines[1][6:].ljust(36), lines[-2][6:]
    assert ups[11] in "▆▇█" and ups[5] == " " and downs[5] in "▀█" and downs[11] == " "
    assert [axis.index("12") + 1, axis.index("24") + 1, axis.index("36") + 1] == [11, 23, 35]  # last digit at the lag


def test_pure_noise_is_sketched_as_points():
    lines = [line.plain for line in sketch(found(np.random.default_rng(1).normal(size=400), 1))]
    assert lines[0].count("·") >= 36 and len(lines[0]) == 46


@pytest.mark.parametrize("season", [1, 52, 168, 336])
def test_many_lags_are_drawn_in_80_columns_and_keep_the_first(season):
    walk = np.random.default_rng(2).normal(size=3_000).cumsum()
    lines = [line.plain for line in sketch(found(walk, season))]
    assert max(map(len, lines)) <= 80
    partial = next(line for line in lines if line.startswith(" PACF"))
    assert partial[6] == "█"  # of a walk, the step before tells everything: it must not fall between two bars
