"""The page: one file that loads nothing, lets no name become code, says what is so, and can be read by everyone."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from seqcast.evaluate.leaderboard import Score
from seqcast.report import words
from seqcast.report.facts import build_facts
from seqcast.report.html import leaderboard_html, render, toml
from seqcast.types import Task
from tests.report.sample import etth1, make_panel, sample_run

EVIL = "<script>alert(1)</script>\"'&"
STYLE = Path(__file__).parents[2] / "seqcast/report/page.css"
VOID = {"meta", "link", "input", "br"}


class Reader(HTMLParser):
    """Collects tags with their attributes, and checks that they are closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def run_of(seed: int = 0, **options):
    values = 5 + np.random.default_rng(seed).normal(size=(1, 200, 2)).cumsum(axis=1)
    return sample_run(make_panel(values, targets=("load", "price")), Task(horizon=6, season=4), **options)


@pytest.fixture(scope="module")
def page() -> str:
    return render(build_facts(run_of()))


def test_the_page_is_well_formed_and_loads_nothing(page):
    reader = read(page)
    assert "http" not in re.sub(r'http-equiv="', "", page)
    assert "//" not in re.sub(r"^\s*// .*$", "", page.split("<script>")[1].split("</script>")[0], flags=re.M)
    assert not re.search(r"@import|url\(|<iframe|<object|<embed|<form|<base", page)
    for tag, attributes in reader.tags:
        assert "src" not in attributes and not any(name.startswith("on") for name in attributes), tag
        assert attributes.get("href", "data:,") == "data:," or str(attributes["href"]).startswith("#")
    policy = next(values["content"] for tag, values in reader.tags if values.get("http-equiv"))
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def test_names_and_notes_are_text_and_never_code():
    values = 5 + np.random.default_rng(0).normal(size=(2, 200, 2)).cumsum(axis=1)
    panel = make_panel(values, series=(EVIL, "b"), targets=(EVIL + "y", "z"))
    run = sample_run(panel, Task(horizon=6, season=4), names=(EVIL + "m", "seasonal-naive"))
    run = replace(run, notes=(EVIL,), source=EVIL, versions={EVIL: EVIL}, command=EVIL, settings={"a": {EVIL: EVIL}})
    reader = read(render(build_facts(run)))
    assert sum(tag == "script" for tag, _ in reader.tags) == 1
    assert "alert" not in {name for _, attributes in reader.tags for name in attributes}
    assert "".join(reader.text).count("<script>alert(1)</script>") > 10


def test_the_same_facts_give_the_same_bytes(page):
    assert render(build_facts(run_of())) == page


def test_sections_stand_in_their_order_and_headings_skip_no_level(page):
    heads = re.findall(r'<h2 id="[^"]+">([^<]+)', page)
    assert heads == [
        "Forecast", "Leaderboard", "Is the data fit?", "Backtest", "Error by horizon, honesty of the intervals",
        "By series and target",
        "Training", "Is it stationary?", "Data", "Settings", "Versions", "Repeat this run",
    ]  # fmt: skip
    levels = [int(tag[1]) for tag, _ in read(page).tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(levels, levels[1:], strict=False))


def test_tables_have_scoped_heads_and_ids_point_somewhere(page):
    tags = read(page).tags
    assert all(attributes.get("scope") in ("row", "col") for tag, attributes in tags if tag == "th")
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in tags:
        for name in ("for", "aria-labelledby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)


def test_without_script_one_model_of_each_group_is_shown(page):
    boxes = [attributes for tag, attributes in read(page).tags if tag == "input"]
    assert {box["name"] for box in boxes} == {"fan", "past", "lags"}
    for group in ("fan", "past", "lags"):
        mine = [box for box in boxes if box["name"] == group]
        assert [box["id"] for box in mine if "checked" in box] == [f"{group}-0"]
        style = STYLE.read_text("utf-8")
        assert all(f".{box['class']}:checked ~ .figures .m{i}" in style for i, box in enumerate(mine))


@pytest.mark.parametrize("dark", [False, True])
def test_colours_are_told_apart_from_paper_as_wcag_aa_asks(dark):
    style = STYLE.read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, flags=re.S)
    colours = dict(re.findall(r"--([\w]+): (#[0-9a-f]+)", blocks[1 if dark else 0]))

    def light(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    def contrast(one: str, other: str) -> float:
        low, high = sorted((light(colours[one]), light(colours[other])))
        return (high + 0.05) / (low + 0.05)

    assert min(contrast(name, "paper") for name in ("ink", "soft", "accent")) >= 4.5
    assert min(contrast(name, "faint") for name in ("ink", "soft")) >= 4.5
    assert min(contrast(name, "paper") for name in ("c1", "c2", "c3", "c4", "other")) >= 3


def test_the_demo_stays_under_its_size(shared):
    page = render(build_facts(sample_run(etth1(shared), Task(horizon=24, season=24))))
    assert len(page.encode()) < 1_200_000


def test_1428_series_stay_under_their_size_and_say_how_many_are_shown():
    values = 100 + np.random.default_rng(0).normal(size=(1428, 120, 1)).cumsum(axis=1)
    panel = make_panel(values, series=tuple(f"M{i + 1}" for i in range(1428)))
    page = render(build_facts(sample_run(panel, Task(horizon=18, season=12), windows=3)))
    assert len(page.encode()) < 2_000_000
    assert page.count("Shown: 12 of 1,428 series") == 2
    assert "The 10 worst and the 10 best of 1,428." in page


def test_a_long_horizon_of_many_pairs_stays_under_its_size():
    values = np.random.default_rng(0).normal(size=(3, 2000, 7)).cumsum(axis=1)
    panel = make_panel(values, series=tuple("abc"), targets=tuple("tuvwxyz"))
    page = render(build_facts(sample_run(panel, Task(horizon=240, season=24), windows=5)))
    assert len(page.encode()) < 2_000_000


def score(model: str, mase: float, skill: float, coverage: float = 0.8) -> Score:
    return Score(model=model, mase=mase, mae=1.0, rmse=1.0, rmsse=1.0, smape=10.0, crps=1.0, coverage=coverage,
                 nominal=0.8, skill=skill, seconds=1.0)  # fmt: skip


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([score("lstm", 0.75, 0.25), score("seasonal-naive", 1.0, 0.0)],
         "lstm did best: its error (MASE 0.750) is 25\u202f% below that of seasonal naive."),
        ([score("lstm", 0.97, 0.03), score("seasonal-naive", 1.0, 0.0)],
         "lstm did best: its error (MASE 0.970) is only 3\u202f% below that of seasonal naive."),
        ([score("lstm", 0.999, 0.001), score("seasonal-naive", 1.0, 0.0)],
         "lstm did best, but its error (MASE 0.999) is level with that of seasonal naive."),
        ([score("seasonal-naive", 1.0, 0.0), score("lstm", 1.2, -0.2)],
         "No model beats seasonal naive here. The nearest is lstm, MASE 1.200 against 1.000."),
        ([score("lstm", 0.9, float("nan"))],
         "lstm did best (MASE 0.900); seasonal naive was not run, so its skill is unknown."),
        ([], "No model was scored on past windows, so nothing tells how good this forecast is."),
    ],
)  # fmt: skip
def test_the_verdict_is_the_one_that_the_scores_bear(scores, expected):
    facts = build_facts(replace(run_of(), scores=scores, backtests={}))
    assert words.verdict(facts) == expected
    assert expected in "".join(read(render(facts)).text)


def test_a_weak_yardstick_is_told():
    scores = [score("lstm", 0.5, 0.5), score("naive", 0.505, 0.495), score("seasonal-naive", 1.0, 0.0)]
    facts = build_facts(replace(run_of(), scores=scores, backtests={}))
    assert "harder to beat here: the error is 1\u202f% below its own." in "".join(read(render(facts)).text)
    strong = [score("lstm", 0.5, 0.5), score("seasonal-naive", 1.0, 0.0), score("naive", 1.5, -0.5)]
    assert words.simpler(build_facts(replace(run_of(), scores=strong, backtests={}))) == ""


@pytest.mark.parametrize(
    ("windows", "first", "last", "said"),
    [
        (1, "47", "47", "1 past window (cutoff 47)"),
        (1, "47", "125", "1 past window (cutoffs 47 to 125)"),
        (5, "1 May", "6 May", "5 past windows (cutoffs 1 May to 6 May)"),
    ],
)
def test_cutoffs_are_told_from_the_first_to_the_last_of_all_series(windows, first, last, said):
    facts = build_facts(run_of())
    head = replace(facts.headline, cutoffs=windows, first_cutoff=first, last_cutoff=last)
    assert f"Judged on {said}, each forecast" in words.reach(replace(facts, headline=head))


@pytest.mark.parametrize(
    ("coverage", "ending"), [(0.8, "80\u202f% of what came."), (0.6, ": too narrow."), (0.95, ": too wide.")]
)
def test_intervals_that_promise_too_much_or_too_little_are_named(coverage, ending):
    assert words.honesty(score("a", 1.0, 0.0, coverage)).endswith(ending)


def test_a_page_of_nothing_but_data_can_be_drawn():
    run = replace(run_of(), scores=(), backtests={}, final={}, training={}, settings={}, versions={}, notes=())
    text = "".join(read(render(build_facts(run))).text)
    assert "This run made no forecast past the last row." in text and "No model was scored." in text


def test_settings_are_toml_that_reads_back():
    import tomllib

    settings = {"source": "a.csv", "run": {"models": ["a", "b,\n c"], "none": None, "q": (0.1, 0.9), "empty": []}}
    expected = {"source": "a.csv", "run": {"models": ["a", "b,\n c"], "q": [0.1, 0.9], "empty": []}}
    assert tomllib.loads(toml(settings)) == expected


def test_the_leaderboard_alone_is_a_fragment_with_the_same_rows():
    fragment = leaderboard_html([score("lstm", 0.75, 0.25), score("seasonal-naive", 1.0, 0.0), score(EVIL, 2, -1.0)])
    reader = read(fragment)
    assert [tag for tag, _ in reader.tags].count("tr") == 4
    assert not any(tag in ("html", "script") for tag, _ in reader.tags)
    assert "yardstick" in fragment and "+25\u202f%" in fragment and EVIL in "".join(reader.text)
