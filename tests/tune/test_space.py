"""Where settings are sought is read off the configs; a user narrows it, and what he fixed is not sought."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.config import Settings, built
from seqcast.errors import ConfigError
from seqcast.models.registry import NETWORKS
from seqcast.ranges import Choices, Range, domains_of
from seqcast.train.config import FitConfig
from seqcast.tune.space import FAMILY, Space, applied, defaults


def settings(models=("hybrid", "lstm"), **more):
    return Settings.from_mapping({"source": "a.csv", "run": {"horizon": 4, "models": list(models)}, **more})


def drawn(space, share):
    return space.sampled(lambda name, domain: domain.at(share))


def test_the_rate_lies_where_the_mission_wants_it_and_every_family_has_its_own_settings():
    space = Space.of(settings(), rows=3000)
    assert space.shared["training.lr"] == Range(1e-5, 1e-2, log=True)
    assert {"training.batch", "training.loss"} <= set(space.shared)
    for name in ("context", "patch", "width", "dropout", "lstm_layers"):
        assert f"model.hybrid.{name}" in space.own["hybrid"]
    assert "model.lstm.width" in space.own["lstm"] and "model.lstm.patch" not in space.own["lstm"]


@pytest.mark.parametrize("config", [FitConfig, *(family.config for family in NETWORKS.values())])
def test_every_domain_holds_the_default_of_its_field(config):
    domains = domains_of(config)
    assert domains
    for name, domain in domains.items():
        assert domain.holds(getattr(config(), name)), name


@given(st.floats(0, 1), st.sampled_from(sorted(NETWORKS)))
def test_every_point_makes_settings_that_can_be_built(share, family):
    asked = settings((family,))
    params = drawn(Space.of(asked, rows=3000), share)
    tried = applied(asked, params)
    built(NETWORKS[family].config, tried.model[family], family)
    training = built(FitConfig, tried.training, "training")
    assert training.lr == params["training.lr"] and tried.run.models == (family,)


@given(st.integers(1, 10_000))
def test_no_context_is_sought_that_the_history_is_too_short_for(rows):
    context = Space.of(settings(), rows=rows).own["lstm"]["model.lstm.context"]
    assert None in context.options and all(steps <= rows / 3 for steps in context.options if steps is not None)


def test_what_the_settings_fix_is_not_sought():
    space = Space.of(settings(training={"lr": 0.003}, model={"lstm": {"width": 8}}), rows=500)
    assert "training.lr" not in space.shared and "model.lstm.width" not in space.own["lstm"]
    assert "model.hybrid.width" in space.own["hybrid"]
    assert applied(settings(training={"lr": 0.003}), drawn(space, 0.5)).training["lr"] == 0.003


def test_what_is_fixed_is_not_narrowed_too():
    with pytest.raises(ConfigError, match=r"training.lr is 0.003 in \[training\] and stands in \[space\] too"):
        Space.of(settings(training={"lr": 0.003}, space={"training.lr": [0.001]}), 500)


def test_the_defaults_change_nothing_but_the_family():
    asked = settings()
    assert applied(asked, defaults(Space.of(asked, 500))) == settings(("hybrid",))


@pytest.mark.parametrize(
    ("given", "domain"),
    [
        ({"low": 1e-4, "high": 1e-3, "log": True}, Range(1e-4, 1e-3, log=True)),
        ({"low": 1e-4, "high": 1e-3}, Range(1e-4, 1e-3)),
        ([0.001, 0.01], Choices((0.001, 0.01))),
        (0.001, Choices((0.001,))),
    ],
)
def test_a_user_narrows_a_setting(given, domain):
    assert Space.of(settings(space={"training.lr": given}), 500).shared["training.lr"] == domain


@pytest.mark.parametrize(
    ("models", "space", "message"),
    [
        (("theta",), {}, "Settings are sought for networks; got theta"),
        (("lstm",), {"training.lrr": 1}, "Did you mean 'training.lr'?"),
        (("lstm",), {"model.hybrid.width": [8]}, "no setting 'model.hybrid.width' to narrow"),
        (("lstm",), {"training.lr": {"low": 1}}, "a range has low, high"),
        (("lstm",), {"training.lr": {"low": "a", "high": 2}}, "low and high are numbers"),
        (("lstm",), {"training.lr": {"low": 2, "high": 1}}, "from a lower to a higher number"),
        (("lstm",), {"training.lr": {"low": 0, "high": 1, "log": True}}, "above 0"),
        (("lstm",), {"training.lr": []}, "one value or more"),
        (("lstm",), {"training.lr": [[1], 2]}, "single values"),
    ],
)
def test_what_cannot_be_sought_is_refused(models, space, message):
    with pytest.raises(ConfigError, match=message.replace("?", r"\?").replace("'", "'")):
        Space.of(settings(models, space=space), 500)


@given(st.floats(0, 1), st.booleans())
def test_a_range_holds_whatever_it_gives(share, log):
    for domain in (Range(0.5, 7.25, log=log), Range(1, 300, log=log)):
        assert domain.holds(domain.at(share))
    assert isinstance(Range(1, 300, log=log).at(share), int)


def test_a_range_that_is_sought_by_ratio_gives_as_much_to_each_factor():
    shares = [Range(1e-5, 1e-2, log=True).at(step / 999) for step in range(1000)]
    assert sum(value < 1e-4 for value in shares) == pytest.approx(1000 / 3, abs=1)


def test_a_family_alone_is_not_drawn():
    asked = []
    Space.of(settings(("gru",)), 500).sampled(lambda name, domain: asked.append(name) or domain.at(0.0))
    assert FAMILY not in asked
