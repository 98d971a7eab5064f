"""Which series and targets are tested, what is read of each, and what the tests gave."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from seqcast.data.panel import Panel
from seqcast.doctor.gaps import longest_gap, longest_stretch
from seqcast.doctor.stationarity import Stationarity, Untested, stationarity


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much is tested: by default what takes some five seconds.

    Parameters
    ----------
    pairs : int
        Pairs of series and target, evenly chosen.
    rows : int
        The latest rows of each; 10,000 hours are more than a year.
    cells : int
        Rows of all pairs together.

    Examples
    --------
    >>> Limits().chosen(np.full(3003, 60)).tolist()[:3], len(Limits().chosen(np.full(900, 20_000)))
    ([0, 3, 6], 100)
    """

    pairs: int = 1_000
    rows: int = 10_000
    cells: int = 1_000_000

    def chosen(self, lengths: np.ndarray) -> np.ndarray:
        """Return the indices of the pairs to test, given the rows of each."""
        typical = max(float(np.minimum(lengths, self.rows).mean()), 1.0) if len(lengths) else 1.0
        most = min(self.pairs, max(1, int(self.cells / typical)), len(lengths))
        return np.linspace(0, len(lengths) - 1, most).round().astype(int)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A series and a target, from the time `first` to the time `last`.

    `name` is what tells it from the others of its table: its series, its target, or both.

    Examples
    --------
    >>> Place(series="a", target="load", name="load", first="2024-01-01", last="2024-12-31").name
    'load'
    """

    series: str
    target: str
    name: str
    first: str
    last: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """One series and target, and what the tests found.

    Parameters
    ----------
    place : Place
        Their names, and the times of the first and last row that was read; empty where none was.
    rows, filled : int
        How many were read, and how many of them were interpolated.
    found : Stationarity or Untested
        The tests, or why there are none.
    """

    place: Place
    rows: int
    filled: int
    found: Stationarity | Untested

    @property
    def reading(self) -> str:
        """What the tests say of it, in a word or two."""
        return self.found.reading if isinstance(self.found, Stationarity) else "not tested"


def by_reading(pairs: Sequence[Pair]) -> list[tuple[str, list[Pair]]]:
    """Return the pairs of each reading, the most frequent reading first.

    Examples
    --------
    >>> by_reading([])
    []
    """
    counts = Counter(pair.reading for pair in pairs)
    return [(said, [pair for pair in pairs if pair.reading == said]) for said, _ in counts.most_common()]


def tested_pairs(panel: Panel, season: int, limits: Limits) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
    """Return the pairs that were tested, and in sentences what was not read.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> table = pl.DataFrame({"ds": range(60), "y": np.random.default_rng(0).normal(size=60)})
    >>> pairs, notes = tested_pairs(read_panel(table), 1, Limits(rows=30))
    >>> pairs[0].place.first, notes
    ('30', ('Of longer series the latest 30 rows are tested.',))
    """
    targets = len(panel.columns.target)
    lengths = np.repeat(panel.history, targets)
    chosen = limits.chosen(lengths)
    with threadpool_limits(limits=1):  # on small matrices a second thread costs more than it does
        pairs = tuple(_tested(panel, *divmod(int(pair), targets), season, limits.rows) for pair in chosen)
    notes = []
    if len(chosen) < len(lengths):
        notes.append(f"{len(chosen):,} of {len(lengths):,} pairs of series and target are tested, evenly chosen.")
    if lengths.max(initial=0) > limits.rows:
        notes.append(f"Of longer series the latest {limits.rows:,} rows are tested.")
    filled = [pair.filled for pair in pairs if pair.filled]
    if filled:
        notes.append(
            f"{sum(filled):,} missing values ({len(filled):,} of {len(pairs):,} pairs) are interpolated, in gaps of up "
            f"to {longest_gap(season)} rows; where a longer gap cuts a series, its longest part is tested."
        )
    return pairs, tuple(notes)


def _tested(panel: Panel, s: int, k: int, season: int, rows: int) -> Pair:
    low = panel.offsets[s]
    stretch = longest_stretch(panel.targets[low : low + panel.history[s], k], longest_gap(season), rows)
    ends = panel.times[[low + stretch.first, low + stretch.last]] if len(stretch) else np.zeros(0, dtype=np.int64)
    first, last = panel.frequency.label(ends) if len(ends) else ("", "")
    series, target = panel.series[s], panel.columns.target[k]
    several = len(panel.columns.target) > 1
    name = target if len(panel) == 1 else f"{series} · {target}" if several else series
    return Pair(
        place=Place(series=series, target=target, name=name, first=first, last=last),
        rows=len(stretch),
        filled=stretch.filled,
        found=stationarity(stretch.values, season),
    )
