"""How do the default networks fare beside ARIMA on earlier parts of ETTh1, where choices may be made?

    .venv/bin/python bench/networks.py [--set model.hybrid.context=168 …] [--models hybrid,lstm]

Cuts ETTh1 (7 targets, 24 h ahead) after each of five earlier rows, the newest of them weeks before what the demo
forecasts, and backtests 5 windows there: 840 values a cut. Prints the skill against seasonal naive by model, side
by side on the same cutoffs; the last line is one JSON object. About 10 minutes on one core.
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

import polars as pl

from seqcast.cli.options import settings_of
from seqcast.data.table import read_panel
from seqcast.evaluate.plan import plan
from seqcast.evaluate.study import Limits, compare
from seqcast.forecasters.build import build_forecaster

DATA = Path(__file__).resolve().parents[1] / "examples" / "data" / "ETTh1.csv.gz"
ENDS = (10_000, 12_000, 13_000, 14_000, 15_500)
TARGETS = "HUFL,HULL,MUFL,MULL,LUFL,LULL,OT"


def main() -> None:
    """Backtest at every cut and print the skills."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="arima,lstm,gru,hybrid")
    parser.add_argument("--set", action="append", default=[])
    given = parser.parse_args()
    table = pl.read_csv(DATA, try_parse_dates=True)
    options = {"target": [TARGETS], "horizon": 24, "windows": 5, "models": [given.models], "set": given.set}
    settings = settings_of(str(DATA), options)
    skills: dict[str, list[float]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    for end in ENDS:
        panel = read_panel(table[:end], settings.columns, settings.table)
        forecasters = [build_forecaster(name, settings) for name in settings.run.models]
        study = compare(panel, plan(panel, settings.run), forecasters, Limits())
        for score in study.scores:
            skills[score.model].append(round(score.skill, 3))
            seconds[score.model] += score.seconds
        print(f"first {end} rows:", {score.model: round(score.skill, 3) for score in study.scores}, flush=True)
    result = {name: {"skill": round(sum(all_) / len(all_), 3), "each": all_} for name, all_ in skills.items()}
    print(
        json.dumps({"question": "skill of networks on ETTh1", "set": given.set, "models": result, "seconds": seconds})
    )


if __name__ == "__main__":
    main()
