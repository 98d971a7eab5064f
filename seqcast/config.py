"""TOML ↔ frozen dataclasses: one definition of every setting, for files, the command line and Python."""

import inspect
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from seqcast.data.options import RoleOptions, TableOptions
from seqcast.errors import ConfigError, nearest
from seqcast.options import RunOptions, SearchOptions

Built = TypeVar("Built")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that a run depends on beside the table itself; `run.toml` holds it.

    Parameters
    ----------
    source : str or None
        Path, or database address with `table.query`; None for a table in memory.
    columns, table, run : RoleOptions, TableOptions, RunOptions
        How the table is read and what is to be done.
    training : mapping
        Settings of `FitConfig`.
    model : mapping
        Settings of each network family, by name.
    search : SearchOptions
        How better ones are sought, where they are.
    space : mapping
        Where they are sought, narrower than by default: `{"training.lr": {"low": 1e-4, "high": 1e-3}}`.
    """

    source: str | None = None
    columns: RoleOptions = field(default_factory=RoleOptions)
    table: TableOptions = field(default_factory=TableOptions)
    run: RunOptions
    training: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    search: SearchOptions = field(default_factory=SearchOptions)
    space: Mapping[str, Any] = field(default_factory=dict)

    def to_toml(self) -> str:
        """Return the settings as TOML that `Settings.from_mapping` reads back."""
        return tomli_w.dumps(self.to_mapping())

    def to_mapping(self) -> dict[str, Any]:
        """Return the settings as plain nested values, without what is unset and a search that was not asked for."""
        mapping = asdict(self)
        if self.search == SearchOptions():
            del mapping["search"]
        if not self.space:
            del mapping["space"]
        return _without_none(mapping)

    def parameters(self, model: str) -> dict[str, Any]:
        """Return the arguments of the `Forecaster` that does with `model` what these settings ask."""
        given = self.to_mapping()
        kept = ("horizon", "quantiles", "season", "seed", "budget", "intervals", "spread")
        return {
            "model": model,
            **given["columns"],
            **{name: given["run"][name] for name in kept if name in given["run"]},
            "table": given["table"],
            "training": given["training"],
            "settings": given["model"].get(model, {}),
        }

    @classmethod
    def of_parameters(cls, parameters: Mapping[str, Any]) -> "Settings":
        """Return the settings that the arguments of a `Forecaster` stand for, the way back from `parameters`.

        Examples
        --------
        >>> Settings.of_parameters({"horizon": 24, "model": "theta", "target": "load"}).columns.target
        ('load',)
        """
        given = data_only(dict(parameters))
        target, model = given.get("target", []), given["model"]
        roles = {name: given.get(name) for name in ("time", "series", "known", "static", "ignore")}
        asked = ("horizon", "season", "seed", "intervals", "spread", "quantiles")
        run = {"models": [model], **{name: given[name] for name in asked if name in given}}
        if "quantiles" in run:
            run["quantiles"] = [float(level) for level in run["quantiles"]]
        return cls.from_mapping(
            {
                "columns": _without_none({**roles, "target": [target] if isinstance(target, str) else target}),
                "table": given.get("table", {}),
                "run": run,
                "training": given.get("training", {}),
                "model": {model: given["settings"]} if given.get("settings") else {},
            }
        )

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> "Settings":
        """Build settings from nested values.

        Raises
        ------
        ConfigError
            For an unknown section or key (names the nearest), or a value of a wrong type.

        Examples
        --------
        >>> Settings.from_mapping({"source": "a.csv", "run": {"horizon": 24}}).run.horizon
        24
        """
        known = [part.name for part in fields(cls)]
        for name in mapping:
            if name not in known:
                raise ConfigError(f"No section is named {name!r}. {nearest(name, known)}")
        return cls(
            source=mapping.get("source"),
            columns=built(RoleOptions, mapping.get("columns", {}), "columns"),
            table=built(TableOptions, mapping.get("table", {}), "table"),
            run=built(RunOptions, mapping.get("run", {}), "run"),
            training=dict(mapping.get("training", {})),
            model={name: dict(values) for name, values in mapping.get("model", {}).items()},
            search=built(SearchOptions, mapping.get("search", {}), "search"),
            space=dict(mapping.get("space", {})),
        )


def built(config: type[Built], values: Mapping[str, Any], section: str) -> Built:
    """Return the dataclass `config` with these values, each checked against the type of its field.

    Raises
    ------
    ConfigError
        For an unknown key (names the nearest), or a value of a wrong type.

    Examples
    --------
    >>> built(RoleOptions, {"target": ["price"]}, "columns").target
    ('price',)
    """
    from pydantic import TypeAdapter, ValidationError  # here: a third of a second that `--help` need not wait for

    known = list(inspect.signature(config).parameters)
    for name in values:
        if name not in known:
            raise ConfigError(f"[{section}] has no setting {name!r}. {nearest(name, known)}")
    try:
        return TypeAdapter(config).validate_json(json.dumps(dict(values)), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        own = first.get("ctx", {}).get("error")
        if isinstance(own, ConfigError):
            raise own from None
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"[{section}] {name}: {first['msg']}; got {first['input']!r}.") from None


def parameters_of(estimator: Any) -> dict[str, Any]:
    """Return the constructor's arguments of a dataclass by name, in the manner of scikit-learn's `get_params`."""
    return {part.name: getattr(estimator, part.name) for part in fields(estimator)}


def set_parameters(estimator: Any, params: Mapping[str, Any]) -> None:
    """Set constructor arguments of a dataclass by name, in the manner of scikit-learn's `set_params`.

    Raises
    ------
    ConfigError
        For an unknown name.
    """
    known = [part.name for part in fields(estimator)]
    for name, value in params.items():
        if name not in known:
            raise ConfigError(f"{type(estimator).__name__} has no parameter {name!r}. {nearest(name, known)}")
        setattr(estimator, name, value)


def read_toml(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file.

    Raises
    ------
    ConfigError
        When the file is missing or is no TOML; names the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"A configuration is a readable TOML file; {str(path)!r} is not: {error}.") from error


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `over` laid over it, section by section.

    Examples
    --------
    >>> merged({"run": {"horizon": 24, "seed": 1}}, {"run": {"seed": 2}})
    {'run': {'horizon': 24, 'seed': 2}}
    """
    result = dict(base)
    for name, value in over.items():
        inner = result.get(name)
        result[name] = merged(inner, value) if isinstance(value, Mapping) and isinstance(inner, Mapping) else value
    return result


def data_only(value: Any) -> Any:
    """Return settings as JSON values: dataclasses as mappings, sequences as lists, nothing unset.

    Examples
    --------
    >>> data_only({"known": ("a", "b"), "season": None})
    {'known': ['a', 'b']}
    """
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {name: data_only(inner) for name, inner in value.items() if inner is not None}
    return [data_only(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_none(inner) for name, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, (list, tuple)) else value
