"""Real files are read as they lie there, with at most options; what they hold is checked against known facts."""

import csv
import gzip
import time

import numpy as np
import pytest

from seqcast.errors import CellError, ColumnError, FileError, TimeError
from tests.data.tables import read

CLASSIC = [
    ("air_passengers", "#Passengers", "1mo", 144, 0),
    ("ausbeer", "Y", "1q", 211, 0),
    ("co2_weekly", "co2", "1w", 2284, 59),
    ("heart_rate", "Heart rate", "1", 1800, 0),
    ("lynx", "0", "1y", 114, 0),
    ("monthly_milk", "Pounds per cow", "1mo", 168, 0),
    ("monthly_milk_incomplete", "Pounds per cow", "1mo", 168, 13),
    ("monthly_sunspots", "Sunspots", "1mo", 2820, 0),
    ("nile", "volume", "1y", 100, 0),
    ("shampoo_sales", "Sales", "1mo", 36, 0),
    ("sunspots_yearly", "SUNACTIVITY", "1y", 309, 0),
    ("taylor", "Y", "1", 4032, 0),
    ("temps", "Daily minimum temperatures", "1d", 3652, 2),
    ("woolyrnq", "Y", "1q", 119, 0),
]


@pytest.mark.parametrize(("name", "target", "step", "rows", "holes"), CLASSIC, ids=[row[0] for row in CLASSIC])
def test_classic_series_need_no_option(name, target, step, rows, holes, shared):
    path = shared / "data" / "classic" / f"{name}.csv"
    panel = read(path)
    assert panel.columns.target == (target,)
    assert (panel.frequency.name, len(panel.times), int((~panel.observed).sum())) == (step, rows, holes)
    head, *body = csv.reader(path.read_text().splitlines())
    written = [float(row[head.index(target)]) for row in body if row and row[head.index(target)]]
    assert panel.values[panel.observed[:, 0], 0].tolist() == written


def test_classic_tables_of_several_columns_ask_for_the_target(shared):
    folder = shared / "data" / "classic"
    with pytest.raises(ColumnError, match="2 columns that could be it: 'GasRate"):
        read(folder / "gasrate_co2.csv")
    assert read(folder / "gasrate_co2.csv", {"target": ("CO2%",)}).values.shape == (296, 2)
    panel = read(folder / "us_macrodata.csv", {"target": ("realgdp",)})
    assert panel.columns.time == "year+quarter" and panel.frequency.name == "1q"
    labels = panel.frequency.label(panel.times)
    assert (labels[0][:7], labels[-1][:7]) == ("1959-01", "2009-07")


def test_korean_rebar_prices_by_the_week(shared):
    panel = read(shared / "data" / "steel" / "kr_rebar_weekly.csv", {"target": ("rebar_hd10_kr",)})
    assert (panel.frequency.name, panel.values.shape, len(panel.columns.past)) == ("1w", (522, 22), 21)
    assert set((panel.times // 86_400_000_000 + 3) % 7) == {0}  # Mondays
    assert panel.values[0, 0] == 1_070_000.0


def test_korean_tables_as_exported(shared):
    folder = shared / "data" / "steel" / "raw"
    with pytest.raises(FileError, match="line 1 of kr_macro_daily_cp949.csv has 1 cell .* --skip 6"):
        read(folder / "kr_macro_daily_cp949.csv")
    with pytest.raises(ColumnError, match="10 columns named '날짜'"):
        read(folder / "kr_steel_ragged_cp949.csv")
    roles, skip = {"target": ("USD/KRW (미국 달러 / 한국 원)",)}, {"skip": 6}
    with pytest.raises(TimeError, match="--freq rows"):
        read(folder / "kr_macro_daily_cp949.csv", roles, skip)
    panel = read(folder / "kr_macro_daily_cp949.csv", roles, {**skip, "freq": "rows"})
    said = " ".join(panel.notes)
    assert "read as cp949" in said and "mixes line ends" in said and "sorted" in said
    assert panel.values[panel.history[0] - 1, 0] == 1128.9


def test_appliances_by_ten_minutes_and_by_the_hour(shared):
    path = shared / "data" / "appliances_energy" / "energydata_complete.csv.gz"
    panel = read(path, {"target": ("Appliances",)})
    assert (panel.frequency.name, panel.values.shape) == ("10min", (19_735, 28))
    hourly = read(path, {"target": ("Appliances",)}, {"resample": "1h"})
    assert hourly.frequency.name == "1h"
    assert hourly.values[0, 0] == pytest.approx(panel.values[:6, 0].mean())


def test_air_quality_with_decimal_commas_and_a_mark_for_missing(shared):
    path = shared / "data" / "air_quality" / "AirQualityUCI.csv.gz"
    with pytest.raises(
        CellError, match="line 2 of AirQualityUCI.csv.gz has '2,6', a number with a decimal comma: say --dec"
    ):
        read(path, {"target": ("CO(GT)",)})
    options = {"decimal": ",", "missing": ("-200",)}
    panel = read(path, {"target": ("CO(GT)",)}, options)
    assert (panel.frequency.name, panel.values.shape, panel.columns.time) == ("1h", (9357, 13), "Date+Time")
    labels = panel.frequency.label(panel.times)
    assert labels[0].startswith("2004-03-10") and "18:00" in labels[0]
    assert labels[-1].startswith("2005-04-04") and "14:00" in labels[-1]
    missing = dict(zip(panel.columns.values, (~panel.observed).sum(axis=0), strict=True))
    assert (missing["CO(GT)"], missing["NMHC(GT)"], missing["T"]) == (1683, 8443, 366)
    said = " ".join(panel.notes)
    for piece in ("semicolons", "114 empty rows", "2 empty columns", "'-200' taken as missing: 1,683 of 'CO(GT)'"):
        assert piece in said


def test_the_monthly_series_of_m3_are_one_panel(shared):
    path = shared / "data" / "m_competitions" / "m3_long.csv.gz"
    options = {"where": "series_id >= 'N1402' and series_id <= 'N2829'"}
    started = time.process_time()
    panel = read(path, {"ignore": ("split",)}, options)
    assert time.process_time() - started < 15
    assert len(panel) == 1428 and panel.series[0] == "N1402" and panel.series[-1] == "N2829"
    assert panel.columns.past == () and panel.observed.all() and len(panel.times) == 167_562
    with gzip.open(path, "rt") as lines:
        wanted = [float(row[3]) for row in csv.reader(lines) if row[0] == "N2000"]
    at = panel.series.index("N2000")
    assert panel.values[panel.offsets[at] : panel.offsets[at + 1], 0].tolist() == wanted


@pytest.mark.parametrize(
    ("name", "step", "rows"),
    [("ett/ETTh1", "1h", 17_420), ("ett/ETTm1", "15min", 69_680), ("exchange_rate/exchange_rate", "1d", 7588)],
)
def test_benchmark_tables(name, step, rows, shared):
    path = shared / "data" / f"{name}.csv.gz"
    started = time.process_time()
    panel = read(path, {"target": ("OT",)})
    assert time.process_time() - started < 15
    assert (panel.frequency.name, len(panel.times)) == (step, rows)
    with gzip.open(path, "rt") as lines:
        rows = list(csv.DictReader(lines))
    for column, feature in enumerate(panel.columns.values):
        assert np.array_equal(panel.values[:, column], [float(row[feature]) for row in rows])
