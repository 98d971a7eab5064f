"""The search: the same records however often it was killed, however many work on it; and it keeps to its time."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from seqcast.budget import Deadline
from seqcast.errors import BudgetError, MissingExtraError
from seqcast.tune import samplers
from seqcast.tune.crew import work_together
from seqcast.tune.journal import Journal
from seqcast.tune.records import Done, Job, Record
from seqcast.tune.search import Allowance, seconds_of_job, work
from tests.tune.searches import SPACE, Formula, search, told

ROOT = Path(__file__).resolve().parents[2]


def opened(folder):
    journal = Journal(folder)
    journal.open({})
    return journal


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Return what a search that nobody disturbed found."""
    return work(search(), opened(tmp_path_factory.mktemp("straight")), Allowance())


def test_it_finds_a_better_point_than_the_defaults(straight):
    best = straight.best()
    assert best.job.trial and best.value < straight.value(0, 9)


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_the_same_seed_finds_the_same_and_another_one_does_not(tmp_path, sampler, straight):
    found = [
        told(work(search(sampler=sampler, seed=seed), opened(tmp_path / f"{number}"), Allowance()))
        for number, seed in enumerate((5, 5, 6))
        if (tmp_path / f"{number}").mkdir() is None
    ]
    assert found[0] == found[1] != found[2]


def test_settings_that_were_drawn_go_on_with_their_trial(straight):
    for record in straight.records:
        assert record.params == straight.params(record.job.trial)


def test_near_what_did_well_it_looks_more_often(tmp_path):
    sought = search("random", trials=40)
    done = work(sought, opened(tmp_path), Allowance())
    far = [abs(np.log10(record.params["training.lr"]) + 3) for record in done.records if record.job.trial]
    assert np.mean(far[20:]) < np.mean(far[:10])


KILLED = """
import sys
from pathlib import Path
from tests.tune.searches import Formula, search
from seqcast.tune.journal import Journal
from seqcast.tune.search import Allowance, work
folder = Path(sys.argv[1])
journal = Journal(folder)
journal.open({})
print("ready", flush=True)
work(search(objective=Formula(0.1)), journal, Allowance())
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_twenty_random_kills_change_nothing(tmp_path, straight):
    draw, left = np.random.default_rng(0), []
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    for _ in range(20):
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        process.stdout.readline()
        # After a record or none, however long a busy machine takes over one, and then at any moment.
        asked = len(Journal(tmp_path).done().records) + draw.integers(0, 2)
        while len(Journal(tmp_path).done().records) < asked and process.poll() is None:
            time.sleep(0.01)
        time.sleep(draw.uniform(0.0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        left.append(len(straight.records) - len(Journal(tmp_path).done().records))
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert told(Journal(tmp_path).done()) == told(straight)
    assert sum(unfinished > 0 for unfinished in left) >= 10 and len(set(left)) >= 5  # the kills met it at work


def test_several_processes_find_what_one_finds_and_do_no_job_twice(tmp_path, straight):
    log = tmp_path / "log"
    sought = search(objective=Formula(0.01, log))
    done = work_together(sought, opened(tmp_path), Allowance(), workers=3)
    assert told(done) == told(straight)
    assert sorted(log.read_text().split()) == sorted(record.job.key for record in straight.records)


def test_a_worker_that_waits_takes_what_a_dead_one_left(tmp_path, straight):
    journal = opened(tmp_path)
    with journal.claim(Job(0, 9)):
        assert work(search(), journal, Allowance(Deadline.after(0.0))).records == ()
    assert told(work(search(), journal, Allowance())) == told(straight)


class Cut(Formula):
    """Runs out of time in its fourth job."""

    def __call__(self, job, params, folder, deadline=None):
        if job.trial == 3:
            raise BudgetError("The time was up.")
        return super().__call__(job, params, folder, deadline)


def test_what_was_cut_is_no_record_and_is_done_another_time(tmp_path, straight):
    journal = opened(tmp_path)
    assert [r.job.trial for r in work(search(objective=Cut()), journal, Allowance()).records] == [0, 1, 2]
    assert told(work(search(), journal, Allowance())) == told(straight)


def test_no_job_is_begun_when_there_is_no_time_for_an_epoch(tmp_path):
    heard = []
    allowance = Allowance(Deadline.after(2.0), after=lambda done: 0.5)
    began = time.monotonic()
    done = work(search(trials=None, objective=Formula(0.1)), opened(tmp_path), allowance, lambda r, d: heard.append(r))
    assert time.monotonic() - began < 1.9 and 3 <= len(done.records) == len(heard)


def test_a_job_takes_as_long_as_the_epochs_that_are_new():
    records = (Record(Job(1, 3), {}, 1.0, reached=3, seconds=6.0), Record(Job(1, 9), {}, 1.0, reached=9, seconds=12.0))
    assert seconds_of_job(Job(2, 3), Done(records)) == 6.0
    assert seconds_of_job(Job(1, 27), Done(records)) == 36.0
    assert seconds_of_job(Job(1, 27), Done()) == 0.0


def test_without_optuna_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    monkeypatch.delitem(sys.modules, "seqcast.tune.optuna", raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'seqcast\[tune\]', or draw them at random"):
        samplers.sampler_named("tpe", 0)
    assert samplers.sampler_named("random", 0)(SPACE, 1, Done())
