"""Classifier: the manners of scikit-learn, texts and series of any length, and answers that padding never changes."""

import copy
import json

import numpy as np
import polars as pl
import pytest
import torch

from seqcast import Classifier, Regressor
from seqcast.data.text import FIRST, TextOptions, words_of
from seqcast.errors import BundleError, ConfigError, InputError
from seqcast.models.classifier import ReadingConfig
from seqcast.train.config import FitConfig
from tests.windows import windows

FAMILIES = ("rnn", "lstm", "gru", "hybrid")
SMALL = {"width": 4, "embedding": 6}


def quick(model="lstm", **more):
    return Classifier(**{"model": model, "settings": SMALL, "training": {"epochs": 2, "lr": 1e-2}, **more})


def reviews(count=60, classes=("good", "bad"), seed=0):
    """Return texts of unequal length, one word in which tells the class, and the classes."""
    draw = np.random.default_rng(seed)
    telling = {label: f"very{label}" for label in classes}
    labels = [classes[row % len(classes)] for row in range(count)]
    texts = []
    for label in labels:
        around = [f"word{number}" for number in draw.integers(0, 12, draw.integers(1, 25))]
        around.insert(int(draw.integers(0, len(around) + 1)), telling[label])
        texts.append(" ".join(around))
    return texts, labels


def pulses(count, steps=12, seed=0):
    """Return series of two channels with a pulse each, and which came first: no channel's mean tells it."""
    draw = np.random.default_rng(seed)
    series, first = np.zeros((count, steps, 2)), np.zeros(count, dtype=np.int64)
    for row in range(count):
        one, two = draw.choice(steps, 2, replace=False)
        series[row, one, 0] = series[row, two, 1] = 1.0
        first[row] = one < two
    return series, first


def waves(count=40, seed=0):
    """Return a list of series of unequal length and of two channels, and classes that their level tells."""
    draw = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    return [draw.normal(size=(draw.integers(3, 15), 2)) + 3 * label for label in labels], labels


@pytest.fixture(scope="module")
def data():
    return reviews()


@pytest.fixture(scope="module")
def fitted(data):
    return quick().fit(*data)


@pytest.fixture(scope="module")
def of_series():
    return quick(order="none").fit(*waves())


def test_the_constructor_stores_and_does_nothing_else():
    given = {"model": "nonsense", "settings": {"widht": 3}, "valid": 7, "order": "backwards", "text": {"lenght": 1}}
    classifier = Classifier(**given)
    assert all(classifier.get_params()[name] is value for name, value in given.items())


def clone(estimator):
    """Do as `sklearn.base.clone` does, which refuses constructors that copy or change what they are given."""
    parameters = {name: copy.deepcopy(value) for name, value in estimator.get_params(deep=False).items()}
    fresh = type(estimator)(**parameters)
    assert all(fresh.get_params(deep=False)[name] is value for name, value in parameters.items())
    return fresh


def test_a_clone_has_learnt_nothing_and_learns_the_same_bits(data, fitted):
    twin = clone(fitted)
    assert twin.get_params() == fitted.get_params()
    with pytest.raises(InputError, match=r"this one has not. Call fit\(X, y\) first"):
        twin.predict(data[0])
    np.testing.assert_array_equal(twin.fit(*data).predict_proba(data[0]), fitted.predict_proba(data[0]))


def test_parameters_are_set_by_name():
    classifier = quick()
    assert classifier.set_params(model="gru", seed=3) is classifier
    assert (classifier.model, classifier.seed) == ("gru", 3)
    with pytest.raises(ConfigError, match="Classifier has no parameter 'modle'. Did you mean 'model'"):
        classifier.set_params(modle="gru")


def test_a_second_fit_forgets_the_first(data, fitted):
    classifier = quick().fit(*waves())
    np.testing.assert_array_equal(classifier.fit(*data).predict_proba(data[0]), fitted.predict_proba(data[0]))


def test_a_fit_that_fails_leaves_what_was_learnt(data, fitted):
    classifier = quick().fit(*data)
    for texts, labels in ((["a b", "a b", "c"], ["x", "y", "z"]), (data[0], [1, *data[1][1:]])):
        with pytest.raises(InputError):
            classifier.fit(texts, labels)
        np.testing.assert_array_equal(classifier.predict(data[0]), fitted.predict(data[0]))


def test_the_seed_alone_changes_the_answers_and_the_callers_random_state_nothing(data, fitted):
    torch.manual_seed(99)
    state, numpys = torch.get_rng_state(), np.random.get_state(legacy=False)
    same, other = quick().fit(*data), quick(seed=1).fit(*data)
    assert torch.equal(torch.get_rng_state(), state) and str(np.random.get_state(legacy=False)) == str(numpys)
    np.testing.assert_array_equal(same.predict_proba(data[0]), fitted.predict_proba(data[0]))
    assert not np.array_equal(other.predict_proba(data[0]), fitted.predict_proba(data[0]))


@pytest.mark.parametrize("model", FAMILIES)
@pytest.mark.parametrize("patch", [1, 3])
def test_texts_are_answered_alone_as_together_whatever_their_order_and_length(model, patch, data):
    classifier = quick(model, settings={**SMALL, "patch": patch}, text={"length": 60}).fit(*data)
    asked = ["verygood", "", " ".join(data[0][:9]), *data[0][:6], "nobody knows any of this", "word1 " * 300]
    together = classifier.predict_proba(asked)
    np.testing.assert_allclose(together.sum(axis=1), 1.0, atol=1e-12)
    for row, text in enumerate(asked):
        np.testing.assert_allclose(classifier.predict_proba([text])[0], together[row], rtol=0, atol=1e-6)
    order = np.random.default_rng(1).permutation(len(asked))
    shuffled = classifier.predict_proba([asked[row] for row in order])
    np.testing.assert_allclose(shuffled, together[order], rtol=0, atol=1e-6)


@pytest.mark.parametrize("model", FAMILIES)
def test_series_are_answered_alone_as_together_whatever_their_order(model):
    series, labels = waves()
    classifier = quick(model, settings={**SMALL, "patch": 2}, order="none").fit(series, labels)
    asked = [*series[:8], np.ones((1, 2)), series[3][:2]]
    together = classifier.predict_proba(asked)
    for row, sample in enumerate(asked):
        np.testing.assert_allclose(classifier.predict_proba([sample])[0], together[row], rtol=0, atol=1e-6)
    np.testing.assert_allclose(classifier.predict_proba(asked[::-1]), together[::-1], rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("good", "bad", "kind"), [("gut", "schlecht", "U"), (1, 0, "i"), (7, -2, "i"), (True, False, "b"), (2.0, 1.0, "f")]
)
def test_labels_come_back_as_they_were(good, bad, kind, data, tmp_path):
    labels = [good if label == "good" else bad for label in data[1]]
    classifier = quick().fit(data[0], labels)
    said = classifier.predict(data[0])
    assert said.dtype.kind == kind and set(said.tolist()) <= {good, bad}
    assert classifier.classes_.tolist() == sorted({good, bad})
    assert classifier.score(data[0], labels) == np.mean(said == np.array(labels))
    back = Classifier.load(classifier.save(tmp_path / "model"))
    assert back.predict(data[0]).dtype == said.dtype
    np.testing.assert_array_equal(back.predict(data[0]), said)


def test_the_names_of_the_classes_change_nothing_but_the_names(data, fitted):
    named = quick().fit(data[0], [{"good": "b", "bad": "a"}[label] for label in data[1]])
    np.testing.assert_array_equal(named.predict_proba(data[0]), fitted.predict_proba(data[0]))


def test_three_classes_are_told_apart():
    texts, labels = reviews(120, ("good", "bad", "soso"))
    classifier = quick(training={"epochs": 6, "lr": 2e-2}).fit(texts, labels)
    asked, truth = reviews(60, ("good", "bad", "soso"), seed=1)
    said = classifier.predict_proba(asked)
    assert classifier.classes_.tolist() == ["bad", "good", "soso"] and said.shape == (60, 3)
    assert classifier.score(asked, truth) > 0.95
    for each in classifier.beside(asked).values():
        np.testing.assert_allclose(each.sum(axis=1), 1.0, atol=1e-12)


def test_the_kind_of_container_changes_nothing(data, fitted):
    expected = fitted.predict_proba(data[0])
    for kind in (tuple, np.array, pl.Series, iter):
        again = quick().fit(kind(data[0]), kind(data[1]))
        np.testing.assert_array_equal(again.predict_proba(kind(data[0])), expected)


def learnt(classifier):
    """Return all that is learnt of words: vocabulary, pairs, runs and the linear weights."""
    reading = classifier.fitted_.reading
    numbers = (reading.pairs, reading.ngrams.keys, reading.linear.weights, reading.linear.bias)
    return reading.vocabulary.words.to_list(), [array.tobytes() for array in numbers]


def test_other_words_in_texts_that_validate_or_are_asked_leave_what_was_learnt_as_it_was(data, fitted):
    """The vocabulary leak: not a bit of what is read hangs on a text that does not train."""
    held = set(fitted.fitted_.held.tolist())
    texts = [
        f"elsewhere unseen{row} elsewhere unseen{row}" if row in held else text for row, text in enumerate(data[0])
    ]
    other = quick().fit(texts, data[1])
    assert set(other.fitted_.held.tolist()) == held and len(held) == 12
    assert learnt(other) == learnt(fitted)
    assert not {word for word in learnt(other)[0] if word.startswith(("unseen", "elsewhere"))}
    before = learnt(fitted)
    fitted.predict(["elsewhere unseen"] * 9)
    fitted.score(["elsewhere unseen"] * 2, ["good", "bad"])
    assert learnt(fitted) == before


def test_labels_that_validate_teach_the_linear_model_nothing(data):
    swapped = [*data[1][:48], *data[1][:47:-1]]
    assert swapped != data[1]
    assert learnt(quick(order="time").fit(data[0], swapped)) == learnt(quick(order="time").fit(*data))


def test_how_long_texts_are_that_validate_chooses_no_patch(data):
    """A long median asks for patches: that of all texts must not, that of those that train must."""
    long, patches = ["word1 " * 300 + text for text in data[0]], []
    for texts in ([*data[0][:20], *long[20:]], [*long[:20], *data[0][20:]]):
        patches.append(quick(order="time", valid=2 / 3).fit(texts, data[1]).fitted_.recipe.config.patch)
    assert patches[0] == 1 < patches[1]


def test_scales_are_those_of_the_series_that_train():
    series, labels = waves()
    classifier = quick(order="time").fit(series, labels)
    trained = np.concatenate(series[:32])
    np.testing.assert_allclose(classifier.fitted_.scaler.loc[0], trained.mean(axis=0), rtol=1e-10)
    np.testing.assert_allclose(classifier.fitted_.scaler.scale[0], trained.std(axis=0), rtol=1e-10)
    assert classifier.fitted_.held.tolist() == list(range(32, 40))


def test_texts_may_follow_each_other_in_time(data):
    assert quick(order="time", valid=0.25).fit(*data).fitted_.held.tolist() == list(range(45, 60))


def test_equal_texts_are_never_parted(data):
    texts = [*data[0], *data[0][:30]]
    held = quick().fit(texts, [*data[1], *data[1][:30]]).fitted_.held
    assert len(held) and not set(held) & {*range(30), *range(60, 90)}


@pytest.mark.parametrize("kind", ["texts", "series"])
def test_a_saved_classifier_answers_to_the_same_bits_and_can_learn_again(kind, data, fitted, of_series, tmp_path):
    asked, labels = data if kind == "texts" else waves()
    classifier = fitted if kind == "texts" else of_series
    back = Classifier.load(classifier.save(tmp_path / "model"))
    np.testing.assert_array_equal(back.predict_proba(asked), classifier.predict_proba(asked))
    assert back.score(asked, labels) == classifier.score(asked, labels)
    assert back.history.equals(classifier.history)
    if kind == "texts":
        assert back.explain(asked) == fitted.explain(asked)
    again = clone(back).fit(asked, labels)
    np.testing.assert_array_equal(again.predict_proba(asked), classifier.predict_proba(asked))
    assert {path.suffix for path in (tmp_path / "model").iterdir()} <= {".json", ".safetensors", ".txt"}


def test_settings_as_dataclasses_are_saved_too(data, tmp_path):
    training = FitConfig(loss="cross-entropy", epochs=1)
    settings = ReadingConfig(width=4, embedding=5, pool="attention")
    classifier = quick("hybrid", settings=settings, text=TextOptions(ngrams=0, pairs=0), training=training).fit(*data)
    assert classifier.beside(data[0]).keys() == {"network"}
    back = Classifier.load(classifier.save(tmp_path / "model"))
    np.testing.assert_array_equal(back.predict_proba(data[0]), classifier.predict_proba(data[0]))


@pytest.mark.parametrize("name", ["network.safetensors", "reading.safetensors", "vocabulary.txt", "manifest.json"])
def test_a_byte_that_was_changed_is_refused(name, fitted, tmp_path):
    path = fitted.save(tmp_path / "model") / name
    spoilt = bytearray(path.read_bytes())
    place = spoilt.index(b'"seed"') + 1 if name == "manifest.json" else len(spoilt) // 2
    spoilt[place] ^= 1
    path.write_bytes(spoilt)
    with pytest.raises(BundleError, match="was changed since it was saved|differs"):
        Classifier.load(tmp_path / "model")


def test_a_bundle_of_another_kind_is_refused(fitted, tmp_path):
    inputs, targets = windows(40)
    other = Regressor(model="gru", settings={"width": 4}, training={"epochs": 1}).fit(inputs, targets)
    with pytest.raises(BundleError, match="seqcast-classifier"):
        Classifier.load(other.save(tmp_path / "regressor"))
    with pytest.raises(BundleError, match="seqcast-regressor"):
        Regressor.load(fitted.save(tmp_path / "classifier"))


def test_the_history_has_a_row_for_each_epoch(fitted):
    names = ["epoch", "train_loss", "valid_loss", "train_error", "valid_error", "rate", "seconds"]
    assert set(names) <= set(fitted.history.columns)
    assert fitted.history["epoch"].to_list() == [1, 2]
    assert fitted.history["valid_error"].is_between(0, 1).all()
    json.dumps(fitted.history.to_dicts(), allow_nan=False)


def test_the_error_of_the_best_epoch_is_the_share_answered_wrong(data, fitted):
    held = fitted.fitted_.held
    said = fitted.beside([data[0][row] for row in held])["network"]
    truth = [fitted.classes_.tolist().index(data[1][row]) for row in held]
    best = fitted.history.row(int(np.argmin(fitted.history["valid_loss"])), named=True)
    assert best["valid_error"] == pytest.approx(np.mean(said.argmax(axis=1) != truth), abs=1e-6)
    assert best["valid_loss"] == pytest.approx(-np.log(said[np.arange(len(held)), truth]).mean(), rel=1e-5)


@pytest.mark.parametrize("side", ["start", "end", "both"])
@pytest.mark.parametrize("pool", ["max", "mean", "attention", "last"])
def test_the_words_that_are_explained_are_those_that_were_read(side, pool, data):
    settings = {**SMALL, "pool": pool, "patch": 2}
    classifier = quick(settings=settings, text={"length": 5, "side": side}).fit(*data)
    asked = [*data[0][:10], "Wow, UNHEARD of!", ""]
    first, last = {"start": (5, 0), "end": (0, 5), "both": (2, 3)}[side]
    for text, told in zip(asked, classifier.explain(asked), strict=True):
        words = words_of([text]).flat.to_list()
        cut = words if len(words) <= 5 else words[:first] + words[len(words) - last :]
        assert [word for word, _ in told] == cut
        if cut:
            assert sum(share for _, share in told) == pytest.approx(1.0, abs=1e-5)
            assert all(told[place][1] == told[place + 1][1] for place in range(0, len(told) - 1, 2))


def test_series_have_no_words_to_explain(of_series):
    with pytest.raises(InputError, match="has learnt series. Fit it on texts"):
        of_series.explain(["a"])


def test_words_that_are_too_rare_are_unknown_to_network_and_runs(data):
    classifier = quick(text={"vocabulary": 3, "least": 2}).fit(*data)
    reading = classifier.fitted_.reading
    assert reading.words == 3 + FIRST
    numbers = reading.sequences(words_of(["nobody saysthis", *data[0]]))
    assert numbers.values[:, 0].max() == 4 and set(numbers[0][:, 0]) == {1}
    assert len(reading.vocabulary) > reading.words


@pytest.mark.parametrize("model", FAMILIES)
def test_a_rule_of_order_is_learnt_that_no_mean_can_tell(model):
    """Every sample has the same mean of each channel, so that from means no model tells more than the larger class."""
    series, first = pulses(150, 6)
    asked, truth = pulses(150, 6, seed=1)
    assert np.ptp(np.concatenate([series, asked]).mean(axis=1), axis=0).max() < 1e-12 and 0.4 < truth.mean() < 0.6
    settings = {"width": 8, "dropout": 0.0}
    training = {"epochs": 15, "batch": 12, "lr": 2e-2, "patience": 15}
    classifier = Classifier(model=model, settings=settings, training=training).fit(series, first)
    assert classifier.score(asked, truth) > 0.95


def test_an_array_and_a_list_of_its_samples_are_the_same():
    series, first = pulses(40)
    block = quick().fit(series, first)
    for given in (list(series), series.tolist(), torch.from_numpy(series)):
        np.testing.assert_array_equal(quick().fit(given, first).predict_proba(given), block.predict_proba(series))
    one = quick().fit(series[..., 0], first).predict_proba(series[..., 0])
    np.testing.assert_array_equal(quick().fit(series[..., :1], first).predict_proba(series[..., :1]), one)


@pytest.mark.parametrize("factor", [1000.0, 1e-3])
def test_the_unit_of_a_channel_changes_nothing(factor, of_series):
    series, labels = waves()
    units = np.array([1.0, factor])
    other = quick(order="none").fit([part * units + [0, 7 * factor] for part in series], labels)
    said = other.predict_proba([part * units + [0, 7 * factor] for part in series])
    np.testing.assert_allclose(said, of_series.predict_proba(series), rtol=0, atol=1e-4)


def test_a_channel_may_be_constant_but_not_all():
    series, labels = waves()
    some = [np.column_stack([part, np.full(len(part), 3.0)]) for part in series]
    assert quick(order="none").fit(some, labels).predict_proba(some).shape == (40, 2)
    with pytest.raises(InputError, match="Some channel must change; all are constant in the samples that train"):
        quick().fit([part[:, 2:] for part in some], labels)


def test_a_refit_learns_from_all_samples():
    """The vocabulary stays that of the first training; the weights are those of all samples and their classes."""
    texts, labels = reviews(60)
    texts[48:] = [f"{'yes' if label == 'good' else 'no'} said word{row % 4}" for row, label in enumerate(labels[48:])]
    plain, again = (quick(order="time", refit=refit).fit(texts, labels) for refit in (False, True))
    assert plain.history.drop("seconds").equals(again.history.drop("seconds"))
    for name in ("network", "linear"):
        assert not np.array_equal(plain.beside(texts)[name], again.beside(texts)[name])
    assert learnt(plain)[0] == learnt(again)[0]
    assert len(again.fitted_.reading.ngrams.keys) > 0
    other = quick(order="time", refit=True).fit(texts, [*labels[:48], *labels[:47:-1]])
    assert not np.array_equal(other.beside(texts)["linear"], again.beside(texts)["linear"])


def test_texts_without_a_word_and_longer_ones_are_noted(data):
    texts = ["", "…", *data[0][2:]]
    classifier = quick(text={"length": 10, "side": "end"}).fit(texts, data[1])
    longer = sum(len(text.split()) > 10 for text in texts)
    assert classifier.notes_ == (
        "2 texts of 60 hold no word, and count as one unknown word.",
        f"{longer} of 60 texts have more than 10 words; the network reads the last.",
    )
    said = classifier.predict_proba(["", " ", "nobodyknowsthisword", "\n…"])
    np.testing.assert_allclose(said, said[:1].repeat(4, axis=0), rtol=0, atol=1e-6)


def test_of_a_very_long_text_the_network_reads_what_fits():
    texts, labels = reviews()
    classifier = quick(text={"length": 8, "side": "both", "ngrams": 0, "pairs": 0}).fit(texts, labels)
    ends = "word1 word2 word3 word4", "word5 word6 word7 word8"
    said = classifier.predict_proba([f"{ends[0]} {'word9 ' * 20_000} {ends[1]}", " ".join(ends)])
    np.testing.assert_allclose(said[0], said[1], atol=1e-6)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model": "lstmm"}, "No network is named 'lstmm'. Did you mean 'lstm'"),
        ({"settings": {"widht": 8}}, r"\[settings\] has no setting 'widht'. Did you mean 'width'"),
        ({"settings": 3}, "settings are a mapping or a ReadingConfig; got a int"),
        ({"model": "hybrid", "settings": {"width": 3}}, "got 4 heads and 6 channels"),
        ({"text": {"side": "middle"}}, r"\[text\] side: .*'both'; got 'middle'"),
        ({"text": {"ngrams": 7}}, "ngrams are runs of 1 to 3 words, 0 for none; got 7"),
        ({"training": {"epochs": 0}}, "epochs must be at least 1; got 0"),
        ({"training": {"loss": "mse"}}, "learnt by the loss 'cross-entropy'; got 'mse'. Leave it out"),
        ({"valid": 1.0}, "between 0 and 1; got 1.0"),
        ({"order": "tmie"}, "No order of samples is named 'tmie'. Did you mean 'time'"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_fit(given, words, data):
    with pytest.raises(ConfigError, match=words):
        quick(**given).fit(*data)


MANY = [f"word{row} again" for row in range(40)]
TWO = [0, 1] * 20


@pytest.mark.parametrize(
    ("texts", "labels", "words"),
    [
        ([*MANY[:39], None], TWO, "Each sample needs a text; row 39 has nothing. Leave that row out, or give an empty"),
        ([None, *MANY[:39]], TWO, "row 0 has nothing"),
        ([float("nan"), *MANY[:39]], TWO, "row 0 has nothing"),
        ([*MANY[:39], b"raw"], TWO, "row 39 has a bytes. Decode it first"),
        ([b"raw"] * 40, TWO, "row 0 has a bytes. Decode it first"),
        ([*MANY[:39], 7], TWO, "row 39 has a int"),
        ([*MANY[:39], np.zeros(3)], TWO, "row 39 has a ndarray"),
        ([np.zeros(3), *MANY[:39]], TWO, "row 0 has a ndarray"),
        ([*MANY[:39], "half \ud83d"], TWO, "row 39 holds half a letter, a surrogate. Decode it anew"),
        ("one text", TWO, "Texts come as a list, one a sample; got a str. Put it in a list"),
        ([], [], "must be at least one; got none"),
        (
            ["same words"] * 39 + ["other"],
            TWO,
            "Texts must differ; all 39 that train have the same words, 'same words'",
        ),
        ([f"once{row}" for row in range(40)], TWO, "none stands 2 times or more in the 32 that train.*smaller `least`"),
        (MANY[:3], [0, 1, 0], "got 3 and 0 of 3.*Give more samples"),
        (MANY, [1] * 40, "Classes to tell apart must be at least two; all 40 labels are 1"),
        (MANY, [float("nan"), *[1.0, 0.0] * 19, 1.0], "Each sample needs a label; row 0 has nan"),
        (MANY, TWO[:39], "Each sample needs one label; got 40 samples and 39 labels"),
        (MANY, ["a", 1] * 20, "row 1 has 1, a int, and row 0 a str"),
    ],
)
def test_texts_that_cannot_teach_are_refused(texts, labels, words):
    with pytest.raises(InputError, match=words):
        quick().fit(texts, labels)


STEPS = np.random.default_rng(0).normal(size=(40, 5, 2))


@pytest.mark.parametrize(
    ("series", "words"),
    [
        (STEPS[:, 0, 0], r"X must have two or three axes, samples × steps \(× channels\); got shape \(40,\)"),
        (STEPS[..., None], r"got shape \(40, 5, 2, 1\)"),
        (np.where(np.arange(40)[:, None, None] == 7, np.nan, STEPS), "sample 7, step 0, channel 0 holds nan"),
        ([*STEPS[:39], np.zeros((5, 3))], "the same channels; sample 0 has 2, sample 39 has 3"),
        ([*STEPS[:39], np.zeros((0, 2))], r"none of them zero; sample 39 has shape \(0, 2\)"),
        ([*STEPS[:39], ["a", "b"]], "Samples must be numbers; sample 39 is not"),
        (7, "Series come as an array or a list of arrays; got a int"),
    ],
)
def test_series_that_cannot_teach_are_refused(series, words):
    with pytest.raises(InputError, match=words):
        quick().fit(series, TWO)


def test_series_in_time_need_each_class_before_the_last():
    with pytest.raises(InputError, match="1 classes would only validate.*say order='none'"):
        quick().fit(STEPS, [0] * 32 + [1] * 8)


def test_what_is_asked_must_be_of_the_kind_that_was_learnt(fitted, of_series):
    with pytest.raises(InputError, match="has learnt texts; got something else. Give it texts"):
        fitted.predict(STEPS)
    with pytest.raises(InputError, match="has learnt series; got something else. Give it series"):
        of_series.predict(["a text"])
    with pytest.raises(InputError, match="X must have the 2 channels that were learnt; got 3"):
        of_series.predict(np.zeros((2, 5, 3)))
    with pytest.raises(InputError, match="must be one that was learnt, 'bad', 'good'; row 0 has 'so so'"):
        fitted.score(["a text"], ["so so"])
    with pytest.raises(InputError, match="must be of the size of those that trained"):
        of_series.predict(STEPS * 1e30)


def test_a_hybrid_reads_no_series_longer_than_it_learnt():
    classifier = quick("hybrid").fit(STEPS, TWO)
    assert classifier.predict_proba(STEPS[:, :4]).shape == (40, 2)
    with pytest.raises(InputError, match="marks the places that it has learnt, 5 steps; a sample has 6"):
        classifier.predict(np.zeros((1, 6, 2)))


def test_texts_and_arrays_of_the_caller_are_not_changed(data):
    texts, series = list(data[0]), STEPS.copy()
    quick().fit(texts, data[1])
    quick().fit(series, TWO)
    assert texts == data[0] and np.array_equal(series, STEPS)


def test_nothing_asked_is_refused():
    learnt = Classifier(settings={"width": 4}, training={"epochs": 1}).fit(
        [[float(k)] * 3 for k in range(8)], [0, 1] * 4
    )
    with pytest.raises(InputError, match="at least one; got none"):
        learnt.predict([])
