"""Is a network worth it here? Answered by tests that pay for few windows and for choosing the best of many models."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from jaxtyping import Int

from seqcast.data.panel import Panel
from seqcast.evaluate.comparisons import CONFIDENCE, Comparison, best_of, compared, ranked
from seqcast.evaluate.leaderboard import BASELINE, Backtests
from seqcast.evaluate.pieces import Losses, losses_of
from seqcast.evaluate.ranks import Ranks
from seqcast.evaluate.wording import Entrants, details, sentence
from seqcast.forecasters.ensemble import GREEDY, MEDIAN
from seqcast.types import Task


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a network is worth it, and what the answer rests on.

    Parameters
    ----------
    sentence : str
        The answer in one plain sentence.
    details : tuple of str
        What else must be known to believe it, in sentences.
    comparisons : tuple of Comparison
        Every model against seasonal naive, then every network against the best classical model where that is another.
    confidence_set : tuple of str
        The models of which none can be told from the best, the lowest error first.
    confidence : float
        How sure it is that the best model is among them.
    ranks : Ranks or None
        Average ranks over series, where there are enough of them.
    points : int
        Observed values that every model was judged by.
    windows : int
        Cutoffs that they belong to.
    """

    sentence: str
    details: tuple[str, ...]
    comparisons: tuple[Comparison, ...]
    confidence_set: tuple[str, ...]
    confidence: float
    ranks: Ranks | None
    points: int
    windows: int

    def to_mapping(self) -> dict[str, object]:
        """Return the verdict as JSON values; a number that is not finite is None.

        Examples
        --------
        >>> import json
        >>> import polars as pl
        >>> from seqcast import read_panel
        >>> panel = read_panel(pl.DataFrame({"ds": ["2024-01-01", "2024-01-02", "2024-01-03"], "y": [1.0, 2.0, 4.0]}))
        >>> nothing = judge(panel, Task(horizon=1), {}, np.array([2]), ["lstm"]).to_mapping()
        >>> json.dumps(nothing["confidence_set"]), nothing["points"]
        ('[]', 0)
        """
        return {key: _plain(value) for key, value in asdict(self).items()}


def judge(
    panel: Panel,
    task: Task,
    backtests: Backtests,
    first_cutoff_rows: Int[np.ndarray, "series"],
    networks: Sequence[str],
) -> Verdict:
    """Say whether a network is worth it here: the best one against seasonal naive and the best classical model.

    Parameters
    ----------
    panel : Panel
        The whole table; what came after each origin is read from it.
    task : Task
        Horizon and season.
    backtests : mapping of str to (Forecast, seconds)
        What each model said at the same origins, and what it cost.
    first_cutoff_rows : int array (series,)
        Rows of each series known at the first cutoff: the training part that scaled errors are measured by.
    networks : sequence of str
        Names of the models that are networks; ensembles are neither these nor classical.

    Raises
    ------
    ValueError
        When the models were judged at other origins.
    """
    losses = losses_of(panel, task, backtests, first_cutoff_rows)
    seconds = {name: cost for name, (_, cost) in backtests.items()}
    ordered = sorted(losses.mase, key=lambda name: (losses.mase[name], name))
    entrants = Entrants(
        networks=tuple(name for name in ordered if name in networks),
        classical=tuple(name for name in ordered if name not in (*networks, GREEDY, MEDIAN)),
        failed=tuple(name for name in backtests if name not in losses.mase),
        asked=tuple(name for name in networks if name in backtests),
    )
    comparisons = _comparisons(losses, ordered, entrants, seconds)
    best = best_of(losses, ordered)
    ranks = ranked(losses, ordered)
    return Verdict(
        sentence=sentence(losses, entrants, comparisons),
        details=details(losses, entrants, comparisons, best, ranks),
        comparisons=comparisons,
        confidence_set=best,
        confidence=CONFIDENCE,
        ranks=ranks,
        points=losses.points,
        windows=losses.windows,
    )


def _comparisons(
    losses: Losses, ordered: Sequence[str], entrants: Entrants, seconds: dict[str, float]
) -> tuple[Comparison, ...]:
    found: tuple[Comparison, ...] = ()
    if BASELINE in ordered:
        found = compared(losses, [name for name in ordered if name != BASELINE], BASELINE, seconds)
    if entrants.classical and entrants.rival != BASELINE:
        found += compared(losses, entrants.networks, entrants.rival, seconds)
    return found


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
