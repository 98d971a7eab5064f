"""seqcast: from a table of time series to a forecast that can be trusted."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seqcast.classifier import Classifier as Classifier
    from seqcast.data.options import RoleOptions as RoleOptions
    from seqcast.data.options import TableOptions as TableOptions
    from seqcast.data.panel import Panel as Panel
    from seqcast.data.table import read_panel as read_panel
    from seqcast.errors import SeqcastError as SeqcastError
    from seqcast.forecaster import Forecaster as Forecaster
    from seqcast.forecaster import load as load
    from seqcast.leaks.outside import audit as audit
    from seqcast.regressor import Regressor as Regressor
    from seqcast.runs.job import run as run

__version__ = "0.1.0"

_HOMES = {
    "Classifier": "classifier",
    "Forecaster": "forecaster",
    "Panel": "data.panel",
    "Regressor": "regressor",
    "RoleOptions": "data.options",
    "SeqcastError": "errors",
    "TableOptions": "data.options",
    "audit": "leaks.outside",
    "load": "forecaster",
    "read_panel": "data.table",
    "run": "runs.job",
}

__all__ = [
    "Classifier",
    "Forecaster",
    "Panel",
    "Regressor",
    "RoleOptions",
    "SeqcastError",
    "TableOptions",
    "audit",
    "load",
    "read_panel",
    "run",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'seqcast' has no attribute {name!r}")
    return getattr(import_module(f"seqcast.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
