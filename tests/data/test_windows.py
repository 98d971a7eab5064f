"""Windows, scale, levels and splits: nothing after a cutoff gets into what is learnt before it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.calendar import Frequency
from seqcast.data.encode import carried_forward, fit_encoder
from seqcast.data.scale import fit_scaler
from seqcast.data.split import Carve, Rolling
from seqcast.data.window import Windows
from seqcast.errors import ConfigError, HistoryError
from seqcast.types import Origins
from tests.panels import HOURLY, changed, make_panel

COUNTED = Frequency(unit="integer", precision="integer")
DRAW = np.random.default_rng(0)


def origins_at(series, rows):
    return Origins(np.array(series), np.array(rows), np.zeros(len(rows), dtype=np.int64))


def three_series():
    lengths = {"a": 40, "b": 25, "c": 9}
    return make_panel({name: DRAW.normal(size=(rows, 3)) for name, rows in lengths.items()}, past=1, known=1)


def test_a_window_holds_the_rows_it_names():
    """Every gathered number is compared with the row it must come from."""
    panel = three_series()
    encoder = fit_encoder(panel)
    windows = Windows.of(panel, encoder, context=6, horizon=4)
    batch = windows.batch(origins_at([0, 1, 2], [10, 20, 9]))
    scale, loc = encoder.scaler.scale, encoder.scaler.loc
    for place, (series, rows) in enumerate([(0, 10), (1, 20), (2, 9)]):
        own = panel.values[panel.offsets[series] : panel.offsets[series + 1]]
        expected = (own - loc[series]) / scale[series]
        past = batch.past[place].numpy()
        np.testing.assert_allclose(past[:, 0], expected[rows - 6 : rows, 0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(past[:, 2], expected[rows - 6 : rows, 1], rtol=1e-5, atol=1e-6)
        there = min(4, len(own) - rows)
        np.testing.assert_allclose(
            batch.target[place, :there, 0], expected[rows : rows + there, 0], rtol=1e-5, atol=1e-6
        )
        np.testing.assert_allclose(
            batch.future[place, :there, 0], expected[rows : rows + there, 2], rtol=1e-5, atol=1e-6
        )
        assert batch.observed[place, :, 0].tolist() == [True] * there + [False] * (4 - there)


def test_steps_before_a_series_are_zero_and_unobserved_and_never_its_neighbours():
    panel = three_series()
    batch = Windows.of(panel, fit_encoder(panel), context=8, horizon=2).batch(origins_at([1, 2], [3, 1]))
    assert not batch.past[0, :5].any() and not batch.past[1, :7].any()
    assert batch.past[0, 5:, 1].all() and batch.past[1, 7:, 1].all()


@pytest.mark.parametrize("factor", [np.nan, 100.0, 0.0])
def test_what_comes_after_an_origin_changes_no_input_but_known_features(factor):
    panel = three_series()
    encoder = fit_encoder(panel.before(np.array([20, 20, 9])))
    origins = origins_at([0, 1], [20, 20])
    blind = panel.values.copy()
    for series in (0, 1):
        after = slice(panel.offsets[series] + 20, panel.offsets[series + 1])
        blind[after, :2] = blind[after, :2] * factor
    other = make_panel(
        {name: blind[low:high] for name, low, high in zip("abc", panel.offsets, panel.offsets[1:], strict=False)},
        past=1,
        known=1,
    )
    one, two = (Windows.of(p, encoder, context=12, horizon=5).batch(origins) for p in (panel, other))
    assert torch.equal(one.past, two.past)
    assert torch.equal(one.future, two.future)


def test_a_scaler_that_knows_the_future_is_refused():
    panel = three_series()
    encoder = fit_encoder(panel)
    with pytest.raises(ConfigError, match=r"must not know rows after the cutoff; that of series 'a' was fitted on 40"):
        Windows.of(panel.before(np.array([30, 25, 9])), encoder, context=4, horizon=2)


@given(
    st.lists(st.floats(-1e100, 1e100), min_size=2, max_size=30),
    st.sampled_from(["standard", "minmax", "robust"]),
)
def test_scaling_and_its_inverse_give_back_the_values(values, kind):
    column = np.array(values)
    scaler = fit_scaler(make_panel({"a": column}), kind)
    rows = np.zeros(len(column), dtype=np.int64)
    scaled = scaler.apply(column[:, None], rows)
    assert np.isfinite(scaled).all()
    back = scaled * scaler.scale[rows] + scaler.loc[rows]
    np.testing.assert_allclose(back[:, 0], column, rtol=1e-9, atol=1e-9 * np.abs(column).max())


def test_scalers_are_the_textbook_ones():
    column = np.array([1.0, 2.0, 4.0, 9.0, np.nan])
    panel = make_panel({"a": column})
    seen = column[:4]
    assert fit_scaler(panel).loc[0, 0] == pytest.approx(seen.mean())
    assert fit_scaler(panel).scale[0, 0] == pytest.approx(seen.std())
    assert (fit_scaler(panel, "minmax").loc[0, 0], fit_scaler(panel, "minmax").scale[0, 0]) == pytest.approx((1, 8))
    low, high = np.quantile(seen, [0.25, 0.75])
    assert fit_scaler(panel, "robust").scale[0, 0] == pytest.approx(high - low)
    with pytest.raises(ConfigError, match="must be one of standard, minmax, robust; got 'log'"):
        fit_scaler(panel, "log")


def test_the_order_of_series_changes_no_levels():
    labels = {"p0": ("x", "y", "z")}
    codes = {"a": [0, 0, 1, 1], "b": [1, 2, 2, 2], "c": [0, 1, 1, 0]}

    def levels(names):
        blocks = {name: np.column_stack([np.arange(4.0), codes[name]]) for name in names}
        panel = make_panel(blocks, past=1)
        return fit_encoder(type(panel)(**{**vars_of(panel), "categories": labels})).levels

    assert levels("abc") == levels("cab") == {"p0": ("y", "x", "z")}


def vars_of(panel):
    names = ("columns", "frequency", "series", "offsets", "times", "values", "static")
    return {name: getattr(panel, name) for name in names}


def test_a_category_unseen_before_the_cutoff_has_no_channel_of_its_own():
    block = np.column_stack([np.arange(6.0), [0, 1, 0, 1, 2, 2]])
    panel = make_panel({"a": block}, past=1, frequency=COUNTED)
    panel = type(panel)(**{**vars_of(panel), "categories": {"p0": ("x", "y", "new")}})
    encoder = fit_encoder(panel.before(np.array([4])))
    channels = encoder.encode(panel)
    assert encoder.levels["p0"] == ("x", "y")
    assert channels.past[:, 2:].tolist() == [[1, 0], [0, 1], [1, 0], [0, 1], [0, 0], [0, 0]]


@given(st.lists(st.one_of(st.none(), st.integers(-5, 5)), min_size=1, max_size=30), st.integers(0, 29))
def test_values_are_carried_forward_within_a_series_only(cells, cut):
    cut = min(cut, len(cells))
    values = np.array([[np.nan if cell is None else float(cell)] for cell in cells])
    carried = carried_forward(values, np.array([0, cut, len(cells)]))
    for part in (range(cut), range(cut, len(cells))):
        last = np.nan
        for row in part:
            last = last if cells[row] is None else float(cells[row])
            np.testing.assert_equal(carried[row, 0], last)


@given(rows=st.integers(1, 400), context=st.integers(1, 60), horizon=st.integers(1, 40))
def test_no_training_target_lies_in_the_validation_part(rows, context, horizon):
    panel = make_panel({"a": np.arange(float(rows)), "b": np.arange(float(rows // 2 + 1))})
    try:
        train, valid = Carve(context=context, horizon=horizon).origins(panel)
    except HistoryError:
        assert rows < 3 * horizon + 2
        return
    for series in np.unique(valid.series):
        first = valid.rows[valid.series == series].min()
        own = train.rows[train.series == series]
        assert (own + horizon <= first).all()
    assert (valid.rows + horizon <= panel.history[valid.series]).all()


def test_calendar_cutoffs_are_one_moment_for_all_series():
    full = np.arange(100.0)
    panel = make_panel({"one": full, "other": full, "ended": full[:88]}, frequency=HOURLY)
    known = Rolling(horizon=5, windows=3).known_rows(panel)
    assert known.tolist() == [[85, 85, 85], [90, 90, 88], [95, 95, 88]]


def test_where_most_series_ended_before_the_last_window_cutoffs_count_back_from_each_end():
    full = np.arange(100.0)
    panel = make_panel({"long": full, "short": full[:60], "ended": full[:90]}, frequency=HOURLY)
    assert Rolling(horizon=5, windows=2).known_rows(panel).tolist() == [[90, 50, 80], [95, 55, 85]]


def test_integer_times_count_back_from_each_series_own_end():
    panel = make_panel({"a": np.arange(50.0), "b": np.arange(20.0)}, frequency=COUNTED)
    assert Rolling(horizon=4, windows=2).known_rows(panel).tolist() == [[42, 12], [46, 16]]


def test_too_short_a_history_says_how_many_rows_are_needed():
    panel = make_panel({"a": np.arange(20.0)})
    with pytest.raises(HistoryError, match=r"5 windows at horizon 6 needs a series of 33 rows .* the longest has 20"):
        Rolling(horizon=6, windows=5).origins(panel, least=3)


def test_rows_after_the_last_target_are_the_future_and_keep_their_known_values():
    block = np.column_stack([[1.0, 2.0, np.nan, np.nan], [5.0, 6.0, 7.0, 8.0]])
    panel = make_panel({"a": block}, known=1)
    assert panel.history.tolist() == [2]
    longer = panel.extended(3)
    assert longer.values[:, 1].tolist()[:4] == [5, 6, 7, 8] and np.isnan(longer.values[4, 1])
    assert longer.times.tolist() == (np.arange(5) * 3_600_000_000).tolist()
    assert panel.actual(panel.at_end(), 2).ravel().tolist() == pytest.approx([np.nan, np.nan], nan_ok=True)


def test_before_keeps_nothing_after_the_cutoff():
    panel = three_series()
    cut = panel.before(np.array([7, 0, 3]))
    assert cut.rows.tolist() == [7, 0, 3]
    np.testing.assert_array_equal(cut.values, np.concatenate([panel.values[:7], panel.values[65:68]]))
    np.testing.assert_array_equal(changed(panel, 0, slice(7, 40), np.nan).before(cut.rows).values, cut.values)


@given(
    cells=st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=2, max_size=25),
    cut=st.integers(1, 24),
    start=st.tuples(st.integers(-3, 25), st.integers(-3, 25)),
)
def test_what_is_encoded_of_the_rest_does_not_change_when_earlier_rows_are_cut_away(cells, cut, start):
    cut = min(cut, len(cells) - 1)
    values = np.where(np.array(cells), np.arange(3.0 * len(cells)).reshape(-1, 3), np.nan)
    panel = make_panel({"a": values[:cut], "b": values[cut:]}, past=1, known=1)
    encoder = fit_encoder(panel)
    rest, lost = panel.since(np.array(start))
    whole, cut_away = encoder.encode(panel), encoder.encode(rest)
    for series in range(2):
        own = whole.past[panel.offsets[series] : panel.offsets[series + 1]]
        first = int(np.clip(start[series], 0, len(own)))
        left = cut_away.past[rest.offsets[series] : rest.offsets[series + 1]]
        assert 0 <= lost[series] <= first and len(left) == len(own) - lost[series]
        np.testing.assert_array_equal(left[first - lost[series] :], own[first:])
