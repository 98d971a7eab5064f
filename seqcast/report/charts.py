"""Pictures of scores and of data: errors along the horizon, calibration, training curves, skill, gaps."""

import math
from collections.abc import Sequence

import numpy as np

from seqcast.report import svg
from seqcast.report.numbers import number, percent
from seqcast.report.plots import domain, roomy, y_marks
from seqcast.report.svg import Plot, Scale
from seqcast.report.ticks import Tick, number_ticks, time_ticks
from seqcast.report.values import Curves, Facts

COLOURS = 5
STRIP = 18
LABEL = 16


def styles(facts: Facts) -> dict[str, str]:
    """Return the line style of each model: the best, the yardstick, then colours with dashes, grey for the rest."""
    names = [score.model for score in facts.scores] or list(facts.steps.models)
    chosen, yardstick = facts.headline.best, facts.headline.yardstick
    best = [chosen] if chosen in names else names[:1]
    networks = [name for name in names if name in facts.networks]
    others = dict.fromkeys(name for name in [*networks[:1], *names] if name not in (*best, yardstick))
    colours = [f"c{i}" for i in range(1, COLOURS)]
    found = {name: colours.pop(0) if colours else "other" for name in others}
    if yardstick is not None:
        found[yardstick] = "yard"
    return dict.fromkeys(best, "c0") | {name: kind for name, kind in found.items() if name not in best}


def steps_figure(facts: Facts) -> str:
    """Return the error of each model by step of the horizon; empty for one step or without a backtest."""
    steps = facts.steps
    if steps.error.size == 0 or steps.error.shape[1] < 2 or not np.isfinite(steps.error).any():
        return ""
    kind = styles(facts)
    core = [steps.error[m] for m, name in enumerate(steps.models) if kind.get(name) in ("c0", "yard")]
    y, off = domain([np.zeros(1), *core], [error for m, error in enumerate(steps.error)])
    y = Scale(0.0, y.high)
    horizon = steps.error.shape[1]
    x = Scale(1.0, float(horizon))
    at = x.all(np.arange(1.0, horizon + 1))
    order = sorted(range(len(steps.models)), key=lambda m: (kind.get(steps.models[m], "other") != "other", -m))
    lines = [svg.line(at, y.all(steps.error[m]), f"model {kind.get(steps.models[m], 'other')}") for m in order]
    unit = "MASE" if steps.scaled else "MAE"
    said = "; ".join(
        f"{name} {number(error[0])} at step 1, {number(error[-1])} at step {horizon}"
        for name, error in zip(steps.models, steps.error, strict=True)
    )
    gone = ", ".join(name for name, out in zip(steps.models, off, strict=True) if out)
    plot = Plot(
        title=f"{unit} by step of the horizon",
        describe=said + (f". Leaves the picture: {gone}." if gone else "."),
        height=230,
        x=[Tick(x(tick.at), tick.text) for tick in whole_ticks(1, horizon)],
        y=y_marks(y),
        bottom=24,
        name="steps",
    )
    return svg.picture(roomy(plot), lines)


def calibration_figure(facts: Facts) -> str:
    """Return measured against nominal quantile levels; on the diagonal the intervals are honest."""
    found = facts.calibration
    if len(found.nominal) < 2 or not len(found.models):
        return ""
    kind = styles(facts)
    unit = Scale(0.0, 1.0)
    order = sorted(range(len(found.models)), key=lambda m: (kind.get(found.models[m], "other") != "other", -m))
    levels = np.array(found.nominal)
    lines = [
        svg.line(levels, unit.all(found.measured[m]), f"model {kind.get(found.models[m], 'other')}") for m in order
    ]
    ideal = svg.line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "ideal")
    marks = [Tick(share, percent(share)) for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    ends = f"levels {percent(levels[0])} and {percent(levels[-1])}"
    said = "; ".join(
        f"{name} {percent(row[0])} and {percent(row[-1])}"
        for name, row in zip(found.models, found.measured, strict=True)
    )
    plot = Plot(
        title="Share of what came at or below each quantile",
        describe=f"At or below {ends}: {said}.",
        height=230,
        x=marks,
        y=marks,
        bottom=24,
        name="calibration",
        right=20,
    )
    return svg.picture(roomy(plot), [ideal, *lines])


def curve_figure(curves: Curves, index: int, what: str, word: str | None = None) -> str:
    """Return loss or MAE (`what`) by epoch, of the training and of the validation part, the best epoch marked.

    Where the error of the epochs is another one than the MAE, `word` says which.
    """
    losses, errors = (curves.train_loss, curves.valid_loss), (curves.train_error, curves.valid_error)
    train, valid = losses if what == "loss" else errors
    y, _ = domain([train, valid], [])
    x = Scale(float(curves.epoch[0]), float(curves.epoch[-1]))
    at = x.all(curves.epoch.astype(float))
    kept = np.flatnonzero(curves.epoch == curves.best)
    value = float(valid[kept[0]]) if len(kept) else math.nan
    marks = [
        svg.upright(x(curves.best), "best"),
        svg.line(at, y.all(train), "train"),
        svg.line(at, y.all(valid), "valid"),
    ]
    dot = y.all(np.array([value]))
    marks.append(svg.line(np.array([x(curves.best)]), dot, "kept"))
    plot = Plot(
        title=f"{word or (what if what == 'loss' else what.upper())} of {curves.model} by epoch",
        describe=f"{len(curves.epoch)} epochs; validation is best at epoch {curves.best}, {number(value)}.",
        height=130,
        x=[Tick(x(tick.at), tick.text) for tick in whole_ticks(int(curves.epoch[0]), int(curves.epoch[-1]))],
        y=y_marks(y, 4),
        bottom=24,
        name=f"curve{index}-{what}",
    )
    return svg.picture(roomy(plot), marks)


def skill_bar(skill: float, low: float, high: float) -> str:
    """Return a bar from 0 to `skill` on a scale from `low` to `high`; an arrow tells that it goes on.

    Examples
    --------
    >>> '<rect class="gain"' in skill_bar(0.2, -0.5, 0.5), '<rect class="loss"' in skill_bar(-0.2, -0.5, 0.5)
    (True, True)
    """
    x = Scale(low, high)
    zero = x(0.0)
    parts = [svg.upright(zero, "zero")]
    if math.isfinite(skill):
        end = min(max(x(skill), 0.0), 1.0)
        kind = "gain" if skill > 0 else "loss"
        parts.insert(0, svg.rect(min(zero, end), max(zero, end), 0.2, 0.8, kind + (" cutoff" if x(skill) < 0 else "")))
    area = f'viewBox="0 0 {svg.WIDE} {svg.HIGH}" preserveAspectRatio="none"'
    return f'<svg class="bar" aria-hidden="true" {area}>{"".join(parts)}</svg>'


def gap_figure(facts: Facts) -> str:
    """Return how much of each column is there over time: full strips are complete, notches are gaps."""
    data = facts.data
    count = len(data.mapped)
    if not count or not len(data.bins):
        return ""
    edges = np.linspace(0.0, 1.0, len(data.bins) + 1)
    marks: list[str] = []
    words: list[str] = []
    for row, (name, share) in enumerate(zip(data.mapped, data.share, strict=True)):
        base, tall = 1 - (row + 0.86) / count, 0.72 / count
        marks.append(svg.rect(0.0, 1.0, base, base + tall, "lack"))
        marks.extend(svg.rect(edges[a], edges[b], base, base + tall * value, "there") for a, b, value in runs(share))
        short = name if len(name) <= LABEL else f"{name[: LABEL // 2]}…{name[-(LABEL // 2 - 1) :]}"
        words.append(svg.text((0, base + tall / 2), short, "y", (-8, 4)))
    missing = {column.name: column.missing for column in data.columns if column.missing}
    plot = Plot(
        title="Share of rows with a value, by column over time",
        describe="Missing: " + (", ".join(f"{name} {n:,}" for name, n in missing.items()) or "nothing") + ".",
        height=STRIP * count,
        x=[Tick(float(edges[int(tick.at)]), tick.text, tick.more) for tick in time_ticks(data.bins, facts.clock, 6)],
        y=(),
        left=18 + round(6.8 * min(max(len(name) for name in data.mapped), LABEL)),
        name="gaps",
    )
    return svg.picture(plot, marks, words)


def runs(values: np.ndarray) -> list[tuple[int, int, float]]:
    """Return stretches of equal values that are not NaN and not 0: first index, index after the last, value.

    Examples
    --------
    >>> runs(np.array([1.0, 1.0, 0.5, np.nan, 1.0]))
    [(0, 2, 1.0), (2, 3, 0.5), (4, 5, 1.0)]
    """
    whole = np.nan_to_num(values, nan=0.0)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(whole) != 0) + 1])
    ends = np.append(starts[1:], len(whole))
    return [(int(a), int(b), float(whole[a])) for a, b in zip(starts, ends, strict=True) if whole[a] > 0]


def whole_ticks(first: int, last: int, most: int = 7) -> Sequence[Tick]:
    """Return marks at whole numbers from `first` to `last`."""
    if last == first:
        return [Tick(float(first), str(first))]
    return [tick for tick in number_ticks(float(first), float(last), most) if float(tick.at).is_integer()]
