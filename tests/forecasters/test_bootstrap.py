"""Quantiles drawn from residuals: against libraries, exact sums, and the coverage of laws that are not normal."""

from dataclasses import asdict, replace
from functools import partial

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.arima_process import arma2ma

from seqcast.budget import Deadline
from seqcast.config import built
from seqcast.errors import ConfigError
from seqcast.evaluate.plan import plan
from seqcast.evaluate.study import Limits as TimeLimits
from seqcast.evaluate.study import compare
from seqcast.forecaster import Forecaster
from seqcast.forecasters import local
from seqcast.forecasters.bootstrap import (
    NO_ERRORS,
    NOT_FINITE,
    TOO_FEW,
    Errors,
    convolved,
    enlarged,
    quantile_function,
    resampled,
    shocks,
)
from seqcast.forecasters.classical import CLASSICAL, build_local
from seqcast.forecasters.ets import Form, ets_sigma, futures
from seqcast.forecasters.gaussian import gaussian
from seqcast.forecasters.guard import Limits, Normal, guarded
from seqcast.forecasters.naive import drift, naive, seasonal_naive
from seqcast.forecasters.season import on_remainder
from seqcast.options import RunOptions
from seqcast.types import Task
from tests.contract.test_local_contract import forecasts, one, panel_for, same, wave
from tests.proofs import bootstrap as proofs

NAMES = [*CLASSICAL, "arima(1,0,1)", "arima(0,1,1)(0,1,1)", "arimax(1,0,1)"]
NORMAL = Task(horizon=6, season=4, quantiles=(0.025, 0.1, 0.5, 0.9, 0.975))
DRAWN = replace(NORMAL, spread="bootstrap")


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_linear_errors_are_weighted_sums_of_shocks(weights, seed):
    drawn = np.random.default_rng(seed).normal(size=(3, len(weights)))
    truth = [np.convolve(row, weights)[: len(weights)] for row in drawn]
    np.testing.assert_allclose(convolved(drawn, np.array(weights)), truth, atol=1e-12)


@given(st.floats(-0.9, 0.9), st.floats(-0.9, 0.9), st.integers(1, 20))
def test_one_shock_leaves_the_weights_of_statsmodels(ar, ma, steps):
    weights = arma2ma([1.0, -ar], [1.0, ma], steps)
    np.testing.assert_allclose(convolved(np.eye(1, steps), weights)[0], weights, atol=1e-12)


@given(st.integers(2, 300), st.integers(0, 2**32 - 1))
def test_the_kth_of_n_residuals_is_the_quantile_that_a_new_one_falls_below(count, seed):
    values = np.random.default_rng(seed).normal(size=count)
    levels = np.arange(1, count + 1) / (count + 1)
    np.testing.assert_allclose(quantile_function(values - values.mean(), levels), np.sort(values) - values.mean())


def test_beyond_the_last_residual_quantiles_go_on_as_normal_ones():
    scores = np.array([1.5, 2.0, 2.5])
    levels = np.array([0.933192799, 0.977249868, 0.993790335])
    values = np.r_[-4.0, np.zeros(7), 3.0]
    found = quantile_function(values, np.r_[1 - levels, levels])
    # The outermost of nine has the level 0.1, the normal score 1.28155.
    np.testing.assert_allclose(found, np.r_[-4 * scores, 3 * scores] / 1.2815515655, rtol=1e-6)


def test_residuals_are_enlarged_to_the_errors_of_new_values():
    # A regression: new values at the same columns err by the final prediction error of Akaike (1969).
    rng, count, columns = np.random.default_rng(0), 40, 10
    sizes = []
    for _ in range(2000):
        design, old, new = rng.normal(size=(count, columns)), rng.normal(size=count), rng.normal(size=count)
        fitted = design @ np.linalg.lstsq(design, old, rcond=None)[0]
        sizes.append([np.mean(enlarged(old - fitted, columns) ** 2), np.mean((new - fitted) ** 2)])
    said, came = np.mean(sizes, axis=0)
    np.testing.assert_allclose([said, came], 1 + columns / count, rtol=0.02)


def test_residuals_off_zero_make_wider_shocks_but_do_not_move_them():
    residuals = np.random.default_rng(1).normal(2, 1, size=500)
    drawn = enlarged(residuals, 0)
    assert abs(drawn.mean()) < 1e-12
    np.testing.assert_allclose(np.mean(drawn**2), np.mean(residuals**2))


def test_every_step_draws_each_value_once_and_in_another_order():
    drawn = shocks(np.random.default_rng(2).normal(size=60), 0, 9)
    correlations = np.corrcoef(drawn.T) - np.eye(9)
    assert proofs.uneven_columns() == 0 and np.abs(correlations).max() < 0.06
    assert np.array_equal(shocks(np.random.default_rng(2).normal(size=60), 0, 4), drawn[:, :4])


def test_quantiles_one_step_ahead_are_those_of_the_moves():
    assert proofs.one_step_gap() < 0.01
    history = np.cumsum(np.random.default_rng(3).exponential(size=400))
    moves = history[4:] - history[:-4]
    centred = (moves - moves.mean()) * np.sqrt(np.mean(moves**2)) / moves.std()
    truth = history[-4] + np.quantile(centred, DRAWN.quantiles, method="weibull")
    np.testing.assert_allclose(seasonal_naive(history, DRAWN).values[0], truth, atol=0.02 * moves.std())


def test_quantiles_two_steps_ahead_are_those_of_all_sums():
    assert proofs.two_step_gap() < 0.1


def test_paths_are_those_that_each_library_would_filter_back():
    assert proofs.arima_filter_gap() < 1e-6
    assert proofs.ets_filter_gap() < 1e-9
    assert proofs.theta_filter_gap() < 1e-9
    assert proofs.psi_gap() < 1e-9


def test_with_normal_errors_the_quantiles_are_normal():
    assert proofs.normal_gap() < 0.1


def test_beside_holes_the_spread_is_that_of_the_filter():
    history = np.cumsum(np.random.default_rng(4).normal(size=300))
    history[[100, 101, 250, 296, 298]] = np.nan
    model = build_local("arima(0,1,1)").function.load()
    # Quantiles of the filter's own normal errors; only their spread is compared.
    normal, drawn = model(history, NORMAL), model(history, DRAWN)
    ratio = np.ptp(drawn.values, axis=1) / np.ptp(normal.values, axis=1)
    assert np.ptp(ratio[1:]) < 0.06 and abs(ratio.mean() - 1) < 0.12


@pytest.mark.parametrize("form", ["MNN", "MAN", "MNA", "MAA", "MNM", "MAM"])
def test_ets_paths_spread_as_its_variance_says(form):
    kind = Form(error=form[0], trend=form[1], season=form[2], damped=False)
    seasons = {"N": [], "A": [2.0, -1.0, 1.0, -2.0], "M": [1.2, 0.7, 0.9, 1.2]}[form[2]]
    state = np.array([20.0, *[0.3] * (form[1] == "A"), *seasons])
    smoothing = (0.4, 0.1 * (form[1] == "A"), 0.2 * (form[2] != "N"), 1.0)
    drawn = np.random.default_rng(5).normal(0, 0.05, size=(100_000, 9))
    paths = futures(kind, smoothing, state, len(seasons) or 1, drawn)
    model = {"components": kind.name, "par": smoothing, "sigma2": 0.0025, "m": len(seasons) or 1, "states": state[None]}
    np.testing.assert_allclose(paths.std(axis=0), ets_sigma(model, paths.mean(axis=0)), rtol=0.02)


def test_errors_that_multiply_never_lead_below_zero():
    kind = Form(error="M", trend="N", season="M", damped=False)
    drawn = np.random.default_rng(6).normal(0, 1.5, size=(500, 20))
    assert futures(kind, (0.9, 0.0, 0.05, 1.0), np.array([5.0, 1.1, 0.9]), 2, drawn).min() >= 0


def missed(method, law, series=600, rows=220, levels=(0.05, 0.95)):
    """Return the shares of values below the low and above the high quantile, by spread, at the first two steps."""
    rng = np.random.default_rng(7)
    shares = {}
    paths = [method(law(rng, rows)) for _ in range(series)]
    for spread in ("normal", "bootstrap"):
        task = Task(horizon=2, quantiles=levels, spread=spread)
        sides = []
        for path, function in paths:
            values = function(path[:-2], task).values
            sides.append([path[-2:] < values[:, 0], path[-2:] > values[:, 1]])
        shares[spread] = np.mean(sides, axis=0)
    return shares


def walk_of(noise):
    return np.cumsum(noise), naive


def autoregression_of(noise):
    values = noise.copy()
    for step in range(1, len(values)):
        values[step] += 0.6 * values[step - 1]
    return values, build_local("ar").function.load()


@pytest.mark.parametrize(("process", "series"), [(walk_of, 1500), (autoregression_of, 160)])
def test_skewed_errors_are_covered_on_both_sides(process, series):
    shares = missed(process, lambda rng, rows: rng.exponential(size=rows) - 1, series)
    allowed = 4 * np.sqrt(0.05 * 0.95 / series)
    np.testing.assert_allclose(shares["bootstrap"], 0.05, atol=allowed)
    # Nothing lies so far below, and more lies above, than a normal distribution has it.
    assert (shares["normal"][0] < 0.02).all() and shares["normal"][0, 0] == 0


def test_heavy_tails_are_covered_where_normal_quantiles_fall_short():
    shares = missed(walk_of, lambda rng, rows: rng.standard_t(3, size=rows), 2000, levels=(0.005, 0.995))
    drawn, normal = shares["bootstrap"].sum(axis=0), shares["normal"].sum(axis=0)
    np.testing.assert_allclose(drawn, 0.01, atol=4 * np.sqrt(0.01 * 0.99 / 2000))
    assert (normal > drawn + 0.004).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_mean_stays_and_the_quantiles_are_ordered_around_it(name):
    panel = panel_for(name, {"a": wave(0), "jump": np.r_[np.zeros(30), wave(2, 26)]})
    normal, drawn = forecasts(name, panel, task=NORMAL)[0], forecasts(name, panel, task=DRAWN)[0]
    assert np.array_equal(drawn.mean, normal.mean) and not np.array_equal(drawn.values, normal.values)
    assert np.isfinite(drawn.values).all() and (np.diff(drawn.values, axis=-1) >= 0).all()
    width = np.ptp(drawn.values, axis=-1) / np.ptp(normal.values, axis=-1)
    assert (width > 0.6).all() and (width < 2.2).all()


@pytest.mark.parametrize("name", NAMES)
def test_scale_by_a_power_of_two_changes_not_a_bit(name):
    mean, quantiles, notes = one(name, wave(3), DRAWN)
    assert notes == ()
    scaled_mean, scaled_quantiles, _ = one(name, np.ldexp(wave(3), 700), DRAWN)
    assert np.array_equal(scaled_mean, np.ldexp(mean, 700))
    assert np.array_equal(scaled_quantiles, np.ldexp(quantiles, 700))


@pytest.mark.parametrize("name", ["naive", "drift", "seasonal-naive", "ar", "ets", "theta"])
def test_a_thousand_times_the_data_is_a_thousand_times_the_quantiles(name):
    np.testing.assert_allclose(one(name, 1000 * wave(3), DRAWN)[1], 1000 * one(name, wave(3), DRAWN)[1], rtol=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_order_company_and_processes_change_not_a_bit(name, monkeypatch):
    values = {f"s{i}": wave(i, rows=40 + i) for i in range(3)}
    panel = panel_for(name, values)
    monkeypatch.setattr(local, "WORTH_PROCESSES", np.inf)
    monkeypatch.setattr(local, "_TIMED_FIRST", 0)
    serial = forecasts(name, panel, task=DRAWN)[0]
    backwards = forecasts(name, panel_for(name, dict(reversed(values.items()))), task=DRAWN)[0]
    assert same(serial, backwards.take(np.arange(3)[::-1]))
    if name == "arima(1,0,1)":
        monkeypatch.setattr(local, "WORTH_PROCESSES", 0.0)
        assert same(serial, forecasts(name, panel, task=DRAWN, workers=2)[0])


def test_what_was_drawn_before_changes_nothing():
    history = wave(4)
    first = naive(history, DRAWN)
    np.random.default_rng(0).normal(size=10)
    drift(history, replace(DRAWN, horizon=40))
    assert np.array_equal(naive(history, DRAWN).values, first.values)


@pytest.mark.parametrize("method", [naive, drift, seasonal_naive])
def test_an_unobserved_end_is_part_of_the_way(method):
    history = wave(5)
    cut = np.r_[history, np.nan, np.nan]
    longer = method(history, replace(DRAWN, horizon=8))
    np.testing.assert_allclose(method(cut, DRAWN).values, longer.values[2:], rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_missing_values_are_no_residuals(name):
    values = wave(6, rows=80)
    values[[0, 1, 30, 31, 55, 78, 79]] = np.nan
    panel = panel_for(name, {"a": values})
    drawn, normal = (forecasts(name, panel, len(values), task)[0].values[0, :, 0] for task in (DRAWN, NORMAL))
    assert np.isfinite(drawn).all()
    ratio = np.ptp(drawn, axis=-1) / np.ptp(normal, axis=-1)
    assert (ratio > 0.6).all() and (ratio < 2.0).all()


def test_few_residuals_leave_normal_quantiles_and_say_so():
    for rows, note in ((20, TOO_FEW), (21, None)):
        drawn, normal = naive(wave(7, rows), DRAWN), naive(wave(7, rows), NORMAL)
        assert drawn.note == note
        assert np.array_equal(drawn.values, normal.values) == bool(note)


def test_what_has_no_errors_or_explodes_stays_normal_and_says_so():
    normal = gaussian(np.zeros(6), np.ones(6), DRAWN)
    assert resampled(normal, None, DRAWN).note == NO_ERRORS
    exploding = Errors(np.arange(-30.0, 31.0), 0, 6, lambda drawn: np.exp(1e9 * drawn))
    kept = resampled(normal, exploding, DRAWN)
    assert kept.note == NOT_FINITE and np.array_equal(kept.values, normal.values)


def test_fallbacks_and_exact_histories_keep_working():
    exact = build_local("theta").function.load()(np.resize([1.0, 2.0, 5.0], 60), replace(DRAWN, season=3))
    assert "continues itself exactly" in str(exact.note) and np.ptp(exact.values, axis=1).max() < 1e-9

    def broken(*given):
        raise np.linalg.LinAlgError("singular")

    fallen = guarded(broken, wave(8), DRAWN, Limits())
    assert "fell back to" in str(fallen.note) and np.isfinite(fallen.values).all()
    assert not np.array_equal(fallen.values, guarded(broken, wave(8), NORMAL, Limits()).values)


def test_a_season_put_back_counts_as_parameters():
    def fit(history, steps, season):
        return Normal(np.zeros(steps), np.ones(steps), errors=Errors(history, 2, steps, partial(np.cumsum, axis=1)))

    kept = on_remainder(fit, wave(9, 200), 6, 24).errors
    assert kept is not None and kept.spent == pytest.approx(2 + 0.17 * 200)
    times = fit(wave(9), 3, 1).seasoned(np.array([2.0, 1.0, 0.5]), 3, multiplies=True)
    assert times.errors is not None and times.errors.spent == 5
    assert times.errors.ahead(np.ones((1, 3))).tolist() == [[2.0, 2.0, 1.5]]


def test_thousands_of_steps_are_drawn_with_fewer_paths():
    drawn = naive(wave(10), Task(horizon=6000, spread="bootstrap"))
    assert np.isfinite(drawn.values).all()
    assert len(shocks(wave(10), 0, 6000)) == 1333


def test_a_task_saved_without_a_spread_is_normal_and_an_unknown_one_is_refused():
    facts = {name: value for name, value in asdict(NORMAL).items() if name != "spread"}
    assert built(Task, facts, "task") == NORMAL
    assert built(Task, asdict(DRAWN), "task") == DRAWN
    with pytest.raises(ConfigError, match="No spread named 'bootstrp'. Did you mean 'bootstrap'?"):
        Task(horizon=1, spread="bootstrp")


def test_a_run_draws_what_its_options_ask():
    panel = panel_for("naive", {"a": walk()})
    drawn, normal = (
        plan(panel, RunOptions(horizon=6, models=("naive",), windows=1, spread=spread))
        for spread in ("bootstrap", "normal")
    )
    assert (drawn.task.spread, normal.task.spread) == ("bootstrap", "normal")
    assert replace(drawn.task, spread="normal") == normal.task
    store = compare(panel, drawn, [build_local("naive")], TimeLimits(intervals="model", ensembles=False))
    known = drawn.folds.known[drawn.inner, 0]
    truth = naive(walk()[:known], drawn.task)
    np.testing.assert_array_equal(store.backtests["naive"].forecast.values[0, :, 0], truth.values)


def test_a_user_gets_skewed_intervals_for_skewed_errors():
    table = pl.DataFrame({"t": range(200), "y": walk()})
    sides = {}
    for spread in ("normal", "bootstrap"):
        made = Forecaster(horizon=1, model="naive", intervals="model", spread=spread).fit(table).predict()
        low, high = walk()[-1] - made["q0.1"][0], made["q0.9"][0] - walk()[-1]
        sides[spread] = (low, high)
    assert sides["normal"][0] == pytest.approx(sides["normal"][1])
    # Moves are exponential less one: their deciles are -.89 and 1.30.
    np.testing.assert_allclose(sides["bootstrap"], (0.89, 1.30), atol=0.25)


def walk():
    """Return a walk whose moves are skewed."""
    return np.cumsum(np.random.default_rng(12).exponential(size=200) - 1)


def test_a_forecaster_draws_what_its_task_asks():
    panel = panel_for("theta", {"a": wave(11)})
    fitted = build_local("theta").fit(panel, DRAWN, Deadline.after(None))
    direct = build_local("theta").function.load()(wave(11), DRAWN)
    np.testing.assert_allclose(fitted.predict(panel, panel.at_end()).values[0, :, 0], direct.values, rtol=1e-9)
