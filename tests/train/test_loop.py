"""The loop: it learns, stops, goes on bit for bit, and says where it broke."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from seqcast.budget import Deadline
from seqcast.errors import BundleError, ConfigError, TrainingError
from seqcast.models.presets import HybridConfig
from seqcast.models.registry import build_network
from seqcast.train.config import FitConfig
from seqcast.train.loop import Hooks, Source, evaluate, fit
from seqcast.train.loss import LOSSES, huber, loss_named, masked_mean, mse, pinball
from seqcast.train.progress import Progress
from seqcast.train.run import Run
from seqcast.train.schedule import rate_at
from tests.models.batches import DIMS, random_batch

QUANTILES = torch.tensor([0.1, 0.5, 0.9])


def learnable(seed):
    """Return a batch whose target is the last value plus what is known of the step: learnable to nothing."""
    batch = random_batch(16, seed)
    target = batch.past[:, -1:, : DIMS.targets] + 2 * batch.future[..., : DIMS.targets]
    return replace(batch, target=target)


def source(batches=4, poisoned=None):
    def train(epoch):
        parts = [learnable(100 * epoch + step) for step in range(batches)]
        if poisoned is not None:
            target = parts[poisoned].target.clone()
            target[5, 3, 0] = float("nan")
            parts[poisoned] = replace(parts[poisoned], target=target)
        return parts

    def locate(epoch, step, window):
        return f"series 's{window}', cutoff {epoch}-{step}"

    return Source(train, lambda: [learnable(-1), learnable(-2)], locate, batches)


def network(seed=3):
    torch.manual_seed(seed)
    return build_network("hybrid", HybridConfig(width=16, heads=2, dropout=0.2), DIMS)


def weights(model):
    return torch.cat([value.ravel() for value in model.state_dict().values()])


def test_it_learns():
    model = network()
    before, _ = evaluate(model, source().valid(), QUANTILES, LOSSES["pinball"])
    run, ending = fit(model, source(8), QUANTILES, FitConfig(epochs=30, patience=30, lr=1e-2))
    after, _ = evaluate(model, source().valid(), QUANTILES, LOSSES["pinball"])
    assert ending == "finished" and after < before / 2


@pytest.mark.parametrize("stop", [1, 2, 5])
def test_a_resumed_run_ends_bit_for_bit_as_a_straight_one(stop):
    config = FitConfig(epochs=6, patience=9)
    straight = network()
    whole, _ = fit(straight, source(), QUANTILES, config)

    class Killed(Exception):
        pass

    kept = []

    def kill(run):
        kept.append(run.to_bytes("same"))
        if run.progress.epoch == stop:
            raise Killed

    with pytest.raises(Killed):
        fit(network(), source(), QUANTILES, config, None, Hooks(on_epoch=kill))
    torch.manual_seed(999)  # whatever the new process drew before
    resumed = network(seed=77)
    again, _ = fit(resumed, source(), QUANTILES, config, Run.from_bytes(kept[-1], "same"))
    assert torch.equal(weights(straight), weights(resumed))
    assert [r.valid_loss for r in again.records] == [r.valid_loss for r in whole.records]


def test_a_checkpoint_of_other_data_is_refused():
    model = network()
    run = Run.start(model, torch.optim.AdamW(model.parameters()), 1.0)
    with pytest.raises(BundleError, match="goes on only with the data, settings and versions it was begun with"):
        Run.from_bytes(run.to_bytes("one"), "another")


@pytest.mark.parametrize("data", [b"", b"\x00" * 40, b"abc"])
def test_a_broken_checkpoint_is_refused(data):
    with pytest.raises(BundleError):
        Run.from_bytes(data, "one")


def test_the_best_weights_are_restored_and_not_the_last():
    """From the third epoch on the network is taught the opposite."""

    def train(epoch):
        parts = source(8).train(epoch)
        return parts if epoch < 2 else [replace(part, target=-part.target) for part in parts]

    model, seen = network(), []
    config = FitConfig(epochs=5, patience=8, lr=1e-2, schedule="constant")
    told = replace(source(8), train=train)
    run, _ = fit(model, told, QUANTILES, config, None, Hooks(on_epoch=lambda run: seen.append(dict(run.weights))))
    losses = [record.valid_loss for record in run.records]
    assert int(np.argmin(losses)) == 1
    expected = torch.cat([value.ravel() for value in seen[1].values()])
    assert torch.equal(weights(model), expected)
    assert evaluate(model, source().valid(), QUANTILES, LOSSES["pinball"])[0] == losses[1]


def test_weights_that_training_only_made_worse_come_back_as_they_came():
    model = network()
    before = weights(model)
    run, _ = fit(model, source(), QUANTILES, FitConfig(epochs=3, lr=0.5, schedule="constant", clip=1e9))
    assert torch.equal(weights(model), before)
    assert run.progress.best_epoch == 0 and min(record.valid_loss for record in run.records) > run.progress.best_loss


def test_it_stops_when_validation_stalls():
    model = network()
    run, ending = fit(model, source(), QUANTILES, FitConfig(epochs=50, patience=2, lr=0.5, schedule="constant"))
    assert ending == "stalled"
    assert run.progress.epoch - run.progress.best_epoch == 2


def test_a_loss_that_is_not_a_number_names_epoch_batch_series_and_step():
    words = r"it became nan in epoch 1, batch 3, series 's5', cutoff 0-2, horizon step 4\. Lower the rate"
    with pytest.raises(TrainingError, match=words):
        fit(network(), source(poisoned=2), QUANTILES, FitConfig(epochs=2))


def test_a_missing_target_teaches_nothing():
    """What stands where nothing was observed must not reach the gradient."""

    def gradients(filler):
        model = network().eval()
        batch = learnable(0)
        target, observed = batch.target.clone(), batch.observed.clone()
        target[:, 2:4], observed[:, 2:4] = filler, False
        loss = masked_mean(pinball(model(batch), target, QUANTILES), observed)
        loss.backward()
        return torch.cat([p.grad.ravel() for p in model.parameters()])

    assert torch.equal(gradients(0.0), gradients(1e6))


def test_ctrl_c_keeps_the_best_so_far():
    def press(epoch, step):
        if epoch == 2 and step == 1:
            raise KeyboardInterrupt

    model = network()
    run, ending = fit(model, source(), QUANTILES, FitConfig(epochs=9, patience=9), None, Hooks(on_step=press))
    assert ending == "interrupted" and run.progress.epoch == 2
    assert torch.equal(weights(model), torch.cat([value.ravel() for value in run.best.values()]))


def test_a_deadline_ends_training_and_says_so():
    run, ending = fit(network(), source(), QUANTILES, FitConfig(epochs=9), None, Hooks(deadline=Deadline.after(0.0)))
    assert ending == "out of time" and run.progress.epoch == 1


@given(seen=st.floats(-5, 5), level=st.floats(0.01, 0.99), guess=st.floats(-5, 5))
def test_pinball_is_the_formula(seen, level, guess):
    loss = pinball(torch.full((1, 1, 1, 1), guess), torch.full((1, 1, 1), seen), torch.tensor([level])).item()
    error = seen - guess
    assert loss == pytest.approx(level * error if error >= 0 else (level - 1) * error, abs=1e-5)


def test_the_lowest_pinball_loss_is_at_the_quantile():
    draws = torch.randn(20_000, generator=torch.Generator().manual_seed(0))
    grid = torch.linspace(-3, 3, 601)
    for level, quantile in ((0.1, -1.2816), (0.5, 0.0), (0.9, 1.2816)):
        error = draws[:, None] - grid
        loss = torch.maximum(level * error, (level - 1) * error).mean(0)
        assert grid[loss.argmin()].item() == pytest.approx(quantile, abs=0.05)


def test_point_losses_are_torchs_own():
    guess, seen = torch.randn(4, 3, 2, 1), torch.randn(4, 3, 2)
    torch.testing.assert_close(mse(guess, seen, QUANTILES).mean(), torch.nn.functional.mse_loss(guess[..., 0], seen))
    expected = torch.nn.functional.huber_loss(guess[..., 0], seen)
    torch.testing.assert_close(huber(guess, seen, QUANTILES).mean(), expected)


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean 'huber'"):
        loss_named("hubber")
    with pytest.raises(ConfigError, match="Did you mean 'cosine'"):
        FitConfig(schedule="cosin")
    with pytest.raises(ConfigError, match="epochs must be at least 1; got 0"):
        FitConfig(epochs=0)


@given(st.floats(0, 1), st.sampled_from(["one-cycle", "cosine", "constant"]))
def test_the_rate_never_leaves_0_to_its_peak(done, schedule):
    assert 0 <= rate_at(done, 0.3, schedule) <= 0.3 + 1e-12


def test_progress_needs_no_network():
    progress = Progress()
    for loss in (3.0, 2.0, 2.5, 2.4):
        progress = progress.after(loss)
    assert (progress.epoch, progress.best_epoch, progress.stalled(2), progress.stalled(3)) == (4, 2, True, False)
