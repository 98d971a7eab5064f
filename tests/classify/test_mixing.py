"""Shares of models: no others, none below zero, have a smaller log loss on what validates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.classify.mixing import fit_shares, mixed


def case(seed, models, classes, rows=60):
    """Return logits of models of unequal worth, and codes that no model knows for sure."""
    draw = np.random.default_rng(seed)
    codes = np.append(np.arange(classes), draw.integers(0, classes, rows - classes))
    truth = np.eye(classes)[codes]
    return [draw.uniform(-1, 2) * truth + draw.normal(size=truth.shape) for _ in range(models)], codes


def log_loss(logits, shares, codes):
    return -np.log(mixed(logits, shares)[np.arange(len(codes)), codes]).mean()


def slopes(logits, shares, codes, step=1e-5):
    ways = np.eye(len(shares)) * step
    return [
        (log_loss(logits, shares + way, codes) - log_loss(logits, shares - way, codes)) / (2 * step) for way in ways
    ]


@given(seed=st.integers(0, 999), models=st.integers(1, 3), classes=st.integers(2, 4))
def test_shares_are_the_constrained_optimum(seed, models, classes):
    """Where a share is free, its slope is zero; where it is at its bound, the loss falls outward."""
    logits, codes = case(seed, models, classes)
    shares = fit_shares(logits, codes)
    assert (shares >= 0).all()
    for share, slope in zip(shares, slopes(logits, shares, codes), strict=True):
        assert slope > -1e-5 if share == 0 else slope < 1e-5 if share == 20 else abs(slope) < 1e-5


@given(seed=st.integers(0, 999))
def test_no_share_on_a_fine_grid_is_better(seed):
    logits, codes = case(seed, 2, 2)
    best = log_loss(logits, fit_shares(logits, codes), codes)
    grid = np.linspace(0, 3, 25)
    assert best <= min(log_loss(logits, np.array([one, two]), codes) for one in grid for two in grid) + 1e-6


@given(seed=st.integers(0, 999), scale=st.floats(0.2, 5))
def test_a_model_that_shouts_louder_is_turned_down(seed, scale):
    """Logits times a number are answered by a share divided by it; the probabilities stay."""
    logits, codes = case(seed, 1, 3)
    said = mixed(logits, fit_shares(logits, codes))
    loud = [scale * logits[0]]
    np.testing.assert_allclose(mixed(loud, fit_shares(loud, codes)), said, atol=5e-3)


def test_a_model_that_is_always_wrong_gets_nothing_and_one_that_is_always_right_is_bounded():
    sure, codes = np.array([[4.0, -4.0], [-4.0, 4.0]] * 5), np.array([0, 1] * 5)
    shares = fit_shares([sure, -sure], codes)
    assert shares[0] > 0 and shares[1] == 0
    assert 0 < fit_shares([sure], codes)[0] <= 20


@given(seed=st.integers(0, 999), models=st.integers(1, 3))
def test_probabilities_are_the_softmax_of_the_summed_logits(seed, models):
    logits, codes = case(seed, models, 3)
    shares = np.random.default_rng(seed).random(models)
    summed = sum(share * said for share, said in zip(shares, logits, strict=True))
    expected = np.exp(summed) / np.exp(summed).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(mixed(logits, shares), expected, rtol=1e-10)


def test_large_logits_stay_finite():
    assert mixed([np.array([[1e4, -1e4]])], np.array([20.0])).tolist() == [[1.0, 0.0]]
    assert log_loss([np.zeros((2, 2))], np.array([1.0]), np.array([0, 1])) == pytest.approx(np.log(2))
