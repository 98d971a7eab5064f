"""The page in a real browser: no error on its console, no request to anywhere, and something to see."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from seqcast.report.facts import build_facts
from seqcast.report.html import render
from seqcast.types import Task
from tests.report.believed import LEVELS, believed_run
from tests.report.sample import make_panel, sample_run

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr", "--log-level=0", "--virtual-time-budget=2000", "--window-size=1280,900",
)  # fmt: skip

MOVE = """<script>
for (const plot of document.querySelectorAll("svg[data-labels]")) {
  const box = plot.getBoundingClientRect();
  plot.dispatchEvent(new PointerEvent("pointermove", { clientX: box.right - 14, clientY: box.top + 20 }));
}
console.error("READ " + document.querySelector("output").textContent);
</script></body>"""


def visit(page: str, folder: Path) -> tuple[list[str], list[str], bytes]:
    """Return what the console said, which requests the page made, and a screenshot."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium on this machine")
    (folder / "page.html").write_text(page, "utf-8")
    found = subprocess.run(
        [
            browser,
            *QUIET,
            f"--user-data-dir={folder / 'profile'}",
            f"--log-net-log={folder / 'net.json'}",
            f"--screenshot={folder / 'page.png'}",
            (folder / "page.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    log = json.loads((folder / "net.json").read_text("utf-8"))
    parts = [event.get("params", {}) for event in log["events"]]
    # The browser itself calls home; what a page asks for carries the page as its initiator.
    asked = [part["url"] for part in parts if part.get("url") and part.get("initiator", "not an origin") == "null"]
    said = [line for line in found.stderr.splitlines() if "CONSOLE" in line]
    return said, asked, (folder / "page.png").read_bytes()


@pytest.fixture(scope="module")
def page() -> str:
    values = 5 + np.random.default_rng(0).normal(size=(1, 200, 2)).cumsum(axis=1)
    return render(build_facts(sample_run(make_panel(values, targets=("load", "price")), Task(horizon=6, season=4))))


@pytest.mark.slow
def test_no_console_error_no_request_and_a_picture(page, tmp_path):
    said, asked, picture = visit(page, tmp_path)
    assert said == [] and asked == []
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


@pytest.mark.slow
def test_a_page_with_all_its_evidence_is_as_quiet(tmp_path):
    values = 5 + np.random.default_rng(0).normal(size=(1, 200, 2)).cumsum(axis=1)
    panel = make_panel(values, targets=("load", "price"))
    said, asked, picture = visit(
        render(build_facts(believed_run(panel, Task(horizon=6, season=4, quantiles=LEVELS)))), tmp_path
    )
    assert said == [] and asked == []
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


@pytest.mark.slow
def test_the_check_itself_sees_a_planted_request_and_the_policy_stops_it(page, tmp_path):
    planted = '<img src="http://planted.invalid/a.png"></body>'
    said, _, _ = visit(page.replace("</body>", planted), tmp_path)
    assert any("Content Security Policy" in line for line in said)
    (tmp_path / "open").mkdir()
    _, asked, _ = visit(f"<html><body>{planted}</html>", tmp_path / "open")
    assert asked == ["http://planted.invalid/a.png"]


@pytest.mark.slow
def test_values_under_the_pointer_are_those_of_the_forecast(page, tmp_path):
    values = 5 + np.random.default_rng(0).normal(size=(1, 200, 2)).cumsum(axis=1)
    facts = build_facts(sample_run(make_panel(values, targets=("load", "price")), Task(horizon=6, season=4)))
    said, _, _ = visit(page.replace("</body>", MOVE), tmp_path)
    read = next(line for line in said if "READ" in line).split("READ ")[1].split('"')[0]
    label, median, _ = (part.strip() for part in read.split("\u00b7"))
    fan = facts.fans[0]
    assert label == fan.labels[-1]
    value = float(median.removeprefix("forecast ").replace("\u2212", "-"))
    assert value == pytest.approx(fan.median[0, -1], rel=0.01, abs=0.02)
