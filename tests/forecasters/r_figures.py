"""Series of R's package `datasets`, which are in the public domain, and what R prints of models fitted to them.

The figures are those of the examples of `?arima` and `?arima0`, as R's own test suite records them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from seqcast.forecasters.arima_fit import ArimaFit, fit_arima


def _numbers(text: str) -> np.ndarray:
    return np.array([np.nan if word == "NA" else float(word) for word in text.split()])


LH = _numbers(
    """2.4 2.4 2.4 2.2 2.1 1.5 2.3 2.3 2.5 2.0 1.9 1.7 2.2 1.8 3.2 3.2 2.7 2.2 2.2 1.9 1.9 1.8 2.7 3.0 2.3 2.0 2.0 2.9
    2.9 2.7 2.7 2.3 2.6 2.4 1.8 1.7 1.5 1.4 2.1 3.3 3.5 3.5 3.1 2.6 2.1 3.4 3.0 2.9"""
)
"""Luteinizing hormone of a woman, every ten minutes."""

DEATHS = _numbers(
    """9007 8106 8928 9137 10017 10826 11317 10744 9713 9938 9161 8927
    7750 6981 8038 8422 8714 9512 10120 9823 8743 9129 8710 8680
    8162 7306 8124 7870 9387 9556 10093 9620 8285 8466 8160 8034
    7717 7461 7767 7925 8623 8945 10078 9179 8037 8488 7874 8647
    7792 6957 7726 8106 8890 9299 10625 9302 8314 8850 8265 8796
    7836 6892 7791 8192 9115 9434 10484 9827 9110 9070 8633 9240"""
)
"""`USAccDeaths`: accidental deaths in the United States by month, 1973 to 1978."""

HURON = _numbers(
    """580.38 581.86 580.97 580.80 579.79 580.39 580.42 580.82 581.40 581.32 581.44 581.68 581.17 580.53 580.01 579.91
    579.14 579.16 579.55 579.67 578.44 578.24 579.10 579.09 579.35 578.82 579.32 579.01 579.00 579.80 579.83 579.72
    579.89 580.01 579.37 578.69 578.19 578.67 579.55 578.92 578.09 579.37 580.13 580.14 579.51 579.24 578.66 578.86
    578.05 577.79 576.75 576.75 577.82 578.64 580.58 579.48 577.38 576.90 576.94 576.24 576.84 576.85 576.90 577.79
    578.18 577.51 577.23 578.42 579.61 579.05 579.26 579.22 579.38 579.10 577.95 578.12 579.75 580.85 580.41 579.96
    579.61 578.76 578.18 577.21 577.13 579.10 578.25 577.91 576.89 575.96 576.80 577.68 578.38 578.52 579.74 579.31
    579.89 579.96"""
)
"""`LakeHuron`: level of the lake in feet by year, 1875 to 1972."""

YEARS = np.arange(1875.0, 1973.0) - 1920
"""`time(LakeHuron) - 1920`."""

APPROVAL = _numbers(
    """NA 87 82 75  63 50 43 32  35 60 54 55  36 39 NA NA  69 57 57 51  45 37 46 39  36 24 32 23  25 32 NA 32
    59 74 75 60  71 61 71 57  71 68 79 73  76 71 67 75  79 62 63 57  60 49 48 52  57 62 61 66  71 62 61 57
    72 83 71 78  79 71 62 74  76 64 62 57  80 73 69 69  71 64 69 62  63 46 56 44  44 52 38 46  36 49 35 44
    59 65 65 56  66 53 61 52  51 48 54 49  49 61 NA NA  68 44 40 27  28 25 24 24"""
)
"""`presidents`: approval of the president of the United States in percent by quarter, 1945 to 1974."""


@dataclass(frozen=True, eq=False)
class Printed:
    """One call of R's `arima` and all that it prints."""

    history: np.ndarray
    name: str
    coefficients: tuple[float, ...]
    errors: tuple[float, ...]
    variance: float
    log_likelihood: float
    aic: float
    season: int = 1
    regressors: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def fit(self) -> ArimaFit:
        """What we estimate."""
        return fit_arima(self.history, self.name, self.season, self.regressors)


PRINTED: dict[str, tuple[Printed, ...]] = {
    "lh": (
        Printed(LH, "arima(1,0,0)", (0.5739, 2.4133), (0.1161, 0.1466), 0.1975, -29.38, 64.76),
        Printed(
            LH,
            "arima(3,0,0)",
            (0.6448, -0.0634, -0.2198, 2.3931),
            (0.1394, 0.1668, 0.1421, 0.0963),
            0.1787,
            -27.09,
            64.18,
        ),
        Printed(LH, "arima(1,0,1)", (0.4522, 0.1982, 2.4101), (0.1769, 0.1705, 0.1358), 0.1923, -28.76, 65.52),
    ),
    "USAccDeaths": (
        Printed(DEATHS, "arima(0,1,1)(0,1,1)", (-0.4303, -0.5528), (0.1228, 0.1784), 99347.0, -425.44, 856.88, 12),
    ),
    "LakeHuron": (
        Printed(
            HURON,
            "arima(2,0,0)",
            (1.0048, -0.2913, 579.0993, -0.0216),
            (0.0976, 0.1004, 0.2370, 0.0081),
            0.4566,
            -101.2,
            212.4,
            regressors={"year": YEARS},
        ),
        Printed(
            HURON,
            "arima(2,0,0)",
            (1.0436, -0.2495, 579.0473),
            (0.0983, 0.1008, 0.3319),
            0.4788,
            -103.63,
            215.27,
        ),
    ),
    "presidents": (
        Printed(APPROVAL, "arima(1,0,0)", (0.8242, 56.1505), (0.0555, 4.6434), 85.47, -416.89, 839.78),
        Printed(
            APPROVAL,
            "arima(3,0,0)",
            (0.7496, 0.2523, -0.1890, 56.2223),
            (0.0936, 0.1140, 0.0946, 4.2845),
            81.12,
            -414.08,
            838.16,
        ),
    ),
}
"""By data set. The likelihood of `presidents` is flat in its mean: R itself stops .006 from the maximum."""

# predict(arima0(lh, order = c(3, 0, 0)), n.ahead = 12): the mean and its standard error.
LH_AHEAD = _numbers(
    "2.460173 2.270829 2.198597 2.260696 2.346933 2.414479 2.438918 2.431440 2.410223 2.391645 2.382653 2.382697"
)
LH_SPREAD = _numbers(
    """0.4226823 0.5029332 0.5245256 0.5247161 0.5305499 0.5369159 0.5388045 0.5388448 0.5391043 0.5395174 0.5396991
    0.5397140"""
)
# forecast(arima(USAccDeaths, …), 6) for the mean, predict(arima0(USAccDeaths, …), n.ahead = 6) for the standard error.
DEATHS_AHEAD = _numbers("8336.061 7531.829 8314.644 8616.869 9488.913 9859.757")
DEATHS_SPREAD = _numbers("315.4607 362.9949 404.9878 443.0180 478.0322 510.6511")
