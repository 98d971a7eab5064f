"""The examples run as a user would run them, and the data that goes with them is the authors' own, whole."""

import csv
import gzip
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from seqcast.files import sha256

FOLDER = Path(__file__).resolve().parent.parent / "examples"


@dataclass(frozen=True)
class Shown:
    """What an example must say and leave in its folder, options that make it quick, and what it needs.

    It needs a library that it audits, or real data from a folder that is not everywhere.
    """

    said: str
    left: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    needs: str = ""
    data: str = ""


EXAMPLES = {
    "audit_peer.py": Shown("refit=True: passed: 1 model", left=("audit.json",), needs="neuralforecast"),
    "imdb_course.py": Shown("The parts of the last row", options=("--quick",), data="imdb"),
    "memory.py": Shown('"question": "how far back does each cell learn"', ("memory.svg",), ("--quick",)),
    "numpy_lstm.py": Shown("noise floor", ("whole/manifest.json", "truncated/manifest.json"), ("--quick",)),
    "quickstart.py": Shown("seasonal-naive", left=("model/manifest.json", "report.html")),
    "regression.py": Shown("noise floor", ("curves.html", "model-minmax/manifest.json"), ("--epochs", "1")),
    "forms.py": Shown("said  c f d b a", left=("forms.csv",), options=("--quick",)),
}


def run(name: str, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Return what an example did, started beside its home, on one thread, leaving no compiled files."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(FOLDER / name), *arguments]
    return subprocess.run(command, cwd=home.parent, env=environment, capture_output=True, text=True, timeout=400)


def the_table_has_a_row_for_every_change(said: str) -> None:
    """The figures of each row agree with each other and with those of the row above, and every row says what it is."""
    row = r"^ ?(\d+)  (\S.*?) +([01]) of 1 +(\S+) +(\S+) +([+-]\S+) +\d+\n    \S.+\.$"
    rows = re.findall(row, said, re.MULTILINE)
    assert [int(number) for number, *_ in rows] == list(range(1, 13))
    assert rows[0][1] == "the course's recipe" and len({name for _, name, *_ in rows}) == 12
    assert all(0 <= float(share) <= 1 for _, _, _, *shares, _ in rows for share in shares)
    tests = [0.5, *(float(row[4]) for row in rows)]  # the first gain is that over a coin
    assert [float(row[5]) for row in rows] == pytest.approx(np.diff(tests), abs=0.0011)
    network = re.search(r"by themselves: network (\S+), linear (\S+)\.$", said, re.MULTILINE)
    assert network and float(network[1]) == tests[-2], "the last change must leave the network as it was"
    source = (FOLDER / "imdb_course.py").read_text("utf-8")
    reasons = re.findall(r'^ {4,8}"(\S.+\.)",$', source, re.MULTILINE)  # none is said of so few texts
    shown = [f"    {found}. {why}" for found, why in zip(["Helps", "No clear gain"] * len(rows), reasons, strict=True)]
    assert max(map(len, said.splitlines() + shown)) <= 100


CLAIMS = {"imdb_course.py": the_table_has_a_row_for_every_change}


def test_every_example_is_run():
    assert sorted(path.name for path in FOLDER.glob("*.py")) == sorted(EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_shows_its_result_and_writes_only_where_it_is_told(name, tmp_path, request):
    shown = EXAMPLES[name]
    if shown.needs and find_spec(shown.needs) is None:
        pytest.skip(f"{shown.needs} is not installed; pip install 'seqcast[peers]' brings it")
    before = sorted(FOLDER.rglob("*"))
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    read = ["--data", str(request.getfixturevalue("shared") / "data" / shown.data)] if shown.data else []
    wrote = [str(out)] if shown.left or not shown.data else []
    done = run(name, *wrote, *read, *shown.options, home=home)
    assert done.returncode == 0, done.stderr[-2000:]
    assert shown.said in done.stdout
    CLAIMS.get(name, lambda said: None)(done.stdout)
    assert {path.name for path in tmp_path.iterdir()} <= {"home", "out"}
    assert list(home.iterdir()) == [] and sorted(FOLDER.rglob("*")) == before
    assert all((out / name).is_file() for name in shown.left)


@pytest.mark.slow
def test_the_course_without_its_reviews_says_so_in_one_line(tmp_path):
    done = run("imdb_course.py", "--data", str(tmp_path / "nowhere"), home=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        done.stderr
        == f"{tmp_path}/nowhere must hold train.parquet and test.parquet; give another folder with --data.\n"
    )


def test_the_demo_data_is_whole_and_unmodified():
    stated = re.search(r"`([0-9a-f]{64})`", (FOLDER / "data/README.md").read_text("utf-8"))
    assert stated and sha256(FOLDER / "data/ETTh1.csv.gz") == stated[1]
    with gzip.open(FOLDER / "data/ETTh1.csv.gz", "rt", encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["date", "HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]
    assert (len(rows), rows[0][0], rows[-1][0]) == (17420, "2016-07-01 00:00:00", "2018-06-26 19:00:00")
