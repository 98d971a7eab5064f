"""Known columns as the regressors of a regression with ARIMA errors.

Here they are taken from a panel, those that cannot be told apart are left out, and the rest are turned into a form in
which an optimiser finds their coefficients at once.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from seqcast.data.panel import Panel
from seqcast.forecasters.orders import ArimaOrder

LEAST_SHARE = 1e-7
"""A column of which less than this share is its own, beside what the model has already, cannot be told apart."""


@dataclass(frozen=True, eq=False)
class Known:
    """The known columns of one forecast: the rows of its history, then those of its horizon; NaN where missing.

    Examples
    --------
    >>> Known(("holiday",), np.arange(5.0)[:, None]).latest(2).values.ravel().tolist()
    [3.0, 4.0]
    """

    names: tuple[str, ...]
    values: Float[np.ndarray, "T X"]

    def latest(self, rows: int) -> "Known":
        """Return the last `rows` rows."""
        return Known(self.names, self.values[-rows:])


def known_at(panel: Panel, series: int, low: int, rows: int, horizon: int) -> Known:
    """Return the known columns of one series from row `low` to the end of the horizon after row `rows`, and no further.

    A categorical column becomes a column of 0 and 1 for each of its labels in the history but the most frequent, which
    the others are measured against. A label that comes up only in the horizon counts as the most frequent one.

    Examples
    --------
    >>> from seqcast.data.table import RoleOptions, read_panel
    >>> import polars as pl
    >>> table = pl.DataFrame({"ds": ["2024-01-01", "2024-01-02", "2024-01-03"], "y": [1.0, 2.0, None], "k": [7, 8, 9]})
    >>> known_at(read_panel(table, RoleOptions(known=("k",))), 0, low=1, rows=2, horizon=1).values.ravel().tolist()
    [8.0, 9.0]
    """
    first = len(panel.columns.values) - len(panel.columns.known)
    start, end = panel.offsets[series], panel.offsets[series + 1]
    there = panel.values[start + low : min(start + rows + horizon, end), first:]
    block = np.full((rows + horizon - low, there.shape[1]), np.nan)
    block[: len(there)] = there
    columns: dict[str, np.ndarray] = {}
    for name, column in zip(panel.columns.known, block.T, strict=True):
        if name in panel.categories:
            columns |= _against_the_commonest(name, column, rows - low, panel.categories[name])
        else:
            columns[name] = column
    return Known(tuple(columns), np.column_stack([np.empty((len(block), 0)), *columns.values()]))


def _against_the_commonest(
    name: str, codes: Float[np.ndarray, "T"], history: int, labels: tuple[str, ...]
) -> dict[str, np.ndarray]:
    seen, counts = np.unique(codes[:history][~np.isnan(codes[:history])], return_counts=True)
    others = np.delete(seen, np.argmax(counts)) if len(seen) else seen
    return {f"{name}={labels[int(code)]}": np.where(np.isnan(codes), np.nan, codes == code) for code in others}


@dataclass(frozen=True, eq=False)
class Design:
    """Regressors that can be told apart, turned so that they are orthogonal and of variance one in the history.

    Parameters
    ----------
    names : tuple of str
        The columns that were kept, in their order.
    values : float array (T, X)
        The turned columns; where the history of a column is missing they are NaN.
    turn : float array (X, X)
        What the coefficients of the turned columns are to be multiplied by to be those of the columns themselves.
    level : float array (X,)
        The mean that was taken off each column; zero where the model has no mean.
    dropped : tuple of str
        The columns that were left out.
    """

    names: tuple[str, ...]
    values: Float[np.ndarray, "T X"]
    turn: Float[np.ndarray, "X X"]
    level: Float[np.ndarray, "X"]
    dropped: tuple[str, ...] = ()


def design(known: Known, seen: Bool[np.ndarray, "history"], order: ArimaOrder, season: int) -> Design:
    """Return the columns that say something of their own in the history, in a form that is easy to estimate with.

    Left out is what the mean or the differences of the model take out anyway, such as a constant, and what is a sum of
    columns before it. Turning the rest changes neither their likelihood nor the forecast, only the optimiser's work.

    Parameters
    ----------
    known : Known
        The columns; more rows than the history where there is something to forecast.
    seen : bool array (history,)
        Where the history was observed.
    order : ArimaOrder
        Its differences say what can be told apart.
    season : int
        Steps of the season.

    Examples
    --------
    >>> known = Known(("one", "trend", "twice"), np.column_stack([np.ones(9), np.arange(9.0), 2 * np.arange(9.0)]))
    >>> chosen = design(known, np.ones(9, dtype=bool), ArimaOrder(p=1), 1)
    >>> chosen.names, chosen.dropped, float(chosen.level[0])
    (('trend',), ('one', 'twice'), 4.0)
    """
    used = np.flatnonzero(seen & ~np.isnan(known.values[: len(seen)]).any(axis=1))
    gone = _taken_out(order, season, len(known.values))
    coefficients = np.linalg.lstsq(gone[used], known.values[used], rcond=None)[0]
    rest = known.values - gone @ coefficients
    basis = np.empty((len(used), 0))
    kept: list[int] = []
    for column, values in enumerate(rest[used].T):
        own = values - basis @ (basis.T @ values)
        if np.linalg.norm(own) > LEAST_SHARE * np.linalg.norm(known.values[used, column]):
            kept.append(column)
            basis = np.column_stack([basis, own / np.linalg.norm(own)])
    turn = np.linalg.inv(np.linalg.qr(rest[used][:, kept])[1]) * np.sqrt(len(used)) if kept else np.empty((0, 0))
    return Design(
        names=tuple(known.names[column] for column in kept),
        values=rest[:, kept] @ turn,
        turn=turn,
        level=coefficients[0, kept] if order.has_mean else np.zeros(len(kept)),
        dropped=tuple(name for column, name in enumerate(known.names) if column not in kept),
    )


def _taken_out(order: ArimaOrder, season: int, rows: int) -> Float[np.ndarray, "T N"]:
    """Return a basis of what becomes zero by the differences, or of the constants where there is a mean."""
    steps = np.arange(rows)
    base = np.eye(season)[steps % season] if order.D else np.ones((rows, 1))
    powers = np.linspace(-1.0, 1.0, rows)[:, None] ** np.arange(1, order.d + order.D)
    return np.column_stack([base, powers])
