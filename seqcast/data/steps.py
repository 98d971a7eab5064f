"""Steps over dates: months that end on different days, and days on which people work. Dates are days since 1970."""

import numpy as np
from jaxtyping import Int


def month_of(days: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
    """Return the months since January 1970.

    Examples
    --------
    >>> month_of(np.array([0, 31, -1])).tolist()
    [0, 1, -1]
    """
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def first_of(months: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
    """Return the first day of each month.

    Examples
    --------
    >>> first_of(np.array([0, 1, -1])).tolist()
    [0, 31, -31]
    """
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def day_of_month(days: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
    """Return the day of the month, 1 to 31.

    Examples
    --------
    >>> day_of_month(np.array([0, 30, 31])).tolist()
    [1, 31, 1]
    """
    return days - first_of(month_of(days)) + 1


def in_month(months: Int[np.ndarray, "N"], day: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
    """Return the date on that day of each month; the last one where the month is shorter.

    Examples
    --------
    >>> in_month(np.array([0, 1]), np.array([31, 31])).tolist()
    [30, 58]
    """
    first = first_of(months)
    return first + np.minimum(day, first_of(months + 1) - first) - 1


def after_months(days: Int[np.ndarray, "N"], months: Int[np.ndarray, "N"], day: int | None) -> Int[np.ndarray, "N"]:
    """Return the dates that many months later, on `day` of the month or on the day they stand on.

    Examples
    --------
    >>> after_months(np.array([30, 30]), np.array([1, 2]), None).tolist()
    [58, 89]
    """
    aim = day_of_month(days) if day is None else np.full_like(days, day)
    return in_month(month_of(days) + months, aim)


def after_workdays(days: Int[np.ndarray, "N"], steps: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
    """Return the dates that many Mondays to Fridays later; from a weekend, Monday is the first.

    Examples
    --------
    >>> after_workdays(np.array([1, 1]), np.array([1, 6])).tolist()
    [4, 11]
    """
    return np.busday_offset(days.astype("datetime64[D]"), steps, roll="backward").astype(np.int64)


def workdays_between(start: Int[np.ndarray, "N"], end: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
    """Return the Mondays to Fridays from `start` up to but without `end`.

    Examples
    --------
    >>> workdays_between(np.array([1]), np.array([4])).tolist()
    [1]
    """
    return np.busday_count(start.astype("datetime64[D]"), end.astype("datetime64[D]"))


def weekday_of(days: Int[np.ndarray, "N"]) -> Int[np.ndarray, "N"]:
    """Return the day of the week, Monday 0 to Sunday 6.

    Examples
    --------
    >>> weekday_of(np.array([0, 4])).tolist()
    [3, 0]
    """
    return (days + 3) % 7
