"""Bundles of what holds others: the same bits without the table, every part proved, nothing unknown brought to life."""

import json
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcast.budget import Deadline
from seqcast.errors import BundleError, ConfigError
from seqcast.files import Bundle, read_folder, write_folder
from seqcast.forecasters.bundle import FORMAT, OLDER, VERSION, Saved, load_model, save_model
from seqcast.forecasters.calibrated import CalibratedFitted, Calibration
from seqcast.forecasters.classical import build_local
from seqcast.forecasters.ensemble import Ensemble, FittedEnsemble
from seqcast.forecasters.neural import Neural
from seqcast.forecasters.stored import packed, unpacked
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


HOSTILE = (None, "x", -1, 0, 5000, 10**12, 0.5, True, [], {}, ["a", "b"], {"a": 1}, [[]])


@pytest.fixture(scope="module")
def bundled(made, tmp_path_factory):
    """Return the bundle of a calibrated ensemble of a network and a classical model."""
    panel, learnt = made
    folder = tmp_path_factory.mktemp("bundled") / "model"
    save_model(folder, Saved("ensemble", calibrated(learnt["mixed"], panel), panel, TASK, {"horizon": 4}))
    return read_folder(folder, FORMAT, VERSION)


def places_in(value, at=()):
    """Return the way to everything inside nested JSON values."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way for key, part in inner for way in ((*at, key), *places_in(part, (*at, key)))]


def opened(bundle):
    """Return what a stranger's bundle brings, or None where it is refused in words of ours."""
    with tempfile.TemporaryDirectory() as home:
        write_folder(Path(home, "model"), bundle)
        try:
            return load_model(Path(home, "model"))
        except (BundleError, ConfigError) as refusal:
            assert len(str(refusal)) > 20
            return None


@settings(max_examples=40)
@given(st.data())
def test_any_fact_of_a_stranger_is_refused_in_words_or_gives_a_forecast_in_order(bundled, data):
    facts = json.loads(json.dumps(dict(bundled.facts)))
    *way, last = data.draw(st.sampled_from(places_in(facts)))
    holder = facts
    for key in way:
        holder = holder[key]
    if data.draw(st.booleans()):
        del holder[last]
    else:
        holder[last] = data.draw(st.sampled_from(HOSTILE))
    back = opened(replace(bundled, facts=facts))
    if back is not None:
        values = says(back.fitted, back.panel)[..., 1:]
        assert values.shape == (3, 4, 1, 3) and np.isfinite(values).all() and (np.diff(values, axis=-1) >= 0).all()


@settings(max_examples=40)
@given(st.data())
def test_arrays_that_are_missing_strange_or_of_another_size_or_kind_are_refused(bundled, data):
    name = data.draw(st.sampled_from(sorted(bundled.files)))
    arrays, meta = unpacked(bundled.files[name])
    which = data.draw(st.sampled_from(sorted(arrays)))
    array = arrays[which]
    changes = {
        "gone": None,
        "longer": np.concatenate([array, array]),
        "deeper": array[None],
        "flat": np.ravel(array)[:1].reshape(()) if array.size else array[None],
        "words": np.full(array.shape, True),
    }
    how = data.draw(st.sampled_from([*changes, "strange", "no arrays"]))
    if how in changes:
        arrays = {key: changes[how] if key == which else value for key, value in arrays.items()}
        arrays = {key: value for key, value in arrays.items() if value is not None}
    if how == "strange":
        arrays["os.system"] = array
    content = b"\x80\x04cos\nsystem\n." if how == "no arrays" else packed(arrays, meta)
    assert opened(replace(bundled, files={**bundled.files, name: content})) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda part: part["inner"]["weights"].update(theta=-1.0), "Weights are numbers of 0 or more"),
        (lambda part: part["inner"]["weights"].update(naive=1.0), r"\['naive'\] are not among \['gru', 'theta'\]"),
        (lambda part: part["inner"]["weights"].update(theta="1"), "weights are numbers by the names of members"),
        (lambda part: part["inner"]["names"].pop(), "an ensemble has a name for each member"),
        (lambda part: part["inner"]["members"].pop(), "an ensemble has a name for each member"),
        (lambda part: part["inner"]["members"][1]["dims"].update(past=7), "takes the horizon, targets and inputs of"),
        (lambda part: part["inner"]["members"][1]["config"].update(width=10**7), "The weights do not fit a gru"),
        (lambda part: part["inner"]["members"][1].update(loss="eval"), "A forecast is a number, so it can be learnt"),
        (lambda part: part.pop("inner"), "is no model as seqcast writes it: KeyError, 'inner'"),
    ],
)
def test_what_does_not_hold_together_is_named(change, words, bundled, tmp_path):
    facts = json.loads(json.dumps(dict(bundled.facts)))
    change(facts["part"])
    write_folder(tmp_path / "model", replace(bundled, facts=facts))
    with pytest.raises((BundleError, ConfigError), match=words):
        load_model(tmp_path / "model")


def test_an_ensemble_of_ensembles_without_end_is_refused(bundled, tmp_path):
    part = bundled.facts["part"]["inner"]
    for _ in range(150):
        part = {"kind": "ensemble", "name": "e", "names": ["e"], "members": [part], "weights": None}
    assert opened(replace(bundled, facts={**bundled.facts, "part": part})) is not None
    for _ in range(300):
        part = {"kind": "ensemble", "name": "e", "names": ["e"], "members": [part], "weights": None}
    assert opened(replace(bundled, facts={**bundled.facts, "part": part})) is None
