"""The section on stationarity: its table says what the tests found, its bars are the correlations, and it is light."""

import re
import time
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from seqcast.doctor.stationarity import Stationarity
from seqcast.report import stationarity, svg
from seqcast.report.facts import build_facts
from seqcast.report.html import render
from seqcast.types import Task
from tests.report.sample import etth1, make_panel, sample_run

BAR = re.compile(r"M(\d+),(\d+)V(\d+)")


def facts_of(values: np.ndarray, season: int = 12, **names):
    run = sample_run(make_panel(values, **names), Task(horizon=6, season=season), names=("seasonal-naive", "naive"))
    return build_facts(replace(run, training={}))


def walk(seed: int, rows: int = 240) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows).cumsum()


def noise(seed: int, rows: int = 240) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows)


def section(facts) -> str:
    return re.search(r'<section aria-labelledby="h-stationary">.*?</section>', render(facts), flags=re.S).group(0)


@pytest.fixture(scope="module")
def two():
    wave = noise(1) + 4 * np.sin(np.arange(240) * np.pi / 6)
    return facts_of(np.stack([walk(0), wave], axis=1)[None], targets=("walk", "wave"))


def test_each_target_has_a_row_with_what_the_tests_gave(two):
    rows = stationarity.table(two.diagnosis).rows
    assert [row[0].text for row in rows] == ["walk", "wave"]
    for row, pair in zip(rows, two.diagnosis.tested, strict=True):
        found = pair.found
        assert isinstance(found, Stationarity)
        assert [cell.text for cell in row[1:4]] == ["240", found.adf.p_said, found.kpss.p_said]
        assert row[-1].aside == found.reading and row[-2].text == stationarity.difference_to(found)
    assert (rows[0][-1].text, rows[0][-2].text) == ("wanders", "1 step before")
    assert rows[1][-2].text == "12 steps before"


def test_bars_are_the_correlations_and_grey_ones_lie_within_the_band(two):
    found = two.diagnosis.tested[1].found
    assert isinstance(found, Stationarity)
    picture = stationarity.lag_figures(two)[1].svg
    for m, values in enumerate((found.acf, found.pacf)):
        group = re.search(rf'<g class="m m{m}">.*?</g>', picture).group(0)
        drawn = {}
        for kind, path in re.findall(r'<path class="(lag[^"]*)" d="([^"]+)"', group):
            for x, base, end in BAR.findall(path):
                drawn[int(x)] = (kind, (int(base) - int(end)) / svg.HIGH)
        assert len(drawn) == len(values)
        low = max(min(found.acf.min(), found.pacf.min(), -found.band) - 0.08, -1.0)
        for (_, (kind, height)), value in zip(sorted(drawn.items()), values, strict=True):
            assert height * (1 - low) == pytest.approx(value, abs=2e-3)
            assert ("small" in kind) == (abs(value) <= found.band)


def test_whole_seasons_are_marked_where_their_bars_stand(two):
    root = ElementTree.fromstring(stationarity.lag_figures(two)[1].svg)
    marks = [int(path.get("d")[1:].split(",")[0]) for path in root.iter("path") if path.get("class") == "cut"]
    assert marks == [round(lag / 37 * svg.WIDE) for lag in (12, 24, 36)]
    labels = [text.text for text in root.iter("text") if text.get("class") == "x"]
    assert labels == ["12", "24", "36"]


def test_without_a_season_nothing_is_said_of_one():
    page = section(facts_of(walk(0)[None, :, None], season=1))
    assert "season" not in re.sub(r"<svg.*?</svg>", "", page, flags=re.S).lower().replace(">season<", "")
    assert 'class="cut"' not in page


def test_of_many_series_readings_are_counted_and_one_of_each_is_drawn():
    values = np.stack([walk(i) if i % 3 else noise(i) for i in range(40)] + [np.ones(240)])[..., None]
    facts = facts_of(values, series=tuple(f"N{i}" for i in range(41)))
    table = stationarity.table(facts.diagnosis)
    counted = [int(row[1].text) for row in table.rows]
    assert counted == sorted(counted, reverse=True) and sum(counted) == len(facts.diagnosis.tested) == 41
    asides = [row[0].aside or row[0].text for row in table.rows]
    assert len(set(asides)) == len(asides) and {"unit root", "stationary", "not tested"} <= set(asides)
    drawn = stationarity.lag_figures(facts)
    assert len(drawn) == len({figure.place for figure in drawn}) == len(asides) - 1
    assert "of the 40 series tested" in section(facts)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([walk(0)], "It wanders: a shock stays, and there is no level to come back to."),
        ([np.ones(240)], "Nothing here could be tested."),
        ([walk(0), walk(3)], "None of the 2 targets tested keeps a fixed level; differences are suggested for all."),
        (
            [noise(1), walk(3)],
            "1 of the 2 targets tested keeps a fixed level; differences are suggested for 1 of them.",
        ),
        ([noise(1), noise(2)], "2 of the 2 targets tested keep a fixed level; differences are suggested for none."),
    ],
)
def test_the_outcome_is_one_sentence(values, said):
    facts = facts_of(np.stack(values, axis=1)[None], targets=tuple("ab"[: len(values)]), season=1)
    assert stationarity.verdict(facts.diagnosis).startswith(said) and said in section(facts)


def test_what_was_not_tested_says_why_in_its_row():
    facts = facts_of(np.stack([noise(0), np.ones(240)], axis=1)[None], targets=("a", "flat"))
    last = stationarity.table(facts.diagnosis).rows[1][-1]
    assert (last.text, last.aside) == ("not tested", "it never changes")
    assert len(stationarity.lag_figures(facts)) == 1


def test_the_facts_hold_the_tests_for_those_who_read_json(two):
    assert '"reading": "unit root"' in two.to_json()


def test_the_demo_pays_little_for_it(shared):
    from seqcast.doctor import examine

    panel = etth1(shared)
    examine(panel, 24, replace(stationarity.LIMITS, pairs=1))  # what it imports, the models of a run have imported
    began = time.process_time()
    found = examine(panel, 24, stationarity.LIMITS)
    assert time.process_time() - began < 20 and len(found.tested) == 7
    facts = build_facts(sample_run(panel, Task(horizon=24, season=24)))
    assert len(section(facts).encode()) < 40_000
