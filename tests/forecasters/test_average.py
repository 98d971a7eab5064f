"""Combinations of forecasts: beside NumPy, ordered, within their members, and holes that stay where they are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.forecasters.average import combined, gaps_in, median_of
from seqcast.types import Forecast, Origins
from tests.proofs.ensembles import LEVELS, agreeing_moved, beside_numpy

RULES = ("average", "median")


# Seed, power of ten, members, series, steps, targets: forecasts are made of them inside the test.
sizes = st.tuples(
    st.integers(0, 10**6),
    st.integers(-300, 307),
    st.integers(1, 7),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 2),
)


def several(seed, power, count, n, h, k):
    """Return what `count` members say, and weights."""
    random = np.random.default_rng(seed)
    origins = Origins(np.arange(n), random.integers(9, 99, size=n), np.zeros(n, dtype=np.int64))
    said = {}
    for number in range(count):
        values = np.sort(10.0**power * random.normal(size=(n, h, k, len(LEVELS))), axis=-1)
        said[f"m{number}"] = Forecast(origins, LEVELS, values[..., 1], values)
    return said, dict(zip(said, random.uniform(0.1, 1, size=count), strict=True))


def mixed(rule, said, weights):
    if rule == "median":
        return median_of("median", said)
    return combined("ensemble", said, {name: weights[name] for name in said})


@pytest.mark.parametrize("rule", RULES)
@given(sizes)
def test_quantiles_are_ordered_and_within_the_members(rule, them):
    said, weights = several(*them)
    got = mixed(rule, said, weights)
    stack = np.array([forecast.values for forecast in said.values()])
    assert np.isfinite(got.values).all() and np.isfinite(got.mean).all()
    assert (np.diff(got.values, axis=-1) >= 0).all()
    assert (got.values >= stack.min(axis=0)).all() and (got.values <= stack.max(axis=0)).all()


@pytest.mark.parametrize("rule", RULES)
@given(sizes, st.permutations(range(7)))
def test_order_of_members_and_company_of_origins_change_not_a_bit(rule, them, order):
    said, weights = several(*them)
    expected = mixed(rule, said, weights)
    shuffled = mixed(rule, {f"m{number}": said[f"m{number}"] for number in order if number < len(said)}, weights)
    alone = mixed(rule, {name: forecast.take(np.array([0])) for name, forecast in said.items()}, weights)
    for got, wanted in ((shuffled, expected), (alone, expected.take(np.array([0])))):
        np.testing.assert_array_equal(got.values, wanted.values)
        np.testing.assert_array_equal(got.mean, wanted.mean)


@pytest.mark.parametrize("rule", RULES)
def test_it_is_what_numpy_says(rule):
    assert beside_numpy(median=rule == "median") < 1e-14


@pytest.mark.parametrize("rule", RULES)
@given(sizes, st.floats(1e-300, 1e300))
def test_one_member_is_that_member_to_the_last_bit_whatever_its_weight(rule, them, weight):
    said, _ = several(*them)
    one = {"m0": said["m0"]}
    got = mixed(rule, one, {"m0": weight})
    np.testing.assert_array_equal(got.values, one["m0"].values)
    np.testing.assert_array_equal(got.mean, one["m0"].mean)


def test_members_that_agree_are_met_to_the_last_bit():
    assert agreeing_moved() == 0


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("power", [-900, 900])
def test_scale_by_a_power_of_two_changes_not_a_bit(rule, power):
    said = three()
    scaled = {
        name: replace(each, mean=np.ldexp(each.mean, power), values=np.ldexp(each.values, power))
        for name, each in said.items()
    }
    weights = {"a": 0.2, "b": 0.7, "c": 0.1}
    expected, got = mixed(rule, said, weights), mixed(rule, scaled, weights)
    np.testing.assert_array_equal(got.values, np.ldexp(expected.values, power))
    np.testing.assert_array_equal(got.mean, np.ldexp(expected.mean, power))


@pytest.mark.parametrize("rule", RULES)
def test_shift_moves_the_combination_along(rule):
    said, weights = three(), {"a": 0.2, "b": 0.7, "c": 0.1}
    moved = {name: replace(each, mean=each.mean + 5, values=each.values + 5) for name, each in said.items()}
    np.testing.assert_allclose(mixed(rule, moved, weights).values, mixed(rule, said, weights).values + 5, rtol=1e-14)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rule", RULES)
def test_a_member_without_a_number_is_left_out_there_alone_and_it_is_said(rule, hole):
    said, weights = three(), {"a": 0.2, "b": 0.7, "c": 0.1}
    values = said["b"].values.copy()
    values[1, 2, 0, 1] = hole
    holed = {**said, "b": replace(said["b"], values=values)}
    got, whole = mixed(rule, holed, weights), mixed(rule, said, weights)
    without = mixed(rule, {name: said[name] for name in "ac"}, weights)
    np.testing.assert_array_equal(got.values[1, :, 0], without.values[1, :, 0])
    np.testing.assert_array_equal(got.values[1, :, 1], whole.values[1, :, 1])
    np.testing.assert_array_equal(got.values[[0, 2]], whole.values[[0, 2]])
    assert gaps_in("median", holed) == ("median: b gave no number for 1 of 6 forecasts and was left out there.",)
    assert gaps_in("median", said) == ()


@pytest.mark.parametrize("rule", RULES)
def test_where_no_member_has_a_number_there_is_none(rule):
    said = {name: replace(each, values=np.full_like(each.values, np.nan)) for name, each in three().items()}
    got = mixed(rule, said, dict.fromkeys("abc", 1.0))
    assert np.isnan(got.values).all() and np.isnan(got.mean).all()
    assert gaps_in("median", said) == ()


@pytest.mark.parametrize("rule", RULES)
def test_members_in_another_order_of_origins_are_put_in_place(rule):
    said, weights = three(), {"a": 0.2, "b": 0.7, "c": 0.1}
    other = {**said, "b": said["b"].take(np.array([2, 0, 1]))}
    np.testing.assert_array_equal(mixed(rule, other, weights).values, mixed(rule, said, weights).values)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"a": 1.0, "d": 0.5}, r"\['d'\] are not among \['a', 'b', 'c'\]"),
        ({"a": 1.0, "b": -0.5}, "numbers of 0 or more"),
        ({"a": 1.0, "b": np.nan}, "numbers of 0 or more"),
        ({"a": 0.0}, "one of them at least above"),
    ],
)
def test_weights_that_no_average_can_have_are_refused(weights, words):
    with pytest.raises(ValueError, match=words):
        combined("ensemble", three(), weights)


def test_other_origins_other_levels_and_nobody_are_refused():
    said = three()
    fewer = {**said, "b": said["b"].take(np.array([0, 1]))}
    later = replace(said["c"].origins, rows=said["c"].origins.rows + 1)
    others = {**said, "c": replace(said["c"], origins=later)}
    levels = {**said, "c": replace(said["c"], quantiles=(0.2, 0.5, 0.8))}
    for wrong, member in ((fewer, "b"), (others, "c"), (levels, "c")):
        with pytest.raises(ValueError, match=f"same origins and levels only; a and {member} differ"):
            median_of("median", wrong)
    with pytest.raises(ValueError, match="median has no member to combine"):
        median_of("median", {})


def three():
    """Return what three members say of three series and two targets."""
    random = np.random.default_rng(3)
    origins = Origins(np.arange(3), np.array([9, 9, 12]), np.zeros(3, dtype=np.int64))
    said = {}
    for name in "abc":
        values = np.sort(random.normal(size=(3, 4, 2, 3)), axis=-1)
        said[name] = Forecast(origins, LEVELS, values.mean(axis=-1), values)
    return said
