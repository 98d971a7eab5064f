"""Scores of classes against scipy, closed formulas, counts by hand, and what must not change them."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from seqcast.errors import InputError
from seqcast.evaluate.classes import calibration, confusion, mcnemar, precision_recall, roc, score_of, wilson

# Few values, so that ties are common.
MARKED = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=60).filter(
    lambda pairs: len({mark for _, mark in pairs}) == 2
)
SAMPLES = st.integers(2, 5).flatmap(
    lambda classes: st.lists(
        st.tuples(st.lists(st.integers(1, 9), min_size=classes, max_size=classes), st.integers(0, classes - 1)),
        min_size=1,
        max_size=40,
    )
)
TRUTH = np.array([0, 0, 1, 1, 2])
SAID = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.6, 0.3], [0.3, 0.4, 0.3], [0.5, 0.25, 0.25]])


def split(pairs) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score for score, _ in pairs]) / 7.0, np.array([mark for _, mark in pairs])


def answers(samples) -> tuple[np.ndarray, np.ndarray]:
    weights = np.array([row for row, _ in samples], dtype=float)
    return weights / weights.sum(axis=1, keepdims=True), np.array([truth for _, truth in samples])


class TestScore:
    def test_by_hand(self):
        score = score_of("gru", SAID, TRUTH, seconds=2.0)
        assert (score.model, score.accuracy, score.seconds) == ("gru", 0.6, 2.0)
        assert score.log_loss == pytest.approx(-math.log(0.8 * 0.2 * 0.6 * 0.4 * 0.25) / 5)

    def test_a_model_that_is_sure_and_wrong_is_not_infinitely_wrong(self):
        score = score_of("always", np.eye(2)[[0, 0]], np.array([0, 1]))
        assert score.log_loss == pytest.approx(-math.log(1e-15) / 2)

    @given(st.integers(1, 10**6), st.floats(0, 1))
    def test_the_interval_is_scipys(self, count, share):
        right = round(share * count)
        expected = stats.binomtest(right, count).proportion_ci(0.95, method="wilson")
        assert wilson(right, count) == pytest.approx((expected.low, expected.high), abs=1e-12)

    @given(st.integers(1, 10**5), st.floats(0, 1))
    @example(50, 1.0)
    @example(7, 0.0)
    def test_the_interval_holds_the_share_and_stays_within_0_and_1(self, count, share):
        right = round(share * count)
        low, high = wilson(right, count)
        assert 0 <= low <= right / count <= high <= 1

    @given(SAMPLES, st.randoms(use_true_random=False))
    def test_the_order_of_samples_changes_nothing(self, samples, shuffle):
        one = score_of("m", *answers(samples))
        shuffle.shuffle(samples)
        other = score_of("m", *answers(samples))
        assert (one.accuracy, one.low, one.high) == (other.accuracy, other.low, other.high)
        assert one.log_loss == pytest.approx(other.log_loss)


class TestConfusion:
    def test_by_hand(self):
        assert confusion(SAID, TRUTH).tolist() == [[1, 1, 0], [0, 2, 0], [1, 0, 0]]

    @given(SAMPLES)
    def test_rows_count_the_truth_and_the_diagonal_what_is_right(self, samples):
        said, truth = answers(samples)
        table = confusion(said, truth)
        assert table.sum(axis=1).tolist() == np.bincount(truth, minlength=said.shape[1]).tolist()
        assert table.trace() / len(truth) == pytest.approx(score_of("m", said, truth).accuracy)


class TestCurves:
    @given(MARKED)
    def test_the_area_is_that_of_mann_and_whitney_with_ties_half(self, pairs):
        scores, positive = split(pairs)
        hits, others = scores[positive], scores[~positive]
        expected = stats.mannwhitneyu(hits, others).statistic / (len(hits) * len(others))
        assert roc(scores, positive).area == pytest.approx(expected, abs=1e-12)

    @given(MARKED)
    def test_a_curve_rises_from_one_corner_to_the_other(self, pairs):
        curve = roc(*split(pairs))
        assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
        assert (np.diff(curve.x) >= 0).all() and (np.diff(curve.y) >= 0).all()

    @given(MARKED)
    def test_turned_scores_turn_the_area_and_a_rising_map_leaves_it(self, pairs):
        scores, positive = split(pairs)
        area = roc(scores, positive).area
        assert roc(-scores, positive).area == pytest.approx(1 - area)
        assert roc(np.exp(3 * scores), positive).area == area
        assert precision_recall(np.exp(3 * scores), positive).area == precision_recall(scores, positive).area

    @given(MARKED)
    def test_precision_and_recall_count_the_samples_above_each_threshold(self, pairs):
        scores, positive = split(pairs)
        curve, before, area = precision_recall(scores, positive), 0.0, 0.0
        for place, threshold in enumerate(sorted(set(scores.tolist()), reverse=True), 1):
            found = scores >= threshold
            recall, precision = positive[found].sum() / positive.sum(), positive[found].mean()
            assert (curve.x[place], curve.y[place]) == pytest.approx((recall, precision))
            area, before = area + (recall - before) * precision, recall
        assert len(curve.x) == len(set(scores.tolist())) + 1
        assert curve.area == pytest.approx(area)

    def test_equal_scores_have_the_share_of_the_class_as_average_precision(self):
        positive = np.array([True, False, False, False])
        assert precision_recall(np.full(4, 0.3), positive).area == 0.25
        assert roc(np.full(4, 0.3), positive).area == 0.5


class TestCalibration:
    def test_by_hand(self):
        found = calibration(SAID, TRUTH)
        # Surenesses 0.8, 0.7, 0.6, 0.4 and 0.5, each in a tenth of its own; right are the first, third and fourth.
        assert found.said == pytest.approx([0.4, 0.5, 0.6, 0.7, 0.8])
        assert found.came.tolist() == [1, 0, 1, 0, 1]
        assert found.count.tolist() == [1] * 5
        assert found.gap == pytest.approx((0.6 + 0.5 + 0.4 + 0.7 + 0.2) / 5)

    @given(SAMPLES, st.integers(1, 20))
    def test_bins_share_the_samples_out(self, samples, bins):
        said, truth = answers(samples)
        found = calibration(said, truth, bins)
        assert found.count.sum() == len(truth) and (found.count > 0).all()
        assert found.count @ found.came == pytest.approx((said.argmax(axis=1) == truth).sum())
        assert found.count @ found.said == pytest.approx(said.max(axis=1).sum())
        assert 0 <= found.gap <= 1

    def test_one_bin_compares_mean_sureness_with_accuracy(self):
        assert calibration(SAID, TRUTH, bins=1).gap == pytest.approx(abs(SAID.max(axis=1).mean() - 0.6))

    def test_sureness_of_one_lies_in_the_last_bin(self):
        found = calibration(np.eye(2), np.array([0, 1]))
        assert (found.said.tolist(), found.came.tolist(), found.gap) == ([1.0], [1.0], 0.0)


class TestMcNemar:
    @given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 5), st.integers(0, 5))
    def test_it_is_the_binomial_sum_over_samples_on_which_they_differ(self, first, second, right, wrong):
        truth = np.zeros(first + second + right + wrong + 1, dtype=int)
        one = [0] * first + [1] * second + [0] * (right + 1) + [1] * wrong
        other = [1] * first + [0] * second + [0] * (right + 1) + [1] * wrong
        count = first + second
        tail = sum(math.comb(count, k) for k in range(min(first, second) + 1)) / 2**count
        p = mcnemar(np.eye(2)[one], np.eye(2)[other], truth)
        assert p == pytest.approx(min(1.0, 2 * tail))
        assert mcnemar(np.eye(2)[other], np.eye(2)[one], truth) == p

    def test_equal_answers_are_no_proof(self):
        assert mcnemar(SAID, SAID, TRUTH) == 1.0


@pytest.mark.parametrize("ask", [lambda said, truth: score_of("m", said, truth), confusion, calibration])
@pytest.mark.parametrize(
    ("rows", "truth", "said"),
    [
        (2, [0], r"one answer; got 2 answers and 1 samples\. Score the same"),
        (0, [], r"at least one sample; got 0\. Give"),
        (2, [0, 2], r"numbered 0 to 1; got 0 to 2\. Give the column"),
        (2, [-1, 0], r"numbered 0 to 1; got -1 to 0\. Give the column"),
    ],
)
def test_what_does_not_fit_is_refused(ask, rows, truth, said):
    with pytest.raises(InputError, match=said):
        ask(np.full((rows, 2), 0.5), np.array(truth, dtype=int))


def test_two_models_are_compared_on_the_same_samples():
    with pytest.raises(InputError, match="one answer; got 2 answers and 1 samples"):
        mcnemar(np.eye(2), np.eye(2), np.array([0]))
