"""The step that each time falls into, by the beginning of the step."""

import numpy as np
from jaxtyping import Int

from seqcast.data import steps
from seqcast.data.calendar import FIXED, MONTHS, Frequency
from seqcast.data.wall import DAY, to_utc, to_wall


def bin_starts(times: Int[np.ndarray, "N"], frequency: Frequency) -> Int[np.ndarray, "N"]:
    """Return the beginning of the step that holds each time.

    Weeks begin on Mondays; weekends belong to the business day before them; steps of several units are counted from
    the first of all times.

    Examples
    --------
    >>> bin_starts(np.array([DAY + 5, 3 * DAY]), Frequency(unit="day", count=2)).tolist() == [DAY, 3 * DAY]
    True
    """
    if frequency.integer:
        return times - times % frequency.count
    wall = to_wall(times, frequency.zone)
    if frequency.unit in FIXED:
        # One phase for all rows, so that steps stay even through the changes of summer time.
        shift = wall[0] - times[0]
        return times - (times + shift) % (FIXED[frequency.unit] * frequency.count)
    return to_utc(_first_days(wall // DAY, frequency) * DAY, frequency.zone)


def _first_days(days: np.ndarray, frequency: Frequency) -> np.ndarray:
    if frequency.unit in MONTHS:
        size = MONTHS[frequency.unit]
        months = steps.month_of(days)
        first = months.min() - months.min() % size
        return steps.first_of(months - (months - first) % (size * frequency.count))
    if frequency.unit == "business day":
        days = days - (steps.weekday_of(days) - 4).clip(0)
        number = steps.workdays_between(np.full_like(days, days.min()), days)
        return steps.after_workdays(np.full_like(days, days.min()), number - number % frequency.count)
    if frequency.unit == "week":
        days = days - steps.weekday_of(days)
    return days - (days - days.min()) % (frequency.count * (7 if frequency.unit == "week" else 1))
