"""The audit of anybody's forecaster: a function from what is known, and what comes, to a forecast.

The function is given what comes on purpose. A cross-validation wants the whole table, and whether it keeps to what was
known at the cutoff is the question.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from seqcast.config import built
from seqcast.data.export import to_frame
from seqcast.data.frames import is_frame, kind_of, read_frame, to_kind
from seqcast.data.options import RoleOptions, TableOptions
from seqcast.data.panel import Panel
from seqcast.data.table import read_panel
from seqcast.errors import ConfigError, HistoryError
from seqcast.leaks.corrupt import corrupted, counted
from seqcast.leaks.outcome import REPEAT, Audit, Outcome
from seqcast.leaks.procedure import BREAKDOWNS, broke_down, compared, cutoff_of

Call = Callable[[Any, Any], Any]
_FEWEST = 2  # rows of a series that are known


def audit(
    forecaster: Call,
    data: Any,
    horizon: int,
    *,
    columns: RoleOptions | Mapping[str, Any] | None = None,
    table: TableOptions | Mapping[str, Any] | None = None,
) -> Audit:
    """Return whether a forecaster, yours or of any library, has seen what it could not know.

    The last `horizon` rows of each series are held out. The forecaster is called on the clean table, and again with
    everything held out turned to noise, taken out, and turned to one constant: what it says must stay the same to the
    last bit. Known features of the held-out rows stay as they are. A forecaster that draws at random must seed itself.

    Parameters
    ----------
    forecaster : callable
        `(train, future) -> forecast`. Both are tables of the kind of `data`: the rows before the cutoff, and the rows
        after it. It returns a table, an array, or a mapping from names of models to these.
    data : path or table
        Everything, in long form: one row for each series and time.
    horizon : int
        Steps held out.
    columns : RoleOptions or mapping
        Which column plays which role: `{"target": ["y"], "known": ["holiday"]}`; recognised where left out.
    table : TableOptions or mapping
        How the table is to be read.

    Raises
    ------
    HistoryError
        When no series is longer than the horizon.
    ConfigError
        When the forecaster returns nothing that numbers can be read from.
    InputError
        When the table cannot be read.

    Examples
    --------
    >>> history = pl.DataFrame({"ds": range(8), "y": [1.0, 4.0, 2.0, 5.0, 3.0, 9.0, 4.0, 8.0]})
    >>> def honest(train, future):
    ...     return {"mean": [train["y"].mean()] * len(future)}
    >>> def leaking(train, future):
    ...     return {"mean of all": [pl.concat([train, future])["y"].mean()] * len(future)}
    >>> audit(honest, history, horizon=2).sentence
    'passed: 1 model, 3 corruptions of 2 held-out values each; every forecast is bit-identical'
    >>> audit(leaking, history, horizon=2).leaking
    ('mean of all',)
    """
    began = time.monotonic()
    roles = columns if isinstance(columns, RoleOptions) else built(RoleOptions, columns or {}, "columns")
    reading = table if isinstance(table, TableOptions) else built(TableOptions, table or {}, "table")
    panel = read_panel(data, roles, reading)
    known = panel.history - horizon
    if horizon < 1 or (known < _FEWEST).all():
        raise HistoryError(
            f"An audit holds out the last steps of each series and needs {_FEWEST} rows before them; got a horizon of "
            f"{horizon} and {panel.history.max()} rows in the longest series. Give a shorter horizon."
        )
    panel, known = _long_enough(panel, known)
    call = _Caller(forecaster, panel, known, kind_of(data))
    clean, _ = call.of(panel)
    outcomes: list[Outcome] = []
    for corruption, spoilt in corrupted(panel, known, horizon):
        outcomes += _outcomes(corruption, clean, *call.of(spoilt, forgiving=True))
    if not all(each.passed for each in outcomes):
        outcomes += [each for each in _outcomes(REPEAT, clean, *call.of(panel)) if not each.passed]
    names = list(clean)
    return Audit(
        cutoff=cutoff_of(panel, known),
        held_out=counted(panel, known, horizon),
        outcomes=tuple(sorted(outcomes, key=lambda each: names.index(each.model))),
        seconds=time.monotonic() - began,
    )


class _Caller:
    """Calls a forecaster with the two parts of a table of the kind that came in."""

    def __init__(self, forecaster: Call, panel: Panel, known: np.ndarray, kind: str):
        self.forecaster, self.kind = forecaster, kind
        place = np.arange(len(panel.values)) - np.repeat(panel.offsets[:-1], panel.rows)
        self._before = pl.Series(place < np.repeat(known, panel.rows))

    def of(self, panel: Panel, *, forgiving: bool = False) -> tuple[dict[str, "_Table"], str]:
        """Return what is said of each model, and why nothing is where it broke down."""
        whole = to_frame(panel)
        parts = (to_kind(whole.filter(rows), self.kind) for rows in (self._before, ~self._before))
        try:
            said = self.forecaster(*parts)
        except BREAKDOWNS as error:
            if not forgiving:
                raise
            return {}, broke_down(error)
        named = said if isinstance(said, Mapping) else {getattr(self.forecaster, "__name__", "forecaster"): said}
        return {str(name): _Table.of(answer) for name, answer in named.items()}, ""


class _Table:
    """What a forecaster said, as numbers with the names of their columns."""

    def __init__(self, values: np.ndarray, columns: tuple[str, ...]):
        self.values, self.columns = values, columns

    @classmethod
    def of(cls, answer: Any) -> "_Table":
        """Read a table or an array; columns that are no numbers are left aside."""
        if is_frame(answer):
            frame = read_frame(answer, "the forecast").frame
            numeric = frame.select(pl.col(name) for name, kind in frame.schema.items() if kind.is_numeric())
            return cls(numeric.cast(pl.Float64).fill_null(np.nan).to_numpy(), tuple(numeric.columns))
        try:
            values = np.asarray(() if answer is None else answer, dtype=np.float64)
        except (TypeError, ValueError):
            values = np.empty(0)
        if not values.size:
            raise ConfigError(
                "A forecaster returns a table, an array, or a mapping from names to these; got "
                f"{type(answer).__name__} without a number. Return its forecast."
            )
        return cls(values, ())


def _outcomes(corruption: str, clean: Mapping[str, _Table], said: Mapping[str, _Table], reason: str) -> list[Outcome]:
    return [_outcome(name, corruption, table, said.get(name), reason) for name, table in clean.items()]


def _outcome(name: str, corruption: str, clean: _Table, other: _Table | None, reason: str) -> Outcome:
    found = compared(name, corruption, clean.values, None if other is None else other.values, reason)
    if found.passed or found.reason or other is None or clean.values.ndim != 2 or not clean.columns:
        return found
    with np.errstate(invalid="ignore"):
        change = np.nan_to_num(np.abs(clean.values - other.values), nan=np.inf)
    row, column = np.unravel_index(int(np.argmax(change)), change.shape)
    return replace(found, where=f"{clean.columns[int(column)]}, row {int(row) + 1}")


def _long_enough(panel: Panel, known: np.ndarray) -> tuple[Panel, np.ndarray]:
    """Leave out series that have no history before the cutoff."""
    enough = np.flatnonzero(known >= _FEWEST)
    return (panel, known) if len(enough) == len(known) else (panel.only(enough), known[enough])
