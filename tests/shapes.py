"""Checks every annotated shape and type of a function at each call; the import hook of conftest puts it on seqcast."""

from collections.abc import Callable
from typing import Any, Self

from beartype import beartype


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with its annotations checked, but for `Self`, which beartype knows on whole classes only."""
    hints = getattr(function, "__annotations__", {})
    if Self in hints.values():
        function.__annotations__ = {name: hint for name, hint in hints.items() if hint is not Self}
    return beartype(function)
