"""Running an audit: the procedure on the clean panel, on each spoilt one, and if need be on the clean one again."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from seqcast.data.panel import Panel
from seqcast.errors import BudgetError, SeqcastError
from seqcast.leaks.corrupt import corrupted, counted, spreads
from seqcast.leaks.outcome import REPEAT, Audit, Outcome
from seqcast.types import Forecast, Origins

Procedure = Callable[[Panel], Mapping[str, Any]]
"""From a panel to what is said at the audited cutoff, by name: forecasts, or arrays of any other decision."""

BREAKDOWNS = (SeqcastError, ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


def audit_procedure(procedure: Procedure, panel: Panel, known: Int[np.ndarray, "series"], horizon: int) -> Audit:
    """Return whether anything that a procedure says hangs on what it could not know.

    Parameters
    ----------
    procedure : callable
        Everything from fitting to the forecast, with its choices. Cutoffs must be fixed beforehand: a spoilt panel may
        end sooner.
    panel : Panel
        The whole table.
    known : int array (series,)
        Rows of each series known at the audited cutoff; 0 for a series that takes no part.
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
    >>> audit_procedure(lambda table: {"mean": np.nanmean(table.values[:4])}, panel, cut, horizon=2).passed
    True
    >>> audit_procedure(lambda table: {"mean": np.nanmean(table.values)}, panel, cut, horizon=2).leaking
    ('mean',)
    """
    began = time.monotonic()
    clean = dict(procedure(panel))
    outcomes: list[Outcome] = []
    for corruption, spoilt in corrupted(panel, known, horizon):
        said, reason = _said(procedure, spoilt)
        outcomes += [compared(name, corruption, value, said.get(name), reason, panel) for name, value in clean.items()]
    if not all(each.passed for each in outcomes):
        # A procedure that draws at random moves as well: only then the clean run is worth its time once more.
        again = procedure(panel)
        twice = [compared(name, REPEAT, value, again.get(name), panel=panel) for name, value in clean.items()]
        outcomes += [each for each in twice if not each.passed]
    names = list(clean)
    return Audit(
        cutoff=cutoff_of(panel, known),
        held_out=counted(panel, known, horizon),
        outcomes=tuple(sorted(outcomes, key=lambda each: names.index(each.model))),
        seconds=time.monotonic() - began,
    )


def compared(
    name: str, corruption: str, clean: Any, other: Any, reason: str = "", panel: Panel | None = None
) -> Outcome:
    """Return what a corruption did to one answer: forecasts, or arrays of floats.

    Parameters
    ----------
    reason : str
        Why there is no other answer.
    panel : Panel, optional
        Names the place of the largest change in a forecast, and its unit.

    Examples
    --------
    >>> compared("naive", "noise", np.array([1.0, 2.0]), np.array([1.0, 2.5])).worst
    0.5
    """
    before, after = numbers_of(clean), None if other is None else numbers_of(other)
    if after is None or before.shape != after.shape:
        why = reason or ("it said nothing" if after is None else "its answer had another shape")
        return Outcome(
            model=name, corruption=corruption, moved=before.size, numbers=before.size, worst=np.inf, reason=why
        )
    # In a bit -0.0 and 0.0 differ, and so they differ here; NaN is NaN, whatever its payload.
    moved = (before.view(np.uint64) != after.view(np.uint64)) & ~(np.isnan(before) & np.isnan(after))
    if not moved.any():
        return Outcome(model=name, corruption=corruption, moved=0, numbers=before.size)
    with np.errstate(invalid="ignore", over="ignore"):
        change = np.where(moved, np.abs(before - after), 0.0)
    change = np.where(np.isnan(change), np.inf, change)
    place = tuple(int(index) for index in np.unravel_index(int(np.argmax(change)), change.shape))
    unit, where = _place(panel, clean, place) if panel is not None and isinstance(clean, Forecast) else (1.0, "")
    worst = float(change.max() / unit)
    return Outcome(
        model=name, corruption=corruption, moved=int(moved.sum()), numbers=before.size, worst=worst, where=where
    )


def numbers_of(value: Any) -> Float[np.ndarray, "..."]:
    """Return what a procedure said as one array of doubles."""
    if isinstance(value, Forecast):
        value = np.concatenate([value.mean[..., None], value.values], axis=-1)
    return np.atleast_1d(np.ascontiguousarray(value, dtype=np.float64))


def _said(procedure: Procedure, panel: Panel) -> tuple[Mapping[str, Any], str]:
    try:
        return procedure(panel), ""
    except BudgetError:
        raise
    except BREAKDOWNS as error:
        return {}, broke_down(error)


def broke_down(error: Exception) -> str:
    """Return in a few words that something broke down.

    Examples
    --------
    >>> broke_down(ValueError("NaN in the input"))
    'it broke down: ValueError, NaN in the input'
    """
    first = str(error).strip().splitlines()
    return f"it broke down: {type(error).__name__}{', ' + first[0][:160] if first else ''}"


def cutoff_of(panel: Panel, known: Int[np.ndarray, "series"]) -> str:
    """Return the latest moment that is known of any series, as the table writes it."""
    there = np.flatnonzero(known > 0)
    if not len(there):
        return ""
    ends = panel.time_of(Origins(there, known[there], np.zeros_like(there)))
    return panel.frequency.label(np.array([ends.max()]))[0]


def _place(panel: Panel, forecast: Forecast, place: tuple[int, ...]) -> tuple[float, str]:
    origin, step, target = place[:3]
    series = panel.series[int(forecast.origins.series[origin])]
    named = f"{series}, " if len(panel) > 1 else ""
    return float(spreads(panel)[target]), f"{named}{panel.columns.target[target]}, step {step + 1}"
