"""What the inner windows chose, and how far their score flattered it."""

import math

from seqcast.evaluate.choice import Choice
from seqcast.report.numbers import count, fixed, mase, percent
from seqcast.report.stationarity import Cell, Table
from seqcast.report.words import begun

LITTLE = 0.02


def sentence(choice: Choice) -> str:
    """Return how the model was chosen, and what the choice was worth on windows that it had not seen."""
    if not choice.windows:
        return (
            f"There were no inner windows, so {choice.title} was chosen by the windows that score it: its score "
            f"(MASE {mase(choice.outer_mase)}) flatters it."
        )
    said = (
        f"{begun(choice.title)} was chosen on {count(choice.windows, 'inner window')} (MASE "
        f"{mase(choice.inner_mase)}) and then scored once on the outer ones (MASE {mase(choice.outer_mase)})"
    )
    if not math.isfinite(choice.optimism):
        return f"{said}."
    return f"{said}: an optimism of {signed(choice.optimism)}. {_explained(choice)}".strip()


def table(choice: Choice) -> Table:
    """Return inner and outer score of each model, as the windows that chose rank them."""
    outer = {score.model: score.mase for score in choice.outer}
    weighted = bool(choice.weights)
    heads = [Cell("Model"), Cell("Inner MASE"), Cell("Outer MASE"), Cell("Difference")]
    rows = []
    for score in choice.inner:
        after = outer.get(score.model, math.nan)
        cells = [
            Cell(score.model, "chosen" if score.model == choice.model else ""),
            *map(Cell, (mase(score.mase), mase(after), signed(after - score.mase))),
        ]
        weight = choice.weights.get(score.model, 0.0)
        rows.append((*cells, *([Cell(percent(weight) if weight else "")] if weighted else [])))
    return Table((*heads, *([Cell("Weight in the ensemble")] if weighted else [])), tuple(rows))


def signed(value: float) -> str:
    """Return a difference of MASE with its sign.

    Examples
    --------
    >>> signed(0.0312), signed(-0.2)
    ('+0.031', '−0.200')
    """
    text = fixed(value, 3)
    return f"+{text}" if value > 0 and text.strip("0.") else text


def _explained(choice: Choice) -> str:
    """Return how much of the optimism harder windows explain: they are harder for all models."""
    if not math.isfinite(choice.harder):
        return ""
    if abs(choice.harder) < LITTLE:
        return "The two kinds of windows are about as hard for the middle one of all models."
    kind = "harder" if choice.harder > 0 else "easier"
    return f"The middle one of all models moved by {signed(choice.harder)}: the outer windows are {kind}."
