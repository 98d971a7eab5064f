"""Average ranks of models over many series: who is ahead of whom more often than chance would have it.

After Friedman (1937), Iman & Davenport (1980) and Nemenyi (1963), as told by Demšar (2006). Ranks look only at who is
better on a series, never by how much: one series with enormous errors decides nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import chdtrc, fdtrc


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """Average ranks of models over series, the best first; 1 would be best on every series.

    Parameters
    ----------
    models : tuple of str
        Names, the lowest average rank first.
    average : tuple of float
        Average rank of each.
    critical_difference : float
        Nemenyi: two models whose average ranks lie closer than this cannot be told apart.
    series : int
        Series over which ranks were averaged.
    chi_square, chi_square_p : float
        Friedman's statistic, and the chance of one as large among equal models.
    f, f_p : float
        The same after Iman and Davenport, which is less timid.
    """

    models: tuple[str, ...]
    average: tuple[float, ...]
    critical_difference: float
    series: int
    chi_square: float
    chi_square_p: float
    f: float
    f_p: float


def average_ranks(models: Sequence[str], losses: Float[np.ndarray, "N M"], level: float = 0.05) -> Ranks:
    """Rank the models on every series and test whether their average ranks differ.

    Series count as independent; where they move together the tests see too much.

    Parameters
    ----------
    models : sequence of str
        Names of the M models, two at least.
    losses : float array (N, M)
        Loss of each model on each of N series, two at least; equal losses share their ranks.
    level : float
        Of the critical difference.

    Examples
    --------
    >>> ranks = average_ranks(("a", "b", "c"), np.array([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0], [2.0, 1.0, 3.0]]))
    >>> ranks.models, round(ranks.chi_square, 3)
    (('b', 'c', 'a'), 4.667)
    """
    from scipy.stats import rankdata  # half a second to import, and few tables have series enough

    count, width = losses.shape
    ranked = rankdata(losses, axis=1)
    average = ranked.mean(axis=0)
    # Friedman's statistic over the spread that ranks really have: with ties it is less than that of 1 … M.
    between = count**2 * float(((average - (width + 1) / 2) ** 2).sum())
    spread = float(((ranked - (width + 1) / 2) ** 2).sum()) / (width - 1)
    chi_square = between / spread if spread > 0 else 0.0
    room = count * (width - 1) - chi_square
    f = (count - 1) * chi_square / room if room > 1e-9 * count * (width - 1) else math.inf
    order = np.argsort(average, kind="stable")
    return Ranks(
        models=tuple(models[place] for place in order),
        average=tuple(float(average[place]) for place in order),
        critical_difference=critical_difference(width, count, level),
        series=count,
        chi_square=chi_square,
        chi_square_p=float(chdtrc(width - 1, chi_square)),
        f=f,
        f_p=float(fdtrc(width - 1, (width - 1) * (count - 1), f)),
    )


def critical_difference(models: int, series: int, level: float = 0.05) -> float:
    """Return how far apart two average ranks must lie to differ at the level, after Nemenyi.

    Examples
    --------
    >>> round(critical_difference(models=4, series=14), 2)
    1.25
    """
    from scipy.stats import studentized_range

    studentised = float(studentized_range.isf(level, models, np.inf)) / math.sqrt(2)
    return studentised * math.sqrt(models * (models + 1) / (6 * series))
