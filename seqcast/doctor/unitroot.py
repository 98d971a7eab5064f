"""Two tests with opposite null hypotheses: ADF supposes a unit root, KPSS supposes a fixed level or a fixed line.

The arithmetic is ours because of time: statsmodels 0.15 fits one regression for each lag that AIC weighs, 4.4 s for
17,420 rows; one triangular factor of the data holds all of them, 0.15 s. The p-values of ADF are those of statsmodels.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from seqcast.doctor.correlation import autocovariances

Around = Literal["level", "trend"]
"""What a stationary series would come back to: a constant, or a straight line."""

ALPHA = 0.05
_EXACT = 1e-9  # share of the changes that rounding leaves of an exact fit
_KPSS_P = (0.10, 0.05, 0.025, 0.01)
_KPSS_CRITICAL = {"level": (0.347, 0.463, 0.574, 0.739), "trend": (0.119, 0.146, 0.176, 0.216)}


@dataclass(frozen=True, kw_only=True)
class RootTest:
    """What a test gave.

    Parameters
    ----------
    statistic, p : float
        `p` is that of the test's own null hypothesis: a unit root for ADF, stationarity for KPSS.
    bound : str
        "<" or ">" where the published table ends at `p`; else empty.
    lags : int
        Lagged differences in the regression of ADF; autocovariances in the variance of KPSS.

    Examples
    --------
    >>> test = RootTest(statistic=0.9, p=0.01, bound="<", lags=2)
    >>> test.rejects, test.p_said, RootTest(statistic=-9.0, p=1e-9, lags=2).p_said
    (True, '<.01', '<.001')
    """

    statistic: float
    p: float
    bound: str = ""
    lags: int

    @property
    def rejects(self) -> bool:
        """Whether the null hypothesis is given up at 5 %."""
        return self.p < ALPHA

    @property
    def p_said(self) -> str:
        """The p-value as people write it."""
        if not self.bound and self.p < 0.0005:
            return "<.001"
        text = f"{self.p:.2f}" if self.bound else f"{min(self.p, 0.999):.3f}"
        return self.bound + text.removeprefix("0")


def adf(y: Float[np.ndarray, "T"], around: Around = "level", lags: int | None = None) -> RootTest:
    """Return the augmented Dickey-Fuller test (Said & Dickey 1984); its null hypothesis is a unit root.

    Without `lags`, AIC chooses among up to 12·(T/100)^¼ lagged differences (Schwert 1989), all judged on the same rows;
    of a short series at most a fifth of its rows, for with more the regression fits anything. Statistic and p are nan
    where the fit is exact.

    Parameters
    ----------
    y : float array (T,)
        Without missing values, not constant.
    around : "level" or "trend"
        Whether the regression has a constant, or a constant and a line.
    lags : int, optional
        Lagged differences.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=300)
    >>> adf(noise).rejects, adf(noise.cumsum()).rejects
    (True, False)
    """
    from statsmodels.tsa.adfvalues import mackinnonp  # here: seconds that a table without tests need not wait for

    scaled = (y - y.mean()) / y.std()
    if lags is None:
        lags = _least_aic(_triangle(scaled, around, most_lags(len(y))), len(y))
    triangle = _triangle(scaled, around, lags, level_last=True)
    rows, used = len(y) - 1 - lags, len(triangle) - 1
    # With the level as last regressor, its coefficient and its standard error are the corner of the triangle.
    noise = abs(float(triangle[-1, -1]))
    if noise <= _EXACT * float(np.linalg.norm(triangle[:, -1])):
        return RootTest(statistic=math.nan, p=math.nan, lags=lags)
    statistic = float(np.sign(triangle[-2, -2]) * triangle[-2, -1]) / noise * math.sqrt(rows - used)
    return RootTest(statistic=statistic, p=float(mackinnonp(statistic, _CODES[around])), lags=lags)


def kpss(y: Float[np.ndarray, "T"], around: Around = "level", lags: int | None = None) -> RootTest:
    """Return the test of Kwiatkowski, Phillips, Schmidt & Shin (1992); its null hypothesis is stationarity.

    Without `lags`, 3·√T/13 autocovariances go into the long-run variance, as in the rule for differences of Hyndman &
    Khandakar (2008), so that the test and the suggestion never disagree. They are few: a series that comes back slowly,
    as an autoregression of 0.9, is often rejected too, and is given a difference that costs its forecast little.

    Parameters
    ----------
    y : float array (T,)
        Without missing values, not constant.
    around : "level" or "trend"
        What the series is supposed to come back to.
    lags : int, optional
        Autocovariances in the long-run variance, with Bartlett weights (Newey & West 1987).

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=300)
    >>> kpss(noise).rejects, kpss(noise.cumsum()).rejects
    (False, True)
    """
    count = len(y)
    lags = int(3 * math.sqrt(count) / 13) if lags is None else lags
    rest = y - y.mean()
    if around == "trend":
        line = np.arange(count) - (count - 1) / 2
        rest = rest - line * (line @ rest) / (line @ line)
    weights = 2 * (1 - np.arange(lags + 1) / (lags + 1))
    weights[0] = 1.0
    statistic = float(np.sum(rest.cumsum() ** 2) / count / (weights @ autocovariances(rest, lags)))
    p, bound = kpss_p(statistic, around)
    return RootTest(statistic=statistic, p=p, bound=bound, lags=lags)


def kpss_p(statistic: float, around: Around = "level") -> tuple[float, str]:
    """Return the p-value of a KPSS statistic by the published table, and "<" or ">" where the table has ended.

    Examples
    --------
    >>> kpss_p(0.463), kpss_p(2.0), kpss_p(0.1, "trend")
    ((0.05, ''), (0.01, '<'), (0.1, '>'))
    """
    table = _KPSS_CRITICAL[around]
    bound = ">" if statistic < table[0] else "<" if statistic > table[-1] else ""
    return float(np.interp(statistic, table, _KPSS_P)), bound


def most_lags(rows: int) -> int:
    """Return how many lagged differences AIC may choose from.

    Examples
    --------
    >>> most_lags(20), most_lags(144), most_lags(17_420)
    (3, 14, 44)
    """
    return min(math.ceil(12 * (rows / 100) ** 0.25), rows // 5 - 1)


_CODES: dict[Around, str] = {"level": "c", "trend": "ct"}


def _triangle(y: np.ndarray, around: Around, lags: int, level_last: bool = False) -> Float[np.ndarray, "X X"]:
    """Return the triangular factor of the regressors of the Dickey-Fuller regression and, last, its left-hand side."""
    step = np.diff(y)
    rows = len(step) - lags
    fixed = [np.ones(rows)] if around == "level" else [np.ones(rows), np.linspace(-1.0, 1.0, rows)]
    level = [y[lags:-1]]
    before = [step[lags - lag : len(step) - lag] for lag in range(1, lags + 1)]
    columns = [*fixed, *before, *level] if level_last else [*fixed, *level, *before]
    return np.asarray(np.linalg.qr(np.stack([*columns, step[lags:]], axis=1), mode="r"))


def _least_aic(triangle: np.ndarray, count: int) -> int:
    """Return the number of lagged differences of least AIC, all regressions being nested in one triangle."""
    most = most_lags(count)
    rows, fewest = count - 1 - most, len(triangle) - 1 - most
    left = np.cumsum(triangle[::-1, -1] ** 2)[::-1][fewest:]  # squared error with the first `fewest`, … regressors
    with np.errstate(divide="ignore"):
        return int(np.argmin(rows * np.log(left) + 2 * np.arange(most + 1)))
