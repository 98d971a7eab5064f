"""A run as the report wants it: what went in and what came out, in one value."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seqcast.autopsy.autopsy import Autopsy
from seqcast.data.panel import Panel
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.coverage import Coverage, Pit
from seqcast.evaluate.leaderboard import Score
from seqcast.evaluate.verdict import Verdict
from seqcast.leaks.outcome import Audit
from seqcast.train.progress import EpochRecord
from seqcast.types import Forecast, Task


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """Everything that one run gave, as the report wants it.

    Parameters
    ----------
    panel : Panel
        The table, whole.
    task : Task
        What was asked.
    scores : sequence of Score
        The leaderboard.
    backtests : mapping of str to Forecast
        Forecasts of past windows, by model.
    final : mapping of str to Forecast
        Forecasts past the last row, by model.
    training : mapping of str to sequence of EpochRecord
        How each network learnt; its keys are the networks of the run.
    settings : mapping
        `run.toml`, as it will be shown.
    versions : mapping of str to str
        Libraries and their versions.
    notes : sequence of str
        What was inferred, mended, cut or left out, in sentences.
    seconds : float
        Wall time of the run.
    source : str
        Name of the table, for people.
    command : str
        The command that repeats the run.
    audit, unaudited : Audit or None, str
        Whether anything leaked; without an audit, why there was none.
    verdict : Verdict or None
        Whether a network is worth it.
    choice : Choice or None
        What was chosen on the inner windows, and what it then scored on the outer ones.
    coverage, raw_coverage : sequence of Coverage
        Of the intervals as they are given, and of the same models before calibration.
    pit : sequence of Pit
        Where actual values fell in the distributions as they are given.
    autopsies : sequence of Autopsy
        Forecasts that failed, and why.
    """

    panel: Panel
    task: Task
    scores: Sequence[Score]
    backtests: Mapping[str, Forecast]
    final: Mapping[str, Forecast]
    training: Mapping[str, Sequence[EpochRecord]] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    seconds: float = math.nan
    source: str = ""
    command: str = "seqcast run --config run.toml"
    audit: Audit | None = None
    unaudited: str = ""
    verdict: Verdict | None = None
    choice: Choice | None = None
    coverage: Sequence[Coverage] = ()
    raw_coverage: Sequence[Coverage] = ()
    pit: Sequence[Pit] = ()
    autopsies: Sequence[Autopsy] = ()
