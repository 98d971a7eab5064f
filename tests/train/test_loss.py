"""Losses: closed formulas on random numbers, what may be set of them, and what the loop tells of each epoch."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch import nn

from seqcast.errors import BundleError, ConfigError, InputError
from seqcast.train.arrays import source_of_arrays
from seqcast.train.config import FitConfig
from seqcast.train.distributions import FLOOR, LEAST_FREEDOM, MOST_FREEDOM
from seqcast.train.loop import fit
from seqcast.train.loss import LOSSES, absolute_error, loss_named, wrong_class
from seqcast.train.run import Run
from tests.proofs.losses import Constant, overflows, parameters_of

NONE = torch.zeros(1)
places = st.floats(-50, 50)
gaps = st.floats(0, 40)


def cell(*outputs, dtype=torch.float64):
    return torch.tensor(outputs, dtype=dtype).reshape(1, 1, 1, -1)


def loss_of(name, outputs, target, **settings):
    """Return one loss as a number."""
    seen = torch.full((1, 1, 1), target, dtype=outputs.dtype)
    return loss_named(name, **settings).pointwise(outputs, seen, NONE.to(outputs.dtype)).item()


@given(loc=places, gap=gaps, seen=places)
def test_the_gaussian_is_scipys(loc, gap, seen):
    outputs = cell(loc - gap, loc)
    expected = -stats.norm.logpdf(seen, *(part.item() for part in parameters_of(outputs)))
    assert loss_of("gaussian", outputs, seen) == pytest.approx(expected, rel=1e-9)


@given(loc=places, below=gaps, above=gaps, seen=places)
def test_the_student_t_is_scipys_and_nearly_so_in_single_precision(loc, below, above, seen):
    outputs = cell(loc - below, loc, loc + above)
    loc, scale, freedom = (part.item() for part in parameters_of(outputs))
    assert LEAST_FREEDOM <= freedom <= MOST_FREEDOM and scale >= FLOOR
    expected = -stats.t.logpdf(seen, freedom, loc, scale)
    assert loss_of("student-t", outputs, seen) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    single = cell(*outputs.flatten().tolist(), dtype=torch.float32)
    ours = parameters_of(single.double())
    expected = -stats.t.logpdf(np.float32(seen), ours[2].item(), ours[0].item(), ours[1].item())
    if below > 0.1:  # nearer, single precision rounds the outputs' own places
        assert loss_of("student-t", single, seen) == pytest.approx(expected, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(("name", "outputs"), [("gaussian", (-1.0, 0.5)), ("student-t", (-1.0, 0.5, 2.0))])
@given(stretch=st.floats(0.1, 1e3), shift=st.floats(-1e3, 1e3), seen=st.floats(-5, 5))
def test_what_shifts_and_stretches_the_outputs_does_so_to_the_distribution(name, outputs, stretch, shift, seen):
    moved = loss_of(name, stretch * cell(*outputs) + shift, stretch * seen + shift)
    assert moved == pytest.approx(loss_of(name, cell(*outputs), seen) + np.log(stretch), abs=0.05)


@given(error=st.floats(-10, 10), delta=st.floats(0.01, 10))
def test_huber_is_a_parabola_up_to_delta_and_a_tangent_beyond(error, delta):
    expected = error**2 / 2 if abs(error) <= delta else delta * (abs(error) - delta / 2)
    assert loss_of("huber", cell(0.0), error, delta=delta) == pytest.approx(expected)


@given(error=st.floats(0, 1e30), freedom_gap=st.floats(0, 100))
def test_an_outlier_pulls_a_student_t_no_harder_than_its_bound(error, freedom_gap):
    """The influence (ν + 1) z / (ν + z²) is largest at z = √ν, however far the outlier lies."""
    outputs = cell(-1.0, 0.0, freedom_gap, dtype=torch.float32).requires_grad_()
    loss = LOSSES["student-t"].pointwise(outputs, torch.full((1, 1, 1), error), NONE)
    loss.backward()
    loc, scale, freedom = parameters_of(outputs.detach().double())
    assert torch.isfinite(loss) and torch.isfinite(outputs.grad).all()
    assert abs(outputs.grad.sum().item()) <= 1.001 * (freedom + 1).item() / (2 * np.sqrt(freedom) * scale).item()


def test_a_gaussian_bears_errors_of_a_billion_scales_and_a_student_t_any():
    assert not overflows("gaussian", 1.0, 1e9) and not overflows("gaussian", 0.0, 1e5)
    assert not overflows("student-t", 0.0, 1e30)
    assert overflows("gaussian", 1.0, 1e30)  # where the square leaves single precision; the loop then says so


def test_a_student_t_is_learnt_through_an_outlier_of_a_million_scales():
    sample = np.random.default_rng(0).normal(0.3, 0.5, size=400)
    sample[7] = 1e6
    inputs, targets = np.zeros((400, 1, 1)), sample[:, None, None]
    torch.manual_seed(0)
    model = Constant(3)
    training = FitConfig(loss="student-t", epochs=20, batch=100, lr=0.1, patience=20)
    fit(model, source_of_arrays(inputs, targets, (inputs, targets), batch=100), NONE, training)
    assert model.raw[1].item() == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize("bad", [4.0, -1.0, 0.5, float("nan")])
def test_what_is_no_class_is_refused(bad):
    logits, classes = torch.zeros(1, 1, 2, 4), torch.tensor([[[3.0, bad]]])
    with pytest.raises(InputError, match=rf"0 to 3 of the 4 that the network knows; got {bad}\. Number them from 0"):
        LOSSES["cross-entropy"].pointwise(logits, classes, NONE)


def test_a_setting_of_another_loss_is_refused():
    with pytest.raises(ConfigError, match=r"delta is a setting of the loss huber alone; got delta=2.0 with 'mse'"):
        FitConfig(loss="mse", delta=2.0)
    for delta in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match=f"delta must be a number above 0; got {delta}"):
            FitConfig(loss="huber", delta=delta)


class Parity(nn.Module):
    """Logits of two classes by the sign of the input, as good as the weight is."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(-1.0))

    def forward(self, batch):
        return torch.stack([-self.weight * batch.past[:, -1:, :1], self.weight * batch.past[:, -1:, :1]], dim=-1)


def test_of_classes_each_epoch_tells_the_share_of_wrong_answers():
    inputs = np.random.default_rng(0).normal(size=(200, 1, 1))
    targets = (inputs > 0).astype(float)
    targets[::5] = 1 - targets[::5]  # two of ten are told wrongly, so that no rule gets below a fifth
    training = FitConfig(loss="cross-entropy", epochs=10, batch=50, lr=0.3, schedule="constant")
    run, _ = fit(Parity(), source_of_arrays(inputs, targets, (inputs, targets), batch=50), NONE, training)
    first, last = run.records[0], run.records[-1]
    assert first.train_error > 0.6 and last.valid_error == pytest.approx(0.2, abs=1e-9)
    rate = np.log(0.2) * 0.2 + np.log(0.8) * 0.8
    assert -rate < last.valid_loss < first.valid_loss


def test_of_numbers_each_epoch_tells_the_absolute_error_of_the_output_in_the_middle():
    outputs = torch.tensor([[[[1.0, 2.0, 9.0]], [[0.0, 5.0, 6.0]]]])
    target = torch.tensor([[[2.5], [4.0]]])
    for name, loss in LOSSES.items():
        expected = [[[1.0], [1.0]]] if name == "cross-entropy" else [[[0.5], [1.0]]]
        assert loss.error(outputs, target).tolist() == expected
        assert loss.error is (wrong_class if name == "cross-entropy" else absolute_error)


def test_a_checkpoint_of_an_older_format_is_refused_in_words():
    model = Constant(2)
    whole = Run.start(model, torch.optim.AdamW(model.parameters()), 1.0).to_bytes("one")
    older = whole.replace(b"seqcast-run-2", b"seqcast-run-1")
    assert older != whole
    with pytest.raises(BundleError, match="goes on only with the data, settings and versions it was begun with"):
        Run.from_bytes(older, "one")
