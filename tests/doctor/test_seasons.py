"""The cycle of the values is told where another one is in use, beside the one in use, and where there is none."""

import numpy as np
import pytest

from seqcast.doctor.seasons import season_found
from tests.doctor.tables import case_of, clean_series, found_in, table
from tests.panels import HOURLY, MONTHLY, make_panel

HOURS = np.arange(24 * 7 * 12)


def noise(seed: int, rows: int = len(HOURS)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows)


def day() -> np.ndarray:
    return 10 * np.sin(2 * np.pi * HOURS / 24)


def weekend() -> np.ndarray:
    return (HOURS // 24 % 7 >= 5).astype(float)


def test_the_cycle_in_use_needs_no_word():
    assert season_found(case_of(make_panel({"a": day() + noise(0)}, frequency=HOURLY))) == []


def test_another_cycle_is_told_with_the_option_and_both_strengths():
    y = 5 * np.sin(2 * np.pi * HOURS / 30) + noise(0)
    [finding] = season_found(case_of(make_panel({"a": y}, frequency=HOURLY)))
    assert (finding.check, finding.severity, finding.option) == ("season found", "warning", "--season 30")
    assert finding.what == "The values follow a cycle of 30 steps, not 24."
    [line] = finding.details
    assert "30 steps explain 9" in line and "24 in use explain 0%" in line


def test_a_longer_cycle_is_told_beside_or_instead_of_the_one_in_use_by_what_it_adds():
    for size, check, words in ((3, "season beside", "a longer one, of 168"), (8, "season found", "rather than 24")):
        [finding] = season_found(case_of(make_panel({"a": day() - size * weekend() + noise(0)}, frequency=HOURLY)))
        assert finding.check == check and words in finding.what and "--season 168" in finding.option
        assert "168 steps explain" in finding.details[0] and "24 in use explain" in finding.details[0]


def test_without_a_season_in_use_any_is_told():
    y = day() + noise(0)
    [finding] = season_found(case_of(make_panel({"a": y}, frequency=HOURLY), season=1))
    assert finding.what == "The values follow a cycle of 24 steps, and none is in use."


def test_a_season_in_use_that_is_in_no_series_is_told_once():
    [finding] = season_found(case_of(make_panel({"a": noise(0), "b": noise(1).cumsum()}, frequency=HOURLY)))
    assert (finding.check, finding.severity, finding.option) == ("no season", "note", "--season 1")
    assert [place.name for place in finding.places] == ["a", "b"]
    both = make_panel({"a": noise(0), "b": day() + noise(1)}, frequency=HOURLY)
    assert season_found(case_of(both)) == []


def test_each_cycle_names_its_series():
    panels = {
        "a": day() + noise(0),
        **{f"b{i}": 5 * np.sin(2 * np.pi * HOURS / 31) + noise(i) for i in range(3)},
        "c": 5 * np.sin(2 * np.pi * HOURS / 50) + noise(4),
    }
    found = season_found(case_of(make_panel(panels, frequency=HOURLY)))
    assert [[place.name for place in finding.places] for finding in found] == [["b0", "b1", "b2"], ["c"]]
    assert [finding.option for finding in found] == ["--season 31", "--season 50"]


def test_marks_of_missing_values_are_not_part_of_the_cycle():
    rows = np.arange(480)
    y = (5 * np.sin(2 * np.pi * rows / 12) + noise(0, 480)).round(2)
    y[noise(1, 480) > 2] = -999.0
    [finding] = season_found(case_of(make_panel({"a": y}, frequency=HOURLY), season=1))
    assert "12 steps explain 9" in finding.details[0]


def test_a_short_history_is_not_judged():
    y = np.tile([0.0, 9.0, 4.0], 16)[:47]
    assert season_found(case_of(make_panel({"a": noise(0, 47)}, frequency=MONTHLY), season=12)) == []
    assert found_in(season_found(case_of(make_panel({"a": y}, frequency=MONTHLY), season=12))) != {}


@pytest.mark.parametrize("kind", ["noise", "walk", "trend", "autoregression"])
@pytest.mark.parametrize("rows", [60, 500])
def test_hardly_any_series_without_a_cycle_is_said_to_have_one(kind, rows):
    cases = [case_of(make_panel({"a": clean_series(kind, seed, rows)}, frequency=MONTHLY)) for seed in range(100)]
    assert sum("season found" in found_in(season_found(case)) for case in cases) <= 2


@pytest.mark.parametrize(
    ("name", "steps"), [("taylor", "--season 48"), ("temps", "--season 365"), ("m3", "--season 12")]
)
def test_true_tables_with_another_season_than_the_frequency_tells(shared, name, steps):
    found = season_found(case_of(table(shared, name)))
    assert [finding.option for finding in found if finding.check == "season found"] == [steps]


def test_the_week_of_the_british_load_is_told_where_its_day_is_in_use(shared):
    [finding] = season_found(case_of(table(shared, "taylor"), season=48))
    assert (
        finding.what == "The values follow a cycle of 336 steps, rather than 48." and "--season 336" in finding.option
    )
    assert season_found(case_of(table(shared, "taylor"), season=336)) == []


@pytest.mark.parametrize("name", ["air_passengers", "ausbeer", "co2", "monthly_milk", "woolyrnq", "ETTh1", "ETTm1"])
def test_where_the_frequency_tells_the_season_nothing_is_said(shared, name):
    assert season_found(case_of(table(shared, name))) == []


@pytest.mark.parametrize("name", ["exchange", "rebar_weekly", "us_macrodata"])
def test_markets_and_adjusted_figures_have_no_season(shared, name):
    assert found_in(season_found(case_of(table(shared, name)))).keys() == {"no season"}


@pytest.mark.parametrize("name", ["lynx", "nile", "sunspots_yearly", "monthly_sunspots", "heart_rate", "shampoo_sales"])
def test_waves_that_drift_are_no_season(shared, name):
    assert "season found" not in found_in(season_found(case_of(table(shared, name))))
