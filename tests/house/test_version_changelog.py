"""The version of the code is the newest release of the changelog."""

import re
from pathlib import Path

import seqcast

ROOT = Path(__file__).resolve().parents[2]


def releases() -> list[str]:
    return re.findall(r"^## \[?(\d+\.\d+\.\d+)\]?", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.MULTILINE)


def test_the_version_is_the_newest_release_of_the_changelog():
    assert releases()[0] == seqcast.__version__


def test_releases_stand_newest_first_and_once():
    numbers = [tuple(int(part) for part in release.split(".")) for release in releases()]
    assert numbers == sorted(set(numbers), reverse=True)
