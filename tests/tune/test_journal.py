"""One file of records: every cut of its last record loses at most that one, and nobody does a job twice."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.errors import BundleError
from seqcast.tune.journal import Journal, line_of, lines_of
from seqcast.tune.records import Job, Record

IDENTITY = {"data": "abc", "seed": 0}


def opened(folder):
    journal = Journal(folder)
    journal.open(IDENTITY)
    return journal


def record(trial, epochs=3):
    return Record(
        Job(trial, epochs, 1), {"model": "lstm", "training.lr": 0.1 / (trial + 1)}, 1 / (trial + 3), 0.5, epochs
    )


def test_every_cut_of_the_last_record_loses_at_most_that_record(tmp_path):
    journal = opened(tmp_path)
    for trial in range(3):
        journal.add(record(trial))
    whole = journal.path.read_bytes()
    last = len(line_of({"record": record(2).to_mapping()}))
    for cut in range(1, last + 1):
        journal.path.write_bytes(whole[:-cut])
        assert journal.done().records == (record(0), record(1))
        journal.add(record(2))
        assert journal.path.read_bytes() == whole


@pytest.mark.parametrize("tail", [b"\0" * 50, b"0badcafe {}\n", b"half"])
def test_what_a_crash_of_the_machine_leaves_at_the_end_is_written_over(tmp_path, tail):
    journal = opened(tmp_path)
    journal.add(record(0))
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + tail)
    assert journal.done().records == (record(0),)
    journal.add(record(1))
    assert journal.path.read_bytes() == whole + line_of({"record": record(1).to_mapping()})


def test_a_record_that_was_changed_in_the_middle_is_refused_with_its_number(tmp_path):
    journal = opened(tmp_path)
    for trial in range(3):
        journal.add(record(trial))
    journal.path.write_bytes(journal.path.read_bytes().replace(b'"trial": 1', b'"trial": 7'))
    with pytest.raises(BundleError, match="Record 3 of the search was changed"):
        journal.done()


@given(st.lists(st.dictionaries(st.text(), st.floats(allow_nan=False, allow_infinity=False)), max_size=5), st.data())
def test_lines_come_back_up_to_the_cut(values, data):
    lines = [line_of(value) for value in values]
    cut = data.draw(st.integers(0, sum(map(len, lines))))
    found, whole = lines_of(b"".join(lines)[:cut])
    assert found == values[: len(found)] and whole == sum(map(len, lines[: len(found)])) <= cut
    assert len(found) == len(values) or whole + len(lines[len(found)]) > cut


def test_a_search_with_other_settings_is_refused_and_told_what_changed(tmp_path):
    opened(tmp_path).add(record(0))
    opened(tmp_path)
    with pytest.raises(BundleError, match="changed since: seed. Give the same settings"):
        Journal(tmp_path).open({**IDENTITY, "seed": 1})
    Journal(tmp_path).clear()
    Journal(tmp_path).open({**IDENTITY, "seed": 1})
    assert Journal(tmp_path).done().records == ()


def test_of_two_records_of_one_job_the_first_counts(tmp_path):
    journal = opened(tmp_path)
    journal.add(record(1))
    journal.add(Record(Job(1, 3, 1), {}, 99.0))
    assert journal.done().records == (record(1),)


def test_a_job_is_ours_alone_until_we_let_go(tmp_path):
    journal = opened(tmp_path)
    with journal.claim(Job(1, 3)) as mine, journal.claim(Job(1, 3)) as theirs, journal.claim(Job(2, 3)) as other:
        assert mine and not theirs and other
    with journal.claim(Job(1, 3)) as again:
        assert again


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_the_claim_of_a_process_that_was_killed_is_free_at_once(tmp_path):
    journal = opened(tmp_path)
    code = (
        "import sys, time; from pathlib import Path; from seqcast.tune.journal import Journal; "
        "from seqcast.tune.records import Job\n"
        f"with Journal(Path({str(tmp_path)!r})).claim(Job(1, 3)) as mine:\n"
        "    print(mine, flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "True\n"
    with journal.claim(Job(1, 3)) as mine:
        assert not mine
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with journal.claim(Job(1, 3)) as mine:
        assert mine


def test_closing_leaves_the_trainings_as_long_as_another_process_works(tmp_path):
    one, other = opened(tmp_path), opened(tmp_path)
    with one.training(1) as folder:
        (folder / "lstm.safetensors").write_bytes(b"1")
    with other.claim(Job(2, 3)):
        one.close()
        assert (folder / "lstm.safetensors").exists()
    one.close()
    assert not folder.exists()
    with other.claim(Job(3, 3)) as mine, other.training(3) as folder:  # it goes on where another has closed
        assert mine and folder.exists()


def _add(folder, first):
    for trial in range(first, first + 25):
        Journal(folder).add(record(trial))


def test_records_of_several_processes_do_not_mix(tmp_path):
    opened(tmp_path)
    context = multiprocessing.get_context("spawn")
    crew = [context.Process(target=_add, args=(tmp_path, first)) for first in (0, 100, 200)]
    for process in crew:
        process.start()
    for process in crew:
        process.join()
    trials = sorted(found.job.trial for found in Journal(tmp_path).done().records)
    assert trials == [first + n for first in (0, 100, 200) for n in range(25)]


def test_a_record_is_on_the_disk_soon(tmp_path):
    journal, began = opened(tmp_path), time.process_time()
    for trial in range(200):
        journal.add(record(trial))
    assert len(journal.done().records) == 200
    assert time.process_time() - began < 60  # a journal read anew for each record must not make a search of 200 long
