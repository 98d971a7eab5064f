"""Pictures of a classification: one class against the rest at every threshold, and sureness against truth."""

from collections.abc import Mapping

import numpy as np

from seqcast.evaluate.classes import Calibration, Curve
from seqcast.report import svg
from seqcast.report.numbers import percent
from seqcast.report.plots import roomy
from seqcast.report.svg import Plot
from seqcast.report.ticks import Tick

_SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def styles(names: tuple[str, ...]) -> dict[str, str]:
    """Return the line style of each class.

    Examples
    --------
    >>> styles(("a", "b"))
    {'a': 'model c0', 'b': 'model c1'}
    """
    return {name: f"model c{place}" for place, name in enumerate(names)}


def curves_figure(curves: Mapping[str, Curve], what: str, number: int) -> str:
    """Return curves of classes: `roc`, false against true alarms, or `recall` against precision."""
    kinds = styles(tuple(curves))
    drawn = {name: _steps(curve) if what == "recall" else (curve.x, curve.y) for name, curve in curves.items()}
    lines = [svg.line(x, y, kinds[name]) for name, (x, y) in drawn.items()]
    chance = svg.line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "ideal") if what == "roc" else ""
    said = "; ".join(f"{name}: area {curve.area:.3f}" for name, curve in curves.items())
    title = "True alarms by false ones" if what == "roc" else "Precision by recall"
    return svg.picture(roomy(_plot(title, f"{said}.", f"classes{number}")), [chance, *lines])


def calibration_figure(found: Calibration) -> str:
    """Return how often answers of each sureness were right."""
    ideal = svg.line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "ideal")
    marks = [svg.line(found.said, found.came, "model c0")]
    marks += [svg.line(x, y, "dot") for x, y in zip(found.said[:, None], found.came[:, None], strict=True)]
    said = "; ".join(
        f"of {count:,} answers with about {percent(sure)} sureness {percent(came)} were right"
        for sure, came, count in zip(found.said, found.came, found.count, strict=True)
    )
    return svg.picture(roomy(_plot("Right answers by sureness", f"{said}.", "sureness")), [ideal, *marks])


def _steps(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """Return corners: average precision counts each precision over the step of recall that leads to it."""
    rises = np.flatnonzero(np.diff(curve.x) > 0) + 1
    return np.repeat(np.append(curve.x[:1], curve.x[rises]), 2)[1:-1], np.repeat(curve.y[rises], 2)


def _plot(title: str, describe: str, name: str) -> Plot:
    marks = [Tick(share, percent(share)) for share in _SHARES]
    return Plot(title=title, describe=describe, height=230, x=marks, y=marks, bottom=24, name=name, right=20)
