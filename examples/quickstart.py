"""Forecast the oil temperature of a transformer one day ahead, and see whether a network is worth it there.

    .venv/bin/python examples/quickstart.py [FOLDER]

Takes a minute or two on two cores. The report, the scores and the model go to FOLDER (runs/quickstart).
"""

import sys
from pathlib import Path

from seqcast import Forecaster, load

DATA = Path(__file__).parent / "data" / "ETTh1.csv.gz"


def main(folder: Path) -> None:
    """Learn, judge, forecast, save and load again."""
    others = ("seasonal-naive", "ets")
    forecaster = Forecaster(horizon=24, target="OT", model="lstm", training={"epochs": 3}).fit(DATA)
    print(forecaster.leaderboard(models=others, windows=3))
    print(forecaster.predict())

    forecaster.save(folder / "model")
    forecaster.report(folder / "report.html", models=others, windows=3)
    print(load(folder / "model").predict())


if __name__ == "__main__":
    chosen = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/quickstart")
    chosen.mkdir(parents=True, exist_ok=True)
    main(chosen)
