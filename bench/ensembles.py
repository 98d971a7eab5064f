"""Is a combination of models worth having, and may a run choose it by its score on the inner windows?

On eight real data sets the models are backtested once over many windows. These are then cut into runs: `inner` windows
to learn and choose on, the next five to score by, then the same five windows later, so that every window after the
first ones scores once; each run is made for the whole table and for each of its series alone. Every rule is the
library's own, and sees the inner windows only; where a rule chooses among things that are learnt, each inner window is
judged by what the others teach, as in a run. The oracle is the single model that the outer windows themselves choose.
Figures are outer MASE and scaled CRPS as a ratio to the best single model of the inner windows: the sum over the runs
of a set over the same sum, then the geometric mean over sets. Sets marked "new" took no part in earlier choices.

Networks have a short budget here: 5 epochs of 40 steps, trained once before the first window. Raw forecasts are kept in
a folder, so that a second run only combines.

    OMP_NUM_THREADS=1 python -m bench.ensembles [--sets m3,…] [--inner 3,5] [--keep FOLDER]

Some minutes of CPU. The last line of stdout is one JSON object.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from bench.coverage import column, macro, monthly, rates, steel
from seqcast.budget import Deadline
from seqcast.config import Settings
from seqcast.data.options import RoleOptions
from seqcast.data.panel import Panel
from seqcast.data.split import Rolling
from seqcast.data.table import read_panel
from seqcast.evaluate.backtest import Folds, backtest, joined
from seqcast.evaluate.combine import best_members, combined, greedy_weights, median_of
from seqcast.evaluate.leaderboard import Scales, figures_of
from seqcast.forecasters.build import build_forecaster
from seqcast.forecasters.stored import forecast_arrays, forecast_of, packed, unpacked
from seqcast.types import Forecast, Task

LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
MODELS = ("naive", "drift", "seasonal-naive", "theta", "ets", "arima", "ma", "arma", "ar", "gru")
TRAINING = {"epochs": 5, "steps": 40}
LATE = 6000  # row of the exchange rates, of 7,588, that the table begins with: models take long over more
OUTER = 5

Said = Mapping[str, Forecast]
Figures = tuple[float, float]
"""MASE and scaled CRPS."""


@dataclass(frozen=True)
class Set:
    """One data set: its table, the season, the horizon and how many windows there are."""

    table: Callable[[], pl.DataFrame]
    season: int
    horizon: int
    windows: int
    new: bool = False


SETS = {
    "heart rate": Set(lambda: column("classic/heart_rate.csv", 0), 1, 10, 40, new=True),
    "us macro": Set(macro, 4, 4, 20, new=True),
    "m3 monthly": Set(lambda: monthly("m3", 20), 12, 6, 10),
    "gas rate": Set(lambda: column("classic/gasrate_co2.csv", 1), 1, 6, 25, new=True),
    "exchange rates": Set(lambda: rates().filter(pl.col("t") >= LATE), 1, 10, 10, new=True),
    "sunspots": Set(lambda: column("classic/monthly_sunspots.csv", 1), 1, 12, 25),
    "temperatures": Set(lambda: column("classic/temps.csv", 1), 1, 7, 30),
    "steel": Set(steel, 1, 4, 20),
}


@dataclass(frozen=True, eq=False)
class Case:
    """One run: what everybody said at its windows, the inner ones first, and what errors are scaled by."""

    panel: Panel
    task: Task
    said: Said
    rows: np.ndarray
    inner: int

    def inside(self, without: int = -1) -> dict[str, Forecast]:
        """Return what was said at the inner windows, all but one."""
        return _at(self.said, lambda fold: (fold < self.inner) & (fold != without))

    def outside(self) -> dict[str, Forecast]:
        """Return what was said at the outer windows."""
        return _at(self.said, lambda fold: fold >= self.inner)


def _at(said: Said, chosen: Callable[[np.ndarray], np.ndarray]) -> dict[str, Forecast]:
    return {name: forecast.take(chosen(forecast.origins.fold)) for name, forecast in said.items()}


Rule = Callable[[Case, Said, Said], Forecast]
"""From what was said at the windows to learn on, and at those to forecast, to one forecast of the latter."""


def greedy(case: Case, taught: Said, asked: Said) -> Forecast:
    """Return the greedy ensemble."""
    return combined("greedy", asked, greedy_weights(case.panel, case.task, taught, case.rows))


def middle(most: int) -> Rule:
    """Return the rule that takes the median of the best few."""

    def rule(case: Case, taught: Said, asked: Said) -> Forecast:
        names = best_members(case.panel, case.task, taught, case.rows, most)
        return median_of("median", {name: asked[name] for name in names})

    return rule


COMBINATIONS: dict[str, Rule] = {
    "greedy": greedy,
    "median of all": lambda case, taught, asked: median_of("median", asked),
    "median of 3": middle(3),
    "median of 5": middle(5),
}
FAMILIES = {"median of all": ("greedy", "median of all"), "median of 5": ("greedy", "median of 5")}


def raw(name: str, keep: Path) -> tuple[Panel, Task, Folds, Said]:
    """Return what every model said at every window, from the folder where it is kept if it is there."""
    chosen = SETS[name]
    table = chosen.table()
    panel = read_panel(table, RoleOptions(time="t", target=("y",), series="id" if "id" in table.columns else None))
    rolling = Rolling(horizon=chosen.horizon, windows=chosen.windows)
    folds = Folds(rolling.known_rows(panel), rolling.origins(panel, 3))
    task = Task(horizon=chosen.horizon, quantiles=LEVELS, season=chosen.season)
    settings = Settings.from_mapping({"run": {"horizon": chosen.horizon}, "training": TRAINING})
    said = {}
    for model in MODELS:
        path = keep / f"{name} {model}.safetensors"
        if not path.exists():
            began = time.process_time()
            result = backtest(build_forecaster(model, settings), panel, task, folds, deadline=Deadline())
            path.write_bytes(packed(forecast_arrays(result.forecast)))
            print(f"{name} {model}: {time.process_time() - began:.0f} s", file=sys.stderr, flush=True)
        said[model] = forecast_of(unpacked(path.read_bytes())[0])
    return panel, task, folds, said


def cases(name: str, inner: int, keep: Path) -> Iterator[Case]:
    """Return the runs of a set: every span of windows, for all series together and for each alone."""
    panel, task, folds, said = raw(name, keep)
    for first in range(0, len(folds.known) - inner - OUTER + 1, OUTER):
        # The outer windows are the same for any number of inner ones, up to five.
        start = first + max(OUTER - inner, 0)
        if start + inner + OUTER > len(folds.known):
            return
        span = {model: _span(forecast, start, inner + OUTER) for model, forecast in said.items()}
        present = np.unique(next(iter(span.values())).origins.series)
        yield Case(panel, task, span, folds.known[start], inner)
        for series in present if len(present) > 1 else ():
            alone = {model: part.take(part.origins.series == series) for model, part in span.items()}
            yield Case(panel, task, alone, folds.known[start], inner)


def _span(forecast: Forecast, start: int, windows: int) -> Forecast:
    kept = forecast.take((forecast.origins.fold >= start) & (forecast.origins.fold < start + windows))
    origins = kept.origins
    return Forecast(
        type(origins)(origins.series, origins.rows, origins.fold - start), kept.quantiles, kept.mean, kept.values
    )


def figures(case: Case, forecast: Forecast, scales: Scales) -> Figures:
    """Return MASE and scaled CRPS, infinite where the forecast has a hole."""
    tables = figures_of(case.panel, case.task, forecast, scales)
    found = (tables["mase"], tables["crps"] / scales.absolute)
    judged = ~np.isnan(tables["mase"])
    mase, crps = (float(table[judged].mean()) if judged.any() else np.inf for table in found)
    return mase, crps


def by_the_others(case: Case, rule: Rule) -> Forecast:
    """Return a combination of each inner window, learnt on the others."""
    parts = []
    for fold in range(case.inner):
        here = _at(case.said, lambda folds, fold=fold: folds == fold)
        parts.append(rule(case, case.inside(without=fold), here))
    return joined(parts)


def outcome(case: Case) -> dict[str, Figures] | None:
    """Return the outer figures of every rule of choice, or nothing where no series can be scaled or judged."""
    scales = Scales.of(case.panel, case.rows, case.task.season)
    inside, outside = case.inside(), case.outside()
    before = {name: figures(case, forecast, scales) for name, forecast in inside.items()}
    after = {name: figures(case, forecast, scales) for name, forecast in outside.items()}
    if not np.isfinite([before["naive"], after["naive"]]).all():
        return None
    for name, rule in COMBINATIONS.items():
        before[name] = figures(case, by_the_others(case, rule), scales)
        after[name] = figures(case, rule(case, inside, outside), scales)

    def least(names: tuple[str, ...], by: int) -> str:
        return min(names, key=lambda name: before[name][by])

    single = least(MODELS, 0)
    found = {"single": after[single], "single by CRPS": after[least(MODELS, 1)]}
    found |= {name: after[name] for name in COMBINATIONS}
    for kind, both in FAMILIES.items():
        found[f"all with {kind}"] = after[least((*MODELS, *both), 0)]
        found[f"all with {kind}, by CRPS"] = after[least((*MODELS, *both), 1)]
        found[f"combinations with {kind}"] = after[least(both, 0)]
    for rule in ("greedy", "median of 3"):
        for share in (10, 20, 30, 50):
            clear = before[single][0] < (1 - share / 100) * before[rule][0]
            found[f"{rule} unless single {share} % better"] = after[single if clear else rule]
    return {**found, "oracle": min(after[name] for name in MODELS)}


def compared(found: list[dict[str, Figures]]) -> dict[str, dict[str, float]]:
    """Return each rule's figures over those of the best single model, and in how many runs it had less MASE or more."""
    sums = {rule: np.sum([each[rule] for each in found], axis=0) for rule in found[0]}
    signs = {rule: Counter(int(np.sign(each[rule][0] - each["single"][0])) for each in found) for rule in sums}
    return {
        rule: {
            "mase": float(total[0] / sums["single"][0]),
            "crps": float(total[1] / sums["single"][1]),
            "better": signs[rule][-1],
            "worse": signs[rule][1],
        }
        for rule, total in sums.items()
    }


def overall(by_set: Mapping[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Return geometric means over sets, sets won and lost by MASE, and runs won and lost."""
    gathered: dict[str, list[dict[str, float]]] = defaultdict(list)
    for rules in by_set.values():
        for rule, mine in rules.items():
            gathered[rule].append(mine)
    return {
        rule: {
            **{key: round(float(np.exp(np.mean([np.log(each[key]) for each in all_]))), 4) for key in ("mase", "crps")},
            "sets_won": sum(each["mase"] < 1 for each in all_),
            "sets_lost": sum(each["mase"] > 1 for each in all_),
            "runs_won": sum(each["better"] for each in all_),
            "runs_lost": sum(each["worse"] for each in all_),
        }
        for rule, all_ in gathered.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--inner", default="3,5")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "seqcast-ensembles")
    given = parser.parse_args()
    given.keep.mkdir(parents=True, exist_ok=True)
    result = {}
    for inner in map(int, given.inner.split(",")):
        by_set = {}
        for name in given.sets.split(","):
            found = [each for each in map(outcome, cases(name, inner, given.keep)) if each]
            by_set[name] = compared(found)
            for rule, mine in by_set[name].items():
                print(
                    f"{inner} {name:16}{rule:34}{mine['mase']:7.3f}{mine['crps']:7.3f}"
                    f"{mine['better']:5} better {mine['worse']:4} worse of {len(found)}"
                )
        groups = {"all": by_set, "new": {name: by_set[name] for name in by_set if SETS[name].new}}
        overalls = {group: overall(chosen) for group, chosen in groups.items() if chosen}
        result[f"inner {inner}"] = {**overalls, "sets": by_set}
    print(json.dumps({"bench": "ensembles", "training": TRAINING, "results": result}))


if __name__ == "__main__":
    main()
