"""The judge of the tuning benchmark goes on where a rung ended, and the search asks it for what the tables say."""

import pytest

from bench import tune
from bench.tune import LR, Trainer
from examples.regression import known_answer
from seqcast.errors import BundleError
from seqcast.tune.records import Job

_SMALL = {"width": 8, "heads": 2}


def _judge(samples=100):
    X, y = known_answer(samples)
    return Trainer(X, y, settings=_SMALL)


def test_rungs_add_up_to_a_straight_training(tmp_path):
    judge, params = _judge(samples=400), {"model": "hybrid", LR: 1e-2}
    (tmp_path / "rungs").mkdir()
    (tmp_path / "straight").mkdir()
    rungs = [judge(Job(1, epochs), params, tmp_path / "rungs") for epochs in (1, 3, 10)]
    straight = judge(Job(1, 10), params, tmp_path / "straight")
    assert [record.reached for record in rungs] == [1, 3, 10]
    assert rungs[-1].value == straight.value < rungs[0].value


def test_a_checkpoint_of_another_rate_is_refused(tmp_path):
    judge = _judge()
    judge(Job(1, 1), {LR: 1e-3}, tmp_path)
    with pytest.raises(BundleError):
        judge(Job(1, 3), {LR: 1e-4}, tmp_path)


def test_random_search_is_given_no_fewer_epochs_than_hyperband(tmp_path):
    def epochs(method, trials):
        done = tune.search(_judge(), method, trials, tmp_path / method, "random")
        return sum(record.reached for record in done.furthest() if record.job.trial)

    assert epochs("hyperband", tune.HYPERBAND_TRIALS) == 74
    assert epochs("random", tune.RANDOM_TRIALS) == 80
