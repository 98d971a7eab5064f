"""The settings of a search: how they are called, how much each matters, and where each trial lies among them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from seqcast.ranges import Choices, Domain, Range, Value
from seqcast.report.numbers import brief
from seqcast.tune.records import Done, Record
from seqcast.tune.space import FAMILY, Params, Space, defaults

LEAST = 8  # values below which no share of variance is told
QUARTERS = 4


@dataclass(frozen=True)
class Importance:
    """The share of the variance of the errors that a setting explains, and from how many values it is known."""

    name: str
    share: float
    values: int


@dataclass(frozen=True)
class Axis:
    """A setting as an axis: the marks of it, each between 0 and 1, with what it says."""

    name: str
    marks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class Polyline:
    """Where one trial lies on each axis, nan without the setting; `kind` tells how well it did."""

    trial: int
    kind: str
    places: tuple[float, ...]


def domains_of_space(space: Space) -> dict[str, Domain]:
    """Return every setting that was sought, with its domain: the family, those of training, those of each family.

    Examples
    --------
    >>> list(domains_of_space(Space(("lstm", "gru"), {"training.lr": Range(0.1, 1.0)}, {"lstm": {}, "gru": {}})))
    ['model', 'training.lr']
    """
    own = {name: domain for family in space.families for name, domain in space.own.get(family, {}).items()}
    named = {FAMILY: Choices(space.families), **space.shared, **own}
    return {name: domain for name, domain in named.items() if isinstance(domain, Range) or len(domain.options) > 1}


def importance_of(name: str, domain: Domain, records: Sequence[Record]) -> Importance:
    """Return how much of the variance of the errors a setting explains, of records that have both."""
    known = [r for r in records if math.isfinite(r.value) and name in r.params and domain.holds(r.params[name])]
    groups = groups_of([record.params[name] for record in known], domain)
    return Importance(name, share_explained(np.array([record.value for record in known]), groups), len(known))


def groups_of(values: Sequence[Value], domain: Domain) -> Int[np.ndarray, "N"]:
    """Return the group of each value: its option, or its quarter of the numbers; few numbers are a group each.

    Examples
    --------
    >>> groups_of([1, 2, 3, 4, 5, 6, 7, 8], Range(1, 8)).tolist()
    [0, 0, 1, 1, 2, 2, 3, 3]
    """
    if isinstance(domain, Choices):
        return np.array([domain.options.index(value) for value in values], dtype=int)
    numbers = np.array(values, dtype=float)
    different, index = np.unique(numbers, return_inverse=True)
    if len(different) <= QUARTERS:
        return index
    return np.searchsorted(np.quantile(numbers, (0.25, 0.5, 0.75)), numbers)


def share_explained(values: Float[np.ndarray, "N"], groups: Int[np.ndarray, "N"]) -> float:
    """Return the share of the variance between groups, less what as many groups explain by chance (epsilon squared).

    nan with fewer than eight values, or with one value a group.

    Examples
    --------
    >>> share_explained(np.array([0.0, 0, 0, 0, 1, 1, 1, 1]), np.array([0, 0, 0, 0, 1, 1, 1, 1]))
    1.0
    """
    _, index = np.unique(groups, return_inverse=True)
    sizes = np.bincount(index)
    if len(values) < LEAST or len(values) <= len(sizes):
        return math.nan
    away = values - values.min()
    if away.max() == 0:
        return 0.0
    away = away / away.max()  # so that no square overflows
    within = float(np.sum((away - (np.bincount(index, away) / sizes)[index]) ** 2))
    total = float(np.sum((away - away.mean()) ** 2))
    chance = (len(sizes) - 1) * within / (len(values) - len(sizes))
    return min(max((total - within - chance) / total, 0.0), 1.0)


def short(name: str) -> tuple[str, str]:
    """Return what a setting is called, and whose it is.

    Examples
    --------
    >>> short("training.lr"), short("model.lstm.width"), short("model")
    (('lr', 'training'), ('width', 'lstm'), ('model', ''))
    """
    parts = name.split(".")
    return parts[-1], parts[-2] if len(parts) > 1 else ""


def told(value: Value) -> str:
    """Return a value as it is read.

    Examples
    --------
    >>> told(None), told(64), told(0.00123456), told("last")
    ('auto', '64', '0.001235', 'last')
    """
    return "auto" if value is None else brief(value) if isinstance(value, float) else str(value)


def default_values(space: Space) -> dict[str, Value]:
    """Return the defaults of the first family, as far as its settings are sought."""
    from seqcast.models.registry import NETWORKS  # here: torch, which a page without a search need not wait for
    from seqcast.train.config import FitConfig

    family = space.families[0]
    configs = [("training", FitConfig)]
    configs += [(f"model.{family}", NETWORKS[family].config)] if family in NETWORKS else []
    known: dict[str, Any] = {
        f"{section}.{part.name}": part.default for section, config in configs for part in fields(config)
    }
    sought = {**space.shared, **space.own.get(family, {})}
    return {**defaults(space), **{name: known[name] for name in sought if name in known}}


def axis_of(name: str, domain: Domain) -> Axis:
    """Return a setting as an axis: every option, or the ends of a range and its middle.

    Examples
    --------
    >>> axis_of("training.lr", Range(0.001, 0.1, log=True)).marks
    ((0.0, '0.001'), (0.5, '0.01'), (1.0, '0.1'))
    """
    values = domain.options if isinstance(domain, Choices) else [domain.at(share) for share in (0.0, 0.5, 1.0)]
    return Axis(name, tuple((_place(domain, {name: value}, name), told(_rough(value))) for value in values))


def _rough(value: Value) -> Value:
    """Return a number with two digits: the middle of a range by ratio is seldom round."""
    return float(f"{value:.2g}") if isinstance(value, float) else value


def lines_of(done: Done, space: Space, shown: Mapping[str, Domain], best: Record | None) -> tuple[Polyline, ...]:
    """Return a line for each trial, ranked among all that were trained as long: no error is compared across rungs."""
    chosen = best.job.trial if best else None
    given = {record.job.trial: (_kind(record, done.records), record.params) for record in done.furthest()}
    given[0] = ("defaults", {**default_values(space), **(done.params(0) or {})})
    if chosen is not None:
        given[chosen] = ("chosen", given[chosen][1])
    order = ("rest", "half", "tenth", "defaults", "chosen")
    lines = [
        Polyline(trial, kind, tuple(_place(domain, params, name) for name, domain in shown.items()))
        for trial, (kind, params) in given.items()
    ]
    return tuple(sorted(lines, key=lambda line: (order.index(line.kind), line.trial)))


def _kind(record: Record, records: Sequence[Record]) -> str:
    values = [other.value for other in records if other.job.epochs == record.job.epochs]
    rank = sum(value < record.value for value in values)
    if not math.isfinite(record.value) or rank >= math.ceil(len(values) / 2):
        return "rest"
    return "tenth" if rank < math.ceil(len(values) / 10) else "half"


def _place(domain: Domain, params: Params, name: str) -> float:
    value = params.get(name)
    if name not in params or not domain.holds(value):
        return math.nan
    if isinstance(domain, Choices):
        return domain.options.index(value) / (len(domain.options) - 1)
    assert isinstance(value, (int, float))
    if domain.log:
        return math.log(value / domain.low) / math.log(domain.high / domain.low)
    return (value - domain.low) / (domain.high - domain.low)
