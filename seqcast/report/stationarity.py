"""The section on stationarity: its table, its sentences and its pictures, all from one diagnosis."""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from seqcast.doctor.findings import Diagnosis
from seqcast.doctor.pairs import Limits, Pair, by_reading
from seqcast.doctor.stationarity import Stationarity
from seqcast.report import svg
from seqcast.report.numbers import DASH, count, fixed, number, percent
from seqcast.report.plots import Figure, roomy, y_marks
from seqcast.report.svg import Plot, Scale
from seqcast.report.ticks import Tick, number_ticks
from seqcast.report.values import Facts

LIMITS = Limits(pairs=60, rows=5_000, cells=50_000)
"""What the page can wait for: half a second."""

KINDS = ("Autocorrelation", "Partial autocorrelation")
LISTED = 12
NAMED = 3
TALL = 130


PLAIN = {
    "stationary": "keeps its level",
    "trend-stationary": "keeps to a line",
    "difference-stationary": "comes back, but its level moves",
    "unit root": "wanders",
    "undecided": "cannot be told",
    "not tested": "",
}


@dataclass(frozen=True)
class Cell:
    """A cell of the table: its text, what is said less loudly after it, and whether it is a word, not a number."""

    text: str
    aside: str = ""
    word: bool = False


@dataclass(frozen=True)
class Table:
    """A row for each pair where they are few, else for each reading, the most frequent first."""

    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


def table(diagnosis: Diagnosis) -> Table:
    """Return the table of the section."""
    if len(diagnosis.tested) <= LISTED:
        heads = ("Rows", "ADF p", "KPSS p", "Season")
        name = Cell("Series" if diagnosis.series > 1 else "Target")
        words = (Cell("Difference to", word=True), Cell("Together they say", word=True))
        return Table((name, *map(Cell, heads), *words), tuple(_row(pair) for pair in diagnosis.tested))
    heads = (Cell("Together they say"), Cell("Tested"), Cell("Difference to", word=True), Cell("Such as", word=True))
    return Table(heads, tuple(_group(said, pairs) for said, pairs in by_reading(diagnosis.tested)))


def verdict(diagnosis: Diagnosis) -> str:
    """Return the outcome in one sentence."""
    tested = [pair.found for pair in diagnosis.tested if isinstance(pair.found, Stationarity)]
    if not tested:
        return "Nothing here could be tested."
    if len(tested) == 1:
        return tested[0].advice
    still = sum(found.reading == "stationary" for found in tested)
    apart = sum(found.differences + found.seasonal_differences > 0 for found in tested)
    what = "series" if diagnosis.series == diagnosis.pairs else "targets" if diagnosis.series == 1 else "pairs"
    kept = f"{still:,} of" if still else "None of"
    suggested = f"{apart:,} of them" if 0 < apart < len(tested) else "all" if apart else "none"
    return (
        f"{kept} the {len(tested):,} {what} tested {'keeps' if still < 2 else 'keep'} a fixed level; "
        f"differences are suggested for {suggested}."
    )


def difference_to(found: Stationarity) -> str:
    """Return which differences make it stationary.

    Examples
    --------
    >>> from seqcast.doctor.stationarity import stationarity
    >>> difference_to(stationarity(np.random.default_rng(0).normal(size=300).cumsum()))
    '1 step before'
    """
    back = [f"{found.season} steps"] if found.seasonal_differences else []
    near = ["1 step"] * (found.differences > 0)
    twice = ", twice" * (found.differences == 2)
    return f"{', then '.join([*back, *near])} before{twice}" if back or near else "none"


def pictured(diagnosis: Diagnosis) -> list[Pair]:
    """Return the pairs whose correlations are drawn: all where they are few, else the first of each reading."""
    tested = [pair for pair in diagnosis.tested if isinstance(pair.found, Stationarity)]
    if len(tested) <= LISTED:
        return tested
    return [pairs[0] for _, pairs in by_reading(tested)]


def lag_figures(facts: Facts) -> list[Figure]:
    """Return the correlations of each pair that is pictured, plain and partial."""
    return [_figure(pair, index) for index, pair in enumerate(pictured(facts.diagnosis))]


def _figure(pair: Pair, index: int) -> Figure:
    found = pair.found
    assert isinstance(found, Stationarity)
    lags = len(found.acf)
    x, y = Scale(0.0, lags + 1.0), _height(found)
    noise = svg.rect(0.0, 1.0, y(-found.band), y(found.band), "noise")
    seasons = range(found.season, lags + 1, found.season) if found.season > 1 else ()
    groups = [
        f'<g class="m m{m}">{_bars(values, found.band, x, y)}</g>' for m, values in enumerate((found.acf, found.pacf))
    ]
    plot = Plot(
        title=f"Correlation of {pair.place.name} with its own past",
        describe=_describe(found),
        height=TALL,
        x=[Tick(x(tick.at), tick.text) for tick in _lag_ticks(lags, found.season)],
        y=y_marks(y, 4),
        bottom=24,
        name=f"lags{index}",
    )
    marks = [noise, *(svg.upright(x(lag), "cut") for lag in seasons), svg.level(y(0.0), "zero"), *groups]
    return Figure(pair.place.name, found.reading, svg.picture(roomy(plot), marks), ())


def _bars(values: Float[np.ndarray, "L"], band: float, x: Scale, y: Scale) -> str:
    """Return a bar for each lag, grey within the band; one path for each colour keeps the page light."""
    base = round((1 - y(0.0)) * svg.HIGH)
    ends = zip(range(1, len(values) + 1), values.tolist(), strict=True)
    drawn: dict[str, list[str]] = {"lag": [], "lag small": []}
    for lag, value in ends:
        kind = "lag small" if abs(value) <= band else "lag"
        drawn[kind].append(f"M{round(x(lag) * svg.WIDE)},{base}V{round((1 - y(value)) * svg.HIGH)}")
    thin = " thin" if len(values) > 80 else ""
    return "".join(f'<path class="{kind}{thin}" d="{"".join(parts)}"/>' for kind, parts in drawn.items() if parts)


def _height(found: Stationarity) -> Scale:
    values = np.concatenate([found.acf, found.pacf, [found.band, -found.band, 0.0]])
    return Scale(max(float(values.min()) - 0.08, -1.0), 1.0)


def _lag_ticks(lags: int, season: int) -> list[Tick]:
    """Return marks at whole seasons, or at round lags where there is no season within the picture."""
    if 1 < season <= lags:
        step = season * math.ceil(lags / season / 6)
        return [Tick(float(lag), str(lag)) for lag in range(step, lags + 1, step)]
    return [tick for tick in number_ticks(1.0, float(lags), 6) if float(tick.at).is_integer()]


def _describe(found: Stationarity) -> str:
    at_season = (
        f", {number(float(found.acf[found.season - 1]), 2)} a season ({found.season} steps) before"
        if 1 < found.season <= len(found.acf)
        else ""
    )
    outside = int((np.abs(found.acf) > found.band).sum())
    return (
        f"Autocorrelation {number(float(found.acf[0]), 2)} with the step before{at_season}; "
        f"{outside} of {count(len(found.acf), 'lag')} outside of ±{fixed(found.band, 2)}, the band of pure noise."
    )


def _row(pair: Pair) -> tuple[Cell, ...]:
    found, cells = pair.found, [Cell(pair.place.name), Cell(f"{pair.rows:,}")]
    if not isinstance(found, Stationarity):
        said = Cell("not tested", found.why, word=True)
        return (*cells, *[Cell(DASH)] * 3, Cell(DASH, word=True), said)
    numbers = (found.adf.p_said, found.kpss.p_said, percent(found.strength))
    return (*cells, *map(Cell, numbers), Cell(difference_to(found), word=True), _said(found.reading, word=True))


def _group(said: str, pairs: list[Pair]) -> tuple[Cell, ...]:
    names = ", ".join(pair.place.name for pair in pairs[:NAMED]) + ", …" * (len(pairs) > NAMED)
    taken = Counter(difference_to(pair.found) for pair in pairs if isinstance(pair.found, Stationarity)).most_common(1)
    mostly = f"{taken[0][1]:,} times" if taken and taken[0][1] < len(pairs) else ""
    usual = Cell(taken[0][0] if taken else DASH, mostly, word=True)
    return (_said(said), Cell(f"{len(pairs):,}"), usual, Cell(names, word=True))


def _said(reading: str, word: bool = False) -> Cell:
    plain = PLAIN[reading]
    return Cell(plain, reading, word) if plain else Cell(reading, word=word)
