"""What an audit puts in the place of everything that a forecast may not know."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Float, Int

from seqcast.data.panel import Panel
from seqcast.leaks.outcome import HeldOut

FACTOR = 100.0  # noise of so many spreads of its column: no scale, mean or loss that saw it stays what it was


def corrupted(panel: Panel, known: Int[np.ndarray, "series"], horizon: int) -> Iterator[tuple[str, Panel]]:
    """Yield the panel with everything after the cutoff replaced: by noise, by nothing, by one constant.

    Replaced are the targets and past-only features from the cutoff of each series on, and known features beyond the
    horizon. Times, static features and known features within the horizon stay: they may be known.

    Parameters
    ----------
    known : int array (series,)
        Rows of each series known at the cutoff.

    Examples
    --------
    >>> from seqcast import read_panel
    >>> import polars as pl
    >>> panel = read_panel(pl.DataFrame({"ds": range(4), "y": [1.0, 2.0, 3.0, 4.0]}))
    >>> [(name, spoilt.values[:, 0].round(1).tolist()[:2]) for name, spoilt in corrupted(panel, np.array([2]), 2)]
    [('noise', [1.0, 2.0]), ('missing', [1.0, 2.0]), ('constant', [1.0, 2.0])]
    """
    hidden = held_out_cells(panel, known, horizon)
    for name, values in (
        ("noise", _noise(panel)),
        ("missing", np.full_like(panel.values, np.nan)),
        ("constant", _constant(panel)),
    ):
        yield name, replace(panel, values=np.where(hidden, values, panel.values))


def held_out_cells(panel: Panel, known: Int[np.ndarray, "series"], horizon: int) -> Bool[np.ndarray, "N V"]:
    """Return which values lie where the cutoff hides them."""
    place = np.arange(len(panel.values)) - np.repeat(panel.offsets[:-1], panel.rows)
    cutoff = np.repeat(known, panel.rows)
    ahead = np.array([horizon if name in panel.columns.known else 0 for name in panel.columns.values])
    return place[:, None] >= cutoff[:, None] + ahead[None, :]


def counted(panel: Panel, known: Int[np.ndarray, "series"], horizon: int) -> HeldOut:
    """Return how many values are replaced, by their role."""
    cells = held_out_cells(panel, known, horizon).sum(axis=0)
    targets, past = len(panel.columns.target), len(panel.columns.target) + len(panel.columns.past)
    return HeldOut(
        targets=int(cells[:targets].sum()), past=int(cells[targets:past].sum()), known=int(cells[past:].sum())
    )


def spreads(panel: Panel) -> Float[np.ndarray, "V"]:
    """Return the standard deviation of each column over all rows; 1 where there is none."""
    found = np.array(
        [np.std(column[~np.isnan(column)]) if (~np.isnan(column)).any() else 0.0 for column in panel.values.T]
    )
    return np.where(np.isfinite(found) & (found > 0), found, 1.0)


def _noise(panel: Panel) -> Float[np.ndarray, "N V"]:
    draw = np.random.default_rng(0)
    values = FACTOR * spreads(panel) * draw.normal(size=panel.values.shape)
    for v, name in enumerate(panel.columns.values):
        if name in panel.categories:
            values[:, v] = draw.integers(0, max(len(panel.categories[name]), 1), size=len(values))
    return values


def _constant(panel: Panel) -> Float[np.ndarray, "N V"]:
    constant = FACTOR * spreads(panel)
    for v, name in enumerate(panel.columns.values):
        if name in panel.categories:
            constant[v] = 0.0
    return np.broadcast_to(constant, panel.values.shape)
