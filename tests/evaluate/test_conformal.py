"""Calibration reads no future, gives what it promises, and is what plain Python makes of the same rules."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.budget import Deadline
from seqcast.errors import ConfigError
from seqcast.evaluate.conformal import calibrated, weighted_quantiles
from seqcast.forecasters.calibrated import CalibratedFitted
from seqcast.forecasters.classical import build_local
from seqcast.forecasters.ensemble import Ensemble
from seqcast.types import Task
from tests.panels import make_panel
from tests.proofs.intervals import (
    LEVELS,
    case,
    exchangeable_error,
    folds_of,
    jump_gaps,
    later_bits,
    long_run_excess,
    noise_panel,
    normal_quantiles,
    reordered_bits,
)
from tests.proofs.intervals_hand import by_hand

HOWS = ("split", "adaptive")


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("step", [1, None])
def test_it_is_what_plain_python_makes_of_the_same_rules(how, step):
    made = calibrated(*case(5, step), how)[0].values
    assert np.allclose(made, by_hand(*case(5, step), how), rtol=0, atol=1e-9)
    assert not np.allclose(made, case(5, step)[1].values, atol=0.05)


def test_what_comes_after_a_cutoff_changes_no_bit():
    assert later_bits() == 0


def test_the_order_of_series_and_of_forecasts_changes_no_bit():
    assert reordered_bits() == 0


@given(st.integers(0, 99), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_weighted_quantiles_are_those_of_numpy_where_weights_are_alike(seed, levels):
    scores = np.random.default_rng(seed).normal(size=(seed + 1, 3))
    theirs = [np.quantile(scores[:, q], level, method="hazen") for q, level in enumerate(levels)]
    found = weighted_quantiles(scores, np.full(seed + 1, 0.3), np.array(levels))
    assert np.allclose(found, theirs, atol=1e-12)


@given(st.permutations(range(9)))
def test_equal_scores_of_unequal_weights_may_come_in_any_order(order):
    scores = np.repeat([1.0, 2.0, 3.0], 3)[:, None]
    weights = np.array([0.1, 0.7, 0.3, 1 / 3, 1e-9, 0.9, 0.6, 0.2, 0.11])
    found = [weighted_quantiles(scores[o], weights[o], np.array([0.35])) for o in (list(order), list(range(9)))]
    assert found[0][0] == found[1][0]


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_exchangeable_errors_are_covered_as_promised(how, spread):
    # 1,600 independent values: three standard errors of 80 % are .03.
    assert exchangeable_error(how, spread) < 0.03


@pytest.mark.slow
def test_when_the_spread_trebles_only_the_adaptive_one_finds_back():
    assert np.abs(jump_gaps("adaptive")).max() < 0.03
    assert (jump_gaps("split") < -0.1).all()


@pytest.mark.slow
def test_the_share_missed_keeps_to_the_bound_of_gibbs_and_candes():
    assert long_run_excess() <= 0


@pytest.mark.parametrize("windows", [20, 60])
def test_series_that_err_together_are_trusted_like_one(windows):
    moved = {}
    for alike in (True, False):
        for series in (1, 6):
            panel = noise_panel(np.ones(4 * windows + 20), series=series)
            if alike:
                panel = make_panel({name: panel.values[: 4 * windows + 20] for name in panel.series})
            folds = folds_of(panel, 4, windows)
            said = normal_quantiles(folds.origins, np.full((series * windows, 4, 1), 0.2))
            learnt = calibrated(panel, said, folds, Task(horizon=4, quantiles=LEVELS), "split")[1]
            moved[alike, series] = np.abs(learnt.pooled[..., [0, 1, 3, 4]]).mean()
    assert moved[True, 6] == pytest.approx(moved[True, 1], rel=0.1)
    assert moved[False, 6] > 1.2 * moved[False, 1]


def test_half_the_spread_is_widened_and_twice_is_narrowed():
    panel = noise_panel(np.ones(400))
    folds = folds_of(panel, 4, 90)
    for sigma, direction in ((0.5, 1), (2.0, -1)):
        said = normal_quantiles(folds.origins, np.full((90, 4, 1), sigma))
        _, learnt = calibrated(panel, said, folds, Task(horizon=4, quantiles=LEVELS))
        outward = direction * learnt.shift * np.sign(np.array(LEVELS) - 0.5)
        assert (outward[..., [0, 1, 3, 4]] > 0).all()


@pytest.mark.parametrize("how", HOWS)
def test_nothing_known_moves_nothing_and_little_moves_little(how):
    panel, forecast, folds, task = case(step=None)
    made, learnt = calibrated(panel, forecast, folds, task, how)
    first = forecast.origins.fold == 0
    assert np.array_equal(made.values[first], forecast.values[first])
    one = calibrated(panel, forecast.take(first), folds.until(1), task, how)[1]
    assert 0 < np.abs(one.shift).mean() < np.abs(learnt.shift).mean()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("factor", "tolerance"), [(1000.0, 1e-9), (2.0**-30, 0)])
def test_another_unit_gives_the_same_intervals_in_it(how, factor, tolerance):
    panel, forecast, folds, task = case()
    one = calibrated(panel, forecast, folds, task, how)[0].values
    larger = replace(forecast, mean=factor * forecast.mean, values=factor * forecast.values)
    other = calibrated(replace(panel, values=factor * panel.values), larger, folds, task, how)[0].values
    assert np.allclose(other / factor, one, rtol=tolerance, atol=tolerance)


def test_quantiles_never_cross_and_the_median_stays():
    for seed in range(5):
        panel, forecast, folds, task = case(seed)
        made, learnt = calibrated(panel, forecast, folds, task)
        assert (np.diff(made.values, axis=-1) >= 0).all() and (
            np.diff(learnt.apply(forecast).values, axis=-1) >= 0
        ).all()
        assert np.array_equal(made.median, forecast.median) and np.array_equal(made.mean, forecast.mean)


def test_residuals_are_counted_by_series_and_target():
    panel, forecast, folds, task = case(step=None)
    _, learnt = calibrated(panel, forecast, folds, task)
    actual = panel.actual(forecast.origins, 3)
    for series in range(3):
        mine = actual[forecast.origins.series == series]
        assert learnt.residuals[series].tolist() == (~np.isnan(mine)).sum(axis=(0, 1)).tolist()


def test_a_constant_series_foretold_is_left_alone():
    panel = noise_panel(np.zeros(60))
    folds = folds_of(panel, 3, 8)
    said = normal_quantiles(folds.origins, np.zeros((8, 3, 1)))
    made, learnt = calibrated(panel, said, folds, Task(horizon=3, quantiles=LEVELS))
    assert np.array_equal(made.values, said.values) and not learnt.shift.any()


def test_missing_forecasts_teach_nothing_and_stay_missing():
    panel, forecast, folds, task = case()
    lost = forecast.origins.fold == 3
    values = np.where(lost[:, None, None, None], np.nan, forecast.values)
    made, _ = calibrated(panel, replace(forecast, values=values), folds, task)
    assert np.isnan(made.values[lost]).all() and np.isfinite(made.values[~lost]).all()


def test_levels_without_a_median_are_calibrated_too():
    panel, forecast, folds, task = case()
    keep = [0, 3]
    levels = tuple(LEVELS[q] for q in keep)
    said = replace(forecast, quantiles=levels, values=forecast.values[..., keep])
    made, _ = calibrated(panel, said, folds, replace(task, quantiles=levels))
    assert (made.values[..., 0] <= made.values[..., 1]).all() and not np.array_equal(made.values, said.values)


def test_another_way_is_refused_by_name():
    with pytest.raises(ConfigError, match="one of two ways; got 'adaptiv'. Did you mean 'adaptive'"):
        calibrated(*case(), "adaptiv")


@pytest.mark.parametrize("name", ["theta", "median"])
def test_any_forecaster_can_be_calibrated_an_ensemble_too(name):
    panel = noise_panel(np.linspace(1, 2, 90))
    task, folds = Task(horizon=3, quantiles=LEVELS), folds_of(panel, 3, 8)
    members = (build_local("naive"), build_local("drift"))
    forecaster = Ensemble("median", members, None) if name == "median" else build_local(name)

    fitted = forecaster.fit(panel, task, Deadline())
    raw = fitted.predict(panel, folds.origins)
    _, learnt = calibrated(panel, raw, folds, task)
    whole = CalibratedFitted(fitted, learnt)
    assert np.array_equal(whole.predict(panel, folds.origins).values, learnt.apply(raw).values)
