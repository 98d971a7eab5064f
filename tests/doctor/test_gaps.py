"""What is filled, what is cut, and that both are told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.doctor.gaps import longest_gap, longest_stretch

ROWS = st.lists(st.one_of(st.none(), st.floats(-100, 100)), max_size=60)


@given(ROWS, st.integers(1, 5), st.integers(1, 60))
def test_a_stretch_has_no_gap_longer_than_allowed_and_counts_what_it_filled(cells, gap, rows):
    y = np.array([np.nan if cell is None else cell for cell in cells], dtype=float)
    found = longest_stretch(y, gap, rows)
    mine = y[found.first : found.last + 1]
    there = ~np.isnan(mine)
    assert len(found) == len(mine) <= rows and found.filled == (~there).sum()
    assert np.array_equal(found.values[there], mine[there]) and np.isfinite(found.values).all()
    assert "." * (gap + 1) not in "".join("x" if seen else "." for seen in there)
    assert len(found) == 0 or (there[0] and there[-1])


@given(ROWS, st.integers(1, 5))
def test_no_other_part_is_longer(cells, gap):
    y = np.array([np.nan if cell is None else cell for cell in cells], dtype=float)
    marks = "".join("." if np.isnan(value) else "x" for value in y)
    parts = [part.strip(".") for part in marks.replace("." * (gap + 1), " ").split()]
    assert len(longest_stretch(y, gap, 1_000)) == max((len(part) for part in parts), default=0)


def test_of_parts_of_one_length_the_latest_is_taken():
    y = np.array([1.0, 2.0, np.nan, np.nan, np.nan, 3.0, 4.0])
    assert longest_stretch(y, 1, 100).values.tolist() == [3.0, 4.0]


def test_a_line_is_drawn_between_neighbours():
    assert longest_stretch(np.array([1.0, np.nan, np.nan, 7.0]), 2, 100).values.tolist() == [1.0, 3.0, 5.0, 7.0]


@pytest.mark.parametrize(("season", "gap"), [(1, 1), (7, 1), (24, 3), (52, 6)])
def test_a_filled_gap_is_short_against_the_season(season, gap):
    assert longest_gap(season) == gap
