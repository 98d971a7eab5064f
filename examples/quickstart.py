"""Forecast the oil temperature of a transformer one day ahead, and see whether a network is worth it there.

    .venv/bin/python examples/quickstart.py [FOLDER]

Takes a minute or two on two cores. The report, the forecast and the model go to FOLDER (runs/quickstart).
"""

import sys
from pathlib import Path

from seqcast import Forecaster, load

DATA = Path(__file__).parent / "data" / "ETTh1.csv.gz"


def main(folder: Path) -> None:
    """Fit, judge, forecast, save and load again."""
    forecaster = Forecaster(horizon=24, target="OT", models=["seasonal-naive", "arima", "lstm"], windows=3, budget="3m")
    forecaster.fit(DATA)
    print(forecaster.leaderboard())
    print(forecaster.predict())
    forecaster.report(folder / "report.html")
    forecaster.save(folder / "model")

    again = load(folder / "model")
    print(again.predict())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/quickstart"))
