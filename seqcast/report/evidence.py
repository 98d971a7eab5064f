"""What the four answers of the page rest on: was there a leak, is a network worth it, are the intervals honest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from seqcast.autopsy.autopsy import Autopsy
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.coverage import Coverage, Pit
from seqcast.evaluate.verdict import Verdict
from seqcast.leaks.outcome import Audit
from seqcast.report.run import Run

SHOWN_LEVELS = (0.8, 0.95)


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """How often one central interval of one model held what came, and before calibration.

    Parameters
    ----------
    nominal : float
        What it promises.
    share, low, high : float array (H,)
        Measured by step, with the band that the true share of each step lies in; nan where nothing was judged.
    before : float array (H,)
        Measured by step before calibration; nan without one.
    total, total_before : float
        Over all steps.
    band : tuple of float
        Of `total`.
    width, width_before : float
        Mean width, in the unit of the target.
    """

    model: str
    nominal: float
    share: Float[np.ndarray, "H"]
    low: Float[np.ndarray, "H"]
    high: Float[np.ndarray, "H"]
    before: Float[np.ndarray, "H"]
    total: float
    total_before: float
    band: tuple[float, float]
    width: float
    width_before: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """The parts of a run that tell how far its numbers can be believed; each may be missing.

    Parameters
    ----------
    audit, unaudited : Audit or None, str
        What the audit for leaks found, else why there was none.
    verdict : Verdict or None
        Whether a network is worth it.
    choice : Choice or None
        What was chosen on the inner windows.
    held : tuple of Held
        By model and interval, in the order of the leaderboard, the widest interval first.
    pit : tuple of Pit
        In the order of the leaderboard.
    autopsies : tuple of Autopsy
        Forecasts that failed, in the order of the leaderboard.
    """

    audit: Audit | None
    unaudited: str
    verdict: Verdict | None
    choice: Choice | None
    held: tuple[Held, ...]
    pit: tuple[Pit, ...]
    autopsies: tuple[Autopsy, ...]

    @property
    def given(self) -> bool:
        """Whether there is anything that answers a question."""
        return bool(self.audit or self.unaudited or self.verdict or self.choice or self.held)


def evidence_of(run: Run, ranks: Mapping[str | None, int]) -> Evidence:
    """Return the evidence of a run, in the order that `ranks` gives the models."""

    def place(part: Coverage | Pit | Autopsy) -> int:
        return ranks.get(part.model, len(ranks))

    before = {(part.model, part.nominal): part for part in run.raw_coverage}
    shown = shown_levels(run.coverage)
    kept = [part for part in run.coverage if part.nominal in shown]
    held = [_held(part, before.get((part.model, part.nominal))) for part in sorted(kept, key=place)]
    return Evidence(
        audit=run.audit,
        unaudited=run.unaudited,
        verdict=run.verdict,
        choice=run.choice,
        held=tuple(held),
        pit=tuple(sorted(run.pit, key=place)),
        autopsies=tuple(sorted(run.autopsies, key=place)),
    )


def shown_levels(coverage: Sequence[Coverage]) -> tuple[float, ...]:
    """Return the promises that the page shows, largest first: 95 % and 80 %, and the largest where it is another."""
    levels = sorted({part.nominal for part in coverage}, reverse=True)
    usual = [level for level in levels if any(abs(level - known) < 1e-9 for known in SHOWN_LEVELS)]
    return tuple(dict.fromkeys([*levels[:1], *usual]))


def _held(part: Coverage, raw: Coverage | None) -> Held:
    nothing = np.full(len(part.hits), np.nan)
    return Held(
        model=part.model,
        nominal=part.nominal,
        share=_share(part),
        low=np.where(part.counts > 0, part.low, np.nan),
        high=np.where(part.counts > 0, part.high, np.nan),
        before=_share(raw) if raw else nothing,
        total=part.share,
        total_before=raw.share if raw else float("nan"),
        band=part.band,
        width=part.width,
        width_before=raw.width if raw else float("nan"),
    )


def _share(part: Coverage) -> Float[np.ndarray, "H"]:
    return np.divide(part.hits, part.counts, out=np.full(len(part.hits), np.nan), where=part.counts > 0)
