"""A diagnosis in the terminal: a table of tests, sketches of the correlations, the findings; at most 80 columns."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seqcast.doctor import Diagnosis, Finding
from seqcast.doctor.pairs import Pair, by_reading
from seqcast.doctor.stationarity import Stationarity

WIDTH = 80
ROWS = 20
SKETCHES = 3
COLUMNS = 72
_UP = " ▁▂▃▄▅▆▇█"
_DOWN = ((0.25, "▔"), (0.75, "▀"), (math.inf, "█"))


def print_diagnosis(diagnosis: Diagnosis) -> None:
    """Print a diagnosis on stdout."""
    console = Console(highlight=False, emoji=False)
    console = Console(highlight=False, emoji=False, width=min(console.width, WIDTH))
    season = f"season {diagnosis.season} steps" if diagnosis.season > 1 else "no season"
    console.print(Text(f"{diagnosis.rows:,} rows of {diagnosis.series:,} series, {season}\n"))
    many = len(diagnosis.tested) > ROWS
    console.print(_counts(diagnosis.tested) if many else _table(diagnosis.tested))
    examples = [pairs[0] for _, pairs in by_reading(diagnosis.tested)] if many else diagnosis.tested
    tested = [(pair, pair.found) for pair in examples if isinstance(pair.found, Stationarity)]
    for pair, found in tested[:SKETCHES]:
        console.print(Text("\n").append(pair.place.name, style="bold").append(f": {found.advice}"))
        for line in sketch(found):
            console.print(line)
    if len(diagnosis.tested) > SKETCHES:
        console.print(
            Text(f"\nSketched: {SKETCHES} of {len(diagnosis.tested):,}; --json holds the correlations of all.")
        )
    for note in diagnosis.notes:
        console.print(Text("\n" + note))
    for finding in diagnosis.findings:
        console.print(_finding(finding))


def sketch(found: Stationarity) -> list[Text]:
    """Return ACF and PACF as rows of bars; a point stands for what lies within the band of pure noise."""
    step = math.ceil(len(found.acf) / COLUMNS)  # lags to a bar, which shows the largest of them
    within = f"      lags in steps; · within ±{found.band:.2f}, as 95 % of pure noise is"
    lines = [line for name in ("acf", "pacf") for line in _bars(name, _largest(getattr(found, name), step), found)]
    axis = _axis(len(found.acf) // step, step, found.season)
    return [*lines, *([Text(axis)] if axis.strip() else []), Text(within, style="dim")]


def _largest(values: Float[np.ndarray, "L"], step: int) -> Float[np.ndarray, "bars"]:
    groups = values[: len(values) // step * step].reshape(-1, step)
    return groups[np.arange(len(groups)), np.abs(groups).argmax(axis=1)]


def _bars(name: str, values: Float[np.ndarray, "L"], found: Stationarity) -> Iterator[Text]:
    above, below = Text(f"{name.upper():>5} "), Text(" " * 6)
    for value in values.tolist():
        noise = abs(value) <= found.band
        above.append("·" if noise else _UP[max(0, math.ceil(min(value, 1.0) * 8))], style="dim" if noise else "cyan")
        drop = next(block for least, block in _DOWN if -value < least)
        below.append(drop if value < 0 and not noise else " ", style="magenta")
    yield above
    if below.plain.strip():
        yield below


def _axis(columns: int, step: int, season: int) -> str:
    """Return the lags under the bars: whole seasons where there is one, tens elsewhere.

    Examples
    --------
    >>> _axis(8, 1, 4)
    '         4   8'
    """
    unit = season if season > 1 else 10
    while columns * step // unit > 12:
        unit *= 2
    line = [" "] * (6 + columns)
    for lag in range(unit, columns * step + 1, unit):
        end, label = 6 + round(lag / step), str(lag)
        line[end - len(label) : end] = label
    return "".join(line)


def _table(pairs: Sequence[Pair]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("", max_width=24, no_wrap=True, overflow="ellipsis")
    for name in ("rows", "ADF p", "KPSS p", "season", "D", "d"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("reading", overflow="fold")
    for pair in pairs:
        name, found = Text(pair.place.name), pair.found
        if isinstance(found, Stationarity):
            cells = (found.adf.p_said, found.kpss.p_said, _share(found.strength))
            counts = (str(found.seasonal_differences), str(found.differences))
            table.add_row(name, f"{pair.rows:,}", *cells, *counts, found.reading)
        else:
            table.add_row(name, f"{pair.rows:,}", *["–"] * 5, Text(found.why))
    return table


def _counts(pairs: Sequence[Pair]) -> Table:
    """Return how many pairs have each reading and each suggestion, with a few of their names."""
    table = Table(box=None, pad_edge=False)
    table.add_column("reading")
    table.add_column("pairs", justify="right")
    table.add_column("differences D, d", justify="right")
    table.add_column("such as", overflow="ellipsis", no_wrap=True)
    for reading, mine in by_reading(pairs):
        taken = Counter(
            f"{pair.found.seasonal_differences}, {pair.found.differences}"
            for pair in mine
            if isinstance(pair.found, Stationarity)
        )
        usual = f"{taken.most_common(1)[0][0]} ({taken.most_common(1)[0][1]:,}×)" if taken else "–"
        table.add_row(reading, f"{len(mine):,}", usual, Text(", ".join(pair.place.name for pair in mine[:3])))
    return table


def _share(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.2f}"


def _finding(finding: Finding) -> Text:
    style = "bold red" if finding.severity == "warning" else "bold"
    text = Text("\n").append(finding.severity, style=style).append(f" · {finding.check}", style="bold")
    text.append(f" · {finding.where}\n{finding.what} {finding.why}\n→ {finding.option}")
    return text
