"""A whole table: what is read, what is found where, how much is tested at most, and what JSON holds."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest

from seqcast.doctor import examine
from seqcast.doctor.pairs import Limits
from seqcast.doctor.stationarity import Stationarity
from tests.panels import HOURLY, MONTHLY, changed, make_panel


def noise(seed: int, rows: int = 120) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows)


def season(rows: int = 120) -> np.ndarray:
    return 5 * np.sin(2 * np.pi * np.arange(rows) / 12)


@pytest.fixture(scope="module")
def mixed():
    kinds = {
        "calm": noise(0),
        "walk": noise(3).cumsum(),
        "line": noise(4) + 0.2 * np.arange(120),
        "flat": np.ones(120),
        "wave": noise(0) + season(),
        "young": noise(5, 10),
    }
    return examine(make_panel(kinds, frequency=MONTHLY))


def test_each_finding_names_the_series_it_is_about(mixed):
    found = {finding.check: [place.name for place in finding.places] for finding in mixed.findings}
    assert found["unit root"] == ["walk"]
    assert found["trend-stationary"] == ["line"]
    assert found["strong season"] == ["wave"]
    untested = {finding.what: finding.places[0].series for finding in mixed.findings if finding.severity == "warning"}
    assert untested == {
        "Not tested: it never changes.": "flat",
        "Not tested: fewer than 20 rows in a row.": "young",
    }


def test_warnings_come_first_and_every_finding_says_what_why_and_what_deals_with_it(mixed):
    severities = [finding.severity for finding in mixed.findings]
    assert severities == sorted(severities, reverse=True) and "warning" in severities
    for finding in mixed.findings:
        assert all(text.endswith((".", "!")) for text in (finding.what, finding.why, finding.option))
        assert finding.looked == 6 and 1 <= len(finding.places) <= 6


def test_a_calm_table_has_no_finding():
    assert (
        examine(make_panel({"a": noise(0) + season() / 5, "b": noise(1) + season() / 5}, frequency=MONTHLY)).findings
        == ()
    )


def test_the_diagnosis_is_json_without_a_nan(mixed):
    text = json.dumps(mixed.to_mapping(), allow_nan=False)
    told = json.loads(text)
    walk = next(pair for pair in told["tested"] if pair["place"]["series"] == "walk")
    assert walk["found"]["adf"]["p"] > 0.05 and walk["found"]["kpss"]["bound"] == "<"
    assert walk["found"]["differences"] == 1 and len(walk["found"]["acf"]) == len(walk["found"]["pacf"]) == 36
    assert {"severity", "check", "places", "looked", "what", "why", "option", "details"} == set(told["findings"][0])


def test_rows_of_the_future_and_what_they_hold_are_not_read():
    values = np.stack([noise(0), noise(1)], axis=1)
    values[110:, 0] = np.nan
    panel = make_panel({"a": values}, known=1, frequency=MONTHLY)
    moved = changed(panel, 0, range(110, 120), 1e6)
    one, other = (json.dumps(examine(table).to_mapping()) for table in (panel, moved))
    assert one == other and examine(panel).tested[0].rows == 110


def test_the_order_of_the_series_changes_no_verdict():
    kinds = {"a": noise(0), "b": noise(1).cumsum(), "c": noise(2) + season()}
    one = examine(make_panel(kinds, frequency=MONTHLY))
    other = examine(make_panel(dict(reversed(kinds.items())), frequency=MONTHLY))
    by_name = {pair.place.name: pair.found for pair in other.tested}
    for pair in one.tested:
        theirs = by_name[pair.place.name]
        assert isinstance(pair.found, Stationarity) and isinstance(theirs, Stationarity)
        assert pair.found.adf == theirs.adf and pair.found.advice == theirs.advice


def test_gaps_are_told_with_their_number_and_what_was_read():
    y = noise(0, 400)
    y[50:60] = np.nan
    y[[100, 200, 201]] = np.nan
    found = examine(make_panel({"a": y}, frequency=HOURLY), season=24)
    [pair] = found.tested
    assert (pair.rows, pair.filled, pair.place.first) == (340, 3, "1970-01-03 12:00")
    assert found.notes == (
        "3 missing values (1 of 1 pairs) are interpolated, in gaps of up to 3 rows; where a longer gap cuts a series, "
        "its longest part is tested.",
    )


def test_every_seventh_row_alone_is_no_series_of_steps():
    y = np.where(np.arange(400) % 7 == 0, noise(0, 400), np.nan)
    [finding] = [each for each in examine(make_panel({"a": y})).findings if each.check == "cannot be tested"]
    assert finding.what == "Not tested: fewer than 20 rows in a row." and "--resample" in finding.option


@pytest.mark.parametrize(("series", "targets", "name"), [(1, 1, "y0"), (1, 2, "y0"), (2, 1, "s0"), (2, 2, "s0 · y0")])
def test_a_pair_is_called_by_what_tells_it_from_the_others(series, targets, name):
    panel = make_panel({f"s{i}": np.stack([noise(i)] * targets, axis=1) for i in range(series)}, targets=targets)
    assert examine(panel).tested[0].place.name == name


def test_a_long_history_is_read_from_its_end_and_this_is_said():
    y = np.concatenate([noise(0, 5_000).cumsum(), noise(1, 1_000)])
    found = examine(make_panel({"a": y}), limits=Limits(rows=900))
    assert found.tested[0].rows == 900 and found.tested[0].found.reading == "stationary"
    assert found.notes == ("Of longer series the latest 900 rows are tested.",)


def test_a_hundred_thousand_series_do_not_hang():
    values = np.random.default_rng(0).normal(size=(100_000, 30))
    panel = make_panel({"a": noise(0, 30)})
    panel = replace(
        panel,
        series=tuple(f"s{i}" for i in range(100_000)),
        offsets=np.arange(100_001, dtype=np.int64) * 30,
        times=np.tile(panel.times, 100_000),
        values=values.reshape(-1, 1),
        static=np.zeros((100_000, 0)),
    )
    began = time.process_time()
    found = examine(panel, season=1, limits=Limits(pairs=50))
    assert time.process_time() - began < 60  # tests of every series would take hours
    assert len(found.tested) == 50 and found.pairs == 100_000
    assert found.tested[0].place.series == "s0" and found.tested[-1].place.series == "s99999"
    assert found.notes == ("50 of 100,000 pairs of series and target are tested, evenly chosen.",)


@pytest.mark.parametrize("lengths", [[0], [0, 5], [10_000] * 50, [30] * 5_000, [1, 200_000]])
def test_the_pairs_chosen_stay_within_the_limits(lengths):
    limits = Limits(pairs=100, rows=8_000, cells=100_000)
    chosen = limits.chosen(np.array(lengths))
    assert 1 <= len(chosen) <= 100 and len(set(chosen.tolist())) == len(chosen) and chosen.max() < len(lengths)
    assert np.minimum(np.array(lengths)[chosen], 8_000).sum() <= 100_000 + 8_000
