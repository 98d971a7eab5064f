"""The section on significance: gains with their intervals, who can be told from the best, and average ranks."""

import math
from collections.abc import Sequence

import numpy as np

from seqcast.evaluate.comparisons import Comparison
from seqcast.evaluate.ranks import Ranks
from seqcast.evaluate.verdict import Verdict
from seqcast.report import svg
from seqcast.report.numbers import DASH, fixed, number, percent
from seqcast.report.plots import Figure
from seqcast.report.stationarity import Cell, Table
from seqcast.report.svg import Plot, Scale
from seqcast.report.ticks import Tick, number_ticks

ROW = 22
LABEL = 18
FARTHEST = 1.0  # of what is drawn to the left of zero: a model that is three times as bad must not squeeze the others
CHANCE = 0.05


def mark(verdict: Verdict, networks: Sequence[str]) -> str:
    """Return how the answer is to be taken: `good` where a network's gain over the best classical model is proven."""
    # Seasonal naive may itself be the best classical model; then nothing follows the comparisons with it.
    rival = verdict.comparisons[-1].against if verdict.comparisons else ""
    proven = [
        each
        for each in verdict.comparisons
        if each.against == rival and each.model in networks and each.gain > 0 and each.adjusted < CHANCE
    ]
    return "good" if proven else "open"


def answer(verdict: Verdict) -> str:
    """Return the answer as a sentence; names of models keep their letters."""
    said = verdict.sentence
    said = said[0].upper() + said[1:] if said.startswith(("no ", "not ")) else said
    return said if said.endswith(".") else f"{said}."


def figures(verdict: Verdict) -> list[Figure]:
    """Return a forest plot for each model that others are compared with, and the average ranks where there are any."""
    rivals = dict.fromkeys(each.against for each in verdict.comparisons)
    plots = [
        _forest([each for each in verdict.comparisons if each.against == rival], rival, i)
        for i, rival in enumerate(rivals)
    ]
    return [*plots, *([_ranks(verdict.ranks)] if verdict.ranks else [])]


def table(verdict: Verdict) -> Table:
    """Return each comparison: gain, interval, p-values and what it costs."""
    heads = ("Model", "Against", "Gain", "95\u202f% interval", "DM", "p", "p after Holm", "Time", "Among the best")
    words = {"Against", "Among the best"}
    rows = []
    for each in verdict.comparisons:
        numbers = (
            percent(each.gain, 1, sign=True),
            _interval(each),
            fixed(each.statistic, 2),
            p_said(each.p_value),
            p_said(each.adjusted),
            f"{number(each.cost, 2)}×" if math.isfinite(each.cost) else DASH,
        )
        among = Cell("yes" if each.model in verdict.confidence_set else "", word=True)
        rows.append((Cell(each.model), Cell(each.against, word=True), *map(Cell, numbers), among))
    return Table(tuple(Cell(head, word=head in words) for head in heads), tuple(rows))


def p_said(value: float) -> str:
    r"""Return a p-value.

    Examples
    --------
    >>> p_said(0.0321), p_said(2e-9), p_said(1.0)
    ('.032', '<\u202f.001', '1')
    """
    if not math.isfinite(value):
        return DASH
    if value < 0.001:
        return "<\u202f.001"
    return "1" if value >= 0.9995 else fixed(value, 3).removeprefix("0")


def ranks_said(ranks: Ranks) -> str:
    """Return what the ranks rest on, in a sentence."""
    return (
        f"Over {ranks.series:,} series, average ranks that differ by less than {fixed(ranks.critical_difference, 2)} "
        f"(Nemenyi, 5\u202f%) cannot be told apart. That all models are equal has p {p_said(ranks.f_p)} by Iman and "
        f"Davenport, {p_said(ranks.chi_square_p)} by Friedman."
    )


def _interval(each: Comparison) -> str:
    if not (math.isfinite(each.low) and math.isfinite(each.high)):
        return DASH
    return f"{percent(each.low, 1, sign=True)} to {percent(each.high, 1, sign=True)}"


def _forest(comparisons: Sequence[Comparison], rival: str, index: int) -> Figure:
    """Return the gain of each model with its interval; right of zero it saves error."""
    ends = [end for each in comparisons for end in (each.low, each.high, each.gain) if math.isfinite(end)]
    low, high = max(min([0.0, *ends]), -FARTHEST), min(max([0.1, *ends]), 1.0)
    x = Scale(low - 0.03 * (high - low), high + 0.03 * (high - low))
    rows = len(comparisons)
    marks = [svg.upright(x(0.0), "zero")]
    words: list[str] = []
    for row, each in enumerate(comparisons):
        y = 1 - (row + 0.5) / rows
        kind = "span" if each.low > 0 else "span small"
        marks.append(_span(x, (each.low, each.high), y, kind))
        marks.append(_dot(x, each.gain, y, "dot" if each.low > 0 else "dot small"))
        words.append(svg.text((0, y), short(each.model), "y", (-8, 4)))
    plot = Plot(
        title=f"Error saved against {rival}, with 95 % intervals",
        describe="; ".join(
            f"{each.model} {percent(each.gain, 1, sign=True)}, {_interval(each)}" for each in comparisons
        )
        + ".",
        height=ROW * rows,
        x=[Tick(x(tick.at), percent(tick.at, sign=True)) for tick in number_ticks(x.low, x.high, 5)],
        y=(),
        left=room([each.model for each in comparisons]),
        right=18,
        bottom=24,
        name=f"gain{index}",
    )
    return Figure(f"Error saved against {rival}", "", svg.picture(plot, marks, words))


def _ranks(ranks: Ranks) -> Figure:
    """Return the average rank of each model; shaded is as far from the best as chance goes."""
    rows, count = len(ranks.models), float(len(ranks.models))
    x = Scale(1.0, max(count, 2.0))
    best = ranks.average[0]
    marks = [svg.rect(min(x(best), 1.0), min(x(best + ranks.critical_difference), 1.0), 0.0, 1.0, "noise")]
    words = []
    for row, (name, rank) in enumerate(zip(ranks.models, ranks.average, strict=True)):
        y = 1 - (row + 0.5) / rows
        near = rank - best < ranks.critical_difference
        marks.append(_dot(x, rank, y, "dot" if near else "dot small"))
        words.append(svg.text((0, y), short(name), "y", (-8, 4)))
    plot = Plot(
        title=f"Average rank over {ranks.series:,} series",
        describe="; ".join(f"{name} {fixed(rank, 2)}" for name, rank in zip(ranks.models, ranks.average, strict=True))
        + f". Critical difference {fixed(ranks.critical_difference, 2)}.",
        height=ROW * rows,
        x=[Tick(x(tick.at), tick.text) for tick in number_ticks(1.0, x.high, 6)],
        y=(),
        left=room(ranks.models),
        right=18,
        bottom=24,
        name="ranks",
    )
    return Figure(
        "Average rank", f"critical difference {number(ranks.critical_difference)}", svg.picture(plot, marks, words)
    )


def short(name: str) -> str:
    """Return a name that fits beside a plot.

    Examples
    --------
    >>> short("arima(2,1,1)(0,1,1)[12]")
    'arima(2,1…1,1)[12]'
    """
    return name if len(name) <= LABEL else f"{name[: LABEL // 2]}…{name[-(LABEL // 2 - 1) :]}"


def room(names: Sequence[str]) -> int:
    """Return the pixels that these names need beside a plot."""
    return 18 + round(6.8 * min(max((len(name) for name in names), default=0), LABEL))


def _span(x: Scale, ends: tuple[float, float], y: float, kind: str) -> str:
    if not all(map(math.isfinite, ends)):
        return ""
    return svg.line(x.all(np.array(ends)), np.array([y, y]), kind)


def _dot(x: Scale, value: float, y: float, kind: str) -> str:
    """Return a dot; nothing where it lies outside the picture, whose line then goes to its edge."""
    return svg.line(np.array([x(value)]), np.array([y]), kind) if x.low <= value <= x.high else ""
