"""The shared tables and what a check of values is given of them."""

from functools import cache
from pathlib import Path

import numpy as np

from seqcast import read_panel
from seqcast.data.options import RoleOptions, TableOptions
from seqcast.data.panel import Panel
from seqcast.doctor.findings import Case, Finding

TABLES = {
    "ETTh1": ("ett/ETTh1.csv.gz", "OT", TableOptions()),
    "ETTm1": ("ett/ETTm1.csv.gz", "OT", TableOptions()),
    "air_quality": ("air_quality/AirQualityUCI.csv.gz", "CO(GT)", TableOptions(delimiter=";", decimal=",")),
    "appliances": ("appliances_energy/energydata_complete.csv.gz", "Appliances", TableOptions()),
    "co2": ("classic/co2_weekly.csv", "co2", TableOptions()),
    "exchange": ("exchange_rate/exchange_rate.csv.gz", "OT", TableOptions()),
    "rebar_weekly": ("steel/kr_rebar_weekly.csv", "rebar_hd10_kr", TableOptions()),
    "steel_daily": ("steel/kr_steel_daily.csv.gz", "rebar_hd10_kr", TableOptions(freq="rows")),
    "steel_grid": ("steel/kr_steel_daily.csv.gz", "rebar_hd10_kr", TableOptions(freq="1d")),
    "us_macrodata": ("classic/us_macrodata.csv", "realgdp", TableOptions()),
    "m3": ("m_competitions/m3_long.csv.gz", "y", TableOptions()),
}

CLASSIC = (
    *("air_passengers", "ausbeer", "heart_rate", "lynx", "monthly_milk", "monthly_milk_incomplete", "monthly_sunspots"),
    *("nile", "shampoo_sales", "sunspots_yearly", "taylor", "temps", "woolyrnq"),
)


@cache
def table(shared: Path, name: str) -> Panel:
    """Return the panel of a shared table up to its last observed target."""
    if name in CLASSIC:
        panel = read_panel(shared / "data" / "classic" / f"{name}.csv")
    else:
        path, target, options = TABLES[name]
        panel = read_panel(shared / "data" / path, RoleOptions(target=(target,)), options)
    return panel.before(panel.history)


def case_of(panel: Panel, season: int | None = None, horizon: int | None = None) -> Case:
    """Return what a check reads of a panel."""
    return Case(panel=panel, season=season or panel.frequency.season, tested=(), horizon=horizon)


def found_in(findings: list[Finding]) -> dict[str, list[str]]:
    """Return the columns of each finding by its name."""
    return {finding.check: [place.target for place in finding.places] for finding in findings}


def clean_series(kind: str, seed: int, rows: int = 500) -> np.ndarray:
    """Return a series without any oddity: a random walk, an autoregression, a season, a trend or noise."""
    noise = np.random.default_rng(seed).normal(size=rows)
    if kind == "walk":
        return noise.cumsum()
    if kind == "autoregression":
        y = noise.copy()
        for t in range(1, rows):
            y[t] += 0.9 * y[t - 1]
        return y
    steps = np.arange(rows)
    if kind == "season":
        return noise + 5 * np.sin(2 * np.pi * steps / 12) + 3 * (steps % 12 == 7)
    return noise + 0.05 * steps if kind == "trend" else noise


KINDS = ("walk", "autoregression", "season", "trend", "noise")
