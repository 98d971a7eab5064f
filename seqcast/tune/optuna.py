"""Optuna's TPE sampler (Bergstra et al., 2011), fed with our records: it keeps nothing between two draws."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from seqcast.ranges import Choices, Domain, Value
from seqcast.tune.records import Done, Record
from seqcast.tune.space import Space


@dataclass(frozen=True)
class Tpe:
    """Draws near what did well: of a rung that many reached, or of the longest training.

    The first ten draws are at random.
    """

    seed: int

    def __call__(self, space: Space, trial: int, done: Done) -> dict[str, Value]:
        """Return settings for a new trial, knowing these records."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        seed = int(np.random.SeedSequence([self.seed, trial]).generate_state(1)[0])
        longest = max((record.job.epochs for record in done.records), default=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
            for record in done.furthest():
                if record.job.trial:  # the defaults are no point of the space
                    study.add_trial(_told(record, space, longest))
            asked = study.ask()
            return space.sampled(lambda name, domain: _suggested(asked, name, domain))


def _suggested(asked: Trial, name: str, domain: Domain) -> Value:
    if isinstance(domain, Choices):
        return asked.suggest_categorical(name, domain.options)
    if domain.whole:
        return asked.suggest_int(name, int(domain.low), int(domain.high), log=domain.log)
    return asked.suggest_float(name, domain.low, domain.high, log=domain.log)


def _told(record: Record, space: Space, longest: int) -> FrozenTrial:
    """Return what Optuna is told of a trial: its error after all epochs, or that it was stopped after some."""
    domains: dict[str, Domain] = {}
    params = dict(record.params)

    def noted(name: str, domain: Domain) -> Value:
        domains[name] = domain
        return params[name]

    space.sampled(noted)
    known = {name: _distribution(domain) for name, domain in domains.items()}
    given = {name: params[name] for name in domains}
    if not math.isfinite(record.value):
        return create_trial(state=TrialState.FAIL, params=given, distributions=known)
    if record.job.epochs == longest:
        return create_trial(value=record.value, params=given, distributions=known)
    values = {record.job.epochs: record.value}
    return create_trial(state=TrialState.PRUNED, params=given, distributions=known, intermediate_values=values)


def _distribution(domain: Domain) -> BaseDistribution:
    if isinstance(domain, Choices):
        return CategoricalDistribution(domain.options)
    if domain.whole:
        return IntDistribution(int(domain.low), int(domain.high), log=domain.log)
    return FloatDistribution(domain.low, domain.high, log=domain.log)
