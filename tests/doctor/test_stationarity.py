"""What the tests say together, and which differences follow, on series whose nature is known."""

import itertools
import math

import numpy as np
import polars as pl
import pytest

from seqcast.doctor.stationarity import (
    CONSTANT,
    EXACT,
    ROUNDING,
    SHORT,
    STRONG,
    Stationarity,
    differences,
    reading,
    seasonal_strength,
    stationarity,
)
from seqcast.errors import CellError
from tests.proofs.stationarity import airline, nile, quiet


def noise(seed: int = 0, rows: int = 300) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows)


def found_in(y: np.ndarray, season: int = 1) -> Stationarity:
    found = stationarity(y, season)
    assert isinstance(found, Stationarity)
    return found


def autoregression(weight: float, seed: int, rows: int = 500) -> np.ndarray:
    y = noise(seed, rows)
    for t in range(1, rows):
        y[t] += weight * y[t - 1]
    return y


@pytest.mark.parametrize(
    ("adf", "kpss", "adf_trend", "kpss_trend", "said"),
    [
        (True, False, True, False, "stationary"),
        (True, False, False, True, "stationary"),
        (False, True, False, True, "unit root"),
        (False, True, True, True, "unit root"),
        (False, True, True, False, "trend-stationary"),
        (True, True, True, False, "trend-stationary"),
        (True, True, True, True, "difference-stationary"),
        (False, False, False, False, "undecided"),
    ],
)
def test_two_pairs_of_tests_are_read_as_kwiatkowski_et_al_do(adf, kpss, adf_trend, kpss_trend, said):
    assert reading(adf, kpss, adf_trend, kpss_trend) == said


def test_every_outcome_of_the_tests_has_a_reading_with_a_meaning():
    from seqcast.doctor.stationarity import SAID

    assert {reading(*tests) for tests in itertools.product((True, False), repeat=4)} == set(SAID)


@pytest.mark.parametrize(
    ("kind", "said", "d"),
    [
        (noise, "stationary", 0),
        (lambda seed: autoregression(0.3, seed), "stationary", 0),
        (lambda seed: noise(seed).cumsum(), "unit root", 1),
        (lambda seed: noise(seed).cumsum().cumsum(), "unit root", 2),
        (lambda seed: noise(seed) + 0.05 * np.arange(300), "trend-stationary", 1),
    ],
    ids=["noise", "autoregression", "walk", "walk of a walk", "line"],
)
def test_nine_of_ten_series_of_known_nature_are_read_right(kind, said, d):
    # Tests at 5 % are wrong in one of twenty; a reading takes two to four of them.
    found = [found_in(kind(seed)) for seed in range(100)]
    assert np.mean([one.reading == said for one in found]) >= 0.85
    assert np.mean([one.differences == d for one in found]) >= 0.85


@pytest.mark.parametrize(
    ("y", "season", "D", "d"),
    [(airline(), 12, 1, 1), (nile(), 1, 0, 1)],
)
def test_known_series_get_the_differences_of_auto_arima(y, season, D, d):
    # R: auto.arima(AirPassengers) is ARIMA(2,1,1)(0,1,0)[12], auto.arima(Nile) is ARIMA(1,1,1).
    found = found_in(y, season)
    assert (found.seasonal_differences, found.differences) == (D, d)


def test_the_lynx_need_no_difference(shared):
    # R: auto.arima(lynx) is ARIMA(2,0,2).
    y = pl.read_csv(shared / "data/classic/lynx.csv").to_series(1).to_numpy().astype(float)
    assert (found_in(y).differences, found_in(y).reading) == (0, "stationary")


@pytest.mark.parametrize("name", ["ausbeer", "woolyrnq", "monthly_milk"])
def test_real_seasons_get_the_differences_that_arima_takes_by_itself(shared, name):
    from statsforecast.arima import ndiffs, nsdiffs

    table = pl.read_csv(shared / f"data/classic/{name}.csv").select(pl.selectors.numeric())
    y = table.to_series(0).drop_nulls().to_numpy().astype(float)
    season = 12 if name == "monthly_milk" else 4
    found = found_in(y, season)
    D = quiet(nsdiffs, y, period=season)
    left = y[season:] - y[:-season] if D else y
    assert (found.seasonal_differences, found.differences) == (D, quiet(ndiffs, left))


def test_the_strength_of_a_season_is_its_share_of_the_variance():
    # A wave of variance 1/2 beside noise of variance v has the share 1/2 / (1/2 + v).
    wave = np.sin(2 * np.pi * np.arange(2400) / 12)
    for variance in (0.05, 0.5, 2.0):
        y = wave + math.sqrt(variance) * noise(5, 2400)
        share = 0.5 / (0.5 + variance)
        # A pattern that may change within eleven seasons takes up to a third of the noise for itself.
        assert share <= seasonal_strength(y, 12) <= share + (1 - share) / 3
    assert seasonal_strength(wave, 12) > 0.999


@pytest.mark.parametrize(("season", "most"), [(4, 0.2), (12, 0.08), (24, 0.05)])
def test_of_three_seasons_noise_is_seldom_taken_for_a_season(season, most):
    strong = [seasonal_strength(noise(seed, 3 * season), season) > STRONG for seed in range(100)]
    assert np.mean(strong) <= most
    assert math.isnan(seasonal_strength(noise(0, 3 * season - 1), season))


@pytest.mark.parametrize(
    ("y", "why"),
    [
        (np.zeros(0), SHORT),
        (noise(0, 19), SHORT),
        (np.full(50, 7.0), CONSTANT),
        (1e9 + 1e-3 * noise(0, 50), ROUNDING),
        (np.arange(50.0), EXACT),
        (np.sin(np.arange(200) * np.pi / 6), EXACT),
    ],
)
@pytest.mark.parametrize("season", [1, 4])
def test_what_cannot_be_tested_says_why(y, why, season):
    assert stationarity(y, season) is why
    assert why.why and why.option.endswith(".")


def test_a_series_with_a_hole_is_refused():
    y = noise()
    y[[5, 9]] = np.nan
    with pytest.raises(CellError, match="read values without a gap; 2 of 300 are missing. Call examine, which fills"):
        stationarity(y)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
def test_any_scale_is_tested_alike(scale):
    one, other = found_in(noise().cumsum(), 4), found_in(scale * noise().cumsum(), 4)
    assert one.reading == other.reading and one.adf.statistic == pytest.approx(other.adf.statistic)


@pytest.mark.parametrize("seed", range(20))
def test_series_with_few_values_are_tested_without_a_nan(seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(int(rng.integers(20, 80))) < 0.15).astype(float)  # sales that come now and then
    found = stationarity(y, 7)
    if isinstance(found, Stationarity):
        assert np.isfinite([found.adf.statistic, found.kpss.statistic, *found.acf, *found.pacf]).all()
        assert 0 <= found.differences <= 2


def test_differencing_stops_when_nothing_is_left():
    step = np.repeat([0.0, 1.0], 50)
    assert differences(step) <= 2 and differences(np.arange(60.0) ** 2) == 2


@pytest.mark.parametrize(
    ("y", "season", "ending"),
    [
        (noise(), 1, "No difference is needed."),
        (noise().cumsum(), 1, "What makes it stationary: one difference."),
        (airline(), 12, "What makes it stationary: the difference to 12 steps before and then one difference."),
        (noise(4) + 0.05 * np.arange(300), 1, "What makes it stationary: taking the line out, or one difference."),
    ],
)
def test_the_advice_is_what_the_differences_are(y, season, ending):
    assert found_in(y, season).advice.endswith(ending)
