"""The panel benchmark has the measures of the M4 competition, sees no test row early, and goes on where it was."""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from statsmodels.tsa.seasonal import seasonal_decompose
from statsmodels.tsa.stattools import acf

from bench import panel
from bench.competition import ANCHORS, Scores, is_seasonal, naive2, scores, seasonal_indices, seasonal_step
from bench.contest import Contest, read_contest
from bench.units import Units, best_cycle
from seqcast.errors import CellError, ColumnError, ConfigError, FileError, HistoryError, TrainingError
from seqcast.types import Forecast

_MONTH = np.array([0.7, 0.8, 1.0, 1.1, 1.2, 1.4, 1.5, 1.3, 1.0, 0.8, 0.6, 0.6])


def test_both_measures_are_means_over_the_series_before_they_are_weighed():
    actual, forecast = np.array([[100.0, 200.0], [10.0, 10.0]]), np.array([[300.0, 200.0], [30.0, 0.0]])
    found = scores(actual, forecast, steps=np.array([50.0, 2.0]))
    # By hand: 200·200/400 = 100 and 0; 200·20/40 = 100 and 200·10/10 = 200. Errors 200, 0 over 50; 20, 10 over 2.
    assert found == Scores(smape=(50 + 150) / 2, mase=(2 + 7.5) / 2)
    assert found.owa(Scores(smape=200.0, mase=9.5)) == 0.5


@pytest.mark.parametrize(("season", "step"), [(1, 7 / 4), (2, 11 / 3), (4, 7.0)])
def test_the_step_is_the_mean_change_over_a_season_of_the_known_rows(season, step):
    assert seasonal_step("a", np.array([1.0, 2.0, 4.0, 6.0, 8.0]), season) == pytest.approx(step)


def test_a_series_that_cannot_be_measured_is_named():
    with pytest.raises(HistoryError, match="a series needs more than 4; 'N7' has 4"):
        seasonal_step("N7", np.arange(4.0), season=4)
    with pytest.raises(HistoryError, match="that of 'N8' is 0. Leave the series out"):
        seasonal_step("N8", np.full(9, 3.0), season=1)


def test_a_forecast_that_is_no_number_is_not_averaged_away():
    contest = Contest(("a", "b"), (np.arange(9.0), np.arange(9.0)), np.ones((2, 2)))
    with pytest.raises(TrainingError, match=r"that of 'b' is not \(1 such\). Say --units plain"):
        panel.said(contest, np.array([[1.0, 1.0], [1.0, np.inf]]), season=1)


@pytest.mark.parametrize(("season", "rows"), [(4, 30), (12, 59), (12, 120), (7, 71), (24, 700)])
def test_seasonal_indices_are_those_of_statsmodels(season, rows):
    generator = np.random.default_rng(rows)
    history = np.exp(np.resize(generator.normal(size=season), rows) + 0.1 * generator.normal(size=rows)) + rows / 99
    truth = seasonal_decompose(history, model="multiplicative", period=season).seasonal
    np.testing.assert_allclose(np.resize(seasonal_indices(history, season), rows), truth, rtol=1e-12)


def test_the_seasonality_test_is_the_formula_of_bartlett_with_autocorrelations_of_statsmodels():
    generator, said = np.random.default_rng(0), []
    for _ in range(200):
        season, rows = int(generator.choice([4, 12])), int(generator.integers(12, 90))
        history = 50 + np.resize(generator.normal(size=season), rows) + 1.5 * generator.normal(size=rows)
        lags = acf(history, nlags=min(season, rows - 1), fft=False)
        limit = 1.645 * np.sqrt((1 + 2 * np.sum(lags[1:-1] ** 2)) / rows)
        said.append(is_seasonal(history, season))
        assert said[-1] == (rows >= 3 * season and abs(lags[-1]) > limit)
    assert 0.2 < np.mean(said) < 0.8


@pytest.mark.parametrize(("rows", "seasonal"), [(72, False), (251, False), (252, True)])
def test_a_season_that_the_autocorrelations_of_r_do_not_reach_is_none(rows, seasonal):
    # R computes lags up to floor(10 log10(n)): 24 from 252 rows on; further back the organisers' test finds NA.
    assert is_seasonal(2 + np.sin(np.arange(rows) * np.pi / 12), 24) is seasonal


def test_naive2_goes_on_with_the_season_wherever_the_history_ends():
    for rows in range(60, 72):
        assert naive2(np.resize(_MONTH, rows), 12, 18) == pytest.approx(np.resize(_MONTH, rows + 18)[rows:])
    trend = np.arange(1.0, 61.0)
    assert naive2(trend, 1, 3).tolist() == [60.0, 60.0, 60.0]
    # The level comes from the last row, the season from all: the last row doubled doubles what is said.
    once, twice = np.resize(_MONTH, 600), np.append(np.resize(_MONTH, 599), 2 * _MONTH[11])
    assert naive2(twice, 12, 12) / naive2(once, 12, 12) == pytest.approx(np.full(12, 2.0), rel=0.05)


@pytest.mark.parametrize(
    ("period", "season", "published", "apart"),
    [("yearly", 1, 17.88, 0.005), ("other", 1, 6.30, 0.005), ("quarterly", 4, 9.95, 0.1), ("monthly", 12, 16.91, 0.2)],
)
def test_naive2_has_the_error_published_for_m3(shared, period, season, published, apart):
    # M3 tested seasons by other rules than M4, and its monthly figures are known to be off in the second digit.
    contest = _m3(shared, period)
    assert panel.said(contest, panel.baseline(contest, season), season).smape == pytest.approx(published, abs=apart)


@pytest.mark.parametrize(("name", "whole"), [("Naive2", 15.47), ("Theta", 13.01), ("N-BEATS-G", 12.47)])
def test_the_published_figures_of_m3_add_up_to_the_published_whole(name, whole):
    parts = [(645, 6), (756, 8), (1428, 18), (174, 8)]
    points = [series * horizon for series, horizon in parts]
    figures = [ANCHORS[part][name][0] for part in parts]
    assert np.average(figures, weights=points) == pytest.approx(whole, abs=0.006)


@pytest.mark.parametrize("part", [(414, 48), (359, 13)])
def test_the_published_figures_of_m4_give_the_published_weighted_average(part):
    base, best = (Scores(*ANCHORS[part][name][:2]) for name in ("Naive2", "Smyl"))
    assert round(best.owa(base), 3) == ANCHORS[part]["Smyl"][2]


_WIDE = {"train": "id,V2,V3,V4,V5\nb,1,2,3.5,\na,4,5,6,7\n", "test": "id,V2,V3\na,8,9\nb,10,11\n"}
_LONG = {
    "train": "id,t,y\nb,0,1\nb,2,3.5\nb,1,2\na,0,4\na,1,5\na,2,6\na,3,7\n",
    "test": "id,t,y\na,4,8\na,5,9\nb,3,10\nb,4,11\n",
}
_QUOTED = {
    "train": '"id","V2","V3","V4","V5"\n"b","1","2","3.5",""\n"a","4","5","6","7"\n',
    "test": '"id","V2","V3"\n"a","8","9"\n"b","10","11"\n',
}


@pytest.mark.parametrize("form", [_WIDE, _LONG, _QUOTED])
@pytest.mark.parametrize("zipped", [False, True])
def test_every_form_of_the_files_is_the_same_contest(tmp_path, form, zipped):
    contest = read_contest(*(_file(tmp_path, part, form[part], zipped) for part in ("train", "test")))
    assert contest.series == ("b", "a")
    assert [rows.tolist() for rows in contest.known] == [[1, 2, 3.5], [4, 5, 6, 7]]
    assert contest.actual.tolist() == [[10, 11], [8, 9]]
    assert contest.up_to(1).actual.tolist() == [[10], [8]]


def test_one_long_file_holds_both_parts_and_a_table_selects_series(tmp_path):
    both = _file(tmp_path, "both", "id,split,t,y\na,train,0,1\na,train,1,2\na,test,2,3\nb,train,0,4\nb,test,1,5\n")
    meta = _file(tmp_path, "meta", "id,period\na,year\nb,month\n")
    assert read_contest(both, both).series == ("a", "b")
    contest = read_contest(both, both, "period=year", meta)
    assert (contest.series, contest.known[0].tolist(), contest.actual.tolist()) == (("a",), [1, 2], [[3]])


@pytest.mark.parametrize(
    ("train", "test", "error", "told"),
    [
        (_WIDE["train"], "id,V2,V3\na,8,9\nb,10,\n", HistoryError, "of the test rows 'b' 1 and 'a' 2"),
        (_WIDE["train"], "id,V2,V3\na,8,9\n", ColumnError, "'b' is in train.csv and not in test.csv"),
        ("id,V2,V3,V4\nb,1,,3\na,4,5,6\n", _WIDE["test"], CellError, "value 2 of 'b' in train.csv is missing"),
        ("id,V2,V3,V4\nb,1,x,3\na,4,5,6\n", _WIDE["test"], CellError, "column 'V3' of train.csv holds 'x'"),
        ("id,V2,V3,V4\nb,1,2,3\nb,4,5,6\n", _WIDE["test"], ColumnError, "train.csv has two of 'b'"),
    ],
)
def test_files_that_do_not_fit_are_refused_with_the_place(tmp_path, train, test, error, told):
    with pytest.raises(error, match=told):
        read_contest(_file(tmp_path, "train", train), _file(tmp_path, "test", test))


def test_a_file_that_is_none_and_a_column_that_is_none_are_refused(tmp_path):
    train, test = (_file(tmp_path, part, _WIDE[part]) for part in ("train", "test"))
    with pytest.raises(FileError, match="'no.csv' is not.*Look at the path"):
        read_contest(train, Path("no.csv"))
    with pytest.raises(ColumnError, match="needs a column of meta.csv: id, period; got 'month'"):
        read_contest(train, test, "month=1", _file(tmp_path, "meta", "id,period\na,1\n"))
    with pytest.raises(ConfigError, match="COLUMN=VALUE of the table --meta; got 'month=1' and None"):
        read_contest(train, test, "month=1")
    with pytest.raises(ColumnError, match="none of .*train.csv' is left"):
        read_contest(train, test, "period=2", _file(tmp_path, "meta", "id,period\na,1\n"))


def test_validation_leaves_out_what_is_too_short_and_what_is_not_there_is_not_asked():
    contest = Contest(("a", "b", "c"), (np.arange(20.0), np.arange(5.0), np.ones(20)), np.zeros((3, 4)))
    held = contest.held_back(season=2)
    assert (held.series, held.left_out, held.actual.tolist()) == (("a",), 2, [[16, 17, 18, 19]])
    assert held.known[0].tolist() == list(range(16))
    with pytest.raises(HistoryError, match="35 rows; the longest series has 20"):
        contest.held_back(season=30)
    with pytest.raises(ConfigError, match="one of the 4 steps that the test rows hold; got 5"):
        contest.up_to(5)


@pytest.mark.parametrize("units", [Units(), Units(log=True), Units(adjust=True, season=12), Units(True, True, 12)])
def test_units_lead_back_to_the_values(units):
    history, ahead = np.append(0.0, np.resize(_MONTH, 60)), np.array([[0.1, 3.0, 0.4], [2.0, 0.5, 1.0]])
    shown = units.of((history, history[5:]), horizon=3)
    # What the model would have to say, had it been shown the rows to come too.
    known = [np.append(rows, came) for rows, came in zip((history, history[5:]), ahead, strict=True)]
    plain = np.stack([(rows / _indices(units, rows[:-3]))[-3:] for rows in known])
    asked = plain if shown.shift is None else np.log(plain + shown.shift[:, None])
    np.testing.assert_allclose(shown.values(asked), ahead, rtol=1e-12)
    assert all(np.isfinite(each).all() for each in shown.histories)


def _indices(units, history):
    indices = seasonal_indices(history, 12) if units.adjust else np.ones(1)
    return np.resize(indices, len(history) + 3)


def test_the_longer_cycle_is_taken_where_it_forecasts_the_known_rows_better():
    hours = np.arange(700)
    day = np.sin(hours * np.pi / 12)
    week = day * np.where(hours % 168 < 120, 2.0, 0.5)
    noise = 0.05 * np.random.default_rng(0).normal(size=700)
    assert best_cycle((week + noise, week), 48, (24, 168)) == 168
    assert best_cycle((day + noise + hours / 100,), 48, (24, 168)) == 24
    assert best_cycle((week[:300],), 48, (24, 168)) == 24  # two weeks and a horizon are not there


def test_a_model_on_what_naive2_adjusts_is_naive2(tmp_path, monkeypatch, capsys):
    files = _season_files(tmp_path)
    adjusted = _run(monkeypatch, capsys, files, "--model", "naive", "--units", "adjust")
    assert adjusted["owa"] == 1.0 and adjusted["naive2"]["smape"] == adjusted["smape"]
    plain, logs = (_run(monkeypatch, capsys, files, "--model", "naive", *more) for more in ([], ["--units", "log"]))
    assert (logs["smape"], logs["mase"], logs["seeds"]) == (plain["smape"], plain["mase"], 1)


class _Told:
    """A forecaster that is sure of 3, though its mean is 9, and remembers what it was asked."""

    records, ending = (), "finished"

    def fit(self, known, task, deadline):
        self.known, self.task = known, task
        return self

    def predict(self, known, origins):
        shape = (len(origins), self.task.horizon, 1)
        return Forecast(origins, (0.1, 0.5), np.full(shape, 9.0), np.full((*shape, 2), 3.0))


def test_the_median_counts_and_a_model_is_shown_the_known_rows_and_told_of_the_cycle(tmp_path, monkeypatch, capsys):
    told = _Told()
    monkeypatch.setattr(panel, "build_forecaster", lambda *args: told)
    form = {"train": "id,V2,V3,V4\nb,1,3,5\na,2,4,\n", "test": "id,V2\na,1\nb,6\n"}
    said = _run(monkeypatch, capsys, [_file(tmp_path, *item) for item in form.items()], "--season", "1", "--cycle", "2")
    # By hand: 200·3/9 and 200·2/4, the steps are 2 and 2.
    assert (said["smape"], said["mase"], said["cycle"]) == (round((200 / 3 + 100) / 2, 3), (3 / 2 + 2 / 2) / 2, 2)
    assert (told.known.series, told.known.targets[:, 0].tolist()) == (("b", "a"), [1, 3, 5, 2, 4])
    assert told.task.season == 2


def test_the_units_of_a_network_are_those_that_forecast_the_last_known_rows_best(tmp_path, monkeypatch, capsys):
    files = _season_files(tmp_path)
    monkeypatch.setattr(panel, "build_forecaster", lambda *args: _Told())
    monkeypatch.setattr(Units, "of", lambda units, known, horizon: _Biased(units, known))
    monkeypatch.setattr(panel, "best_cycle", lambda *args: 12)
    assert _run(monkeypatch, capsys, files, "--model", "gru")["units"] == "adjust"
    assert _run(monkeypatch, capsys, files, "--model", "gru", "--units", "log")["units"] == "log"
    assert _run(monkeypatch, capsys, files, "--model", "theta")["units"] == "plain"


class _Biased:
    """Units in which all but `adjust` make a forecast wrong by far."""

    def __init__(self, units, known):
        self.wrong, self.histories = 0.0 if (units.log, units.adjust) == (False, True) else 1e6, known

    def values(self, forecast):
        return forecast + self.wrong


def test_no_test_row_changes_a_forecast_or_the_validation(tmp_path, monkeypatch, capsys):
    told, forecasts = [], []
    for folder, spoilt in (("a", 1.0), ("b", 1000.0)):
        files, keep = _season_files(tmp_path / folder, spoilt), tmp_path / folder / "kept.jsonl"
        told.append(_run(monkeypatch, capsys, files, "--model", "gru", "--validate"))
        _run(monkeypatch, capsys, files, "--model", "gru", "--keep", str(keep))
        forecasts.append([json.loads(line)["trained"]["forecast"] for line in keep.read_text().splitlines()])
    assert forecasts[0] == forecasts[1]
    for each in told:
        del each["data"], each["cpu_seconds"]
    assert told[0] == told[1] and told[0]["part"] == "validation"


def test_seeds_are_told_and_scored_together_and_a_second_run_reads_what_the_first_kept(tmp_path, monkeypatch, capsys):
    files, keep = _season_files(tmp_path), tmp_path / "kept.jsonl"
    asked = [
        "--model",
        "gru",
        "--seeds",
        "3",
        "--keep",
        str(keep),
        "--set",
        "model.gru.shortcut=false",
        "--units",
        "log",
    ]
    first = _run(monkeypatch, capsys, files, *asked)
    runs = [json.loads(line)["trained"] for line in keep.read_text().splitlines()]
    contest = read_contest(*files)
    whole = panel.said(contest, np.median([run["forecast"] for run in runs], axis=0), 12)
    assert [run["seed"] for run in runs] == [0, 1, 2]
    assert len({each["smape"] for each in first["by_seed"]}) == 3
    assert (first["smape"], first["series"], first["horizon"]) == (round(whole.smape, 3), 3, 6)
    monkeypatch.setattr(panel, "build_forecaster", lambda *args: pytest.fail("trained anew"))
    assert _run(monkeypatch, capsys, files, *asked) == first
    assert len(keep.read_text().splitlines()) == 3


def _m3(shared, period):
    folder = shared / "data" / "m_competitions"
    long = folder / "m3_long.csv.gz"
    return read_contest(long, long, f"period={period}", folder / "m3_meta.csv.gz")


def _file(folder, name, text, zipped=False):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.csv{'.gz' if zipped else ''}"
    path.write_bytes(gzip.compress(text.encode()) if zipped else text.encode())
    return path


def _season_files(folder, spoilt=1.0):
    generator = np.random.default_rng(1)
    rows = [np.resize(_MONTH, 66) * size * np.exp(0.1 * generator.normal(size=66)) for size in (10, 200, 3000)]
    parts = {"train": [each[:60] for each in rows], "test": [spoilt * each[60:] for each in rows]}
    head = {part: ["id", *range(len(values[0]))] for part, values in parts.items()}
    lines = {
        part: [head[part], *([n, *v] for n, v in zip("xyz", values, strict=True))] for part, values in parts.items()
    }
    return [_file(folder, part, "".join(map(_line, lines[part]))) for part in parts]


def _line(cells):
    return ",".join(map(str, cells)) + "\n"


def _run(monkeypatch, capsys, files, *options):
    quick = ["--set", "training.epochs=2", "--set", "training.steps=5", "--season", "12"]
    train, test = map(str, files)
    monkeypatch.setattr(sys, "argv", ["panel", "--train", train, "--test", test, *quick, *options])
    panel.main()
    return json.loads(capsys.readouterr().out.splitlines()[-1])
