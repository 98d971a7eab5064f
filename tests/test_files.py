"""A file is there whole or not at all, and a folder proves that nobody changed it."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.errors import BundleError
from seqcast.files import Bundle, read_folder, sha256, write_atomic, write_folder

BUNDLE = Bundle(
    format="demo",
    version=1,
    facts={"horizon": 24, "name": "rebar é 강철", "levels": [0.1, 0.5, 0.9], "none": None},
    files={"networks/lstm.safetensors": bytes(range(256)) * 8, "notes.txt": b"kept", "empty": b""},
)


@pytest.fixture
def saved(tmp_path):
    write_folder(tmp_path / "model", BUNDLE)
    return tmp_path / "model"


def refusal(folder, format="demo", version=1):
    with pytest.raises(BundleError) as caught:
        read_folder(folder, format, version)
    message = str(caught.value)
    assert "\n" not in message
    return message


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_what_was_written_is_read(saved):
    assert read_folder(saved, "demo", 1) == BUNDLE
    assert tree(saved.parent) == [
        "model/empty",
        "model/manifest.json",
        "model/networks/lstm.safetensors",
        "model/notes.txt",
    ]


def test_sha256_is_that_of_the_manifest_and_of_hashlib(saved):
    name = "networks/lstm.safetensors"
    manifest = json.loads((saved / "manifest.json").read_text("utf-8"))
    assert sha256(saved / name) == hashlib.sha256(BUNDLE.files[name]).hexdigest() == manifest["files"][name]["sha256"]


def test_a_bundle_takes_the_place_of_the_one_before_and_leaves_nothing_beside(saved):
    later = Bundle(format="demo", version=1, facts={}, files={"other": b"1"})
    write_folder(saved, later)
    assert read_folder(saved, "demo", 1) == later
    assert tree(saved.parent) == ["model/manifest.json", "model/other"]


def test_a_folder_of_someone_else_is_not_replaced(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BundleError, match="did not write, so it is not replaced"):
        write_folder(tmp_path, BUNDLE)
    assert tree(tmp_path) == ["thesis.txt"]


def test_without_an_exchange_of_names_the_new_folder_still_comes(saved, monkeypatch):
    monkeypatch.setattr("seqcast.files._exchange", lambda one, other: False)
    later = Bundle(format="demo", version=1, facts={}, files={})
    write_folder(saved, later)
    assert read_folder(saved, "demo", 1) == later
    assert tree(saved.parent) == ["model/manifest.json"]


def every_bit(folder):
    return [(name, 8 * (folder / name).stat().st_size) for name in tree(folder) if (folder / name).stat().st_size]


@given(data=st.data())
def test_any_flipped_bit_is_refused_with_the_name_of_its_file(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("flip") / "model"
    write_folder(folder, BUNDLE)
    name, bits = data.draw(st.sampled_from(every_bit(folder)))
    bit = data.draw(st.integers(0, bits - 1))
    content = bytearray((folder / name).read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    (folder / name).write_bytes(content)
    message = refusal(folder)
    assert name in message or (name == "manifest.json" and str(folder) in message)


def test_every_flipped_bit_of_the_manifest_is_refused(saved):
    write_folder(saved, Bundle(format="demo", version=1, facts={"horizon": 24}, files={"w": b"1"}))
    path = saved / "manifest.json"
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        refusal(saved)


@given(share=st.floats(0, 1, exclude_max=True), name=st.sampled_from([*BUNDLE.files, "manifest.json"]))
def test_any_truncation_is_refused_with_the_name_of_its_file(tmp_path_factory, share, name):
    folder = tmp_path_factory.mktemp("cut") / "model"
    write_folder(folder, BUNDLE)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(share * len(content))])
    if content:
        assert name in refusal(folder)


def test_missing_and_added_files_are_refused_by_name(saved):
    (saved / "networks/more.bin").write_bytes(b"")
    assert "networks/more.bin does not belong to this bundle" in refusal(saved)
    (saved / "networks/more.bin").unlink()
    (saved / "notes.txt").unlink()
    assert "notes.txt is missing from the bundle" in refusal(saved)
    (saved / "notes.txt").symlink_to(saved / "empty")
    assert "notes.txt is missing from the bundle" in refusal(saved)


def test_a_doubled_key_does_not_slip_past_the_manifest(saved):
    path = saved / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"horizon": 24', b'"horizon": 48, "horizon": 24'))
    assert "manifest.json was changed" in refusal(saved)


def test_what_is_no_bundle_is_said(saved, tmp_path):
    assert "has no manifest.json" in refusal(tmp_path / "nowhere")
    assert "has no manifest.json" in refusal(saved / "notes.txt")
    assert "holds a 'demo', not a 'seqcast-model'" in refusal(saved, format="seqcast-model")
    assert "is of format version 1; this seqcast reads version 2" in refusal(saved, version=2)
    (saved / "manifest.json").write_bytes(b"[" * 100_000)
    assert "manifest.json was changed or cut short" in refusal(saved)


@pytest.mark.parametrize(
    "name", ["../out", "a/../../out", "/etc/out", "", ".", "a//b", "a\\..\\b", "C:x", "manifest.json"]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    bundle = Bundle(format="demo", version=1, facts={}, files={name: b""})
    with pytest.raises(BundleError, match="inside its own folder only"):
        write_folder(tmp_path / "model", bundle)
    assert tree(tmp_path) == []


def test_a_manifest_that_names_a_file_outside_is_refused(saved):
    (saved.parent / "secret").write_bytes(b"kept")
    path = saved / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest.pop("sha256")
    manifest["files"]["../secret"] = manifest["files"].pop("notes.txt")
    # As a forger would: with the sum over the forged content made anew.
    dumped = (json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    forged = {**manifest, "sha256": hashlib.sha256(dumped).hexdigest()}
    path.write_text(json.dumps(forged, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8")
    assert "inside its own folder only" in refusal(saved)


def test_a_failed_write_keeps_the_old_file_and_leaves_nothing_beside(tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    write_atomic(path, b"old")

    def full(handle):
        raise OSError("No space left on device")

    monkeypatch.setattr("seqcast.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert tree(tmp_path) == ["run.json"]


def test_facts_that_json_cannot_hold_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="Out of range float"):
        write_folder(tmp_path / "model", Bundle(format="demo", version=1, facts={"loss": float("nan")}, files={}))
    assert tree(tmp_path) == []


WRITER = """
import sys
from pathlib import Path
from seqcast.files import Bundle, write_atomic, write_folder
home = Path(sys.argv[1])
for turn in range(1_000_000):
    letter = bytes([65 + turn % 26])
    write_atomic(home / "file", letter * 300_000)
    write_folder(home / "model", Bundle(format="demo", version=1, facts={}, files={n: letter * 100_000 for n in "abc"}))
    if turn == 1:
        print("ready", flush=True)
"""


@pytest.mark.parametrize("turn", range(8))
def test_a_writer_killed_at_any_moment_leaves_the_old_or_the_new_whole(tmp_path, turn):
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent) as writer:
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(0.007 * turn)
        os.kill(writer.pid, signal.SIGKILL)
    content = (tmp_path / "file").read_bytes()
    assert len(content) == 300_000 and len(set(content)) == 1
    files = read_folder(tmp_path / "model", "demo", 1).files
    assert sorted(files) == ["a", "b", "c"] and len(set(b"".join(files.values()))) == 1
    # What was left aside does not stand in the way of the next write.
    write_folder(tmp_path / "model", BUNDLE)
    assert read_folder(tmp_path / "model", "demo", 1) == BUNDLE
