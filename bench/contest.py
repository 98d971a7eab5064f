"""The series of a forecasting competition from its files: what was known, and what came.

Wide files, as those of M4, hold one series a row: its name, then its values, blank after the last. Long files hold
series, time and value in each row; one long file with a column `split` (train, test) may be both files at once. Which
of the two a file is, its columns tell. Nothing is mended here: a competition's file is what it is, or is refused.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Float

from seqcast.errors import CellError, ColumnError, ConfigError, FileError, HistoryError

_BLANK = ["", "NA", "NaN", "nan"]
_VALUE_NAMES = ("y", "value", "target")
_LONG_COLUMNS = 3

Rows = dict[str, Float[np.ndarray, "T"]]


@dataclass(frozen=True, eq=False)
class Contest:
    """Series of one frequency, each cut at its own end.

    Parameters
    ----------
    series : tuple of str
        Their names.
    known : tuple of float arrays (T,)
        History of each series.
    actual : float array (N, H)
        What came after each.
    left_out : int
        Series of the files that were too short to be asked about.
    """

    series: tuple[str, ...]
    known: tuple[Float[np.ndarray, "T"], ...]
    actual: Float[np.ndarray, "N H"]
    left_out: int = 0

    @property
    def horizon(self) -> int:
        """Steps that are asked of each series."""
        return self.actual.shape[1]

    def up_to(self, horizon: int | None) -> "Contest":
        """Return the same series with only the first steps asked of them.

        Raises
        ------
        ConfigError
            When fewer steps than that are known.
        """
        if horizon is None:
            return self
        if not 1 <= horizon <= self.horizon:
            raise ConfigError(
                f"The horizon must be one of the {self.horizon} steps that the test rows hold; got {horizon}. "
                "Leave --horizon out to take all of them."
            )
        return Contest(self.series, self.known, self.actual[:, :horizon], self.left_out)

    def held_back(self, season: int) -> "Contest":
        """Return a contest within what is known: its last steps are asked, and what came is not looked at.

        Series that would keep no more than a season, or fewer rows than are asked of them, are left out.

        Raises
        ------
        HistoryError
            When no series is long enough.

        Examples
        --------
        >>> whole = Contest(("a",), (np.arange(9.0),), np.array([[9.0, 10.0]]))
        >>> whole.held_back(season=1).actual.tolist(), len(whole.held_back(season=1).known[0])
        ([[7.0, 8.0]], 7)
        """
        steps = self.horizon
        least = steps + max(season + 1, steps)
        kept = [s for s, rows in enumerate(self.known) if len(rows) >= least and _moves(rows[:-steps], season)]
        if not kept:
            longest = max(len(rows) for rows in self.known)
            raise HistoryError(
                f"Validation holds back {steps} rows and needs as many before them, and more than a season of "
                f"{season}: {least} rows; the longest series has {longest}. Take a shorter --horizon."
            )
        return Contest(
            tuple(self.series[s] for s in kept),
            tuple(self.known[s][:-steps] for s in kept),
            np.stack([self.known[s][-steps:] for s in kept]),
            self.left_out + len(self.known) - len(kept),
        )


def _moves(rows: Float[np.ndarray, "T"], season: int) -> bool:
    return bool((rows[season:] != rows[:-season]).any())


def read_contest(train: Path, test: Path, where: str | None = None, meta: Path | None = None) -> Contest:
    """Return the contest that two files hold.

    Parameters
    ----------
    train, test : Path
        Both wide or both long; the same long file where it has a column `split`.
    where, meta : str and Path or None
        `column=value` of the table `meta`, whose first column names the series, keeps those alone.

    Raises
    ------
    InputError
        When the files do not fit together, or a cell is no number.
    """
    known, came = _rows_of(train, "train"), _rows_of(test, "test")
    if where is not None:
        names = _named(where, meta)
        known, came = ({name: rows for name, rows in part.items() if name in names} for part in (known, came))
    if not known:
        raise ColumnError(f"A contest needs series; none of {str(train)!r} is left. Look at --where and --meta.")
    strange = sorted(known.keys() ^ came.keys())
    if strange:
        side, other = (train, test) if strange[0] in known else (test, train)
        raise ColumnError(
            f"Both files must name the same series; {strange[0]!r} is in {side.name} and not in {other.name} "
            f"({len(strange)} such). Take the test file that belongs to the training file."
        )
    steps = {len(rows): name for name, rows in came.items()}
    if len(steps) > 1:
        told = " and ".join(f"{name!r} {count}" for count, name in sorted(steps.items())[:2])
        raise HistoryError(
            f"All series must be asked for the same number of steps; of the test rows {told}. Select series of one "
            "frequency with --where, or in another file."
        )
    return Contest(tuple(known), tuple(known.values()), np.stack([came[name] for name in known]))


def _rows_of(path: Path, part: str) -> Rows:
    frame = _table(path)
    if "split" in frame.columns:
        frame = frame.filter(pl.col("split") == part).drop("split")
    rows = _long(frame, path) if _is_long(frame) else _wide(frame, path)
    if not rows:
        raise ColumnError(f"A {part} file needs rows; {str(path)!r} has none. A column `split` says train or test.")
    return rows


def _table(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path, infer_schema_length=None, null_values=_BLANK)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise FileError(
            f"A competition's file is a readable CSV, plain or .gz; {str(path)!r} is not: {error}. Look at the path."
        ) from error


def _is_long(frame: pl.DataFrame) -> bool:
    if frame.width != _LONG_COLUMNS:
        return False
    # Of a wide file with two values only its names tell, since each series has one row in both.
    return frame.columns[-1].lower() in _VALUE_NAMES or frame[:, 0].is_duplicated().any()


def _wide(frame: pl.DataFrame, path: Path) -> Rows:
    names = frame[:, 0].cast(pl.String).to_list()
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ColumnError(f"A wide file has one row for each series; {path.name} has two of {twice!r}. Remove one.")
    values = np.column_stack([_numbers(column, path) for column in frame.get_columns()[1:]])
    counts = np.where(np.isnan(values), 0, np.arange(1, values.shape[1] + 1)).max(axis=1)
    return {
        name: _whole(row[:count], name, path) for name, row, count in zip(names, values, counts.tolist(), strict=True)
    }


def _long(frame: pl.DataFrame, path: Path) -> Rows:
    series, time, value = frame.columns
    order = frame[series].unique(maintain_order=True).cast(pl.String).to_list()
    ordered = frame.sort(series, time, maintain_order=True)
    values, names = _numbers(ordered[value], path), ordered[series].cast(pl.String)
    lengths = names.rle().struct.unnest()
    ends = np.cumsum(lengths["len"].to_numpy())
    parts = dict(zip(lengths["value"].to_list(), np.split(values, ends[:-1]), strict=True))
    return {name: _whole(parts[name], name, path) for name in order}


def _numbers(column: pl.Series, path: Path) -> Float[np.ndarray, "N"]:
    numbers = column.cast(pl.Float64, strict=False)
    wrong = numbers.is_null() & column.is_not_null()
    if wrong.any():
        raise CellError(
            f"Every value must be a number; column {column.name!r} of {path.name} holds "
            f"{column.filter(wrong)[0]!r}. Mend the cell, or leave the series out."
        )
    return numbers.fill_null(np.nan).to_numpy()


def _whole(rows: Float[np.ndarray, "T"], name: str, path: Path) -> Float[np.ndarray, "T"]:
    if not len(rows) or not np.isfinite(rows).all():
        place = int(np.argmin(np.isfinite(rows))) + 1 if len(rows) else 1
        raise CellError(
            f"A series of a competition has no gaps before its end; value {place} of {name!r} in {path.name} is "
            "missing. Fill it, or leave the series out."
        )
    return rows


def _named(where: str, meta: Path | None) -> set[str]:
    column, sign, value = where.partition("=")
    if not sign or meta is None:
        raise ConfigError(f"--where takes COLUMN=VALUE of the table --meta; got {where!r} and {meta}. Give both.")
    table = _table(meta).cast(pl.String)
    if column not in table.columns:
        raise ColumnError(f"--where needs a column of {meta.name}: {', '.join(table.columns)}; got {column!r}.")
    return set(table.filter(pl.col(column) == value)[:, 0].to_list())
