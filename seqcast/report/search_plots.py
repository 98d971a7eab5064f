"""Pictures of a search: the best error against time, the climb from rung to rung, every trial across its settings."""

import math
from collections.abc import Iterable, Sequence

import numpy as np

from seqcast.report import svg
from seqcast.report.numbers import count, duration, mase, number
from seqcast.report.plots import domain, roomy, y_marks
from seqcast.report.search_facts import Point, SearchFacts
from seqcast.report.search_settings import short
from seqcast.report.svg import Plot, Scale
from seqcast.report.ticks import Tick, nice_step

CLASSES = {"rest": "lane", "half": "lane half", "tenth": "lane tenth", "defaults": "yard", "chosen": "c0"}
UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
TALL, SMALL = 230, 170
LETTER = 6.8  # pixels, about
HELD = 0.85  # of the errors, the lowest: these are shown whatever they are
EDGE = 0.04  # of an axis, below its least and above its greatest value
END = 1.01  # so that a dot at the end is whole


def best_figure(facts: SearchFacts) -> str:
    """Return the whole trainings by when they ended, and the lowest error by then as steps; empty without any."""
    points = facts.points
    if not points:
        return ""
    seconds, values, best = (
        np.array([getattr(point, name) for point in points]) for name in ("seconds", "value", "best")
    )
    y = scale_of(values.tolist())
    x = Scale(0.0, END * max(facts.seconds, float(seconds[-1])))
    marks = [
        svg.line(*_steps(x.all(np.append(seconds, x.high / END)), y.all(best)), "c0"),
        dots(x.all(seconds), _inside(values, y), "spot"),
    ]
    plot = Plot(
        title="Lowest error so far by time",
        describe=" ".join([_improvements(points), above(values, y)]).strip(),
        height=TALL,
        x=time_marks(x),
        y=y_marks(y),
        right=24,
        bottom=24,
        name="best",
    )
    return svg.picture(roomy(plot), marks)


def scale_of(values: Iterable[float]) -> Scale:
    """Return a vertical scale of errors; the worst of them may leave it where they would squeeze the others.

    Examples
    --------
    >>> scale = scale_of([*np.linspace(0.5, 1.0, 20), 1e9, math.inf])
    >>> scale.low < 0.5, 1.0 < scale.high < 2.0
    (True, True)
    """
    known = np.array(sorted(value for value in values if math.isfinite(value)))
    if not len(known):
        return Scale(0.0, 1.0)
    return domain([known[: math.ceil(HELD * len(known))]], [np.array([value]) for value in known])[0]


def above(values: Iterable[float], y: Scale) -> str:
    """Return how many values a picture leaves out; empty where it shows all.

    Examples
    --------
    >>> above([1.0, 9.0], Scale(0.0, 2.0)), above([math.nan], Scale(0.0, 2.0))
    ('1 error lies above the picture.', '')
    """
    gone = sum(1 for value in values if value > y.high)
    return f"{count(gone, 'error lies', 'errors lie')} above the picture." if gone else ""


def climb_figure(facts: SearchFacts, stage: int, y: Scale) -> str:
    """Return the errors of one bracket by epochs, a line for each trial, the chosen one on top."""
    climbs = sorted((climb for climb in facts.climbs if climb.stage == stage), key=lambda climb: climb.chosen)
    levels = sorted({rung.epochs for rung in facts.rungs})
    margin = 0.04 * math.log(levels[-1] / levels[0])
    x = Scale(math.log(levels[0]) - margin, math.log(levels[-1]) + margin)
    marks = []
    for climb in climbs:
        at, height = x.all(np.log(climb.epochs)), _inside(np.array(climb.values), y)
        lane, spot = ("c0", "kept") if climb.chosen else ("lane half", "spot")
        marks.append(svg.line(at, height, lane) if len(at) > 1 else "")
        marks.append(dots(at, height, spot))
    rungs = [rung for rung in facts.rungs if rung.stage == stage]
    said = "; ".join(
        f"after {count(rung.epochs, 'epoch')} {count(rung.trained, 'setting')}, best {number(rung.best)}"
        for rung in rungs
    )
    plot = Plot(
        title=f"Errors of bracket {stage} by epochs",
        describe=f"{said}.",
        height=SMALL,
        x=[Tick(x(math.log(level)), str(level)) for level in levels],
        y=y_marks(y, 5),
        right=14,
        bottom=24,
        name=f"rungs{stage}",
    )
    return svg.picture(roomy(plot), marks)


def lanes_figure(facts: SearchFacts) -> str:
    """Return every trial as a line across the settings; empty with fewer than two settings."""
    axes = facts.axes
    if len(axes) < 2:
        return ""
    at = np.linspace(0.0, 1.0, len(axes))
    marks = [svg.upright(float(place), "grid") for place in at]
    for line in facts.lines:
        marks.append(svg.line(at, EDGE + (1 - 2 * EDGE) * np.array(line.places), CLASSES[line.kind]))
    words = [
        svg.text((float(place), EDGE + (1 - 2 * EDGE) * mark), said, "at", (6, 4))
        for place, axis in zip(at, axes, strict=True)
        for mark, said in axis.marks
    ]
    last = max(len(said) for _, said in axes[-1].marks)
    names = [short(axis.name) for axis in axes]
    plot = Plot(
        title="Every setting that was tried, as a line across its values",
        describe=f"{count(len(facts.lines), 'line')} across {', '.join(' of '.join(filter(None, n)) for n in names)}.",
        height=TALL + 20,
        x=[Tick(float(place), name, owner) for place, (name, owner) in zip(at, names, strict=True)],
        y=(),
        left=max(30, round(LETTER * max(len(part) for part in names[0]) / 2) + 4),
        right=max(14 + round(LETTER * last), round(LETTER * max(len(part) for part in names[-1]) / 2)),
        bottom=38,
        name="lanes",
    )
    return svg.picture(plot, marks, words)


def dots(x: np.ndarray, y: np.ndarray, kind: str) -> str:
    """Return a dot at each point.

    Examples
    --------
    >>> dots(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "spot")
    '<path class="spot" d="M0,1000L0,1000M2000,0L2000,0"/>'
    """
    apart = np.stack([y, np.full(len(y), np.nan)], axis=1).ravel()
    return svg.line(np.repeat(x, 2), apart, kind, most=2 * len(y))


def time_marks(x: Scale) -> list[Tick]:
    """Return round marks of a time in seconds that begins at 0, in the unit that suits its length.

    Examples
    --------
    >>> [(tick.at, tick.text) for tick in time_marks(Scale(0.0, 7200.0))]
    [(0.0, '0'), (0.25, '0.5 h'), (0.5, '1 h'), (0.75, '1.5 h'), (1.0, '2 h')]
    """
    if x.high <= 0:
        return [Tick(0.5, "0")]
    size, unit = next((pair for pair in UNITS if x.high >= 2 * pair[0]), UNITS[-1])
    step = nice_step(x.high / size / 5)
    marks = [i * step for i in range(math.floor(x.high / size / step + 1e-9) + 1)]
    return [Tick(x(mark * size), f"{mark:.6g} {unit}" if mark else "0") for mark in marks]


def _steps(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of a line that keeps each height until the next place."""
    return np.repeat(x, 2)[1:-1], np.repeat(y, 2)


def _inside(values: np.ndarray, y: Scale) -> np.ndarray:
    """Return heights; what lies above the picture is left out rather than held at its edge."""
    return np.where(values <= y.high, y.all(values), np.nan)


def _improvements(points: Sequence[Point]) -> str:
    first, last = points[0], points[-1]
    return (
        f"{count(len(points), 'whole training')}: {mase(first.best)} after {duration(first.seconds)}, "
        f"{mase(last.best)} in the end."
    )
