"""Regressor: the manners of scikit-learn, arrays of any kind, scores beside the mean, and a bundle that is proved."""

import copy
import json
from dataclasses import asdict

import numpy as np
import polars as pl
import pytest
import torch

from seqcast import Forecaster, Regressor, load
from seqcast.errors import BundleError, ConfigError, InputError
from seqcast.models.presets import HybridConfig
from seqcast.train.config import FitConfig
from tests.windows import windows

QUICK = {"epochs": 3, "batch": 8, "patience": 2, "lr": 5e-3}


def quick(model="gru", **more):
    return Regressor(**{"model": model, "settings": {"width": 8}, "training": QUICK, **more})


@pytest.fixture(scope="module")
def data():
    inputs, targets = windows(80, targets=2)
    return inputs, targets


@pytest.fixture(scope="module")
def fitted(data):
    return quick().fit(data[0][:60], data[1][:60])


def test_the_constructor_stores_and_does_nothing_else():
    given = {"model": "nonsense", "settings": {"widht": 3}, "valid": 7, "scaler": "none"}
    regressor = Regressor(**given)
    assert {name: regressor.get_params()[name] for name in given} == given
    assert all(regressor.get_params()[name] is value for name, value in given.items())


def clone(estimator):
    """Do as `sklearn.base.clone` does, which refuses constructors that copy or change what they are given."""
    parameters = {name: copy.deepcopy(value) for name, value in estimator.get_params(deep=False).items()}
    fresh = type(estimator)(**parameters)
    assert all(fresh.get_params(deep=False)[name] is value for name, value in parameters.items())
    return fresh


def test_a_clone_has_learnt_nothing_and_learns_the_same(data, fitted):
    twin = clone(fitted)
    assert twin.get_params() == fitted.get_params()
    with pytest.raises(InputError, match=r"this one has not. Call fit\(X, y\) first"):
        twin.predict(data[0])
    np.testing.assert_array_equal(twin.fit(data[0][:60], data[1][:60]).predict(data[0]), fitted.predict(data[0]))


def test_parameters_are_set_by_name():
    regressor = quick()
    assert regressor.set_params(scaler="robust", seed=3) is regressor
    assert (regressor.scaler, regressor.seed) == ("robust", 3)
    with pytest.raises(ConfigError, match="Regressor has no parameter 'scalar'. Did you mean 'scaler'"):
        regressor.set_params(scalar="robust")


def test_a_second_fit_forgets_the_first(data, fitted):
    regressor = quick().fit(data[0][:40], data[1][:40, 0])
    regressor.fit(data[0][:60], data[1][:60])
    np.testing.assert_array_equal(regressor.predict(data[0]), fitted.predict(data[0]))


@pytest.mark.parametrize("shape", [(60,), (60, 1), (60, 2)])
def test_answers_have_the_shape_of_what_was_learnt(shape, data):
    targets = data[1][:60].reshape(60, 2)[:, : shape[-1] if len(shape) > 1 else 1].reshape(shape)
    assert quick().fit(data[0][:60], targets).predict(data[0][:7]).shape == (7, *shape[1:])


def test_the_kind_of_array_changes_nothing(data, fitted):
    inputs, targets = data[0][:60], data[1][:60]
    expected = fitted.predict(data[0])
    for given in ((inputs.tolist(), targets.tolist()), (torch.from_numpy(inputs), torch.from_numpy(targets))):
        np.testing.assert_array_equal(quick().fit(*given).predict(data[0].tolist()), expected)
    single = quick().fit(inputs.astype(np.float32), targets.astype(np.float32)).predict(data[0].astype(np.float32))
    np.testing.assert_allclose(single, expected, rtol=1e-3)


def test_what_is_asked_later_changes_nothing_that_was_learnt(data, fitted):
    before = fitted.predict(data[0][:60])
    fitted.predict(data[0] * 100)
    fitted.score(data[0] * 100, data[1] * -100)
    np.testing.assert_array_equal(fitted.predict(data[0][:60]), before)
    order = np.random.default_rng(0).permutation(20)
    shuffled = fitted.predict(data[0][60:][order])
    np.testing.assert_allclose(shuffled, fitted.predict(data[0][60:])[order], rtol=0, atol=1e-6 * np.ptp(data[1]))


def test_arrays_of_the_caller_are_neither_changed_nor_kept(data, fitted):
    inputs, targets = data[0].copy(), data[1].copy()
    regressor = quick().fit(inputs[:60], targets[:60])
    assert np.array_equal(inputs, data[0]) and np.array_equal(targets, data[1])
    inputs[:], targets[:] = 0.0, 0.0
    np.testing.assert_array_equal(regressor.predict(data[0]), fitted.predict(data[0]))


def test_a_score_is_that_of_numpy_beside_that_of_the_training_mean(data, fitted):
    inputs, targets = data[0][60:], data[1][60:].copy()
    targets[3, 1] = np.nan
    score = fitted.score(inputs, targets)
    wrong, plain = fitted.predict(inputs) - targets, data[1][:48].mean(axis=0) - targets
    expected = {
        "mse": np.nanmean(wrong**2),
        "mae": np.nanmean(abs(wrong)),
        "mse_of_mean": np.nanmean(plain**2),
        "mae_of_mean": np.nanmean(abs(plain)),
    }
    assert {name: score[name] for name in expected} == pytest.approx(expected)
    assert [each["mae"] for each in score["targets"]] == pytest.approx(list(np.nanmean(abs(wrong), axis=0)))
    assert [each["mse_of_mean"] for each in score["targets"]] == pytest.approx(list(np.nanmean(plain**2, axis=0)))
    json.dumps(score, allow_nan=False)


def test_a_target_that_is_nowhere_known_has_no_score(data, fitted):
    targets = data[1][60:].copy()
    targets[:, 1] = np.nan
    assert np.isnan(fitted.score(data[0][60:], targets)["targets"][1]["mse"])


def test_the_history_has_a_row_for_each_epoch(fitted):
    assert isinstance(fitted.history, pl.DataFrame)
    assert fitted.history["epoch"].to_list() == [1, 2, 3]
    assert fitted.history.rows(named=True) == [asdict(record) for record in fitted.fitted_.records]


def test_the_curves_are_one_offline_page(fitted, tmp_path):
    page = fitted.curves(tmp_path / "curves.html").read_text("utf-8")
    assert page.count('class="train"') == 3 and page.count('class="valid"') == 3  # the key, loss and error
    assert "://" not in page and "<script" not in page
    best = 1 + int(np.argmin(fitted.history["valid_loss"]))
    assert f"epoch {best} of 3 kept" in page


def test_a_saved_regressor_answers_to_the_same_bits_and_can_learn_again(data, fitted, tmp_path):
    back = Regressor.load(fitted.save(tmp_path / "model"))
    np.testing.assert_array_equal(back.predict(data[0]), fitted.predict(data[0]))
    assert back.score(data[0], data[1]) == fitted.score(data[0], data[1])
    assert back.history.equals(fitted.history)
    again = clone(back).fit(data[0][:60], data[1][:60])
    np.testing.assert_array_equal(again.predict(data[0]), fitted.predict(data[0]))
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".safetensors"}


def test_settings_as_dataclasses_are_saved_too_and_one_target_stays_one(data, tmp_path):
    settings, training = HybridConfig(preset="average-pool", width=8, heads=2), FitConfig(loss="mae", epochs=1)
    regressor = Regressor(settings=settings, training=training).fit(data[0], data[1][:, 0])
    back = Regressor.load(regressor.save(tmp_path / "model"))
    assert back.predict(data[0]).shape == (80,)
    np.testing.assert_array_equal(back.predict(data[0]), regressor.predict(data[0]))


def test_opening_leaves_the_callers_random_state_alone(fitted, tmp_path):
    fitted.save(tmp_path / "model")
    state = torch.get_rng_state()
    Regressor.load(tmp_path / "model")
    assert torch.equal(torch.get_rng_state(), state)


def changed(folder):
    path = folder / "network.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\x01")


def cut(folder):
    path = folder / "network.safetensors"
    path.write_bytes(path.read_bytes()[:-8])


def edited(folder):
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"seed": 0', '"seed": 1'))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (changed, "was changed since it was saved: its SHA-256 differs"),
        (cut, "bytes where"),
        (edited, "was changed since it was saved"),
        (lambda folder: (folder / "manifest.json").unlink(), "is no saved seqcast-regressor"),
        (lambda folder: (folder / "more.txt").write_text("x"), "does not belong to this bundle"),
    ],
)
def test_a_bundle_that_is_not_what_was_saved_is_refused(spoil, words, fitted, tmp_path):
    folder = fitted.save(tmp_path / "model")
    spoil(folder)
    with pytest.raises(BundleError, match=words):
        Regressor.load(folder)


def test_a_bundle_of_the_other_kind_names_who_opens_it(fitted, tmp_path):
    with pytest.raises(BundleError, match="not a 'seqcast-model'. Open it with seqcast.Regressor.load"):
        load(fitted.save(tmp_path / "regressor"))
    table = pl.DataFrame({"ds": range(40), "y": [float(i % 4) for i in range(40)]})
    Forecaster(horizon=2, model="naive").fit(table).save(tmp_path / "forecaster")
    with pytest.raises(BundleError, match="not a 'seqcast-regressor'. Open it with seqcast.load"):
        Regressor.load(tmp_path / "forecaster")


def test_a_hybrid_is_average_pool_unless_told(data):
    usual = quick("hybrid").fit(*data).fitted_.config
    other = quick("hybrid", settings={"width": 8, "preset": "attention-pool"}).fit(*data).fitted_.config
    assert (usual.preset, usual.width, other.preset) == ("average-pool", 8, "attention-pool")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model": "hybird"}, "No network is named 'hybird'. Did you mean 'hybrid'"),
        ({"settings": {"widht": 8}}, r"\[settings\] has no setting 'widht'. Did you mean 'width'"),
        ({"training": {"epochs": 0}}, "epochs must be at least 1; got 0"),
        ({"training": {"loss": "pinball"}}, "its loss must be one of mse, mae, huber; got 'pinball'"),
        ({"scaler": "min-max"}, "The scaler must be one of .*; got 'min-max'"),
        ({"valid": 1.0}, "between 0 and 1; got 1.0"),
        ({"settings": HybridConfig()}, "'gru' takes a RecurrentConfig; got a HybridConfig"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_fit(given, words, data):
    with pytest.raises(ConfigError, match=words):
        quick(**given).fit(*data)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (lambda x, y: (x[:-1], y), "Each sample needs a window and its targets; got 79 in X and 80 in y"),
        (lambda x, y: (x[0], y), r"X must have three axes.*got shape \(5, 3\)"),
        (lambda x, y: (pl.DataFrame({"a": [1.0]}), y), "seqcast.Forecaster reads tables"),
        (lambda x, y: (x[:2], y[:2]), "At least 2 samples must train"),
        (lambda x, y: (np.where(np.arange(80)[:, None, None] == 77, np.inf, x), y), "sample 77, step 0, channel 0"),
    ],
)
def test_arrays_that_cannot_teach_are_refused(arrays, words, data):
    with pytest.raises(InputError, match=words):
        quick().fit(*arrays(*data))


def test_a_score_of_other_targets_than_learnt_is_refused(data, fitted):
    with pytest.raises(InputError, match="y must hold the 2 targets that were learnt; got 1"):
        fitted.score(data[0], data[1][:, 0])
    with pytest.raises(InputError, match="got 80 in X and 3 in y"):
        fitted.score(data[0], data[1][:3])
