"""Autopsies: each cause is planted with the real training loop and must be named; the healthy go free."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from seqcast.autopsy.autopsy import autopsies
from seqcast.autopsy.causes import Case, Setup
from seqcast.autopsy.network_causes import NETWORK_CAUSES, overfitted, still_falling
from seqcast.autopsy.symptoms import Ground, escaped, repeated, still, worth_having
from seqcast.budget import Deadline
from seqcast.config import Settings
from seqcast.evaluate.backtest import Backtest, Folds, backtest
from seqcast.evaluate.leaderboard import leaderboard
from seqcast.forecasters import neural
from seqcast.forecasters.build import build_forecaster
from seqcast.forecasters.health import pinned_share
from seqcast.train.progress import EpochRecord
from seqcast.types import Forecast, Origins, Task
from tests.panels import make_panel

TASK = Task(horizon=12, season=12)
ROWS = 240
BARE = {"shortcut": False, "normalise": "none"}
CLASSICAL = ("naive", "seasonal-naive", "drift", "theta")


def wave(seed: int = 0) -> np.ndarray:
    return 10 + 5 * np.sin(np.arange(ROWS) * 2 * np.pi / 12) + 0.3 * np.random.default_rng(seed).normal(size=ROWS)


def walk(seed: int = 0) -> np.ndarray:
    return 50 + np.random.default_rng(seed).normal(size=ROWS).cumsum()


def noise(seed: int = 0) -> np.ndarray:
    return 5 + np.random.default_rng(seed).normal(size=ROWS)


def climb(seed: int = 0) -> np.ndarray:
    return 0.3 * np.arange(ROWS) + np.random.default_rng(seed).normal(size=ROWS)


KINDS = {"wave": wave, "walk": walk, "noise": noise, "climb": climb}


@cache
def panel_of(kind: str, seed: int = 0):
    return make_panel({"a": KINDS[kind](seed), "b": KINDS[kind](seed + 100)})


def settings_of(model: dict | None = None, **training) -> Settings:
    training = {"epochs": 12, "steps": 20} | training
    return Settings.from_mapping({"run": {"horizon": 12}, "training": training, "model": {"lstm": model or {}}})


def folds_of(panel, windows: int = 5) -> Folds:
    known = np.stack([panel.history - TASK.horizon * back for back in range(windows, 0, -1)])
    series = np.tile(np.arange(len(panel)), windows)
    return Folds(known, Origins(series, known.ravel(), np.repeat(np.arange(windows), len(panel))))


def backtests_of(panel, settings: Settings, names) -> dict[str, Backtest]:
    folds = folds_of(panel)
    return {name: backtest(build_forecaster(name, settings), panel, TASK, folds, deadline=Deadline()) for name in names}


def found(panel, tests, settings=None):
    pairs = {name: (test.forecast, test.seconds) for name, test in tests.items()}
    scores = leaderboard(panel, TASK, pairs, folds_of(panel).known[0])
    return {each.model: each for each in autopsies(panel, TASK, tests, scores, settings)}


def planted(kind: str, model: dict | None = None, **training):
    """Return the autopsy of an LSTM with these settings, beside naive and seasonal naive."""
    panel, settings = panel_of(kind), settings_of(model, **training)
    return found(panel, backtests_of(panel, settings, ("naive", "seasonal-naive", "lstm")), settings).get("lstm")


def said(values: np.ndarray, panel) -> Backtest:
    """Return the backtest of a model that says these values (N, H)."""
    mean = values[..., None]
    return Backtest(Forecast(folds_of(panel).origins, (0.5,), mean, mean[..., None]), 0.0)


def test_a_rate_that_is_too_high_is_named_and_does_no_harm_beside_a_linear_start():
    """The weights before training were better than any after: with nothing to start from they say nothing, too."""
    dead = planted("wave", BARE, lr=9.9)
    assert (dead.fault, dead.where) == ("flat", "2 of 2: a, b")
    assert dead.cause.startswith("The learning rate, 9.9, is too high") and "training.lr=0.002" in dead.option
    assert planted("wave", lr=9.9) is None


def test_a_rate_that_is_too_low_stays_flat_and_is_named():
    dead = planted("wave", BARE, lr=1e-9)
    assert dead.fault == "flat" and "says the same from every cutoff" in dead.evidence
    assert dead.cause.startswith("The learning rate, 1e-09, is too low") and "training.lr=0.002" in dead.option


def test_a_context_shorter_than_the_season_is_named():
    dead = planted("wave", {"context": 3})
    assert dead.fault == "worse than naive" and "seasonal-naive" in dead.evidence
    assert dead.cause.startswith("It reads 3 steps back and the season is 12")
    assert dead.option == "--set model.lstm.context=24"


def test_one_epoch_is_named():
    dead = planted("wave", BARE, epochs=1)
    assert dead.fault == "flat" and "1 epoch only" in dead.cause and "training.epochs" in dead.option


def test_a_level_left_in_the_windows_of_a_walk_is_named():
    dead = planted("walk", BARE, epochs=20, steps=30)
    assert "level is left in each window" in dead.cause and dead.option == "--set model.lstm.normalise=last"


def test_saturated_gates_are_measured_and_named(monkeypatch):
    panel, settings = panel_of("wave"), settings_of(BARE)
    fitted = build_forecaster("lstm", settings).fit(panel.before(folds_of(panel).known[0]), TASK, Deadline())
    assert fitted.records[-1].pinned < 0.2 and all(record.pinned is None for record in fitted.records[:-1])

    def stuck(*given):
        model, *rest = fit(*given)
        for weight in given[0].body.recurrent.parameters():
            weight.data.mul_(1000)
        return model, *rest

    fit = neural.fit
    monkeypatch.setattr(neural, "fit", stuck)
    tests = backtests_of(panel, settings, ("naive", "seasonal-naive", "lstm"))
    assert tests["lstm"].records[-1].pinned > 0.9
    dead = found(panel, tests, settings)["lstm"]
    assert "gate units are shut or open" in dead.cause and "training.scaler" in dead.option


@pytest.mark.parametrize("family", ["rnn", "gru", "hybrid"])
def test_health_is_measured_of_every_family(family):
    panel, folds = panel_of("wave"), folds_of(panel_of("wave"))
    settings = settings_of(epochs=1, steps=2)
    fitted = build_forecaster(family, settings).fit(panel.before(folds.known[0]), TASK, Deadline())
    assert 0 <= fitted.records[-1].pinned <= 0.5
    for weight in fitted.model.parameters():
        if not weight.any():  # what training did not improve on has a head of zeros, through which no gate is seen
            weight.data.fill_(0.1)
    before = fitted.predict(panel, folds.origins).values
    for name, weight in fitted.model.named_parameters():
        if "stack" in name:
            weight.data.mul_(1000)
    assert pinned_share(fitted.model, lambda: fitted.predict(panel, folds.origins)) > 0.8
    assert not np.array_equal(before, fitted.predict(panel, folds.origins).values)


def test_a_training_cut_by_the_budget_is_named():
    panel, settings = panel_of("wave"), settings_of({"context": 3})
    tests = backtests_of(panel, settings, ("naive", "seasonal-naive", "lstm"))
    tests["lstm"] = replace(tests["lstm"], ending="out of time")
    epochs = len(tests["lstm"].records)
    assert f"cut off by the budget after {epochs} epochs" in found(panel, tests, settings)["lstm"].cause


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("seed", [0, 1])
def test_healthy_models_are_not_flagged(kind, seed):
    panel, settings = panel_of(kind, seed), settings_of()
    assert found(panel, backtests_of(panel, settings, (*CLASSICAL, "lstm")), settings) == {}


def test_a_flat_forecast_is_flagged_where_it_costs_and_nowhere_else():
    for kind, costs in {"wave": True, "climb": True, "noise": False, "walk": False}.items():
        panel = panel_of(kind)
        tests = backtests_of(panel, settings_of(), CLASSICAL)
        naive = tests["naive"].forecast
        dead = found(panel, tests | {"held": Backtest(naive, 0.0)})
        assert (dead.get("held") is not None and dead["held"].fault == "flat") == costs, kind
        assert "naive" not in dead and "drift" not in dead


def test_what_follows_the_level_of_a_walk_is_not_flat_however_wrong():
    panel = panel_of("walk")
    tests = backtests_of(panel, settings_of(), CLASSICAL)
    beside = said(tests["naive"].forecast.median[..., 0] + 20, panel)
    assert found(panel, tests | {"held": beside})["held"].fault == "worse than naive"


def test_a_flat_forecast_that_is_as_good_as_all_others_is_not_flagged():
    panel = panel_of("wave")
    naive = backtests_of(panel, settings_of(), ("naive",))["naive"]
    assert found(panel, {"naive": naive, "seasonal-naive": naive, "held": naive}) == {}


def test_of_many_series_a_few_flat_ones_are_chance():
    panel = make_panel({f"s{seed}": wave(seed) for seed in range(30)})
    tests = backtests_of(panel, settings_of(), ("naive", "seasonal-naive"))
    good, bad = tests["seasonal-naive"].forecast, tests["naive"].forecast
    for flat, flagged in ((1, False), (3, True), (20, True)):
        only = (good.origins.series < flat)[:, None]
        mixed = said(np.where(only, bad.median[..., 0], good.median[..., 0]), panel)
        dead = found(panel, tests | {"held": mixed})
        assert ("held" in dead) == flagged
        assert not flagged or dead["held"].where.startswith(f"{flat} of 30")


@pytest.mark.parametrize(("factors", "flagged"), [([1.15] * 10, True), ([0.95, 1.35] * 5, False), ([1.05] * 10, False)])
def test_behind_is_by_far_and_most_of_the_time(factors, flagged):
    """A model whose every error is that of naive by a factor is behind for certain, or only by luck."""
    panel = panel_of("walk")
    tests = backtests_of(panel, settings_of(), ("naive", "seasonal-naive"))
    forecast = tests["naive"].forecast
    actual = panel.actual(forecast.origins, 12)
    values = actual + (forecast.median - actual) * np.array(factors)[:, None, None]
    dead = found(panel, tests | {"scaled": said(values[..., 0], panel)})
    assert ("scaled" in dead) == flagged
    assert not flagged or "15 % above that of naive" in dead["scaled"].evidence


def test_the_cause_of_a_flat_classical_forecast_is_what_it_misses():
    for kind, word in {"wave": "has a season of 12 steps", "climb": "has a trend"}.items():
        panel = panel_of(kind)
        tests = backtests_of(panel, settings_of(), CLASSICAL)
        dead = found(panel, tests | {"held": Backtest(tests["naive"].forecast, 0.0)})["held"]
        assert word in dead.cause and "--models" in dead.option


def test_a_mean_of_a_walk_is_told_as_a_level_that_wanders():
    panel = panel_of("walk")
    tests = backtests_of(panel, settings_of(), CLASSICAL)
    mean = np.full((10, 12), 50.0)
    dead = found(panel, tests | {"mean": said(mean, panel)})["mean"]
    assert dead.fault == "flat" and "The series wanders" in dead.cause


def test_growth_that_runs_away_and_numbers_that_are_none_are_flagged_even_of_a_yardstick():
    panel = panel_of("noise")
    tests = backtests_of(panel, settings_of(), CLASSICAL)
    wild = said(5 + np.exp(np.arange(12.0))[None].repeat(10, axis=0), panel)
    dead = found(panel, tests | {"drift": wild})["drift"]
    assert dead.fault == "exploding" and "at step 12" in dead.evidence and "damps" in dead.cause
    lost = said(np.where(np.arange(12) == 3, np.nan, 5.0)[None].repeat(10, axis=0), panel)
    dead = found(panel, tests | {"theta": lost})["theta"]
    assert dead.fault == "exploding" and "10 of 120 forecast values are no finite numbers" in dead.evidence


def test_what_came_may_leave_the_history_too():
    values = np.concatenate([noise()[:-60], 500 + noise()[-60:]])
    panel = make_panel({"a": values, "b": values})
    ground = Ground.of(panel, TASK, folds_of(panel).origins)
    right = np.nan_to_num(ground.actual)
    assert not escaped(ground, right)[0].any()
    assert escaped(ground, right * 40)[0].any()


def test_where_counts_pairs_and_names_the_first():
    panel = make_panel({name: wave(seed) for seed, name in enumerate("abcdef")})
    tests = backtests_of(panel, settings_of(), CLASSICAL)
    good, bad = tests["seasonal-naive"].forecast, tests["naive"].forecast
    only = np.isin(good.origins.series, [0, 1, 2, 3, 5])[:, None, None]
    mixed = np.where(only, bad.median, good.median)[..., 0]
    assert found(panel, tests | {"held": said(mixed, panel)})["held"].where == "5 of 6: a, b, c, …"


def test_flat_and_repeated_are_told_apart():
    panel = panel_of("wave")
    ground = Ground.of(panel, TASK, folds_of(panel).origins)
    last = np.repeat(ground.actual[:, :1], 12, axis=1)
    path = np.repeat(ground.actual[:1], len(ground.actual), axis=0)
    assert still(ground, last).all() and not still(ground, path).any()
    assert repeated(ground, path).all() and not repeated(ground, ground.actual).any()


@pytest.mark.parametrize(("kind", "worth"), [("wave", {"season"}), ("walk", {"level"}), ("noise", set())])
def test_what_a_history_has_to_follow(kind, worth):
    panel = panel_of(kind)
    ground = Ground.of(panel, TASK, folds_of(panel).origins)
    assert set(worth_having(ground, 0, 0)) - ({"level"} if kind == "wave" else set()) == worth
    assert "trend" in worth_having(Ground.of(panel_of("climb"), TASK, folds_of(panel_of("climb")).origins), 0, 0)


def case_of(train, valid, rate=2e-3, errors=None) -> Case:
    errors = errors or (0.5, 0.5)
    records = tuple(
        EpochRecord(epoch=e + 1, train_loss=t, valid_loss=v, train_error=errors[0], valid_error=errors[1],
                    rate=rate, seconds=0.1)
        for e, (t, v) in enumerate(zip(train, valid, strict=True))
    )  # fmt: skip
    setup = Setup(lr=rate, epochs=30, context=24, normalise="last")
    return Case(model="lstm", fault="worse than naive", task=TASK, rows=ROWS, worth={}, records=records, setup=setup)


def named(case: Case) -> str:
    return next(rule.__name__ for rule in NETWORK_CAUSES if rule(case) is not None)


@pytest.mark.parametrize(
    ("case", "name"),
    [
        (case_of([0.5, 0.2, 0.9, 0.3, 0.8, 0.4], [0.5, 0.4, 0.6, 0.5, 0.7, 0.6]), "rate_too_high"),
        (case_of([0.5] * 6, [0.5] * 6), "nothing_learnt"),
        (case_of([0.5, 0.45, 0.4, 0.35, 0.3, 0.25], [0.6, 0.55, 0.5, 0.45, 0.4, 0.35]), "still_falling"),
        (case_of([0.5, 0.4, 0.3, 0.2, 0.1, 0.05], [0.6, 0.5, 0.5, 0.6, 0.7, 0.8]), "overfitted"),
        (case_of([0.5, 0.4, 0.35, 0.34, 0.34], [0.5, 0.4, 0.36, 0.355, 0.356]), "unlike"),
    ],
)
def test_losses_tell_the_cause(case, name):
    assert named(case) == name


def test_a_loss_that_falls_slowly_blames_the_rate_else_the_epochs():
    falling = ([0.5, 0.45, 0.4, 0.35, 0.3, 0.25], [0.6, 0.55, 0.5, 0.45, 0.4, 0.35])
    assert "training.lr=0.002" in still_falling(case_of(*falling, rate=1e-4)).option
    assert still_falling(case_of(*falling)).option == "--set training.epochs=18"


def test_an_error_that_doubles_beside_the_training_rows_is_learning_by_heart():
    steady = ([0.5, 0.4, 0.35, 0.34, 0.34], [0.5, 0.4, 0.36, 0.355, 0.356])
    assert overfitted(case_of(*steady, errors=(0.2, 0.5))) is not None
    assert overfitted(case_of(*steady, errors=(0.2, 0.3))) is None


def test_order_of_origins_changes_nothing():
    panel, settings = panel_of("wave"), settings_of({"context": 3})
    tests = backtests_of(panel, settings, ("naive", "seasonal-naive", "lstm"))
    turn = np.random.default_rng(0).permutation(10)
    turned = {name: replace(test, forecast=test.forecast.take(turn)) for name, test in tests.items()}
    assert found(panel, turned, settings) == found(panel, tests, settings) != {}


def test_nothing_to_look_at_gives_nothing():
    panel = panel_of("wave")
    assert autopsies(panel, TASK, {}, ()) == ()
