"""The section on intervals: how often they held what came, by step and over all, and where in them it fell."""

import math
from collections.abc import Sequence

import numpy as np

from seqcast.evaluate.coverage import Pit
from seqcast.report import svg
from seqcast.report.charts import whole_ticks
from seqcast.report.evidence import Held
from seqcast.report.numbers import DASH, fixed, level, percent
from seqcast.report.plots import Figure, roomy
from seqcast.report.stationarity import Cell, Table
from seqcast.report.svg import Plot, Scale
from seqcast.report.ticks import Tick
from seqcast.report.values import Facts

MODELS = 8  # as many as the style sheet can switch between
HEIGHT = 170
CLOSE = 0.03
BROAD = 0.2  # a band so broad says that the windows are too few to tell
_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def answer(held: Sequence[Held], model: str | None) -> str:
    """Return in one sentence whether the intervals of a model kept their promise.

    It is kept where the promise lies in the band of what was measured, or no more than three points away.
    """
    mine = [part for part in held if part.model == model and math.isfinite(part.total)]
    if not mine:
        return "Unknown: no interval was judged."
    return f"{_word(mine)} {' '.join(_kept(part) for part in mine)}"


def mark(held: Sequence[Held], model: str | None) -> str:
    """Return how the answer is to be taken: `good`, `bad` or `open`."""
    mine = [part for part in held if part.model == model and math.isfinite(part.total)]
    if not all(map(honest, mine)):
        return "bad"
    return "good" if mine and not any(map(vague, mine)) else "open"


def honest(part: Held) -> bool:
    """Return whether an interval kept its promise, as far as so many windows can tell."""
    low, high = part.band
    return low <= part.nominal <= high or abs(part.total - part.nominal) <= CLOSE


def vague(part: Held) -> bool:
    """Return whether so few windows can hardly tell anything of an interval."""
    return part.band[1] - part.band[0] > BROAD and abs(part.total - part.nominal) > CLOSE


def models(facts: Facts) -> tuple[str, ...]:
    """Return the models whose intervals are pictured, the chosen one first."""
    names = dict.fromkeys([part.model for part in facts.evidence.held] + [part.model for part in facts.evidence.pit])
    return tuple(names)[:MODELS]


def figures(facts: Facts) -> list[Figure]:
    """Return a picture of coverage by step for each interval, and one of where actual values fell."""
    names = models(facts)
    found = [_coverage(facts, names, nominal, i) for i, nominal in enumerate(_levels(facts.evidence.held))]
    return [*found, *_histogram(facts.evidence.pit, names)]


def table(facts: Facts) -> Table:
    """Return coverage and mean width of each interval of each model, before and after calibration."""
    held, levels = facts.evidence.held, _levels(facts.evidence.held)
    calibrated = any(math.isfinite(part.total_before) for part in held)
    heads = [Cell("Model")]
    for nominal in levels:
        heads += [Cell(f"{level(nominal)} interval held")]
        heads += [Cell("before"), Cell("width"), Cell("before")] if calibrated else [Cell("width")]
    found = {(part.model, part.nominal): part for part in held}
    rows = []
    for name in dict.fromkeys(part.model for part in held):
        cells = [Cell(name)]
        for nominal in levels:
            cells += _cells(found.get((name, nominal)), calibrated)
        rows.append(tuple(cells))
    return Table(tuple(heads), tuple(rows))


def _levels(held: Sequence[Held]) -> tuple[float, ...]:
    return tuple(sorted({part.nominal for part in held}, reverse=True))


def _word(mine: Sequence[Held]) -> str:
    if all(map(honest, mine)):
        return "As far as so few windows tell, yes." if any(map(vague, mine)) else "Yes."
    wrong = [part for part in mine if not honest(part)]
    if all(part.total < part.nominal for part in wrong):
        return "No, too narrow."
    return "No, too wide." if all(part.total > part.nominal for part in wrong) else "No."


def _kept(part: Held) -> str:
    was = f", {percent(part.total_before)} before calibration" if math.isfinite(part.total_before) else ""
    return (
        f"The {level(part.nominal)} intervals of {part.model} held {percent(part.total)} of what came "
        f"(band {percent(part.band[0])} to {percent(part.band[1])}{was})."
    )


def _cells(part: Held | None, calibrated: bool) -> list[Cell]:
    if part is None:
        return [Cell(DASH)] * (4 if calibrated else 2)
    band = f"{fixed(100 * part.band[0], 0)} to {fixed(100 * part.band[1], 0)}"
    share, width = Cell(percent(part.total, 1), band), Cell(_width(part.width, part))
    if not calibrated:
        return [share, width]
    return [share, Cell(percent(part.total_before, 1)), width, Cell(_width(part.width_before, part))]


def _width(value: float, part: Held) -> str:
    """Return a width with three significant digits, so many decimals as that after calibration."""
    known = part.width if math.isfinite(part.width) and part.width > 0 else 1.0
    return fixed(value, min(max(2 - math.floor(math.log10(known)), 0), 6))


def _coverage(facts: Facts, names: Sequence[str], nominal: float, index: int) -> Figure:
    """Return coverage by step of one interval: measured with its band, before calibration, and what it promises."""
    mine = {part.model: part for part in facts.evidence.held if part.nominal == nominal}
    horizon = max(len(part.share) for part in mine.values())
    x, y = Scale(1.0, float(horizon)), Scale(0.0, 1.0)
    at = x.all(np.arange(1.0, horizon + 1)) if horizon > 1 else np.array([0.47, 0.53])
    groups = [f'<g class="m m{m}">{_held_lines(mine[name], at)}</g>' for m, name in enumerate(names) if name in mine]
    said = tuple(percent(mine[name].total) if name in mine else "" for name in names)
    first = mine[next(name for name in names if name in mine)]
    plot = Plot(
        title=f"Share of what came inside the {level(nominal)} interval, by step",
        describe="; ".join(f"{name} {percent(part.total)} over all steps" for name, part in mine.items())
        + f". {first.model} at step 1: {percent(first.share[0])}, at step {horizon}: {percent(first.share[-1])}.",
        height=HEIGHT,
        x=[Tick(x(tick.at), tick.text) for tick in whole_ticks(1, horizon)],
        y=[Tick(share, percent(share)) for share in _SHARES],
        bottom=24,
        name=f"held{index}",
    )
    marks = [*groups, svg.level(y(nominal), "promise")]
    return Figure(f"{level(nominal)} interval by step", "", svg.picture(roomy(plot), marks), said)


def _held_lines(part: Held, at: np.ndarray) -> str:
    single = len(part.share) == 1

    def wide(values: np.ndarray) -> np.ndarray:
        return np.repeat(values, 2) if single else values

    band = svg.band(at, wide(part.low), wide(part.high), "band one")
    before = svg.line(at, wide(part.before), "train") if np.isfinite(part.before).any() else ""
    return f"{band}{before}{svg.line(at, wide(part.share), 'valid')}"


def _histogram(pits: Sequence[Pit], names: Sequence[str]) -> list[Figure]:
    """Return where actual values fell, by bins that each should hold the same share."""
    mine = {part.model: part for part in pits if part.model in names}
    if not mine:
        return []
    top = max(float(np.nanmax([part.share.max(), part.high.max()])) for part in mine.values())
    y = Scale(0.0, 1.08 * top if top > 0 else 1.0)
    groups = [f'<g class="m m{m}">{_bars(mine[name], y)}</g>' for m, name in enumerate(names) if name in mine]
    first = mine[next(name for name in names if name in mine)]
    out = int(((first.share < first.low) | (first.share > first.high)).sum())
    plot = Plot(
        title="Where what came fell in the forecast distribution",
        describe=f"{first.model}: {percent(first.share[0])} in the lowest of {len(first.share)} bins, "
        f"{percent(first.share[-1])} in the highest; {out} outside the band.",
        height=HEIGHT,
        x=[Tick(share, percent(share)) for share in _SHARES],
        y=[Tick(y(share), percent(share)) for share in _steps(y.high)],
        bottom=24,
        name="pit",
        right=20,
    )
    said = tuple(_shape(mine[name]) if name in mine else "" for name in names)
    return [Figure("Where what came fell", "", svg.picture(roomy(plot), groups), said)]


def _bars(part: Pit, y: Scale) -> str:
    gap = 0.004
    bins = list(zip(part.edges[:-1].tolist(), part.edges[1:].tolist(), part.share.tolist(), strict=True))
    bands = zip(part.edges[:-1].tolist(), part.edges[1:].tolist(), part.low.tolist(), part.high.tolist(), strict=True)
    bars = [svg.rect(left + gap, right - gap, 0.0, y(share), "gain") for left, right, share in bins]
    limits = [svg.rect(left, right, y(low), min(y(high), 1.0), "fair") for left, right, low, high in bands]
    even = [_even(left, right, y) for left, right, _ in bins]
    return "".join([*bars, *limits, *even])


def _even(left: float, right: float, y: Scale) -> str:
    at = svg.HIGH - round(y(right - left) * svg.HIGH)
    return f'<path class="promise" d="M{round(left * svg.WIDE)},{at}H{round(right * svg.WIDE)}"/>'


def _steps(high: float) -> list[float]:
    step = next((size for size in (0.02, 0.05, 0.1, 0.2, 0.25, 0.5) if high / size <= 5), 1.0)
    return [step * i for i in range(int(high / step) + 1)]


def _shape(part: Pit) -> str:
    """Return what the histogram says, by its bins outside the band."""
    over, under = part.share > part.high, part.share < part.low
    if not (over | under).any():
        return "even, as it should be"
    if over[[0, -1]].all():
        return "too much at both ends: too narrow"
    if over[0] or over[-1]:
        return "too much at the low end: forecasts too high" if over[0] else "too much at the high end: too low"
    if over.any() or under[[0, -1]].all():
        return "too much in the middle: too wide"
    return "nearly even"
