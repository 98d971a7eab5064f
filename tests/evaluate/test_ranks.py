"""Average ranks and their tests, beside scipy, printed tables and what must not change them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from seqcast.evaluate.ranks import average_ranks, critical_difference

NAMES = tuple("abcdefgh")
LOSSES = arrays(
    float, st.tuples(st.integers(2, 20), st.integers(2, 8)), elements=st.floats(0, 9).map(lambda value: round(value, 1))
)


@given(LOSSES)
def test_what_ranks_must_keep(losses):
    width = losses.shape[1]
    ranks = average_ranks(NAMES[:width], losses)
    assert sum(ranks.average) == pytest.approx(width * (width + 1) / 2)
    assert list(ranks.average) == sorted(ranks.average)
    again = average_ranks(NAMES[:width], np.exp(losses))
    assert again == ranks
    turned = average_ranks(NAMES[:width][::-1], losses[:, ::-1])
    assert dict(zip(turned.models, turned.average, strict=True)) == pytest.approx(
        dict(zip(ranks.models, ranks.average, strict=True))
    )
    assert 0 <= ranks.chi_square <= len(losses) * (width - 1) * (1 + 1e-9)


def test_models_that_are_always_equal_do_not_differ():
    ranks = average_ranks(("a", "b", "c"), np.ones((7, 3)))
    assert ranks.average == (2.0, 2.0, 2.0)
    assert (ranks.chi_square, ranks.chi_square_p, ranks.f, ranks.f_p) == (0.0, 1.0, 0.0, 1.0)


def test_one_order_on_every_series_is_as_sure_as_can_be():
    ranks = average_ranks(("a", "b", "c"), np.tile([3.0, 2.0, 1.0], (6, 1)))
    assert ranks.models == ("c", "b", "a") and ranks.average == (1.0, 2.0, 3.0)
    assert ranks.chi_square == pytest.approx(12.0)
    assert (ranks.f, ranks.f_p) == (math.inf, 0.0)


def test_the_f_of_iman_and_davenport_is_a_two_way_analysis_of_the_ranks():
    draw = np.random.default_rng(0)
    losses = draw.normal(size=(15, 4)) + np.array([0.0, 0.3, 0.6, 0.9])
    ranked = stats.rankdata(losses, axis=1)
    models = 15 * ((ranked.mean(axis=0) - 2.5) ** 2).sum() / 3
    rest = ranked - ranked.mean(axis=0) - ranked.mean(axis=1, keepdims=True) + 2.5
    f = models / ((rest**2).sum() / (3 * 14))
    ranks = average_ranks(NAMES[:4], losses)
    assert ranks.f == pytest.approx(f)
    assert ranks.f_p == pytest.approx(stats.f.sf(f, 3, 42))


def test_the_critical_difference_of_two_models_is_that_of_a_sign_like_test():
    # For two models the studentised range over root 2 is the normal quantile.
    assert critical_difference(2, 25) == pytest.approx(stats.norm.isf(0.025) * math.sqrt(1 / 25), rel=1e-5)
    assert critical_difference(5, 40) == pytest.approx(critical_difference(5, 10) / 2)


def test_enormous_errors_on_one_series_decide_nothing():
    losses = np.tile([1.0, 2.0], (9, 1))
    losses[0] = [1e300, 1.0]
    assert average_ranks(("a", "b"), losses).models == ("a", "b")
