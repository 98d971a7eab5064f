"""The bench of labelled series cuts windows that cannot see their label, and parts that share no hour that is asked."""

import json
import math
import sys
from datetime import datetime, timedelta

import numpy as np
import pytest

from bench import labelled as bench
from bench.labelled import Figures, Grid, figures, labelled, origins, wilson
from seqcast.errors import InputError

GRID = Grid(read=6, asked=3, every=2)


def drawn(rows=80, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, 3))


@pytest.mark.parametrize("grid", [GRID, Grid(read=5, asked=1, every=1), Grid(read=4, asked=4, every=1)])
def test_windows_and_labels_are_those_of_a_plain_loop(grid):
    values = drawn()
    task = labelled(values, 1, grid)
    train, valid, test = origins(len(values), grid)
    hours = [values[row : row + grid.asked, 1].mean() for row in range(len(values))]
    usual = sorted(hours[row] for row in train)
    threshold = (usual[(len(usual) - 1) // 2] + usual[len(usual) // 2]) / 2
    for samples, firsts in ((task.train, train), (task.valid, valid), (task.test, test)):
        assert len(samples.codes) == len(firsts)
        for place, first in enumerate(firsts):
            np.testing.assert_array_equal(samples.series[place], values[first - grid.read : first])
            assert samples.codes[place] == (hours[first] > threshold)
            assert samples.repeated[place] == (hours[first - grid.asked] > threshold)


def test_no_label_can_be_seen_from_inside_its_window():
    values = drawn()
    _, _, test = origins(len(values), GRID)
    for place, first in enumerate(test):
        later = values.copy()
        later[first:] += 100.0
        before, after = labelled(values, 1, GRID).test, labelled(later, 1, GRID).test
        np.testing.assert_array_equal(before.series[place], after.series[place])
        assert before.repeated[place] == after.repeated[place]
        assert after.codes[place] == 1


def test_a_label_hangs_on_the_hour_after_its_window_alone():
    values = drawn()
    _, _, test = origins(len(values), GRID)
    for place, first in enumerate(test):
        elsewhere = values.copy()
        border = round(0.8 * len(values))
        elsewhere[border:first] = -100.0
        elsewhere[first + GRID.asked :] = 100.0
        assert labelled(elsewhere, 1, GRID).test.codes[place] == labelled(values, 1, GRID).test.codes[place]


def test_the_threshold_is_learnt_from_hours_that_train_alone():
    values = drawn()
    train, valid, _ = origins(len(values), GRID)
    later = values.copy()
    later[valid[0] :] *= 50.0
    assert train[-1] + GRID.asked <= valid[0]
    np.testing.assert_array_equal(labelled(values, 1, GRID).train.codes, labelled(later, 1, GRID).train.codes)
    assert abs(labelled(values, 1, GRID).train.codes.mean() - 0.5) <= 0.5 / len(train)


@pytest.mark.parametrize("rows", [60, 61, 62, 63, 64, 200, 1001])
@pytest.mark.parametrize("grid", [GRID, Grid(read=4, asked=6, every=1), Grid(read=8, asked=2, every=5), Grid(6, 6, 3)])
def test_no_hour_that_is_asked_for_lies_on_both_sides_of_a_border(rows, grid):
    train, valid, test = (set(part.tolist()) for part in origins(rows, grid))
    hours = [{first + step for first in part for step in range(grid.asked)} for part in (train, valid, test)]
    assert not hours[0] & hours[1] and not hours[1] & hours[2]
    assert max(hours[0]) < min(hours[1]) and max(hours[1]) < min(hours[2]) and max(hours[2]) < rows
    assert min(train) == grid.read and min(hours[2]) >= round(0.8 * rows)
    unused = {*range(grid.read, rows - grid.asked + 1, grid.every)} - train - valid - test
    assert len(unused) <= 2 * math.ceil(grid.asked / grid.every)


@pytest.mark.parametrize("rows", [60, 61, 62, 63, 64, 200, 1001])
def test_the_classifier_takes_the_very_samples_that_validate(rows):
    from seqcast.classify.parts import split

    task = labelled(drawn(rows), 1, GRID)
    train, held = split(task.before.codes, 0.25, "time", 0)
    np.testing.assert_array_equal(task.before.series[held], task.valid.series)
    np.testing.assert_array_equal(task.before.series[train], task.train.series)


def test_the_shares_of_the_parts_are_60_20_and_20_percent():
    parts = [len(part) for part in origins(20_000, Grid())]
    np.testing.assert_allclose(np.array(parts) / sum(parts), [0.6, 0.2, 0.2], atol=0.005)


@pytest.mark.parametrize(("right", "count", "expected"), [(81, 263, (0.2553, 0.3662)), (0, 20, (0.0, 0.1611))])
def test_the_interval_of_a_share_is_the_published_one(right, count, expected):
    """Newcombe (1998), table I, method 3."""
    assert wilson(right / count, count) == pytest.approx(expected, abs=5e-5)


def test_what_was_held_impossible_and_is_true_has_no_log_loss():
    codes = np.array([1, 0, 1])
    assert figures(np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]]), codes) == Figures(
        pytest.approx(2 / 3), pytest.approx(-np.log([0.5, 0.9, 0.8]).mean())
    )
    assert figures(np.eye(2)[[1, 1, 1]], codes) == Figures(pytest.approx(2 / 3), None)


def written(path, gap=timedelta(minutes=10)):
    generator, began = np.random.default_rng(1), datetime(2016, 1, 11, 17)
    steps = np.arange(1200)
    use = 60 + 50 * np.sin(steps / 20) + generator.normal(size=1200)
    lines = [
        f'"{began + step * gap:%Y-%m-%d %H:%M:%S}","  {use[step]:.4f}"," 6.5e+00","{step % 7}"' for step in range(1200)
    ]
    path.write_text("\n".join(['"date","Appliances","T_out","rv1"', *lines]) + "\n")
    return use


def test_quoted_numbers_with_blanks_before_them_are_read(tmp_path):
    use = written(tmp_path / "a.csv")
    names, values = bench.table(tmp_path / "a.csv")
    assert names == ["Appliances", "T_out", "rv1"]
    np.testing.assert_allclose(values, np.column_stack([use, np.full(1200, 6.5), np.arange(1200) % 7]), atol=1e-4)


def test_a_table_with_other_steps_is_refused(tmp_path):
    written(tmp_path / "a.csv", timedelta(minutes=15))
    with pytest.raises(InputError, match=r"Rows must be 10 minutes apart; those of .*a\.csv are not"):
        bench.table(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("more", "part", "columns"),
    [(["--valid"], "valid", 3), ([], "test", 3), (["--columns", "rv1,Appliances"], "test", 2)],
)
def test_the_last_line_has_every_model_and_a_known_wave_is_learnt(tmp_path, monkeypatch, capsys, more, part, columns):
    written(tmp_path / "a.csv")
    quick = ["--seeds", "2", "--models", "gru", "--settings", '{"width": 8}', "--training", '{"epochs": 2}']
    monkeypatch.setattr(sys, "argv", ["labelled", "--data", str(tmp_path / "a.csv"), *quick, *more])
    bench.main()
    first, *_, last = capsys.readouterr().out.splitlines()
    said = json.loads(last)
    assert first.endswith(f"; {columns} columns")
    assert set(said["accuracy"]) == {"majority", "repeat", "neighbour", "linear", "gru"}
    assert said["seeds"] == 2 and said["part"] == part
    assert said["log_loss"]["repeat"] is None
    assert said["accuracy"]["neighbour"] > 0.8 and said["accuracy"]["linear"] > 0.8


def test_the_test_part_is_not_asked_while_settings_are_chosen(tmp_path, monkeypatch, capsys):
    written(tmp_path / "a.csv")
    parts, asked = bench.labelled(bench.table(tmp_path / "a.csv")[1], 0), []
    for name in bench.YARDSTICKS:
        monkeypatch.setitem(
            bench.YARDSTICKS, name, lambda _, some: asked.append(some.series) or np.full((len(some.codes), 2), 0.5)
        )
    quick = ["--valid", "--seeds", "1", "--models", "gru", "--training", '{"epochs": 1}']
    monkeypatch.setattr(sys, "argv", ["labelled", "--data", str(tmp_path / "a.csv"), *quick])
    monkeypatch.setattr("seqcast.Classifier.predict_proba", lambda _, X: asked.append(X) or np.full((len(X), 2), 0.5))
    bench.main()
    assert len(asked) == len(bench.YARDSTICKS) + 1
    for series in asked:
        np.testing.assert_array_equal(series, parts.valid.series)
