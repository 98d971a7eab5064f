"""A search on Ray finds what one process finds, whatever dies meanwhile."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from seqcast.budget import Deadline
from seqcast.errors import BudgetError, ConfigError, TrainingError
from seqcast.tune.journal import Journal
from seqcast.tune.records import Done, Job, Record
from seqcast.tune.search import Allowance, work
from seqcast.tune.space import Params
from tests.clusters import WATCHFUL, alive, two_nodes, waited_for
from tests.tune.searches import Formula, search, told

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'seqcast[ray]'")

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Dying:
    """Kills its process in a job, so many times."""

    marks: Path
    job: Job
    times: int

    def __call__(self, job: Job, params: Params, folder: Path, deadline: Deadline | None = None) -> Record:
        if job == self.job and len(list(self.marks.iterdir())) < self.times:
            (self.marks / secrets.token_hex(8)).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return Formula()(job, params, folder)


@dataclass(frozen=True)
class Stuck:
    """Does not come to an end in the first job that is done at a place."""

    place: str
    mark: Path
    log: Path

    def __call__(self, job: Job, params: Params, folder: Path, deadline: Deadline | None = None) -> Record:
        here = os.readlink("/proc/self/ns/net") if self.place.startswith("net:") else _node()
        with self.log.open("a") as file:
            file.write(f"{job.key} {here}\n")
        if here == self.place and not self.mark.exists():
            self.mark.write_text(job.key)
            time.sleep(600)
        # Long enough that Ray does not give all to the node that was there first.
        return Formula(seconds=0.3)(job, params, folder)


@dataclass(frozen=True)
class Failing:
    """Raises in the second trial."""

    error: type[BaseException]

    def __call__(self, job: Job, params: Params, folder: Path, deadline: Deadline | None = None) -> Record:
        record = Formula()(job, params, folder)
        if job.trial == 2:
            raise self.error("asked for")
        return record


class Counted:
    """Notes every time that it is made from its bytes, and in which process."""

    def __init__(self, log: Path) -> None:
        self.log = log

    def __call__(self, job: Job, params: Params, folder: Path, deadline: Deadline | None = None) -> Record:
        return Formula()(job, params, folder)

    def __setstate__(self, state) -> None:
        self.__dict__.update(state)
        with self.log.open("a") as file:
            file.write(f"{os.getpid()}\n")


def _node() -> str:
    return ray.get_runtime_context().get_node_id()


def opened(folder: Path) -> Journal:
    journal = Journal(folder)
    journal.open({"data": "formula"})
    return journal


def locally(folder: Path, **asked):
    return told(work(search(**asked), opened(folder), Allowance()))


def trainings(journal: Journal) -> dict[str, bytes]:
    files = (path for path in (journal.folder / "trainings").rglob("*") if path.is_file())
    return {path.relative_to(journal.folder).as_posix(): path.read_bytes() for path in files}


def test_records_and_trainings_are_those_of_one_process(tmp_path):
    from seqcast.tune.ray import work_on_ray

    method, heard = "hyperband", []
    ending = signal.getsignal(signal.SIGTERM)
    alone, journal = opened(tmp_path / "alone"), opened(tmp_path / "ray")
    expected = work(search(method), alone, Allowance())
    done = work_on_ray(search(method), journal, Allowance(), lambda record, done: heard.append(record), workers=2)
    assert told(done) == told(journal.done()) == told(expected)
    assert told(Done(tuple(heard))) == told(expected)
    assert trainings(journal) == trainings(alone)
    assert not ray.is_initialized()
    assert signal.getsignal(signal.SIGTERM) == ending


@pytest.fixture(scope="class")
def cluster():
    from seqcast.forecasters.cluster import connected

    with connected(None, 2):
        yield


@pytest.mark.usefixtures("cluster")
class TestOneNode:
    def test_random_search_finds_what_it_finds_here(self, tmp_path):
        from seqcast.tune.ray import work_on_ray

        done = work_on_ray(search("random"), opened(tmp_path / "ray"), Allowance())
        assert told(done) == locally(tmp_path / "local", method="random")

    def test_the_table_is_sent_once_and_made_once_in_a_process(self, tmp_path, monkeypatch):
        from seqcast.tune.ray import work_on_ray

        puts = []
        put = ray.put
        monkeypatch.setattr(ray, "put", lambda value: puts.append(value) or put(value))
        done = work_on_ray(search(objective=Counted(tmp_path / "log")), opened(tmp_path), Allowance())
        made = (tmp_path / "log").read_text().split()
        assert len(puts) == 1
        assert len(done.records) > 10
        assert len(made) == len(set(made)) < len(done.records)
        assert str(os.getpid()) not in made

    def test_a_killed_worker_costs_no_record(self, tmp_path, monkeypatch):
        from seqcast.tune import ray as ours

        # The second death is one after Ray itself has given up.
        monkeypatch.setattr(ours, "_task", ours._task.options(max_retries=0))
        marks = tmp_path / "marks"
        marks.mkdir()
        jobs = [record.job for record in work(search(), opened(tmp_path / "alone"), Allowance()).records]
        dying = search(objective=Dying(marks, jobs[3], times=2))
        done = ours.work_on_ray(dying, opened(tmp_path / "ray"), Allowance())
        assert len(list(marks.iterdir())) == 2
        assert told(done) == locally(tmp_path / "local")

    def test_faults_of_the_objective_end_the_search_and_those_of_the_cluster_do_in_the_end(self, tmp_path, monkeypatch):
        from seqcast.forecasters import cluster
        from seqcast.tune import ray as ours

        def searched(name, objective, listener=None, allowance=None, **more):
            journal = opened(tmp_path / name)
            return journal, ours.work_on_ray(
                search(objective=objective), journal, allowance or Allowance(), listener, **more
            )

        def interrupted(record, done):
            raise KeyboardInterrupt

        with pytest.raises(ZeroDivisionError, match="^asked for$"):
            searched("fault", Failing(ZeroDivisionError))
        journal, done = searched("budget", Failing(BudgetError))
        assert {record.job.trial for record in done.records} <= {0, 1, 3}
        assert "trainings/00002/net.safetensors" in trainings(journal)
        assert searched("late", Formula(), allowance=Allowance(Deadline.after(0.0), lambda done: 1.0))[1] == Done()
        with pytest.raises(KeyboardInterrupt):
            searched("interrupt", Formula(), listener=interrupted)
        assert len(opened(tmp_path / "interrupt").done().records) == 1
        # A task that gives no answer is lost, and in the end somebody must look at the cluster.
        monkeypatch.setattr(cluster, "_MOST", 1)
        began = time.monotonic()
        with pytest.raises(TrainingError, match="lost trial 0 2 times; at last: no answer in time"):
            searched("silent", Formula(seconds=60.0), patience=2.0)
        assert time.monotonic() - began < 30
        # The time that tasks do not keep to is kept without them.
        _, done = searched("overdue", Formula(seconds=60.0), allowance=Allowance(Deadline.after(1.0)))
        assert done == Done()
        assert ray.is_initialized()


def test_an_address_without_a_cluster_is_refused(tmp_path):
    from seqcast.tune.ray import work_on_ray

    with pytest.raises(ConfigError, match="No Ray cluster answers at '127.0.0.1:1'"):
        work_on_ray(search(), opened(tmp_path), Allowance(), address="127.0.0.1:1")


def test_a_node_that_dies_costs_no_record(tmp_path):
    from seqcast.tune.ray import work_on_ray

    with two_nodes() as node:
        stuck = Stuck(node.node_id, tmp_path / "mark", tmp_path / "log")
        journal = opened(tmp_path / "ray")
        before = []

        def kill():
            waited_for(stuck.mark.exists)
            before.extend(told(journal.done()))
            node.kill_raylet(check_alive=False)

        killer = threading.Thread(target=kill)
        killer.start()
        done = work_on_ray(search(objective=stuck), journal, Allowance())
        killer.join()
        waited_for(lambda: not alive(node))
    key = stuck.mark.read_text()
    assert (tmp_path / "log").read_text().count(key) == 2
    assert before
    assert [record for record in told(done) if record in before] == before
    assert told(done) == locally(tmp_path / "local")


@contextmanager
def two_namespaces():
    """Lend two networks that a cable joins: their names, and the address of the first."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("two networks on one machine need root and iproute2")
    own = secrets.token_hex(3)
    head, far = f"seqcast-{own}-a", f"seqcast-{own}-b"
    with ExitStack() as stack:
        for name in (head, far):
            if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
                pytest.skip("this machine does not allow networks of one's own")
            stack.callback(ip, "netns", "del", name)
        ip("link", "add", f"sq{own}", "netns", head, "type", "veth", "peer", "name", f"sq{own}", "netns", far)
        for place, name in enumerate((head, far), start=1):
            ip("-n", name, "addr", "add", f"10.213.77.{place}/24", "dev", f"sq{own}")
            for link in ("lo", f"sq{own}"):
                ip("-n", name, "link", "set", link, "up")
        yield head, far, f"sq{own}"


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


_HEAD = "10.213.77.1:6391"
_SEARCH = """
import json, sys, time
from pathlib import Path
import ray
from seqcast.forecasters.cluster import connected
from seqcast.tune.ray import work_on_ray
from seqcast.tune.search import Allowance
from tests.tune.searches import search
from tests.tune.test_ray import Stuck, opened

home, place, address = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
with connected(address, 1):
    assert sum(node["Alive"] for node in ray.nodes()) == 2
    stuck = Stuck(place, home / "mark", home / "log")
    done = work_on_ray(search(objective=stuck), opened(home / "ray"), Allowance(), patience=8.0)
    until = time.monotonic() + 60
    while sum(node["Alive"] for node in ray.nodes()) == 2 and time.monotonic() < until:
        time.sleep(0.2)
    print(json.dumps([node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="networks of one's own are a thing of Linux")
def test_a_network_that_is_cut_costs_no_record(tmp_path):
    with ExitStack() as stack:
        head, far, cable = stack.enter_context(two_namespaces())
        where = (Path(sys.executable).parent / "ray").as_posix()
        watchful = json.dumps(WATCHFUL)
        small = ["--num-cpus=1", f"--object-store-memory={100 * 2**20}", "--disable-usage-stats", "--block"]
        first = ["--head", "--port=6391", "--node-ip-address=10.213.77.1", "--include-dashboard=false"]
        began(stack, head, [where, "start", *first, f"--system-config={watchful}", *small], tmp_path / "head.txt")
        waited_for(lambda: "started" in (tmp_path / "head.txt").read_text())
        second = [f"--address={_HEAD}", "--node-ip-address=10.213.77.2"]
        small.remove("--disable-usage-stats")
        began(stack, far, [where, "start", *second, *small], tmp_path / "far.txt")
        waited_for(lambda: "started" in (tmp_path / "far.txt").read_text())
        place = ip("netns", "exec", far, "readlink", "/proc/self/ns/net").strip()
        code = [sys.executable, "-c", _SEARCH, str(tmp_path), place, _HEAD]
        driver = began(stack, head, code, tmp_path / "driver.txt")
        waited_for(lambda: (tmp_path / "mark").exists() or driver.poll() is not None)
        assert driver.poll() is None, (tmp_path / "driver.txt").read_text()
        ip("-n", far, "link", "set", cable, "down")
        assert driver.wait(180) == 0, (tmp_path / "driver.txt").read_text()
        assert "state DOWN" in ip("-n", far, "link", "show", cable)
    # Only the head is left, and what the other had begun was begun again there.
    assert (tmp_path / "driver.txt").read_text().splitlines()[-1] == '["10.213.77.1"]'
    key = (tmp_path / "mark").read_text()
    places = [line.split()[1] for line in (tmp_path / "log").read_text().splitlines() if line.startswith(key)]
    assert places[0] == place and places[-1] != place
    assert told(opened(tmp_path / "ray").done()) == locally(tmp_path / "local")


def began(stack: ExitStack, namespace: str, command: list[str], said: Path) -> subprocess.Popen:
    """Begin a process in a network; it and its children are ended at last."""
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": os.getcwd()}
    # Nobody else is in these networks; a token would have to lie in the home of whoever tests.
    environment |= {"RAY_AUTH_MODE": "disabled", "PYTHONUNBUFFERED": "1", "RAY_worker_niceness": "0"}
    file = stack.enter_context(said.open("w"))
    whole = ["ip", "netns", "exec", namespace, *command]
    process = subprocess.Popen(whole, stdout=file, stderr=file, env=environment, start_new_session=True)
    stack.callback(process.wait, 60)
    stack.callback(ended, namespace)
    return process


def ended(namespace: str) -> None:
    """End every process of a network, which are all ours."""
    for number in ip("netns", "pids", namespace).split():
        with suppress(ProcessLookupError):
            os.kill(int(number), signal.SIGKILL)


def test_without_being_asked_for_ray_is_not_imported():
    code = "import sys, seqcast, seqcast.runs.tuning, seqcast.tune.search; assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_where_ray_is_missing_its_extra_is_named():
    code = (
        "import sys; sys.modules['ray'] = None\n"
        "from seqcast.errors import MissingExtraError\n"
        "try:\n    import seqcast.tune.ray\n"
        "except MissingExtraError as error:\n    assert \"pip install 'seqcast[ray]'\" in str(error)\n"
        "else:\n    raise SystemExit('it was there')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
