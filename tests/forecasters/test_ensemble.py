"""An ensemble keeps the promise of every forecaster, shares out its time, and says what its members say."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from seqcast.budget import Deadline
from seqcast.errors import ColumnError
from seqcast.forecasters.average import combined, median_of
from seqcast.forecasters.classical import build_local
from seqcast.forecasters.ensemble import Ensemble
from seqcast.forecasters.neural import Neural
from seqcast.models.recurrent import RecurrentConfig
from seqcast.train.config import FitConfig
from seqcast.types import Forecast, Origins, Task
from tests.panels import changed, make_panel

TASK = Task(horizon=4, quantiles=(0.1, 0.5, 0.9), season=6)
WEIGHTS = {"seasonal-naive": 0.25, "theta": 0.35, "gru": 0.4}


def waves(order=("a", "b", "c")):
    """Return three series of one target and one past feature, with gaps."""
    blocks: dict[str, np.ndarray] = {}
    for phase, name in enumerate("abc"):
        steps, draw = np.arange(70.0 - 8 * phase), np.random.default_rng(phase)
        block = np.column_stack([np.sin(steps + phase) + steps / 9, np.cos(steps)])
        block = (phase + 1) * block + 0.1 * draw.normal(size=block.shape)
        block[draw.integers(5, 40, size=4), 0] = np.nan
        blocks[name] = block
    return make_panel({name: blocks[name] for name in order}, past=1)


def ensemble(weights=WEIGHTS, name="ensemble"):
    gru = Neural("gru", RecurrentConfig(width=8), FitConfig(epochs=1, steps=4, batch=16))
    return Ensemble(name, (build_local("seasonal-naive"), build_local("theta"), gru), weights)


def origins_of(panel, back=10):
    each = np.arange(len(panel))
    return Origins(each, panel.history - back, np.zeros_like(each))


@pytest.fixture(scope="module", params=[WEIGHTS, None], ids=["weights", "median"])
def asked(request):
    """Return the ensemble, fitted before the last ten rows, and what it says there."""
    panel, forecaster = waves(), ensemble(request.param)
    fitted = forecaster.fit(panel.before(panel.history - 10), TASK, Deadline())
    return forecaster, fitted, fitted.predict(panel, origins_of(panel))


def test_it_says_what_its_members_say_together(asked):
    forecaster, fitted, forecast = asked
    panel = waves()
    said = {
        member.name: member.fit(panel.before(panel.history - 10), TASK, Deadline()).predict(panel, origins_of(panel))
        for member in forecaster.members
    }
    truth = median_of("m", said) if forecaster.weights is None else combined("e", said, forecaster.weights)
    np.testing.assert_array_equal(forecast.values, truth.values)
    assert forecast.values.shape == (3, 4, 1, 3) and np.isfinite(forecast.values).all()
    assert (np.diff(forecast.values, axis=-1) >= 0).all()
    assert fitted.names == ("seasonal-naive", "theta", "gru") and fitted.records == () and fitted.ending == "finished"


@pytest.mark.parametrize("factor", [np.nan, 100.0])
def test_what_lies_after_the_cutoff_changes_nothing(asked, factor):
    forecaster, fitted, expected = asked
    panel = waves()
    origins = origins_of(panel)
    for series in range(3):
        panel = changed(panel, series, slice(origins.rows[series], None), factor)
    np.testing.assert_array_equal(fitted.predict(panel.extended(4), origins).values, expected.values)
    again = forecaster.fit(panel.before(origins.rows), TASK, Deadline()).predict(panel, origins)
    np.testing.assert_array_equal(again.values, expected.values)


def test_a_series_alone_gets_what_it_gets_among_others_and_origins_keep_their_order(asked):
    _, fitted, whole = asked
    panel = waves()
    origins = origins_of(panel)
    for series in range(3):
        alone = fitted.predict(panel, origins.take(np.array([series])))
        np.testing.assert_allclose(alone.values[0], whole.values[series], rtol=0, atol=1e-5)
    backwards = fitted.predict(panel, origins.take(np.array([2, 1, 0])))
    np.testing.assert_array_equal(backwards.origins.series, [2, 1, 0])
    np.testing.assert_allclose(backwards.values[::-1], whole.values, rtol=0, atol=1e-5)


def test_classical_members_give_the_bits_of_each_series_alone_in_any_order():
    forecaster = Ensemble("median", tuple(build_local(name) for name in ("naive", "drift", "theta", "seasonal-naive")))
    panel, other = waves(), waves("cab")
    whole = forecaster.fit(panel, TASK, Deadline()).predict(panel, panel.at_end())
    moved = forecaster.fit(other, TASK, Deadline()).predict(other, other.at_end())
    np.testing.assert_array_equal(moved.values[[1, 2, 0]], whole.values)
    alone = forecaster.fit(panel, TASK, Deadline()).predict(panel, panel.at_end().take(np.array([1])))
    np.testing.assert_array_equal(alone.values[0], whole.values[1])


def test_moved_to_another_table_it_goes_on_from_there(asked):
    forecaster, fitted, _ = asked
    panel = waves()
    longer = make_panel({"new": panel.values[: panel.offsets[1]] * 1000}, past=1)
    got = fitted.moved(longer, panel).predict(longer, longer.at_end())
    parts = [member.moved(longer, panel).predict(longer, longer.at_end()) for member in fitted.members]
    said = dict(zip(fitted.names, parts, strict=True))
    truth = median_of("m", said) if forecaster.weights is None else combined("e", said, forecaster.weights)
    np.testing.assert_array_equal(got.values, truth.values)
    with pytest.raises(ColumnError, match="forecasts from the columns it was trained with"):
        fitted.moved(make_panel({"a": np.arange(50.0)}), panel)


@dataclass(eq=False)
class Told:
    """A member that says one number everywhere and remembers how long it was given."""

    name: str
    value: float = 0.0
    notes: tuple[str, ...] = ()
    ending: str = "finished"
    records: tuple[()] = ()
    given: float = 0.0

    def fit(self, panel, task, deadline):
        self.given = deadline.left
        return self

    def moved(self, panel, known):
        return self

    def predict(self, panel, origins):
        values = np.full((len(origins), 4, 1, 3), self.value)
        # Backwards: an ensemble may not hang on the order in which a member answers.
        return Forecast(origins.take(np.arange(len(origins))[::-1]), TASK.quantiles, values[..., 1], values)


def told(*members, weights=None):
    panel = waves()
    fitted = Ensemble("median", members, weights).fit(panel, TASK, Deadline.after(100.0))
    return fitted, fitted.predict(panel, panel.at_end())


def test_networks_share_the_time_and_classical_models_have_what_is_left():
    members = [Told(name) for name in ("naive", "gru", "lstm", "ets")]
    told(*members)
    assert [round(member.given) for member in members] == [100, 33, 50, 100]
    alone = [Told("gru"), Told("lstm")]
    told(*alone)
    assert [round(member.given) for member in alone] == [50, 100]


@pytest.mark.parametrize(
    ("endings", "whole"),
    [
        (("finished", "stalled"), "finished"),
        (("out of time", "stalled"), "out of time"),
        (("out of time", "interrupted"), "interrupted"),
    ],
)
def test_the_worst_ending_of_a_member_is_that_of_the_whole(endings, whole):
    members = [Told(name, ending=ending) for name, ending in zip(("gru", "lstm"), endings, strict=True)]
    assert told(*members)[0].ending == whole


def test_notes_are_those_of_the_members_and_who_was_left_out():
    fitted, forecast = told(Told("naive", 1.0, notes=("naive: slept",)), Told("ets", np.nan), Told("theta", 3.0))
    assert (forecast.values == 2.0).all() and list(forecast.origins.series) == [0, 1, 2]
    assert fitted.notes == (
        "naive: slept",
        "median: ets gave no number for 3 of 3 forecasts and was left out there.",
    )
    assert fitted.moved(waves(), waves()).notes == ("naive: slept",)


def test_members_without_a_name_of_their_own_or_a_weight_are_refused():
    with pytest.raises(ValueError, match="members, each of a name of its own; got"):
        Ensemble("median", (Told("naive"), Told("naive")))
    with pytest.raises(ValueError, match=r"members, each of a name of its own; got \[\]"):
        Ensemble("median", ())
    with pytest.raises(ValueError, match=r"\['ets'\] are not among \['naive'\]"):
        Ensemble("ensemble", (Told("naive"),), {"naive": 0.5, "ets": 0.5})


def test_it_is_forecast_again_to_the_same_bits(asked):
    forecaster, _, expected = asked
    panel = waves()
    again = replace(forecaster).fit(panel.before(panel.history - 10), TASK, Deadline())
    np.testing.assert_array_equal(again.predict(panel, origins_of(panel)).values, expected.values)
