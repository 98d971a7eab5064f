"""The four answers: right way round, borne out by the facts, and absent where nothing was given."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from seqcast.autopsy.autopsy import Autopsy
from seqcast.doctor.findings import Finding
from seqcast.doctor.pairs import Place
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.ranks import average_ranks
from seqcast.report import answers, audit, choices, intervals, verdict, words
from seqcast.report.evidence import shown_levels
from seqcast.report.facts import build_facts
from seqcast.report.html import render
from seqcast.report.numbers import percent
from seqcast.types import Task
from tests.report.believed import LEVELS, audit_of, believed_run
from tests.report.sample import make_panel
from tests.report.test_page import read

TASK = Task(horizon=6, season=4, quantiles=LEVELS)
QUESTIONS = [
    "Did anything leak?",
    "Is a network worth it here?",
    "Can the intervals be believed?",
    "Is the data fit?",
]


def run_of(**changes):
    values = 5 + np.random.default_rng(0).normal(size=(1, 200, 2)).cumsum(axis=1)
    return replace(believed_run(make_panel(values, targets=("load", "price")), TASK), **changes)


@pytest.fixture(scope="module")
def run():
    return run_of()


@pytest.fixture(scope="module")
def facts(run):
    return build_facts(run)


@pytest.fixture(scope="module")
def page(facts):
    return render(facts)


def text_of(page: str) -> str:
    return re.sub(r"[ \n]+", " ", "".join(read(page).text))


def test_four_questions_stand_above_all_sections_and_lead_to_their_evidence(page):
    asked = re.findall(r'<dt><a href="#([\w-]+)">([^<]+)</a></dt>', page)
    assert [question for _, question in asked] == QUESTIONS
    assert page.index(QUESTIONS[0]) < page.index("<section")
    ids = {attributes.get("id") for _, attributes in read(page).tags}
    assert {place for place, _ in asked} <= ids


def test_sections_of_evidence_stand_in_order(page):
    heads = re.findall(r'<h2 id="[^"]+">([^<]+)', page)
    assert heads[:9] == [
        "Forecast",
        "Leaderboard",
        "Chosen before it was scored",
        "What failed, and why",
        *QUESTIONS,
        "Backtest",
    ]


def test_without_evidence_the_page_is_as_before():
    bare = run_of(audit=None, verdict=None, choice=None, coverage=(), raw_coverage=(), pit=(), autopsies=())
    page = render(build_facts(bare))
    assert 'class="answers"' not in page and 'class="flag" href' not in page
    for gone in ("h-audit", "h-verdict", "h-intervals", "h-choice", "h-autopsy"):
        assert gone not in page


@pytest.mark.parametrize("part", ["audit", "verdict", "choice", "coverage"])
def test_each_part_may_be_missing_alone(run, part):
    empty = {"audit": None, "verdict": None, "choice": None, "coverage": ()}[part]
    facts = build_facts(replace(run, **{part: empty}))
    text = text_of(render(facts))
    assert len(answers.answers(facts)) == (4 if part in ("choice", "audit") else 3)
    assert "None" not in text.replace("None of", "")


def test_a_clean_audit_says_no_and_a_leak_says_yes(run):
    clean = build_facts(run).evidence
    assert audit.state(clean.audit) == "passed"
    assert audit.answer(clean) == (
        "No: 72 held-out values were spoilt in 3 ways, and every forecast of 11 models stayed the same to the last bit."
    )
    leaky = build_facts(replace(run, audit=audit_of(["theta", "lstm"], leaking="lstm")))
    said = audit.answer(leaky.evidence)
    assert said.startswith("Yes. lstm saw what came after the cutoff: the forecast of lstm moved in 40 of 240 numbers")
    text = text_of(render(leaky))
    assert text.count(said) == 2 and "stayed the same" not in text
    assert answers.answers(leaky)[0].mark == "bad" and answers.answers(build_facts(run))[0].mark == "good"


def test_an_unsteady_model_is_neither(run):
    facts = build_facts(replace(run, audit=audit_of(["theta", "lstm"], unsteady="lstm")))
    assert audit.answer(facts.evidence) == "It cannot be told: two clean runs of lstm differ."
    assert answers.answers(facts)[0].mark == "open"


def test_without_an_audit_the_reason_is_given(run):
    facts = build_facts(replace(run, audit=None, unaudited="the run asked for none."))
    assert answers.answers(facts)[0].text == "Not audited: the run asked for none."
    assert answers.answers(facts)[0].mark == "open"
    assert answers.answers(build_facts(replace(run, audit=None)))[0].text == "Not audited."


def test_the_audit_table_has_a_row_a_model_and_a_cell_a_corruption(run):
    found = audit.table(audit_of(["theta", "lstm"], leaking="lstm", unsteady="theta"))
    assert [row[0].text for row in found.rows] == ["theta", "lstm"]
    assert [row[-1].text for row in found.rows] == ["not deterministic", "LEAK"]
    assert all(len(row) == len(found.heads) for row in found.rows)
    assert found.rows[1][1].text == "40 of 240 moved" and "A · y, step 3" in found.rows[1][1].aside


def test_every_number_of_the_verdict_is_on_the_page(facts, page):
    text = text_of(page)
    found = facts.evidence.verdict
    assert text.count(verdict.answer(found)) == 2 and all(detail in text for detail in found.details)
    for each in found.comparisons:
        assert percent(each.gain, 1, sign=True) in text
        assert verdict.p_said(each.adjusted) in text
    among = [row[0].text for row in verdict.table(found).rows if row[-1].text]
    assert set(among) | {"seasonal-naive"} >= set(found.confidence_set) and set(among) <= set(found.confidence_set)


def test_a_gain_is_only_proven_where_the_test_bears_it(facts):
    found = facts.evidence.verdict
    proven = replace(found.comparisons[-1], against="theta", gain=0.2, adjusted=0.01)
    assert verdict.mark(replace(found, comparisons=(proven,)), (proven.model,)) == "good"
    assert verdict.mark(replace(found, comparisons=(proven,)), ("another",)) == "open"
    assert verdict.mark(replace(found, comparisons=()), (proven.model,)) == "open"
    for change in ({"adjusted": 0.2}, {"gain": -0.2}):
        assert verdict.mark(replace(found, comparisons=(replace(proven, **change),)), (proven.model,)) == "open"
    # A gain over seasonal naive is not yet one over the best classical model.
    both = (replace(proven, against="seasonal-naive"), replace(proven, adjusted=0.5))
    assert verdict.mark(replace(found, comparisons=both), (proven.model,)) == "open"


def test_the_verdict_is_a_sentence_that_keeps_the_names_of_models(facts):
    found = facts.evidence.verdict
    said = {
        "not proven: few": "Not proven: few.",
        "no network was run.": "No network was run.",
        "nbeats beats": "nbeats beats.",
    }
    for text, expected in said.items():
        assert verdict.answer(replace(found, sentence=text)) == expected


def test_a_dot_lies_at_its_gain_and_a_line_from_end_to_end(facts):
    figure = verdict.figures(facts.evidence.verdict)[0]
    mine = [each for each in facts.evidence.verdict.comparisons if each.against == "seasonal-naive"]
    dots = [int(x) for x in re.findall(r'class="dot[^"]*" d="M(\d+),', figure.svg)]
    lines = re.findall(r'class="span[^"]*" d="M(\d+),\d+L(\d+),', figure.svg)
    assert len(dots) == len(lines) == len(mine)
    order = np.argsort([each.gain for each in mine])
    assert (np.diff(np.array(dots)[order]) >= 0).all()
    assert all(int(low) <= dot <= int(high) for dot, (low, high) in zip(dots, lines, strict=True))
    found = replace(facts.evidence.verdict, comparisons=(*mine[:2], replace(mine[2], gain=0.2, low=0.1, high=0.3)))
    drawn = verdict.figures(found)[0].svg
    for what in ("dot", "span"):
        assert re.findall(rf'class="({what}[^"]*)"', drawn) == [
            what if each.low > 0 else f"{what} small" for each in found.comparisons
        ]


def test_models_within_the_critical_difference_of_the_best_lie_in_the_shade(facts):
    names = tuple(score.model for score in facts.scores)
    losses = np.random.default_rng(0).normal(size=(12, len(names))) + np.arange(len(names)) / 2
    ranks = average_ranks(names, losses)
    found = replace(facts.evidence.verdict, ranks=ranks)
    assert "Nemenyi" in text_of(render(replace(facts, evidence=replace(facts.evidence, verdict=found))))
    figure = verdict.figures(found)[-1].svg
    box = re.search(r'class="noise" x="(\d+)" y="\d+" width="(\d+)"', figure)
    edge = int(box.group(1)) + int(box.group(2))
    dots = [int(x) for x in re.findall(r'class="dot[^"]*" d="M(\d+),', figure)]
    near = [rank - ranks.average[0] < ranks.critical_difference for rank in ranks.average]
    assert True in near and False in near
    assert [dot <= edge for dot in dots] == near


def test_coverage_on_the_page_is_that_of_the_facts(run, facts, page):
    text, mine = text_of(page), [part for part in facts.evidence.held if part.model == facts.headline.best]
    assert [round(part.nominal, 2) for part in mine] == [0.95, 0.8]
    given = {(part.model, part.nominal): part for part in run.coverage}
    raw = {(part.model, part.nominal): part for part in run.raw_coverage}
    for part in facts.evidence.held:
        assert part.share == pytest.approx(
            given[part.model, part.nominal].hits / given[part.model, part.nominal].counts
        )
        assert part.total_before == raw[part.model, part.nominal].share < part.total
        assert part.width_before == raw[part.model, part.nominal].width < part.width
        assert percent(part.total, 1) in text and percent(part.total_before, 1) in text


def test_widest_and_usual_intervals_are_shown(run):
    assert shown_levels(run.coverage) == (0.95, 0.8)
    odd = [replace(part, nominal=part.nominal - 0.05) for part in run.coverage]
    assert len(shown_levels(odd)) == 1
    assert shown_levels(()) == ()


def held(facts, total, band, nominal=0.8):
    part = next(part for part in facts.evidence.held if part.model == facts.headline.best)
    return replace(part, total=total, band=band, nominal=nominal)


@pytest.mark.parametrize(
    ("total", "band", "beginning", "mark"),
    [
        (0.72, (0.65, 0.82), "Yes.", "good"),
        (0.70, (0.40, 0.95), "As far as so few windows tell, yes.", "open"),
        (0.80, (0.40, 0.95), "Yes.", "good"),
        (0.78, (0.775, 0.785), "Yes.", "good"),
        (0.70, (0.65, 0.75), "No, too narrow.", "bad"),
        (0.90, (0.85, 0.95), "No, too wide.", "bad"),
    ],
)
def test_intervals_are_believed_within_chance_or_three_points(facts, total, band, beginning, mark):
    parts = [held(facts, total, band)]
    assert intervals.answer(parts, facts.headline.best).startswith(beginning)
    assert intervals.mark(parts, facts.headline.best) == mark
    assert intervals.answer(parts, "another") == "Unknown: no interval was judged."


def test_the_coverage_line_lies_where_the_share_is(facts):
    figure = intervals.figures(facts)[0].svg
    group = re.search(r'<g class="m m0">.*?</g>', figure).group(0)
    drawn = [int(y) for _, y in re.findall(r"(\d+),(\d+)", re.search(r'class="valid" d="([^"]+)"', group).group(1))]
    part = facts.evidence.held[0]
    assert part.model == facts.headline.best
    assert 1 - np.array(drawn) / 1000 == pytest.approx(part.share, abs=0.001)
    promise = int(re.search(r'class="promise" d="M0,(\d+)', figure).group(1))
    assert 1 - promise / 1000 == pytest.approx(part.nominal, abs=0.001)


def test_the_histogram_has_a_bar_a_bin_and_names_its_shape(facts):
    names = intervals.models(facts)
    figure = intervals.figures(facts)[-1]
    assert figure.svg.count('class="gain"') == len(names) * len(facts.evidence.pit[0].share)
    part = facts.evidence.pit[0]
    low, high = np.full(4, 0.15), np.full(4, 0.35)
    shapes = {
        (0.25, 0.25, 0.25, 0.25): "even, as it should be",
        (0.4, 0.1, 0.1, 0.4): "too much at both ends: too narrow",
        (0.1, 0.4, 0.4, 0.1): "too much in the middle: too wide",
        (0.6, 0.2, 0.1, 0.1): "too much at the low end: forecasts too high",
        (0.1, 0.1, 0.2, 0.6): "too much at the high end: too low",
        (0.3, 0.1, 0.3, 0.3): "nearly even",
    }
    for share, said in shapes.items():
        one = replace(part, edges=np.linspace(0, 1, 5), share=np.array(share), low=low, high=high)
        pits = (one, *facts.evidence.pit[1:])
        assert intervals.figures(replace(facts, evidence=replace(facts.evidence, pit=pits)))[-1].said[0] == said


def test_the_chosen_model_is_best_everywhere_though_another_leads(run, facts, page):
    chosen = run.choice.model
    assert facts.headline.best == chosen != facts.scores[0].model
    assert facts.past_models[0] == chosen
    assert page.count("chosen on inner windows") == 1
    row = re.search(r'<tr class="best[^"]*">\s*<th scope="row">(\S+)', page)
    assert row.group(1) == chosen
    assert f"{facts.scores[0].model} would have done best" in text_of(page)


def test_the_choice_tells_inner_outer_and_optimism(run, page):
    choice, text = run.choice, text_of(page)
    assert choices.sentence(choice) in text
    found = choices.table(choice)
    assert found.rows[0][0].text == choice.model and found.rows[0][0].aside == "chosen"
    assert found.rows[0][3].text == choices.signed(choice.optimism)
    assert [row[4].text for row in found.rows].count("") == len(found.rows) - 2


def test_only_of_a_median_is_it_said_what_it_is_taken_by(run, page):
    said = "The median is of the models whose whole forecast, by CRPS and not by MASE, was best there."
    assert said not in text_of(page)
    taken = replace(run, choice=replace(run.choice, middle=tuple(score.model for score in run.scores[:3])))
    assert said in text_of(render(build_facts(taken)))


def test_without_inner_windows_it_is_said_plainly(run):
    choice = Choice(model=run.scores[0].model, windows=0, inner=(), outer=tuple(run.scores))
    page = render(build_facts(replace(run, choice=choice)))
    assert "Chosen by its own score" in page and "flatters it" in text_of(page)
    assert "chosen on inner windows" not in page


@pytest.mark.parametrize(
    ("skill", "said"),
    [(0.2, "20\u202f% below that of"), (-0.2, "20\u202f% above that of"), (0.0, "level with that of")],
)
def test_a_chosen_model_that_does_not_lead_is_told_as_it_is(facts, skill, said):
    scores = [facts.scores[0], replace(facts.scores[1], skill=skill), *facts.scores[2:]]
    assert said in words.verdict(replace(facts, scores=tuple(scores)))


PLACE = Place(series="A", target="y", name="y", first="", last="")
FINDINGS = {
    "note": Finding(severity="note", check="strong season", places=(), looked=1, what="W.", why="Y.", option="O."),
    "warning": Finding(severity="warning", check="unit root", places=(PLACE,), looked=2, what="It wanders.",
                       why="No level.", option="Take differences."),
}  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "said", "mark"),
    [
        ((), "Yes: the doctor found nothing to mention.", "good"),
        (("note",), "Yes: nothing but 1 note, which the defaults deal with.", "good"),
        (
            ("warning", "note"),
            "With care: 1 warning (unit root); besides 1 note, which the defaults deal with.",
            "open",
        ),
    ],
)
def test_the_data_answer_follows_the_worst_finding(facts, kinds, said, mark):
    diagnosis = replace(facts.diagnosis, findings=tuple(FINDINGS[kind] for kind in kinds))
    found = answers.fit(diagnosis)
    assert (found.text, found.mark) == (said, mark)


def test_findings_are_told_with_place_reason_option_and_details(facts):
    finding = replace(FINDINGS["warning"], details=("row 7: -999", "row 9: -999"))
    page = render(replace(facts, diagnosis=replace(facts.diagnosis, findings=(finding,))))
    text = text_of(page)
    for said in (
        "unit root",
        "1 of 2: y",
        "It wanders. No level.",
        "Take differences.",
        "2 lines of detail",
        "row 7: -999",
    ):
        assert said in text


def test_a_failed_forecast_is_flagged_on_the_leaderboard_and_explained(facts):
    failed = Autopsy(model="gru", fault="flat", where="1 of 2: load", evidence="It does not move.",
                     cause="The rate is too low.", option="--set training.lr=0.002")  # fmt: skip
    page = render(replace(facts, evidence=replace(facts.evidence, autopsies=(failed,))))
    assert re.search(r'<th scope="row">gru.*?<a class="flag" href="#h-autopsy">flat</a></th>', page)
    assert page.count('href="#h-autopsy"') == 1
    for said in (failed.where, failed.evidence, failed.cause, failed.option):
        assert said in text_of(page)


def test_facts_with_evidence_are_json_and_the_page_is_the_same_twice(run, facts, page):
    data = json.loads(facts.to_json(), parse_constant=lambda name: pytest.fail(name))
    assert data["evidence"]["choice"]["model"] == run.choice.model
    assert render(build_facts(run_of())) == page


def test_names_in_the_evidence_are_text_and_never_code(facts):
    evil = "<script>alert(1)</script>"
    audited = audit_of([evil], leaking=evil)
    failed = Autopsy(model=evil, fault="flat", where=evil, evidence=evil, cause=evil, option=evil)
    evidence = replace(
        facts.evidence,
        audit=audited,
        autopsies=(failed,),
        held=tuple(replace(part, model=evil) for part in facts.evidence.held[:2]),
        verdict=replace(
            facts.evidence.verdict,
            comparisons=tuple(replace(each, model=evil) for each in facts.evidence.verdict.comparisons),
        ),
    )
    reader = read(render(replace(facts, evidence=evidence)))
    assert sum(tag == "script" for tag, _ in reader.tags) == 1
