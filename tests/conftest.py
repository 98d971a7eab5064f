"""What every test shares: one thread, checked array shapes, reproducible examples, the folder of shared data."""

import os

# Before numpy, polars or torch start their thread pools: results must not hang on the number of cores.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from jaxtyping import install_import_hook

import tests.shapes  # noqa: F401  (the hook finds it by its name)
from tests.postgres import served

# Every annotated shape and type in seqcast is checked while tests run, and only then: users do not pay for it.
# The hook works on modules as they are imported, so it must stand before the first import of seqcast.
install_import_hook("seqcast", "tests.shapes.checked")

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    print_blob=True,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


# Files that take minutes begin first, so that no process is left alone with one at the end.
LONG = (
    *("test_cluster.py", "test_ray.py", "test_examples.py", "test_audited.py", "test_diagnosis.py"),
    *("test_local_contract.py", "test_run.py", "test_cli.py", "test_tuning.py", "test_bootstrap.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first, the others behind them as they stand."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real data sets beside the project, or skip."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the folder ../shared with the real data sets is not here")
    return folder


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Return the URI of a database on a server that runs for these tests alone, or skip."""
    with served() as uri:
        yield uri
