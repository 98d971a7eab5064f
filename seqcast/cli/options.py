"""Command-line options made from the fields of the settings, so that no setting is written down twice."""

import inspect
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, get_args, get_type_hints

import typer

from seqcast.config import Settings, merged, read_toml
from seqcast.data.options import RoleOptions, SampleOptions, TableOptions
from seqcast.errors import ConfigError
from seqcast.options import ClassifyOptions, RunOptions, SearchOptions
from seqcast.runs.classify_settings import ClassifySettings

SECTIONS: Mapping[str, type] = {
    "columns": RoleOptions,
    "table": TableOptions,
    "run": RunOptions,
    "search": SearchOptions,
}
TABLE_SECTIONS = ("columns", "table")
RUN_SECTIONS = (*TABLE_SECTIONS, "run")
CLASSIFY_SECTIONS: Mapping[str, type] = {"columns": SampleOptions, "table": TableOptions, "run": ClassifyOptions}
_OF_PANELS = ("freq", "resample", "aggregate", "date_format")  # ways to read a table that has one grid of times
_PANELS = {"columns": "Columns", "table": "Reading the table", "run": "Work", "search": "Search"}


def with_settings(
    command: Callable[..., None], sections: Sequence[str] = RUN_SECTIONS, without: Sequence[str] = ()
) -> Callable[..., None]:
    """Give a command every option of the sections but some; it receives them as one `Settings` in `settings`.

    The command's own parameters come first. `--config FILE` is read first, `--set KEY=VALUE` is laid over it, and the
    options that were given come last.
    """
    own = [part for part in inspect.signature(command, eval_str=True).parameters.values() if part.name != "settings"]

    def wrapped(**given: Any) -> None:
        mine = {part.name: given.pop(part.name) for part in own}
        command(**mine, settings=settings_of(mine.get("source"), given))

    offered = [part for section in sections for part in _section(SECTIONS[section], _PANELS[section])]
    return _signed(wrapped, command, [*own, *_shared(), *(part for part in offered if part.name not in without)])


def with_classify_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Do the same for a command that receives `ClassifySettings`."""
    own = [part for part in inspect.signature(command, eval_str=True).parameters.values() if part.name != "settings"]

    def wrapped(**given: Any) -> None:
        mine = {part.name: given.pop(part.name) for part in own}
        mapping = _laid_over({}, mine.get("source"), given, CLASSIFY_SECTIONS)
        command(**mine, settings=ClassifySettings.from_mapping(mapping))

    offered = [part for name, kind in CLASSIFY_SECTIONS.items() for part in _section(kind, _PANELS[name])]
    kept = [part for part in offered if part.name not in _OF_PANELS]
    return _signed(wrapped, command, [*own, *_shared("network.width=128"), *kept])


def _signed(
    wrapped: Callable[..., None], command: Callable[..., None], parameters: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    keyword = inspect.Parameter.KEYWORD_ONLY
    signature = inspect.Signature([part.replace(kind=keyword) for part in parameters])
    wrapped.__signature__ = signature  # type: ignore[attr-defined]
    wrapped.__annotations__ = {part.name: part.annotation for part in parameters}
    wrapped.__doc__, wrapped.__name__ = command.__doc__, command.__name__
    return wrapped


def settings_of(source: str | None, given: Mapping[str, Any]) -> Settings:
    """Return the settings that a file, `--set` and the options add up to.

    Raises
    ------
    ConfigError
        For an unknown key or a value of a wrong type, and where no source is named.

    Examples
    --------
    >>> settings_of("a.csv", {"target": ["load,price"], "horizon": 24, "set": ["training.lr=0.01"]}).columns.target
    ('load', 'price')
    """
    # A command that does not offer --horizon forecasts nothing, and a horizon must not be asked of it.
    mapping = _laid_over({} if "horizon" in given else {"run": {"horizon": 1}}, source, given, SECTIONS)
    if not mapping.get("source"):
        raise ConfigError("A table is needed; none was named. For example: seqcast run sales.csv --horizon 12")
    return Settings.from_mapping(mapping)


def _laid_over(
    mapping: dict[str, Any], source: str | None, given: Mapping[str, Any], sections: Mapping[str, type]
) -> dict[str, Any]:
    """Return `mapping` with a file, `--set` and the options laid over it, in this order."""
    if given.get("config"):
        mapping = merged(mapping, read_toml(Path(given["config"])))
    for assignment in given.get("set") or []:
        mapping = merged(mapping, _assigned(assignment))
    for section, options in sections.items():
        values = {part.name: _plain(given.get(part.name), _kind(options, part.name)) for part in fields(options)}
        mapping = merged(mapping, {section: {name: value for name, value in values.items() if value is not None}})
    return mapping if source is None else merged(mapping, {"source": source})


def _shared(example: str = "training.lr=0.001, model.hybrid.width=128") -> list[inspect.Parameter]:
    config = Annotated[
        str | None, typer.Option("--config", metavar="FILE", help="settings as TOML, such as a run.toml")
    ]
    more = Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help=f"any other setting: {example}"),
    ]
    return [_parameter("config", config), _parameter("set", more)]


def _section(options: type, panel: str) -> list[inspect.Parameter]:
    parameters = []
    for part in fields(options):
        kind = _kind(options, part.name)
        name = part.name.replace("_", "-")
        names = [f"--{name}/--no-{name}"] if kind is bool else [f"--{name}"]
        shown = typer.Option(*names, help=part.metadata["help"], rich_help_panel=panel, show_default=False)
        annotation = list[str] if kind in (tuple, float) else kind
        parameters.append(_parameter(part.name, Annotated[annotation | None, shown]))
    return parameters


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _kind(options: type, name: str) -> type:
    """Return str, int or bool, tuple for several words, float for several numbers."""
    hint = get_type_hints(options)[name]
    if isinstance(hint, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_args(hint):
        return float if get_args(hint)[0] is float else tuple
    return hint


def _plain(value: Any, kind: type) -> Any:
    """Split what was given as `a,b`; commas inside brackets belong to a name such as arima(2,1,1)."""
    if not value or kind not in (tuple, float):
        return value
    words = [word.strip() for part in value for word in _split(part)]
    if kind is tuple:
        return words
    try:
        return [float(word) for word in words]
    except ValueError:
        raise ConfigError(f"Quantiles are numbers between 0 and 1, such as 0.1,0.5,0.9; got {value}.") from None


def _split(text: str) -> list[str]:
    words, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            words.append("")
        else:
            words[-1] += letter
    return [word for word in words if word.strip()]


def _assigned(assignment: str) -> dict[str, Any]:
    key, sign, value = assignment.partition("=")
    if not sign:
        raise ConfigError(f"--set takes KEY=VALUE, such as training.lr=0.001; got {assignment!r}.")
    try:
        return tomllib.loads(f"{key} = {value}")
    except tomllib.TOMLDecodeError:
        try:
            return tomllib.loads(f"{key} = {_quoted(value)}")
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(
                f"--set takes KEY=VALUE, such as training.lr=0.001; got {assignment!r}: {error}."
            ) from None


def _quoted(value: str) -> str:
    escaped = value.strip().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
