"""Files stay short enough to be read in one sitting."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 300
LIMITS = {"CONTRIBUTING.md": 60}


@pytest.mark.parametrize("name", sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "seqcast").rglob("*.py")))
def test_a_module_has_at_most_300_lines(name):
    assert len((ROOT / name).read_text("utf-8").splitlines()) <= LONGEST, f"{name}: split it by meaning"


@pytest.mark.parametrize(("name", "limit"), LIMITS.items())
def test_a_page_keeps_to_its_limit(name, limit):
    assert len((ROOT / name).read_text("utf-8").splitlines()) <= limit
