"""Can the intervals be believed, and what does calibration make of them?

Measures, on real data sets with at least 500 judged values each: the share of actual values inside the 80 % and the
95 % interval, mean width, CRPS and interval score of several models, as the models give them and after split and
adaptive calibration. "long": many windows, the later ones judged. "default": what a run does by default, five inner
and five outer windows. Sets marked "unseen" took no part in any choice: the others were looked at while the method was
made. The ensemble is the greedy one of the others,
its weights learnt on the windows that only teach. Raw forecasts are kept in a folder, so that a second run only
calibrates.

    OMP_NUM_THREADS=1 python -m bench.coverage [--case long|default] [--sets seen|unseen|temps,…] [--models ets,…]
        [--keep FOLDER]

The last line of stdout is one JSON object.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from seqcast.budget import Deadline
from seqcast.config import Settings
from seqcast.data.options import RoleOptions
from seqcast.data.panel import Panel
from seqcast.data.split import Rolling
from seqcast.data.table import read_panel
from seqcast.evaluate.backtest import Folds, backtest
from seqcast.evaluate.combine import combined, greedy_weights
from seqcast.evaluate.conformal import calibrated
from seqcast.forecasters.build import build_forecaster
from seqcast.forecasters.ensemble import GREEDY
from seqcast.forecasters.stored import forecast_arrays, forecast_of, packed, unpacked
from seqcast.types import Forecast, Task

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
LEVELS = (0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975)
PAIRS = {"80": (1, 9, 0.8), "95": (0, 10, 0.95)}
MODELS = ("seasonal-naive", "theta", "ets", "lstm", GREEDY)
CLOSE = 0.03
ROOMS = ("RH_1", "RH_3", "RH_5", "RH_7", "RH_9")
HOWS = ("model", "split", "adaptive")


Figures = dict[str, float]


@dataclass(frozen=True)
class Set:
    """One data set: its table, the season, the horizon and how many windows the long case judges after how many."""

    table: Callable[[], pl.DataFrame]
    season: int
    horizon: int
    first: int
    judged: int
    target: tuple[str, ...] = ("y",)
    unseen: bool = False


def numbered(values: pl.Series | np.ndarray) -> pl.DataFrame:
    """Return a table of one series, whose rows are only numbered."""
    return pl.DataFrame({"t": np.arange(len(values)), "y": np.asarray(values, dtype=np.float64)})


def column(path: str, name: str | int, **options: object) -> pl.DataFrame:
    """Return one column of a file as a table of numbered rows."""
    frame = pl.read_csv(DATA / path, **options)
    chosen = frame[:, name] if isinstance(name, int) else frame[name]
    return numbered(chosen.cast(pl.Float64, strict=False).to_numpy())


def loads() -> pl.DataFrame:
    """Return the six loads of ETTh1."""
    frame = pl.read_csv(DATA / "ett/ETTh1.csv.gz").drop("date", "OT")
    return frame.with_row_index("t")


def air() -> pl.DataFrame:
    """Return CO, NOx and NO2 of the air quality table, -200 taken out."""
    frame = pl.read_csv(DATA / "air_quality/AirQualityUCI.csv.gz", separator=";", infer_schema=False)
    names = {"CO(GT)": "co", "NOx(GT)": "nox", "NO2(GT)": "no2"}
    chosen = frame.filter(pl.col("Date").is_not_null() & (pl.col("Date") != "")).select(
        pl.col(old).str.replace(",", ".").cast(pl.Float64).alias(new) for old, new in names.items()
    )
    return chosen.with_columns(pl.when(pl.all() > -200).then(pl.all())).with_row_index("t")


def appliances() -> pl.DataFrame:
    """Return the energy of the appliances, summed to hours."""
    values = pl.read_csv(DATA / "appliances_energy/energydata_complete.csv.gz", infer_schema=False)["Appliances"]
    tens = values.str.strip_chars().cast(pl.Float64).to_numpy()
    return numbered(tens[: len(tens) // 6 * 6].reshape(-1, 6).sum(axis=1))


def rooms() -> pl.DataFrame:
    """Return the humidity of five rooms, as means of hours."""
    frame = pl.read_csv(DATA / "appliances_energy/energydata_complete.csv.gz", infer_schema=False)
    tens = frame.select(pl.col(ROOMS).str.strip_chars().cast(pl.Float64)).to_numpy()
    hours = tens[: len(tens) // 6 * 6].reshape(-1, 6, len(ROOMS)).mean(axis=1)
    return pl.DataFrame(hours, schema=list(ROOMS)).with_row_index("t")


def indices() -> pl.DataFrame:
    """Return four daily indices beside the steel prices, as series, on the days that have all of them."""
    names = ["baltic_dry", "crb_index", "us_dollar_index", "aud_usd"]
    frame = pl.read_csv(DATA / "steel/kr_steel_daily.csv.gz", infer_schema_length=None)
    return melted(frame.select(names).drop_nulls(), names)


def melted(wide: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Return columns as series of their own."""
    return wide.select(names).with_row_index("t").unpivot(index="t", variable_name="id", value_name="y")


def rates() -> pl.DataFrame:
    """Return the eight exchange rates, as series."""
    frame = pl.read_csv(DATA / "exchange_rate/exchange_rate.csv.gz")
    return melted(frame, [name for name in frame.columns if name != "date"])


def macro() -> pl.DataFrame:
    """Return twelve quarterly figures of the economy of the USA, as series."""
    frame = pl.read_csv(DATA / "classic/us_macrodata.csv")
    names = [name for name in frame.columns if name not in ("year", "quarter")]
    return melted(frame.with_columns(pl.col(names).cast(pl.Float64)), names)


def steel() -> pl.DataFrame:
    """Return four weekly steel prices, as series."""
    frame = pl.read_csv(DATA / "steel/kr_rebar_weekly.csv", infer_schema_length=None)
    return melted(frame, ["rebar_hd10_kr", "copper_lme_cash", "zinc_lme_cash", "usd_krw"])


def monthly(stem: str, count: int) -> pl.DataFrame:
    """Return monthly series of a competition, drawn with a fixed seed from those of 100 rows and more."""
    meta = pl.read_csv(DATA / f"m_competitions/{stem}_meta.csv.gz").filter(
        (pl.col("period") == "monthly") & (pl.col("n_train") >= 100)
    )
    chosen = sorted(np.random.default_rng(1).choice(meta["series_id"].to_list(), count, replace=False))
    rows = pl.read_csv(DATA / f"m_competitions/{stem}_long.csv.gz").filter(pl.col("series_id").is_in(chosen))
    return rows.sort("series_id", "t").select("t", pl.col("series_id").alias("id"), "y")


SETS = {
    "ETTh1 OT": Set(lambda: column("ett/ETTh1.csv.gz", "OT"), 24, 24, 60, 100),
    "air_quality": Set(air, 24, 24, 40, 60, ("co", "nox", "no2")),
    "temps": Set(lambda: column("classic/temps.csv", 1), 1, 7, 60, 140),
    "monthly_sunspots": Set(lambda: column("classic/monthly_sunspots.csv", 1), 1, 12, 60, 110),
    "exchange_rate": Set(rates, 1, 10, 40, 60),
    "m3_monthly": Set(lambda: monthly("m3", 60), 12, 6, 4, 5),
    "taylor": Set(lambda: column("classic/taylor.csv", 0), 48, 24, 40, 60),
    "ETTh1 loads": Set(loads, 24, 24, 30, 40, ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL")),
    "appliances": Set(appliances, 24, 24, 30, 60),
    "co2_weekly": Set(lambda: column("classic/co2_weekly.csv", 1), 52, 8, 50, 110),
    "heart_rate": Set(lambda: column("classic/heart_rate.csv", 0), 1, 10, 40, 80),
    "kr_rebar_weekly": Set(steel, 1, 4, 30, 50),
    "us_macrodata": Set(macro, 4, 4, 12, 20),
    "tourism_monthly": Set(lambda: monthly("tourism", 60), 12, 6, 4, 5),
    "ETTm1 OT": Set(lambda: column("ett/ETTm1.csv.gz", "OT"), 96, 24, 50, 60, unseen=True),
    "rooms": Set(rooms, 24, 12, 40, 60, ROOMS, unseen=True),
    "kr_steel_daily": Set(indices, 1, 5, 60, 80, unseen=True),
}


def panel_of(name: str) -> Panel:
    """Return the panel of a set."""
    chosen = SETS[name]
    table = chosen.table()
    series = "id" if "id" in table.columns else None
    return read_panel(table, RoleOptions(time="t", target=chosen.target, series=series))


def folds_of(panel: Panel, chosen: Set, case: str) -> tuple[Folds, int]:
    """Return the cutoffs, and how many of them only teach."""
    first, judged = (chosen.first, chosen.judged) if case == "long" else (5, 5)
    rolling = Rolling(horizon=chosen.horizon, windows=first + judged)
    return Folds(rolling.known_rows(panel), rolling.origins(panel, 3)), first


def raw(name: str, model: str, case: str, panel: Panel, keep: Path) -> Forecast:
    """Return the forecasts as the model gives them, from the folder where they are kept if they are there."""
    chosen = SETS[name]
    path = keep / f"{case} {name} {model}.safetensors"
    if path.exists():
        return forecast_of(unpacked(path.read_bytes())[0])
    folds, _ = folds_of(panel, chosen, case)
    task = Task(horizon=chosen.horizon, quantiles=LEVELS, season=chosen.season)
    settings = Settings.from_mapping({"run": {"horizon": chosen.horizon}, "training": {"epochs": 8}})
    began = time.monotonic()
    # Classical models fit at every origin by themselves, a network once, before the first.
    result = backtest(build_forecaster(model, settings), panel, task, folds, deadline=Deadline())
    path.write_bytes(packed(forecast_arrays(result.forecast)))
    print(f"{case} {name} {model}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return result.forecast


def ensemble(panel: Panel, task: Task, folds: Folds, first: int, members: dict[str, Forecast]) -> Forecast:
    """Return the greedy ensemble, its weights learnt on the windows that only teach."""
    taught = {name: said.take(said.origins.fold < first) for name, said in members.items()}
    weights = greedy_weights(panel, task, taught, folds.known[0])
    print(f"greedy: {weights}", file=sys.stderr)
    return combined(GREEDY, members, weights)


def figures(panel: Panel, forecast: Forecast, first: int) -> Figures:
    """Return coverage, relative width and losses over the judged windows, every series and target weighing alike."""
    kept = forecast.take(forecast.origins.fold >= first)
    actual = panel.actual(kept.origins, kept.mean.shape[1])
    found: Figures = {"points": int((~np.isnan(actual)).sum())}
    for label, (low, high, nominal) in PAIRS.items():
        lower, upper = kept.values[..., low], kept.values[..., high]
        inside = np.where(np.isnan(actual), np.nan, (lower <= actual) & (actual <= upper))
        outside = np.maximum(lower - actual, 0) + np.maximum(actual - upper, 0)
        found[f"cover{label}"] = float(np.nanmean(inside))
        found[f"width{label}"] = _scaled(panel, kept, upper - lower + 0 * actual)
        found[f"winkler{label}"] = _scaled(panel, kept, upper - lower + outside * 2 / (1 - nominal))
    gaps = actual[..., None] - kept.values
    levels = np.array(kept.quantiles)
    found["crps"] = _scaled(panel, kept, 2 * np.maximum(levels * gaps, (levels - 1) * gaps).mean(axis=-1))
    found["mae"] = _scaled(panel, kept, np.abs(actual - kept.median))
    return found


def _scaled(panel: Panel, forecast: Forecast, loss: np.ndarray) -> float:
    """Return a mean over series and targets, each in mean absolute changes from row to row of its own."""
    found = []
    for series in np.unique(forecast.origins.series):
        history = panel.targets[panel.offsets[series] : panel.offsets[series + 1]]
        mine = loss[forecast.origins.series == series]
        found.append(np.nanmean(mine, axis=(0, 1)) / np.nanmean(np.abs(np.diff(history, axis=0)), axis=0))
    return float(np.nanmean(found))


def measured(name: str, models: list[str], case: str, keep: Path, only_raw: bool) -> dict[str, dict[str, Figures]]:
    """Return the figures of one set by model and kind of interval."""
    panel, chosen = panel_of(name), SETS[name]
    folds, first = folds_of(panel, chosen, case)
    task = Task(horizon=chosen.horizon, quantiles=LEVELS, season=chosen.season)
    said = {model: raw(name, model, case, panel, keep) for model in models if model != GREEDY}
    if only_raw:
        return {}
    if GREEDY in models:
        said[GREEDY] = ensemble(panel, task, folds, first, said)
    found: dict[str, dict[str, Figures]] = {}
    for model, forecast in said.items():
        for how in HOWS:
            made = forecast if how == "model" else calibrated(panel, forecast, folds, task, how)[0]
            mine = {key: round(value, 4) for key, value in figures(panel, made, first).items()}
            found.setdefault(model, {})[how] = mine
            print(f"{name:17}{model:15}{how:9}{line(mine)}", file=sys.stderr, flush=True)
    return found


def line(mine: Figures) -> str:
    """Return figures for reading along; a star marks coverage further off than three points."""
    shares = [f"{mine[f'cover{label}']:.3f}{' ' if _near(mine, label) else '*'}" for label in PAIRS]
    return f"{' '.join(shares)} width80 {mine['width80']:7.3f} crps {mine['crps']:.4f} n {mine['points']}"


def kept(results: dict[str, dict[str, dict[str, Figures]]], model: str, how: str) -> int:
    """Return on how many sets both intervals are within three points."""
    mine = [by[model][how] for by in results.values() if model in by]
    return sum(all(_near(each, label) for label in PAIRS) for each in mine)


def _near(mine: Figures, label: str) -> bool:
    return abs(mine[f"cover{label}"] - PAIRS[label][2]) <= CLOSE


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default="long", choices=["long", "default"])
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "seqcast-coverage")
    parser.add_argument("--only-raw", action="store_true", help="make the raw forecasts, calibrate nothing")
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    asked = {"seen": [s for s in SETS if not SETS[s].unseen], "unseen": [s for s in SETS if SETS[s].unseen]}
    names = asked.get(given.sets) or given.sets.split(",")
    models = given.models.split(",")
    results = {name: measured(name, models, given.case, given.keep, given.only_raw) for name in names}
    within = {model: {how: kept(results, model, how) for how in HOWS} for model in models}
    print(json.dumps({"bench": "coverage", "case": given.case, "within": within, "results": results}))


if __name__ == "__main__":
    main()
