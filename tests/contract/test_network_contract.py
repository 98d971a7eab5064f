"""What every network forecaster promises, on panels: no leak, no order, save and load, resume."""

from dataclasses import replace

import numpy as np
import pytest

from seqcast.budget import Deadline
from seqcast.errors import ColumnError, ConfigError, HistoryError
from seqcast.forecasters.bundle import Saved, load_model, save_model
from seqcast.forecasters.neural import Neural, Watch
from seqcast.models.names import NETWORK_NAMES
from seqcast.models.presets import HybridConfig
from seqcast.models.recurrent import RecurrentConfig
from seqcast.train.config import FitConfig
from seqcast.types import Origins, Task
from tests.panels import changed, make_panel

TASK = Task(horizon=4, quantiles=(0.1, 0.5, 0.9), season=6)
QUICK = FitConfig(epochs=2, steps=4, batch=16, lr=5e-3)


CASES = [
    *(pytest.param((name, {}, {}), id=name) for name in NETWORK_NAMES),
    pytest.param(("gru", {"loss": "gaussian", "scaler": "robust"}, {"normalise": "mean-std"}), id="gaussian"),
    pytest.param(("hybrid", {"loss": "student-t", "scaler": "minmax"}, {"normalise": "min-max"}), id="student-t"),
]


def small(name, training=QUICK, settings=None, **more):
    settings = {"width": 8, **(settings or {})}
    config = HybridConfig(heads=2, **settings) if name == "hybrid" else RecurrentConfig(**settings)
    return Neural(name, config, training, **more)


def waves(order=("a", "b", "c")):
    """Return three series of two targets, one past and one known feature, with gaps."""
    blocks: dict[str, np.ndarray] = {}
    for phase, name in enumerate("abc"):
        steps = np.arange(80.0 - 10 * phase)
        draw = np.random.default_rng(phase)
        block = np.column_stack([np.sin(steps + phase), steps / 9, np.cos(steps), steps % 6])
        block = block * (phase + 1) + 0.1 * draw.normal(size=block.shape)
        block[draw.integers(5, 50, size=6), draw.integers(0, 3, size=6)] = np.nan
        blocks[name] = block
    return make_panel({name: blocks[name] for name in order}, targets=2, past=1, known=1)


def cut(panel, back=12):
    return panel.before(panel.history - back)


@pytest.fixture(scope="module", params=CASES)
def neural(request):
    name, training, settings = request.param
    return small(name, replace(QUICK, **training), settings)


@pytest.fixture(scope="module")
def fitted(neural):
    return neural.fit(cut(waves()), TASK, Deadline())


def origins_of(panel, back=12):
    each = np.arange(len(panel))
    return Origins(each, panel.history - back, np.zeros_like(each))


def test_forecasts_have_their_shape_and_their_quantiles_in_order(fitted):
    panel = waves()
    forecast = fitted.predict(panel, origins_of(panel))
    assert forecast.values.shape == (3, 4, 2, 3) and forecast.mean.shape == (3, 4, 2)
    assert (np.diff(forecast.values, axis=-1) >= 0).all() and np.isfinite(forecast.values).all()


@pytest.mark.parametrize("factor", [np.nan, 100.0])
def test_held_out_targets_and_past_features_change_nothing(neural, fitted, factor):
    panel = waves()
    origins = origins_of(panel)
    expected = fitted.predict(panel, origins)
    for series in range(3):
        blind = panel.values.copy()
        rows = slice(panel.offsets[series] + origins.rows[series], panel.offsets[series + 1])
        blind[rows, :3] *= factor
        names = ("columns", "frequency", "series", "offsets", "times", "static")
        panel = type(panel)(**{name: getattr(panel, name) for name in names}, values=blind)
    got = fitted.predict(panel.extended(4), origins)
    np.testing.assert_array_equal(got.values, expected.values)
    again = neural.fit(panel.before(origins.rows), TASK, Deadline()).predict(panel, origins)
    np.testing.assert_array_equal(again.values, expected.values)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(neural, fitted):
    panel = waves()
    origins = origins_of(panel)
    expected = fitted.predict(panel, origins)
    same = neural.fit(cut(panel), TASK, Deadline()).predict(panel, origins)
    other = replace(neural, seed=1).fit(cut(panel), TASK, Deadline())
    np.testing.assert_array_equal(same.values, expected.values)
    assert [r.valid_loss for r in other.records] != [r.valid_loss for r in fitted.records]


def test_a_series_alone_gets_what_it_gets_among_others(fitted):
    panel = waves()
    whole = fitted.predict(panel, origins_of(panel))
    for series in range(3):
        alone = fitted.predict(panel, origins_of(panel).take(np.array([series])))
        np.testing.assert_allclose(alone.values[0], whole.values[series], rtol=0, atol=1e-5)


def test_a_scale_that_saw_the_origin_is_refused(fitted):
    panel = waves()
    with pytest.raises(ConfigError, match="must not start before rows that the model has learnt from; series 'a'"):
        fitted.predict(panel, origins_of(panel, back=20))


def test_saved_and_loaded_it_gives_the_same_bits(fitted, tmp_path):
    panel = cut(waves())
    expected = fitted.predict(panel, panel.at_end())
    save_model(tmp_path / "model", Saved(fitted.name, fitted, panel, TASK, {}))
    saved = load_model(tmp_path / "model")
    got = saved.fitted.predict(saved.panel, saved.panel.at_end())
    np.testing.assert_array_equal(got.values, expected.values)
    assert saved.panel.frequency.label(saved.panel.times_after(saved.panel.at_end(), 4)[0]) == panel.frequency.label(
        panel.times_after(panel.at_end(), 4)[0]
    )


def test_a_new_series_is_forecast_on_its_own_scale(fitted):
    """The network never saw series d, a thousand times larger than a: its forecast is a's, a thousandfold."""
    panel = waves()
    blocks = {
        name: panel.values[low:high] for name, low, high in zip("abc", panel.offsets, panel.offsets[1:], strict=False)
    }
    big = make_panel({"d": blocks["a"] * [1000, 1000, 1, 1]}, targets=2, past=1, known=1)
    moved = fitted.moved(big, panel).predict(big, big.at_end())
    alike = make_panel({"a2": blocks["a"]}, targets=2, past=1, known=1)
    expected = fitted.moved(alike, panel).predict(alike, alike.at_end())
    np.testing.assert_allclose(moved.values, expected.values * 1000, rtol=1e-4, atol=1e-2)


def test_other_columns_are_refused(fitted):
    other = make_panel({"a": np.arange(50.0)})
    with pytest.raises(ColumnError, match="forecasts from the columns it was trained with: y0, y1, p0, k0"):
        fitted.moved(other, waves())


@pytest.mark.parametrize(
    ("name", "loss", "stop"),
    [("lstm", "pinball", 1), ("lstm", "pinball", 3), ("hybrid", "pinball", 1), ("hybrid", "student-t", 3)],
)
def test_stopped_after_any_epoch_and_gone_on_with_it_forecasts_the_same_bits(name, loss, stop, tmp_path):
    class Killed(Exception):
        pass

    def kill(name, run, epochs):
        if run.progress.epoch == stop:
            raise Killed

    panel, training = waves(), FitConfig(epochs=5, steps=4, batch=16, loss=loss)
    expected = small(name, training).fit(cut(panel), TASK, Deadline()).predict(panel, origins_of(panel))
    with pytest.raises(Killed):
        small(name, training, watch=Watch(tmp_path, kill)).fit(cut(panel), TASK, Deadline())
    resumed = small(name, training, watch=Watch(tmp_path)).fit(cut(panel), TASK, Deadline())
    np.testing.assert_array_equal(resumed.predict(panel, origins_of(panel)).values, expected.values)
    assert len(resumed.records) == 5


@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_a_point_forecast_gets_intervals_from_its_validation_residuals(loss):
    panel = waves()
    fitted = small("gru", FitConfig(epochs=2, steps=4, loss=loss)).fit(cut(panel), TASK, Deadline())
    forecast = fitted.predict(panel, origins_of(panel))
    assert (np.diff(forecast.values, axis=-1) >= 0).all()
    assert (forecast.values[..., 2] > forecast.values[..., 0]).all()


def test_the_intervals_of_a_point_forecast_cover_what_they_say():
    """White noise: the residuals of validation are those to come, so the 80 % interval covers 80 %."""
    noise = np.random.default_rng(1).normal(size=3000)
    panel = make_panel({"a": noise})
    training = FitConfig(epochs=3, steps=20, loss="mse")
    fitted = small("lstm", training).fit(panel.before(np.array([2000])), TASK, Deadline())
    rows = np.arange(2000, 2990, 5)
    origins = Origins(np.zeros_like(rows), rows, np.zeros_like(rows))
    forecast, actual = fitted.predict(panel, origins), panel.actual(origins, 4)
    inside = (forecast.values[..., 0] <= actual) & (actual <= forecast.values[..., 2])
    assert 0.72 < inside.mean() < 0.88


@pytest.mark.parametrize("name", ["lstm", "hybrid"])
def test_a_network_learns_what_only_a_known_feature_tells(name):
    """The target is the known feature of its own step: nothing in the past helps."""
    draw = np.random.default_rng(2).normal(size=1500)
    panel = make_panel({"a": np.column_stack([draw, draw])}, known=1)
    training = FitConfig(epochs=12, steps=60, lr=5e-3)
    fitted = small(name, training).fit(panel.before(np.array([1200])), TASK, Deadline())
    rows = np.arange(1200, 1490, 7)
    origins = Origins(np.zeros_like(rows), rows, np.zeros_like(rows))
    error = np.abs(fitted.predict(panel, origins).median - panel.actual(origins, 4)).mean()
    assert error < 0.25 * np.abs(panel.actual(origins, 4)).mean()


def test_too_little_history_is_refused_with_the_rows_it_takes():
    with pytest.raises(HistoryError, match="needs at least 14 known rows in one series"):
        small("lstm").fit(make_panel({"a": np.arange(9.0)}), TASK, Deadline())


def test_values_a_hundredfold_outside_the_past_do_not_break_the_forecast(fitted):
    panel = changed(waves(), 0, [60], 100.0)
    forecast = fitted.predict(panel, origins_of(panel, back=10))
    assert np.isfinite(forecast.values).all()
