"""Fits in tasks of a Ray cluster give what fits on this machine give, whatever dies meanwhile."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from seqcast import run
from seqcast.budget import Deadline
from seqcast.cli.commands import backtest
from seqcast.config import Settings
from seqcast.errors import BudgetError, TrainingError
from seqcast.forecasters import local
from seqcast.forecasters.local import Local
from seqcast.forecasters.naive import naive
from seqcast.forecasters.pool import Crew, Died, crew, done_by
from seqcast.runs.engine import working
from seqcast.runs.talk import Talk
from seqcast.types import Task
from tests.clusters import alive, two_nodes, waited_for
from tests.forecasters.broken import adding, resting, slow_once, stuck_at
from tests.panels import make_panel
from tests.runs.tables import write_table

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'seqcast[ray]'")

pytestmark = pytest.mark.slow
NO_LIMIT = Deadline.after(None)


class Stopping(Talk):
    """Interrupts a run at its third stage."""

    def __init__(self):
        self.stages = 0

    def stage(self, line):
        self.stages += 1
        if self.stages == 3:
            raise KeyboardInterrupt


@pytest.fixture(scope="class")
def mapped():
    from seqcast.forecasters.cluster import connected, map_on_cluster

    with connected(None, 2):
        yield map_on_cluster
    assert not ray.is_initialized()


class TestOneNode:
    @pytest.mark.parametrize("chunk", [1, 7])
    def test_only_the_job_that_kills_every_worker_is_lost(self, mapped, chunk):
        jobs = [(number, 1) for number in range(40)]
        answers = mapped(adding, jobs, workers=2, chunk=chunk, deadline=NO_LIMIT)
        assert isinstance(answers[13], Died)
        assert answers[:13] + answers[14:] == [number + 1 for number in range(40) if number != 13]

    def test_a_run_is_the_same_bytes_as_on_this_machine(self, mapped, tmp_path, monkeypatch):
        monkeypatch.setattr(local, "WORTH_PROCESSES", 0.0)
        sent = []
        monkeypatch.setattr(ray, "put", lambda value, put=ray.put: sent.append(value) or put(value))
        table = write_table(tmp_path / "load.csv")
        options = {"horizon": 4, "models": ["naive", "theta"], "windows": 2, "audit": False}
        settings = Settings.from_mapping({"source": str(table), "columns": {"target": ["load"]}, "run": options})
        here = run(settings, tmp_path / "here")
        assert not sent
        there = run(replace(settings, run=replace(settings.run, engine="ray")), tmp_path / "there")
        assert len(sent) >= 2
        for name in ("forecast.csv", "backtest.parquet"):
            assert (there.folder / name).read_bytes() == (here.folder / name).read_bytes()
        scores, _ = backtest(replace(settings, run=replace(settings.run, engine="ray")), None, Talk())
        asked = {score.model: score.mase for score in scores}
        assert {score.model: score.mase for score in here.scores}.items() >= asked.items()

    def test_what_a_cluster_began_goes_on_here(self, mapped, tmp_path):
        table = write_table(tmp_path / "load.csv")
        options = {"horizon": 4, "models": ["naive", "theta"], "windows": 2, "audit": False}
        settings = Settings.from_mapping({"source": str(table), "columns": {"target": ["load"]}, "run": options})
        with pytest.raises(KeyboardInterrupt):
            run(replace(settings, run=replace(settings.run, engine="ray")), tmp_path / "out", talk=Stopping())
        assert run(settings, tmp_path / "out", resume=True).scores

    def test_a_panel_is_forecast_in_tasks_and_a_fault_falls_back(self, mapped, monkeypatch):
        monkeypatch.setattr(local, "WORTH_PROCESSES", 0.0)
        values = {f"s{place}": np.array([1.0, 0.5, 0.25 + place / 100, 0.9]) for place in range(9)}
        panel = make_panel(values)
        fitted = Local(name="naive", function=naive).fit(panel, Task(horizon=2), NO_LIMIT)
        alone = fitted.predict(panel, panel.at_end())
        with done_by(Crew(mapped, 2)):
            shared = fitted.predict(panel, panel.at_end())
        assert np.array_equal(shared.values, alone.values) and crew().workers is None

    def test_the_deadline_ends_what_a_worker_would_not(self, mapped):
        began = time.monotonic()
        with pytest.raises(BudgetError, match="of 3 local fits"):
            mapped(resting, [(0.0,), (0.0,), (600.0,)], workers=2, chunk=1, deadline=Deadline.after(3.0))
        assert time.monotonic() - began < 10.0
        assert mapped(pow, [(2, 3)], workers=2, chunk=1, deadline=NO_LIMIT) == [8]

    def test_a_fault_of_the_function_is_raised_as_it_is(self, mapped):
        with pytest.raises(ZeroDivisionError):
            mapped(divmod, [(1, 1), (1, 0)], workers=2, chunk=1, deadline=NO_LIMIT)

    def test_what_has_no_answer_is_given_again_and_in_the_end_somebody_is_called(self, mapped, tmp_path, monkeypatch):
        from seqcast.forecasters import cluster

        monkeypatch.setattr(cluster, "_LEAST", 4.0)
        jobs = [(place, str(tmp_path / "mark")) for place in range(4)]
        assert mapped(slow_once, jobs, workers=2, chunk=1, deadline=NO_LIMIT) == [0, 1, 2, 3]
        assert (tmp_path / "mark").exists()
        monkeypatch.setattr(cluster, "_MOST", 1)
        monkeypatch.setattr(cluster, "_LEAST", 0.5)
        with pytest.raises(TrainingError, match="lost a part of the work 2 times; at last: no answer in time"):
            mapped(resting, [(600.0,)], workers=2, chunk=1, deadline=NO_LIMIT)


def test_an_engine_that_was_not_asked_for_is_not_there():
    with working(Settings.from_mapping({"run": {"horizon": 1}}).run):
        assert crew().workers is None


def test_a_node_that_dies_costs_no_answer(tmp_path):
    from seqcast.forecasters.cluster import cores, map_on_cluster

    with two_nodes() as node:
        mark = tmp_path / "mark"

        def kill():
            waited_for(mark.exists)
            node.kill_raylet(check_alive=False)

        killer = threading.Thread(target=kill)
        killer.start()
        assert cores() == 2
        jobs = [(place, node.node_id, str(mark)) for place in range(12)]
        answers = map_on_cluster(stuck_at, jobs, workers=2, chunk=1, deadline=NO_LIMIT)
        killer.join()
        waited_for(lambda: not alive(node))
    assert mark.exists() and answers == list(range(12))
