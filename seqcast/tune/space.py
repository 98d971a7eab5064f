"""What may be varied, read off the fields of the configs: the family, its settings and those of training."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from seqcast.config import Settings, merged
from seqcast.errors import ConfigError, nearest
from seqcast.models.names import NETWORK_NAMES
from seqcast.ranges import Choices, Domain, Range, Value, domains_of

Params = Mapping[str, Value]
"""A setting's name, such as `training.lr` or `model.lstm.width`, to its value; `model` is the family."""

FAMILY = "model"


@dataclass(frozen=True)
class Space:
    """Where settings are sought.

    Parameters
    ----------
    families : tuple of str
        Networks to choose from; the first is the default.
    shared : mapping of str to Range or Choices
        Settings of training.
    own : mapping of str to mapping
        Settings of each family, by its name.
    """

    families: tuple[str, ...]
    shared: Mapping[str, Domain]
    own: Mapping[str, Mapping[str, Domain]]

    @classmethod
    def of(cls, settings: Settings, rows: int) -> "Space":
        """Return the space that these settings leave open: what they fix is not sought, and `space` narrows the rest.

        Parameters
        ----------
        settings : Settings
            Their `run.models` name the families.
        rows : int
            Known rows of the longest series: a context takes a third of them at most.

        Raises
        ------
        ConfigError
            For a model that is no network, or a setting that cannot be sought.
        """
        from seqcast.models.registry import NETWORKS  # here: torch, which a table and its plan need not wait for
        from seqcast.train.config import FitConfig

        families = tuple(name for name in settings.run.models if name in NETWORK_NAMES)
        if not families:
            raise ConfigError(
                f"Settings are sought for networks; got {', '.join(settings.run.models)}. "
                f"Name one or more with --models {','.join(NETWORK_NAMES)}."
            )
        _refuse_told_twice(settings)
        shared = _open("training", domains_of(FitConfig), settings.training)
        own = {
            name: _open(f"model.{name}", _within(domains_of(NETWORKS[name].config), rows), settings.model.get(name, {}))
            for name in families
        }
        return cls(families, shared, own).narrowed(settings.space)

    def narrowed(self, given: Mapping[str, Any]) -> "Space":
        """Return the space with other domains: `{"low", "high", "log"}`, a list of values, or one value.

        Raises
        ------
        ConfigError
            For a setting that is not sought (names the nearest), or a domain that is none.

        Examples
        --------
        >>> space = Space(("lstm",), {"training.lr": Range(1e-5, 1e-2, log=True)}, {"lstm": {}})
        >>> space.narrowed({"training.lr": [0.001, 0.01]}).shared
        {'training.lr': Choices(options=(0.001, 0.01))}
        """
        known = [*self.shared, *(name for part in self.own.values() for name in part)]
        for name in given:
            if name not in known:
                raise ConfigError(f"[space] has no setting {name!r} to narrow. {nearest(name, known)}")
        domains = {name: domain_of(name, value) for name, value in given.items()}

        def laid(part: Mapping[str, Domain]) -> dict[str, Domain]:
            return {name: domains.get(name, domain) for name, domain in part.items()}

        return Space(self.families, laid(self.shared), {name: laid(part) for name, part in self.own.items()})

    def sampled(self, draw: Callable[[str, Domain], Value]) -> dict[str, Value]:
        """Return one point: the family first, then its own settings, then those of training."""
        family = draw(FAMILY, Choices(self.families)) if len(self.families) > 1 else self.families[0]
        domains = {**self.own[str(family)], **self.shared}
        return {FAMILY: family, **{name: draw(name, domain) for name, domain in domains.items()}}

    def to_mapping(self) -> dict[str, Any]:
        """Return the space as JSON values."""
        parts = {**self.shared, **{name: domain for part in self.own.values() for name, domain in part.items()}}
        return {FAMILY: list(self.families), **{name: _plain(domain) for name, domain in parts.items()}}


def defaults(space: Space) -> dict[str, Value]:
    """Return the point that changes nothing but names the first family."""
    return {FAMILY: space.families[0]}


def applied(settings: Settings, params: Params) -> Settings:
    """Return the settings with those of a point laid over them, and its family as the only model.

    Examples
    --------
    >>> settings = Settings.from_mapping({"run": {"horizon": 1}})
    >>> tried = applied(settings, {"model": "gru", "training.lr": 0.01, "model.gru.width": 32})
    >>> tried.training, tried.model, tried.run.models
    ({'lr': 0.01}, {'gru': {'width': 32}}, ('gru',))
    """
    mapping = settings.to_mapping()
    mapping["run"]["models"] = [params[FAMILY]]
    for name, value in params.items():
        if name == FAMILY or value is None:
            continue
        over: dict[str, Any] = {name.split(".")[-1]: value}
        for part in reversed(name.split(".")[:-1]):
            over = {part: over}
        mapping = merged(mapping, over)
    return Settings.from_mapping(mapping)


def domain_of(name: str, given: Any) -> Domain:
    """Return the domain that a user wrote down.

    Raises
    ------
    ConfigError
        When it is none.

    Examples
    --------
    >>> domain_of("training.lr", {"low": 0.0001, "high": 0.01, "log": True}).log
    True
    """
    if isinstance(given, Mapping):
        if not {"low", "high"} <= set(given) <= {"low", "high", "log"}:
            raise ConfigError(f"[space] {name}: a range has low, high and perhaps log; got {sorted(given)}.")
        if not all(isinstance(given[end], (int, float)) for end in ("low", "high")):
            raise ConfigError(f"[space] {name}: low and high are numbers; got {given['low']!r} and {given['high']!r}.")
        return Range(given["low"], given["high"], bool(given.get("log", False)))
    options = tuple(given) if isinstance(given, (list, tuple)) else (given,)
    if any(isinstance(option, (list, tuple, Mapping)) for option in options):
        raise ConfigError(f"[space] {name}: choices are single values; got {given!r}.")
    return Choices(options)


def _open(section: str, domains: Mapping[str, Domain], fixed: Mapping[str, Any]) -> dict[str, Domain]:
    return {f"{section}.{name}": domain for name, domain in domains.items() if name not in fixed}


def _refuse_told_twice(settings: Settings) -> None:
    fixed = {"training": settings.training, **{f"model.{name}": own for name, own in settings.model.items()}}
    for name in settings.space:
        section, _, key = name.rpartition(".")
        if key in fixed.get(section, {}):
            raise ConfigError(
                f"A setting is either fixed or sought; {name} is {fixed[section][key]!r} in [{section}] and stands in "
                "[space] too. Leave it out of one of them."
            )


def _within(domains: Mapping[str, Domain], rows: int) -> dict[str, Domain]:
    """Return the domains without contexts that the history is too short for."""
    kept = dict(domains)
    context = kept.get("context")
    if isinstance(context, Choices):
        kept["context"] = Choices(tuple(c for c in context.options if not isinstance(c, int) or c <= rows // 3))
    return kept


def _plain(domain: Domain) -> Any:
    if isinstance(domain, Choices):
        return list(domain.options)
    return {"low": domain.low, "high": domain.high, "log": domain.log}
