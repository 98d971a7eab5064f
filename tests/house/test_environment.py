"""Tests run on one thread with checked shapes; each constraint pins a package that the project can ask for."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from jaxtyping import TypeCheckError

from seqcast.types import Origins

ROOT = Path(__file__).resolve().parents[2]


def test_one_thread():
    assert torch.get_num_threads() == 1


def test_shapes_are_checked_while_tests_run():
    rows = np.array([1, 2])
    with pytest.raises(TypeCheckError):
        Origins(np.array([0]), rows, rows)


def test_constraints_pin_every_direct_dependency_but_torch():
    lines = (ROOT / "requirements/constraints.txt").read_text("utf-8").splitlines()
    pinned = {re.split(r"==", line)[0].lower().replace("_", "-") for line in lines if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    names = {re.split(r"[\[<>=]", requirement)[0] for requirement in asked} - {"torch", "seqcast"}
    assert names <= pinned and "torch" not in pinned
