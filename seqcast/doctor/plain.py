"""Values as JSON knows them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass

import numpy as np


def plain(value: object) -> object:
    """Return `value` in terms of dict, list, str, bool, int, float and None; a number that is not finite is None.

    Examples
    --------
    >>> plain({"a": np.array([1.0, np.nan]), "b": (True, "x")})
    {'a': [1.0, None], 'b': [True, 'x']}
    """
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)
