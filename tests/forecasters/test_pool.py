import multiprocessing
import subprocess
import sys
import time

import numpy as np
import pytest

from seqcast.budget import Deadline
from seqcast.errors import BudgetError
from seqcast.forecasters import local
from seqcast.forecasters.local import Local
from seqcast.forecasters.pool import Died, map_in_processes
from seqcast.types import Task
from tests.forecasters.broken import adding, dying, raising, sleeping
from tests.panels import make_panel

NO_LIMIT = Deadline.after(None)
SERIES = {f"s{i}": np.array([1.0, 0.5, 0.25 + i / 100, 0.9]) for i in range(9)}
BAD = {**SERIES, "s7": np.array([1.0, 0.5, 0.25, 1.5])}


def predicted(function, values, **settings):
    panel = make_panel(values)
    fitted = Local(name="f", function=function, workers=2).fit(
        panel, Task(horizon=2), settings.get("deadline", NO_LIMIT)
    )
    return fitted.predict(panel, panel.at_end()), fitted.notes


def test_only_the_job_that_kills_its_process_is_lost():
    jobs = [(number, 1) for number in range(40)]
    answers = map_in_processes(adding, jobs, workers=2, chunk=7, deadline=NO_LIMIT)
    assert answers[13] == Died(3)
    assert answers[:13] + answers[14:] == [number + 1 for number in range(40) if number != 13]


@pytest.mark.parametrize("function", [raising, dying])
def test_a_series_that_fails_falls_back_to_naive_and_the_others_do_not(function, monkeypatch):
    monkeypatch.setattr(local, "WORTH_PROCESSES", 0.0)
    forecast, notes = predicted(function, BAD)
    good, _ = predicted(raising, SERIES)
    kept = np.arange(9) != 7
    assert np.array_equal(forecast.values[kept], good.values[kept])
    assert (forecast.mean[7] == 1.5).all()
    assert (
        len(notes) == 1
        and notes[0].startswith("f: 1 of 9 forecasts: fell back to naive")
        and "first for s7" in notes[0]
    )


def test_a_hanging_fit_ends_at_the_deadline_and_leaves_no_process(monkeypatch):
    monkeypatch.setattr(local, "WORTH_PROCESSES", 0.0)
    predicted(sleeping, SERIES)
    start = time.monotonic()
    with pytest.raises(BudgetError, match="of 6 local fits"):
        predicted(sleeping, BAD, deadline=Deadline.after(2.0))
    assert time.monotonic() - start < 6.0
    assert multiprocessing.active_children() == []


def test_a_script_without_a_main_guard_runs_once(tmp_path, root):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(root)!r})\n"
        "from seqcast.budget import Deadline\n"
        "from seqcast.forecasters.pool import map_in_processes\n"
        "print('here', map_in_processes(pow, [(2, 3), (3, 2)], workers=2, chunk=1, deadline=Deadline.after(None)))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "here [8, 9]\n"
