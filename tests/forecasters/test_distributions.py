"""Losses and scalers as a user chooses them: what they make of a forecast, and what is refused, in words."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from seqcast.budget import Deadline
from seqcast.cli.options import settings_of
from seqcast.errors import BundleError, ConfigError
from seqcast.files import Bundle, read_folder, write_folder
from seqcast.forecaster import Forecaster, load
from seqcast.forecasters.build import build_forecaster
from seqcast.forecasters.bundle import FORMAT, VERSION
from seqcast.forecasters.neural import Neural
from seqcast.forecasters.outputs import reading_of
from seqcast.models.presets import HybridConfig
from seqcast.models.recurrent import RecurrentConfig
from seqcast.runs.folder import RunFolder
from seqcast.train.config import FitConfig
from seqcast.types import Origins, Task
from tests.panels import make_panel

TASK = Task(horizon=3, quantiles=(0.02, 0.1, 0.5, 0.9, 0.98), season=1)
GRU = Neural("gru", RecurrentConfig(width=6, context=8), FitConfig(epochs=4, steps=25, lr=1e-2))
SQUASHED = HybridConfig(width=8, heads=2, sigmoid=True, context=8)


def forecast_of(neural, values, cut):
    """Return forecasts from every fourth row after the cutoff that was learnt up to, and what came."""
    panel = make_panel({"a": values})
    fitted = neural.fit(panel.before(np.array([cut])), TASK, Deadline())
    rows = np.arange(cut, len(values) - 3, 4)
    origins = Origins(np.zeros_like(rows), rows, np.zeros_like(rows))
    return fitted.predict(panel, origins), panel.actual(origins, 3)


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust"])
@pytest.mark.parametrize("loss", ["gaussian", "student-t"])
def test_the_intervals_of_a_distribution_cover_what_they_say(loss, scaler):
    draw = np.random.default_rng(1)
    noise = 200 + 5 * (draw.normal(size=9000) if loss == "gaussian" else draw.standard_t(4, size=9000))
    config = replace(GRU.config, normalise="none", shortcut=False)  # of noise the past tells nothing
    neural = replace(GRU, config=config, training=replace(GRU.training, loss=loss, scaler=scaler, epochs=10))
    forecast, actual = forecast_of(neural, noise, 8000)
    for low, high, share in ((1, 3, 0.80), (0, 4, 0.96)):
        inside = (forecast.values[..., low] <= actual) & (actual <= forecast.values[..., high])
        assert inside.mean() == pytest.approx(share, abs=0.06)


@pytest.mark.parametrize("loss", ["gaussian", "student-t"])
def test_quantiles_lie_around_the_mean_as_those_of_the_distribution_do(loss):
    neural = replace(GRU, training=replace(GRU.training, loss=loss, epochs=1))
    forecast, _ = forecast_of(neural, np.random.default_rng(0).normal(50, 3, size=300), 250)
    np.testing.assert_allclose(forecast.values[..., 2], forecast.mean, rtol=1e-12)
    off = forecast.values - forecast.mean[..., None]
    np.testing.assert_allclose(off[..., :2], -off[..., :2:-1], rtol=1e-6)
    ratio = off[..., 4] / off[..., 3]
    if loss == "gaussian":
        np.testing.assert_allclose(ratio, stats.norm.ppf(0.98) / stats.norm.ppf(0.9), rtol=1e-9)
    else:  # tails heavier than a Gaussian's, lighter than those of the least freedom there is
        assert (ratio > stats.norm.ppf(0.98) / stats.norm.ppf(0.9)).all()
        assert (ratio < stats.t.ppf(0.98, 2.1) / stats.t.ppf(0.9, 2.1)).all()


def test_quantiles_asked_for_are_no_outputs_of_a_distribution():
    """Two outputs, whatever the levels; another list of levels learns the same network to the last bit."""
    panel = make_panel({"a": np.random.default_rng(0).normal(size=120)})
    neural = replace(GRU, training=replace(GRU.training, loss="gaussian", epochs=1))
    many, few = (neural.fit(panel, replace(TASK, quantiles=q), Deadline()) for q in (TASK.quantiles, (0.1,)))
    assert many.dims.quantiles == few.dims.quantiles == 2
    one, other = (fitted.predict(panel, panel.at_end()) for fitted in (many, few))
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.values[..., 1], other.values[..., 0])


def test_delta_reaches_the_training_of_a_forecaster():
    """Beyond δ only the sign of an error counts, so that many small δ differ from the square by far."""
    values = np.random.default_rng(0).standard_t(2, size=200)
    means = [
        forecast_of(replace(GRU, training=FitConfig(epochs=1, loss="huber", delta=delta)), values, 150)[0].mean
        for delta in (None, 1.0, 0.01)
    ]
    np.testing.assert_array_equal(means[0], means[1])
    assert (means[0] != means[2]).any()


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust"])
def test_the_scaler_is_the_one_asked_for_and_new_series_are_measured_alike(scaler):
    draw = np.random.default_rng(3)
    panel, other = (make_panel({name: draw.gamma(2, size=90)}) for name in "ab")
    training = replace(GRU.training, epochs=1, scaler=scaler)
    moved = replace(GRU, training=training).fit(panel, TASK, Deadline()).moved(other, panel)
    new = other.values[:, 0]
    low, middle, high = np.quantile(new, [0.25, 0.5, 0.75])
    expected = {
        "standard": (new.mean(), new.std()),
        "minmax": (new.min(), np.ptp(new)),
        "robust": (middle, high - low),
    }
    found = moved.encoder.scaler
    assert (found.loc[0, 0], found.scale[0, 0]) == pytest.approx(expected[scaler])


def test_a_sigmoid_on_targets_scaled_by_min_max_forecasts_within_what_was_seen():
    values = np.random.default_rng(0).uniform(20, 30, size=200)
    neural = Neural("hybrid", SQUASHED, FitConfig(epochs=2, scaler="minmax"))
    forecast, _ = forecast_of(neural, values, 150)
    assert values[:150].min() < forecast.values.min() < forecast.values.max() < values[:150].max()


@pytest.mark.parametrize(
    ("config", "training", "words"),
    [
        (SQUASHED, {"loss": "gaussian", "scaler": "minmax"}, "outputs of 'gaussian' are a location and a scale"),
        (SQUASHED, {"loss": "student-t"}, "Leave it out, or take the loss pinball, mse, mae or huber"),
        (SQUASHED, {}, "got scaler 'standard'. Say scaler='minmax'"),
        (RecurrentConfig(), {"loss": "cross-entropy"}, "any loss but one of classes; got 'cross-entropy'"),
        (RecurrentConfig(), {"scaler": "log"}, "must be one of standard, minmax, robust; got 'log'"),
    ],
)
def test_settings_that_cannot_work_together_are_refused_before_any_data(config, training, words):
    name = "hybrid" if isinstance(config, HybridConfig) else "gru"
    with pytest.raises(ConfigError, match=words):
        Neural(name, config, FitConfig(**training))


def test_an_unknown_loss_names_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean 'student-t'"):
        FitConfig(loss="student")
    with pytest.raises(ConfigError, match="Did you mean 'gaussian'"):
        reading_of("gausian")


def test_the_command_line_sets_loss_and_scaler():
    given = {"horizon": 3, "set": ["training.loss=huber", "training.delta=0.5", "training.scaler=robust"]}
    training = build_forecaster("gru", settings_of("a.csv", given)).training
    assert (training.loss, training.delta, training.scaler) == ("huber", 0.5, "robust")


@pytest.mark.parametrize("training", [{"loss": "gaussian"}, {"loss": "student-t", "scaler": "robust"}])
def test_a_user_gets_a_distribution_saves_it_and_finds_it_again(training, tmp_path):
    table = pl.DataFrame({"ds": range(150), "y": np.random.default_rng(0).normal(10, 2, size=150)})
    forecaster = Forecaster(
        horizon=2, model="gru", settings={"width": 6, "normalise": "min-max"}, training={**training, "epochs": 1}
    ).fit(table)
    expected = forecaster.predict()
    assert load(forecaster.save(tmp_path / "model")).predict().equals(expected)
    again = load(tmp_path / "model").move_to(table.with_columns(pl.col("y") + 1))
    assert again.fitted_.loss == training["loss"]
    assert again.fitted_.encoder.scaler.kind == training.get("scaler", "standard")


def test_a_model_saved_by_an_older_release_is_refused_in_words(tmp_path):
    table = pl.DataFrame({"ds": range(90), "y": np.random.default_rng(0).normal(size=90)})
    model = Forecaster(horizon=2, model="gru", settings={"width": 4}, training={"epochs": 1}).fit(table)
    saved = read_folder(model.save(tmp_path / "new"), FORMAT, VERSION)
    write_folder(tmp_path / "old", Bundle(format=saved.format, version=1, facts=saved.facts, files=saved.files))
    with pytest.raises(BundleError, match=f"is of format version 1; this seqcast reads version {VERSION}"):
        load(tmp_path / "old")


def test_a_run_of_an_older_release_is_not_gone_on_with(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.open({"data": "1"}, resume=False)
    folder.open({"data": "1"}, resume=True)
    folder.write("checkpoints/identity.json", json.dumps({"data": "1"}).encode())
    with pytest.raises(BundleError, match="changed since: format. Run without --resume"):
        folder.open({"data": "1"}, resume=True)
