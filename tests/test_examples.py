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

import pytest

from seqcast.files import sha256

FOLDER = Path(__file__).resolve().parent.parent / "examples"


@dataclass(frozen=True)
class Shown:
    """What an example must say and leave in its folder, options that make it quick, and a library that it audits."""

    said: str
    left: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    needs: str = ""


EXAMPLES = {
    "audit_peer.py": Shown("refit=True: passed: 1 model", left=("audit.json",), needs="neuralforecast"),
    "memory.py": Shown('"question": "how far back does each cell learn"', ("memory.svg",), ("--quick",)),
    "numpy_lstm.py": Shown("noise floor", ("whole/manifest.json", "truncated/manifest.json"), ("--quick",)),
    "quickstart.py": Shown("seasonal-naive", left=("model/manifest.json", "report.html")),
    "regression.py": Shown("noise floor", ("curves.html", "model-minmax/manifest.json"), ("--epochs", "1")),
    "forms.py": Shown("said  c f d b a", left=("forms.csv",), options=("--quick",)),
}


def test_every_example_is_run():
    assert sorted(path.name for path in FOLDER.glob("*.py")) == sorted(EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_shows_its_result_and_writes_only_where_it_is_told(name, tmp_path):
    shown = EXAMPLES[name]
    if shown.needs and find_spec(shown.needs) is None:
        pytest.skip(f"{shown.needs} is not installed; pip install 'seqcast[peers]' brings it")
    before = sorted(FOLDER.rglob("*"))
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    command = [sys.executable, str(FOLDER / name), str(out), *shown.options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-2000:]
    assert shown.said in done.stdout
    assert {path.name for path in tmp_path.iterdir()} <= {"home", "out"}
    assert list(home.iterdir()) == [] and sorted(FOLDER.rglob("*")) == before
    assert all((out / name).is_file() for name in shown.left)


def test_the_demo_data_is_whole_and_unmodified():
    stated = re.search(r"`([0-9a-f]{64})`", (FOLDER / "data/README.md").read_text("utf-8"))
    assert stated and sha256(FOLDER / "data/ETTh1.csv.gz") == stated[1]
    with gzip.open(FOLDER / "data/ETTh1.csv.gz", "rt", encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["date", "HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]
    assert (len(rows), rows[0][0], rows[-1][0]) == (17420, "2016-07-01 00:00:00", "2018-06-26 19:00:00")
