"""A run as the report wants it: what went in and what came out, in one value."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seqcast.data.panel import Panel
from seqcast.evaluate.leaderboard import Score
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
