"""A diagnosis in the terminal: what was found, the worst first, then the tests and sketches; at most 80 columns."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Float
from rich.console import Console
from rich.table import Table
from rich.text import Text

from seqcast.doctor import Diagnosis, Finding
from seqcast.doctor.findings import WORST_FIRST
from seqcast.doctor.pairs import Pair, by_reading
from seqcast.doctor.stationarity import Stationarity

WIDTH = 80
ROWS = 20
SKETCHES = 3
COLUMNS = 72
_INDENT = "    "
_HEADS: Mapping[str, str] = {
    "unusable": "CANNOT BE USED as it is",
    "warning": "WARNINGS, for you to deal with",
    "note": "NOTES, dealt with by the defaults",
}
_STYLES: Mapping[str, str] = {"unusable": "bold red", "warning": "bold red", "note": "bold"}
_UP = " ▁▂▃▄▅▆▇█"
_DOWN = ((0.25, "▔"), (0.75, "▀"), (math.inf, "█"))


def print_diagnosis(diagnosis: Diagnosis) -> None:
    """Print a diagnosis on stdout."""
    console = Console(highlight=False, emoji=False)
    console = Console(highlight=False, emoji=False, width=min(console.width, WIDTH))
    season = f"season {diagnosis.season} steps" if diagnosis.season > 1 else "no season"
    size = f"{diagnosis.rows:,} rows of {diagnosis.series:,} series, {season}"
    console.print(Text(size if diagnosis.series else "Nothing could be read."))
    console.print(Text(summary(diagnosis.findings), style="bold"))
    for severity in WORST_FIRST:
        mine = [finding for finding in diagnosis.findings if finding.severity == severity]
        if mine:
            console.print(Text(f"\n{_HEADS[severity]}", style=_STYLES[severity]))
            for number, finding in enumerate(mine, start=1):
                console.print(Text())
                for line in finding_lines(finding, number, console.width):
                    console.print(line, soft_wrap=True)
    if diagnosis.tested:
        _print_tests(diagnosis, console)


def summary(findings: Sequence[Finding]) -> str:
    """Return how many findings there are of each severity.

    Examples
    --------
    >>> summary([])
    'Nothing found.'
    """
    counts = Counter(finding.severity for finding in findings)
    words = {"unusable": "that cannot be used", "warning": "warning", "note": "note"}
    said = [
        f"{counts[severity]} {words[severity]}{'s' if counts[severity] > 1 and severity != 'unusable' else ''}"
        for severity in WORST_FIRST
        if counts[severity]
    ]
    return ", ".join(said) if said else "Nothing found."


def finding_lines(finding: Finding, number: int, width: int) -> list[Text]:
    """Return the lines of a finding: its name and place, what it is and why it matters, details, and what to do."""
    inner = max(20, width - len(_INDENT))
    head = Text(f"{number:>2}. ").append(finding.check, style="bold").append(f" · {finding.where}")
    lines = [head] if head.cell_len <= width else _head_in_two(finding, number, width)
    lines += [Text(_INDENT + line) for line in wrap(f"{finding.what} {finding.why}", inner)]
    for detail in finding.details:
        lines += _detail(detail, inner)
    option = wrap(finding.option, inner - 2)
    lines += [Text(_INDENT + ("→ " if i == 0 else "  ") + line, style="cyan") for i, line in enumerate(option)]
    return lines


def wrap(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` columns of a terminal, where letters of East Asia take two.

    Examples
    --------
    >>> wrap("a tired analyst", 8)
    ['a tired', 'analyst']
    """
    return [line.plain.rstrip() for line in Text(text).wrap(Console(width=width), width)]


def _head_in_two(finding: Finding, number: int, width: int) -> list[Text]:
    head = Text(f"{number:>2}. ").append(finding.check, style="bold")
    return [head, *(Text(_INDENT + line) for line in wrap(finding.where, width - len(_INDENT)))]


def _detail(detail: str, inner: int) -> list[Text]:
    if "[" in detail and len(detail) <= inner and any(sign in detail for sign in "▁▂▃▄▅▆▇█"):
        return [Text(_INDENT + detail, style="dim")]
    rows = wrap(detail, inner - 2)
    return [Text(_INDENT + ("· " if i == 0 else "  ") + row, style="dim") for i, row in enumerate(rows)]


def _print_tests(diagnosis: Diagnosis, console: Console) -> None:
    console.print(Text("\nTests of stationarity\n", style="bold"))
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
