"""The regressor in NumPy: trained as torch trains it, it learns what depends on order, and is saved bit for bit."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcast.errors import BundleError, ConfigError, InputError, TrainingError
from seqcast.files import Bundle, read_folder, write_folder
from seqcast.reference import (
    SGD,
    Adam,
    Stack,
    Training,
    load,
    loss_and_gradients,
    predict,
    save,
    start_regressor,
    start_stack,
    train,
)
from tests.nn.cases import CELLS, cases
from tests.proofs.reference import bits_lost, training_error

NOISE = 0.1  # standard deviation of what no reader can know
SHARES = np.array([0.0, 0.2, 0.4, 0.6, 0.8])  # how much each step counts; they are 1 when squared and summed up: …
SHARES = SHARES / np.sqrt((SHARES**2).sum())


def later_counts_more(count, seed):
    """Return windows of five steps and their weighted sum, with noise."""
    random = np.random.default_rng(seed)
    windows = random.normal(size=(count, 5, 2))
    return windows, (windows[..., 0] @ SHARES + random.normal(scale=NOISE, size=count))[:, None]


@pytest.mark.parametrize("truncation", [None, 3])
@pytest.mark.parametrize("cell", CELLS)
def test_it_learns_down_to_the_noise_what_depends_on_the_order_of_steps(cell, truncation):
    """The target has the variance 1 + NOISE².

    A reader blind to order knows at best the sum of the steps, and misses the part of the shares that is not even.
    One that reads the order can come down to NOISE²; here it may leave 5 % of the signal beside that.
    """
    blind = NOISE**2 + ((SHARES - SHARES.mean()) ** 2).sum()
    stack = Stack(cell=cell, inputs=2, width=8)
    training = Training(epochs=12, optimizer=Adam(lr=2e-2), truncation=truncation)
    *_, last = train(stack, start_regressor(stack), *later_counts_more(1000, 0), training)
    windows, asked = later_counts_more(1000, 1)
    found = float(np.mean((predict(stack, last.weights, windows) - asked) ** 2))
    turned = float(np.mean((predict(stack, last.weights, windows[:, ::-1]) - asked) ** 2))
    assert found < NOISE**2 + 0.05 < blind < turned


@settings(max_examples=10)
@given(case=cases(steps=4), targets=st.integers(1, 3))
def test_losses_and_weights_are_those_of_torch_trained_alike(case, targets):
    case = replace(case, bidirectional=False, batch=case.batch + 1)
    assert training_error(case, targets, updates=8) < 1e-9


def test_the_truncation_reaches_the_gradients():
    stack, (windows, asked) = Stack(inputs=2, width=4), later_counts_more(8, 0)
    weights = start_regressor(stack)
    (loss, whole), (same, cut) = (loss_and_gradients(stack, weights, windows, asked, k) for k in (None, 3))
    assert loss == same and not np.allclose(whole["weight_hh_l0"], cut["weight_hh_l0"])
    assert np.array_equal(whole["head.weight"], cut["head.weight"])


def test_training_is_the_same_again_and_leaves_its_start_as_it_was():
    stack, (windows, asked) = Stack(inputs=2, width=4), later_counts_more(40, 0)
    weights = start_regressor(stack)
    before = {name: weight.copy() for name, weight in weights.items()}
    runs = [list(train(stack, weights, windows, asked, Training(epochs=3, batch=16))) for _ in range(2)]
    assert [epoch.number for epoch in runs[0]] == [1, 2, 3]
    assert [epoch.loss for epoch in runs[0]] == [epoch.loss for epoch in runs[1]]
    assert all(np.array_equal(before[name], weights[name]) for name in weights)


def test_the_order_of_windows_hangs_on_the_seed_and_counts_only_where_there_are_several_batches():
    stack, (windows, asked) = Stack(inputs=2, width=4), later_counts_more(40, 0)
    weights = start_regressor(stack)
    for batch, same in ((8, False), (40, True)):
        runs = [train(stack, weights, windows, asked, Training(epochs=2, batch=batch, seed=seed)) for seed in (0, 1)]
        one, other = ([epoch.loss for epoch in run] for run in runs)
        assert np.allclose(one, other, rtol=1e-12, atol=0) == same


def test_training_takes_the_truncation_it_is_told():
    """In one step of plain descent the weights move by the truncated gradients."""
    stack, (windows, asked) = Stack(inputs=2, width=4), later_counts_more(10, 0)
    weights = start_regressor(stack)
    _, gradients = loss_and_gradients(stack, weights, windows, asked, 3)
    training = Training(epochs=1, batch=10, optimizer=SGD(lr=1.0), truncation=3)
    [epoch] = train(stack, weights, windows, asked, training)
    for name, gradient in gradients.items():
        np.testing.assert_allclose(weights[name] - epoch.weights[name], gradient, rtol=0, atol=1e-12)


def test_the_loss_of_an_epoch_is_the_mean_over_its_windows():
    """Weights that stay: a rate so small that no weight moves by more than its last digit."""
    stack, (windows, asked) = Stack(inputs=2, width=4), later_counts_more(10, 0)
    weights = start_regressor(stack)
    training = Training(epochs=1, batch=4, optimizer=SGD(lr=1e-300))
    [epoch] = train(stack, weights, windows, asked, training)
    assert epoch.loss == pytest.approx(float(np.mean((predict(stack, weights, windows) - asked) ** 2)), rel=1e-12)


@given(case=cases())
@settings(max_examples=10)
def test_what_is_saved_is_loaded_bit_for_bit(case):
    assert bits_lost(replace(case, width=case.width + 2)) == 0


def saved(folder):
    stack = Stack(cell="gru", inputs=3, width=5)
    save(folder, stack, start_regressor(stack))
    return sorted(file for file in folder.iterdir())


def test_every_changed_byte_is_refused(tmp_path):
    for file in saved(tmp_path / "gru"):
        whole = file.read_bytes()
        for place in np.random.default_rng(0).integers(0, len(whole), 12):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(BundleError):
                load(tmp_path / "gru")
        file.write_bytes(whole)
    load(tmp_path / "gru")


def test_every_file_cut_short_or_gone_is_refused(tmp_path):
    for file in saved(tmp_path / "gru"):
        whole = file.read_bytes()
        for length in (0, 1, len(whole) // 2, len(whole) - 1):
            file.write_bytes(whole[:length])
            with pytest.raises(BundleError):
                load(tmp_path / "gru")
        file.unlink()
        with pytest.raises(BundleError):
            load(tmp_path / "gru")
        file.write_bytes(whole)


@pytest.mark.parametrize(
    ("stack", "targets", "words"),
    [
        ({}, 1, "does not say which layers it holds .'inputs'."),
        ({"cell": "gru", "inputs": 3, "width": 5, "layers": 1, "depth": 1}, 1, "does not say which layers.*depth"),
        ({"cell": "gnu", "inputs": 3, "width": 5, "layers": 1}, 1, "No cell is named 'gnu'"),
        ({"cell": "gru", "inputs": 3, "width": 5.0, "layers": 1}, 1, "no whole numbers"),
        ({"cell": "gru", "inputs": 3, "width": 5, "layers": 1}, "1", "no whole numbers"),
        ({"cell": "gru", "inputs": 3, "width": 5, "layers": 1}, 0, "targets must be at least 1; got 0"),
        ({"cell": "gru", "inputs": 3, "width": 6, "layers": 1}, 1, "files of these sizes"),
        ({"cell": "lstm", "inputs": 3, "width": 5, "layers": 1}, 1, "files of these sizes"),
        ({"cell": "gru", "inputs": 3, "width": 5, "layers": 1}, 2, "files of these sizes"),
    ],
)
def test_settings_that_do_not_fit_the_numbers_are_refused_though_all_digests_are_right(tmp_path, stack, targets, words):
    saved(tmp_path / "gru")
    files = read_folder(tmp_path / "gru", "seqcast-reference", 1).files
    facts = {"stack": stack, "targets": targets}
    write_folder(tmp_path / "gru", Bundle(format="seqcast-reference", version=1, facts=facts, files=files))
    with pytest.raises(BundleError, match=words):
        load(tmp_path / "gru")


STACK = Stack(inputs=2, width=4)
START = start_regressor(STACK)
WINDOWS, ASKED = later_counts_more(6, 0)


@pytest.mark.parametrize(
    ("error", "make", "words"),
    [
        (ConfigError, lambda: Training(epochs=0), "epochs and batch must be at least 1; got 0 and 32"),
        (ConfigError, lambda: Training(truncation=0), "truncation must be at least 1 step, .* got 0"),
        (
            InputError,
            lambda: loss_and_gradients(STACK, START, WINDOWS, ASKED[:, [0, 0]]),
            r"One row of targets .* \(6, 1\); got \(6, 2\)",
        ),
        (
            InputError,
            lambda: predict(STACK, {**START, "head.weight": np.zeros((1, 3))}, WINDOWS),
            r"\(1, 4\).*\(1, 3\)",
        ),
        (ConfigError, lambda: start_regressor(STACK, 0), "targets must be at least 1; got 0"),
        (InputError, lambda: predict(STACK, {}, WINDOWS), "The weight 'weight_ih_l0' is missing"),
        (InputError, lambda: predict(STACK, start_stack(STACK), WINDOWS), "The weight 'head.weight' is missing"),
        (InputError, lambda: train(STACK, START, WINDOWS[:0], ASKED[:0], Training()), "got 0 windows and 0 rows"),
        (
            TrainingError,
            lambda: list(train(STACK, START, np.where(WINDOWS > 0, np.nan, WINDOWS), ASKED, Training())),
            "it is nan in epoch 1, batch 1. Look for NaN in the windows, or lower lr",
        ),
        (
            InputError,
            lambda: save(Path("nowhere"), STACK, {"head.weight": np.zeros((1, 4))}),
            "those of start_regressor",
        ),
        (BundleError, lambda: load(Path("nowhere")), "nowhere is no saved seqcast-reference"),
    ],
)
def test_what_cannot_work_is_named(error, make, words):
    with pytest.raises(error, match=words):
        make()


ALONE = """
import sys
before = set(sys.modules)
sys.modules |= dict.fromkeys(["torch", "polars", "scipy", "pandas", "safetensors", "pydantic", "beartype"])
import json
from pathlib import Path
import numpy as np
from seqcast.reference import *
stack = Stack(cell="lstm", inputs=3, width=4, layers=2)
windows = np.random.default_rng(0).normal(size=(20, 6, 3))
*_, last = train(stack, start_regressor(stack), windows, windows[:, 0, :1], Training(epochs=2, truncation=4))
save(Path(sys.argv[1], "saved"), stack, last.weights)
again, weights = load(Path(sys.argv[1], "saved"))
assert np.array_equal(predict(again, weights, windows), predict(stack, last.weights, windows))
files = [getattr(sys.modules[name], "__file__", None) or "" for name in set(sys.modules) - before]
print(json.dumps([Path(file).parts for file in files if "site-packages" in file]))
"""


def test_numpy_alone_is_enough_to_learn_to_save_and_to_load(root, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path)], capture_output=True, text=True, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    parts = json.loads(done.stdout)
    assert {part[part.index("site-packages") + 1] for part in parts} <= {"numpy", "jaxtyping", "wadler_lindig"}
