"""The long-horizon benchmark keeps the field's protocol, and goes on where it was stopped."""

import json
import sys

import numpy as np
import polars as pl
import pytest
import torch

from bench import lsf
from bench.protocol import Borders, DLinear, errors
from seqcast.errors import ConfigError
from seqcast.train.arrays import batch_of_arrays


@pytest.mark.parametrize(
    ("name", "rows", "horizon", "windows"),
    [("ETTh1", 17_420, 96, 2785), ("ETTh2", 17_420, 720, 2161), ("ETTm1", 69_680, 336, 11_185)],
)
@pytest.mark.parametrize("context", [96, 720])
def test_every_test_window_counts_whatever_the_context(name, rows, horizon, windows, context):
    _, valid, test = Borders.of(name, rows).origins(context, horizon)
    assert len(valid) == len(test) == windows


@pytest.mark.parametrize(("name", "rows"), [("ETTh1", 17_420), ("exchange_rate", 7588), ("weather", 52_696)])
def test_targets_never_cross_a_border_and_training_contexts_neither(name, rows):
    borders = Borders.of(name, rows)
    train, valid, test = borders.origins(context=336, horizon=96)
    assert train.rows.min() == 336
    assert [part.rows.max() + 96 for part in (train, valid, test)] == [borders.train, borders.valid, borders.test]
    assert [part.rows.min() for part in (valid, test)] == [borders.train, borders.valid]


def test_a_context_longer_than_the_training_part_is_refused_with_the_rows():
    with pytest.raises(
        ConfigError, match="training part must hold one window; it ends at row 8640, and 96 steps after"
    ):
        Borders.of("ETTh1", 17_420).origins(context=8600, horizon=96)


def test_errors_are_one_mean_over_all_parts_however_unequal():
    generator = np.random.default_rng(0)
    forecast, actual = generator.normal(size=(2, 50, 4, 3))
    cut = [0, 7, 48, 50]
    pairs = ((forecast[low:high], actual[low:high]) for low, high in zip(cut, cut[1:], strict=False))
    wrong = forecast - actual
    assert errors(pairs) == pytest.approx((np.mean(wrong**2), np.mean(np.abs(wrong))))


def test_dlinear_is_one_linear_map_of_the_moving_mean_and_one_of_the_rest():
    torch.manual_seed(0)
    past, model = torch.randn(3, 40, 2), DLinear(context=40, horizon=5)
    padded = np.pad(past.numpy(), ((0, 0), (12, 12), (0, 0)), mode="edge")
    trend = np.stack([padded[:, step : step + 25].mean(axis=1) for step in range(40)], axis=1)
    maps = [(part.weight.detach().numpy(), part.bias.detach().numpy()) for part in (model.trend, model.remainder)]
    expected = sum(
        np.einsum("bck,hc->bhk", part, weight) + bias[None, :, None]
        for part, (weight, bias) in zip((trend, past.numpy() - trend), maps, strict=True)
    )
    said = model(batch_of_arrays(past.numpy(), np.zeros((3, 5, 2)))).detach().numpy()[..., 0]
    np.testing.assert_allclose(said, expected, atol=1e-5)


def test_the_last_value_on_exchange_rates_has_the_published_error(shared):
    path = shared / "data" / "exchange_rate" / "exchange_rate.csv.gz"
    panel = lsf.table(path)
    trial = lsf.Trial(panel, Borders.of("exchange_rate", 7588), "naive", lsf.settings_of(str(path), {"horizon": 1}))
    assert round(trial.at(horizon=96, seed=0, budget=None).mse, 3) == 0.081


def test_scores_do_not_change_when_rows_after_the_test_part_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("bench.protocol._ETT_ROWS", (300, 400, 500))
    waves = np.sin(np.arange(600)[:, None] / 4 + np.arange(2)) + 0.1 * np.random.default_rng(1).normal(size=(600, 2))
    said = []
    for folder, spoilt in (("a", 1.0), ("b", 1000.0)):
        values = np.where(np.arange(600)[:, None] < 500, waves, spoilt * waves)
        said.append(_run(monkeypatch, capsys, _written(tmp_path / folder, values), "--model", "gru")["mse"])
    assert said[0] == said[1]


def test_a_second_run_reads_what_the_first_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("bench.protocol._ETT_ROWS", (300, 400, 500))
    path, kept = _written(tmp_path, np.sin(np.arange(600)[:, None] / 4 + np.arange(2))), tmp_path / "kept.jsonl"
    first = _run(monkeypatch, capsys, path, "--model", "gru", "--keep", str(kept))
    monkeypatch.setattr(lsf, "fit", lambda *args, **more: pytest.fail("trained anew"))
    assert _run(monkeypatch, capsys, path, "--model", "gru", "--keep", str(kept)) == first
    assert len(kept.read_text().splitlines()) == 2


def test_the_linear_model_reads_the_context_that_was_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("bench.protocol._ETT_ROWS", (300, 400, 500))
    path = _written(tmp_path, np.sin(np.arange(600)[:, None] / 4 + np.arange(2)))
    assert _run(monkeypatch, capsys, path, "--model", "linear")["context"] == [48]


def _written(folder, values):
    folder.mkdir(exist_ok=True)
    hours = pl.datetime_range(pl.datetime(2020, 1, 1), pl.datetime(2021, 1, 1), "1h", eager=True)[: len(values)]
    path = folder / "ETThX.csv"
    pl.DataFrame({"date": hours, "a": values[:, 0], "b": values[:, 1]}).write_csv(path)
    return path


def _run(monkeypatch, capsys, path, *options):
    quick = ["--set", "training.epochs=2", "--set", "training.steps=5", "--context", "48", "--seeds", "1"]
    monkeypatch.setattr(sys, "argv", ["lsf", "--data", str(path), "--horizons", "6,12", *quick, *options])
    lsf.main()
    return json.loads(capsys.readouterr().out.splitlines()[-1])
