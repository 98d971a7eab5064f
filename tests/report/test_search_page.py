"""The page of a search: facts against hand-computed values, importance against scipy, a page that holds together."""

import math
import random
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f_oneway

from seqcast.evaluate.leaderboard import BASELINE, Score
from seqcast.ranges import Choices, Range
from seqcast.report.search import search_page, verdict
from seqcast.report.search_facts import Answer, Point, Rung, build_search_facts
from seqcast.report.search_settings import default_values, groups_of, importance_of, share_explained
from seqcast.tune.methods import Asha, Hyperband, Whole
from seqcast.tune.records import Done, Job, Record
from seqcast.tune.samplers import Random
from seqcast.tune.space import Space, defaults
from tests.report.offline import checked

EVIL = '<script>alert("x")</script>'
SPACE = Space(
    ("lstm", "gru"),
    {"training.lr": Range(1e-5, 1e-2, log=True), "training.loss": Choices(("pinball", EVIL))},
    {
        "lstm": {"model.lstm.width": Range(16, 256, log=True)},
        "gru": {"model.gru.layers": Choices((1, 2)), "model.gru.context": Choices((None, 24))},
    },
)


def score(model: str, mase: float) -> Score:
    rest = dict.fromkeys(("mae", "rmse", "rmsse", "smape", "crps", "coverage", "nominal", "skill", "seconds"), 1.0)
    return Score(model=model, mase=mase, **rest)


def outer(tuned: float, before: float, naive: float = 0.9) -> list[Score]:
    return [score("tuned", tuned), score("defaults", before), score(BASELINE, naive)]


def record(trial: int, epochs: int, value: float, *, stage: int = 0, seconds: float = 1.0, **options) -> Record:
    params = options.pop("params", {"model": "lstm", "training.lr": 1e-3})
    failed = "" if math.isfinite(value) else options.pop("failed", "it did not fit")
    return Record(Job(trial, epochs, stage), params, value, 0.5, epochs, seconds, failed)


def searched(method, seed: int = 0, worth=None, most: int = 10**6) -> Done:
    """Return a finished search whose errors are at random but for `worth` of the settings."""
    noise, records, known = np.random.default_rng(seed), [], {0: defaults(SPACE)}
    while len(records) < most and (jobs := method.ready(Done(tuple(records)))):
        job = jobs[0]
        if job.trial not in known:
            known[job.trial] = Random(seed)(SPACE, job.trial, Done())
        value = 0.7 + (worth(known[job.trial]) if worth else 0.0) + 0.05 * float(noise.normal()) + 1 / job.epochs
        value = math.inf if job.trial % 7 == 3 else 4e5 if job.trial == 5 else value
        seconds = float(noise.uniform(1, 2) * job.epochs)
        params = known[job.trial]
        records.append(
            record(job.trial, job.epochs, value, stage=job.stage, seconds=seconds, params=params, failed=EVIL)
        )
    return Done(tuple(records))


def test_best_so_far_by_hand():
    jobs = [(0, 9, 0.8, 10.0), (1, 3, 0.1, 2.0), (2, 9, 0.9, 8.0), (3, 9, math.inf, 5.0), (1, 9, 0.5, 6.0)]
    facts = build_search_facts(Done(tuple(record(t, e, v, seconds=s) for t, e, v, s in jobs)), SPACE, outer(0.6, 0.7))
    assert facts.points == (Point(10.0, 0.8, 0.8), Point(20.0, 0.9, 0.8), Point(31.0, 0.5, 0.5))
    assert (facts.trials, facts.whole, facts.failed, facts.epochs, facts.seconds) == (4, 4, 1, 9, 31.0)
    answer = facts.answer
    assert (answer.trial, answer.inner, answer.tuned, answer.defaults, answer.naive) == (1, 0.5, 0.6, 0.7, 0.9)
    assert answer.optimism == pytest.approx(0.1)
    assert [row.trial for row in facts.rows] == [1, 0, 2]
    assert facts.messages == (("it did not fit", 1),)


def test_rungs_by_hand():
    jobs = [(1, 1, 0.9, 1), (2, 1, 0.7, 1), (3, 1, math.inf, 1), (4, 1, 0.8, 1), (2, 3, 0.6, 1), (5, 3, 0.65, 2)]
    done = Done((record(0, 3, 0.5), *(record(t, e, v, stage=s) for t, e, v, s in jobs)))
    assert build_search_facts(done, SPACE).rungs == (
        Rung(1, 1, trained=4, worked=3, best=0.7, median=0.8, onward=(2,)),
        Rung(1, 3, trained=1, worked=1, best=0.6, median=0.6, onward=()),
        Rung(2, 3, trained=1, worked=1, best=0.65, median=0.65, onward=()),
    )


def test_rungs_count_what_hyperband_did():
    method = Hyperband(9, 3)
    done = searched(replace(method, trials=17))
    facts = build_search_facts(done, SPACE)
    assert [(r.stage, r.epochs, r.trained, len(r.onward)) for r in facts.rungs] == [
        (1, 1, 9, 3), (1, 3, 3, 1), (1, 9, 1, 0), (2, 3, 5, 1), (2, 9, 1, 0), (3, 9, 3, 0),
    ]  # fmt: skip


def test_lines_lie_where_the_values_are_and_break_where_there_is_none():
    params = [
        {"model": "lstm", "training.lr": 1e-5, "training.loss": "pinball", "model.lstm.width": 64},
        {"model": "gru", "training.lr": 1e-2, "training.loss": EVIL, "model.gru.layers": 2, "model.gru.context": None},
    ]
    done = Done(tuple(record(trial, 3, 1.0 - trial / 10, params=p) for trial, p in enumerate(params, 1)))
    facts = build_search_facts(done, SPACE)
    places = {line.trial: dict(zip([a.name for a in facts.axes], line.places, strict=True)) for line in facts.lines}
    assert {k: v for k, v in places[1].items() if v == v} == pytest.approx(
        {"model": 0.0, "training.lr": 0.0, "training.loss": 0.0, "model.lstm.width": 0.5}
    )
    assert {k: v for k, v in places[2].items() if v == v} == pytest.approx(
        {"model": 1.0, "training.lr": 1.0, "training.loss": 1.0, "model.gru.layers": 1.0, "model.gru.context": 0.0}
    )
    assert [(line.trial, line.kind) for line in facts.lines] == [(1, "rest"), (0, "defaults"), (2, "chosen")]


def test_ranks_are_among_those_trained_as_long():
    done = Done(tuple(record(t, 1, t / 100) for t in range(1, 21)) + (record(1, 9, 5.0), record(2, 9, 6.0)))
    kinds = {line.trial: line.kind for line in build_search_facts(done, SPACE).lines}
    assert kinds[1] == "chosen" and kinds[2] == "rest"
    assert {t for t, kind in kinds.items() if kind == "half"} == set(range(3, 11))
    assert {t for t, kind in kinds.items() if kind == "rest"} == {2, *range(11, 21)}


def test_defaults_are_those_of_the_configs():
    assert default_values(SPACE) == {
        "model": "lstm", "training.lr": 2e-3, "training.loss": "pinball", "model.lstm.width": 64,
    }  # fmt: skip


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 3)), min_size=8, max_size=60))
def test_importance_is_epsilon_squared_of_scipys_f(pairs):
    values, groups = np.array([v for v, _ in pairs]), np.array([g for _, g in pairs])
    found = share_explained(values, groups)
    count = len(np.unique(groups))
    assert 0 <= found <= 1
    parts = [values[groups == g] for g in np.unique(groups)]
    if count > 1 and any(np.ptp(part) > 1e-3 for part in parts):
        f = f_oneway(*parts).statistic
        expected = (count - 1) * (f - 1) / (f * (count - 1) + len(values) - count)
        assert found == pytest.approx(max(0.0, expected), abs=1e-6)


@pytest.mark.parametrize(
    ("values", "groups", "share"),
    [
        ([0.1] * 9, [0, 1, 2] * 3, 0.0),
        ([0.0, 1] * 4, [0, 1] * 4, 1.0),
        ([1.0, 2, 3, 4, 5, 6, 7, 8], [0] * 8, 0.0),
        ([1.0, 2, 3, 4, 5, 6, 7], [0, 1] * 3 + [0], math.nan),
        ([1.0, 2, 3, 4, 5, 6, 7, 8], range(8), math.nan),
    ],
)
def test_importance_of_edges(values, groups, share):
    assert share_explained(np.array(values), np.array(groups)) == pytest.approx(share, nan_ok=True)


def test_numbers_are_grouped_by_their_quarters():
    rng = np.random.default_rng(0)
    numbers = rng.uniform(1e-5, 1e-2, 400)
    groups = groups_of(numbers.tolist(), SPACE.shared["training.lr"])
    assert np.bincount(groups).tolist() == [100] * 4
    assert (np.diff(groups[np.argsort(numbers)]) >= 0).all()
    assert groups_of([16] * 7 + [17], Range(16, 256)).tolist() == [0] * 7 + [1]


def test_a_setting_that_does_nothing_and_one_that_decides_all():
    rng = np.random.default_rng(1)
    space = Space(("lstm",), {"training.lr": Range(0.0, 1.0), "training.loss": Choices(("a", "b", "c"))}, {"lstm": {}})
    records = []
    for trial in range(1, 201):
        params = space.sampled(lambda name, domain: domain.at(float(rng.random())))
        value = {"a": 0.0, "b": 1.0, "c": 5.0}[str(params["training.loss"])] + 0.1 * float(rng.normal())
        records.append(record(trial, 1, value, params=params))
    lr, loss = (importance_of(name, domain, records) for name, domain in space.shared.items())
    assert lr.share < 0.05 and loss.share > 0.8 and lr.values == loss.values == 200
    assert [item.name for item in build_search_facts(Done(tuple(records)), space).importance][0] == "training.loss"


@given(st.randoms(use_true_random=False), st.integers(0, 20))
def test_the_order_of_records_changes_only_the_times(shuffle: random.Random, seed: int):
    done = searched(Hyperband(9, 3, 14), seed)
    records = list(done.records)
    shuffle.shuffle(records)
    one, other = build_search_facts(done, SPACE), build_search_facts(Done(tuple(records)), SPACE)
    for name in ("importance", "rungs", "climbs", "axes", "lines", "rows", "messages", "rung"):
        assert getattr(one, name) == getattr(other, name), name
    assert all(math.isnan(item.share) or 0 <= item.share <= 1 for item in one.importance)


@pytest.mark.parametrize(
    "method", [Hyperband(9, 3, 40), Hyperband(3, 3, 150), Asha(9, 3, 30), Whole(9, 30)], ids=lambda m: type(m).__name__
)
def test_the_page_is_whole_and_escapes_what_users_wrote(method):
    facts = build_search_facts(searched(method), SPACE, outer(0.7, 0.8))
    page = checked(search_page(facts))
    assert "&lt;script&gt;" in page and "alert" in page
    assert page.count('class="c0"') >= 2 and 'class="yard"' in page
    assert [re.sub("<.*?>", "", head) for head in re.findall("<h2>.*?</h2>", page)] == [
        "MASE", "Best so far", "Rungs", "Settings", "Importance", "Best settings", "What failed",
    ]  # fmt: skip
    assert page == search_page(facts)


def test_a_far_off_error_leaves_the_picture_and_is_told():
    values = [0.5 + 0.01 * i for i in range(20)] + [4e5]
    done = Done(tuple(record(t, 3, v) for t, v in enumerate(values)))
    page = checked(search_page(build_search_facts(done, SPACE)))
    assert "1 error lies above the picture." in page and "400" not in page.split("Rungs")[0].split("</style>")[1]


FAILED = Done((record(0, 3, 0.5), *(record(t, 1, math.inf, stage=1, failed=f"{EVIL} {t}") for t in range(1, 9))))


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (Done(), "Nothing was sought, so lstm keeps its defaults."),
        (
            Done((record(0, 3, 0.5),)),
            "Nothing was sought: only the defaults were trained; lstm with them has MASE 0.500",
        ),
        (Done((record(0, 3, math.inf),)), "None of the 1 settings that were tried works"),
        (Done((record(0, 3, 0.0, seconds=0.0), record(1, 3, 0.0, seconds=0.0))), "None of 1 other setting beat"),
        (FAILED, "None of 8 other settings was trained to the end, so the defaults stay"),
    ],
)
def test_empty_and_failed_searches_have_a_page_that_says_so(done, said):
    facts = build_search_facts(done, SPACE)
    assert said in verdict(facts)
    checked(search_page(facts))


@pytest.mark.parametrize(
    ("scores", "said", "lost"),
    [
        (outer(0.6, 0.8), "0.600 on the outer ones, which is 25.0\u202f% below that of the defaults (0.800)", False),
        (outer(0.8, 0.8), "which is no better than the defaults: level with them (0.800)", True),
        (outer(0.88, 0.8), "which is no better than the defaults: 10.0\u202f% above them (0.800)", True),
        (outer(1.8, 2.0), "and 100.0\u202f% above that of seasonal naive (0.900)", False),
        (outer(math.nan, 0.8), "and unknown on the outer ones", False),
        ([], "the optimism (outer less inner) is unknown.", False),
    ],
)
def test_the_answer_is_honest(scores, said, lost):
    done = Done((record(0, 3, 0.7), record(1, 3, 0.5, params={"model": "gru", "training.lr": 0.01})))
    facts = build_search_facts(done, SPACE, scores)
    assert verdict(facts).startswith("Chosen is gru with lr 0.01: MASE 0.500 on the inner windows") and said in verdict(
        facts
    )
    assert ("did not last on the outer ones" in checked(search_page(facts))) is lost


def test_the_optimism_is_signed():
    answer = Answer(1, "gru", (), inner=0.5, tuned=0.45, defaults=0.5, naive=1.0, optimism=-0.05)
    facts = replace(build_search_facts(Done(), SPACE), answer=answer, trials=2)
    assert verdict(facts).endswith("the optimism (outer less inner) is \N{MINUS SIGN}0.050.")
