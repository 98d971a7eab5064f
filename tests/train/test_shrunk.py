"""The linear map in closed form: against least squares on augmented rows, and its limits."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqcast.train import shrunk
from seqcast.train.shrunk import (
    Moments,
    Pairs,
    age_freedom,
    averaged_maps,
    seasonal_mean,
    shrunk_map,
    shrunk_maps,
)

SEASON = 4


def pairs(seed, count=60, context=12, horizon=5):
    draw = torch.Generator().manual_seed(seed)
    past = torch.randn(count, context, generator=draw)
    truth = torch.randn(context, horizon, generator=torch.Generator().manual_seed(99))
    target = past @ truth + torch.randn(count, horizon, generator=draw)
    return Pairs(past, target, torch.ones(count, horizon, dtype=torch.bool))


def moments(*batches):
    return Moments.of(batches, SEASON)


def only(monkeypatch, growth, decay, penalty):
    monkeypatch.setattr(shrunk, "GROWTHS", (growth,))
    monkeypatch.setattr(shrunk, "DECAYS", (decay,))
    monkeypatch.setattr(shrunk, "PENALTIES", (penalty,))


def augmented(batch, growth, decay, penalty):
    """Return the same map by numpy's least squares: the penalty as rows that ask for the prior."""
    past, target = (part.double().numpy() for part in (batch.past, batch.target))
    freedom = age_freedom(past.shape[1], SEASON, growth).double().numpy()
    prior = seasonal_mean(past.shape[1], target.shape[1], SEASON, decay).double().numpy()
    unit = np.mean(np.square(past * freedom).sum(axis=0))
    rows = np.sqrt(penalty * unit) * np.diag(1 / freedom)
    return np.linalg.lstsq(np.vstack([past, rows]), np.vstack([target, rows @ prior]), rcond=None)[0]


@pytest.mark.parametrize(("growth", "decay", "penalty"), [(0.0, 0.0, 0.1), (3.0, 0.7, 1.0), (1.0, 1.0, 0.001)])
def test_it_is_least_squares_with_the_penalty_as_rows(monkeypatch, growth, decay, penalty):
    only(monkeypatch, growth, decay, penalty)
    found = shrunk_map(moments(pairs(0)), moments(pairs(1)), SEASON)
    np.testing.assert_allclose(found.numpy(), augmented(pairs(0), growth, decay, penalty), atol=1e-5)


def test_the_limits_are_the_prior_and_plain_least_squares(monkeypatch):
    only(monkeypatch, 2.0, 0.9, 1e12)
    held = shrunk_map(moments(pairs(0)), moments(pairs(1)), SEASON)
    torch.testing.assert_close(held, seasonal_mean(12, 5, SEASON, 0.9), atol=1e-6, rtol=0)
    only(monkeypatch, 2.0, 0.9, 1e-12)
    free = shrunk_map(moments(pairs(0)), moments(pairs(1)), SEASON)
    plain = torch.linalg.lstsq(pairs(0).past, pairs(0).target).solution
    torch.testing.assert_close(free, plain, atol=1e-4, rtol=0)


def test_what_is_chosen_has_the_least_validation_error_of_all_that_could_be(monkeypatch):
    judge = pairs(1, count=30)
    chosen = shrunk_map(moments(pairs(0, count=15)), moments(judge), SEASON)
    least = (judge.past @ chosen - judge.target).square().sum()
    every = list(itertools.product(shrunk.GROWTHS, shrunk.DECAYS, shrunk.PENALTIES[::3]))
    for choice in every:
        only(monkeypatch, *choice)
        other = shrunk_map(moments(pairs(0, count=15)), moments(judge), SEASON)
        assert (judge.past @ other - judge.target).square().sum() >= least * (1 - 1e-5)


def test_moments_add_over_batches_and_give_the_error_of_any_map():
    one, two = pairs(0), pairs(1, count=7)
    weights = torch.randn(12, 5)
    direct = sum((part.past @ weights - part.target).square().sum().item() for part in (one, two))
    assert moments(one, two).error(weights) == pytest.approx(direct, rel=1e-5)


def test_what_stands_where_nothing_was_observed_changes_nothing():
    batch = pairs(0)
    observed = torch.rand(batch.observed.shape, generator=torch.Generator().manual_seed(5)) > 0.2
    maps = [
        shrunk_map(
            moments(Pairs(batch.past, batch.target.masked_fill(~observed, hidden), observed)), moments(pairs(1)), 4
        )
        for hidden in (0.0, torch.nan)
    ]
    assert torch.equal(*maps) and torch.isfinite(maps[0]).all()


def test_a_past_that_never_moves_gives_the_prior():
    still = Pairs(torch.zeros(9, 12), torch.zeros(9, 5), torch.ones(9, 5, dtype=torch.bool))
    assert torch.equal(shrunk_map(moments(still), moments(still), SEASON), seasonal_mean(12, 5, SEASON, 0.0))


@given(context=st.integers(1, 40), horizon=st.integers(1, 30), season=st.integers(1, 45), decay=st.floats(0.0, 1.0))
def test_the_prior_is_a_weighted_mean_of_the_same_moments_of_past_seasons(context, horizon, season, decay):
    cycle = min(season, context)
    series = torch.arange(float(context)) % cycle  # the same in every season
    forecast = series @ seasonal_mean(context, horizon, season, decay)
    expected = (context + torch.arange(float(horizon))) % cycle
    torch.testing.assert_close(forecast, expected, atol=1e-4, rtol=0)


def test_maps_of_shorter_contexts_are_averaged_by_the_least_validation_error():
    train, judge = [moments(pairs(seed, count=20, context=32)) for seed in (0, 2)], [moments(pairs(1, context=32))] * 2
    found = averaged_maps(train, judge, SEASON)
    single = [
        torch.nn.functional.pad(
            shrunk_maps([part.latest(size) for part in train], [part.latest(size) for part in judge], SEASON),
            (0, 0, 32 - size, 0),
        )
        for size in (32, 16, 8)
    ]
    shares = torch.linalg.lstsq(
        torch.stack([each.flatten() for each in single], dim=1).double(), found.flatten().double()[:, None]
    ).solution.flatten()
    assert torch.allclose(4 * shares, (4 * shares).round(), atol=1e-3) and abs(shares.sum().item() - 1) < 1e-4

    def error(maps):
        return sum(part.error(weights) for part, weights in zip(judge, maps, strict=True))

    assert error(found) <= min(error(each) for each in single) * (1 + 1e-6)


def test_targets_that_differ_get_maps_that_do_and_alike_ones_share():
    draw = torch.Generator().manual_seed(3)

    def told(sign, count, seed):
        past = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))
        target = sign * past[:, -1:] + 0.3 * torch.randn(count, 1, generator=draw)
        return moments(Pairs(past, target, torch.ones(count, 1, dtype=torch.bool)))

    apart = shrunk_maps([told(1, 400, 0), told(-1, 400, 1)], [told(1, 400, 2), told(-1, 400, 3)], 1)
    assert apart[0, -1] > 0.9 and apart[1, -1] < -0.9
    few = [told(1, 4, seed) for seed in range(8)]
    alike = shrunk_maps(few, [told(1, 400, 9)] * 8, 1)
    assert (alike[:, -1] - 1).abs().max() < 0.2  # four windows alone would not tell six weights
