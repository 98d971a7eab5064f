"""What a network starts from: the linear map that fits the training windows, before any gradient."""

import numpy as np
import pytest
import torch

from seqcast.data.encode import fit_encoder
from seqcast.data.split import Carve
from seqcast.data.window import Windows
from seqcast.forecasters import start
from seqcast.forecasters.feeding import predicted
from seqcast.forecasters.start import start_gaps, start_linear, started
from seqcast.models.names import NETWORK_NAMES
from seqcast.models.presets import HybridConfig
from seqcast.models.recurrent import RecurrentConfig
from seqcast.models.registry import build_network
from seqcast.types import Origins, Task
from tests.panels import make_panel

TASK = Task(horizon=3, quantiles=(0.5,), season=7)


def recurrent_panel(gaps=0):
    """Return two targets that follow y(t) = .6 y(t-1) + .3 y(t-7) and a little noise, around levels of their own."""
    draw = np.random.default_rng(0)
    values = np.zeros((900, 2))
    for step in range(7, 900):
        values[step] = 0.6 * values[step - 1] + 0.3 * values[step - 7] + draw.normal(size=2)
    values = values[100:] * [1.0, 40.0] + [5.0, -300.0]
    values[draw.integers(20, 700, size=gaps)] = np.nan
    return make_panel({"a": values}, targets=2)


def begun(name, settings, panel):
    windows = Windows.of(panel, fit_encoder(panel), 14, 3)
    split = Carve(context=14, horizon=3).origins(panel)
    config = HybridConfig(width=8, heads=2, patch=7, **settings) if name == "hybrid" else RecurrentConfig(**settings)
    torch.manual_seed(0)
    model = build_network(name, config, windows.dims(TASK, 1, 7)).eval()
    before = predicted(model, windows, split[1])
    start_linear(model, windows, split)
    batch = windows.batch(split[1])
    wrong = (predicted(model, windows, split[1])[..., 0] - batch.target)[batch.observed]
    return model, before, wrong.square().mean().item(), batch


@pytest.mark.parametrize("name", NETWORK_NAMES)
@pytest.mark.parametrize("normalise", ["last", "mean-std", "none"])
def test_every_network_starts_near_the_best_linear_forecast(name, normalise):
    """The recurrence's own forecast needs no fit; what a map learnt on 600 rows adds to its error is a few per cent."""
    _, _, error, batch = begun(name, {"normalise": normalise}, recurrent_panel())
    past = list(batch.past[..., :2].unbind(dim=1))
    for _ in range(3):
        past.append(0.6 * past[-1] + 0.3 * past[-7])
    best = (torch.stack(past[-3:], dim=1) - batch.target).square().mean().item()
    assert error < 1.06 * best


def test_gaps_do_not_spoil_the_start():
    whole, gappy = (begun("lstm", {}, recurrent_panel(gaps))[2] for gaps in (0, 120))
    assert gappy < 1.15 * whole


def test_where_there_is_no_shortcut_or_a_sigmoid_follows_nothing_is_put():
    panel = recurrent_panel()
    for settings in ({"shortcut": False}, {"sigmoid": True}):
        model, before, _, _ = begun("hybrid", settings, panel)
        windows = Windows.of(panel, fit_encoder(panel), 14, 3)
        assert torch.equal(predicted(model, windows, Carve(context=14, horizon=3).origins(panel)[1]), before)


def test_a_level_left_open_becomes_that_of_the_smaller_errors_on_the_validation_windows():
    panel = recurrent_panel()
    windows = Windows.of(panel, fit_encoder(panel), 14, 3)
    split = Carve(context=14, horizon=3).origins(panel)
    dims = windows.dims(TASK, 1, 7)
    batch = windows.batch(split[1])

    def tried(kind):
        torch.manual_seed(0)
        model, config = started("hybrid", HybridConfig(width=8, heads=2, patch=7, normalise=kind), dims, windows, split)
        wrong = (predicted(model, windows, split[1])[..., 0] - batch.target).flatten(0, 1).double()
        error = (wrong.abs().mean(dim=0) * wrong.square().mean(dim=0)).prod().item()
        return config.normalise, error, torch.random.get_rng_state()

    errors = {kind: tried(kind)[1] for kind in ("last", "mean-std")}
    chosen, error, state = tried(None)
    assert error == errors[chosen] == min(errors.values()) and len(set(errors.values())) == 2
    assert torch.equal(state, tried("last")[2])  # trying two levels draws no more than trying one


def test_a_wild_series_does_not_choose_the_level_of_a_panel(monkeypatch):
    """Twenty calm series say `mean-std`; a wild one, whose errors are larger than theirs together, says `last`."""
    series = np.repeat(np.arange(21), 2)
    judges = Origins(series, np.full(42, 20), np.zeros(42, dtype=np.int64))
    panel = make_panel({f"s{number}": np.zeros((30, 1)) for number in range(21)})
    windows = Windows.of(panel, fit_encoder(panel), 14, 3)
    size = np.where(series == 20, 1e3, 1.0)

    def said(model, windows, part):
        wrong = size * np.where(series == 20, model.wild, model.calm)
        return torch.from_numpy(np.tile(wrong[:, None, None, None], (1, 3, 1, 1)))

    monkeypatch.setattr(start, "predicted", said)
    last, mean = torch.nn.Module(), torch.nn.Module()
    last.calm, last.wild, mean.calm, mean.wild = 1.0, 1.0, 0.5, 2.0
    assert start._error(mean, windows, judges) < start._error(last, windows, judges)


def test_the_first_gaps_are_as_wide_as_the_errors():
    """Gaussian noise of known size around what the map can tell: 80 % of the errors lie between the outer quantiles."""
    panel, places = recurrent_panel(), (0.1, 0.5, 0.9)
    windows = Windows.of(panel, fit_encoder(panel), 14, 3)
    split = Carve(context=14, horizon=3).origins(panel)
    for name, config in (("gru", RecurrentConfig()), ("hybrid", HybridConfig(width=8, heads=2, patch=7))):
        torch.manual_seed(0)
        model, _ = started(name, config, windows.dims(TASK, 3, 7), windows, split)
        start_gaps(model, windows, split[0], places)
        out, batch = predicted(model, windows, split[0]), windows.batch(split[0])
        inside = (out[..., 0] <= batch.target) & (batch.target <= out[..., 2])
        assert (inside.float().mean(dim=0) - 0.8).abs().max() < 0.02
