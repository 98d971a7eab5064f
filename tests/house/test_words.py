"""What the project refuses to contain, in code and in the files that go with it."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "seqcast").rglob("*.py"))
FOLDERS = ("seqcast", "tests", "examples", "bench", "requirements", ".ci")
SUFFIXES = {".py", ".md", ".toml", ".txt", ".yaml", ".jinja", ".css", ".js", ""}
TEXTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.iterdir(), *(file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))]
    if path.is_file() and path.suffix in SUFFIXES and "__pycache__" not in path.parts
)

RUNS_CODE = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
CALLS = {"eval", "exec", "compile", "__import__"}


def faults(source: str) -> list[str]:
    """Return what in a source could run a stranger's code, or hide a fault of ours."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [module for module in modules if module.split(".")[0] in RUNS_CODE]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            found += [called] if called in CALLS | {"torch.load", "torch.save", "np.load", "yaml.load"} else []
        elif isinstance(node, ast.ExceptHandler):
            caught = "" if node.type is None else ast.unparse(node.type)
            kept = any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
            found += [f"except {caught}"] if caught in {"", "Exception", "BaseException"} and not kept else []
    return found


@pytest.mark.parametrize("name", CODE)
def test_no_code_of_strangers_and_no_swallowed_faults(name):
    assert faults((ROOT / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "eval('1')",
        "import torch\ntorch.load('x')",
        "try:\n    pass\nexcept Exception:\n    pass",
        "try:\n    pass\nexcept:\n    pass",
    ],
)
def test_the_rule_itself_finds_planted_faults(source):
    assert faults(source)


@pytest.mark.parametrize("name", TEXTS)
def test_no_notes_to_self_and_no_paths_of_one_machine(name):
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b", text)
    assert not re.search(r"(?<![\w.])/(?:wo" r"rk|ho" r"me/\w|Us" r"ers/\w|ro" r"ot)/", text)
