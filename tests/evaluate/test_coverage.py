"""Coverage and PIT are what counting gives, and their bands hold what they say."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, kstest

from seqcast.evaluate.bands import clopper_pearson, effective_count
from seqcast.evaluate.coverage import coverage_of, pairs_of, pit_of, pit_range
from seqcast.types import Task
from tests.proofs.intervals import LEVELS, case, folds_of, noise_panel, normal_quantiles, pit_distance

TENTHS = tuple(round(place / 10, 1) for place in range(1, 10))


@given(st.integers(0, 999))
def test_shares_and_widths_are_what_counting_gives(seed):
    panel, forecast, _, task = case(seed)
    actual = panel.actual(forecast.origins, 3)
    for found in coverage_of(panel, task, {"m": forecast}):
        low, high = (LEVELS.index(level) for level in found.interval)
        hits, counts, widths = [0] * 3, [0] * 3, {}
        for (n, h, k), value in np.ndenumerate(actual):
            if not math.isnan(value):
                ends = forecast.values[n, h, k, low], forecast.values[n, h, k, high]
                hits[h] += ends[0] <= value <= ends[1]
                counts[h] += 1
                widths.setdefault((forecast.origins.series[n], k), []).append(ends[1] - ends[0])
        assert found.hits.tolist() == hits and found.counts.tolist() == counts
        assert found.share == pytest.approx(sum(hits) / sum(counts))
        assert found.width == pytest.approx(np.mean([np.mean(each) for each in widths.values()]))
        assert found.nominal == pytest.approx(found.interval[1] - found.interval[0])
        assert (found.low <= found.hits / found.counts).all() and (found.hits / found.counts <= found.high).all()
        assert found.band[0] <= found.share <= found.band[1]


def test_the_ends_of_an_interval_belong_to_it():
    panel = noise_panel(np.zeros(60))
    folds = folds_of(panel, 3, 8)
    for shift in (-1.0, 1.0):
        said = normal_quantiles(folds.origins, np.zeros((8, 3, 1)))
        said = replace(said, values=said.values + np.array([0.0, 0.0, 0.0, 1.0, 1.0])[:: int(shift)] * shift)
        assert [found.share for found in coverage_of(panel, Task(horizon=3, quantiles=LEVELS), {"m": said})] == [1, 1]


def test_central_intervals_come_widest_first():
    assert pairs_of(LEVELS) == [(0, 4), (1, 3)]
    assert pairs_of((0.5,)) == [] and pairs_of((0.1, 0.2, 0.7)) == []


@given(st.integers(1, 400), st.data())
def test_the_band_of_a_share_is_the_exact_one_of_scipy(count, data):
    hits = data.draw(st.integers(0, count))
    theirs = binomtest(hits, count).proportion_ci(0.95, "exact")
    low, high = clopper_pearson(np.array([hits]), np.array([count]))
    assert (low[0], high[0]) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_nothing_judged_is_said_to_be_unknown():
    panel, forecast, _, task = case()
    empty = replace(panel, values=np.full_like(panel.values, np.nan))
    found = coverage_of(empty, task, {"m": forecast})[0]
    assert math.isnan(found.share) and math.isnan(found.width) and found.band == (0.0, 1.0)
    assert found.counts.tolist() == [0, 0, 0] and found.low.tolist() == [0] * 3 and found.high.tolist() == [1] * 3
    assert pit_of(empty, task, {"m": forecast}) == ()


def test_values_of_a_window_that_err_alike_are_worth_one():
    clusters = np.arange(40)
    inside = np.repeat((clusters % 5 > 0)[:, None, None], 24, axis=1)
    judged = np.ones_like(inside)
    assert effective_count(inside, judged, clusters) == 40
    independent = np.random.default_rng(0).random(inside.shape) < 0.8
    assert effective_count(independent, judged, clusters) == pytest.approx(960, rel=0.35)
    assert effective_count(judged, judged, clusters) == 40  # no spread is no certainty


def test_series_of_one_cutoff_are_one_window():
    inside = np.random.default_rng(1).random(20) < 0.8
    twice = np.repeat(inside, 2)[:, None, None]
    assert effective_count(twice, np.ones_like(twice), np.repeat(np.arange(20), 2)) <= 20


def test_the_band_over_all_steps_holds_the_truth_where_windows_err_alike():
    # Each window is inside or not with 24 steps that mostly follow it; points alone would give a band of a third.
    draw, held, narrow = np.random.default_rng(0), 0, 0
    panel = noise_panel(np.ones(24 * 41))
    folds = folds_of(panel, 24, 40)
    said = normal_quantiles(folds.origins, np.ones((40, 24, 1)))
    tries = 300
    for _ in range(tries):
        fate = draw.random((40, 1)) < 0.8
        inside = np.where(draw.random((40, 24)) < 0.8, fate, draw.random((40, 24)) < 0.8)
        values = panel.values.copy()
        values[-960:, 0] = np.where(inside, 0.0, 9.0).reshape(-1)
        found = coverage_of(replace(panel, values=values), Task(horizon=24, quantiles=LEVELS), {"m": said})[1]
        held += found.band[0] <= 0.8 <= found.band[1]
        points = clopper_pearson(np.array([found.hits.sum()]), np.array([960]))
        narrow += points[0][0] <= 0.8 <= points[1][0]
    assert held / tries > 0.91
    assert narrow / tries < 0.7


def test_a_forecaster_that_knows_has_an_even_pit():
    assert pit_distance() < 1.63
    assert pit_distance(0.8) > 1.63 and pit_distance(1.3) > 1.63


def test_the_places_of_a_perfect_forecaster_are_uniform():
    draw = np.random.default_rng(0)
    actual = draw.uniform(size=3000)
    # The quantiles of a uniform distribution lie on straight lines, so that nothing is lost between the levels.
    span = pit_range(actual, np.tile(TENTHS, (3000, 1)), TENTHS)
    place = span[:, 0] + (span[:, 1] - span[:, 0]) * draw.uniform(size=3000)
    assert kstest(place, "uniform").pvalue > 0.01
    between = (actual > 0.1) & (actual < 0.9)
    assert np.allclose(span[between], actual[between, None])


def test_the_bins_of_a_perfect_forecaster_keep_within_their_bands():
    outside = 0
    for seed in range(20):
        panel = noise_panel(np.ones(420), seed=seed)
        folds = folds_of(panel, 4, 100)
        said = normal_quantiles(folds.origins, np.ones((100, 4, 1)), TENTHS)
        [found] = pit_of(panel, Task(horizon=4, quantiles=TENTHS), {"m": said})
        assert found.share.sum() == pytest.approx(1) and len(found.edges) == 11
        outside += ((found.share < found.low) | (found.share > found.high)).sum()
    assert outside / 200 < 0.1


def test_an_interval_too_narrow_piles_up_at_both_ends():
    panel = noise_panel(np.ones(420))
    folds = folds_of(panel, 4, 100)
    said = normal_quantiles(folds.origins, np.full((100, 4, 1), 0.4), TENTHS)
    [found] = pit_of(panel, Task(horizon=4, quantiles=TENTHS), {"m": said})
    assert (found.share[[0, -1]] > found.high[[0, -1]]).all() and (found.share[3:7] < found.low[3:7]).all()


def test_a_value_that_meets_its_quantile_is_half_in_either_bin():
    panel = noise_panel(np.zeros(60))
    folds = folds_of(panel, 3, 8)
    said = normal_quantiles(folds.origins, np.ones((8, 3, 1)), TENTHS)
    [found] = pit_of(panel, Task(horizon=3, quantiles=TENTHS), {"m": said})
    assert found.share.tolist() == [0, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 0]


def test_a_missing_forecast_has_no_place():
    panel, forecast, _, task = case()
    lost = np.where((forecast.origins.fold == 2)[:, None, None, None], np.nan, forecast.values)
    kept = forecast.take(forecast.origins.fold != 2)
    with_gaps = pit_of(panel, task, {"m": replace(forecast, values=lost)})[0]
    assert np.array_equal(with_gaps.share, pit_of(panel, task, {"m": kept})[0].share)
