"""What an audit says: passed, leaked, or nothing that can be told."""

import json
import math

import pytest

from seqcast.leaks.outcome import REPEAT, Audit, HeldOut, Outcome

HELD = HeldOut(targets=24, past=48, known=2)


def outcome(model="naive", corruption="noise", moved=0, **more):
    return Outcome(model=model, corruption=corruption, moved=moved, numbers=24, **more)


def audit_of(*outcomes):
    return Audit(cutoff="2024-05-01", held_out=HELD, outcomes=outcomes, seconds=0.25)


def test_nothing_moved_is_a_pass_and_says_what_was_tried():
    found = audit_of(*(outcome(model, kind) for model in ("naive", "lstm") for kind in ("noise", "missing")))
    assert found.passed and found.leaking == () and found.models == ("naive", "lstm")
    assert found.sentence == (
        "passed: 2 models, 2 corruptions of 74 held-out values each; every forecast is bit-identical"
    )


def test_nothing_asked_is_no_pass():
    assert not audit_of().passed and audit_of().sentence == "nothing was audited"


def test_a_leak_names_the_model_the_place_and_the_size():
    found = audit_of(
        outcome("lstm", "noise", 3, worst=0.2, where="y, step 1"),
        outcome("lstm", "constant", 5, worst=4.1234, where="y, step 2"),
        outcome("naive"),
    )
    assert found.leaking == ("lstm",) and not found.passed
    assert found.sentence == (
        "LEAK: lstm moved by up to 4.1 (y, step 2) when the held-out values turned to one constant: it has seen the "
        "future"
    )


def test_a_breakdown_is_told_as_one():
    found = audit_of(outcome(moved=24, worst=math.inf, reason="it broke down: ValueError, NaN"))
    assert "answered otherwise (it broke down: ValueError, NaN)" in found.sentence


def test_two_clean_runs_that_differ_say_nothing_of_leaks():
    found = audit_of(outcome(moved=2, worst=1.0), outcome(corruption=REPEAT, moved=2, worst=1.0))
    assert found.unsteady == ("naive",) and found.leaking == () and not found.passed
    assert found.sentence.startswith("NOT DETERMINISTIC: two clean runs of naive differ")
    assert found.corruptions == ("noise",)


@pytest.mark.parametrize("worst", [0.5, math.inf])
def test_the_mapping_is_strict_json(worst):
    mapping = audit_of(outcome(moved=1, worst=worst)).to_mapping()
    read = json.loads(json.dumps(mapping, allow_nan=False))
    assert read["passed"] is False and read["held_out"]["values"] == 74
    assert read["outcomes"][0]["worst"] == (None if math.isinf(worst) else worst)
