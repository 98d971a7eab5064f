"""A PostgreSQL server of a test's own, where its programs are installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, where there is one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    return found[-1].parent if found else Path(named).parent if named else None


@contextmanager
def served() -> Iterator[str]:
    """Run a server, and give the URI of its first database; skip where that cannot be."""
    pytest.importorskip("adbc_driver_postgresql", reason="the extra 'sql' is not installed")
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed")
    # The server refuses to run as root, and the path of its socket must be short.
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="pg") as home:
        if user:
            try:
                shutil.chown(home, "postgres")
            except LookupError:
                pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        data = f"{home}/data"
        run = {"check": True, "capture_output": True, "cwd": home, "timeout": 60, **user}
        subprocess.run([folder / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"], **run)
        asked = f"-c listen_addresses='' -k {home} -c fsync=off"
        start = [folder / "pg_ctl", "-D", data, "-w", "-o", asked, "-l", f"{home}/log", "start"]
        subprocess.run(start, **{**run, "capture_output": False, "stdout": subprocess.DEVNULL})
        try:
            yield f"postgresql://postgres@/postgres?host={home}"
        finally:
            subprocess.run([folder / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **run)
