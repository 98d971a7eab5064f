"""Columns that know the future: leaks that lie in the data, where no audit of the code can see them.

A feature that holds the target of later rows makes every backtest a lie: no cutoff keeps it from knowing. It is looked
for among what nobody could have known, the part of a later target that the target's own last values do not explain. A
feature that explains nine tenths of that part knows the future.

A clock explains much of it as well, where a target has a season. It is told from a leak by having no news of its own:
its last values and those of a season ago explain all of it.
"""

from collections.abc import Sequence

import numpy as np

from seqcast.data.panel import Panel
from seqcast.doctor.compared import FARTHEST, Sample, reported, sample_of
from seqcast.doctor.cycles import natural
from seqcast.doctor.findings import Case, Finding
from seqcast.doctor.links import Link, linked, same_moves
from seqcast.doctor.news import ahead_of, news_of

AHEAD = 24
"""Rows ahead up to which a feature may know the target roughly; copies are looked for up to `FARTHEST` rows ahead."""

MANY, AHEAD_OF_MANY = 8, 8
"""Targets beyond which, and rows ahead up to which, rough knowledge is looked for: pairs of columns are many."""

KNOWS = 0.9
"""Share of what is new in a later target from which a feature is taken to know it."""

PLANNED = 0.97
"""The same for a known feature and its own row, which a plan or a price may well tell."""

_NEWS = 0.2  # share that the news of the feature must explain of the target's: of a clock it is 0, of a copy 1
_STATES = 12  # different values up to which a known column is a plan, such as a promotion or a holiday
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
        Steps to forecast; `AHEAD` where it is not told.

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
    sample = sample_of(panel.before(panel.history))
    found = [link for target in range(sample.targets) for link in _knowing(sample, target, horizon or AHEAD)]
    known = any(link.feature >= sample.first_known for link in found)
    unknown = "; or without --known for what is not known over the horizon" if known else ""
    return tuple(
        reported(
            sample,
            found,
            check="knows the future",
            severity="warning",
            what="The column tells a target before it happens.",
            why="Backtests will look excellent and real forecasts will not: there the column has no such value yet.",
            hint=f"{unknown}. Where it really is known so early, keep it.",
        )
    )


def leaks(case: Case) -> list[Finding]:
    """Find features that know the future."""
    return list(leaks_in_data(case.panel, case.horizon))


def _knowing(sample: Sample, target: int, horizon: int) -> list[Link]:
    """Return the columns that know the target, each at the step at which it knows most."""
    others = [v for v in sample.past if v != target]
    known = [v for v in sample.known if not _is_plan(sample, v, target)]
    back, ahead = min(horizon, FARTHEST), AHEAD if sample.targets <= MANY else AHEAD_OF_MANY
    found = [
        *_telling(sample, target, others, range(1, ahead + 1), known=False),
        *_telling(sample, target, known, range(max(1 - back, -ahead), ahead + 1), known=True),
    ]
    taken = {link.feature for link in found}
    for features, steps in ((others, range(ahead + 1, FARTHEST + 1)), (known, range(1 - back, FARTHEST + 1))):
        for feature, step in same_moves(sample.values, target, [v for v in features if v not in taken], steps):
            if feature not in taken and _has_news(sample, feature, target, step, known=feature >= sample.first_known):
                taken.add(feature)
                found.append(linked(sample.values, feature, target, -step))
    return found


def _telling(sample: Sample, target: int, features: Sequence[int], steps: range, *, known: bool) -> list[Link]:
    """Return the features that explain most of what is new in the target so many rows later."""
    if not features:
        return []
    y = sample.scaled[:, target]
    shares = ahead_of(y, sample.scaled[:, features], steps, groups=sample.groups, each_row=known)
    least = np.where(np.array(steps) > 0, KNOWS, PLANNED)
    found = []
    for x, feature in enumerate(features):
        knows = np.flatnonzero(shares[:, x] >= least)
        if not len(knows):
            continue
        # In a sparse table steps that lead to the same quote tie: the true one meets it row by row.
        knows = knows[shares[knows, x] >= shares[knows, x].max() - _TIE]
        i = max(knows.tolist(), key=lambda i: (_shared(y, sample.scaled[:, feature], steps[i]), shares[i, x]))
        if _has_news(sample, feature, target, steps[i], known=known):
            found.append(linked(sample.values, feature, target, -steps[i], float(shares[i, x])))
    return found


def _has_news(sample: Sample, feature: int, target: int, step: int, *, known: bool) -> bool:
    """Return whether the column tells something that its own past did not."""
    seasons = natural(sample.panel.frequency)
    y, x = sample.scaled[:, target], sample.scaled[:, feature]
    return news_of(y, x, step, seasons, groups=sample.groups, each_row=known) >= _NEWS


def _is_plan(sample: Sample, feature: int, target: int) -> bool:
    """Return whether a known column has few values and the target many: it moves the target, and is no copy of it."""
    mine, theirs = (len(np.unique(column[~np.isnan(column)])) for column in sample.values[:, [feature, target]].T)
    return mine <= _STATES < theirs


def _shared(y: np.ndarray, feature: np.ndarray, step: int) -> int:
    """Return in how many rows the feature and the target so many rows later are both there."""
    first, last = max(0, -step), len(y) - max(0, step)
    return int((~np.isnan(feature[first:last]) & ~np.isnan(y[first + step : last + step])).sum())
