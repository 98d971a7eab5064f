"""`seqcast audit`: what it prints, and the exit code that a script can rely on."""

import json

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from seqcast.cli import commands
from seqcast.cli.app import app
from seqcast.leaks.outcome import REPEAT, Audit, HeldOut, Outcome
from tests.runs.tables import write_table

WORDS = ["--target", "load", "--horizon", "4", "--models", "naive,theta", "--quiet"]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("data") / "load.csv")


def audited(table, *words):
    return CliRunner().invoke(app, ["audit", str(table), *WORDS, *words], env={"COLUMNS": "200"})


def planted(*outcomes):
    held = HeldOut(targets=4, past=4, known=0)
    return lambda *_, **__: Audit(cutoff="2024-04-25", held_out=held, outcomes=outcomes, notes=("On 120 rows.",))


def outcome(model, corruption, moved=0, **more):
    return Outcome(model=model, corruption=corruption, moved=moved, numbers=40, **more)


def test_a_table_of_models_and_the_verdict_in_the_last_line(table):
    done = audited(table)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].startswith("Everything after 2024-04-25 was replaced in three ways: 4 values of")
    for model in ("naive", "theta", "seasonal-naive"):
        [line] = [line for line in done.stdout.splitlines() if line.startswith(f"{model} ")]
        assert line.split()[1:] == ["0", "of", "40", "moved"] * 3 + ["passed"]
    assert done.stdout.splitlines()[-1].startswith("passed: 5 models and the choice among them")


def test_json_is_one_object(table):
    found = json.loads(audited(table, "--json").stdout)
    assert found["passed"] is True and found["leaking"] == [] and found["held_out"]["targets"] == 4
    assert found["suspects"] == []


def test_a_feature_that_is_tomorrows_target_is_named_though_nothing_leaked(table, tmp_path):
    frame = pl.read_csv(table)
    frame.with_columns(coal=pl.col("load").shift(-1)).write_csv(tmp_path / "ahead.csv")
    done = audited(tmp_path / "ahead.csv")
    assert done.exit_code == 0 and "passed: " in done.stdout
    assert "coal" in done.stdout and "→ " in done.stdout
    [suspect] = json.loads(audited(tmp_path / "ahead.csv", "--json").stdout)["suspects"]
    assert suspect["severity"] == "warning" and suspect["places"][0]["target"] == "coal"


def test_a_leak_ends_with_exit_code_3(table, monkeypatch):
    leak = planted(outcome("naive", "noise"), outcome("lstm", "noise", 7, worst=2.5, where="load, step 1"))
    monkeypatch.setattr(commands, "audit_settings", leak)
    done = audited(table)
    assert done.exit_code == 3
    assert "7 of 40 moved" in done.stdout and "LEAK" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("LEAK: lstm moved by up to 2.5 (load, step 1)")


def test_what_draws_at_random_is_told_apart_from_a_leak_and_is_no_pass(table, monkeypatch):
    shaky = (outcome("lstm", kind, 40, worst=1.0) for kind in ("noise", REPEAT))
    monkeypatch.setattr(commands, "audit_settings", planted(*shaky))
    done = audited(table)
    assert done.exit_code == 3 and "not deterministic" in done.stdout and "LEAK" not in done.stdout


def test_a_breakdown_has_no_numbers_to_show(table, monkeypatch):
    broken = planted(outcome("lstm", "missing", 40, worst=np.inf, reason="it broke down: ValueError"))
    monkeypatch.setattr(commands, "audit_settings", broken)
    assert "no answer" in audited(table).stdout
    assert json.loads(audited(table, "--json").stdout)["outcomes"][0]["worst"] is None


def test_bad_input_is_told_in_one_line(tmp_path):
    done = CliRunner().invoke(app, ["audit", str(tmp_path / "none.csv"), *WORDS])
    assert done.exit_code != 0 and "none.csv" in str(done.exception)
