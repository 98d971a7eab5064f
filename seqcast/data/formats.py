"""Times by a format that the user gives, in the letters of strptime: it becomes a regular expression of `stamps`."""

import re

import polars as pl

from seqcast.data.stamps import MONTH_NAME, Stamps, stamped
from seqcast.data.timecells import TimeCells
from seqcast.errors import ConfigError

_LETTERS = {
    "Y": "(?<y>[0-9]{4})",
    "y": "(?<yy>[0-9]{2})",
    "m": "(?<m>[0-9]{1,2})",
    "d": "(?<d>[0-9]{1,2})",
    "b": MONTH_NAME,
    "q": "(?<q>[0-9])",
    "H": "(?<h>[0-9]{1,2})",
    "M": "(?<mi>[0-9]{1,2})",
    "S": "(?<s>[0-9]{1,2})",
    "f": "(?<f>[0-9]{1,9})",
    "p": r"(?<ap>[ap]\.?m\.?)",
    "z": "(?<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "A": r"\p{L}+\.?",
    "%": "%",
}
_SAME = {"e": "d", "B": "b", "h": "b", "I": "H", "k": "H", "l": "H", "a": "A"}
_WHOLE = {"%F": "%Y-%m-%d", "%D": "%m/%d/%y", "%T": "%H:%M:%S", "%R": "%H:%M"}
_PIECE = re.compile(r"%-?(?P<letter>.?)|(?P<blank>\s+)|(?P<other>.)", re.S)


def by_format(cells: TimeCells, date_format: str) -> Stamps:
    """Return what the cells say when read by `date_format`, every one of them whole.

    Raises
    ------
    ConfigError
        When it is no format with a year.
    TimeError
        When a cell is not written so.

    Examples
    --------
    >>> import numpy as np
    >>> cells = TimeCells.of(pl.Series(["03.04.24 18h"]), "ds", np.array([2]), "line")
    >>> stamps = by_format(cells, "%d.%m.%y %Hh")
    >>> stamps.days.astype("datetime64[D]"), stamps.precision
    (array(['2024-04-03'], dtype='datetime64[D]'), 'minute')
    """
    parts = cells.distinct.str.extract_groups(_pattern(date_format)).struct.unnest()
    year = "y" if "y" in parts.columns else "yy"
    rule = f"All times must be written as the date format says, {date_format}"
    cells.refuse(parts[year].is_null().to_numpy(), rule, "Mend the cell, or say another format.")
    if year == "yy":
        short = parts["yy"].cast(pl.Int64)
        full = short + pl.select(pl.when(short < 69).then(2000).otherwise(1900)).to_series()
        parts = parts.with_columns(y=full.cast(pl.String))
    return stamped(cells, parts)


def _pattern(date_format: str) -> str:
    for short, long in _WHOLE.items():
        date_format = date_format.replace(short, long)
    example = "Such as '%d/%m/%Y %H:%M'."
    letters = [_SAME.get(letter, letter) for letter in re.findall(r"%-?(.?)", date_format, re.S)]
    unknown = next((letter for letter in letters if letter not in _LETTERS), None)
    if unknown is not None:
        raise ConfigError(f"The date format {date_format!r} has a letter that means nothing, %{unknown}. {example}")
    named = [letter for letter in letters if letter not in "A%"]
    if len(named) > len(set(named)) or not {"y", "Y"} & set(named) or {"y", "Y"} <= set(named):
        raise ConfigError(f"A date format has one year, %Y or %y, and nothing twice; got {date_format!r}. {example}")
    pattern = "".join(_piece(found) for found in _PIECE.finditer(date_format))
    # Numbers that stand side by side can be told apart only by their full width.
    packed = re.sub(r"\{1,2\}(?=\)\(\?<\w+>\[)", "{2}", pattern)
    packed = re.sub(r"(?<=\}\)\(\?<.>\[0-9\])\{1,2\}|(?<=\}\)\(\?<..>\[0-9\])\{1,2\}", "{2}", packed)
    return f"(?i)^{packed}$"


def _piece(found: re.Match[str]) -> str:
    if found["letter"] is not None:
        return _LETTERS[_SAME.get(found["letter"], found["letter"])]
    return r"\s+" if found["blank"] else re.escape(found["other"])
