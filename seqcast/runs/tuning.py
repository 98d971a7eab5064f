"""A search for better settings on one table: found on inner windows, scored once on the outer ones, learnt for good."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import polars as pl

from seqcast.budget import Deadline, seconds_of
from seqcast.config import Settings, built
from seqcast.data.panel import Panel
from seqcast.data.table import check_future, fingerprint, read_panel
from seqcast.errors import ConfigError
from seqcast.evaluate.backtest import Folds, backtest
from seqcast.evaluate.leaderboard import Score, leaderboard
from seqcast.evaluate.plan import Plan, plan
from seqcast.evaluate.study import YARDSTICK
from seqcast.files import write_atomic
from seqcast.forecasters.base import Forecaster
from seqcast.forecasters.build import build_forecaster
from seqcast.forecasters.bundle import Saved, save_model
from seqcast.forecasters.tidy import as_written, tidy
from seqcast.options import DEFAULT_MODELS
from seqcast.report.search import search_page
from seqcast.report.search_facts import DEFAULTS, TUNED, build_search_facts
from seqcast.runs.engine import working
from seqcast.runs.searched import identity_of, opened
from seqcast.runs.talk import Talk
from seqcast.runs.tuned import TuneResult, table_of
from seqcast.tune.crew import work_together
from seqcast.tune.journal import Storage
from seqcast.tune.methods import method_named
from seqcast.tune.objective import Objective
from seqcast.tune.records import Done, Job, Record
from seqcast.tune.samplers import sampler_named
from seqcast.tune.search import Allowance, Listener, Search, work
from seqcast.tune.space import FAMILY, Params, Space, applied, defaults

_FAMILIES = ("hybrid", "lstm", "gru")  # that are sought among unless some are named
_INNER = 20  # windows that trials are judged by, where the history has room: predicting them costs next to nothing
_MOST_INNER = 0.25  # of the history, that they take at most
_REPORT_SHARE, _LEAST_REPORT = 0.02, 2.0  # of a budget, and seconds, kept for the files at the end
_FIRST_SHARE = 0.3  # of a budget, that the defaults may take on the inner windows
_LEARNT_AGAIN = 2.3  # whole trainings of the best settings after the search: for the outer windows, and for good


def tune(
    settings: Settings,
    out: Path | str,
    *,
    fresh: bool = False,
    talk: Talk | None = None,
    began: float | None = None,
) -> TuneResult:
    """Seek better settings than the defaults, and leave a model that was learnt with them.

    A search that was stopped goes on when it is called again with the same settings and folder.

    Parameters
    ----------
    settings : Settings
        What to read; `search` says how to seek, `space` where, `run.budget` how long.
    out : path
        Folder for `report.html`, `trials.csv`, `forecast.csv`, `model/`, `tune.json`, `tune.toml` and `search.jsonl`.
    fresh : bool
        Forget a search that the folder holds.
    talk : Talk or None
        Listener.
    began : float or None
        Moment of the monotonic clock that the budget counts from; None for now.

    Raises
    ------
    ConfigError
        When neither trials nor a budget ends the search, or a setting cannot work.
    BundleError
        When the folder holds a search with other settings.
    """
    tuning = _Tuning(_asked(settings), Path(out), talk or Talk(), time.monotonic() if began is None else began)
    with working(settings.run, settings.search.workers):
        return tuning.work(fresh)


def _asked(settings: Settings) -> Settings:
    if settings.run.budget is None and settings.search.trials is None:
        raise ConfigError("A search needs an end: give --budget 20m, --trials 30, or both.")
    run = settings.run
    models = _FAMILIES if run.models == DEFAULT_MODELS else run.models
    return replace(settings, run=replace(run, models=models))


@dataclass(frozen=True)
class _Tuning:
    settings: Settings
    folder: Path
    talk: Talk
    began: float
    notes: list[str] = field(default_factory=list)

    def work(self, fresh: bool) -> TuneResult:
        settings, talk = self.settings, self.talk
        talk.stage("reading the table")
        panel = read_panel(settings.source, settings.columns, settings.table)
        check_future(panel, settings.run.horizon)
        planned = planned_for(panel, settings)
        for note in (*panel.notes, *planned.notes):
            talk.note(note)
        search = search_of(panel, planned, settings, talk)
        data = fingerprint(settings.source, settings.table)
        storage = opened(settings, self.folder, identity_of(settings, search.space, data), fresh=fresh)
        done = self._searched(search, storage)
        best = done.best()
        params = dict(best.params) if best else defaults(search.space)
        scores = self._scored(panel, planned, params, done)
        forecast = self._learnt(panel, planned, params)
        return self._written(storage, done, search.space, scores, forecast)

    def _searched(self, search: Search, storage: Storage) -> Done:
        work, limit = _engine(self.settings), self._deadline()

        def heard(record: Record, done: Done) -> None:
            best = done.best()
            self.talk.stage(
                f"trial {record.job.trial}, {record.job.epochs} epochs: MASE {record.value:.4f}; "
                f"best so far {best.value if best else math.nan:.4f}"
            )

        self.talk.stage("the defaults on the inner windows")
        # The defaults alone may not eat the budget: cut, they are still what the work ends with.
        first = Allowance(limit.share(_FIRST_SHARE))
        done = storage.done()
        if not done.records and limit.moment is not None:
            done = work(replace(search, method=_Only(search.method.ready(done)[0])), storage, first, heard)
            if not done.records:
                self._note("The budget was too short for a search; the defaults are what it ends with.")
                return done
        done = work(search, storage, Allowance(limit, seconds_after), heard)
        failed = sum(1 for record in done.furthest() if record.failed)
        if failed:
            self._note(f"{failed} of {len(done.furthest())} settings could not work; trials.csv says why.")
        return done

    def _scored(self, panel: Panel, plan: Plan, params: Params, done: Done) -> tuple[Score, ...]:
        """Return the scores of the outer windows: the only look at them."""
        folds = _outer(plan)
        names = {YARDSTICK: build_forecaster(YARDSTICK, self.settings), TUNED: self._forecaster(params)}
        if len(params) > 1:
            names[DEFAULTS] = self._forecaster({FAMILY: self.settings.run.models[0]})
        said = {}
        for place, (name, forecaster) in enumerate(names.items()):
            self.talk.stage(f"{name}: on the outer windows")
            # Still to come: the rest of these, and the training on everything known.
            deadline = Deadline() if name == YARDSTICK else self._deadline().share(1 / (len(names) - place + 1))
            result = backtest(forecaster, panel, plan.task, folds, deadline=deadline)
            said[name] = (result.forecast, result.seconds)
            for note in result.notes:
                self._note(f"{name}: {note}")
        return leaderboard(panel, plan.task, said, plan.folds.known[0])

    def _learnt(self, panel: Panel, plan: Plan, params: Params) -> pl.DataFrame:
        self.talk.stage("learning from everything known")
        settings = applied(self.settings, params)
        name = str(params[FAMILY])
        fitted = self._forecaster(params).fit(panel.before(panel.history), plan.task, self._deadline())
        for note in fitted.notes:
            self._note(note)
        save_model(self.folder / "model", Saved(name, fitted, panel, plan.task, settings.parameters(name)))
        table = tidy(panel, fitted.predict(panel, panel.at_end()), name)
        write_atomic(self.folder / "forecast.csv", as_written(panel, table).write_csv().encode())
        return table

    def _written(
        self, storage: Storage, done: Done, space: Space, scores: tuple[Score, ...], forecast: pl.DataFrame
    ) -> TuneResult:
        best = done.best()
        write_atomic(self.folder / "trials.csv", table_of(done).write_csv().encode())
        write_atomic(self.folder / "report.html", search_page(build_search_facts(done, space, scores)).encode())
        result = TuneResult(
            folder=self.folder,
            done=done,
            best=dict(best.params) if best else {FAMILY: self.settings.run.models[0]},
            inner=best.value if best else math.nan,
            scores=scores,
            forecast=forecast,
            notes=tuple(self.notes),
            seconds=time.monotonic() - self.began,
        )
        write_atomic(self.folder / "tune.json", (json.dumps(result.to_mapping(), indent=1) + "\n").encode())
        storage.close()
        return result

    def _forecaster(self, params: Params) -> Forecaster:
        return build_forecaster(str(params[FAMILY]), applied(self.settings, params))

    def _deadline(self) -> Deadline:
        if self.settings.run.budget is None:
            return Deadline()
        budget = seconds_of(self.settings.run.budget)
        return Deadline(self.began + budget - max(_LEAST_REPORT, _REPORT_SHARE * budget))

    def _note(self, line: str) -> None:
        self.notes.append(line)
        self.talk.note(line)


@dataclass(frozen=True)
class _Only:
    """One job and no other."""

    job: Job

    def ready(self, done: Done) -> list[Job]:
        return [] if self.job in done else [self.job]

    def seen(self, job: Job) -> int:
        return 0


_Work = Callable[[Search, Storage, Allowance, Listener], Done]


def _engine(settings: Settings) -> _Work:
    """Return what does the jobs."""
    if settings.run.engine == "ray":
        from seqcast.tune.ray import work_on_ray

        return work_on_ray
    return work if settings.search.workers == 1 else partial(work_together, workers=settings.search.workers)


def planned_for(panel: Panel, settings: Settings) -> Plan:
    """Return the cutoffs of a search: more inner windows than a run takes, as long as most of the history is left."""
    first = plan(panel, settings.run)
    if settings.run.inner is not None:
        return first
    stride = settings.run.step or settings.run.horizon
    room = int(_MOST_INNER * panel.history.max(initial=0)) // stride
    return plan(panel, replace(settings.run, inner=max(first.inner, min(_INNER, room))))


def search_of(panel: Panel, plan: Plan, settings: Settings, talk: Talk) -> Search:
    """Return the search that the settings ask for."""
    from seqcast.train.config import FitConfig

    options = settings.search
    epochs = built(FitConfig, settings.training, "training").epochs
    return Search(
        Space.of(settings, int(plan.folds.known[0].max(initial=0))),
        method_named(options.method, epochs, options.factor, options.trials),
        sampler_named(options.sampler, settings.run.seed),
        Objective(panel, plan, settings, talk.epoch),
    )


def seconds_after(done: Done) -> float:
    """Return how long scoring and learning for good will take, once this is all that was found."""
    best = done.best()
    trials = (0, best.job.trial if best else 0)
    spent = [sum(record.seconds for record in done.records if record.job.trial == trial) for trial in trials]
    beside = spent[0] if trials[1] else 0.0  # the defaults, where they are not the best, are scored as well
    return _LEARNT_AGAIN * max(spent) + beside


def _outer(plan: Plan) -> Folds:
    origins = plan.folds.origins
    outer = origins.take(origins.fold >= plan.inner)
    return Folds(plan.folds.known[plan.inner :], replace(outer, fold=outer.fold - plan.inner))
