"""Keras on the torch backend, as a truth that this project did not write; imported only where a row asks for it."""

import os
import tempfile
from types import ModuleType

import pytest


def keras() -> ModuleType:
    """Return Keras, or skip where the extra `oracle` is not installed.

    Keras chooses its backend at import and writes a settings file: both are steered by the environment alone.
    """
    os.environ["KERAS_BACKEND"] = "torch"
    os.environ.setdefault("KERAS_HOME", tempfile.mkdtemp(prefix="keras-"))
    module = pytest.importorskip("keras", reason="Keras is not installed: pip install 'seqcast[oracle]'")
    assert module.backend.backend() == "torch"
    return module
