"""Where the past ends: cutoffs for a rolling backtest, and the validation part at the end of what is known.

A calendar cutoff is one moment for all series, so nothing that came later in one series can help another. Where times
are only counters of each series' own rows (integers), or where most series end before the last common window, cutoffs
count back from each series' own end.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from seqcast.data.panel import Panel
from seqcast.errors import HistoryError
from seqcast.types import Origins


@dataclass(frozen=True, kw_only=True)
class Rolling:
    """A rolling-origin backtest: `windows` cutoffs, `step` rows apart, each followed by `horizon` rows.

    Examples
    --------
    >>> Rolling(horizon=24, windows=5).span
    120
    """

    horizon: int
    windows: int = 5
    step: int | None = None

    @property
    def stride(self) -> int:
        """Rows between two cutoffs; the horizon unless told."""
        return self.step or self.horizon

    @property
    def span(self) -> int:
        """Rows from the first cutoff to the end."""
        return self.horizon + (self.windows - 1) * self.stride

    def known_rows(self, panel: Panel) -> Int[np.ndarray, "W series"]:
        """Return, for each cutoff (the earliest first), how many rows of each series are known."""
        back = self.horizon + self.stride * np.arange(self.windows - 1, -1, -1)
        own = np.maximum(panel.history[None, :] - back[:, None], 0)
        if panel.frequency.integer or len(panel) == 1:
            return own
        common = _common_cutoffs(panel, back)
        last = panel.history > common[-1]
        return common if last.mean() > 0.5 else own

    def origins(self, panel: Panel, least: int = 1, inner: int = 0) -> Origins:
        """Return the origins of every cutoff and series with `least` known rows and something to be judged by.

        Every window from number `inner` on has the same series; the earlier ones have those of them that the first can
        judge.

        Raises
        ------
        HistoryError
            When no series is long enough.
        """
        known = self.known_rows(panel)
        usable = (known >= least) & (known < panel.history)
        usable &= usable[inner]
        usable[:inner] &= usable[0]
        fold, series = np.nonzero(usable)
        if not len(fold):
            need, longest = least + self.span, int(panel.history.max(initial=0))
            raise HistoryError(
                f"A backtest of {self.windows} windows at horizon {self.horizon} needs a series of {need} rows "
                f"({least} to learn from, {self.span} to be judged by); the longest has {longest}. "
                "Ask for fewer windows or a shorter horizon, or give a longer history."
            )
        return Origins(series.astype(np.int64), known[fold, series], fold.astype(np.int64))


def _common_cutoffs(panel: Panel, back: Int[np.ndarray, "W"]) -> Int[np.ndarray, "W series"]:
    ends = panel.times[np.maximum(panel.offsets[:-1] + panel.history - 1, 0)]
    latest = np.lexsort((panel.history, ends))[-1]
    times = panel.times[panel.offsets[latest] : panel.offsets[latest] + panel.history[latest]]
    moments = [times[-1 - steps] if steps < len(times) else None for steps in back]
    known = np.zeros((len(back), len(panel)), dtype=np.int64)
    for s, (low, rows) in enumerate(zip(panel.offsets[:-1], panel.history, strict=True)):
        own = panel.times[low : low + rows]
        known[:, s] = [0 if moment is None else np.searchsorted(own, moment, side="right") for moment in moments]
    return known


@dataclass(frozen=True, kw_only=True)
class Carve:
    """How the rows known at a cutoff are shared between training and validation, for windows of one size.

    Parameters
    ----------
    context, horizon : int
        Size of a window.
    fraction : float
        Share of each series' rows, from its end, that only validates: two horizons at least where there is room, and
        twenty (or 256 rows) at most, since what validates is the freshest part of what could be learnt.
    """

    context: int
    horizon: int
    fraction: float = 0.15

    def origins(self, panel: Panel) -> tuple[Origins, Origins]:
        """Return the training and the validation origins: no target of the first lies in the second's.

        Raises
        ------
        HistoryError
            When no window is left for one of the two.
        """
        rows = panel.history
        most = max(20 * self.horizon, 256)
        wanted = np.ceil(self.fraction * rows).astype(np.int64).clip(2 * self.horizon, most)
        held = np.where(rows >= self.horizon, np.minimum(wanted, rows // 3), 0)
        held = np.where(held >= self.horizon, held, 0)
        first = np.minimum(self.context, np.maximum((rows - held - self.horizon) // 2, 2))
        train = _every_origin(first, rows - held - self.horizon)
        valid = _every_origin(np.maximum(rows - held, 1), np.where(held > 0, rows - self.horizon, -1))
        train, valid = (part.take(_judged(panel, part, self.horizon)) for part in (train, valid))
        if not len(train) or not len(valid):
            need = 3 * self.horizon + 2
            raise HistoryError(
                f"A network at horizon {self.horizon} needs at least {need} known rows in one series, to train on "
                f"and to stop early by; the longest has {int(rows.max(initial=0))}. "
                "Ask for fewer windows or a shorter horizon, or use classical models only."
            )
        return train, valid


def _every_origin(first: Int[np.ndarray, "series"], last: Int[np.ndarray, "series"]) -> Origins:
    counts = np.maximum(last - first + 1, 0)
    series = np.repeat(np.arange(len(counts)), counts)
    start = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rows = np.arange(counts.sum()) - np.repeat(start, counts) + np.repeat(first, counts)
    return Origins(series, rows.astype(np.int64), np.zeros(len(rows), dtype=np.int64))


def _judged(panel: Panel, origins: Origins, horizon: int) -> np.ndarray:
    """Say which origins have at least one observed target within the horizon."""
    seen = panel.observed[:, : len(panel.columns.target)].any(axis=1)
    total = np.concatenate([[0], np.cumsum(seen)])
    start = panel.offsets[origins.series] + origins.rows
    return total[np.minimum(start + horizon, panel.offsets[origins.series + 1])] > total[start]
