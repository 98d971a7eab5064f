"""How good is one model for a whole panel of series, by the measures of the M4 competition?

    OMP_NUM_THREADS=1 python -m bench.panel --train Hourly-train.csv --test Hourly-test.csv --season 24
        [--model hybrid] [--seeds 3] [--horizon 48] [--cycle 24,168] [--units auto] [--set ...] [--keep FILE]

A network is trained once on all series (a global model) and asked at the end of each; a classical model is fitted to
each series by itself. `--season` is that of the measures and of Naive2. `--cycle` is the season that the model is told
of: of several the one whose last round forecasts the training rows best; by default of 24 and 168 for hours, else the
season. `--units` are those that a model sees (`bench.units`): plain, log, adjust, log-adjust, or auto, which a network
has unless told: those in which one training forecasts the last horizon of the training rows with the least OWA. The
forecast that counts is the median, since both measures are of absolute errors. Of several seeds each is told, and the
figures of the whole are those of the declared ensemble: the median of their forecasts.

`--validate` holds back the last rows of the training part and asks for those; the test rows are not scored. Other
settings are to be chosen by that. One long file serves as both files if it has a column `split`; `--where
period=monthly --meta FILE` selects series. Each finished training is a line of `--keep FILE`; a second run of the same
code reads it instead of training anew. The last line of stdout is one JSON object.
"""

import argparse
import hashlib
import json
import time
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float

from bench.competition import ANCHORS, Scores, naive2, scores, seasonal_step
from bench.contest import Contest, read_contest
from bench.keep import kept
from bench.units import UNITS, Shown, Units, best_cycle
from seqcast.budget import Deadline
from seqcast.cli.options import settings_of
from seqcast.config import Settings
from seqcast.data.options import RoleOptions
from seqcast.data.panel import Panel
from seqcast.data.table import read_panel
from seqcast.errors import ConfigError, HistoryError, TrainingError
from seqcast.forecasters.build import build_forecaster
from seqcast.forecasters.local import Local
from seqcast.models.names import NETWORK_NAMES
from seqcast.types import Task

_LONGER = {24: (24, 168)}


@dataclass(frozen=True)
class Trained:
    """What one training said of every series, and what it cost."""

    seed: int
    forecast: list[list[float]]
    epochs: int
    ending: str
    cpu_seconds: float


@dataclass(frozen=True, eq=False)
class Trial:
    """One model on one contest.

    Parameters
    ----------
    contest : Contest
        Series and what came.
    model : str
        A name of the registry.
    settings : Settings
        Those of networks.
    season : int
        Of the measures and of Naive2.
    units : str
        Of the model.
    cycles : tuple of int
        The season that the model is told of is one of these.
    """

    contest: Contest
    model: str
    settings: Settings
    season: int
    units: str
    cycles: tuple[int, ...]

    @cached_property
    def shown(self) -> Shown:
        """Histories in the units of the model."""
        return Units.named(self.units, self.season).of(self.contest.known, self.contest.horizon)

    @cached_property
    def cycle(self) -> int:
        """The season that the model is told of."""
        return best_cycle(self.shown.histories, self.contest.horizon, self.cycles)

    def at(self, seed: int, budget: float | None) -> Trained:
        """Fit on everything known, and forecast past the end of each series."""
        panel = panel_of(self.contest.series, self.shown.histories)
        began = time.process_time()
        forecaster = build_forecaster(self.model, replace(self.settings, run=replace(self.settings.run, seed=seed)))
        if isinstance(forecaster, Local):
            forecaster = replace(forecaster, workers=1)  # the CPU seconds of child processes would not be counted
        task = Task(horizon=self.contest.horizon, season=self.cycle)
        fitted = forecaster.fit(panel, task, Deadline.after(budget))
        median = fitted.predict(panel, panel.at_end()).median[..., 0]
        cost = round(time.process_time() - began, 1)
        return Trained(seed, self.shown.values(median).tolist(), len(fitted.records), fitted.ending, cost)

    def question(self, seed: int, budget: float | None) -> list[Any]:
        """Return what tells this training from any other by the same code."""
        digest = hashlib.sha256(json.dumps(self.contest.series).encode())
        for rows in self.shown.histories:
            digest.update(rows.tobytes() + b"|")
        given = [self.model, self.settings.training, self.settings.model]
        return [digest.hexdigest(), *given, self.contest.horizon, self.cycle, seed, budget]


@dataclass(frozen=True)
class Result:
    """Scores of Naive2, of each seed, and of the seeds together."""

    naive2: Scores
    single: tuple[Scores, ...]
    whole: Scores


def main() -> None:
    """Train what is asked, print a table beside Naive2 and the anchors, and the JSON line."""
    given = _arguments()
    contest = read_contest(given.train, given.test, given.where, given.meta).up_to(given.horizon)
    if given.validate:
        contest = contest.held_back(given.season)
    trial = _trial(contest, given)
    if given.units == "auto" and trial.model in NETWORK_NAMES:
        trial = with_best_units(trial, given)
    base = said(contest, baseline(contest, given.season), given.season)
    runs: list[Trained] = []
    single: list[Scores] = []
    for seed in range(given.seeds if trial.model in NETWORK_NAMES else 1):
        runs.append(_trained(trial, seed, given))
        single.append(said(contest, np.array(runs[-1].forecast), given.season))
        told = {"seed": seed, **_told(single[-1], base), "cpu_seconds": runs[-1].cpu_seconds}
        print(json.dumps(told), flush=True)
    result = Result(base, tuple(single), said(contest, together(runs), given.season))
    _table(trial, result, anchored=not given.validate)
    print(json.dumps(_summary(trial, given, runs, result)))


def with_best_units(trial: Trial, given: argparse.Namespace) -> Trial:
    """Return the trial in the units in which one training forecasts the last horizon of the known rows best."""
    season = trial.season
    try:
        held = trial.contest.held_back(season)
    except HistoryError:
        return trial
    base = said(held, baseline(held, season), season)
    owa: dict[str, float] = {}
    for units in UNITS if season > 1 else ("plain", "log"):
        runs = [_trained(replace(trial, contest=held, units=units), 0, given)]
        owa[units] = said(held, together(runs), season).owa(base)
        print(json.dumps({"units": units, "owa_of_last_known": round(owa[units], 4)}), flush=True)
    return replace(trial, units=min(owa, key=owa.__getitem__))


def _trained(trial: Trial, seed: int, given: argparse.Namespace) -> Trained:
    """Return what an earlier run of the same code kept of this very training, or train and keep it."""
    question = trial.question(seed, given.budget)
    return kept(given.keep, question, partial(trial.at, seed, given.budget), Trained)


def panel_of(series: tuple[str, ...], histories: tuple[Float[np.ndarray, "T"], ...]) -> Panel:
    """Return the histories as a panel whose rows are numbered, through the library's own door."""
    frame = pl.DataFrame(
        {
            "series": np.repeat(np.array(series), [len(rows) for rows in histories]),
            "t": np.concatenate([np.arange(len(rows)) for rows in histories]),
            "y": np.concatenate(histories),
        }
    )
    return read_panel(frame, RoleOptions(series="series", time="t", target=("y",)))


def baseline(contest: Contest, season: int) -> Float[np.ndarray, "N H"]:
    """Return the forecast of Naive2."""
    return np.stack([naive2(rows, season, contest.horizon) for rows in contest.known])


def said(contest: Contest, forecast: Float[np.ndarray, "N H"], season: int) -> Scores:
    """Return the scores of a forecast.

    Raises
    ------
    TrainingError
        When it is no number somewhere: a mean over the other series would hide it.
    """
    lost = np.flatnonzero(~np.isfinite(forecast).all(axis=1))
    if len(lost):
        raise TrainingError(
            f"A forecast must be a number at every step; that of {contest.series[lost[0]]!r} is not "
            f"({len(lost)} such). Say --units plain, or take other settings."
        )
    named = zip(contest.series, contest.known, strict=True)
    return scores(contest.actual, forecast, np.array([seasonal_step(name, rows, season) for name, rows in named]))


def together(runs: list[Trained]) -> Float[np.ndarray, "N H"]:
    """Return the median of what the seeds say, which is the declared ensemble."""
    return np.median([run.forecast for run in runs], axis=0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--season", type=int, required=True)
    parser.add_argument("--horizon", type=int)
    parser.add_argument("--where")
    parser.add_argument("--meta", type=Path)
    parser.add_argument("--model", default="hybrid")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--cycle")
    parser.add_argument("--units", default="auto", choices=("auto", *UNITS))
    parser.add_argument("--validate", action="store_true")
    parser.add_argument("--budget", type=float)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    for name in ("season", "seeds"):
        if getattr(given, name) < 1:
            raise ConfigError(f"--{name} must be at least 1; got {getattr(given, name)}.")
    return given


def _trial(contest: Contest, given: argparse.Namespace) -> Trial:
    settings = settings_of(str(given.train), {"horizon": contest.horizon, "set": given.set})
    cycles = _cycles(given.cycle) if given.cycle else _LONGER.get(given.season, (given.season,))
    units = "plain" if given.units == "auto" else given.units
    return Trial(contest, given.model.replace("_", "-"), settings, given.season, units, cycles)


def _cycles(text: str) -> tuple[int, ...]:
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdigit() and int(word) for word in words):
        raise ConfigError(f"--cycle takes steps, at least 1, such as 168 or 24,168; got {text!r}.")
    return tuple(int(word) for word in words)


def _table(trial: Trial, result: Result, anchored: bool) -> None:
    contest, model = trial.contest, trial.model
    short = f", {contest.left_out} too short" if contest.left_out else ""
    print(f"\n{len(contest.series)} series{short}, horizon {contest.horizon}: means over the series")
    print("".join(f"{word:>24}" for word in ("", "sMAPE", "MASE", "OWA")))
    seeds = {f"{model}, seed {seed}": each for seed, each in enumerate(result.single)}
    several = len(seeds) > 1
    whole = {f"{model}, median of {len(seeds)}" if several else model: result.whole}
    for name, each in ({"naive2": result.naive2} | (seeds if several else {}) | whole).items():
        print(f"{name:>24}{each.smape:>24.3f}{each.mase:>24.3f}{each.owa(result.naive2):>24.3f}")
    anchors = ANCHORS.get((len(contest.series), contest.horizon), {}) if anchored else {}
    for name, figures in anchors.items():
        cells = ["" if figure is None else f"{figure:.3f}" for figure in figures]
        print("".join(f"{cell:>24}" for cell in (f"{name} (published)", *cells)))


def _told(each: Scores, base: Scores) -> dict[str, float]:
    return {"smape": round(each.smape, 3), "mase": round(each.mase, 4), "owa": round(each.owa(base), 4)}


def _summary(trial: Trial, given: argparse.Namespace, runs: list[Trained], result: Result) -> dict[str, Any]:
    return {
        "data": f"{given.train}" + (f" {given.where}" if given.where else ""),
        "part": "validation" if given.validate else "test",
        "model": trial.model,
        "fitted": "on all series" if trial.model in NETWORK_NAMES else "on each series",
        "season": given.season,
        "cycle": trial.cycle,
        "horizon": trial.contest.horizon,
        "series": len(trial.contest.series),
        "left_out": trial.contest.left_out,
        "units": trial.units,
        "set": given.set,
        **_told(result.whole, result.naive2),
        "naive2": {"smape": round(result.naive2.smape, 3), "mase": round(result.naive2.mase, 4)},
        "seeds": len(runs),
        "by_seed": [_told(each, result.naive2) for each in result.single],
        "epochs": [run.epochs for run in runs],
        "endings": [run.ending for run in runs],
        "cpu_seconds": round(sum(run.cpu_seconds for run in runs), 1),
    }


if __name__ == "__main__":
    main()
