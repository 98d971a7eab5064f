"""Bundles of what holds others: the same bits without the table, every part proved, nothing unknown brought to life."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from seqcast.budget import Deadline
from seqcast.errors import BundleError
from seqcast.files import Bundle, read_folder, write_folder
from seqcast.forecasters.bundle import FORMAT, OLDER, VERSION, Saved, load_model, save_model
from seqcast.forecasters.calibrated import CalibratedFitted, Calibration
from seqcast.forecasters.classical import build_local
from seqcast.forecasters.ensemble import Ensemble, FittedEnsemble
from seqcast.forecasters.neural import Neural
from seqcast.models.recurrent import RecurrentConfig
from seqcast.train.config import FitConfig
from tests.forecasters.test_ensemble import TASK, Told, waves

QUICK = FitConfig(epochs=1, steps=4, batch=16)
KINDS = ("gru", "theta", "networks", "mixed", "median", "nested")


def calibrated(fitted, panel):
    """Return the forecaster with its quantiles moved by amounts that differ in every place."""
    draw, shape = np.random.default_rng(0), (len(panel), TASK.horizon, 1, len(TASK.quantiles))
    shift = np.sort(draw.normal(size=shape), axis=-1)
    steps, residuals = draw.uniform(1, 2, size=(len(panel), 1)), draw.integers(9, 99, size=(len(panel), 1))
    return CalibratedFitted(
        fitted,
        Calibration(levels=np.array(TASK.quantiles), shift=shift, pooled=shift[0], steps=steps, residuals=residuals),
    )


def network(name, context):
    return Neural(name, RecurrentConfig(width=8, context=context), QUICK)


def learnt(kind, panel):
    """Return a fitted forecaster of that kind."""
    networks, theta, naive = (network("gru", 12), network("lstm", 20)), build_local("theta"), build_local("naive")
    if kind in ("gru", "theta"):
        return (networks[0] if kind == "gru" else theta).fit(panel, TASK, Deadline())
    if kind == "nested":
        inner = FittedEnsemble(
            "median", ("theta", "gru"), tuple(calibrated(learnt(one, panel), panel) for one in ("theta", "gru"))
        )
        return FittedEnsemble(
            "ensemble", ("median", "naive"), (inner, naive.fit(panel, TASK, Deadline())), {"median": 1}
        )
    weights = {"networks": {"gru": 0.3, "lstm": 0.7}, "mixed": {"theta": 1 / 3, "gru": 2 / 3}, "median": None}[kind]
    members = {"networks": networks, "mixed": (theta, networks[0]), "median": (theta, naive, networks[0])}[kind]
    return Ensemble("median" if kind == "median" else "ensemble", members, weights).fit(panel, TASK, Deadline())


@pytest.fixture(scope="module")
def made():
    """Return a forecaster of each kind, each learnt once, on the panel of all."""
    panel = waves()
    return panel, {kind: learnt(kind, panel) for kind in KINDS}


def kept(folder, fitted, panel, name="ensemble"):
    save_model(folder, Saved(name, fitted, panel, TASK, {"horizon": 4}))
    return load_model(folder)


def says(fitted, panel):
    forecast = fitted.predict(panel, panel.at_end())
    return np.concatenate([forecast.mean[..., None], forecast.values], axis=-1)


@pytest.mark.parametrize("wrap", [False, True], ids=["as it is", "calibrated"])
@pytest.mark.parametrize("kind", KINDS)
def test_saved_and_loaded_it_gives_the_same_bits(kind, wrap, made, tmp_path):
    panel, learnt = made
    fitted = calibrated(learnt[kind], panel) if wrap else learnt[kind]
    back = kept(tmp_path / "model", fitted, panel)
    np.testing.assert_array_equal(says(back.fitted, back.panel), says(fitted, panel))
    assert (back.name, back.task, back.settings) == ("ensemble", TASK, {"horizon": 4})
    assert (back.fitted.notes, back.fitted.ending) == (fitted.notes, fitted.ending)
    if wrap:
        assert (says(fitted, panel) != says(learnt[kind], panel)).any()


@pytest.mark.parametrize("kind", KINDS)
def test_loaded_and_moved_to_a_longer_table_it_goes_on_as_the_one_that_was_saved(kind, made, tmp_path):
    panel, learnt = made
    fitted = calibrated(learnt[kind], panel)
    values = np.concatenate([panel.values, panel.values[:8] + 1])
    longer = replace(
        panel,
        offsets=np.append(panel.offsets[:-1], len(values)),
        times=np.concatenate([panel.times, panel.frequency.after(panel.times[-1], 8)]),
        values=values,
    )
    back = kept(tmp_path / "model", fitted, panel)
    np.testing.assert_array_equal(
        says(back.fitted.moved(longer, back.panel), longer), says(fitted.moved(longer, panel), longer)
    )


def test_it_keeps_the_rows_of_the_member_that_reads_most_and_no_more(made, tmp_path):
    panel, learnt = made
    contexts = {"gru": 12, "networks": 20, "theta": panel.rows.max(), "mixed": panel.rows.max()}
    for kind, most in contexts.items():
        rows = kept(tmp_path / kind, learnt[kind], panel).panel.rows
        assert rows.max() >= most and (most == panel.rows.max() or rows.max() < most + 5), kind
        assert (rows <= panel.rows).all()


def files_of(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_each_member_has_a_file_of_its_own_of_arrays_alone(made, tmp_path):
    panel, learnt = made
    save_model(tmp_path / "model", Saved("ensemble", calibrated(learnt["nested"], panel), panel, TASK, {}))
    assert files_of(tmp_path / "model") == [
        "calibration.safetensors",
        "manifest.json",
        "members/0/members/0/calibration.safetensors",
        "members/0/members/1/calibration.safetensors",
        "members/0/members/1/network.safetensors",
        "panel.safetensors",
    ]
    for name in files_of(tmp_path / "model"):
        data = (tmp_path / "model" / name).read_bytes()
        header = data if name.endswith("json") else data[8 : 8 + int.from_bytes(data[:8], "little")]
        assert isinstance(json.loads(header), dict)


@pytest.mark.parametrize(
    "name", ["members/0/network.safetensors", "members/1/network.safetensors", "panel.safetensors"]
)
@pytest.mark.parametrize("how", ["changed", "cut", "removed"])
def test_a_member_that_is_not_what_was_saved_is_named(name, how, made, tmp_path):
    panel, learnt = made
    save_model(tmp_path / "model", Saved("ensemble", learnt["networks"], panel, TASK, {}))
    path = tmp_path / "model" / name
    data = path.read_bytes()
    if how == "removed":
        path.unlink()
    else:
        path.write_bytes(data[:-9] if how == "cut" else data[:-1] + bytes([data[-1] ^ 1]))
    words = {"changed": "its SHA-256 differs", "cut": "bytes were saved", "removed": "is missing from the bundle"}[how]
    with pytest.raises(BundleError) as refusal:
        load_model(tmp_path / "model")
    assert name in str(refusal.value) and all(word in str(refusal.value) for word in words.split())


def forged(folder, change):
    """Write the bundle anew, with a manifest that is true to it, after `change` altered its facts and files."""
    bundle = read_folder(folder, FORMAT, VERSION)
    facts, files = json.loads(json.dumps(dict(bundle.facts))), dict(bundle.files)
    change(facts, files)
    write_folder(folder, Bundle(format=FORMAT, version=VERSION, facts=facts, files=files))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda facts, files: facts["part"]["members"][0].update(kind="os.system"),
            "knows no part of the kind 'os.sys",
        ),
        (lambda facts, files: facts["part"]["members"][0].update(name="Popen"), "knows no network 'Popen'"),
        (lambda facts, files: files.pop("members/0/network.safetensors"), "members/0/network.safetensors is named by"),
        (lambda facts, files: facts["part"]["members"][1].update(file="../x"), "../x is named by the bundle"),
        (
            lambda facts, files: files.update(
                {"members/1/network.safetensors": files["members/0/network.safetensors"]}
            ),
            "The weights do not fit a lstm",
        ),
    ],
)
def test_a_true_manifest_of_something_else_brings_nothing_to_life(change, words, made, tmp_path):
    panel, learnt = made
    save_model(tmp_path / "model", Saved("ensemble", learnt["networks"], panel, TASK, {}))
    forged(tmp_path / "model", change)
    with pytest.raises(BundleError) as refusal:
        load_model(tmp_path / "model")
    assert words in str(refusal.value)


@pytest.mark.parametrize("kind", ["gru", "theta"])
def test_a_bundle_of_the_version_before_is_read(kind, made, tmp_path):
    """It held one model: `network` beside the name for a network, nothing for a classical one."""
    panel, learnt = made
    save_model(tmp_path / "model", Saved(kind, learnt[kind], panel, TASK, {}))
    bundle = read_folder(tmp_path / "model", FORMAT, VERSION)
    facts = dict(bundle.facts)
    part = facts.pop("part")
    if kind == "gru":
        facts["network"] = {name: value for name, value in part.items() if name not in ("kind", "name", "file")}
    facts["task"] = {name: value for name, value in asdict(TASK).items() if name in ("horizon", "quantiles", "season")}
    write_folder(tmp_path / "model", replace(bundle, version=OLDER, facts=facts))
    back = load_model(tmp_path / "model")
    np.testing.assert_array_equal(says(back.fitted, back.panel), says(learnt[kind], panel))
    assert back.name == kind


def test_another_version_is_refused_with_the_one_that_is_read(made, tmp_path):
    panel, learnt = made
    save_model(tmp_path / "model", Saved("theta", learnt["theta"], panel, TASK, {}))
    write_folder(tmp_path / "model", replace(read_folder(tmp_path / "model", FORMAT, VERSION), version=1))
    with pytest.raises(BundleError, match="is of format version 1; this seqcast reads version 3"):
        load_model(tmp_path / "model")


def test_what_no_bundle_can_bring_back_is_refused(made, tmp_path):
    panel, learnt = made
    mixed = FittedEnsemble("median", ("theta", "guess"), (learnt["theta"], Told("guess")))
    with pytest.raises(BundleError, match="got a Told, which it cannot bring back"):
        save_model(tmp_path / "model", Saved("median", mixed, panel, TASK, {}))
    assert not (tmp_path / "model").exists()
