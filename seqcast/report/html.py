"""The page: one HTML file that loads nothing from anywhere and reads the same on paper, on a phone and in the dark."""

import math
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import tomli_w
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from seqcast.autopsy.autopsy import Autopsy
from seqcast.doctor.plain import plain
from seqcast.evaluate.choice import Choice
from seqcast.evaluate.leaderboard import Score
from seqcast.report import answers, audit, charts, choices, intervals, numbers, plots, stationarity, verdict, words
from seqcast.report.facts import best_of, yardstick_of
from seqcast.report.values import Facts

LONGEST = 200
COLUMNS = ("mase", "mae", "rmse", "smape", "crps")
HEADS = {"mase": "MASE", "mae": "MAE", "rmse": "RMSE", "smape": "sMAPE", "crps": "CRPS"}


def render(facts: Facts) -> str:
    """Return the report as one HTML text. The same facts give the same bytes.

    Parameters
    ----------
    facts : Facts
        From `build_facts`.

    Returns
    -------
    str
        A whole page, with style and pictures inside.
    """
    kinds, found = charts.styles(facts), facts.evidence
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            facts=facts,
            head=facts.headline,
            board=board(facts.scores, facts.networks, found.choice, found.autopsies),
            answers=answers.answers(facts),
            audit=audit,
            audited=audit.table(found.audit) if found.audit else None,
            choices=choices,
            chosen=choices.table(found.choice) if found.choice and found.choice.windows else None,
            verdict=verdict,
            compared=verdict.table(found.verdict) if found.verdict else None,
            gains=verdict.figures(found.verdict) if found.verdict else [],
            intervals=intervals,
            held=intervals.table(facts) if found.held else None,
            held_figures=intervals.figures(facts) if found.held else [],
            held_models=intervals.models(facts),
            words=words,
            count=numbers.count,
            fans=[plots.fan_figure(facts, i) for i in range(len(facts.fans))],
            past=[plots.past_figure(facts, i) for i in range(len(facts.past))],
            steps=charts.steps_figure(facts),
            calibration=charts.calibration_figure(facts),
            curves=[
                (curve, [charts.curve_figure(curve, i, what) for what in ("loss", "mae")])
                for i, curve in enumerate(facts.curves)
            ],
            gaps=charts.gap_figure(facts),
            stationarity=stationarity,
            tests=stationarity.table(facts.diagnosis),
            lags=stationarity.lag_figures(facts),
            legend=[(name, kind) for name, kind in kinds.items() if kind != "other"],
            grey=sum(kind == "other" for kind in kinds.values()),
            table_decimals=numbers.decimals_of([row.mae for row in facts.table]),
            widths=[(facts.quantiles[high] - facts.quantiles[low]) for low, high in plots.symmetric(facts.quantiles)],
            settings=toml(facts.settings),
        )
    )


def leaderboard_html(scores: Sequence[Score]) -> str:
    """Return the leaderboard as a fragment that a notebook shows by itself.

    Parameters
    ----------
    scores : sequence of Score
        Best first.

    Examples
    --------
    >>> figures = dict(mae=1.0, rmse=2.0, rmsse=1.0, smape=9.0, crps=1.0, coverage=0.8, nominal=0.8)
    >>> one = Score(model="<b>", mase=0.9, skill=0.1, seconds=3.0, **figures)
    >>> "<b>" in leaderboard_html([one]), "0.900" in leaderboard_html([one])
    (False, True)
    """
    return _environment().get_template("board.html.jinja").render(board=board(tuple(scores), ()), fragment=True)


def board(
    scores: Sequence[Score],
    networks: Sequence[str],
    choice: Choice | None = None,
    autopsies: Sequence[Autopsy] = (),
) -> dict[str, object]:
    """Return the leaderboard in words: heads, and for each model its cells, its bar and what it is."""
    best = best_of(scores, choice)
    faults = {autopsy.model: autopsy.fault for autopsy in autopsies}
    places = {name: numbers.decimals_of([getattr(score, name) for score in scores]) for name in COLUMNS} | {"mase": 3}
    yardstick = yardstick_of(scores)
    known = [score.skill for score in scores if math.isfinite(score.skill)]
    low, high = max(min([0.0, *known]), -1.0), max([0.1, *known])
    rows = []
    for score in scores:
        rows.append(
            {
                "model": score.model,
                "best": score.model == best,
                "chosen": choice is not None and choice.windows > 0 and score.model == best,
                "fault": faults.get(score.model, ""),
                "yardstick": score.model == yardstick,
                "network": score.model in networks,
                "skill": numbers.percent(score.skill, sign=True),
                "bar": Markup(charts.skill_bar(score.skill, low * 1.05, high * 1.05)),
                "cells": [numbers.fixed(getattr(score, name), places[name]) for name in COLUMNS],
                "coverage": numbers.percent(score.coverage),
                "seconds": numbers.duration(score.seconds),
            }
        )
    nominal = next((score.nominal for score in scores if math.isfinite(score.nominal) and score.nominal > 0), math.nan)
    return {"heads": [HEADS[name] for name in COLUMNS], "rows": rows, "nominal": numbers.level(nominal)}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("seqcast", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    named = (numbers.brief, numbers.fixed, numbers.percent, numbers.duration, numbers.level, Markup)
    filters: dict[str, Any] = environment.filters
    filters.update({function.__name__: function for function in named})
    return environment


def toml(settings: object) -> str:
    """Return settings as TOML, short lists on one line.

    Examples
    --------
    >>> print(toml({"run": {"models": ("ets", "lstm"), "budget": None}}), end="")
    [run]
    models = ["ets", "lstm"]
    """

    def joined(found: re.Match[str]) -> str:
        line = "[" + " ".join(found.group(1).split("\n    ")).strip().rstrip(",") + "]"
        return line if len(line) <= LONGEST else found.group(0)

    return re.sub(r"\[\n((?:    .*,\n)+)\]", joined, tomli_w.dumps(_tidy(settings)))


def _tidy(settings: object) -> dict[str, object]:
    """Return settings that TOML can hold: what is unset is left out."""
    pairs = plain(settings)
    assert isinstance(pairs, dict)
    return {
        key: _tidy(value) if isinstance(value, dict) else value for key, value in pairs.items() if value is not None
    }
