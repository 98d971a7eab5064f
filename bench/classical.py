"""Accuracy and cost of the classical models, beside the alternatives that were not chosen.

Measures, in one run and side by side: MASE, coverage of the 80 % interval, and CPU seconds a fit (mean and largest), of
every classical model on three tasks: airline passengers (the last 12 months held out), the oil temperature of ETTh1
(24 h ahead from 20 origins in the first 12 months), and 100 monthly series of M3 (their own test part). Beside the
chosen automatic ARIMA and ETS stand what a library does by default, what other bounds give, and ETS as statsforecast
optimises it. Usage: python bench/classical.py [--quick]. The last line of stdout is one JSON object.
"""

import argparse
import json
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from statsforecast.arima import auto_arima_f, forecast_arima
from statsforecast.ets import ets_f, forecast_ets
from statsforecast.theta import auto_theta, forecast_theta
from statsmodels.tsa.seasonal import STL
from statsmodels.tsa.statespace.sarimax import SARIMAX

from seqcast.forecasters.arima import given_arima
from seqcast.forecasters.classical import CLASSICAL
from seqcast.forecasters.gaussian import rescaled
from seqcast.forecasters.local import Lazy
from seqcast.forecasters.orders import ArimaOrder
from seqcast.types import Task

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


class Case(NamedTuple):
    """One forecast to make: what is known, what came, the season."""

    known: np.ndarray
    came: np.ndarray
    season: int


Method = Callable[[Case], tuple[np.ndarray, np.ndarray | None]]
"""Case → (mean, lowest and highest decile or None)."""


def airline() -> list[Case]:
    """Return airline passengers with the last year held out."""
    values = pl.read_csv(DATA / "classic/air_passengers.csv")[:, 1].to_numpy().astype(float)
    return [Case(values[:-12], values[-12:], 12)]


def oil_temperature(count: int) -> list[Case]:
    """Return `count` days of ETTh1's oil temperature, spread over its first year."""
    values = pl.read_csv(DATA / "ett/ETTh1.csv.gz")["OT"].to_numpy().astype(float)
    origins = np.linspace(24 * 60, 365 * 24 - 24, 20).astype(int)[:: 20 // count]
    return [Case(values[:origin], values[origin : origin + 24], 24) for origin in origins]


def m3_monthly(count: int) -> list[Case]:
    """Return monthly series of M3 with their own test part, drawn with a fixed seed."""
    meta = pl.read_csv(DATA / "m_competitions/m3_meta.csv.gz").filter(pl.col("period") == "monthly")
    chosen = sorted(np.random.default_rng(0).choice(meta["series_id"].to_list(), count, replace=False))
    rows = pl.read_csv(DATA / "m_competitions/m3_long.csv.gz").filter(pl.col("series_id").is_in(chosen)).sort("t")
    parts = rows.partition_by("series_id", "split", as_dict=True)
    part = {key: frame["y"].to_numpy().astype(float) for key, frame in parts.items()}
    return [Case(part[name, "train"], part[name, "test"], 12) for name in chosen]


def ours(name: str, case: Case) -> tuple[np.ndarray, np.ndarray | None]:
    """Forecast as seqcast does."""
    entry = CLASSICAL[name]
    function = entry.load() if isinstance(entry, Lazy) else entry
    forecast = rescaled(function, case.known, Task(horizon=len(case.came), season=case.season))
    return forecast.mean, forecast.values[:, [0, -1]]


def direct(case: Case, latest: int | None = None, **search: object) -> tuple[np.ndarray, None]:
    """Forecast by automatic ARIMA with seasonal terms."""
    known = case.known[-latest:] if latest else case.known
    loc, scale = known.mean(), known.std()
    model = auto_arima_f((known - loc) / scale, period=case.season, **search)
    return loc + scale * forecast_arima(model, len(case.came))["mean"], None


def on_stl(case: Case, latest: int) -> tuple[np.ndarray, None]:
    """Forecast by automatic ARIMA without seasonal terms on what STL leaves of the latest rows."""
    known = case.known[-latest:]
    pattern = STL(known, period=case.season, seasonal=11, seasonal_deg=0).fit().seasonal
    mean, _ = direct(Case(known - pattern, case.came, 1))
    return mean + np.resize(pattern[-case.season :], len(case.came)), None


def on_fourier(case: Case, latest: int, pairs: int) -> tuple[np.ndarray, None]:
    """Forecast by automatic ARIMA on what a regression on sines and cosines leaves."""
    known = case.known[-latest:]
    rows = np.arange(len(known) + len(case.came))
    angles = 2 * np.pi * rows[:, None] * np.arange(1, pairs + 1) / case.season
    waves = np.hstack([np.cos(angles), np.sin(angles)])
    design = np.column_stack([np.ones(len(known)), rows[: len(known)], waves[: len(known)]])
    pattern = waves @ np.linalg.lstsq(design, known, rcond=None)[0][2:]
    mean, _ = direct(Case(known - pattern[: len(known)], case.came, 1))
    return mean + pattern[len(known) :], None


def library_ets(case: Case) -> tuple[np.ndarray, None]:
    """Forecast by ETS as statsforecast chooses and optimises it."""
    scale = np.abs(case.known).mean()
    return scale * forecast_ets(ets_f(case.known / scale, case.season), len(case.came))["mean"], None


def library_theta(case: Case, model: str | None) -> tuple[np.ndarray, None]:
    """Forecast by one of the Theta models of statsforecast, or by that of least error."""
    scale = np.abs(case.known).mean()
    fitted = auto_theta(case.known / scale, case.season, model=model)
    return scale * forecast_theta(fitted, len(case.came))["mean"], None


def in_levels(case: Case, latest: int) -> tuple[np.ndarray, None]:
    """Forecast by ARIMA(2,1,1)(0,1,1), its likelihood taken without differencing first."""
    known = case.known[-latest:]
    loc, scale = known.mean(), known.std()
    model = SARIMAX((known - loc) / scale, order=(2, 1, 1), seasonal_order=(0, 1, 1, case.season))
    return loc + scale * model.fit(disp=False).forecast(len(case.came)), None


def given(case: Case, latest: int) -> tuple[np.ndarray, None]:
    """Forecast by the same orders as seqcast does."""
    task = Task(horizon=len(case.came), season=case.season)
    return given_arima(case.known[-latest:], task, order=ArimaOrder.parse("arima(2,1,1)(0,1,1)")).mean, None


THETAS = ("STM", "OTM", "DSTM", "DOTM", None)
BOUNDED = {"max_p": 3, "max_q": 3, "max_P": 1, "max_Q": 1, "max_order": 4, "nmodels": 25}
MODELS: dict[str, Method] = {name: partial(ours, name) for name in CLASSICAL}
SHORT_SEASON: dict[str, Method] = {
    "seasonal search, library's bounds": direct,
    "seasonal search, approximate": partial(direct, approximation=True),
    "seasonal search, exact, bounded": partial(direct, approximation=False, **BOUNDED),
    "seasonal search, approximate, bounded": partial(direct, approximation=True, **BOUNDED),
    "seasonal search, conditional sum of squares": partial(direct, method="CSS", approximation=True),
    "STL + search": partial(on_stl, latest=10_000),
    "Fourier 6 + search": partial(on_fourier, latest=10_000, pairs=6),
    "seasonal search, exact, bounded, 10 seasons": partial(direct, latest=120, approximation=False, **BOUNDED),
    "ETS as statsforecast optimises it": library_ets,
    **{f"Theta {model or 'of least error'}": partial(library_theta, model=model) for model in THETAS},
}
LONG_SEASON: dict[str, Method] = {
    f"{name}, {days} days": partial(method, latest=24 * days, **settings)
    for days in (14, 28, 60)
    for name, method, settings in (
        ("STL + search", on_stl, {}),
        ("Fourier 2 + search", on_fourier, {"pairs": 2}),
        ("Fourier 4 + search", on_fourier, {"pairs": 4}),
        ("seasonal search, conditional sum of squares", direct, {"method": "CSS", "approximation": True, **BOUNDED}),
    )
}


def measured(method: Method, cases: list[Case]) -> dict[str, float]:
    """Return the scores of one method over the cases."""
    mase, inside, seconds = [], [], []
    for case in cases:
        start = time.process_time()
        mean, deciles = method(case)
        seconds.append(time.process_time() - start)
        scale = np.abs(case.known[case.season :] - case.known[: -case.season]).mean()
        mase.append(np.abs(case.came - mean).mean() / scale)
        if deciles is not None:
            inside.append(np.mean((case.came >= deciles[:, 0]) & (case.came <= deciles[:, 1])))
    figures = {"mase": np.mean(mase), "median": np.median(mase), "seconds": np.mean(seconds), "longest": max(seconds)}
    covered = {"coverage": np.mean(inside)} if inside else {}
    return {key: round(float(value), 4) for key, value in {**figures, **covered}.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5 origins, 10 series")
    quick = parser.parse_args().quick
    tasks = {
        "airline": (airline(), MODELS | SHORT_SEASON),
        "oil temperature": (oil_temperature(5 if quick else 20), MODELS | LONG_SEASON),
        "M3 monthly": (m3_monthly(10 if quick else 100), MODELS | SHORT_SEASON),
    }
    warnings.simplefilter("ignore")
    one = tasks["oil temperature"][0][:1]
    tasks["given orders"] = (one, {"in levels": partial(in_levels, latest=672), "seqcast": partial(given, latest=672)})
    results: dict[str, dict[str, dict[str, float]]] = {}
    for task, (cases, methods) in tasks.items():
        results[task] = {}
        for name, method in methods.items():
            method(cases[0])
            figures = results[task][name] = measured(method, cases)
            print(f"{task:16} {name:48} {figures}", file=sys.stderr)
    print(json.dumps({"bench": "classical", "quick": quick, "results": results}))


if __name__ == "__main__":
    main()
