"""Running an audit: the procedure on the clean panel, twice, and on each corrupted one."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Int

from seqcast.data.panel import Panel
from seqcast.errors import BudgetError, SeqcastError
from seqcast.evaluate.audit import REPEAT, Audit, Outcome
from seqcast.evaluate.corrupt import corrupted, counted, spreads
from seqcast.types import Forecast, Origins

Procedure = Callable[[Panel], Mapping[str, Any]]
"""From a panel to what is said at the audited cutoff, by name: forecasts, or arrays of any other decision."""

_BREAKDOWNS = (SeqcastError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


def audit(procedure: Procedure, panel: Panel, known: Int[np.ndarray, "series"], horizon: int) -> Audit:
    """Return whether anything that a procedure says hangs on what it could not know.

    Parameters
    ----------
    procedure : callable
        Everything from fitting to the forecast, with its choices. Cutoffs must be fixed beforehand: a corrupted panel
        may end sooner.
    panel : Panel
        The whole table.
    known : int array (series,)
        Rows of each series known at the audited cutoff.
    horizon : int
        Steps for which known features may be read.

    Raises
    ------
    BudgetError
        When the procedure ran out of time, which says nothing of leaks.

    Examples
    --------
    >>> import polars as pl
    >>> from seqcast import read_panel
    >>> panel = read_panel(pl.DataFrame({"ds": range(6), "y": [1.0, 4.0, 2.0, 5.0, 3.0, 9.0]}))
    >>> cut = np.array([4])
    >>> audit(lambda table: {"mean": np.nanmean(table.values[:4])[None]}, panel, cut, horizon=2).passed
    True
    >>> audit(lambda table: {"mean": np.nanmean(table.values)[None]}, panel, cut, horizon=2).leaking
    ('mean',)
    """
    began = time.monotonic()
    clean = dict(procedure(panel))
    outcomes: list[Outcome] = []
    for corruption, spoilt in ((REPEAT, panel), *corrupted(panel, known, horizon)):
        said, reason = _said(procedure, spoilt)
        found = [_compared(panel, name, corruption, (value, said.get(name)), reason) for name, value in clean.items()]
        outcomes += [each for each in found if corruption != REPEAT or not each.passed]
    ordered = sorted(outcomes, key=lambda each: list(clean).index(each.model))
    ends = panel.time_of(Origins(np.arange(len(panel)), known, np.zeros_like(known))) if (known > 0).all() else known
    return Audit(
        cutoff=panel.frequency.label(np.array([ends.max()]))[0] if (known > 0).all() else "",
        held_out=counted(panel, known, horizon),
        outcomes=tuple(ordered),
        seconds=time.monotonic() - began,
    )


def _said(procedure: Procedure, panel: Panel) -> tuple[Mapping[str, Any], str]:
    try:
        return procedure(panel), ""
    except BudgetError:
        raise
    except _BREAKDOWNS as error:
        return {}, f"it broke down: {type(error).__name__}"


def _compared(panel: Panel, name: str, corruption: str, pair: tuple[Any, Any], reason: str) -> Outcome:
    clean, other = (_numbers(value) for value in pair)
    if reason or other is None or clean is None or clean.shape != other.shape:
        size = 0 if clean is None else clean.size
        why = reason or "it said nothing, or something of another shape"
        return Outcome(model=name, corruption=corruption, moved=size, numbers=size, worst=np.inf, reason=why)
    # NaN equals NaN; -0.0 and 0.0 differ in a bit and so they differ here.
    moved = clean.view(np.uint64) != other.view(np.uint64)
    moved &= ~(np.isnan(clean) & np.isnan(other))
    if not moved.any():
        return Outcome(model=name, corruption=corruption, moved=0, numbers=clean.size)
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.where(moved, np.abs(clean - other), 0.0)
    size = np.where(np.isnan(size), np.inf, size)
    place = np.unravel_index(int(np.argmax(size)), size.shape)
    unit, where = 1.0, ""
    if isinstance(pair[0], Forecast):
        unit, where = _place(panel, pair[0], place)
    return Outcome(
        model=name,
        corruption=corruption,
        moved=int(moved.sum()),
        numbers=clean.size,
        worst=float(size.max() / unit),
        where=where,
    )


def _place(panel: Panel, forecast: Forecast, place: tuple[Any, ...]) -> tuple[float, str]:
    origin, step, target = (int(index) for index in place[:3])
    series = panel.series[int(forecast.origins.series[origin])]
    named = f"{series}, " if len(panel) > 1 else ""
    return float(spreads(panel)[target]), f"{named}{panel.columns.target[target]}, step {step + 1}"


def _numbers(value: Any) -> np.ndarray | None:
    if value is None:
        return None
    if isinstance(value, Forecast):
        return np.ascontiguousarray(np.concatenate([value.mean[..., None], value.values], axis=-1))
    return np.ascontiguousarray(np.asarray(value, dtype=np.float64))
