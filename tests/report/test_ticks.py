"""Marks on axes: round, inside, few, and where a new hour, day, month or year begins."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.calendar import Frequency
from seqcast.report.numbers import number, percent
from seqcast.report.ticks import number_ticks, time_ticks

START = 1_514_764_800_000_000  # 2018-01-01 00:00


def texts(name: str, steps: int, most: int = 6, start: int = START) -> list[str]:
    times = np.concatenate([[start], Frequency.from_name(name).after(start, steps - 1)])
    return [f"{tick.text} {tick.more}".strip() for tick in time_ticks(times, True, most)]


@pytest.mark.parametrize(
    ("name", "steps", "expected"),
    [
        ("1min", 60, ["00:00 1 Jan 2018", "00:10", "00:20", "00:30", "00:40", "00:50"]),
        ("15min", 96, ["00:00 1 Jan 2018", "06:00", "12:00", "18:00"]),
        ("1h", 120, ["1 Jan 2018", "2 Jan", "3 Jan", "4 Jan", "5 Jan"]),
        ("1d", 35, ["1 Jan 2018", "8 Jan", "15 Jan", "22 Jan", "29 Jan"]),
        ("1bd", 130, ["Jan 2018", "Feb", "Mar", "Apr", "May", "Jun"]),
        ("1mo", 30, ["Jan 2018", "Jul", "Jan 2019", "Jul", "Jan 2020"]),
        ("1q", 24, ["2018", "2019", "2020", "2021", "2022", "2023"]),
        ("1y", 60, ["2020", "2030", "2040", "2050", "2060", "2070"]),
        ("1y", 3, ["2018", "2019", "2020"]),
        ("1mo", 4, ["Jan 2018", "Feb", "Mar", "Apr"]),
    ],
)
def test_marks_of_every_step_from_minutes_to_years(name, steps, expected):
    assert texts(name, steps) == expected


def test_month_ends_are_named_by_their_month():
    end = START - 86_400_000_000
    assert texts("1mo-end", 5, start=end) == ["Dec 2017", "Jan 2018", "Feb", "Mar", "Apr"]


def test_a_mark_stands_at_the_first_row_of_the_new_day_where_midnight_is_missing():
    hours = START + 3_600_000_000 * np.array([22, 23, 27, 28, 47, 50, 51])
    assert [(tick.at, tick.text) for tick in time_ticks(hours, True, 2)] == [(2, "2 Jan"), (5, "3 Jan")]


@given(
    name=st.sampled_from(["1s", "1min", "7min", "1h", "1d", "1bd", "1w", "1mo", "1mo-end", "1q", "1y"]),
    steps=st.integers(1, 400),
    most=st.integers(1, 9),
    start=st.integers(-(10**15), 4 * 10**15),
)
def test_time_marks_are_few_ordered_inside_and_never_missing(name, steps, most, start):
    times = np.concatenate([[start], Frequency.from_name(name).after(start, steps - 1)])
    ticks = time_ticks(times, True, most)
    places = [tick.at for tick in ticks]
    assert 1 <= len(ticks) <= most
    assert places == sorted(set(places)) and 0 <= places[0] and places[-1] < steps


@given(
    low=st.floats(-1e12, 1e12, allow_nan=False),
    width=st.floats(1e-6, 1e12),
    most=st.integers(2, 9),
)
def test_number_marks_lie_inside_at_even_distances(low, width, most):
    high = low + width
    if high - low < 1e-9 * max(abs(low), abs(high)):
        return
    ticks = number_ticks(low, high, most)
    places = np.array([tick.at for tick in ticks])
    assert len(ticks) <= most + 1
    assert (places >= low - 1e-6 * width).all() and (places <= high + 1e-6 * width).all()
    if len(places) > 2:
        assert np.allclose(np.diff(places), places[1] - places[0], rtol=1e-3)


@given(st.integers(-(10**6), 10**6), st.integers(2, 500), st.integers(1, 5))
def test_integer_marks_say_the_integer_of_their_row(first, steps, stride):
    times = first + stride * np.arange(steps)
    for tick in time_ticks(times, False, 6):
        assert int(tick.text.replace(",", "")) == times[int(tick.at)]


def test_no_marks_on_an_axis_without_width():
    assert number_ticks(3.0, 3.0) == [] and number_ticks(float("nan"), 1.0) == []


@given(st.floats(1e-4, 1e8))
def test_numbers_keep_three_digits(value):
    assert float(number(value).replace(",", "")) == pytest.approx(value, rel=6e-3)


def test_a_rounded_zero_has_no_sign():
    assert percent(-0.001, sign=True) == percent(0.001, sign=True) == "0\u202f%"
