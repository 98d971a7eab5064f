"""The printout of a diagnosis, and the command `doctor` on the tables that lie beside the project."""

import json
import sys

import numpy as np
import polars as pl
import pytest
from rich.cells import cell_len

from seqcast.cli import main
from seqcast.cli.diagnosis import finding_lines, print_diagnosis, summary, wrap
from seqcast.doctor.examination import unreadable, worst_first
from seqcast.doctor.findings import Finding
from seqcast.doctor.pairs import Place


def finding(severity="note", check="gaps in time", details=(), where="load"):
    here = Place(series="", target=where, name=where, first="", last="")
    return Finding(
        severity=severity,
        check=check,
        places=(here,) * 3,
        looked=9,
        what="Something is there that should not be there, and it goes on for a while.",
        why="It matters a good deal to whoever has to forecast from it.",
        option="--missing -200 deals with it.",
        details=details,
    )


@pytest.fixture
def doctor(monkeypatch, capsys):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["seqcast", "doctor", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return run


def test_forty_findings_are_summed_up_first_and_grouped_by_severity(capsys):
    severities = ["note"] * 25 + ["warning"] * 14 + ["unusable"]
    found = tuple(finding(severity, f"check {i}") for i, severity in enumerate(severities))
    print_diagnosis(unreadable(found))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Nothing could be read.", "1 that cannot be used, 14 warnings, 25 notes"]
    heads = [line for line in lines if line.isupper() or line.split(",")[0].isupper() or line.startswith("CANNOT")]
    assert [head.split(",")[0].split()[0] for head in heads] == ["CANNOT", "WARNINGS", "NOTES"]
    numbered = [line for line in lines if " · " in line and line[:3].strip().rstrip(".").isdigit()]
    assert len(numbered) == 40 and max(map(len, lines)) <= 80


@pytest.mark.parametrize("where", ["load", "철광석 Fines (Daily) [중국(수입가 CFR)] 현물USD/ton" * 2, "x" * 200])
@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_the_terminal_whatever_the_names(where, width):
    details = (where, "1962-01 [███ ▄█] 1975-12", "2024-01-01, " * 40)
    for line in finding_lines(finding(details=details, where=where), 7, width):
        assert cell_len(line.plain) <= width


def test_a_finding_keeps_its_words_and_says_last_what_to_do():
    mine = finding(details=("load: 3 of 9", "price: 4 of 9"))
    text = " ".join(" ".join(line.plain.split()) for line in finding_lines(mine, 1, 60))
    for part in (mine.check, mine.where, mine.what, mine.why, *mine.details):
        assert part in text
    assert text.endswith(f"→ {mine.option}")


def test_a_summary_counts_each_severity():
    assert summary([finding("warning"), finding(), finding()]) == "1 warning, 2 notes"
    assert summary([finding("unusable")]) == "1 that cannot be used"
    assert [one.severity for one in worst_first([finding(), finding("unusable"), finding("warning")])] == [
        "unusable",
        "warning",
        "note",
    ]


def test_wrapping_loses_no_word():
    text = "one --where \"region = 'north'\" two-three 철광석"
    assert " ".join(wrap(text, 12)).split() == text.split()


def test_a_table_of_which_nothing_can_be_read_is_exit_code_2_with_all_that_was_found(doctor, tmp_path):
    path = tmp_path / "report.csv"
    path.write_text("Report\n\nds,y\n2024-01-01,x\n2024-01-02,z\n")
    code, out, err = doctor(path)
    assert code == 2 and err == ""
    assert "1 that cannot be used, 1 warning" in out and "lines before the header" in out and "--skip" in out
    code, out, _ = doctor(path, "--json")
    told = json.loads(out)
    assert code == 2 and [each["severity"] for each in told["findings"]] == ["unusable", "warning"]


def test_a_horizon_that_the_history_does_not_allow_is_exit_code_2(doctor, tmp_path):
    path = tmp_path / "short.csv"
    pl.DataFrame({"ds": range(40), "y": np.random.default_rng(0).normal(size=40)}).write_csv(path)
    assert doctor(path)[0] == 0
    code, out, _ = doctor(path, "--horizon", "30")
    assert code == 2 and "long horizon" in out


def test_every_finding_in_json_says_where_why_and_what_to_do(doctor, tmp_path):
    path = tmp_path / "two.csv"
    rng = np.random.default_rng(0)
    pl.DataFrame({"ds": range(60), "a": rng.normal(size=60), "b": rng.normal(size=60)}).write_csv(path)
    code, out, _ = doctor(path, "--json", "--quiet")
    told = json.loads(out)
    assert code == 3 and len(told["tested"]) == 2
    for each in told["findings"]:
        assert each["severity"] and each["check"] and each["places"] and each["why"] and each["option"]


TABLES = {
    "steel/kr_steel_daily.csv.gz": (
        3,
        {
            "uneven steps",
            "publication lag",
            "weekly quotes",
            "figures of a week",
            "missing values",
            "no certain target",
        },
    ),
    "air_quality/AirQualityUCI.csv.gz": (3, {"decimal comma", "empty rows or columns", "no certain target"}),
    "classic/monthly_milk_incomplete.csv": (3, {"gaps in time"}),
    "classic/co2_weekly.csv": (3, {"gaps in time"}),
    "appliances_energy/energydata_complete.csv.gz": (3, {"no certain target"}),
    "steel/kr_rebar_weekly.csv": (3, {"no certain target", "missing values"}),
    "ett/ETTh1.csv.gz": (3, {"no certain target"}),
    "classic/air_passengers.csv": (3, set()),
    "m_competitions/m3_long.csv.gz": (3, {"unequal series", "large table"}),
    "classic/temps.csv": (3, {"gaps in time"}),
}
MINE = {
    *("uneven steps", "publication lag", "figures of a week", "weekly quotes", "decimal comma", "several series"),
    *("empty rows or columns", "no certain target", "gaps in time", "missing values", "unequal series", "summer time"),
    *("hours without values", "times there twice", "several columns of dates", "cells that are no numbers"),
    "large table",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_real_table_as_it_lies(doctor, shared, name):
    code, out, _ = doctor(shared / "data" / name, "--json", "--quiet")
    expected, checks = TABLES[name]
    told = json.loads(out)
    found = {each["check"] for each in told["findings"]}
    assert code == expected and checks <= found
    always = checks | ({"missing values"} if "steel_daily" in name else set())
    assert found & MINE == always


@pytest.mark.slow
@pytest.mark.parametrize("name", ["steel/raw/kr_macro_daily_cp949.csv", "classic/monthly_milk_incomplete.csv"])
def test_a_real_printout_fits_80_columns(doctor, shared, name):
    _, out, _ = doctor(shared / "data" / name, "--quiet")
    assert max(cell_len(line) for line in out.splitlines()) <= 80
