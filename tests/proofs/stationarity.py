"""Rows of the table of correctness: tests of stationarity, correlations, suggested differences."""

import warnings
from functools import cache

import numpy as np
from scipy.linalg import solve_toeplitz

from seqcast.doctor.correlation import acf, band, pacf
from seqcast.doctor.stationarity import differences, seasonal_strength, stationarity
from seqcast.doctor.unitroot import Around, adf, kpss, kpss_p
from tests.proofs.table import Proof

AROUND: tuple[Around, Around] = ("level", "trend")

# MacKinnon (2010), table 2, one variable: where the statistic of an endless series lies at 1, 5 and 10 %.
MACKINNON = {"level": (-3.43035, -2.86154, -2.56677), "trend": (-3.95877, -3.41049, -3.12705)}


@cache
def macrodata() -> dict[str, np.ndarray]:
    """Return the US macro series that statsmodels ships."""
    from statsmodels.datasets import macrodata as source

    return {name: column.to_numpy(dtype=float) for name, column in source.load_pandas().data.items()}


@cache
def airline() -> np.ndarray:
    """Return the monthly airline passengers of Box & Jenkins, Stata's `air2`."""
    from statsforecast.utils import AirPassengers

    return np.asarray(AirPassengers, dtype=float)


@cache
def nile() -> np.ndarray:
    """Return the yearly flow of the Nile, as R has it."""
    from statsmodels.datasets import nile as source

    return source.load_pandas().data["volume"].to_numpy(dtype=float)


def samples(count: int, seed: int = 0) -> list[np.ndarray]:
    """Return noise, autoregressions, walks and walks of walks, of any length and scale."""
    rng = np.random.default_rng(seed)
    found = []
    for i in range(count):
        y = rng.normal(size=int(rng.integers(25, 500)))
        for _ in range(i % 3):
            y = y.cumsum()
        found.append(y * 10.0 ** rng.integers(-3, 6) + 100 * rng.normal())
    return found


def adf_of_stata() -> float:
    """Return the worst distance from the statistics that Stata prints."""
    macro = macrodata()
    return max(
        # [TS] dfuller, example 1: coefficient over standard error of L1.air
        abs(adf(airline(), "trend", 3).statistic - -0.5217089 / 0.0752195),
        abs(adf(macro["realgdp"], "level", 4).statistic - 0.97505319),
        abs(adf(macro["realgdp"], "trend", 4).statistic - -1.8566374),
        abs(adf(macro["infl"], "level", 1).statistic - -4.3346988),
    )


def adf_p_of_stata() -> float:
    """Return the worst distance from the p-values that Stata prints."""
    macro = macrodata()
    return max(
        abs(adf(macro["realgdp"], "level", 4).p - 0.99399563),
        abs(adf(macro["realgdp"], "trend", 4).p - 0.67682968),
        abs(adf(macro["infl"], "level", 1).p - 0.00038661),
    )


def verdicts_off_mackinnon() -> float:
    """Return how many p-values of 300 walks fall on another side of 1, 5 and 10 % than the critical values have it."""
    rng, off = np.random.default_rng(0), 0
    for draw in range(300):
        around = AROUND[draw % 2]
        test = adf(rng.normal(size=120).cumsum(), around)
        levels = zip((0.01, 0.05, 0.10), MACKINNON[around], strict=True)
        off += any((test.p < level) != (test.statistic < critical) for level, critical in levels)
    return float(off)


def adf_of_statsmodels() -> float:
    """Return the worst distance from statsmodels, infinite where AIC chooses another lag."""
    from statsmodels.tsa.stattools import adfuller

    from seqcast.doctor.unitroot import most_lags

    worst = 0.0
    for y in samples(40):
        for around, code in zip(AROUND, ("c", "ct"), strict=True):
            ours, theirs = adf(y, around), quiet(adfuller, y, most_lags(len(y)), code, "AIC")
            worst = max(worst, abs(ours.statistic - theirs[0]) if ours.lags == theirs[2] else np.inf)
    return worst


def adf_by_least_squares() -> float:
    """Return the worst distance from the t statistic of the level, by the normal equations in NumPy."""
    worst = 0.0
    for i, y in enumerate(samples(30, seed=1)):
        around, lags = AROUND[i % 2], i % 5
        step = np.diff(y)
        rows = range(lags, len(step))
        fixed = [np.ones(len(rows))] if around == "level" else [np.ones(len(rows)), np.arange(len(rows)) / len(rows)]
        past = [[step[t - lag] for t in rows] for lag in range(1, lags + 1)]
        x = np.array([[y[t] - y.mean() for t in rows], *fixed, *past]).T
        solved, error, *_ = np.linalg.lstsq(x, step[lags:], rcond=None)
        variance = error[0] / (len(rows) - x.shape[1]) * np.linalg.inv(x.T @ x)[0, 0]
        worst = max(worst, abs(adf(y, around, lags).statistic / (solved[0] / np.sqrt(variance)) - 1))
    return worst


def adf_size() -> float:
    """Return how far the share of random walks that ADF rejects is from 5 %, of 800 walks of 400 rows."""
    rng = np.random.default_rng(0)
    return abs(float(np.mean([adf(rng.normal(size=400).cumsum()).rejects for _ in range(800)])) - 0.05)


def kpss_by_formula() -> float:
    """Return the worst relative distance from the sums of Kwiatkowski et al. (1992), written out."""
    worst = 0.0
    for i, y in enumerate(samples(20, seed=2)):
        around, lags, count = AROUND[i % 2], i % 7, len(y)
        time = np.arange(1.0, count + 1)
        rest = y - np.polyval(np.polyfit(time, y, i % 2), time)
        partial = sum(sum(rest[: t + 1]) ** 2 for t in range(count)) / count**2
        variance = sum(value**2 for value in rest) / count
        for lag in range(1, lags + 1):
            product = sum(rest[t] * rest[t - lag] for t in range(lag, count))
            variance += 2 / count * (1 - lag / (lags + 1)) * product
        worst = max(worst, abs(kpss(y, around, lags).statistic / (partial / variance) - 1))
    return worst


def kpss_of_r() -> float:
    """Return the worst distance from what R's tseries prints for US real GDP."""
    gdp = macrodata()["realgdp"]
    return max(
        abs(kpss(gdp, "level", 3).statistic - 5.0169),
        abs(kpss(gdp, "trend", 3).statistic - 1.1828),
    )


def kpss_of_statsmodels() -> float:
    """Return the worst distance from statsmodels' kpss, on the Nile and airline passengers, at several lags."""
    from statsmodels.tsa.stattools import kpss as theirs

    codes = {"level": "c", "trend": "ct"}
    return max(
        abs(kpss(y, around, lags).statistic - quiet(theirs, y, codes[around], nlags=lags)[0])
        for y in (nile(), airline())
        for around in AROUND
        for lags in (0, 4, 9)
    )


def kpss_table() -> float:
    """Return the worst distance of p at the critical values of Kwiatkowski et al. (1992), table 1."""
    table = {"level": (0.347, 0.463, 0.574, 0.739), "trend": (0.119, 0.146, 0.176, 0.216)}
    levels = (0.10, 0.05, 0.025, 0.01)
    return max(
        abs(kpss_p(critical, around)[0] - level)
        for around in AROUND
        for critical, level in zip(table[around], levels, strict=True)
    )


def acf_by_definition() -> float:
    """Return the worst distance from the definition, term by term."""
    worst = 0.0
    for y in samples(10, seed=3):
        rest = y - sum(y) / len(y)
        whole = sum(rest**2)
        own = [sum(rest[t] * rest[t - lag] for t in range(lag, len(y))) / whole for lag in range(1, 9)]
        worst = max(worst, float(np.abs(acf(y, 8) - own).max()))
    return worst


def pacf_by_systems() -> float:
    """Return the worst distance from the last weights of the Yule-Walker systems, each solved by itself."""
    worst = 0.0
    for y in samples(20, seed=4):
        correlation = acf(y, 12)
        for lag in range(1, 13):
            column = np.concatenate([[1.0], correlation[: lag - 1]])
            weights = solve_toeplitz(column, correlation[:lag])
            worst = max(worst, abs(float(weights[-1]) - float(pacf(correlation)[lag - 1])))
    return worst


def pacf_closed() -> float:
    """Return the worst distance for AR(1), AR(2) and MA(1), whose correlations are known in closed form."""
    lags = np.arange(1, 13)
    one = pacf(0.8**lags) - np.where(lags == 1, 0.8, 0.0)
    two = [0.5 / (1 - 0.3)]
    two.append(0.5 * two[0] + 0.3)
    for _ in range(10):
        two.append(0.5 * two[-1] + 0.3 * two[-2])
    second = pacf(np.array(two)) - np.where(lags == 1, 0.5 / 0.7, np.where(lags == 2, 0.3, 0.0))
    theta = 0.6  # Box & Jenkins: PACF of x = e[t] - θ·e[t-1]
    moving = pacf(np.where(lags == 1, -theta / (1 + theta**2), 0.0))
    closed = -(theta**lags) * (1 - theta**2) / (1 - theta ** (2 * (lags + 1)))
    return float(np.abs(np.concatenate([one, second, moving - closed])).max())


def noise_in_band() -> float:
    """Return how far from 5 % the share of correlations of pure noise outside of the band is."""
    rng = np.random.default_rng(0)
    outside = [np.mean(np.abs(acf(rng.normal(size=500), 20)) > band(500)) for _ in range(300)]
    return abs(float(np.mean(outside)) - 0.05)


def differences_of_statsforecast() -> float:
    """Return how many of 90 series are given another d than by statsforecast's port of R's `ndiffs`."""
    from statsforecast.arima import ndiffs

    series = [*samples(88, seed=5), airline(), nile()]
    return float(sum(differences(y) != quiet(ndiffs, y) for y in series))


def seasonal(D: int, seed: int) -> np.ndarray:
    """Return ten years of months: a walk of each month for D = 1, else noise."""
    noise = np.random.default_rng(seed).normal(size=(10, 12))
    return (noise.cumsum(axis=0) + 4 * noise[0] if D else noise).ravel()


def seasonal_differences_of_statsforecast() -> float:
    """Return how many of 61 monthly series are given another D than by statsforecast's port of R's `nsdiffs`."""
    from statsforecast.arima import nsdiffs

    series = [*(seasonal(seed % 2, seed) for seed in range(60)), airline()]
    return float(sum((seasonal_strength(y, 12) > 0.64) != quiet(nsdiffs, y, period=12) for y in series))


def known_differences() -> float:
    """Return the share of 160 simulated series that are not given the differences that they were made with."""
    wrong = 0
    for seed in range(40):
        noise = np.random.default_rng(seed).normal(size=300)
        plain = [noise, noise.cumsum(), noise.cumsum().cumsum()]
        wrong += sum(differences(y) != d for d, y in enumerate(plain))
        found = stationarity(seasonal(1, seed), 12)
        wrong += getattr(found, "seasonal_differences", None) != 1
    return wrong / 160


def quiet(function, *words, **options):
    """Call what warns of its future or of its tables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*words, **options)


PROOFS: tuple[Proof, ...] = (
    Proof("ADF: statistic", "Stata, airline passengers and US macro data", 5e-6, adf_of_stata),
    Proof("ADF: p-value", "Stata, US macro data", 2e-6, adf_p_of_stata),
    Proof("ADF: p-value on the right side", "MacKinnon's critical values; walks astray", 0, verdicts_off_mackinnon),
    Proof("ADF: lag by AIC and statistic", "statsmodels.adfuller", 1e-7, adf_of_statsmodels),
    Proof("ADF: statistic at fixed lags", "least squares in NumPy, relative", 1e-7, adf_by_least_squares),
    Proof("ADF: rejects 5 % of random walks", "its nominal size, 800 walks", 0.02, adf_size),
    Proof("KPSS: statistic", "R's tseries, US real GDP", 5e-5, kpss_of_r),
    Proof("KPSS: statistic of Nile and airline passengers", "statsmodels.kpss", 1e-9, kpss_of_statsmodels),
    Proof("KPSS: statistic by its sums", "formula of Kwiatkowski et al., relative", 1e-8, kpss_by_formula),
    Proof("KPSS: p-value", "table of Kwiatkowski et al.", 1e-12, kpss_table),
    Proof("Autocorrelation", "definition, term by term", 1e-12, acf_by_definition),
    Proof("Partial autocorrelation", "Yule-Walker systems, SciPy", 1e-8, pacf_by_systems),
    Proof("Partial autocorrelation of AR and MA", "closed forms", 1e-12, pacf_closed),
    Proof("Band holds 95 % of pure noise", "nominal share, 6,000 correlations", 0.01, noise_in_band),
    Proof("Suggested differences d", "statsforecast's ndiffs; series that differ", 0, differences_of_statsforecast),
    Proof(
        "Suggested seasonal differences D",
        "statsforecast's nsdiffs; series that differ",
        0,
        seasonal_differences_of_statsforecast,
    ),
    Proof("Differences that a series was made with", "simulation; share missed", 0.1, known_differences),
)
