"""A search that several machines share through a real PostgreSQL server, each with a folder of its own."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

from seqcast.budget import Deadline
from seqcast.config import Settings
from seqcast.errors import BudgetError, BundleError, ConfigError, MissingExtraError
from seqcast.ranges import Range
from seqcast.runs.searched import identity_of, opened, refuse_strangers
from seqcast.tune.journal import Journal
from seqcast.tune.methods import Hyperband
from seqcast.tune.postgres import Postgres
from seqcast.tune.records import Job, Record
from seqcast.tune.samplers import Random
from seqcast.tune.search import Allowance, Search, work
from seqcast.tune.space import Space

pytest.importorskip("adbc_driver_postgresql", reason="the extra 'sql' is not installed")

RECORDS = (
    Record(Job(2, 3, 1), {"model": "lstm", "training.lr": 0.1 + 0.2}, 0.5, 0.25, 3, 1.5),
    Record(Job(0, 9), {"model": "größer"}, 0.1, reached=7),
    Record(
        Job(1, 3, 1), {"model": "lstm", "model.lstm.context": None}, float("inf"), failed="A 'context' is too long."
    ),
)
SPACE = Space(("lstm",), {"training.lr": Range(0.001, 0.01)}, {"lstm": {}})
ROLES = count()


def execute(uri: str, *statements: str) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def base(postgresql: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the URI of an empty database."""
    name = f"base{next(ROLES)}"
    execute(postgresql, f"CREATE DATABASE {name}")
    yield postgresql.replace("/postgres?", f"/{name}?")
    execute(postgresql, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def machines(base: str, tmp_path: Path) -> tuple[Postgres, Postgres]:
    """Return one study as two machines see it."""
    one, two = (Postgres(base, "study", tmp_path / name) for name in ("one", "two"))
    one.open({"data": "a"})
    return one, two


def test_records_come_back_in_order_and_equal(machines):
    one, two = machines
    assert two.done().records == ()
    for record in RECORDS:
        one.add(record)
    assert two.done().records == RECORDS
    assert [type(value) for value in two.done().records[0].params.values()] == [str, float]


def test_the_first_record_of_a_job_stays(machines):
    one, two = machines
    one.add(RECORDS[0])
    two.add(replace(RECORDS[0], value=9.0))
    two.add(RECORDS[1])
    assert one.done().records == RECORDS[:2]


def test_another_identity_is_refused_in_the_words_of_a_folder(machines, tmp_path):
    one, two = machines
    one.add(RECORDS[0])
    two.open({"data": "a"})
    said = []
    for storage in (Journal(tmp_path / "journal"), two):
        if isinstance(storage, Journal):
            storage.open({"data": "a"})
        with pytest.raises(BundleError, match="changed since: data, space. Give the same settings") as caught:
            storage.open({"data": "b", "space": [1]})
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert one.done().records == RECORDS[:1]


def test_many_that_open_at_once_all_go_on(base, tmp_path):
    gate = Barrier(8)

    def enter(place: int) -> None:
        gate.wait()
        Postgres(base, f"study{place % 2}", tmp_path).open({"data": "a", "half": place % 2})

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(enter, range(8))) == [None] * 8
    with pytest.raises(BundleError, match="half"):
        Postgres(base, "study0", tmp_path).open({"data": "a", "half": 1})


def test_a_claim_keeps_all_others_off_this_job_alone(machines, base, tmp_path):
    one, two = machines
    with one.claim(Job(1, 3)) as mine, two.claim(Job(1, 3)) as yours, one.claim(Job(1, 3)) as again:
        assert (mine, yours, again) == (True, False, False)
        with two.claim(Job(1, 9)) as another, Postgres(base, "other", tmp_path).claim(Job(1, 3)) as elsewhere:
            assert another and elsewhere
    assert freed(two, Job(1, 3))


def test_a_claim_ends_with_an_error_too(machines):
    one, two = machines
    with pytest.raises(BudgetError), one.claim(Job(1, 3)) as mine:
        assert mine
        raise BudgetError("over")
    assert freed(two, Job(1, 3))


def freed(storage: Postgres, job: Job) -> bool:
    """Whether a job is free again soon: the server hears of the end of a connection a moment later."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with storage.claim(job) as mine:
            if mine:
                return True
        time.sleep(0.02)
    return False


@contextmanager
def python(function: str, root: Path, *given: object) -> Iterator[subprocess.Popen[str]]:
    """Run a function of this file in a process of its own, which has nothing from here but what is given."""
    code = f"import json, sys, tests.tune.test_postgres as here; here.{function}(*json.loads(sys.argv[1]))"
    command = [sys.executable, "-c", code, json.dumps(given, default=str)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def hold(uri: str, scratch: str) -> None:
    with Postgres(uri, "study", Path(scratch)).claim(Job(1, 3)) as mine:
        sys.stdout.write(f"{mine}\n")
        sys.stdout.flush()
        time.sleep(600)


def test_a_killed_process_loses_its_claim(machines, base, root, tmp_path):
    storage = machines[0]
    with python("hold", root, base, tmp_path) as process:
        assert process.stdout.readline() == "True\n"
        with storage.claim(Job(1, 3)) as mine:
            assert not mine
        process.send_signal(signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL
        assert freed(storage, Job(1, 3))


def test_a_claim_whose_connection_broke_harms_nobody(machines, base):
    one, two = machines
    with one.claim(Job(1, 3)) as mine:
        assert mine
        broken = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
        execute(base, broken)
        assert freed(two, Job(1, 3))
        one.add(RECORDS[0])
    assert two.done().records == RECORDS[:1]


def test_a_training_goes_to_another_machine_byte_for_byte(machines):
    one, two = machines
    whole = bytes(range(256)) * 4096
    with two.training(7) as folder:
        assert folder == two.scratch / "00007" and list(folder.iterdir()) == []
        (folder / "old.safetensors").write_bytes(b"of another time")
    with one.training(7) as folder:
        (folder / "old.safetensors").unlink()
        (folder / "lstm.safetensors").write_bytes(whole)
        (folder / ".0f.part").write_bytes(b"cut")
    with two.training(7) as folder:
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"lstm.safetensors": whole}
    with two.training(8) as folder:
        assert list(folder.iterdir()) == []


@pytest.mark.parametrize("error", [BudgetError, KeyboardInterrupt, ZeroDivisionError])
def test_a_training_that_was_stopped_is_stored_as_it_stands(error, machines):
    one, two = machines
    with pytest.raises(error), one.training(1) as folder:
        (folder / "lstm.safetensors").write_bytes(b"epoch 4")
        raise error("over")
    with two.training(1) as folder:
        assert (folder / "lstm.safetensors").read_bytes() == b"epoch 4"


def test_a_name_that_leads_out_of_the_folder_is_refused(machines, base, tmp_path):
    execute(base, "INSERT INTO seqcast_trainings VALUES ('study', 1, '../../gone', '\\x00')")
    with pytest.raises(BundleError, match=r"names '\.\./\.\./gone'"), machines[0].training(1):
        pytest.fail("the training was lent")
    assert not (tmp_path / "gone").exists() and not (tmp_path.parent / "gone").exists()


def test_closing_keeps_the_records_and_clearing_keeps_nothing_of_this_study(machines, base, tmp_path):
    one, two = machines
    other = Postgres(base, "other", tmp_path / "three")
    other.open({"data": "b"})
    for storage in (one, other):
        storage.add(RECORDS[0])
        with storage.training(1) as folder:
            (folder / "lstm.safetensors").write_bytes(b"1")
    one.close()
    assert not one.scratch.exists() and two.done().records == RECORDS[:1]
    with two.training(1) as folder:
        assert list(folder.iterdir()) == []
    two.clear()
    assert not two.scratch.exists() and one.done().records == ()
    one.open({"data": "begun anew"})
    assert other.done().records == RECORDS[:1]
    with other.training(1) as folder:
        assert (folder / "lstm.safetensors").read_bytes() == b"1"


def test_closing_leaves_the_trainings_as_long_as_another_machine_works(machines):
    one, two = machines
    with one.training(1) as folder:
        (folder / "lstm.safetensors").write_bytes(b"1")
    with two.claim(Job(2, 3)):
        one.close()
        with two.training(1) as folder:
            assert (folder / "lstm.safetensors").read_bytes() == b"1"
    one.close()
    with two.training(1) as folder:
        assert list(folder.iterdir()) == []


def test_clearing_what_was_never_opened(base, tmp_path):
    storage = Postgres(base, "study", tmp_path)
    storage.clear()
    storage.open({})
    assert storage.done().records == ()


@pytest.mark.parametrize("study", ["x'); DROP TABLE seqcast_records; --", "' OR '1'='1", "$1", '"', "%s \\ 🗝"])
def test_a_name_is_never_read_as_a_command(study, machines, base, tmp_path):
    machines[0].add(RECORDS[0])
    odd = Postgres(base, study, tmp_path / "odd")
    odd.open({"data": "b"})
    odd.add(RECORDS[1])
    with odd.claim(Job(1, 3)) as mine, odd.training(1) as folder:
        assert mine
        (folder / "lstm.safetensors").write_bytes(b"1")
    assert odd.done().records == RECORDS[1:2]
    odd.close()
    odd.clear()
    assert odd.done().records == ()
    assert machines[1].done().records == RECORDS[:1]


class Counted:
    """Goes on with a training that is a number in a file, and says how far it was when it came."""

    def __call__(self, job: Job, params: dict, folder: Path, deadline: Deadline) -> Record:
        path = folder / "count.safetensors"
        before = int(path.read_text()) if path.exists() else 0
        path.write_text(str(job.epochs))
        time.sleep(0.05)
        return Record(job, params, abs(params.get("training.lr", 0.0) - 0.004), float(before), job.epochs)


def seek(uri: str, study: str, scratch: str, workers: int) -> None:
    """Work on a study once so many have come, and print how many jobs were done here."""
    Path(scratch).mkdir()
    while len(list(Path(scratch).parent.iterdir())) < workers:
        time.sleep(0.01)
    storage, heard = Postgres(uri, study, Path(scratch)), []
    storage.open({"data": "a"})
    search = Search(SPACE, Hyperband(9, 3, trials=6), Random(0), Counted())
    work(search, storage, Allowance(), lambda record, done: heard.append(record))
    sys.stdout.write(f"{len(heard)}\n")


@pytest.mark.slow
def test_two_processes_find_what_one_finds(base, root, tmp_path):
    shares, found = {}, {}
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        given = [(base, f"by {workers}", folder / str(place), workers) for place in range(workers)]
        if workers == 1:
            with python("seek", root, *given[0]) as alone:
                shares[1] = [int(alone.communicate(timeout=120)[0])]
        else:
            with python("seek", root, *given[0]) as one, python("seek", root, *given[1]) as two:
                shares[2] = [int(process.communicate(timeout=120)[0]) for process in (one, two)]
        records = Postgres(base, f"by {workers}", folder).done().records
        found[workers] = sorted(records, key=lambda record: record.job)
    jobs = len(found[1])
    # The defaults, and six, two and one on the rungs; those that went on found what had been trained before.
    assert jobs == 1 + 6 + 2 + 1 and [record.loss for record in found[1] if record.loss] == [1.0, 3.0, 1.0]
    assert found[2] == found[1]
    assert min(shares[2]) > 0 and sum(shares[2]) == sum(shares[1]) == jobs


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://ann:secret@127.0.0.1:1/trials", "postgresql://ann@127.0.0.1:1/trials that"),
        ("postgres://ann@127.0.0.1:1/trials?password=secret", "postgres://ann@127.0.0.1:1/trials that"),
        ("postgresql://ann:secret%zz@127.0.0.1:1/trials", "postgresql://ann@127.0.0.1:1/trials that"),
        ("postgresql://ann:secret/ive@127.0.0.1:1/trials", "postgresql://… that"),
        ("postgresql://ann:sec?secret@127.0.0.1:1/trials", "postgresql://… that"),
        ("postgresql://127.0.0.1:1/trials?password=sec@secret", "postgresql://… that"),
    ],
)
def test_a_server_that_is_not_there_is_named_without_its_password(uri, shown, tmp_path):
    storage = Postgres(uri, "study", tmp_path)
    for refused in (lambda: storage.open({}), storage.done, lambda: storage.add(RECORDS[0]), storage.close):
        with pytest.raises(ConfigError, match="mend storage, or leave it out to seek on this machine") as caught:
            refused()
        assert shown in str(caught.value) and "\n" not in str(caught.value)
        assert "secret" not in str(caught.value) and "sec" not in str(caught.value)
    assert "sec" not in repr(storage)


def test_what_the_driver_says_is_told_where_it_holds_no_secret(tmp_path):
    with pytest.raises(ConfigError, match=r"cannot be reached: .*127\.0\.0\.1.*[^.]\. Start its server"):
        Postgres("postgresql://ann:secret@127.0.0.1:1/trials", "study", tmp_path).open({})


@pytest.mark.parametrize("uri", ["mysql://ann:secret@host/trials", "host=db password=secret", "secret.db"])
def test_other_addresses_are_refused_at_once(uri, tmp_path):
    with pytest.raises(
        ConfigError, match="needs the URI of a database, postgresql://user@host:port/database"
    ) as caught:
        Postgres(uri, "study", tmp_path)
    assert "secret" not in str(caught.value)


def test_a_role_that_may_make_no_tables(base, tmp_path):
    role = f"guest{next(ROLES)}"
    execute(base, f"CREATE ROLE {role} LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    guest = Postgres(base.replace("//postgres@", f"//{role}@"), "study", tmp_path)
    with pytest.raises(ConfigError, match=r"refused what a search keeps there: permission denied.* allowed to make"):
        guest.open({})
    # Once somebody else has made them, it need not.
    Postgres(base, "other", tmp_path).open({})
    execute(
        base,
        f"GRANT ALL ON seqcast_searches, seqcast_records, seqcast_trainings TO {role}",
        f"GRANT USAGE ON SEQUENCE seqcast_records_number_seq TO {role}",
    )
    guest.open({})
    guest.add(RECORDS[0])
    assert guest.done().records == RECORDS[:1]
    execute(base, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_a_missing_driver_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'seqcast\[sql\]'"):
        Postgres("postgresql://ann@host/trials", "study", tmp_path).open({})


def asked(uri: str, **run: object) -> Settings:
    source = run.pop("source", "a.csv")
    return Settings.from_mapping({"source": source, "run": {"horizon": 2, **run}, "search": {"storage": uri}})


def test_the_same_question_is_one_search_on_every_machine(base, tmp_path):
    def on(machine: str, *, fresh: bool = False, data: str = "0f", **run: object) -> Postgres:
        settings = asked(f"{base}{'&' if '?' in base else '?'}password=hush", **run)
        storage = opened(settings, tmp_path / machine, identity_of(settings, SPACE, data), fresh=fresh)
        assert isinstance(storage, Postgres)
        return storage

    one = on("one", budget="1h")
    one.add(RECORDS[0])
    assert one.scratch == tmp_path / "one" / "trainings" and (tmp_path / "one" / "tune.toml").is_file()
    assert "hush" not in (tmp_path / "one" / "tune.toml").read_text()
    assert on("two", budget="2h", source="elsewhere/a.csv").done().records == RECORDS[:1]
    assert on("one").done().records == RECORDS[:1]
    assert on("three", seed=1).done().records == on("four", data="1f").done().records == ()
    assert on("two", fresh=True).done().records == one.done().records == ()


def test_the_folder_of_a_search_is_its_own_by_either_file(tmp_path):
    for name, own in {"search.jsonl": True, "tune.toml": True, "thesis.txt": False}.items():
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).touch()
        if own:
            refuse_strangers(folder)
            continue
        with pytest.raises(ConfigError, match="holds files that no search has written"):
            refuse_strangers(folder)
