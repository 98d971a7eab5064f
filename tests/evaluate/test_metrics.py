"""Metrics against another library, against figures worked by hand, and against what must never change them."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from utilsforecast import losses

from seqcast.evaluate.metrics import central, coverage, crps, mae, mase, pinball, rmse, rmsse, seasonal_scale, smape

LEVELS = (0.1, 0.5, 0.9)
GROUPS = np.array([0, 2, 1, 0, 2, 1])


def drawn(seed=0, size=(6, 4, 2)):
    random = np.random.default_rng(seed)
    actual = random.normal(10, 3, size)
    values = np.sort(actual[..., None] + random.normal(0, 2, (*size, 3)), axis=-1)
    return actual, values


def long(actual, values, target=0):
    """Return the frame that utilsforecast wants: one row a group, cutoff and step."""
    rows, steps = actual.shape[:2]
    return pd.DataFrame(
        {
            "unique_id": np.repeat(GROUPS, steps),
            "ds": 101 + np.arange(rows * steps),
            "cutoff": 100,
            "y": actual[..., target].ravel(),
            "m": values[..., target, 1].ravel(),
            "low": values[..., target, 0].ravel(),
            "high": values[..., target, 2].ravel(),
        }
    )


def theirs(measured, column="m"):
    return measured.sort_values("unique_id")[column].to_numpy()


class TestAgainstUtilsforecast:
    actual, values = drawn()
    point = values[..., 1]

    def test_absolute_and_squared_errors(self):
        for target in (0, 1):
            frame = long(self.actual, self.values, target)
            expected = theirs(losses.mae(frame, models=["m"]))
            np.testing.assert_allclose(mae(self.actual, self.point, GROUPS, 3)[:, target], expected)
            expected = theirs(losses.rmse(frame, models=["m"]))
            np.testing.assert_allclose(rmse(self.actual, self.point, GROUPS, 3)[:, target], expected)

    def test_symmetric_percentage_error(self):
        # That library gives shares of 1, we give percent of 200.
        expected = 200 * theirs(losses.smape(long(self.actual, self.values), models=["m"]))
        np.testing.assert_allclose(smape(self.actual, self.point, GROUPS, 3)[:, 0], expected)

    @pytest.mark.parametrize("season", [1, 3, 7])
    def test_scaled_errors(self, season):
        histories = np.random.default_rng(1).normal(5, 2, (3, 40))
        train = pd.DataFrame(
            {"unique_id": np.repeat(np.arange(3), 40), "ds": np.tile(np.arange(40), 3), "y": histories.ravel()}
        )
        frame = long(self.actual, self.values)
        one = np.array([seasonal_scale(part[:, None], season) for part in histories])
        two = np.array([seasonal_scale(part[:, None], season, squared=True) for part in histories])
        expected = theirs(losses.mase(frame, models=["m"], seasonality=season, train_df=train))
        np.testing.assert_allclose(mase(self.actual[..., :1], self.point[..., :1], GROUPS, one)[:, 0], expected)
        expected = theirs(losses.rmsse(frame, models=["m"], seasonality=season, train_df=train))
        np.testing.assert_allclose(rmsse(self.actual[..., :1], self.point[..., :1], GROUPS, two)[:, 0], expected)

    def test_pinball_and_coverage(self):
        frame = long(self.actual, self.values)
        parts = [
            theirs(losses.quantile_loss(frame, models={name: name}, q=level), name)
            for name, level in zip(("low", "m", "high"), LEVELS, strict=True)
        ]
        ours = pinball(self.actual, self.values, LEVELS, GROUPS, 3)
        np.testing.assert_allclose(ours[:, 0], np.mean(parts, axis=0))
        np.testing.assert_array_equal(crps(self.actual, self.values, LEVELS, GROUPS, 3), 2 * ours)
        frame = frame.rename(columns={"low": "m-lo-80", "high": "m-hi-80"})
        expected = theirs(losses.coverage(frame, models=["m"], level=80))
        ours = coverage(self.actual, self.values[..., 0], self.values[..., 2], GROUPS, 3)
        np.testing.assert_allclose(ours[:, 0], expected)


def test_crps_of_many_levels_is_the_closed_form_of_a_normal_distribution():
    from scipy.stats import norm

    levels = tuple(np.arange(1, 2000) / 2000)
    values = norm.ppf(levels)[None, None, None, :]
    for observed in (-1.3, 0.0, 2.4):
        closed = observed * (2 * norm.cdf(observed) - 1) + 2 * norm.pdf(observed) - 1 / math.sqrt(math.pi)
        ours = crps(np.full((1, 1, 1), observed), values, levels, np.array([0]), 1)
        assert ours[0, 0] == pytest.approx(closed, abs=2e-3)


def test_zero_forecast_as_zero_is_no_percentage_error():
    actual, point = np.array([[[0.0], [0.0], [2.0]]]), np.array([[[0.0], [1.0], [2.0]]])
    assert smape(actual, point, np.array([0]), 1)[0, 0] == pytest.approx(200 / 3)


def everything(actual, values, groups, count, scale=None):
    point, scale = values[..., 1], np.ones((count, actual.shape[2])) if scale is None else scale
    return {
        "mae": mae(actual, point, groups, count),
        "rmse": rmse(actual, point, groups, count),
        "mase": mase(actual, point, groups, scale),
        "rmsse": rmsse(actual, point, groups, scale),
        "smape": smape(actual, point, groups, count),
        "crps": crps(actual, values, LEVELS, groups, count),
        "coverage": coverage(actual, values[..., 0], values[..., 2], groups, count),
    }


@given(mask=arrays(bool, (6, 4, 2)))
def test_a_missing_actual_counts_like_one_that_is_not_there(mask):
    actual, values = drawn()
    ours = everything(np.where(mask, np.nan, actual), values, GROUPS, 3)
    for group in range(3):
        for target in (0, 1):
            keep = ~mask[GROUPS == group][..., target]
            kept = actual[GROUPS == group][..., target][keep].reshape(-1, 1, 1)
            said = values[GROUPS == group][..., target, :][keep].reshape(-1, 1, 1, 3)
            alone = everything(kept, said, np.zeros(len(kept), dtype=np.int64), 1)
            for name, table in ours.items():
                np.testing.assert_allclose(table[group, target], alone[name][0, 0], rtol=1e-12, err_msg=name)


@given(order=st.permutations(range(6)))
def test_the_order_of_forecasts_changes_nothing(order):
    actual, values = drawn()
    straight = everything(actual, values, GROUPS, 3)
    shuffled = everything(actual[order], values[order], GROUPS[order], 3)
    for name, table in straight.items():
        np.testing.assert_allclose(shuffled[name], table, rtol=1e-12)


@given(power=st.integers(-1000, 1000))
def test_units_change_nothing_but_the_unit_from_1e_minus_300_to_1e300(power):
    actual, values = drawn()
    unit = math.ldexp(1.0, power)
    plain, changed = everything(actual, values, GROUPS, 3), everything(actual * unit, values * unit, GROUPS, 3)
    for name in ("mae", "rmse", "crps"):
        np.testing.assert_array_equal(changed[name], plain[name] * unit)
    for name in ("smape", "coverage"):
        np.testing.assert_array_equal(changed[name], plain[name])
    history = np.random.default_rng(2).normal(0, 1, (30, 2))
    for squared in (False, True):
        scaled = seasonal_scale(history * unit, 4, squared=squared)
        np.testing.assert_array_equal(scaled, seasonal_scale(history, 4, squared=squared) * unit)


def test_a_huge_forecast_beside_small_values_stays_a_number():
    actual, point = np.ones((1, 2, 1)), np.array([[[1e200], [1.0]]])
    assert rmse(actual, point, np.array([0]), 1)[0, 0] == pytest.approx(1e200 / math.sqrt(2))
    assert smape(actual, point, np.array([0]), 1)[0, 0] == pytest.approx(100)
    assert mae(np.array([[[1.7e308]]]), np.array([[[1.6e308]]]), np.array([0]), 1)[0, 0] == pytest.approx(1e307)


@pytest.mark.parametrize("gone", [np.nan, np.inf, -np.inf])
def test_a_missing_forecast_is_infinitely_wrong_where_something_came(gone):
    actual, values = drawn()
    values[0, 0, 0, :] = gone
    spoiled = everything(actual, values, GROUPS, 3)
    for name in ("mae", "rmse", "mase", "rmsse", "smape", "crps"):
        assert spoiled[name][0, 0] == math.inf, name
        assert np.isfinite(np.delete(spoiled[name].ravel(), 0)).all()
    actual[0, 0, 0] = np.nan
    assert all(np.isfinite(table).all() for table in everything(actual, values, GROUPS, 3).values())


def test_a_group_without_anything_to_judge_is_nan():
    actual, values = drawn()
    actual[GROUPS == 1] = np.nan
    for name, table in everything(actual, values, GROUPS, 4).items():
        assert np.isnan(table[[1, 3]]).all() and np.isfinite(table[[0, 2]]).all(), name


class TestSeasonalScale:
    def test_by_hand(self):
        history = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 20.0], [7.0, 50.0]])
        np.testing.assert_allclose(seasonal_scale(history, 2), [4.0, 20.0])
        np.testing.assert_allclose(seasonal_scale(history, 2, squared=True), [math.sqrt(17), math.sqrt(500)])

    def test_missing_values_leave_out_their_pairs(self):
        history = np.array([[1.0], [np.nan], [4.0], [5.0], [8.0]])
        assert seasonal_scale(history, 1)[0] == pytest.approx((1 + 3) / 2)

    def test_without_a_pair_or_an_error_a_season_back_the_step_before_counts(self):
        assert seasonal_scale(np.array([[1.0], [3.0]]), 12)[0] == 2
        repeated = np.tile([0.1, 0.7, 0.4], 5)[:, None] * 3
        assert seasonal_scale(repeated, 3)[0] == pytest.approx(seasonal_scale(repeated, 1)[0])

    @pytest.mark.parametrize("history", [[[5.0]] * 9, [[0.0]] * 9, [[7.0]], [[np.nan]] * 4])
    def test_a_constant_has_no_scale(self, history):
        assert np.isnan(seasonal_scale(np.array(history), 3)).all()

    def test_the_trace_of_rounding_is_no_scale(self):
        constant = 0.1 + 0.2 + np.zeros((50, 1))
        constant[::2] = 0.3
        assert np.isnan(seasonal_scale(constant, 1)).all()


@pytest.mark.parametrize(
    ("levels", "pair"),
    [
        ((0.1, 0.5, 0.9), (0, 2, 0.8)),
        ((0.05, 0.1, 0.5, 0.9), (1, 3, 0.8)),
        ((0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), (0, 8, 0.8)),
        ((0.5,), None),
        ((0.5, 0.9), None),
    ],
)
def test_the_widest_central_interval(levels, pair):
    assert central(levels) == pair
