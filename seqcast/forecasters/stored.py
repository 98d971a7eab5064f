"""Forecasts and trained networks as plain arrays and JSON, and back. No class name is ever looked up in a file."""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from seqcast.data.calendar import Frequency
from seqcast.data.encode import Encoder
from seqcast.data.panel import Panel
from seqcast.data.scale import Scaler
from seqcast.types import Columns, Forecast, Origins

Arrays = dict[str, np.ndarray]


def forecast_arrays(forecast: Forecast) -> Arrays:
    """Return a forecast as named arrays."""
    origins = forecast.origins
    return {
        "series": origins.series,
        "rows": origins.rows,
        "fold": origins.fold,
        "quantiles": np.array(forecast.quantiles),
        "mean": forecast.mean,
        "values": forecast.values,
    }


def forecast_of(arrays: Arrays) -> Forecast:
    """Return the forecast that `forecast_arrays` took apart."""
    origins = Origins(arrays["series"], arrays["rows"], arrays["fold"])
    levels = tuple(float(level) for level in arrays["quantiles"])
    return Forecast(origins, levels, arrays["mean"], arrays["values"])


def panel_bytes(panel: Panel) -> bytes:
    """Return a panel as one file of arrays."""
    return packed({"offsets": panel.offsets, "times": panel.times, "values": panel.values, "static": panel.static})


def panel_facts(panel: Panel) -> dict[str, Any]:
    """Return the small parts of a panel as JSON values."""
    return {
        "columns": asdict(panel.columns),
        "frequency": panel.frequency.to_dict(),
        "series": list(panel.series),
        "categories": {name: list(labels) for name, labels in panel.categories.items()},
    }


def panel_of(arrays: Arrays, columns: Columns, facts: dict[str, Any]) -> Panel:
    """Return the panel that `panel_bytes` and `panel_facts` took apart."""
    parts = (arrays[name] for name in ("offsets", "times", "values", "static"))
    categories = {name: tuple(labels) for name, labels in facts["categories"].items()}
    return Panel(
        columns, Frequency.from_dict(facts["frequency"]), tuple(facts["series"]), *parts, categories=categories
    )


def encoder_arrays(encoder: Encoder) -> Arrays:
    """Return the arrays of an encoder."""
    scaler = encoder.scaler
    return {
        "loc": scaler.loc,
        "scale": scaler.scale,
        "static_loc": encoder.static_loc,
        "static_scale": encoder.static_scale,
    }


def encoder_facts(encoder: Encoder) -> dict[str, Any]:
    """Return the small parts of an encoder as JSON values."""
    levels = {name: list(labels) for name, labels in encoder.levels.items()}
    names = {"gaps": list(encoder.gaps), "idle": sorted(encoder.idle), "cycles": list(encoder.cycles)}
    return {"levels": levels, "scaler": encoder.scaler.kind, **names}


def encoder_of(arrays: Arrays, facts: dict[str, Any], fitted_until: np.ndarray) -> Encoder:
    """Return the encoder that was taken apart, fitted until these rows of the panel it will read."""
    levels = {name: tuple(labels) for name, labels in facts["levels"].items()}
    scaler = Scaler(arrays["loc"], arrays["scale"], fitted_until, facts["scaler"])
    gaps, idle, cycles = tuple(facts["gaps"]), frozenset(facts["idle"]), tuple(facts["cycles"])
    return Encoder(scaler, levels, gaps, idle, cycles, arrays["static_loc"], arrays["static_scale"])


def packed(arrays: Arrays, meta: dict[str, Any] | None = None) -> bytes:
    """Return arrays, and JSON beside them, as one safetensors file."""
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    return save(whole, metadata={"facts": json.dumps(meta or {})})


def unpacked(data: bytes) -> tuple[Arrays, dict[str, Any]]:
    """Return what `packed` put together.

    Examples
    --------
    >>> arrays, meta = unpacked(packed({"a": np.zeros(2)}, {"seconds": 1.5}))
    >>> arrays["a"].tolist(), meta
    ([0.0, 0.0], {'seconds': 1.5})
    """
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    return load(data), json.loads(header.get("__metadata__", {}).get("facts", "{}"))
