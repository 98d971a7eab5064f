"""From a search to the facts of its page: what was chosen, how it went, and which settings mattered. Nothing drawn."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcast.evaluate.leaderboard import BASELINE, Score
from seqcast.report.search_settings import (
    Axis,
    Importance,
    Polyline,
    axis_of,
    domains_of_space,
    importance_of,
    lines_of,
    short,
    told,
)
from seqcast.tune.records import Done, Record
from seqcast.tune.space import FAMILY, Params, Space, defaults

TUNED, DEFAULTS = "tuned", "defaults"
AXES, ROWS, MESSAGES, LONGEST = 8, 10, 5, 240


@dataclass(frozen=True)
class Answer:
    """What was chosen, and its MASE where it was chosen and where it was not; nan where it could not be had.

    `trial` is None where nothing works, 0 for the defaults.
    """

    trial: int | None
    family: str
    settings: tuple[tuple[str, str], ...]
    inner: float
    tuned: float
    defaults: float
    naive: float
    optimism: float


@dataclass(frozen=True)
class Point:
    """A whole training: the seconds spent by its end, its error, and the lowest by then."""

    seconds: float
    value: float
    best: float


@dataclass(frozen=True)
class Rung:
    """How many settings of a bracket were trained for so long, how many gave an error, and which went on."""

    stage: int
    epochs: int
    trained: int
    worked: int
    best: float
    median: float
    onward: tuple[int, ...]


@dataclass(frozen=True)
class Climb:
    """The errors of one trial by epochs; nan where it failed."""

    stage: int
    trial: int
    epochs: tuple[int, ...]
    values: tuple[float, ...]
    chosen: bool


@dataclass(frozen=True)
class Row:
    """A whole training in the table."""

    trial: int
    value: float
    reached: int
    family: str
    settings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SearchFacts:
    """What the page of a search tells.

    Parameters
    ----------
    answer : Answer
        What was chosen.
    trials, whole, failed : int
        Settings tried, trained to the end, and failed; the defaults among them.
    epochs : int
        Of the longest job: a whole training.
    seconds : float
        Spent on all jobs.
    points : tuple of Point
        Whole trainings in the order they were finished.
    rungs, climbs : tuple
        By bracket; the defaults are in none. Without rungs where every job is a whole training.
    rung : int
        Epochs after which importance was measured.
    importance : tuple of Importance
        The most important setting first.
    axes, lines : tuple
        Parallel coordinates; what shall lie on top comes last.
    rows : tuple of Row
        The best whole trainings, best first.
    messages : tuple of (str, int)
        Why jobs failed, and how many.
    """

    answer: Answer
    trials: int
    whole: int
    failed: int
    epochs: int
    seconds: float
    points: tuple[Point, ...]
    rungs: tuple[Rung, ...]
    climbs: tuple[Climb, ...]
    rung: int
    importance: tuple[Importance, ...]
    axes: tuple[Axis, ...]
    lines: tuple[Polyline, ...]
    rows: tuple[Row, ...]
    messages: tuple[tuple[str, int], ...]


def build_search_facts(done: Done, space: Space, scores: Sequence[Score] = ()) -> SearchFacts:
    """Return the facts of a search.

    Parameters
    ----------
    done : Done
        Every job, in the order they were finished.
    space : Space
        Where settings were sought.
    scores : sequence of Score
        Of `tuned`, `defaults` and seasonal naive on the outer windows.

    Examples
    --------
    >>> build_search_facts(Done(), Space(("lstm",), {}, {"lstm": {}})).answer.trial is None
    True
    """
    ordered = sorted(done.records, key=lambda record: record.job)
    epochs = max((record.job.epochs for record in ordered), default=0)
    whole = [record for record in ordered if record.job.epochs == epochs]
    rung = _fullest(ordered)
    domains = domains_of_space(space)
    values = [record for record in ordered if record.job.epochs == rung]
    weighed = [importance_of(name, domain, values) for name, domain in domains.items()]
    best = done.best()
    mine = best.params if best else {}
    # Of equals, and where nothing can be told, the settings of the chosen family come first.
    weighed.sort(key=lambda item: (-item.share if math.isfinite(item.share) else math.inf, item.name not in mine))
    shown = {item.name: domains[item.name] for item in weighed[:AXES]}
    climbs = _climbs(ordered, best)
    ranked = sorted((r for r in whole if math.isfinite(r.value)), key=lambda r: (r.value, r.job.trial))
    faults = Counter(_message(record) for record in ordered if not math.isfinite(record.value))
    return SearchFacts(
        answer=_answer(best, space, scores),
        trials=len(done.furthest()),
        whole=len(whole),
        failed=len({record.job.trial for record in ordered if not math.isfinite(record.value)}),
        epochs=epochs,
        seconds=float(sum(_seconds(record) for record in done.records)),
        points=_points(done.records, epochs),
        rungs=_rungs(climbs),
        climbs=climbs,
        rung=rung,
        importance=tuple(weighed),
        axes=tuple(axis_of(name, domain) for name, domain in shown.items()),
        lines=lines_of(done, space, shown, best),
        rows=tuple(_row(record) for record in ranked[:ROWS]),
        messages=tuple(faults.most_common(MESSAGES)),
    )


def _fullest(records: Sequence[Record]) -> int:
    """Return the epochs after which most errors are known, of equals the fewest."""
    counts = Counter(record.job.epochs for record in records if math.isfinite(record.value))
    return min(counts, key=lambda epochs: (-counts[epochs], epochs), default=0)


def _answer(best: Record | None, space: Space, scores: Sequence[Score]) -> Answer:
    outer = {score.model: score.mase for score in scores}
    params = best.params if best else defaults(space)
    inner, tuned = best.value if best else math.nan, outer.get(TUNED, math.nan)
    return Answer(
        trial=best.job.trial if best else None,
        family=str(params.get(FAMILY, space.families[0])),
        settings=_settings(params),
        inner=inner,
        tuned=tuned,
        defaults=outer.get(DEFAULTS, math.nan),
        naive=outer.get(BASELINE, math.nan),
        optimism=tuned - inner,
    )


def _settings(params: Params) -> tuple[tuple[str, str], ...]:
    return tuple((short(name)[0], told(value)) for name, value in sorted(params.items()) if name != FAMILY)


def _seconds(record: Record) -> float:
    return max(record.seconds, 0.0) if math.isfinite(record.seconds) else 0.0


def _points(records: Sequence[Record], epochs: int) -> tuple[Point, ...]:
    points: list[Point] = []
    spent, best = 0.0, math.inf
    for record in records:
        spent += _seconds(record)
        if record.job.epochs == epochs and math.isfinite(record.value):
            best = min(best, record.value)
            points.append(Point(spent, record.value, best))
    return tuple(points)


def _climbs(ordered: Sequence[Record], best: Record | None) -> tuple[Climb, ...]:
    tried = [record for record in ordered if record.job.trial]
    if len({record.job.epochs for record in tried}) < 2:
        return ()
    jobs: dict[tuple[int, int], list[Record]] = {}
    for record in tried:
        jobs.setdefault((record.job.stage, record.job.trial), []).append(record)
    chosen = best.job.trial if best else None
    return tuple(
        Climb(
            *place,
            tuple(record.job.epochs for record in mine),
            tuple(record.value if math.isfinite(record.value) else math.nan for record in mine),
            place[1] == chosen,
        )
        for place, mine in sorted(jobs.items())
    )


def _rungs(climbs: Sequence[Climb]) -> tuple[Rung, ...]:
    places = sorted({(climb.stage, epochs) for climb in climbs for epochs in climb.epochs})
    rungs = []
    for stage, epochs in places:
        here = [climb for climb in climbs if climb.stage == stage and epochs in climb.epochs]
        values = [climb.values[climb.epochs.index(epochs)] for climb in here]
        known = [value for value in values if math.isfinite(value)]
        best, median = (float(np.min(known)), float(np.median(known))) if known else (math.nan, math.nan)
        onward = tuple(climb.trial for climb in here if climb.epochs[-1] > epochs)
        rungs.append(Rung(stage, epochs, len(here), len(known), best, median, onward))
    return tuple(rungs)


def _row(record: Record) -> Row:
    settings = _settings(record.params)
    return Row(record.job.trial, record.value, record.reached, str(record.params.get(FAMILY, "")), settings)


def _message(record: Record) -> str:
    said = " ".join(record.failed.split()) or "The error is not a number."
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
