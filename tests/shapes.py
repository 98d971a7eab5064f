"""Checks every annotated shape and type of a function at each call; the import hook of conftest puts it on seqcast."""

from collections.abc import Callable
from typing import Any, Self, get_args, runtime_checkable

from beartype import BeartypeConf, beartype

_CHECK = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int is a float, as type checkers have it


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with its annotations checked.

    Two kinds beartype cannot take as they are: `Self`, which it knows on whole classes only and is left out here, and
    protocols, which it asks by `isinstance`, so they are made ready for that.
    """
    hints = getattr(function, "__annotations__", {})
    if Self in hints.values():
        function.__annotations__ = {name: hint for name, hint in hints.items() if hint is not Self}
    for hint in hints.values():
        _prepare(hint)
    return _CHECK(function)


def _prepare(hint: object) -> None:
    if isinstance(hint, type) and getattr(hint, "_is_protocol", False):
        runtime_checkable(hint)
    for part in get_args(hint):
        _prepare(part)
