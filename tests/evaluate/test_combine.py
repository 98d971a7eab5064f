"""Greedy weights: beside the loop written out, a linear program, and what must not move them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seqcast.evaluate.combine import ROUNDS, best_members, combined, greedy_weights
from seqcast.types import Forecast, Task
from tests.evaluate.panels import forecast_of, origins_of, panel_of
from tests.proofs.ensembles import NAMES, beside_the_optimum, by_brute_force, crowd, learnt, weights_moved

# Seed, members, series, windows: a crowd is made of them inside the test.
crowds = st.tuples(st.integers(0, 999), st.integers(1, 6), st.integers(1, 3), st.integers(1, 5))
TASK = Task(horizon=1, quantiles=(0.1, 0.5, 0.9))


def toy(*said: float, came: float = 0.0) -> tuple[dict[str, float], Mapping[str, Forecast]]:
    """Return the weights of members that each say one number of a series, and their forecasts."""
    panel = panel_of([0.0, 1.0, 0.0, 1.0, came])
    origins = origins_of([0], [4])
    forecasts = {
        name: forecast_of(origins, np.full((1, 1, 1), value), spread=0.0)
        for name, value in zip(NAMES, said, strict=False)
    }
    return greedy_weights(panel, TASK, forecasts, np.array([4])), forecasts


@settings(max_examples=20)
@given(crowds, st.integers(1, 10))
def test_weights_are_those_of_the_published_loop(sizes, rounds):
    them = crowd(*sizes)
    ours, theirs = learnt(them, rounds), by_brute_force(them, rounds)
    assert ours.keys() == theirs.keys()
    assert all(abs(ours[name] - theirs[name]) < 1e-12 for name in ours)


@given(crowds)
def test_weights_are_a_share_each_and_the_ensemble_is_no_worse_than_its_best_member(sizes):
    them = crowd(*sizes)
    weights = learnt(them)
    assert all(weight > 0 for weight in weights.values()) and abs(sum(weights.values()) - 1) < 1e-12
    best = min(them.loss(forecast) for forecast in them.forecasts.values())
    assert them.loss(combined("ensemble", them.forecasts, weights)) <= best * (1 + 1e-9)


@given(crowds, st.permutations(NAMES))
def test_order_of_members_and_of_origins_changes_nothing(sizes, order_of_names):
    them = crowd(*sizes)
    names = [name for name in order_of_names if name in them.forecasts]
    order = np.random.default_rng(sizes[0]).permutation(len(them.forecasts["naive"].origins))
    mixed = {name: them.forecasts[name].take(order if place % 2 else order[::-1]) for place, name in enumerate(names)}
    got = greedy_weights(them.panel, them.task, mixed, them.rows)
    expected = learnt(them, ROUNDS)
    assert got == pytest.approx(expected, abs=1e-12) and list(got) == list(expected)


@pytest.mark.parametrize(
    ("said", "best"),
    [
        ((1.0, -1.0), {"naive": 0.5, "drift": 0.5}),
        ((3.0, -1.0), {"naive": 0.25, "drift": 0.75}),
        ((-4.0, 1.0), {"naive": 0.2, "drift": 0.8}),
        ((5.0, 7.0, -5.0), {"naive": 0.5, "theta": 0.5}),
    ],
)
def test_where_the_best_mixture_is_known_it_is_found(said, best):
    assert toy(*said)[0] == pytest.approx(best)


def test_a_member_that_knows_gets_all_the_weight():
    assert toy(2.0, 0.0, -1.0)[0] == {"drift": 1.0}


def test_one_member_has_all_the_weight_even_with_a_hole_in_it():
    them = crowd(1, members=1)
    assert learnt(them) == {"naive": 1.0}
    silent = replace(them.forecasts["naive"], values=them.forecasts["naive"].values * np.nan)
    assert learnt(replace(them, forecasts={"naive": silent})) == {"naive": 1.0}


def test_among_equals_the_simplest_is_taken_and_alone():
    assert toy(2.0, 2.0, 2.0)[0] == {"naive": 1.0}
    panel, origins = panel_of([0.0, 1.0, 0.0, 1.0, 9.0]), origins_of([0], [4])
    same = dict.fromkeys(("gru", "arima(1,0,0)", "ets"), forecast_of(origins, np.ones((1, 1, 1))))
    assert greedy_weights(panel, TASK, same, np.array([4])) == {"ets": 1.0}
    same.pop("ets")
    assert greedy_weights(panel, TASK, same, np.array([4])) == {"arima(1,0,0)": 1.0}


def test_of_two_that_help_alike_the_simpler_is_taken():
    """Two rounds: the best alone, and then one of those that would both bring the average to the same place."""
    panel, (_, said) = panel_of([0.0, 1.0, 0.0, 1.0, 0.0]), toy(1.0, 1.1, -1.25, -1.25)
    expected = {"naive": 0.5, "theta": 0.5}
    assert greedy_weights(panel, TASK, said, np.array([4]), rounds=2) == expected
    backwards = {name: said[name] for name in reversed(list(said))}
    assert greedy_weights(panel, TASK, backwards, np.array([4]), rounds=2) == expected


def test_more_rounds_come_as_near_to_the_least_loss_as_is_claimed():
    assert beside_the_optimum() < 0.02


def test_what_comes_after_the_inner_windows_moves_no_weight():
    assert weights_moved() == 0


@given(st.integers(0, 99), st.integers(-900, 900))
def test_the_unit_of_the_data_changes_no_weight(seed, power):
    """Values lie below 2**20, so these are magnitudes down to 1e-270 and up to 1e277."""
    them = crowd(seed)
    scaled = replace(
        them,
        panel=replace(them.panel, values=np.ldexp(them.panel.values, power)),
        forecasts={
            name: replace(each, mean=np.ldexp(each.mean, power), values=np.ldexp(each.values, power))
            for name, each in them.forecasts.items()
        },
    )
    assert learnt(scaled) == learnt(them)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_a_member_that_gave_no_number_is_not_taken(hole):
    them = crowd(1)
    assert len(learnt(them)) > 1
    for name in them.forecasts:
        values = them.forecasts[name].values.copy()
        values[0, 0] = hole
        holed = {**them.forecasts, name: replace(them.forecasts[name], values=values)}
        rest = {other: forecast for other, forecast in them.forecasts.items() if other != name}
        assert learnt(replace(them, forecasts=holed)) == learnt(replace(them, forecasts=rest))


def test_where_no_member_can_speak_the_others_series_still_tell_them_apart():
    """Nothing of the last series was seen before the cutoff: no model forecasts it, and none is at fault."""
    them = crowd(2)
    silent = them.forecasts["naive"].origins.series == 1
    blind = {}
    for name, forecast in them.forecasts.items():
        values = forecast.values.copy()
        values[silent] = np.nan
        blind[name] = replace(forecast, values=values)
    seen = {name: forecast.take(~silent) for name, forecast in them.forecasts.items()}
    assert learnt(replace(them, forecasts=blind)) == learnt(replace(them, forecasts=seen))


@given(crowds)
def test_the_best_members_are_those_of_the_least_loss_in_its_order(sizes):
    them = crowd(*sizes)
    best = best_members(them.panel, them.task, them.forecasts, them.rows, most=3)
    assert list(best) == sorted(them.forecasts, key=lambda name: them.loss(them.forecasts[name]))[:3]


def test_a_member_that_gave_no_number_is_not_among_the_best():
    them = crowd(1)
    names = best_members(them.panel, them.task, them.forecasts, them.rows, most=4)
    holed = replace(them.forecasts[names[0]], values=them.forecasts[names[0]].values * np.nan)
    said = {**them.forecasts, names[0]: holed}
    assert best_members(them.panel, them.task, said, them.rows, most=4) == names[1:]
    assert best_members(them.panel, them.task, said, them.rows) == names[1:4]


def test_no_more_members_are_taken_than_there_are_rounds():
    them = crowd(4, members=6, windows=5)
    assert _shares(greedy_weights(them.panel, them.task, them.forecasts, them.rows)) <= ROUNDS < _shares(learnt(them))


def _shares(weights):
    """Return the least number of which all weights are whole shares."""
    sizes = range(1, 99)
    return next(n for n in sizes if all(abs(weight * n - round(weight * n)) < 1e-9 for weight in weights.values()))


def test_where_nothing_can_be_judged_weights_are_equal():
    panel, origins = panel_of([5.0, 5.0, 5.0, 5.0, 6.0]), origins_of([0], [4])  # a constant has no scale
    said = {name: forecast_of(origins, np.full((1, 1, 1), value)) for name, value in (("naive", 5.0), ("ets", 6.0))}
    assert greedy_weights(panel, TASK, said, np.array([4])) == {"naive": 0.5, "ets": 0.5}
    assert best_members(panel, TASK, said, np.array([4])) == ("naive", "ets")


def test_members_of_other_origins_are_refused():
    panel, here = panel_of(np.arange(9.0)), origins_of([0], [5])
    said = {
        "naive": forecast_of(here, np.ones((1, 1, 1))),
        "ets": forecast_of(origins_of([0], [6]), np.ones((1, 1, 1))),
    }
    with pytest.raises(ValueError, match="forecasts of the same origins and levels only; naive and ets differ"):
        greedy_weights(panel, TASK, said, np.array([5]))
