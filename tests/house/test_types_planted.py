"""The type checker is awake: it finds an error planted in a copy of the project's own settings."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PLANTED = '''"""A module with one error of each kind that strict settings must find."""

import numpy as np
from jaxtyping import Float


def double(values: Float[np.ndarray, "N"]) -> str:
    return values.sum() * 2.0 + undefined


def untyped(values):
    return values


double("text").no_such_method()
'''


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [shutil.which("pyrefly", path=Path(sys.executable).parent) or "pyrefly", "check"]
    options = ["--python-interpreter-path", sys.executable, "--output-format", "min-text"]
    return subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True)


def test_planted_errors_are_found_under_the_settings_of_the_project(tmp_path):
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "seqcast").mkdir()
    (tmp_path / "seqcast/__init__.py").write_text(PLANTED, "utf-8")
    done = check(tmp_path)
    assert done.returncode == 1
    for kind in ("unknown-name", "implicit-any", "bad-argument-type", "missing-attribute"):
        assert kind in done.stdout, done.stdout + done.stderr


def test_a_clean_module_passes_under_the_same_settings(tmp_path):
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "seqcast").mkdir()
    (tmp_path / "seqcast/__init__.py").write_text("def double(value: float) -> float:\n    return 2 * value\n", "utf-8")
    done = check(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
