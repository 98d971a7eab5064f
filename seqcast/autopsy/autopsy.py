"""The autopsy of bad forecasts: flat, exploding or worse than naive, with the likely cause and what deals with it.

A forecast that does not move is right of a random walk, and a model is often a little worse than naive by chance; what
is flagged here costs something that the history shows can be had, or falls behind by more than a tenth at most cutoffs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float

from seqcast.autopsy.causes import Case, Reason, Setup, setup_of
from seqcast.autopsy.classical_causes import CLASSICAL_CAUSES
from seqcast.autopsy.network_causes import NETWORK_CAUSES
from seqcast.autopsy.symptoms import FAR, Ground, by_forecast, escaped, repeated, still, worth_having
from seqcast.config import Settings
from seqcast.data.panel import Panel
from seqcast.evaluate.backtest import Backtest
from seqcast.evaluate.leaderboard import Scales, Score
from seqcast.models.names import NETWORK_NAMES
from seqcast.types import Task

Fault = Literal["flat", "exploding", "worse than naive"]

YARDSTICKS = ("naive", "seasonal-naive")
PLAIN = (*YARDSTICKS, "drift")  # they are what others are measured by: only an explosion would be news
BEHIND, FAR_BEHIND = 1.1, 1.5
MOSTLY = 0.7  # of the forecasts
COSTS = 1.25
OFTEN = 0.05  # of all pairs
LOOKED = 12  # pairs whose history is read to name a cause
_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Autopsy:
    """A forecast that failed, and why.

    Parameters
    ----------
    model : str
        Name of the model.
    fault : "flat", "exploding" or "worse than naive"
        What is wrong with its forecasts; the gravest, where several are.
    where : str
        In how many places, and the names of the first few.
    evidence : str
        The figures that tell it, in a sentence.
    cause : str
        What most likely lies behind it.
    option : str
        Which option deals with it.

    Examples
    --------
    >>> Autopsy(model="lstm", fault="flat", where="1 of 1: y", evidence="Its forecasts do not move.",
    ...         cause="The rate is so low that nothing was learnt.", option="--set training.lr=0.002").fault
    'flat'
    """

    model: str
    fault: Fault
    where: str
    evidence: str
    cause: str
    option: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the autopsy as JSON values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class _Symptom:
    """A fault, and the pairs that show it, the worst by their error."""

    fault: Fault
    pairs: Bool[np.ndarray, "series K"]
    evidence: str


def autopsies(
    panel: Panel,
    task: Task,
    backtests: Mapping[str, Backtest],
    scores: Sequence[Score],
    settings: Settings | None = None,
) -> tuple[Autopsy, ...]:
    """Return an autopsy of each model whose forecasts failed, in the order of the models.

    Parameters
    ----------
    panel : Panel
        The whole table.
    task : Task
        What was asked.
    backtests : mapping of str to Backtest
        What each model said, all at the same origins; the more origins, the surer.
    scores : sequence of Score
        Of the same origins: who is behind whom is what the leaderboard says.
    settings : Settings or None
        Of the run: what its networks were trained with. Without them fewer causes can be told.

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> from seqcast.evaluate.leaderboard import leaderboard
    >>> from seqcast.types import Forecast, Origins
    >>> wave = np.tile([0.0, 9.0, 5.0], 20)
    >>> panel = read_panel(pl.DataFrame({"ds": range(60), "y": wave}))
    >>> origins = Origins(np.zeros(3, int), np.array([48, 51, 54]), np.arange(3))
    >>> def said(values):
    ...     return Backtest(Forecast(origins, (0.5,), values, values[..., None]), seconds=0.0)
    >>> right, middle = np.tile([[0.0], [9.0], [5.0]], (3, 1, 1)), np.full((3, 3, 1), 4.7)
    >>> tests = {"seasonal-naive": said(right), "arma": said(middle)}
    >>> task = Task(horizon=3, season=3, quantiles=(0.5,))
    >>> pairs = {name: (test.forecast, test.seconds) for name, test in tests.items()}
    >>> found = autopsies(panel, task, tests, leaderboard(panel, task, pairs, np.array([48])))
    >>> [(each.model, each.fault, each.where) for each in found]
    [('arma', 'flat', '1 of 1: y')]
    """
    if not backtests or not all(len(test.forecast.origins) for test in backtests.values()):
        return ()
    with np.errstate(over="ignore", invalid="ignore"):
        return _Looked.of(panel, task, backtests, scores).autopsies(settings)


@dataclass(frozen=True, eq=False)
class _Looked:
    """All backtests on one ground: MASE by model, medians (N, H, K), and the scaled error of each pair."""

    ground: Ground
    tests: Mapping[str, Backtest]
    mase: Mapping[str, float]
    medians: Mapping[str, Float[np.ndarray, "N H K"]]
    errors: Mapping[str, Float[np.ndarray, "series K"]]

    @classmethod
    def of(cls, panel: Panel, task: Task, tests: Mapping[str, Backtest], scores: Sequence[Score]) -> "_Looked":
        ground = Ground.of(panel, task, next(iter(tests.values())).forecast.origins)
        scale = Scales.of(panel, ground.first, task.season).absolute
        medians = {name: ground.median(test.forecast) for name, test in tests.items()}
        errors = {name: ground.error(said) / scale for name, said in medians.items()}
        # A model whose forecasts are missing has no MASE: it is behind all that have one.
        mase = {score.model: score.mase if score.mase == score.mase else np.inf for score in scores}
        return cls(ground, tests, mase, medians, errors)

    def autopsies(self, settings: Settings | None) -> tuple[Autopsy, ...]:
        found = []
        for name in self.tests:
            symptom = self.exploding(name)
            if symptom is None and name not in PLAIN:
                symptom = self.flat(name) or self.behind(name)
            if symptom is not None:
                reason = _reason(self._case(name, symptom, settings))
                where = self._where(symptom.pairs)
                found.append(
                    Autopsy(
                        model=name,
                        fault=symptom.fault,
                        where=where,
                        evidence=symptom.evidence,
                        cause=reason.cause,
                        option=reason.option,
                    )
                )
        return tuple(found)

    def exploding(self, name: str) -> _Symptom | None:
        """Find forecasts that are not finite, or leave the history by far."""
        median, ground = self.medians[name], self.ground
        far, ranges = escaped(ground, median)
        if not far.any():
            return None
        pairs = np.zeros((len(ground.panel), far.shape[1]), dtype=bool)
        np.logical_or.at(pairs, ground.origins.series, far)
        lost = int((~np.isfinite(median)).sum())
        if lost:
            return _Symptom("exploding", pairs, f"{lost:,} of {median.size:,} forecast values are no finite numbers.")
        gone = np.where(far[:, None], ranges, 0.0)
        step = 1 + int(gone.max(axis=(0, 2)).argmax())
        grows = f" at step {step}, {gone[:, 0].max():.2g} at step 1" if step > 1 else " at step 1"
        return _Symptom(
            "exploding",
            pairs,
            f"It leaves the history by up to {gone.max():.3g} times its range{grows}; {FAR:g} times is far.",
        )

    def flat(self, name: str) -> _Symptom | None:
        """Find forecasts that do not move though the history has something to follow and another model follows it."""
        median = np.where(np.isfinite(self.medians[name]), self.medians[name], np.nan)
        held, same = still(self.ground, median), repeated(self.ground, median)
        best = np.fmin.reduce([error for other, error in self.errors.items() if other != name] or [self.errors[name]])
        pairs = (held | same) & (self.errors[name] >= COSTS * best)
        looked = self._worst(name, pairs)
        # What moves with the cutoffs follows the level already.
        follows = [set() if same[pair] else {"level"} for pair in looked]
        missed = [
            bool(set(worth_having(self.ground, *pair)) - kept) for pair, kept in zip(looked, follows, strict=True)
        ]
        # Of many series some always look so by chance.
        if not sum(missed) > len(looked) / 2 or pairs.sum() < OFTEN * self._judged(pairs):
            return None
        behind = float(np.median((self.errors[name] / np.where(best > 0, best, np.nan))[pairs]))
        how = "says the same from every cutoff" if (same & pairs).any() else "does not move along the horizon"
        cost = f"; its error is {behind:.3g} times that of the best model there" if np.isfinite(behind) else ""
        return _Symptom("flat", pairs, f"It {how} while what came moved{cost}.")

    def behind(self, name: str) -> _Symptom | None:
        """Find forecasts that fall behind the better one of naive and seasonal naive, by far and most of the time."""
        rivals = [other for other in YARDSTICKS if other in self.tests and np.isfinite(self.mase.get(other, np.inf))]
        if not rivals or name not in self.mase:
            return None
        rival = min(rivals, key=lambda other: self.mase[other])
        mine, its = self.mase[name], self.mase[rival]
        if mine <= BEHIND * its:
            return None
        cells = by_forecast(self.ground, self.medians[name]), by_forecast(self.ground, self.medians[rival])
        judged = ~np.isnan(cells[0]) & ~np.isnan(cells[1])
        lost = int((cells[0] > cells[1])[judged].sum())
        if not _beaten(lost, int(judged.sum()), mine / its if its > 0 else np.inf):
            return None
        pairs = self.errors[name] > BEHIND * self.errors[rival]
        more = f"{100 * (mine / its - 1):.0f} % above" if its > 0 and np.isfinite(mine) else "above"
        return _Symptom(
            "worse than naive",
            pairs,
            f"Its error is {more} that of {rival} (MASE {mine:.3f} against {its:.3f}), and larger at {lost:,} of "
            f"{judged.sum():,} forecasts.",
        )

    def _worst(self, name: str, among: Bool[np.ndarray, "series K"]) -> list[tuple[int, int]]:
        """Return the pairs of the largest error, at most as many as are looked at."""
        series, target = np.nonzero(among)
        order = np.argsort(-np.nan_to_num(self.errors[name][series, target], nan=0.0), kind="stable")[:LOOKED]
        return list(zip(series[order].tolist(), target[order].tolist(), strict=True))

    def _case(self, name: str, symptom: _Symptom, settings: Settings | None) -> Case:
        looked = self._worst(name, symptom.pairs)
        each = [worth_having(self.ground, *pair) for pair in looked]
        usual = {
            kind: float(np.mean([worth[kind] for worth in each if kind in worth]))
            for kind in ("level", "season", "trend")
            if sum(kind in worth for worth in each) > len(each) / 2
        }
        first, test = self.ground.first, self.tests[name]
        setup: Setup | None = None
        if settings is not None and test.records and name in NETWORK_NAMES:
            setup = setup_of(name, settings, self.ground.task, int(first.max()))
        return Case(
            model=name,
            fault=symptom.fault,
            task=self.ground.task,
            rows=int(np.median(first[[series for series, _ in looked]])) if looked else int(np.median(first)),
            worth=usual,
            records=test.records,
            ending=test.ending,
            setup=setup,
        )

    def _judged(self, pairs: Bool[np.ndarray, "series K"]) -> int:
        return np.unique(self.ground.origins.series).size * pairs.shape[1]

    def _where(self, pairs: Bool[np.ndarray, "series K"]) -> str:
        panel = self.ground.panel
        series, target = np.nonzero(pairs)
        named = [_name(panel, s, k) for s, k in zip(series[:_NAMED].tolist(), target[:_NAMED].tolist(), strict=True)]
        return f"{len(series):,} of {self._judged(pairs):,}: {', '.join(named)}{', …' * (len(series) > _NAMED)}"


def _beaten(lost: int, judged: int, ratio: float) -> bool:
    """Return whether a model that loses so many of its forecasts, by such a ratio of errors, does so by no chance."""
    if ratio > FAR_BEHIND:
        return lost > judged / 2
    # A coin that is tossed so often shows more of one side in one of twenty trials only.
    chance = judged / 2 + 1.645 * math.sqrt(judged) / 2
    return lost >= MOSTLY * judged and lost >= chance


def _reason(case: Case) -> Reason:
    """Return the surest cause; the last of the rules always answers."""
    rules = NETWORK_CAUSES if case.records else CLASSICAL_CAUSES
    return next(found for rule in rules if (found := rule(case)) is not None)


def _name(panel: Panel, series: int, target: int) -> str:
    names = [panel.series[series]] * (len(panel) > 1) + [panel.columns.target[target]] * (len(panel.columns.target) > 1)
    return " · ".join(names) or panel.columns.target[target]
