"""Imports run downward only, and what must start fast stays clear of heavy libraries."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2] / "seqcast"

# A room may use itself and every room on a lower floor; rooms on one floor do not know each other.
FLOORS = [
    ["errors"],
    ["types", "budget", "files", "batch", "ranges", "sequences"],
    ["data", "nn", "train", "reference"],
    ["models", "config", "options"],
    ["forecasters"],
    ["evaluate", "leaks", "classify"],
    ["doctor", "autopsy", "tune", "classifier"],
    ["report"],
    ["runs"],
    ["run", "forecaster", "regressor"],
    ["cli"],
    ["__init__", "__main__"],
]
HEIGHT = {room: height for height, floor in enumerate(FLOORS) for room in floor}
# Plain values and the rooms of the outermost floor but one lean on each other without a circle.
NEIGHBOURS = {"config": {"options"}, "batch": {"types"}, "forecaster": {"run"}, "run": {"forecaster"}}

# Only these may import torch at all: a table is read and a classical model fitted without its two seconds.
TORCH_ROOMS = {"nn", "train", "models", "batch"}
TORCH_FILES = {
    "data/window.py",
    "data/scale.py",
    "forecasters/neural.py",
    "forecasters/feeding.py",
    "forecasters/start.py",
    "forecasters/windowed.py",
    "classify/learner.py",
    "classify/stored.py",
}
# And these inside functions only, where a network is at hand anyway.
TORCH_LATE = {"forecasters/bundle.py", "forecasters/build.py", "forecaster.py", "regressor.py", "run.py"}

FILES = sorted(ROOT.rglob("*.py"))
NAMES = [file.relative_to(ROOT).as_posix() for file in FILES]


def room_of(name: str) -> str:
    return name.split("/")[0].removesuffix(".py")


def imported(source: str) -> set[str]:
    """Return every module that a source imports, inside functions and under TYPE_CHECKING too."""
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            modules |= {f"{module}.{alias.name}" if module == "seqcast" else module for alias in node.names}
    modules.discard("seqcast.__version__")
    return modules


def misplaced(name: str, source: str) -> list[str]:
    """Return the imports of file `name` that do not run downward."""
    room = room_of(name)
    rooms = {module.split(".")[1] for module in imported(source) if module.startswith("seqcast.")} - {room}
    upward = sorted(target for target in rooms if HEIGHT[target] >= HEIGHT[room])
    return [target for target in upward if target not in NEIGHBOURS.get(room, set())]


def uses_torch(source: str) -> bool:
    return any(module.split(".")[0] == "torch" or module == "safetensors.torch" for module in imported(source))


@pytest.mark.parametrize("name", NAMES)
def test_every_file_lies_in_a_known_room(name):
    assert room_of(name) in HEIGHT, f"{name}: put the new room on a floor of tests/house/test_layers.py"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "__init__.py"])
def test_imports_run_downward(name):
    assert misplaced(name, (ROOT / name).read_text("utf-8")) == []


@pytest.mark.parametrize("name", NAMES)
def test_no_relative_imports(name):
    assert not [module for module in imported((ROOT / name).read_text("utf-8")) if module.startswith(".")]


def at_the_top(source: str) -> str:
    """Return only the imports that run when the module is imported."""
    lines = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(ast.unparse(line) for line in lines)


@pytest.mark.parametrize("name", [n for n in NAMES if room_of(n) not in TORCH_ROOMS and n not in TORCH_FILES])
def test_torch_stays_in_its_rooms(name):
    source = (ROOT / name).read_text("utf-8")
    assert not uses_torch(at_the_top(source) if name in TORCH_LATE else source), f"{name} must not import torch"


@pytest.mark.parametrize(
    ("name", "source", "found"),
    [
        ("data/table.py", "from seqcast.nn.heads import QuantileHead", ["nn"]),
        ("train/loop.py", "def f():\n    import seqcast.models.hybrid", ["models"]),
        ("errors.py", "from seqcast import types", ["types"]),
        ("evaluate/metrics.py", "from seqcast.types import Task\nfrom seqcast.evaluate import backtest", []),
    ],
)
def test_the_rule_itself_finds_planted_imports(name, source, found):
    assert misplaced(name, source) == found
