"""Every error that seqcast raises on purpose.

SeqcastError
├── InputError            the table, or what was asked of it
│   ├── FileError         these bytes are not a table that can be read without guessing
│   ├── ColumnError       a column is missing, twice there, or asked to play two roles
│   ├── CellError         a cell is not what its column must hold
│   ├── TimeError         the times cannot be read, ordered or put on a grid
│   └── HistoryError      too little history for what was asked
├── ConfigError           a setting that cannot work, found before any data is read
├── BundleError           a saved model or run that was changed, cut short or is of another format
├── TrainingError         training broke down; names the batch, the series and the step
├── BudgetError           the wall-time budget ended before this was done
└── MissingExtraError     an optional library is not installed; names the extra

A message gives the rule, the offending value and the way out. The command line ends with exit code 2 for each of these
and with 1 for anything else, which is a fault of ours.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class SeqcastError(Exception):
    """Base of every error that seqcast raises on purpose."""


class InputError(SeqcastError, ValueError):
    """The table, or what was asked of it, cannot give an honest forecast."""


class FileError(InputError):
    """These bytes are not a table that can be read without guessing."""


class ColumnError(InputError):
    """A column is missing, there twice, or asked to play two roles."""


class CellError(InputError):
    """A cell is not what its column must hold."""


class TimeError(InputError):
    """The times cannot be read, ordered or put on a grid."""


class HistoryError(InputError):
    """Too little history for the context, the horizon and the backtest windows asked for."""


class ConfigError(SeqcastError, ValueError):
    """A setting that cannot work, found before any data is read."""


class BundleError(SeqcastError, ValueError):
    """A saved model or run was changed, cut short, or is of another format."""


class TrainingError(SeqcastError, RuntimeError):
    """Training broke down; the message names the batch, the series and the step."""


class BudgetError(SeqcastError, TimeoutError):
    """The wall-time budget ended before this was done."""


class MissingExtraError(SeqcastError, ImportError):
    """An optional library is not installed; the message names the extra that brings it."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a closing phrase for a message about an unknown `name`.

    Examples
    --------
    >>> nearest("hybird", ["hybrid", "lstm"])
    "Did you mean 'hybrid'? Known: hybrid, lstm."
    """
    names = [str(candidate) for candidate in known]
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    listed = ", ".join(names[:12]) + (" …" if len(names) > 12 else "")
    return f"{hint}Known: {listed}."
