"""Pictures: whole XML, every point inside, gaps left open, nothing squeezed or hidden without a word."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.report import charts, plots, stationarity, svg
from seqcast.report.facts import build_facts
from seqcast.types import Forecast, Task
from tests.report.sample import make_panel, sample_run

POINT = re.compile(r"(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?)")


def pictures(facts) -> dict[str, str]:
    found = {f"fan{i}": plots.fan_figure(facts, i).svg for i in range(len(facts.fans))}
    found |= {f"past{i}": plots.past_figure(facts, i).svg for i in range(len(facts.past))}
    found |= {
        f"{what}{i}": charts.curve_figure(c, i, what) for i, c in enumerate(facts.curves) for what in ("loss", "mae")
    }
    found |= {f"lags{i}": figure.svg for i, figure in enumerate(stationarity.lag_figures(facts))}
    found |= {
        "steps": charts.steps_figure(facts),
        "levels": charts.calibration_figure(facts),
        "gaps": charts.gap_figure(facts),
    }
    return found


def run_of(values: np.ndarray, task: Task, **options):
    return sample_run(make_panel(values), task, names=("hybrid", "seasonal-naive", "naive"), **options)


@pytest.fixture(scope="module")
def facts():
    values = 5 + np.random.default_rng(0).normal(size=(1, 300, 2)).cumsum(axis=1)
    values[0, 280:284, 0] = np.nan
    panel = make_panel(values, targets=("a<b&c", "y"))
    return build_facts(sample_run(panel, Task(horizon=12, season=6)))


def test_every_picture_is_whole_xml_with_a_title_and_points_inside(facts):
    drawn = pictures(facts)
    assert all(drawn.values())
    for name, text in drawn.items():
        root = ElementTree.fromstring(text)
        assert root.find("title").text and root.find("desc").text, name
        assert root.get("aria-labelledby").split() == [root.find("title").get("id"), root.find("desc").get("id")]
        for path in root.iter("path"):
            for x, y in POINT.findall(path.get("d")):
                assert 0 <= float(x) <= svg.WIDE and 0 <= float(y) <= svg.HIGH, name
        for box in root.iter("rect"):
            x, y, width, height = (float(box.get(key)) for key in ("x", "y", "width", "height"))
            assert min(x, y, width, height) >= 0 and x + width <= svg.WIDE and y + height <= svg.HIGH, name


def test_ids_are_unique_on_the_page(facts):
    ids = re.findall(r' id="([^"]+)"', "".join(pictures(facts).values()))
    assert len(ids) == len(set(ids))


def test_a_gap_in_the_data_is_a_gap_in_the_line(facts):
    def strokes(text: str) -> int:
        return sum(
            p.get("d").count("M") for p in ElementTree.fromstring(text).iter("path") if p.get("class") == "actual"
        )

    assert strokes(plots.fan_figure(facts, 0).svg) == 2
    assert strokes(plots.fan_figure(facts, 1).svg) == 1


@given(st.lists(st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)), min_size=1, max_size=40))
def test_a_line_has_one_stroke_for_each_run_of_values(values):
    y = np.array(values)
    known = np.isfinite(y)
    runs = int(known[0]) + int((known[1:] & ~known[:-1]).sum())
    drawn = svg.line(np.linspace(0, 1, len(y)) if len(y) > 1 else np.zeros(1), svg.Scale(-1e6, 1e6).all(y), "actual")
    assert drawn.count("M") == runs


def test_a_value_lies_where_its_scale_says():
    # A quarter of the way along, at 3 on an axis from 1 to 5: in the middle of the height.
    drawn = svg.line(np.array([0.25, 0.5]), svg.Scale(1.0, 5.0).all(np.array([3.0, 5.0])), "k")
    assert POINT.findall(drawn) == [("500", "500"), ("1000", "0")]


def test_thinning_keeps_peaks_and_gaps_of_a_long_line():
    y = np.sin(np.arange(20_000) / 50)
    y[7_777], y[12_345], y[15_000:15_020] = 9.0, -9.0, np.nan
    x, kept = svg.thin(np.linspace(0, 1, len(y)), y)
    assert len(x) <= 2 * svg.MOST_POINTS
    assert np.nanmax(kept) == 9.0 and np.nanmin(kept) == -9.0 and np.isnan(kept).any()


def test_a_wild_model_does_not_squeeze_the_others_and_this_is_said():
    run = run_of(10 + np.random.default_rng(1).normal(size=(1, 200, 1)), Task(horizon=6, season=6))
    wild = run.backtests["naive"]
    wild = Forecast(wild.origins, wild.quantiles, wild.mean + 1e9, wild.values + 1e9)
    facts = build_facts(replace(run, backtests=run.backtests | {"naive": wild}))
    figure = plots.past_figure(facts, 0)
    said = dict(zip(facts.past_models, figure.said, strict=True))
    assert plots.OFF in said["naive"] and plots.OFF not in said["hybrid"]
    assert "naive" in charts.steps_figure(facts).split("Leaves the picture:")[1].split("<")[0]
    low, high = (float(end) for end in re.search(r'data-y="([^"]+)"', figure.svg).group(1).split(","))
    assert high - low < 100


def test_the_values_of_a_fan_can_be_read_back_off_its_lines(facts):
    fan, text = facts.fans[1], plots.fan_figure(facts, 1).svg
    low, high = (float(end) for end in re.search(r'data-y="([^"]+)"', text).group(1).split(","))
    group = re.search(r'<g class="m m0">.*?</g>', text).group(0)
    path = re.search(r'<path class="median" d="([^"]+)"', group).group(1)
    read = [low + (1 - int(y) / svg.HIGH) * (high - low) for _, y in POINT.findall(path)]
    assert read == pytest.approx(fan.median[0].tolist(), abs=(high - low) / svg.HIGH)
    widest = re.search(r'<path class="band" d="([^"]+)"', group).group(1)
    ends = [low + (1 - int(y) / svg.HIGH) * (high - low) for _, y in POINT.findall(widest)]
    expected = [*fan.values[0, :, -1], *fan.values[0, ::-1, 0]]
    assert ends == pytest.approx(expected, abs=(high - low) / svg.HIGH)


@pytest.mark.parametrize("horizon", [1, 2, 40])
@pytest.mark.parametrize("quantiles", [(0.5,), (0.1, 0.9), (0.25, 0.5, 0.9)])
def test_any_horizon_and_levels_can_be_drawn(horizon, quantiles):
    values = np.random.default_rng(2).normal(size=(1, 300, 1))
    facts = build_facts(run_of(values, Task(horizon=horizon, season=1, quantiles=quantiles), windows=2))
    for text in pictures(facts).values():
        if text:
            ElementTree.fromstring(text)
    fan = plots.fan_figure(facts, 0).svg
    assert ('class="band"' in fan) == (quantiles == (0.1, 0.9))
    assert 'class="median"' in fan


def test_constant_and_empty_series_can_be_drawn():
    values = np.stack([np.full(100, 7.0), np.full(100, np.nan)])[:, :, None]
    panel = make_panel(values, series=("flat", "empty"))
    panel = replace(panel, values=np.where(np.isnan(panel.values), np.nan, panel.values))
    run = sample_run(make_panel(values[:1]), Task(horizon=4, season=1), names=("naive", "seasonal-naive"))
    facts = build_facts(replace(run, panel=panel))
    for text in pictures(facts).values():
        if text:
            ElementTree.fromstring(text)


def test_far_cutoffs_share_a_picture_with_a_break_between_them():
    places = plots.positions(np.array([5, 6, 7, 500, 501]))
    assert places[0] == 0 and places[-1] == 1 and (np.diff(places) > 0).all()
    assert np.diff(places)[2] == pytest.approx(np.diff(places)[0])


def test_models_differ_by_more_than_colour(facts):
    kinds = charts.styles(facts)
    assert kinds[facts.headline.best] == "c0" and kinds["seasonal-naive"] == "yard"
    named = [kind for kind in kinds.values() if kind != "other"]
    assert len(named) == len(set(named)) == 6
