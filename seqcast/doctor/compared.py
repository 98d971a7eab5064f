"""What is compared column by column: the rows of all series on one scale, and how two columns that agree are told."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from seqcast.data.panel import Panel
from seqcast.doctor.findings import Finding, Severity, shortened
from seqcast.doctor.lines import numeric_columns, said, whole
from seqcast.doctor.links import FEWEST, Link
from seqcast.doctor.news import CARRIED, OWN
from seqcast.doctor.sentinels import unmarked

MOST_ROWS = 10_000
MOST_SERIES = 200

FARTHEST = 400
"""Rows before or after up to which a column may be the copy of a target: a year of days, two weeks of hours."""

_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Sample:
    """The columns of numbers, series one after another with empty rows between, so that no step leads into another.

    Parameters
    ----------
    panel : Panel
        Where they come from.
    names : list of str
        The columns: first `targets` targets, then what is past-only, and from `first_known` on what is known.
    targets, first_known : int
        Where the roles begin.
    values, scaled : float array (N, V)
        As the table has them, without the numbers that stand for a missing value; and each column of each series with
        mean 0 and moves of spread 1.
    groups : int array (N,)
        The series of each row.
    left_out : tuple of str
        What was not read, in sentences without an end.
    """

    panel: Panel
    names: list[str]
    targets: int
    first_known: int
    values: Float[np.ndarray, "N V"]
    scaled: Float[np.ndarray, "N V"]
    groups: Int[np.ndarray, "N"]
    left_out: tuple[str, ...]

    @property
    def past(self) -> list[int]:
        """The past-only columns and the targets."""
        return list(range(self.first_known))

    @property
    def known(self) -> list[int]:
        """The columns that are known over the horizon."""
        return list(range(self.first_known, len(self.names)))


def sample_of(panel: Panel) -> Sample:
    """Return the latest rows of a panel, of many series some, evenly chosen.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> sample = sample_of(read_panel(pl.DataFrame({"ds": range(3), "y": [5.0, None, 7.0]})))
    >>> sample.names, sample.values[:3, 0].tolist()
    (['y'], [5.0, nan, 7.0])
    """
    columns = numeric_columns(panel)
    chosen = np.unique(np.linspace(0, len(panel) - 1, min(MOST_SERIES, len(panel))).round().astype(int))
    each = max(FEWEST, MOST_ROWS // max(1, len(chosen)))
    gap = np.full((CARRIED + OWN + min(FARTHEST, each), len(columns)), np.nan)
    blocks, scaled = [np.zeros((0, len(columns)))], [np.zeros((0, len(columns)))]
    for s in chosen:
        low, high = int(panel.offsets[s]), int(panel.offsets[s + 1])
        block = panel.values[max(low, high - each) : high][:, columns]
        block = np.column_stack([unmarked(column) for column in block.T]) if block.size else block
        blocks += [block, gap]
        scaled += [_scaled(block), gap]
    left_out = []
    if len(chosen) < len(panel):
        left_out.append(f"{len(chosen):,} of {len(panel):,} series are compared, evenly chosen")
    if panel.rows.max(initial=0) > each:
        left_out.append(f"the latest {each:,} rows of a series are compared")
    names = [panel.columns.values[v] for v in columns]
    return Sample(
        panel=panel,
        names=names,
        targets=sum(name in panel.columns.target for name in names),
        first_known=sum(name not in panel.columns.known for name in names),
        values=np.concatenate(blocks),
        scaled=np.concatenate(scaled),
        groups=np.repeat(np.arange(len(blocks)), [len(block) for block in blocks]),
        left_out=tuple(left_out),
    )


def reported(
    sample: Sample,
    links: Sequence[Link],
    *,
    check: str,
    what: str,
    why: str,
    hint: str = "",
    severity: Severity = "note",
) -> list[Finding]:
    """Return the finding of some links, or none; the option leaves their columns out, and `hint` goes on from there."""
    if not links:
        return []
    features = list(dict.fromkeys(link.feature for link in links))
    return [
        Finding(
            severity=severity,
            check=check,
            places=tuple(whole(sample.panel, sample.names[feature]) for feature in features),
            looked=len(sample.names),
            what=what,
            why=why,
            option=_without(sample, features) + hint,
            details=shortened([*(told(sample.names, link) for link in links), *sample.left_out]),
        )
    ]


def told(names: Sequence[str], link: Link) -> str:
    """Return a link in words.

    Examples
    --------
    >>> told(["y", "x"], Link(feature=1, other=0, lag=-2, share=1.0, slope=2.0, level=1.0))
    'x is 2 × y + 1, 2 rows later'
    """
    count = abs(link.lag)
    when = f"{count} row{'s' if count > 1 else ''} {'later' if link.lag < 0 else 'before'}" if count else ""
    feature, other = names[link.feature], names[link.other]
    if link.off > _ROUNDING:
        return f"{feature} tells {other} {when or 'of the same row'}: {link.share:.0%} of what is new in it"
    if abs(link.slope - 1) < _ROUNDING and abs(link.level) < _ROUNDING:
        return " ".join(part for part in (f"{feature} is {other}", when) if part)
    line = f"{feature} is {said(link.slope)} × {other} {'+' if link.level >= 0 else '-'} {said(abs(link.level))}"
    return f"{line}, {when}" if when else line


def _without(sample: Sample, features: Sequence[int]) -> str:
    """Return the option that leaves these columns out; a target cannot be ignored, only not be named."""
    others = ",".join(sample.names[feature] for feature in features if feature >= sample.targets)
    targets = ",".join(sample.names[feature] for feature in features if feature < sample.targets)
    parts = [f"--ignore {others}"] if others else []
    return "; ".join([*parts, f"--target without {targets}"] if targets else parts)


def _scaled(block: np.ndarray) -> np.ndarray:
    """Return the columns on one scale: moves tell it better than levels, which a few more rows change in a walk."""
    scaled = np.empty_like(block)
    for v, column in enumerate(block.T):
        seen = column[~np.isnan(column)]
        spread = float(np.sqrt(np.mean(np.diff(seen) ** 2))) if len(seen) > 1 else 0.0
        scaled[:, v] = (column - (seen.mean() if len(seen) else 0.0)) / (spread or 1.0)
    return scaled
