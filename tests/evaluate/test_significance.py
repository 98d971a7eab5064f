"""Tests of equal skill keep their promised share of false alarms, see real gains, and count nothing twice."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from seqcast.evaluate.resampling import confidence_set, gain_interval, resamples
from seqcast.evaluate.significance import (
    Contrast,
    cosine_test,
    design_effect,
    diebold_mariano,
    holm,
    over_series,
    over_windows,
)
from tests.proofs.significance import covered, rejected, window_losses

CELLS = st.floats(-1e3, 1e3).map(lambda value: round(value, 3))


class TestDieboldMariano:
    def test_by_hand_at_horizon_two(self):
        # Mean 2; autocovariances 14/6 at lag 0 and -1/6 at lag 1; so (14/6 - 2/6)/6 = 1/3 is the variance of the mean.
        difference = np.array([1.0, 4.0, 2.0, 0.0, 1.0, 4.0])
        correction = math.sqrt((6 + 1 - 4 + 2 / 6) / 6)
        lagged = float((difference[1:] - 2) @ (difference[:-1] - 2))
        variance = (14 / 6 + 2 * lagged / 6) / 6
        statistic, p_value = diebold_mariano(difference, 2)
        assert statistic == pytest.approx(2 / math.sqrt(variance) * correction)
        assert p_value == pytest.approx(2 * stats.t.sf(statistic, 5))

    def test_a_variance_that_is_not_positive_gives_no_number(self):
        assert all(math.isnan(value) for value in diebold_mariano(np.array([1.0, -1.0] * 5) + 0.1, 2))

    @given(arrays(float, st.integers(3, 30), elements=CELLS), st.floats(1e-6, 1e6))
    def test_unit_and_side(self, difference, unit):
        one, scaled, turned = (over_windows(values) for values in (difference, unit * difference, -difference))
        assert scaled.p_value == pytest.approx(one.p_value, abs=1e-6)
        assert turned.p_value == one.p_value and turned.statistic == -one.statistic

    def test_no_difference_is_no_proof_and_a_constant_one_is(self):
        assert over_windows(np.zeros(5)).p_value == 1.0
        assert over_windows(np.full(5, 0.25)) == Contrast(math.inf, 0.0, 4.0)
        assert over_windows(np.full(5, -0.25)).statistic == -math.inf

    def test_enormous_and_tiny_losses(self):
        difference = np.array([1.0, 2.0, -0.5, 3.0])
        expected = over_windows(difference).p_value
        for unit in (1e-300, 1e300):
            assert over_windows(unit * difference).p_value == pytest.approx(expected)

    @pytest.mark.parametrize(("count", "overlap", "freedom"), [(1, 1, 0), (2, 1, 0), (3, 1, 2), (7, 2, 0), (8, 2, 2)])
    def test_too_few_windows_are_no_evidence(self, count, overlap, freedom):
        found = over_windows(np.linspace(1, 2, count), overlap)
        assert found.freedom == freedom
        assert (found.p_value == 1.0) == (freedom == 0)

    def test_windows_that_overlap_have_less_to_say(self):
        difference = np.random.default_rng(0).normal(1.0, 1.0, 40)
        alone, together = over_windows(difference), over_windows(difference, overlap=4)
        assert (alone.freedom, together.freedom, together.block) == (39.0, 5.0, 4)
        assert (together.statistic, together.p_value) == cosine_test(difference, 5)


class TestDesignEffect:
    @given(arrays(float, st.tuples(st.integers(2, 8), st.integers(3, 9)), elements=CELLS))
    def test_between_none_and_the_number_of_series(self, table):
        times = np.broadcast_to(np.arange(table.shape[1]), table.shape).copy()
        effect = design_effect(table, np.arange(len(table)), times)
        assert 0 <= effect <= len(table) * (1 + 1e-9)

    def test_series_at_other_times_do_not_move_together(self):
        same = np.tile([1.0, -2.0, 3.0, 0.0], (5, 1))
        apart = np.arange(20).reshape(5, 4)
        assert design_effect(same, np.arange(5), apart % 4) == pytest.approx(5.0)
        assert design_effect(same, np.arange(5), apart) == pytest.approx(1.0)

    def test_what_was_not_observed_does_not_count(self):
        table = np.array([[1.0, np.nan, 3.0, 2.0], [2.0, 1.0, np.nan, 5.0]])
        places = np.broadcast_to(np.arange(4), table.shape).copy()
        # Deviations: -1, ., 1, 0 and -2/3, -5/3, ., 7/3.
        together = (-1 - 2 / 3) ** 2 + (5 / 3) ** 2 + 1 + (7 / 3) ** 2
        alone = 2 + (2 / 3) ** 2 + (5 / 3) ** 2 + (7 / 3) ** 2
        assert design_effect(table, np.array([0, 1]), places) == pytest.approx(together / alone)

    def test_series_that_all_move_as_one_are_no_evidence(self):
        assert over_series(np.arange(100.0), inflation=40.0).freedom == 0
        assert over_series(np.arange(100.0), inflation=4.0).freedom == pytest.approx(24.0)

    def test_series_that_seem_to_move_apart_are_no_more_than_independent(self):
        pieces = np.random.default_rng(0).normal(0.3, 1.0, 50)
        expected = stats.ttest_1samp(pieces, 0)
        for inflation in (0.2, 1.0):
            assert over_series(pieces, inflation).p_value == pytest.approx(expected.pvalue)
        assert over_series(pieces, 1.5).p_value > expected.pvalue


class TestHolm:
    def test_by_hand(self):
        assert holm(np.array([0.04, 0.01, 0.03, 0.5])).tolist() == pytest.approx([0.09, 0.04, 0.09, 0.5])
        assert holm(np.zeros(0)).tolist() == []

    @given(arrays(float, st.integers(1, 12), elements=st.floats(0, 1)))
    def test_between_the_p_value_and_bonferroni_and_in_their_order(self, p_values):
        adjusted = holm(p_values)
        assert (adjusted >= p_values).all()
        assert (adjusted <= np.minimum(len(p_values) * p_values, 1)).all()
        order = np.argsort(p_values, kind="stable")
        assert (np.diff(adjusted[order]) >= 0).all()


class TestBootstrap:
    @pytest.mark.parametrize("block", [1, 4])
    def test_each_piece_is_drawn_alike_and_blocks_stay_whole(self, block):
        shares = resamples(12, block, draws=20_000)
        np.testing.assert_allclose(shares.sum(axis=1), 1)
        np.testing.assert_allclose(shares.mean(axis=0), 1 / 12, rtol=0.03)
        # Neighbours are drawn together the more often the longer the blocks are.
        together = np.corrcoef(shares[:, 3], shares[:, 4])[0, 1]
        assert together > 0.3 if block > 1 else together < 0

    def test_the_same_seed_gives_the_same_and_another_another(self):
        assert (resamples(9, 3) == resamples(9, 3)).all() and (resamples(9, 1) == resamples(9, 1)).all()
        assert (resamples(9, 3) != resamples(9, 3, seed=1)).any()

    def test_the_interval_turns_with_the_sides_and_not_with_the_unit(self):
        draw = np.random.default_rng(0)
        one, other = draw.gamma(3, size=10), draw.gamma(4, size=10)
        contrast, shares = over_windows(one - other), resamples(10, 1)
        low, high = gain_interval(one, other, contrast, shares)
        assert gain_interval(1e-200 * one, 1e-200 * other, contrast, shares) == pytest.approx((low, high))
        back_low, back_high = gain_interval(other, one, contrast, shares)
        # 1 - 1 / (1 - gain) is the gain of the other side.
        assert (back_low, back_high) == pytest.approx((1 - 1 / (1 - high), 1 - 1 / (1 - low)), abs=0.02)
        assert low < 1 - one.mean() / other.mean() < high

    def test_fewer_independent_pieces_make_it_wider(self):
        draw = np.random.default_rng(1)
        one, other, shares = draw.gamma(3, size=40), draw.gamma(3, size=40), resamples(40, 1)
        widths = []
        for freedom, inflation in ((39.0, 1.0), (4.0, 1.0), (9.0, 4.0)):
            low, high = gain_interval(one, other, Contrast(0.0, 1.0, freedom, inflation=inflation), shares)
            widths.append(math.log(1 - low) - math.log(1 - high))
        ratio = math.sqrt(4 * 10 / 9) * stats.t.isf(0.025, 9) / (math.sqrt(40 / 39) * stats.t.isf(0.025, 39))
        assert widths[2] / widths[0] == pytest.approx(ratio)
        assert widths[0] < widths[1] < widths[2]

    def test_losses_of_nothing(self):
        none, some, shares = np.zeros(6), np.arange(1.0, 7.0), resamples(6, 1)
        contrast = Contrast(0.0, 1.0, 5.0)
        assert gain_interval(none, some, contrast, shares) == (1.0, 1.0)
        assert gain_interval(none, none, contrast, shares) == (0.0, 0.0)
        assert gain_interval(some, none, contrast, shares) == (-math.inf, -math.inf)
        assert all(math.isnan(end) for end in gain_interval(some, some, Contrast(0.0, 1.0, 0.0), shares))


def set_by_loops(losses, freedom, shares):
    """Return the p-values of the confidence set as its authors write it, one number at a time."""
    count, width = losses.shape
    alive, p_values, so_far = list(range(width)), [1.0] * width, 0.0
    while len(alive) > 1:
        center = {i: np.mean([losses[:, i].mean() - losses[:, j].mean() for j in alive]) for i in alive}
        drawn = [
            {i: np.mean([share @ losses[:, i] - share @ losses[:, j] for j in alive]) for i in alive}
            for share in shares
        ]
        error = {i: math.sqrt(np.mean([(draw[i] - center[i]) ** 2 for draw in drawn])) for i in alive}
        ours = {i: center[i] / error[i] / math.sqrt((freedom + 1) / freedom) for i in alive}
        largest = max(ours.values())
        above = sum(max((draw[i] - center[i]) / error[i] for i in alive) >= largest for draw in drawn)
        normal = stats.norm.isf((above + 1) / (len(shares) + 1))
        so_far = max(so_far, float(stats.t.sf(normal, freedom)))
        worst = max(ours, key=ours.get)
        p_values[worst] = so_far
        alive.remove(worst)
    return p_values


class TestConfidenceSet:
    def test_one_number_at_a_time(self):
        for seed, count, gap in ((0, 6, 0.2), (1, 15, 0.5), (2, 30, 0.0)):
            losses = np.random.default_rng(seed).gamma(4, size=(count, 4)) + gap * np.arange(4)
            shares = resamples(count, 1 + seed, draws=60)
            ours = confidence_set(losses, count - 1.0, np.ones(4), shares)
            np.testing.assert_allclose(ours, set_by_loops(losses, count - 1.0, shares), rtol=1e-9)

    def test_order_of_models_and_what_they_share_change_nothing(self):
        draw = np.random.default_rng(3)
        losses, shares, order = draw.gamma(4, size=(20, 5)) + np.arange(5) / 3, resamples(20, 2), [3, 0, 4, 1, 2]
        expected = confidence_set(losses, 19.0, np.ones(5), shares)
        np.testing.assert_allclose(confidence_set(losses[:, order], 19.0, np.ones(5), shares), expected[order])
        shared = losses + draw.gamma(9, size=(20, 1))
        np.testing.assert_allclose(confidence_set(shared, 19.0, np.ones(5), shares), expected)

    def test_equal_models_stay_and_a_bad_one_goes(self):
        losses = np.random.default_rng(4).gamma(4, size=(12, 1)) * np.array([1.0, 1.0, 3.0])
        kept = confidence_set(losses, 11.0, np.ones(3), resamples(12, 1)) >= 0.1
        assert kept.tolist() == [True, True, False]

    def test_without_evidence_nobody_goes(self):
        assert (confidence_set(np.array([[1.0, 9.0]]), 0.0, np.ones(2), resamples(1, 1)) == 1).all()

    @pytest.mark.slow
    @pytest.mark.parametrize("windows", [3, 5, 10, 40])
    def test_it_holds_the_best_of_equal_models(self, windows):
        draw, shares, kept = np.random.default_rng(windows), resamples(windows, 1, draws=500), 0
        trials = np.concatenate([window_losses(draw, 500, windows, 6).mean(axis=-1) for _ in range(3)])
        for losses in trials.transpose(1, 2, 0):
            kept += confidence_set(losses, windows - 1.0, np.ones(6), shares)[0] >= 0.1
        assert kept / 500 >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("windows", [3, 5, 10, 20, 40])
def test_equal_models_are_told_apart_in_5_of_100_cases(windows):
    sizes = [rejected(windows, steps, series) for steps in (1, 6, 12, 24) for series in (1, 4)]
    assert all(0.03 <= size <= 0.07 for size in sizes), sizes


@pytest.mark.slow
@pytest.mark.parametrize(("windows", "overlap"), [(8, 2), (20, 2), (20, 4), (40, 6)])
def test_windows_that_overlap_raise_no_more_false_alarms(windows, overlap):
    draw, steps = np.random.default_rng(windows + overlap), 12
    stride = steps // overlap
    noise = draw.normal(size=(3, 2000, (windows - 1) * stride + steps))
    seen = np.lib.stride_tricks.sliding_window_view(noise[:1] + noise[1:], steps, axis=-1)[..., ::stride, :].copy()
    for step in range(1, steps):
        seen[..., step] += 0.8 * seen[..., step - 1]
    one, other = np.abs(seen).mean(axis=-1)
    size = np.mean([over_windows(row, overlap).p_value < 0.05 for row in one - other])
    assert 0.03 <= size <= 0.07


@pytest.mark.slow
@pytest.mark.parametrize("common", [0.0, 0.3, 1.0])
def test_series_that_move_together_raise_no_more_false_alarms(common):
    draw, alarms, naive = np.random.default_rng(7), 0, 0
    series, times = np.arange(60), np.broadcast_to(np.arange(12), (60, 12)).copy()
    for _ in range(1000):
        noise = draw.normal(size=(3, 60, 12)) + common * draw.normal(size=(3, 1, 12))
        for step in range(1, 12):
            noise[..., step] += 0.8 * noise[..., step - 1]
        difference = np.abs(noise[0] + noise[1]) - np.abs(noise[0] + noise[2])
        pieces = difference.mean(axis=1)
        alarms += over_series(pieces, design_effect(difference, series, times)).p_value < 0.05
        naive += over_series(pieces, 1.0).p_value < 0.05
    assert alarms / 1000 <= 0.07
    assert naive / 1000 > 0.2 or common < 1


@pytest.mark.slow
@pytest.mark.parametrize("windows", [3, 5, 10, 40])
def test_the_interval_holds_the_true_gain(windows):
    assert 0.91 <= covered(windows) <= 0.98


def test_power_grows_with_the_gap_and_with_the_windows():
    def power(windows, gap):
        draw = np.random.default_rng(1)
        one, other = window_losses(draw, 400, windows, 6).mean(axis=-1)
        return np.mean([over_windows(row).p_value < 0.05 for row in (1 - gap) * one - other])

    by_gap = [power(20, gap) for gap in (0.0, 0.1, 0.2, 0.35)]
    assert by_gap[0] < 0.08
    assert all(low + 0.04 < high for low, high in zip(by_gap, by_gap[1:], strict=False)), by_gap
    by_windows = [power(windows, 0.3) for windows in (3, 5, 10, 40)]
    assert all(low + 0.03 < high for low, high in zip(by_windows, by_windows[1:], strict=False)), by_windows
