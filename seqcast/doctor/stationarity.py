"""Is a series stationary, and if not, what makes it so: two tests, the strength of its season, and differences."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from seqcast.doctor.correlation import acf, band, lags_shown, pacf
from seqcast.doctor.unitroot import RootTest, adf, kpss
from seqcast.errors import CellError

FEWEST = 20
"""Rows below which nothing is tested: ADF finds hardly any unit root there that is none."""

CYCLES = 3
"""Whole seasons below which none is judged: of two, STL calls every fourth series of pure monthly noise seasonal."""

STRONG = 0.64
"""Seasonal strength from which a seasonal difference pays (Hyndman & Athanasopoulos, fitted to the M3 series)."""

MOST_DIFFERENCES = 2
_LEAST_CHANGE = 1e-9  # against the level; what is less is rounding

SAID = {
    "stationary": "It moves around a fixed level.",
    "trend-stationary": "It moves around a straight line: the trend is part of the pattern, not of the chance.",
    "difference-stationary": "It comes back from shocks, but to a level that moves.",
    "unit root": "It wanders: a shock stays, and there is no level to come back to.",
    "undecided": "The tests do not decide: the rows fit a fixed level as well as a wandering one.",
}
"""What each reading of the tests means."""


@dataclass(frozen=True)
class Untested:
    """Why a series cannot be tested, and what could be done about it."""

    why: str
    option: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Stationarity:
    """What the tests found in one series.

    Parameters
    ----------
    adf, kpss : RootTest
        Against a fixed level.
    adf_trend, kpss_trend : RootTest
        Against a straight line.
    reading : str
        One of the keys of `SAID`.
    season : int
        Steps of the cycle that was looked for; 1 for none.
    strength : float
        Share of the detrended variance that the season makes up, 0 to 1; nan without three whole seasons.
    seasonal_differences, differences : int
        What makes the series stationary: D of the season first, then d of neighbours.
    acf, pacf : float arrays (L,)
        At the lags 1 to L.
    band : float
        Half the width in which 95 % of the correlations of pure noise lie.
    advice : str
        What it is and what to do about it, in plain words.
    """

    adf: RootTest
    kpss: RootTest
    adf_trend: RootTest
    kpss_trend: RootTest
    reading: str
    season: int
    strength: float
    seasonal_differences: int
    differences: int
    acf: Float[np.ndarray, "L"]
    pacf: Float[np.ndarray, "L"]
    band: float
    advice: str


SHORT = Untested(
    f"fewer than {FEWEST} rows in a row",
    "A longer history; where rows are missing between, a coarser step with --resample, or --freq rows.",
)
CONSTANT = Untested("it never changes", "Leave it out, with --where or another --target.")
ROUNDING = Untested(
    "it changes by less than a billionth of its level, which is rounding", "Give it from its own level."
)
EXACT = Untested(
    "its past tells every next value exactly, so that no chance is left to test",
    "Make sure that it was measured, not computed.",
)


def stationarity(y: Float[np.ndarray, "T"], season: int = 1) -> Stationarity | Untested:
    """Return what the tests find in a series, or why they cannot.

    Parameters
    ----------
    y : float array (T,)
        Without missing values.
    season : int
        Steps of the main cycle.

    Raises
    ------
    CellError
        When a value is missing.

    Examples
    --------
    >>> walk = np.random.default_rng(0).normal(size=300).cumsum()
    >>> found = stationarity(walk)
    >>> found.reading, found.differences, found.seasonal_differences
    ('unit root', 1, 0)
    >>> stationarity(np.ones(300)).why
    'it never changes'
    """
    missing = int(np.isnan(y).sum())
    if missing:
        raise CellError(
            f"Tests of stationarity read values without a gap; {missing:,} of {len(y):,} are missing. Call examine, "
            "which fills short gaps and tests the longest part."
        )
    obstacle = _obstacle(y)
    if obstacle is not None:
        return obstacle
    y = (y - y.mean()) / y.std()  # no test minds, and numbers far from 1 lose digits
    level, trend = adf(y), adf(y, "trend")
    if not (math.isfinite(level.statistic) and math.isfinite(trend.statistic)):
        return EXACT
    tests = level, kpss(y), trend, kpss(y, "trend")
    strength = seasonal_strength(y, season)
    seasonal = int(strength > STRONG)
    count = differences(y[season:] - y[:-season] if seasonal else y)
    said = reading(*(test.rejects for test in tests))
    correlation = acf(y, lags_shown(len(y), season))
    return Stationarity(
        adf=tests[0],
        kpss=tests[1],
        adf_trend=tests[2],
        kpss_trend=tests[3],
        reading=said,
        season=season,
        strength=strength,
        seasonal_differences=seasonal,
        differences=count,
        acf=correlation,
        pacf=pacf(correlation),
        band=band(len(y)),
        advice=advised(said, count, seasonal, season),
    )


def reading(adf: bool, kpss: bool, adf_trend: bool, kpss_trend: bool) -> str:
    """Return what four tests say together, given which of them reject their null hypothesis.

    After Kwiatkowski et al. (1992): where ADF rejects a unit root and KPSS does not reject a fixed level, the series is
    stationary; else, where both say so of a straight line, trend-stationary. Where only KPSS rejects, it has a unit
    root. Where both reject, it comes back, but not to a fixed level; where neither does, the rows cannot tell.

    Examples
    --------
    >>> reading(True, False, True, False), reading(False, True, True, False), reading(False, True, False, True)
    ('stationary', 'trend-stationary', 'unit root')
    """
    if adf and not kpss:
        return "stationary"
    if adf_trend and not kpss_trend:
        return "trend-stationary"
    if adf and kpss:
        return "difference-stationary"
    return "unit root" if kpss else "undecided"


def seasonal_strength(y: Float[np.ndarray, "T"], season: int) -> float:
    """Return the share of the detrended variance that the season makes up (Wang, Smith & Hyndman 2006), by STL.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=120)
    >>> wave = np.tile([0.0, 5.0, 9.0, 2.0], 30)
    >>> seasonal_strength(noise, 4) < 0.3, seasonal_strength(noise + wave, 4) > 0.9, seasonal_strength(noise, 50)
    (True, True, nan)
    """
    if season < 2 or len(y) < CYCLES * season:
        return math.nan
    from statsmodels.tsa.seasonal import STL  # here: a second that a table without a season need not wait for

    # Windows and steps as in R's stl, which the threshold was fitted with; five times as fast as a fit at every row.
    trend = math.ceil(1.5 * season / (1 - 1.5 / 11)) | 1
    steps = {"seasonal_jump": 2, "trend_jump": math.ceil(trend / 10), "low_pass_jump": math.ceil(season / 10)}
    parts = STL(y, period=season, seasonal=11, trend=trend, seasonal_deg=0, **steps).fit(inner_iter=2)
    rest, pattern = np.asarray(parts.resid), np.asarray(parts.seasonal)
    whole = float(np.var(rest + pattern))
    return max(0.0, 1 - float(np.var(rest)) / whole) if whole > 0 else 0.0


def differences(y: Float[np.ndarray, "T"]) -> int:
    """Return how many differences it takes until KPSS no longer rejects at 5 % (Hyndman & Khandakar 2008), at most 2.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=300)
    >>> differences(noise), differences(noise.cumsum()), differences(noise.cumsum().cumsum())
    (0, 1, 2)
    """
    for count in range(MOST_DIFFERENCES):
        if len(y) < 3 or np.ptp(y) <= _LEAST_CHANGE or not kpss(y).rejects:
            return count
        y = np.diff(y)
    return MOST_DIFFERENCES


def advised(said: str, differences: int, seasonal: int, season: int) -> str:
    """Return what a reading means and what makes the series stationary.

    Examples
    --------
    >>> advised("unit root", 1, 1, 12).split(": ")[-1]
    'the difference to 12 steps before and then one difference.'
    """
    if not differences and not seasonal:
        return f"{SAID[said]} No difference is needed."
    times = {1: "one difference", 2: "two differences"}.get(differences, "")
    back = f"the difference to {season} steps before" if seasonal else ""
    line = "taking the line out, or " if said == "trend-stationary" and differences else ""
    return f"{SAID[said]} What makes it stationary: {line}{' and then '.join(part for part in (back, times) if part)}."


def _obstacle(y: np.ndarray) -> Untested | None:
    if len(y) < FEWEST:
        return SHORT
    if np.ptp(y) == 0:
        return CONSTANT
    return ROUNDING if np.ptp(y) <= _LEAST_CHANGE * np.abs(y).max() else None
