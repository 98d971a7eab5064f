"""The order of jobs: Hyperband's own table, successive halving, and that nothing hangs on who was faster."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcast.tune.methods import Hyperband, method_named, rungs_of
from seqcast.tune.records import Done, Job, Record
from tests.tune.searches import search, told


def finished(method, value, *, choose=lambda jobs: jobs[0], most=10_000):
    """Do all jobs of a method, each chosen among those that are ready."""
    done = Done()
    while (ready := method.ready(done)) and len(done.records) < most:
        job = choose(ready)
        done = Done((*done.records, Record(job, {}, value(job))))
    return done


def test_the_brackets_are_those_of_the_paper():
    # Li et al. (2018), table 1: R = 81, factor 3.
    brackets = Hyperband(epochs=81, factor=3).brackets()
    assert [(bracket.count, bracket.rungs) for bracket in brackets] == [
        (81, (1, 3, 9, 27, 81)),
        (34, (3, 9, 27, 81)),
        (15, (9, 27, 81)),
        (8, (27, 81)),
        (5, (81,)),
    ]


def test_the_size_of_each_rung_is_that_of_the_paper():
    done = finished(Hyperband(81, 3, trials=81 + 34 + 15 + 8 + 5), lambda job: float(job.trial))
    sizes = {}
    for record in done.records:
        if record.job.trial:
            sizes.setdefault(record.job.stage, {}).setdefault(record.job.epochs, 0)
            sizes[record.job.stage][record.job.epochs] += 1
    assert sizes == {
        1: {1: 81, 3: 27, 9: 9, 27: 3, 81: 1},
        2: {3: 34, 9: 11, 27: 3, 81: 1},
        3: {9: 15, 27: 5, 81: 1},
        4: {27: 8, 81: 2},
        5: {81: 5},
    }


@given(st.integers(1, 100), st.integers(2, 5))
def test_rungs_rise_by_the_factor_and_end_with_the_whole(epochs, factor):
    rungs = rungs_of(epochs, factor)
    assert rungs[-1] == epochs and rungs[0] >= 1 and list(rungs) == sorted(set(rungs))
    for low, high in zip(rungs, rungs[1:], strict=False):
        assert abs(low * factor - high) <= factor


@pytest.mark.parametrize("name", ["hyperband", "asha", "random"])
@settings(max_examples=15)
@given(trials=st.integers(1, 25), epochs=st.integers(1, 30), seed=st.integers(0, 99))
def test_every_trial_is_begun_once_the_defaults_first_and_a_job_never_before_the_one_it_goes_on_from(
    name, trials, epochs, seed
):
    draw = np.random.default_rng(seed)
    worth = draw.random(trials + 1)
    done = finished(method_named(name, epochs, 3, trials), lambda job: worth[job.trial] + 1 / job.epochs)
    jobs = [record.job for record in done.records]
    assert jobs[0] == Job(0, epochs, jobs[0].stage)
    assert {job.trial for job in jobs} == set(range(trials + 1))
    assert len({job.key for job in jobs}) == len(jobs)
    for trial in range(trials + 1):
        mine = [job.epochs for job in jobs if job.trial == trial]
        assert mine == sorted(mine)


@settings(max_examples=15)
@given(seed=st.integers(0, 200))
def test_the_best_of_each_rung_go_on(seed):
    worth = np.random.default_rng(seed).random(30)
    done = finished(Hyperband(9, 3, trials=17), lambda job: worth[job.trial])
    for stage in {record.job.stage for record in done.records}:
        jobs = [record.job for record in done.records if record.job.stage == stage]
        for low, high in ((1, 3), (3, 9)):
            here = [job.trial for job in jobs if job.epochs == low]
            on = {job.trial for job in jobs if job.epochs == high}
            if here:
                assert on == set(sorted(here, key=lambda trial: worth[trial])[: max(1, len(here) // 3)])


@pytest.mark.parametrize(("name", "sampler"), [("hyperband", "tpe"), ("hyperband", "random"), ("random", "tpe")])
@settings(max_examples=4)
@given(seed=st.integers(0, 1000))
def test_records_do_not_hang_on_the_order_in_which_jobs_that_are_ready_end(name, sampler, seed):
    draw = np.random.default_rng(seed)

    def all_of(choose):
        done, sought = Done(), search(name, sampler, trials=13, epochs=9)
        while ready := sought.method.ready(done):
            job = choose(ready)
            params = sought.params(job, done)
            done = Done((*done.records, Record(job, params, math.sin(7 * job.trial) + 1 / job.epochs)))
        return told(done)

    assert all_of(lambda jobs: jobs[0]) == all_of(lambda jobs: jobs[draw.integers(len(jobs))])


def test_asha_goes_on_with_a_trial_before_the_rung_is_full():
    done = finished(method_named("asha", 9, 3, 30), lambda job: float(job.trial), most=6)
    assert Job(1, 3) in [record.job for record in done.records]
    assert max(record.job.trial for record in done.records) < 9


def test_without_a_number_of_trials_it_never_ends():
    for name in ("hyperband", "asha", "random"):
        assert len(finished(method_named(name, 9, 3, None), lambda job: 0.0, most=100).records) == 100


def test_the_best_is_the_best_of_the_whole_trainings():
    records = [Record(Job(0, 9), {}, 1.0), Record(Job(1, 1), {}, 0.1), Record(Job(2, 9), {}, 0.9)]
    assert Done(tuple(records)).best().job.trial == 2
    assert Done((Record(Job(0, 9), {}, math.inf),)).best() is None
    tied = Done((Record(Job(4, 9), {}, 0.5), Record(Job(3, 9), {}, 0.5)))
    assert tied.best().job.trial == 3
