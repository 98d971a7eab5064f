"""Columns that say the same: copies of each other, and copies of a target, shifted or not.

A feature that holds the target of later rows makes every backtest a lie: no cutoff keeps it from knowing. It is looked
for among what nobody could have known, the part of a later target that the target's own last values do not explain. A
feature that explains nine tenths of that part knows the future.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcast.data.panel import Panel
from seqcast.doctor.findings import Case, Finding, Severity, shortened
from seqcast.doctor.lines import numeric_columns, said, whole
from seqcast.doctor.links import CARRIED, FEWEST, OWN, SAME, Link, ahead_of, correlations, linked, same_columns

MOST_ROWS = 20_000
MOST_SERIES = 200

AHEAD = 24
"""Rows ahead up to which a feature may know the target."""

KNOWS = 0.9
"""Share of what is new in a later target from which a feature is taken to know it."""

PLANNED = 0.97
"""The same for a known feature and its own row, which a plan or a price may well tell."""

_ROUNDING = 1e-9
_TIE = 0.01


def leaks_in_data(panel: Panel, horizon: int | None = None) -> tuple[Finding, ...]:
    """Return the features that know a target which nobody could know: what no audit of the code can see.

    A past-only feature must not tell later targets; a known one, which is read over the horizon, not even the target of
    its own row, nor of fewer rows before than the horizon is long.

    Parameters
    ----------
    panel : Panel
        From `read_panel`. Rows after the last observed target are not read.
    horizon : int, optional
        Steps to forecast.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> from seqcast.data.options import RoleOptions
    >>> y = np.random.default_rng(0).normal(size=200).cumsum()
    >>> table = pl.DataFrame({"ds": range(200), "y": y, "x": [*y[2:], None, None]})
    >>> [finding] = leaks_in_data(read_panel(table, RoleOptions(target=("y",))))
    >>> finding.severity, finding.details
    ('warning', ('x is y 2 rows later',))
    """
    return _leaks(_sample(panel.before(panel.history)), horizon)


def leaks(case: Case) -> list[Finding]:
    """Find features that know the future."""
    return list(leaks_in_data(case.panel, case.horizon))


def copies(case: Case) -> list[Finding]:
    """Find columns that say the same as another one, in the same row or some rows before."""
    sample = _sample(case.panel)
    known = sample.first_known
    same = [
        link for link in same_columns(sample.values) if link.feature < known or link.other >= sample.targets
    ]  # a known copy of a target is a leak
    taken = {link.feature for link in same}
    late = [link for target in range(sample.targets) for link in _late(sample, target) if link.feature not in taken]
    return [
        *_finding(
            sample,
            same,
            check="copies",
            what="The column says row by row what another one says.",
            why="It costs time, adds nothing to learn, and halves what a report says of the other one's worth.",
        ),
        *_finding(
            sample,
            late,
            check="late copies",
            what="The column holds what a target was some rows before.",
            why="It does no harm, and the context holds it already.",
        ),
    ]


@dataclass(frozen=True, eq=False)
class _Sample:
    """The rows that are compared: the columns of numbers, series one after another with empty rows between.

    `scaled` has each column of each series on one scale, `values` as the table has them.
    """

    panel: Panel
    names: list[str]
    targets: int
    first_known: int
    values: np.ndarray
    scaled: np.ndarray
    left_out: tuple[str, ...]


def _sample(panel: Panel) -> _Sample:
    columns = numeric_columns(panel)
    chosen = np.unique(np.linspace(0, len(panel) - 1, min(MOST_SERIES, len(panel))).round().astype(int))
    each = max(FEWEST, MOST_ROWS // max(1, len(chosen)))
    gap = np.full((CARRIED + AHEAD + OWN, len(columns)), np.nan)
    empty = np.zeros((0, len(columns)))
    blocks, scaled = [empty], [empty]
    for s in chosen:
        low, high = int(panel.offsets[s]), int(panel.offsets[s + 1])
        block = panel.values[max(low, high - each) : high][:, columns]
        blocks += [block, gap]
        scaled += [_scaled(block), gap]
    left_out = []
    if len(chosen) < len(panel):
        left_out.append(f"{len(chosen):,} of {len(panel):,} series are compared, evenly chosen")
    if panel.rows.max(initial=0) > each:
        left_out.append(f"the latest {each:,} rows of a series are compared")
    names = [panel.columns.values[v] for v in columns]
    past = len([name for name in names if name not in panel.columns.known])
    targets = len([name for name in names if name in panel.columns.target])
    return _Sample(panel, names, targets, past, np.concatenate(blocks), np.concatenate(scaled), tuple(left_out))


def _scaled(block: np.ndarray) -> np.ndarray:
    seen = ~np.isnan(block)
    count = np.maximum(seen.sum(axis=0), 1)
    away = block - np.where(seen, block, 0.0).sum(axis=0) / count
    spread = np.sqrt((np.where(seen, away, 0.0) ** 2).sum(axis=0) / count)
    return away / np.where(spread > 0, spread, 1.0)


def _leaks(sample: _Sample, horizon: int | None) -> tuple[Finding, ...]:
    found = [link for target in range(sample.targets) for link in _knowing(sample, target, horizon or AHEAD)]
    known = [sample.names[link.feature] for link in found if link.feature >= sample.first_known]
    option = f"--ignore {','.join(dict.fromkeys(sample.names[link.feature] for link in found))}"
    if known:
        option += "; or without --known for what is not known over the horizon"
    return tuple(
        _finding(
            sample,
            found,
            check="knows the future",
            severity="warning",
            what="The column tells a target before it happens.",
            why="Backtests will look excellent and real forecasts will not: there the column has no such value yet.",
            option=f"{option}. Where it really is known so early, keep it.",
        )
    )


def _knowing(sample: _Sample, target: int, horizon: int) -> list[Link]:
    """Return the columns that know the target, each at the step at which it knows most."""
    y = sample.scaled[:, target]
    found = []
    for features, steps in (
        ([v for v in range(sample.first_known) if v != target], range(1, AHEAD + 1)),
        ([v for v in range(sample.first_known, len(sample.names))], range(1 - horizon, AHEAD + 1)),
    ):
        if not features:
            continue
        shares = ahead_of(y, sample.scaled[:, features], steps)
        least = np.where(np.array(steps) > 0, KNOWS, PLANNED)
        for x, feature in enumerate(features):
            knows = np.flatnonzero(shares[:, x] >= least)
            if len(knows):
                # In a sparse table steps that lead to the same quote tie: the true one meets it row by row.
                knows = knows[shares[knows, x] >= shares[knows, x].max() - _TIE]
                i = max(knows.tolist(), key=lambda i: (_shared(y, sample.scaled[:, feature], steps[i]), shares[i, x]))
                found.append(linked(sample.values, feature, target, -steps[i], float(shares[i, x])))
    return found


def _shared(y: np.ndarray, feature: np.ndarray, step: int) -> int:
    """Return in how many rows the feature and the target so many rows later are both there."""
    first, last = max(0, -step), len(y) - max(0, step)
    return int((~np.isnan(feature[first:last]) & ~np.isnan(y[first + step : last + step])).sum())


def _late(sample: _Sample, target: int) -> list[Link]:
    """Return the past-only columns that hold what the target was some rows before."""
    found: dict[int, Link] = {}
    features = np.arange(sample.targets, sample.first_known)
    moves = np.diff(sample.values, axis=0)
    for lag in range(1, AHEAD + 1) if len(features) else ():
        level = correlations(sample.values[:-lag, [target]], sample.values[lag:, features])[0]
        move = correlations(moves[:-lag, [target]], moves[lag:, features])[0]
        for feature in features[(np.abs(level) >= SAME) & (np.abs(move) >= SAME)].tolist():
            found.setdefault(feature, linked(sample.values, feature, target, lag))
    return list(found.values())


def _finding(
    sample: _Sample,
    links: Sequence[Link],
    *,
    check: str,
    what: str,
    why: str,
    option: str = "",
    severity: Severity = "note",
) -> list[Finding]:
    if not links:
        return []
    names = list(dict.fromkeys(sample.names[link.feature] for link in links))
    lines = [*(_told(sample.names, link) for link in links), *sample.left_out]
    return [
        Finding(
            severity=severity,
            check=check,
            places=tuple(whole(sample.panel, name) for name in names),
            looked=len(sample.names),
            what=what,
            why=why,
            option=option or f"--ignore {','.join(names)}",
            details=shortened(lines),
        )
    ]


def _told(names: Sequence[str], link: Link) -> str:
    """Return a link in words.

    Examples
    --------
    >>> _told(["y", "x"], Link(feature=1, other=0, lag=-2, share=1.0, slope=2.0, level=1.0))
    'x is 2 × y + 1, 2 rows later'
    """
    count = abs(link.lag)
    when = f"{count} row{'s' if count > 1 else ''} {'later' if link.lag < 0 else 'before'}" if count else ""
    feature, other = names[link.feature], names[link.other]
    if link.off > _ROUNDING:
        return f"{feature} tells {other} {when or 'of the same row'}: {link.share:.0%} of what is new in it"
    if abs(link.slope - 1) < _ROUNDING and abs(link.level) < _ROUNDING * max(1.0, abs(link.level)):
        return " ".join(part for part in (f"{feature} is {other}", when) if part)
    line = f"{feature} is {said(link.slope)} × {other} {'+' if link.level >= 0 else '-'} {said(abs(link.level))}"
    return f"{line}, {when}" if when else line
