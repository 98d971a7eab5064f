"""Rows of the table of correctness: tests of equal skill, intervals, ranks."""

import math

import numpy as np
from scipy import stats
from scipy.fft import dct

from seqcast.evaluate.leaderboard import Backtests, leaderboard
from seqcast.evaluate.pieces import losses_of
from seqcast.evaluate.ranks import average_ranks, critical_difference
from seqcast.evaluate.resampling import gain_interval, resamples
from seqcast.evaluate.significance import (
    cosine_test,
    design_effect,
    diebold_mariano,
    holm,
    over_series,
    over_windows,
)
from seqcast.types import Origins, Task
from tests.evaluate.panels import forecast_of, panel_of
from tests.proofs.table import Proof

# Demšar (2006), table 6: ranks of C4.5 with and without tuned m and cf by the area under their curve on 14 data sets.
DEMSAR = np.array(
    [
        [4, 3, 2, 1],
        [1, 2, 3, 4],
        [4, 1, 2, 3],
        [4, 1, 3, 2],
        [4, 2, 3, 1],
        [1, 2.5, 4, 2.5],
        [3, 2, 4, 1],
        [2.5, 2.5, 4, 1],
        [4, 3, 2, 1],
        [2.5, 2.5, 2.5, 2.5],
        [4, 2.5, 1, 2.5],
        [3, 2, 4, 1],
        [4, 1, 2, 3],
        [3, 1, 4, 2],
    ]
)
CLASSIFIERS = ("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf")
# The same paper, table 5(a): critical values of Nemenyi's test for 2 to 10 classifiers.
NEMENYI = {
    0.05: (1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164),
    0.10: (1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920),
}


def differences(count: int, seed: int = 0) -> list[np.ndarray]:
    """Return series of loss differences, some of which lean on their past, of any size."""
    draw = np.random.default_rng(seed)
    found = []
    for i in range(count):
        noise = draw.normal(0.3, 1, size=int(draw.integers(9, 80)))
        leaning = noise[1:] + 0.6 * noise[:-1] * (i % 2)
        found.append(leaning * 10.0 ** draw.integers(-12, 12))
    return found


def student_of_scipy() -> float:
    """Return how far windows that do not overlap are from a t-test on them, which is what HLN comes to at lag 0."""
    worst = 0.0
    for series in differences(40):
        ours, theirs = over_windows(series), stats.ttest_1samp(series, 0)
        worst = max(worst, abs(ours.statistic / theirs.statistic - 1), abs(ours.p_value / theirs.pvalue - 1))
    return worst


def series_of_scipy() -> float:
    """Return how far independent series are from a t-test on them."""
    worst = 0.0
    for series in differences(40, seed=1):
        ours, theirs = over_series(series, inflation=0.7), stats.ttest_1samp(series, 0)
        worst = max(worst, abs(ours.statistic / theirs.statistic - 1), abs(ours.p_value / theirs.pvalue - 1))
    return worst


def hac_of_statsmodels() -> float:
    """Return how far Diebold-Mariano is from a regression on a constant with the uniform kernel, corrected by hand."""
    from statsmodels.regression.linear_model import OLS
    from statsmodels.stats.sandwich_covariance import weights_uniform

    worst = 0.0
    for place, series in enumerate(differences(60, seed=2)):
        steps, count = 1 + place % 4, len(series)
        kernel = {"maxlags": steps - 1, "kernel": weights_uniform, "use_correction": False}
        variance = float(OLS(series, np.ones(count)).fit(cov_type="HAC", cov_kwds=kernel).cov_params()[0, 0])
        statistic, p_value = diebold_mariano(series, steps)
        if variance <= 0:
            worst = max(worst, 0.0 if math.isnan(statistic) and math.isnan(p_value) else math.inf)
            continue
        correction = math.sqrt((count + 1 - 2 * steps + steps * (steps - 1) / count) / count)
        expected = float(series.mean()) / math.sqrt(variance) * correction
        worst = max(worst, abs(statistic / expected - 1))
        worst = max(worst, abs(p_value - 2 * float(stats.t.sf(abs(expected), count - 1))))
    return worst


def cosines_of_scipy() -> float:
    """Return how far the cosine test is from the type-II cosine transform of scipy, step by step."""
    worst = 0.0
    for place, series in enumerate(differences(40, seed=3)):
        terms = 1 + place % 4
        variance = float((dct(series, norm="ortho")[1 : terms + 1] ** 2).mean()) / len(series)
        statistic, p_value = cosine_test(series, terms)
        expected = float(series.mean()) / math.sqrt(variance)
        worst = max(worst, abs(statistic / expected - 1))
        worst = max(worst, abs(p_value - 2 * float(stats.t.sf(abs(expected), terms))))
    return worst


def design_by_covariances() -> float:
    """Return how far the design effect is from all covariances between series over the variances alone."""
    draw, worst = np.random.default_rng(4), 0.0
    for shape in ((2, 5), (30, 12), (7, 40)):
        table = draw.normal(size=shape) + draw.normal(size=shape[1]) * 0.7
        covariances = np.cov(table)
        ours = design_effect(table, np.arange(shape[0]), np.broadcast_to(np.arange(shape[1]), shape).copy())
        worst = max(worst, abs(ours / (covariances.sum() / np.trace(covariances)) - 1))
    return worst


def holm_of_statsmodels() -> float:
    """Return the worst distance from statsmodels' adjusted p-values."""
    from statsmodels.stats.multitest import multipletests

    draw, worst = np.random.default_rng(5), 0.0
    for count in (1, 2, 5, 13, 100):
        p_values = draw.random(count) ** 3
        p_values[: count // 2] = p_values[0]
        worst = max(worst, float(np.abs(holm(p_values) - multipletests(p_values, method="holm")[1]).max()))
    return worst


def friedman_of_scipy() -> float:
    """Return how far Friedman's statistic and its p-value are from scipy's, ties and all."""
    draw, worst = np.random.default_rng(6), 0.0
    tables = [DEMSAR, draw.normal(size=(50, 3)), draw.integers(0, 4, size=(20, 7)).astype(float)]
    for table in tables:
        ours = average_ranks(tuple("abcdefg"[: table.shape[1]]), table)
        theirs = stats.friedmanchisquare(*table.T)
        worst = max(worst, abs(ours.chi_square - theirs.statistic), abs(ours.chi_square_p - theirs.pvalue))
    return worst


def demsar_ranks() -> float:
    """Return the worst distance from the average ranks that Demšar prints (three decimals)."""
    ranks = average_ranks(CLASSIFIERS, DEMSAR)
    printed = {"C4.5": 3.143, "C4.5+m": 2.000, "C4.5+cf": 2.893, "C4.5+m+cf": 1.964}
    return max(abs(printed[name] - rank) for name, rank in zip(ranks.models, ranks.average, strict=True))


def demsar_statistics() -> float:
    """Return the worst distance from the statistics that Demšar prints (two decimals), who takes no note of ties."""
    ranks = average_ranks(CLASSIFIERS, DEMSAR)
    counts = [np.unique(row, return_counts=True)[1] for row in DEMSAR]
    tied = sum(float((count**3 - count).sum()) for count in counts)
    chi_square = ranks.chi_square * (1 - tied / (14 * 4 * (4**2 - 1)))
    f = 13 * chi_square / (14 * 3 - chi_square)
    return max(abs(chi_square - 9.28), abs(f - 3.69), abs(ranks.critical_difference - 1.25))


def nemenyi_of_demsar() -> float:
    """Return the worst distance from the critical values of that paper (three decimals)."""
    return max(
        abs(critical_difference(models, 10, level) / math.sqrt(models * (models + 1) / 60) - value)
        for level, values in NEMENYI.items()
        for models, value in enumerate(values, start=2)
    )


def bootstrap_variance() -> float:
    """Return how far the variance of resampled means is from the closed formula, relatively, with 40,000 resamples."""
    draw, worst = np.random.default_rng(7), 0.0
    for count, block in ((10, 1), (30, 3), (50, 8)):
        series = draw.normal(size=count).cumsum()
        centred, keep = series - series.mean(), 1 - 1 / block
        # Politis & Romano (1994), lemma 1.
        variance = float(centred @ centred) / count
        for lag in range(1, count):
            weight = (1 - lag / count) * keep**lag + lag / count * keep ** (count - lag)
            variance += 2 * weight * float(centred[lag:] @ centred[:-lag]) / count
        drawn = resamples(count, block, draws=40_000) @ series
        worst = max(worst, abs(drawn.var() / (variance / count) - 1))
    return worst


def gains_of_leaderboard() -> float:
    """Return how far the mean over windows, or over series, is from the MASE of the leaderboard."""
    draw, worst = np.random.default_rng(8), 0.0
    tables = [draw.normal(size=(60, 2)).cumsum(axis=0) for _ in range(5)]
    for table in tables:
        table[draw.integers(30, 60, size=9), draw.integers(0, 2, size=9)] = np.nan
    panel = panel_of(*tables, targets=("y", "z"))
    origins = Origins(np.repeat(np.arange(5), 4), np.tile([30, 36, 42, 54], 5), np.tile(np.arange(4), 5))
    said: Backtests = {
        name: (forecast_of(origins, draw.normal(size=(20, 6, 2))), 1.0) for name in ("seasonal-naive", "gru")
    }
    task, known = Task(horizon=6, quantiles=(0.1, 0.5, 0.9), season=4), np.full(5, 30)
    losses = losses_of(panel, task, said, known)
    for score in leaderboard(panel, task, said, known):
        for mean in (losses.mase[score.model], losses.by_window(score.model).mean()):
            worst = max(worst, abs(float(mean) / score.mase - 1))
        worst = max(worst, abs(float(losses.by_series(score.model).mean()) / score.mase - 1))
    return worst


def window_losses(draw: np.random.Generator, trials: int, windows: int, steps: int, series: int = 1) -> np.ndarray:
    """Return the losses of two equal models (2, trials, windows, steps): errors grow along a window, as real ones do.

    Half of each error is the same for both models, and half of that the same for every series.
    """

    def grown(shape: tuple[int, ...]) -> np.ndarray:
        noise = draw.normal(size=(*shape, steps, series)) + draw.normal(size=(*shape, steps, 1))
        for step in range(1, steps):
            noise[..., step, :] += 0.8 * noise[..., step - 1, :]
        return noise

    return np.abs(grown((trials, windows)) + grown((2, trials, windows))).mean(axis=-1)


def rejected(windows: int, steps: int, series: int, trials: int = 2000) -> float:
    """Return the share of trials in which equal models are told apart at 5 %."""
    draw = np.random.default_rng(windows + 100 * steps)
    one, other = window_losses(draw, trials, windows, steps, series).mean(axis=-1)
    return float(np.mean([over_windows(row).p_value < 0.05 for row in one - other]))


def size_missed() -> float:
    """Return how far the share of false alarms is from 5 %, at worst."""
    asked = ((3, 24, 1), (5, 24, 1), (5, 1, 4), (10, 12, 4), (20, 6, 1), (40, 6, 1))
    return max(abs(rejected(windows, steps, series) - 0.05) for windows, steps, series in asked)


def covered(windows: int, trials: int = 1000) -> float:
    """Return how often the interval holds the true gain of models of which one errs 20 % less."""
    one, other = window_losses(np.random.default_rng(windows), trials, windows, 6).mean(axis=-1)
    shares, held = resamples(windows, 1, draws=1000), 0
    for first, second in zip(0.8 * one, other, strict=True):
        low, high = gain_interval(first, second, over_windows(first - second), shares)
        held += low <= 0.2 <= high
    return held / trials


def coverage_missed() -> float:
    """Return how far the coverage of 95 % intervals is from that, at worst."""
    return max(abs(covered(windows) - 0.95) for windows in (3, 5, 10, 40))


PROOFS: tuple[Proof, ...] = (
    Proof("Equal loss on windows", "scipy's t-test, 10⁻¹² to 10¹² (relative)", 1e-9, student_of_scipy),
    Proof("Equal loss on independent series", "scipy's t-test (relative)", 1e-9, series_of_scipy),
    Proof("Diebold-Mariano after HLN", "statsmodels' HAC, uniform kernel (relative)", 1e-8, hac_of_statsmodels),
    Proof("Cosine variance", "scipy's cosine transform (relative)", 1e-9, cosines_of_scipy),
    Proof("Design effect", "covariances between series (relative)", 1e-12, design_by_covariances),
    Proof("Holm", "statsmodels", 1e-14, holm_of_statsmodels),
    Proof("Friedman, with ties", "scipy", 1e-9, friedman_of_scipy),
    Proof("Average ranks", "Demšar 2006, table 6 (3 decimals)", 6e-4, demsar_ranks),
    Proof("Friedman, Iman-Davenport, Nemenyi", "Demšar 2006: 9.28, 3.69, 1.25", 6e-3, demsar_statistics),
    Proof("Critical values of Nemenyi", "Demšar 2006, table 5 (3 decimals)", 2e-3, nemenyi_of_demsar),
    Proof("Stationary bootstrap", "variance by Politis & Romano 1994 (relative)", 0.03, bootstrap_variance),
    Proof("Losses of windows and of series", "MASE of the leaderboard (relative)", 1e-12, gains_of_leaderboard),
    Proof("5 % test: false alarms of 2,000", "5 %, 3 to 40 windows (share)", 0.02, size_missed),
    Proof("95 % interval of the gain: held of 1,000", "95 %, 3 to 40 windows (share)", 0.04, coverage_missed),
)
