"""The page of a classification: facts by hand; the page holds together, loads nothing and escapes what it shows."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from seqcast.report.class_facts import Classified, Read, Word, build_class_facts
from seqcast.report.classes import class_page
from seqcast.train.progress import EpochRecord
from tests.report.offline import POINT, checked, pictures

EVIL = '<script>alert("x")</script>'
RECORDS = [
    EpochRecord(
        epoch=epoch, train_loss=1 / epoch, valid_loss=loss, train_error=0.4, valid_error=0.3, rate=1e-3, seconds=1.0
    )
    for epoch, loss in enumerate((0.9, 0.5, 0.7), 1)
]


def one_hot(codes, classes: int) -> np.ndarray:
    return np.eye(classes)[np.asarray(codes)]


def found(classes=("bad", "good"), samples: int = 80, **options) -> Classified:
    """Return a made-up classification: the model is right on 7 of 8 samples, the yardstick on the first class."""
    count = len(classes)
    truth = np.arange(samples) % count
    said = np.where(np.arange(samples) % 8 == 7, (truth + 1) % count, truth)
    sure = np.random.default_rng(0).uniform(0.6, 1.0, (samples, 1))
    model = sure * one_hot(said, count) + (1 - sure) * one_hot((said + 1) % count, count)
    words = tuple(Word(text=text, weight=weight) for text, weight in ((EVIL, 0.6), ("dull", 0.3), ("a&b", 0.1)))
    usual = Classified(
        source=f"films {EVIL}.csv",
        kind="text",
        classes=tuple(classes),
        counts={"trained": 400, "validated": 100, "tested": samples},
        part="test",
        truth=truth,
        probabilities={"lstm": model, "most frequent class": one_hot(np.zeros(samples, dtype=int), count)},
        seconds={"lstm": 12.0},
        records=RECORDS,
        wrong=(Read(name=f"row 7{EVIL}", truth=classes[-1], said=classes[0], probability=0.875, words=words),),
        notes=(f"A note {EVIL}.",),
        settings={"run": {"model": "lstm", "note": EVIL}},
        versions={"seqcast": "0.1.0", "torch": "2.10"},
        total=75.0,
    )
    return replace(usual, **options)


def paths(drawn: ElementTree.Element, kind: str) -> list[str]:
    return [path.get("d", "") for path in drawn.iter("path") if path.get("class") == kind]


def test_facts_by_hand():
    facts = build_class_facts(found())
    assert [(score.model, score.accuracy) for score in facts.scores] == [("lstm", 0.875), ("most frequent class", 0.5)]
    assert facts.confusion.tolist() == [[40, 0], [10, 30]]
    assert list(facts.roc) == list(facts.recall) == ["good"]
    # The model alone is right on 30 samples and the yardstick alone on none, so p is 2 / 2**30.
    assert facts.verdict == "lstm beats most frequent class (87.5 % right against 50.0 %, p = 1.9e-09)"


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ([0] * 8, [1] * 8, "m beats y (100.0 % right against 0.0 %, p = 0.0078)"),
        ([1] * 8, [0] * 8, "m loses against y (0.0 % right against 100.0 %, p = 0.0078)"),
        ([0] * 5 + [1] * 3, [1] * 5 + [0] * 3, "not proven: 8 samples cannot tell m from y (62.5 % right against"),
        ([0] * 8, [0] * 8, "not proven: 8 samples cannot tell m from y (100.0 % right against 100.0 %, p = 1)"),
    ],
)
def test_the_verdict_follows_the_test(ours, theirs, verdict):
    said = {"m": one_hot(ours, 2), "y": one_hot(theirs, 2)}
    facts = build_class_facts(found(truth=np.zeros(8, dtype=int), probabilities=said))
    assert facts.verdict.startswith(verdict)


def test_the_verdict_is_against_the_best_yardstick_and_never_against_a_part():
    truth = np.arange(40) % 2
    half = np.where(np.arange(40) < 30, truth, 1 - truth)
    said = {"m": truth, "low": 1 - truth, "half": half, "network alone": truth}
    given = found(truth=truth, probabilities={name: one_hot(codes, 2) for name, codes in said.items()})
    assert "m beats half (" in build_class_facts(replace(given, parts=("network alone",))).verdict
    assert "cannot tell m from network alone" in build_class_facts(given).verdict
    alone = replace(given, probabilities={"m": one_hot(truth, 2)})
    assert build_class_facts(alone).verdict == "m is right on 100.0 %; nothing stands beside it"


def test_the_curves_of_many_classes_are_those_of_the_most_frequent():
    truth = np.repeat(np.arange(8), [1, 9, 2, 8, 3, 7, 6, 0])
    facts = build_class_facts(
        found(tuple("abcdefgh"), truth=truth, probabilities={"m": np.full((len(truth), 8), 0.125)})
    )
    assert list(facts.roc) == ["b", "d", "e", "f", "g"]
    assert all(curve.area == 0.5 for curve in facts.roc.values())


def test_the_page_is_whole_and_escapes_what_users_wrote():
    facts = build_class_facts(found(("bad", f"good {EVIL}")))
    page = checked(class_page(facts))
    assert EVIL not in page and page.count("&lt;script&gt;") >= 6
    assert "a&amp;b" in page
    assert re.findall("<h2>(.*?)</h2>", page) == [
        "Scores", "Taken for each other", "Curves", "Can the probabilities be believed?", "Training", "Errors to read",
    ]  # fmt: skip
    assert page == class_page(facts)


def test_every_figure_is_there_and_says_what_it_shows():
    page = checked(class_page(build_class_facts(found())))
    titles = [drawn.find("title").text for drawn in pictures(page)]
    assert titles == [
        "True alarms by false ones", "Precision by recall", "Right answers by sureness",
        "Loss of lstm by epoch", "Share answered wrong of lstm by epoch",
    ]  # fmt: skip
    assert "<figcaption>Share answered wrong</figcaption>" in page and "MAE" not in page
    assert "epoch 2 of 3 were kept" in page


def test_numbers_of_the_page_are_those_of_the_facts():
    page = class_page(build_class_facts(found()))
    assert "<td>87.50%</td><td>78.5% – 93.1%</td>" in page
    assert re.findall(r'--share:([\d.]+)">(\d+) <', page) == [
        ("1.000", "40"), ("0.000", "0"), ("0.250", "10"), ("0.750", "30"),
    ]  # fmt: skip
    assert "bad said with 87.5%, is good" in page
    assert [share for share, _ in re.findall(r'<i style="--share:([\d.]+)">(.*?)</i>', page)] == [
        "1.00",
        "0.50",
        "0.17",
    ]


def test_precision_is_drawn_in_steps_whose_area_is_the_average_precision():
    rng = np.random.default_rng(3)
    truth, sure = np.arange(30) % 2, rng.uniform(size=30)
    facts = build_class_facts(found(truth=truth, probabilities={"m": np.column_stack([1 - sure, sure])}))
    drawn = next(each for each in pictures(class_page(facts)) if each.find("title").text == "Precision by recall")
    at = np.array([(float(x) / 2000, 1 - float(y) / 1000) for x, y in POINT.findall(paths(drawn, "model c0")[0])])
    assert np.trapezoid(at[:, 1], at[:, 0]) == pytest.approx(facts.recall["good"].area, abs=2e-3)


def test_names_of_models_keep_their_letters():
    assert '<p class="verdict">lstm beats' in class_page(build_class_facts(found()))
    same = {"m": one_hot([0, 1], 2), "y": one_hot([0, 1], 2)}
    facts = build_class_facts(found(truth=np.array([0, 1]), probabilities=same))
    assert '<p class="verdict">Not proven: 2 samples' in class_page(facts)


def test_a_long_text_is_shown_where_its_words_gave_most():
    words = tuple(Word(text=f"w{place}.", weight=0.5 if place in (200, 201) else 0.0) for place in range(400))
    read = Read(name="row 1", truth="bad", said="good", probability=0.9, words=words)
    page = checked(class_page(build_class_facts(found(wrong=(read,)))))
    shown = re.findall(r'--share:([\d.]+)">(w\d+\.)<', page)
    assert len(shown) == 60 and {("1.00", "w200."), ("1.00", "w201.")} <= set(shown)
    assert "<p>… <i" in page and "</i> …</p>" in page


@pytest.mark.parametrize("samples", [1, 2])
@pytest.mark.parametrize("kind", ["text", "series"])
def test_few_samples_have_a_page(samples, kind):
    bare = found(samples=samples, kind=kind, records=(), wrong=(), notes=(), settings={}, seconds={})
    page = checked(class_page(build_class_facts(bare)))
    assert "Scores" in page and "<h2>Training" not in page and "<h2>Errors" not in page
    assert ("<h2>Curves" in page) == (samples == 2)


@pytest.mark.parametrize("count", [3, 20, 21, 60])
def test_many_classes_have_a_page(count):
    names = tuple(f"{EVIL} {place}" for place in range(count))
    page = checked(class_page(build_class_facts(found(names, samples=4 * count))))
    assert ("Taken for</th>" in page) == ("The most frequent wrong answers" in page) == (count > 20)
    assert EVIL not in page


def test_one_epoch_and_series_without_words():
    read = (Read(name="series 3", truth="bad", said="good", probability=1.0),)
    page = checked(class_page(build_class_facts(found(kind="series", records=RECORDS[:1], wrong=read))))
    assert "series 3: good said with 100.0%, is bad" in page and "colour of a word" not in page
