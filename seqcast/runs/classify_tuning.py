"""Settings of a classifier sought by Hyperband: judged by the loss of the part that validates, never by the test."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from seqcast.budget import Deadline
from seqcast.classifier import samples_of
from seqcast.classify.prepared import Prepared, prepare
from seqcast.classify.recipe import Recipe
from seqcast.config import merged
from seqcast.data.labels import codes_of
from seqcast.data.samples import Samples
from seqcast.data.table import fingerprint
from seqcast.errors import BudgetError, ConfigError, MissingExtraError, TrainingError
from seqcast.files import write_atomic
from seqcast.models.classifier import ReadingConfig
from seqcast.ranges import domains_of
from seqcast.runs.classify_settings import ClassifySettings
from seqcast.runs.folder import versions
from seqcast.runs.tuned import table_of
from seqcast.train.config import FitConfig
from seqcast.train.loop import Hooks
from seqcast.train.run import Run
from seqcast.tune.journal import Journal
from seqcast.tune.methods import Hyperband
from seqcast.tune.records import Done, Job, Record
from seqcast.tune.samplers import Sampler, sampler_named
from seqcast.tune.search import Allowance, Search, work
from seqcast.tune.space import FAMILY, Params, Space

_OF_TEXTS = ("embedding", "embedding_dropout", "word_dropout")
_OF_HYBRIDS = ("attention_layers",)
_SHARE = 0.6  # of a budget, that a search may take: what was found is then learnt and scored

Notify = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class ClassObjective:
    """Trains a trial as far as a job asks; its value is the least loss of the part that validates.

    Parameters
    ----------
    prepared : Prepared
        The samples, parted.
    """

    prepared: Prepared

    def __call__(self, job: Job, params: Params, folder: Path, deadline: Deadline | None = None) -> Record:
        """Go on with the training that stands in `folder`, and return what it gives.

        Raises
        ------
        BudgetError
            When the time is up; the training stands in the folder.
        """
        began, path = time.monotonic(), folder / "net.safetensors"
        identity, limit = json.dumps(dict(params), sort_keys=True), deadline or Deadline()

        def heard(run: Run) -> None:
            write_atomic(path, run.to_bytes(identity))
            if run.records[-1].seconds >= limit.left and run.progress.epoch < job.epochs:
                raise BudgetError(f"The time for the search was up in epoch {run.progress.epoch} of trial {job.trial}.")

        try:
            trial = replace(self.prepared, recipe=tried(self.prepared.recipe, params))
            resume = Run.from_bytes(path.read_bytes(), identity) if path.exists() else None
            network = trial.trained(resume, Hooks(on_epoch=heard, until=job.epochs))
        except (ConfigError, TrainingError) as error:
            return Record(job, params, math.inf, seconds=round(time.monotonic() - began, 3), failed=str(error))
        if network.ending == "interrupted":
            raise KeyboardInterrupt
        value = min(record.valid_loss for record in network.records)
        return Record(job, params, value, value, len(network.records), round(time.monotonic() - began, 3))


def tried(recipe: Recipe, params: Params) -> Recipe:
    """Return the recipe with the settings of a trial laid over it.

    Examples
    --------
    >>> recipe = Recipe.of("lstm", {}, {}, {}, valid=0.2, order=None, refit=False, seed=0)
    >>> tried(recipe, {"model": "lstm", "network.width": 32, "training.lr": 0.01}).config.width
    32
    """
    over: dict[str, dict[str, Any]] = {"network": {}, "training": {}}
    for name, value in params.items():
        section, _, key = name.partition(".")
        if section in over and value is not None:
            over[section][key] = value
    config, training = replace(recipe.config, **over["network"]), replace(recipe.training, **over["training"])
    return replace(recipe, config=config, training=training)


def space_of(settings: ClassifySettings, kind: str) -> Space:
    """Return what is sought: every setting with a range that is not fixed already.

    Examples
    --------
    >>> space = space_of(ClassifySettings.from_mapping({"source": "a.csv", "network": {"width": 32}}), "series")
    >>> "network.width" in space.own["lstm"], "network.dropout" in space.own["lstm"], "training.lr" in space.shared
    (False, True, True)
    """
    without = {*settings.network, *(() if kind == "text" else _OF_TEXTS)}
    without |= set() if settings.run.model == "hybrid" else set(_OF_HYBRIDS)
    own = {f"network.{name}": domain for name, domain in domains_of(ReadingConfig).items() if name not in without}
    fixed = {*settings.training, "loss", "scaler"}
    shared = {f"training.{name}": domain for name, domain in domains_of(FitConfig).items() if name not in fixed}
    return Space((settings.run.model,), shared, {settings.run.model: own})


def sought(
    settings: ClassifySettings, samples: Samples, folder: Path, limit: Deadline, notify: Notify
) -> ClassifySettings:
    """Return the settings with those that a search found best; it goes on where it was stopped.

    Parameters
    ----------
    settings : ClassifySettings
        With the number of trials.
    samples : Samples
        Those to learn from.
    folder : path
        Where the search keeps its records; `trials.csv` is written to it.
    limit : Deadline
        When the whole run must end.
    notify : callable
        Hears sentences for the user.

    Raises
    ------
    BundleError
        When the folder holds a search of other data or settings.
    """
    recipe = Recipe.of(**settings.classifier().get_params())
    values, _ = samples_of(samples.values, recipe.text)
    _, codes = codes_of(samples.labels, len(values))
    prepared = prepare(values, codes, recipe)
    space = space_of(settings, samples.kind)
    epochs = prepared.recipe.training.epochs
    method, sampler = Hyperband(epochs, trials=settings.run.trials), _sampler(settings.run.seed, notify)
    search = Search(space, method, sampler, ClassObjective(prepared))
    storage = Journal(folder)
    asked = settings.to_mapping()
    asked["run"] = {name: value for name, value in asked["run"].items() if name not in ("trials", "budget", "test")}
    data = fingerprint(settings.source, settings.table)
    storage.open({"data": data, "settings": asked, "space": space.to_mapping(), "versions": versions()})
    done = work(search, storage, Allowance(limit.share(_SHARE)))
    write_atomic(folder / "trials.csv", table_of(done).write_csv().encode())
    storage.close()
    best = done.best()
    if best is None:
        notify("No trial of the search was finished; the settings stay as they are.")
        return settings
    notify(_told(done, best))
    return with_params(settings, best.params)


def with_params(settings: ClassifySettings, params: Params) -> ClassifySettings:
    """Return the settings with those of a trial laid over them.

    Examples
    --------
    >>> settings = ClassifySettings.from_mapping({"source": "a.csv"})
    >>> with_params(settings, {"model": "lstm", "training.lr": 0.01}).training
    {'lr': 0.01}
    """
    mapping = settings.to_mapping()
    for name, value in params.items():
        if name != FAMILY and value is not None:
            section, _, key = name.partition(".")
            mapping = merged(mapping, {section: {key: value}})
    return ClassifySettings.from_mapping(mapping)


def _told(done: Done, best: Record) -> str:
    trials = len(done.furthest())
    first = next((record for record in done.furthest() if record.job.trial == 0), best)
    chosen = ", ".join(f"{name} {value}" for name, value in best.params.items() if name != FAMILY and value is not None)
    return (
        f"{trials} settings were tried; by the loss of the part that validates, which flatters, "
        f"{chosen or 'the defaults'} had {best.value:.4f}, the defaults {first.value:.4f}."
    )


def _sampler(seed: int, notify: Notify) -> Sampler:
    try:
        return sampler_named("tpe", seed)
    except MissingExtraError:
        notify("Settings are drawn at random: Optuna, of the extra 'tune', is not installed.")
        return sampler_named("random", seed)
