"""The public surface is this list: a name that comes or goes is a decision, not an accident."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import seqcast

PUBLIC = [
    "Classifier",
    "Forecaster",
    "Panel",
    "Regressor",
    "RoleOptions",
    "SeqcastError",
    "TableOptions",
    "audit",
    "load",
    "read_panel",
    "run",
]
SOURCE = Path(seqcast.__file__)


def test_the_public_names_are_these():
    assert sorted(seqcast.__all__) == PUBLIC
    assert dir(seqcast) == sorted([*PUBLIC, "__version__"])


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_documented(name):
    assert (getattr(seqcast, name).__doc__ or "").strip()


def test_type_checkers_see_the_same_names_as_python():
    [block] = [node for node in ast.parse(SOURCE.read_text("utf-8")).body if isinstance(node, ast.If)]
    seen = {alias.asname: f"{line.module}" for line in block.body for alias in line.names}
    assert seen == {name: f"seqcast.{home}" for name, home in seqcast._HOMES.items()}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'seqcast' has no attribute 'Forecastr'"):
        _ = seqcast.Forecastr


HEAVY = {"torch", "polars", "pandas", "pyarrow", "scipy", "statsforecast", "statsmodels", "jinja2"}


def loaded_by(code: str) -> set[str]:
    """Return the heavy libraries that a fresh interpreter has loaded after `code`."""
    script = (
        "import atexit, sys\n"
        "def told():\n"
        f"    print(*sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)\n"
        f"atexit.register(told)\n{code}\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=SOURCE.parent.parent)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_a_table_is_read_and_a_classical_model_built_without_torch():
    assert "torch" not in loaded_by(
        "import seqcast.data.table, seqcast.forecasters.classical, seqcast.evaluate.metrics"
    )


@pytest.mark.parametrize(
    "code",
    [
        "import seqcast",
        "import seqcast.errors, seqcast.types, seqcast.files, seqcast.budget",
        "from seqcast.cli import main; sys.argv = ['seqcast', '--help']; main()",
        "from seqcast.cli import main; sys.argv = ['seqcast', 'run', '--help']; main()",
    ],
)
def test_starting_loads_nothing_heavy(code):
    assert loaded_by(code) == set()
