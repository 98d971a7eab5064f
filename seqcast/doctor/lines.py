"""What a check of values reads: each column of numbers of each series, without its missing values.

A weekly price in a daily table is judged from quote to quote, so missing values are left out, not filled. Of large
tables a part is read, evenly chosen: `looked` says how many lines, and `detailed` what was left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from seqcast.data.panel import Panel
from seqcast.doctor.findings import shortened
from seqcast.doctor.pairs import Place

MOST_LINES = 4_000
MOST_ROWS = 200_000
"""The latest rows of a line that are read: two years of every five minutes."""

_COMPLETE = 0.8


@dataclass(frozen=True, eq=False)
class Line:
    """One column of one series: its observed values and the rows of the panel that hold them.

    Parameters
    ----------
    series, column : int
        Indices into `panel.series` and `panel.columns.values`.
    rows : int array (T,)
        Rows of the panel, increasing.
    values : float array (T,)
        Without missing values.
    """

    series: int
    column: int
    rows: Int[np.ndarray, "T"]
    values: Float[np.ndarray, "T"]


def lines(panel: Panel, columns: Sequence[int] | None = None, fewest: int = 1) -> Iterator[Line]:
    """Yield the lines of at least `fewest` values; categories are no numbers, and are left out.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> panel = read_panel(pl.DataFrame({"ds": range(3), "y": [5.0, None, 7.0]}))
    >>> [(line.rows.tolist(), line.values.tolist()) for line in lines(panel)]
    [([0, 2], [5.0, 7.0])]
    """
    numeric = [v for v in numeric_columns(panel) if columns is None or v in columns]
    for s in chosen_series(panel):
        low, high = int(panel.offsets[s]), int(panel.offsets[s + 1])
        low = max(low, high - MOST_ROWS)
        block = panel.values[low:high]
        for v in numeric:
            seen = np.flatnonzero(~np.isnan(block[:, v]))
            if len(seen) >= fewest:
                yield Line(int(s), v, low + seen, block[seen, v])


def numeric_columns(panel: Panel) -> list[int]:
    """Return the indices of the value columns that hold numbers.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> numeric_columns(read_panel(pl.DataFrame({"ds": range(3), "y": [5.0, 6.0, 7.0], "kind": ["a", "b", "a"]})))
    [0]
    """
    return [v for v, name in enumerate(panel.columns.values) if name not in panel.categories]


def chosen_series(panel: Panel) -> Int[np.ndarray, "chosen"]:
    """Return the series that are read: all, or as many as keep the lines few, evenly chosen.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> chosen_series(read_panel(pl.DataFrame({"ds": range(3), "y": [5.0, 6.0, 7.0]}))).tolist()
    [0]
    """
    most = max(1, MOST_LINES // max(1, len(numeric_columns(panel))))
    return np.linspace(0, len(panel) - 1, min(most, len(panel))).round().astype(np.int64)


def place_of(panel: Panel, line: Line, first: int = 0, last: int = -1) -> Place:
    """Return the place of a line, from its value `first` to its value `last`.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> panel = read_panel(pl.DataFrame({"ds": ["2024-01-01", "2024-01-02"], "y": [5.0, 6.0]}))
    >>> place = place_of(panel, next(lines(panel)), 1, 1)
    >>> place.name, place.first, place.last
    ('y', '2024-01-02', '2024-01-02')
    """
    start, end = panel.frequency.label(panel.times[line.rows[[first, last]]])
    return Place(
        series=panel.series[line.series],
        target=panel.columns.values[line.column],
        name=name_of(panel, line),
        first=start,
        last=end,
    )


def whole(panel: Panel, column: str) -> Place:
    """Return the place of a column in all series.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> panel = read_panel(pl.DataFrame({"ds": ["2024-01-01", "2024-01-02"], "y": [5.0, 6.0]}))
    >>> whole(panel, "y").last
    '2024-01-02'
    """
    ends = np.array([panel.times.min(), panel.times.max()]) if len(panel.times) else panel.times
    first, last = panel.frequency.label(ends) if len(ends) else ("", "")
    return Place(series="", target=column, name=column, first=first, last=last)


def name_of(panel: Panel, line: Line) -> str:
    """Return what tells a line from the others: its series, its column, or both.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> panel = read_panel(pl.DataFrame({"id": ["a", "b"] * 2, "ds": [0, 0, 1, 1], "y": [5.0, 6.0, 7.0, 8.0]}))
    >>> [name_of(panel, line) for line in lines(panel)]
    ['a', 'b']
    """
    series, column = panel.series[line.series], panel.columns.values[line.column]
    if len(panel) == 1:
        return column
    return f"{series} · {column}" if len(numeric_columns(panel)) > 1 else series


def detailed(panel: Panel, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the first lines of detail, how many more there are, and which part of the table was not read.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> detailed(read_panel(pl.DataFrame({"ds": range(3), "y": [5.0, 6.0, 7.0]})), ["y, 1: 6"])
    ('y, 1: 6',)
    """
    left_out = []
    chosen = len(chosen_series(panel))
    if chosen < len(panel):
        left_out.append(f"{chosen:,} of {len(panel):,} series were read, evenly chosen")
    if panel.rows.max(initial=0) > MOST_ROWS:
        left_out.append(f"of longer series the latest {MOST_ROWS:,} rows were read")
    return (*shortened(texts), *left_out)


def season_of(line: Line, season: int) -> int:
    """Return the season in values of the line: 1 where so many rows are empty that values are not rows.

    Examples
    --------
    >>> every, week = np.arange(700), np.arange(0, 700, 7)
    >>> season_of(Line(0, 0, every, every / 1), 7), season_of(Line(0, 0, week, week / 1), 7)
    (7, 1)
    """
    return season if len(line.rows) > _COMPLETE * (line.rows[-1] - line.rows[0] + 1) else 1


def said(value: float) -> str:
    """Return a number as people write it.

    Examples
    --------
    >>> said(550_000.0), said(812.3), said(-200.0), said(0.07578), said(1e20)
    ('550,000', '812.3', '-200', '0.07578', '1e+20')
    """
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if 1_000 <= abs(value) < 1e15 else f"{value:.4g}"
