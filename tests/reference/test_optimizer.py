"""SGD and Adam in NumPy: torch's steps, for any settings, and nothing changed in place."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcast.errors import ConfigError
from seqcast.reference import SGD, Adam
from seqcast.reference.optimizer import no_moments
from tests.proofs.reference import descent_error

RATES, SHARES = st.floats(1e-5, 1.0), st.floats(0.0, 0.999)


@settings(max_examples=15)
@given(lr=RATES, momentum=SHARES)
def test_sgd_takes_the_steps_of_torch(lr, momentum):
    theirs = partial(torch.optim.SGD, lr=lr, momentum=momentum)
    assert descent_error(SGD(lr=lr, momentum=momentum), theirs, steps=20) < 1e-12


@settings(max_examples=15)
@given(lr=RATES, beta1=SHARES, beta2=SHARES, eps=st.floats(1e-10, 1e-2))
def test_adam_takes_the_steps_of_torch(lr, beta1, beta2, eps):
    theirs = partial(torch.optim.Adam, lr=lr, betas=(beta1, beta2), eps=eps)
    assert descent_error(Adam(lr=lr, beta1=beta1, beta2=beta2, eps=eps), theirs, steps=20) < 1e-12


@pytest.mark.parametrize("optimizer", [SGD(momentum=0.9), Adam()])
def test_nothing_that_goes_in_is_changed(optimizer):
    weights, gradients = {"w": np.ones(3)}, {"w": np.full(3, 2.0)}
    kept = no_moments(weights)
    moved, later = optimizer.step(weights, gradients, kept)
    assert (weights["w"] == 1).all() and (gradients["w"] == 2).all() and (kept.first["w"] == 0).all()
    assert kept.steps == 0 and later.steps == 1 and (moved["w"] < 1).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SGD(lr=0.0), "lr must be a number above 0; got 0.0. 0.001 is a usual start"),
        (lambda: Adam(lr=float("nan")), "lr must be a number above 0; got nan"),
        (lambda: SGD(momentum=1.0), "momentum must lie in 0 … 1, 1 left out; got 1.0"),
        (lambda: Adam(beta1=-0.1), "beta1 must lie in 0 … 1, 1 left out; got -0.1"),
        (lambda: Adam(beta2=1.0), "beta2 must lie in 0 … 1, 1 left out; got 1.0"),
        (lambda: Adam(eps=0.0), "eps must be above 0; got 0.0. 1e-8 is usual"),
    ],
)
def test_a_setting_that_cannot_work_is_named(make, words):
    with pytest.raises(ConfigError, match=words):
        make()
