"""What is spoilt: everything after the cutoff that a forecast may not know, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.calendar import Frequency
from seqcast.data.panel import Panel
from seqcast.leaks.corrupt import FACTOR, corrupted, counted, held_out_cells, spreads
from seqcast.types import Columns


def panel_with(lengths, targets=1, past=1, known=1, labels=()):
    names = [f"v{v}" for v in range(targets + past + known)]
    draw = np.random.default_rng(0)
    values = draw.normal(size=(sum(lengths), len(names))).round(3) + 5
    categories = {name: ("a", "b", "c") for name in labels}
    for name in labels:
        values[:, names.index(name)] = draw.integers(0, 3, sum(lengths))
    return Panel(
        columns=Columns(
            time="t",
            series="id",
            target=tuple(names[:targets]),
            past=tuple(names[targets : targets + past]),
            known=tuple(names[targets + past :]),
        ),
        frequency=Frequency(unit="integer", precision="integer"),
        series=tuple("abcdefgh"[: len(lengths)]),
        offsets=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        times=np.concatenate([np.arange(length) for length in lengths]).astype(np.int64),
        values=values,
        static=np.zeros((len(lengths), 0)),
        categories=categories,
    )


@given(
    lengths=st.lists(st.integers(3, 12), min_size=1, max_size=4),
    horizon=st.integers(1, 5),
    roles=st.tuples(st.integers(1, 2), st.integers(0, 2), st.integers(0, 2)),
    data=st.data(),
)
def test_a_value_is_spoilt_if_and_only_if_it_lies_where_the_forecast_may_not_look(lengths, horizon, roles, data):
    panel = panel_with(lengths, *roles)
    known = np.array([data.draw(st.integers(0, length)) for length in lengths])
    spoilt = dict(corrupted(panel, known, horizon))
    assert set(spoilt) == {"noise", "missing", "constant"}
    expected = 0
    for series, length in enumerate(lengths):
        for row in range(length):
            for v, name in enumerate(panel.columns.values):
                place = (panel.offsets[series] + row, v)
                hidden = row >= known[series] + (horizon if name in panel.columns.known else 0)
                expected += hidden
                assert np.isnan(spoilt["missing"].values[place]) == hidden
                for kind in ("noise", "constant"):
                    assert (spoilt[kind].values[place] != panel.values[place]) == hidden
    assert counted(panel, known, horizon).values == expected == held_out_cells(panel, known, horizon).sum()
    assert all(np.array_equal(each.times, panel.times) and each.columns == panel.columns for each in spoilt.values())


def test_noise_is_a_hundred_spreads_of_its_column_wide():
    panel = panel_with([4000])
    noise = dict(corrupted(panel, np.array([10]), 1))["noise"].values[20:]
    np.testing.assert_allclose(noise.std(axis=0) / spreads(panel), FACTOR, rtol=0.05)


def test_labels_stay_labels():
    panel = panel_with([60], past=1, labels=("v1",))
    for name, spoilt in corrupted(panel, np.array([10]), 1):
        after = spoilt.values[10:, 1]
        assert np.isnan(after).all() if name == "missing" else np.isin(after, [0, 1, 2]).all()


def test_the_panel_itself_is_left_as_it_was():
    panel = panel_with([20])
    before = panel.values.copy()
    list(corrupted(panel, np.array([5]), 2))
    assert np.array_equal(panel.values, before)


@pytest.mark.parametrize("column", [np.full(5, 3.0), np.full(5, np.nan), np.array([1e150, -1e150, 0, 0, 0])])
def test_a_column_without_a_measurable_spread_is_spoilt_all_the_same(column):
    panel = panel_with([5], past=0, known=0)
    odd = Panel(**{**panel.__dict__, "values": column[:, None].copy()})
    assert np.isfinite(spreads(odd)).all() and (spreads(odd) > 0).all()
