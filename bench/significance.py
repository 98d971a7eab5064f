"""How often does a test at 5 % tell equal models apart, and how often is a real gain seen?

Two models err by sums of the same noise and noise of their own, growing along the window as multi-step errors do. The
tests asked: the one of seqcast, on windows; Diebold-Mariano on single steps with lags up to the horizon, as is usual;
and where windows overlap, Diebold-Mariano on them and the variance of Bartlett with fixed-b values. Then series
that move together, judged in one window: with the design effect of seqcast, and as if they were independent.

python bench/significance.py [--quick]; the last line of stdout is one JSON object.
"""

import argparse
import json
import sys

import numpy as np
from scipy import stats

from seqcast.evaluate.significance import design_effect, diebold_mariano, over_series, over_windows

LEVEL = 0.05


def grown(noise: np.ndarray) -> np.ndarray:
    """Return errors that sum up along the last axis, as those of an autoregression do."""
    errors = noise.copy()
    for step in range(1, noise.shape[-1]):
        errors[..., step] += 0.8 * errors[..., step - 1]
    return errors


def losses(draw: np.random.Generator, trials: int, windows: int, steps: int, stride: int) -> np.ndarray:
    """Return absolute errors (2, trials, windows, steps) of two equal models."""
    rows = (windows - 1) * stride + steps
    noise = draw.normal(size=(1, trials, rows)) + draw.normal(size=(2, trials, rows))
    seen = np.lib.stride_tricks.sliding_window_view(noise, steps, axis=-1)[..., ::stride, :]
    return np.abs(grown(seen))


def fixed_b(difference: np.ndarray) -> float:
    """Return 0 where Bartlett's variance with root-N lags rejects at 5 % after Kiefer & Vogelsang (2005), else 1."""
    count = len(difference)
    lags = max(1, round(count**0.5))
    centred = difference - difference.mean()
    variance = centred @ centred / count
    for lag in range(1, lags):
        variance += 2 * (1 - lag / lags) * (centred[lag:] @ centred[:-lag]) / count
    share = lags / count
    critical = 1.96 + 2.9694 * share + 0.416 * share**2 - 0.5324 * share**3
    return float(abs(difference.mean()) <= critical * (variance / count) ** 0.5)


def on_windows(trials: int) -> list[dict[str, float]]:
    """Return the shares of false alarms, and of gains of 20 % seen, by windows, steps and stride."""
    rows = []
    for steps, stride in ((1, 1), (6, 6), (12, 12), (24, 24), (12, 6), (24, 6), (6, 1)):
        overlap = -(-steps // stride)
        for windows in (3, 5, 10, 20, 40):
            one, other = losses(np.random.default_rng(windows), trials, windows, steps, stride)
            by_window = (one - other).mean(axis=-1)
            found = [over_windows(row, overlap) for row in by_window]
            gained = [over_windows(row, overlap).p_value for row in (0.8 * one - other).mean(axis=-1)]
            row = {"steps": steps, "stride": stride, "windows": windows, "freedom": found[0].freedom}
            row["size"] = share([test.p_value for test in found])
            row["power_20"] = share(gained)
            if overlap == 1:
                flat = (one - other).reshape(trials, -1)
                row["size_single_steps"] = share([diebold_mariano(line, steps)[1] for line in flat])
            else:
                row["size_same_kernel"] = share([diebold_mariano(line, overlap)[1] for line in by_window])
                row["size_fixed_b"] = share([fixed_b(line) for line in by_window])
            rows.append(row)
            print(row, file=sys.stderr)
    return rows


def on_series(trials: int) -> list[dict[str, float]]:
    """Return the shares of false alarms in one window of many series, by how much of the noise is common to them."""
    rows = []
    for series, steps in ((50, 6), (300, 18)):
        times = np.broadcast_to(np.arange(steps), (series, steps)).copy()
        for common in (0.0, 0.1, 0.3, 0.6):
            draw, found, naive = np.random.default_rng(series), [], []
            for _ in range(trials):
                own, all_alike = draw.normal(size=(3, series, steps)), draw.normal(size=(3, 1, steps))
                errors = grown((1 - common) ** 0.5 * own + common**0.5 * all_alike)
                difference = np.abs(errors[0] + errors[1]) - np.abs(errors[0] + errors[2])
                inflation = design_effect(difference, np.arange(series), times)
                found.append(over_series(difference.mean(axis=1), inflation).p_value)
                naive.append(float(stats.ttest_1samp(difference.mean(axis=1), 0).pvalue))
            row = {"series": series, "steps": steps, "common": common, "size": share(found)}
            rows.append({**row, "size_as_if_independent": share(naive)})
            print(rows[-1], file=sys.stderr)
    return rows


def share(p_values: list[float]) -> float:
    """Return the share of p-values below 5 %; one that is no number rejects nothing."""
    return round(float(np.mean(np.array(p_values) < LEVEL)), 4)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="200 trials in the place of 2,000")
    quick = parser.parse_args().quick
    trials = 200 if quick else 2000
    results = {"windows": on_windows(trials), "series": on_series(trials // 2)}
    print(json.dumps({"bench": "significance", "quick": quick, "results": results}))


if __name__ == "__main__":
    main()
