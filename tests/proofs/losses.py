"""Rows of the table of correctness: losses against formulas, SciPy and torch, and what is learnt by them."""

from functools import partial

import numpy as np
import torch
from scipy import special, stats
from torch import Tensor, nn
from torch.nn import functional as F

from seqcast.batch import Batch
from seqcast.nn.heads import ordered
from seqcast.train.arrays import batch_of_arrays, source_of_arrays
from seqcast.train.config import FitConfig
from seqcast.train.distributions import DISTRIBUTIONS, FLOOR, LEAST_FREEDOM, MOST_FREEDOM
from seqcast.train.loop import Source, fit
from seqcast.train.loss import LOSSES, loss_named
from tests.proofs.table import Proof

LEVELS = torch.tensor([0.05, 0.5, 0.8], dtype=torch.float64)
SHAPE = (4, 5, 2)  # B, H, K
OUTPUTS = {"pinball": 3, "mse": 1, "mae": 1, "huber": 1, "cross-entropy": 4, "gaussian": 2, "student-t": 3}


def outputs_and_targets(name: str, seed: int = 0, spread: float = 2.0) -> tuple[Tensor, Tensor]:
    """Return outputs that increase along Q as those of a head do, and targets, in float64."""
    draw = torch.Generator().manual_seed(seed)
    outputs = spread * torch.randn(*SHAPE, OUTPUTS[name], generator=draw, dtype=torch.float64)
    if name == "cross-entropy":
        return outputs, torch.randint(4, SHAPE, generator=draw).double()
    return outputs.sort(dim=-1).values, spread * torch.randn(SHAPE, generator=draw, dtype=torch.float64)


def parameters_of(outputs: Tensor) -> tuple[np.ndarray, ...]:
    """Return location, scale and degrees of freedom, written down from the documentation once more."""
    loc, below = outputs[..., 1].numpy(), (outputs[..., 1] - outputs[..., 0]).numpy() + FLOOR
    if outputs.shape[-1] == 2:
        return loc, below
    above = (outputs[..., 2] - outputs[..., 1]).numpy() + FLOOR
    share = above / (above + below)
    return loc, below, np.exp((1 - share) * np.log(LEAST_FREEDOM) + share * np.log(MOST_FREEDOM))


def point_losses() -> float:
    """Return how far MSE, MAE and Huber are from torch's, and Huber from its two branches as well."""
    worst = 0.0
    for seed in range(5):
        outputs, target = outputs_and_targets("mse", seed)
        guess, error = outputs[..., 0], (target - outputs[..., 0]).numpy()
        for name, theirs in (("mse", F.mse_loss), ("mae", F.l1_loss)):
            worst = max(worst, _gap(_losses(name, outputs, target), theirs(guess, target, reduction="none")))
        for delta in (0.1, 1.0, 2.5):
            ours = loss_named("huber", delta=delta).pointwise(outputs, target, LEVELS)
            worst = max(worst, _gap(ours, F.huber_loss(guess, target, reduction="none", delta=delta)))
            near = np.abs(error) <= delta
            written = np.where(near, error**2 / 2, delta * (np.abs(error) - delta / 2))
            worst = max(worst, _gap(ours, torch.from_numpy(written)))
    return worst


def pinball_formula() -> float:
    """Return how far the pinball loss is from its definition, written as one loop over every number."""
    outputs, target = outputs_and_targets("pinball")
    said, seen, worst = outputs.numpy(), target.numpy(), 0.0
    ours = _losses("pinball", outputs, target).numpy()
    for place in np.ndindex(seen.shape):
        errors = [seen[place] - said[(*place, q)] for q in range(3)]
        each = [level * e if e >= 0 else (level - 1) * e for level, e in zip(LEVELS.tolist(), errors, strict=True)]
        worst = max(worst, abs(sum(each) / 3 - ours[place]))
    return worst


def pinball_minimiser() -> float:
    """Return how far the value of least pinball loss is from the empirical quantile, over samples and levels."""
    worst = 0.0
    for seed, size in enumerate((7, 101, 999)):
        seen = torch.from_numpy(np.random.default_rng(seed).standard_t(3, size=size))
        for level in (0.033, 0.25, 0.5, 0.77, 0.96):
            loss = LOSSES["pinball"].pointwise(
                seen[None, None, :, None].expand(size, 1, size, 1).transpose(0, 2),
                seen[None, None].expand(size, 1, size),
                torch.tensor([level], dtype=torch.float64),
            )
            best = seen[loss.mean(dim=(1, 2)).argmin()].item()
            worst = max(worst, abs(best - float(np.quantile(seen.numpy(), level, method="inverted_cdf"))))
    return worst


def gaussian_likelihood() -> float:
    """Return how far the Gaussian is from SciPy's log density and from torch's own loss."""
    worst = 0.0
    for seed, spread in ((0, 2.0), (1, 1e-3), (2, 1e3)):
        outputs, target = outputs_and_targets("gaussian", seed, spread)
        loc, scale = parameters_of(outputs)
        ours = _losses("gaussian", outputs, target)
        worst = max(worst, _relative(ours, -stats.norm.logpdf(target.numpy(), loc, scale)))
        theirs = F.gaussian_nll_loss(
            outputs[..., 1], target, torch.from_numpy(scale) ** 2, full=True, eps=0.0, reduction="none"
        )
        worst = max(worst, _relative(ours, theirs.numpy()))
    return worst


def student_t_likelihood() -> float:
    """Return how far the Student-t is from SciPy's log density and from torch's distribution."""
    worst = 0.0
    for seed, spread in ((0, 2.0), (1, 1e-3), (2, 1e3)):
        outputs, target = outputs_and_targets("student-t", seed, spread)
        loc, scale, freedom = parameters_of(outputs)
        ours = _losses("student-t", outputs, target)
        worst = max(worst, _relative(ours, -stats.t.logpdf(target.numpy(), freedom, loc, scale)))
        theirs = torch.distributions.StudentT(*(torch.from_numpy(each) for each in (freedom, loc, scale)))
        worst = max(worst, _relative(ours, -theirs.log_prob(target).numpy()))
    return worst


def class_likelihood() -> float:
    """Return how far cross-entropy is from SciPy's log softmax at the true class, and from torch's own."""
    worst = 0.0
    for seed, spread in ((0, 1.0), (1, 30.0)):
        logits, classes = outputs_and_targets("cross-entropy", seed, spread)
        ours = _losses("cross-entropy", logits, classes)
        log = special.log_softmax(logits.numpy(), axis=-1)
        places = classes.numpy().astype(int)[..., None]
        worst = max(worst, _gap(ours, torch.from_numpy(-np.take_along_axis(log, places, axis=-1)[..., 0])))
        flat = F.cross_entropy(logits.reshape(-1, 4), classes.long().reshape(-1), reduction="none")
        worst = max(worst, _gap(ours.reshape(-1), flat))
    return worst


def wrong_gradients() -> float:
    """Return how many losses have a gradient that differs from finite differences in float64."""
    wrong = 0
    for name in LOSSES:
        outputs, target = (part[:1, :2] for part in outputs_and_targets(name))
        outputs.requires_grad_()
        wrong += not torch.autograd.gradcheck(partial(_losses, name, target=target), (outputs,), raise_exception=False)
    return float(wrong)


def likelihood_quantiles() -> float:
    """Return how far the quantiles of both distributions are from SciPy's, in scales."""
    levels, worst = np.array([0.001, 0.1, 0.5, 0.9, 0.999]), 0.0
    for seed, spread in ((0, 2.0), (1, 1e-3), (2, 1e3)):
        for name, family in (("gaussian", stats.norm), ("student-t", stats.t)):
            outputs, _ = outputs_and_targets(name, seed, spread)
            loc, scale, *freedom = (each[..., None] for each in parameters_of(outputs))
            ours = DISTRIBUTIONS[name].quantiles(outputs.numpy(), levels)
            worst = max(worst, float((np.abs(ours - family.ppf(levels, *freedom, loc, scale)) / scale).max()))
    return worst


class Constant(nn.Module):
    """The same ordered outputs for every window, made as heads make them."""

    def __init__(self, outputs: int):
        super().__init__()
        self.raw = nn.Parameter(torch.zeros(outputs))

    def forward(self, batch: Batch) -> Tensor:
        """Return outputs (B, 1, 1, Q)."""
        middle = len(self.raw) // 2
        raw = self.raw.expand(len(batch.past), 1, 1, -1)
        return ordered(raw[..., middle], raw, middle)


def learnt(name: str, sample: np.ndarray) -> tuple[float, ...]:
    """Return the parameters of the distribution that our loop fits to a sample."""
    torch.manual_seed(0)
    inputs, targets = np.zeros((len(sample), 1, 1)), sample[:, None, None]
    model = Constant(DISTRIBUTIONS[name].outputs)
    config = FitConfig(loss=name, epochs=40, batch=500, lr=0.2, weight_decay=0.0, patience=40)
    fit(model, source_of_arrays(inputs, targets, (inputs, targets), batch=500), torch.tensor([0.5]), config)
    outputs = model(batch_of_arrays(inputs[:1], targets[:1]))
    return tuple(float(each.item()) for each in parameters_of(outputs.detach().double()))


def gaussian_learnt() -> float:
    """Return how far what was learnt is from what was drawn from, in standard errors of the best estimate."""
    size, loc, scale = 5000, 0.2, 0.5
    sample = np.random.default_rng(0).normal(loc, scale, size=size)
    found = learnt("gaussian", sample)
    return max(abs(found[0] - loc) / (scale / size**0.5), abs(found[1] - scale) / (scale / (2 * size) ** 0.5))


def student_t_learnt() -> float:
    """Return how far what was learnt is from SciPy's likeliest parameters, as a share of scale or freedom."""
    worst = 0.0
    for seed, freedom in enumerate((3.0, 8.0)):
        sample = 0.2 + 0.5 * np.random.default_rng(seed).standard_t(freedom, size=5000)
        found, best = learnt("student-t", sample), stats.t.fit(sample)
        errors = (found[0] - best[1], found[1] - best[2], (found[2] - best[0]) * best[2] / best[0])
        worst = max(worst, *(abs(error) / best[2] for error in errors))
    return worst


def masked_bits() -> float:
    """Return how many weights change when NaN, infinity or 10³⁰ stand where nothing was observed, for every loss."""

    def trained(name: str, filler: float) -> Tensor:
        torch.manual_seed(0)
        _, target = outputs_and_targets(name)
        observed = torch.rand(target.shape, generator=torch.Generator().manual_seed(1)) < 0.5
        batch = Batch(
            past=torch.randn(4, 3, 2, generator=torch.Generator().manual_seed(2)),
            future=torch.zeros(4, 5, 0),
            static=torch.zeros(4, 0),
            target=torch.where(observed, target.float(), filler),
            observed=observed,
        )
        model = Wide(OUTPUTS[name])
        config = FitConfig(loss=name, epochs=3, patience=3)
        fit(model, Source(lambda epoch: [batch], lambda: [batch], lambda *place: "", 1), LEVELS.float(), config)
        return model.linear.weight.detach()

    changed = 0
    for name in LOSSES:
        clean = trained(name, 0.0)
        changed += sum(int((trained(name, filler) != clean).sum()) for filler in (float("nan"), float("inf"), 1e30))
    return float(changed)


class Wide(nn.Module):
    """One linear map from the context to all outputs."""

    def __init__(self, outputs: int):
        super().__init__()
        self.outputs = outputs
        self.linear = nn.Linear(6, 10 * outputs)

    def forward(self, batch: Batch) -> Tensor:
        """Return ordered outputs (B, 5, 2, Q)."""
        raw = self.linear(batch.past.flatten(1)).reshape(-1, *SHAPE[1:], self.outputs)
        return ordered(raw[..., self.outputs // 2], raw, self.outputs // 2)


def not_finite() -> float:
    """Return how many losses or gradients overflow in float32: errors to 10⁶ scales, scales from 0 to 10⁶."""
    lost = 0
    for name in LOSSES:
        for scale in (0.0, 1e-30, 1e-6, 1.0, 1e6):
            for error in (0.0, 1e-30, 1.0, 1e6):
                lost += overflows(name, scale, error * max(scale, FLOOR))
    return float(lost)


def overflows(name: str, scale: float, error: float) -> bool:
    """Whether loss or gradient is no finite number where outputs are `scale` apart and the target `error` away."""
    count = OUTPUTS[name]
    outputs = (scale * (torch.arange(count) - count // 2.0)).reshape(1, 1, 1, count).requires_grad_()
    target = torch.zeros(1, 1, 1) if name == "cross-entropy" else torch.full((1, 1, 1), error)
    loss = loss_named(name).pointwise(outputs, target, LEVELS.float())
    loss.sum().backward()
    assert outputs.grad is not None
    return not bool(torch.isfinite(loss).all() and torch.isfinite(outputs.grad).all())


def _losses(name: str, outputs: Tensor, target: Tensor) -> Tensor:
    return LOSSES[name].pointwise(outputs, target, LEVELS)


def _gap(one: Tensor, other: Tensor) -> float:
    assert one.shape == other.shape
    return (one - other).abs().max().item()


def _relative(ours: Tensor, theirs: np.ndarray) -> float:
    return float((np.abs(ours.numpy() - theirs) / np.maximum(np.abs(theirs), 1.0)).max())


PROOFS: tuple[Proof, ...] = (
    Proof("MSE, MAE, Huber with δ = 0.1, 1, 2.5", "torch.nn.functional; Huber's two branches", 1e-13, point_losses),
    Proof("Pinball loss", "its definition, number by number", 1e-13, pinball_formula),
    Proof("Least pinball loss", "empirical quantile", 0, pinball_minimiser),
    Proof(
        "Gaussian likelihood",
        "scipy.stats.norm.logpdf, torch gaussian_nll_loss (relative)",
        1e-12,
        gaussian_likelihood,
    ),
    Proof(
        "Student-t likelihood",
        "scipy.stats.t.logpdf, torch.distributions.StudentT (relative)",
        1e-12,
        student_t_likelihood,
    ),
    Proof("Cross-entropy", "scipy.special.log_softmax, torch's cross_entropy", 1e-13, class_likelihood),
    Proof("Gradient of every loss", "finite differences in float64; losses that differ", 0, wrong_gradients),
    Proof("Quantiles of Gaussian and Student-t", "scipy.stats.norm.ppf, t.ppf (in scales)", 1e-9, likelihood_quantiles),
    Proof(
        "Gaussian learnt by the loop",
        "the parameters drawn from (in standard errors of 5,000 draws)",
        3,
        gaussian_learnt,
    ),
    Proof("Student-t learnt by the loop", "scipy.stats.t.fit on the same 5,000 draws", 0.01, student_t_learnt),
    Proof("What is not observed teaches nothing", "NaN, ∞, 10³⁰ there; weights changed", 0, masked_bits),
    Proof("Far outliers and vanishing scales", "losses and gradients not finite", 0, not_finite),
)
