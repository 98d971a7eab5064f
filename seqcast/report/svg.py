"""Primitives of our pictures: plot area, axes, lines, bands.

A picture is an `<svg>` with padding around the plot area and no viewBox, so text keeps its size on a phone and on a
wide screen; the lines lie in an inner `<svg>` whose viewBox is stretched over the plot area while strokes keep their
width. Colours come from the style sheet of the page, by class.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from jaxtyping import Float

from seqcast.report.ticks import Tick

WIDE, HIGH = 2000, 1000
MOST_POINTS = 480


@dataclass(frozen=True)
class Scale:
    """A linear map of `low` … `high` to 0 … 1; a domain without width maps to the middle.

    Examples
    --------
    >>> Scale(0.0, 10.0)(2.5), Scale(3.0, 3.0)(3.0)
    (0.25, 0.5)
    """

    low: float
    high: float

    def __call__(self, value: float) -> float:
        """Return where `value` lies."""
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5

    def all(self, values: np.ndarray) -> np.ndarray:
        """Return where each of `values` lies; what lies outside is held at the edge."""
        width = self.high - self.low
        return np.clip((values - self.low) / width, 0.0, 1.0) if width > 0 else np.where(np.isnan(values), np.nan, 0.5)


@dataclass(frozen=True, kw_only=True)
class Plot:
    """What a picture needs beside its marks.

    Parameters
    ----------
    title, describe : str
        Read by screen readers, and shown as a tooltip.
    height : int
        Of the plot area, in pixels.
    x : sequence of Tick
        Marks whose `at` lies between 0 and 1 already.
    y : sequence of Tick
        The same for the vertical axis, 0 at the bottom.
    left, right, bottom : int
        Room around the plot area for labels, in pixels.
    name : str
        Unique on the page.
    data : mapping of str to str
        What the script of the page reads values with, as `data-` attributes.
    """

    title: str
    describe: str
    height: int
    x: Sequence[Tick]
    y: Sequence[Tick]
    left: int = 48
    right: int = 10
    bottom: int = 34
    name: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


def coordinates(x: Float[np.ndarray, "T"], y: Float[np.ndarray, "T"]) -> list[list[str]]:
    """Return the runs of points without a gap, as `x,y` of the viewBox; x and y lie between 0 and 1.

    Examples
    --------
    >>> coordinates(np.array([0.0, 0.5, 0.75, 1.0]), np.array([0.0, 1.0, np.nan, 0.5]))
    [['0,1000', '1000,0'], ['2000,500']]
    """
    there = np.isfinite(x) & np.isfinite(y)
    whole_x = np.rint(np.where(there, x, 0) * WIDE).astype(int)
    whole_y = np.rint(np.where(there, 1 - y, 0) * HIGH).astype(int)
    runs: list[list[str]] = []
    previous = False
    for here, across, down in zip(there, whole_x, whole_y, strict=True):
        if here and not previous:
            runs.append([])
        if here:
            runs[-1].append(f"{across},{down}")
        previous = here
    return runs


def line(x: Float[np.ndarray, "T"], y: Float[np.ndarray, "T"], kind: str, most: int = MOST_POINTS) -> str:
    """Return a line of class `kind`; NaN breaks it, and a point between two gaps is a dot.

    Examples
    --------
    >>> line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), "actual")
    '<path class="actual" d="M0,1000L2000,0"/>'
    """
    x, y = thin(x, y, most)
    parts = ["M" + "L".join(run if len(run) > 1 else [*run, run[0]]) for run in coordinates(x, y)]
    return f'<path class="{kind}" d="{"".join(parts)}"/>' if parts else ""


def band(x: np.ndarray, low: np.ndarray, high: np.ndarray, kind: str, most: int = MOST_POINTS) -> str:
    """Return the area between two lines; NaN in either breaks it.

    Examples
    --------
    >>> band(np.array([0.0, 1.0]), np.array([0.0, 0.0]), np.array([1.0, 0.5]), "band")
    '<path class="band" d="M0,0L2000,500L2000,1000L0,1000Z"/>'
    """
    both = np.isfinite(low) & np.isfinite(high)
    keep = every(len(x), most)
    x, low, high = x[keep], np.where(both, low, np.nan)[keep], np.where(both, high, np.nan)[keep]
    pairs = zip(coordinates(x, high), coordinates(x, low), strict=True)
    parts = ["M" + "L".join([*upper, *reversed(lower)]) + "Z" for upper, lower in pairs]
    return f'<path class="{kind}" d="{"".join(parts)}"/>' if parts else ""


def every(count: int, most: int = MOST_POINTS) -> np.ndarray:
    """Return evenly spaced indices, first and last among them, at most `most`."""
    return np.arange(count) if count <= most else np.unique(np.linspace(0, count - 1, most).astype(int))


def thin(x: np.ndarray, y: np.ndarray, most: int = MOST_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Return fewer points of a long line: the lowest and the highest of each stretch, and every gap.

    Peaks stay, so the line looks the same where several points share a pixel.
    """
    if len(x) <= most:
        return x, y
    keep: set[int] = {0, len(x) - 1}
    for part in np.array_split(np.arange(len(x)), most // 2):
        known = part[np.isfinite(y[part])]
        if len(known):
            keep |= {int(known[np.argmin(y[known])]), int(known[np.argmax(y[known])])}
        if len(known) < len(part):
            keep.add(int(part[~np.isfinite(y[part])][0]))
    chosen = np.array(sorted(keep))
    return x[chosen], y[chosen]


def upright(at: float, kind: str) -> str:
    """Return a vertical line through the plot area at `at` (0 to 1)."""
    across = round(at * WIDE)
    return f'<path class="{kind}" d="M{across},0V{HIGH}"/>'


def level(at: float, kind: str) -> str:
    """Return a horizontal line through the plot area at `at` (0 to 1, 0 at the bottom)."""
    return f'<path class="{kind}" d="M0,{round((1 - at) * HIGH)}H{WIDE}"/>'


def rect(left: float, right: float, low: float, high: float, kind: str) -> str:
    """Return a rectangle; all four sides lie between 0 and 1."""
    x, y = round(left * WIDE), round((1 - high) * HIGH)
    width, height = round(right * WIDE) - x, round((1 - low) * HIGH) - y
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}"/>'


def text(at: tuple[float, float], words: str, kind: str, shift: tuple[float, float] = (0, 0)) -> str:
    """Return a text at a place of the plot area (0 to 1 from the lower left corner), moved by `shift` pixels."""
    x, y = f"{100 * at[0]:.4g}%", f"{100 * (1 - at[1]):.4g}%"
    return f'<text class="{kind}" x="{x}" y="{y}" dx="{shift[0]:g}" dy="{shift[1]:g}">{escape(words)}</text>'


def picture(plot: Plot, marks: Iterable[str], words: Iterable[str] = ()) -> str:
    """Return the whole picture: `marks` inside the stretched plot area, `words` over it.

    Parameters
    ----------
    plot : Plot
    marks : iterable of str
        From `line`, `band`, `upright`, `level` and `rect`.
    words : iterable of str
        From `text`.
    """
    grid = "".join(level(tick.at, "grid") for tick in plot.y)
    labels = [text((0, tick.at), tick.text, "y", (-8, 4)) for tick in plot.y]
    for tick in plot.x:
        labels.append(text((tick.at, 0), tick.text, "x", (0, 17)))
        if tick.more:
            labels.append(text((tick.at, 0), tick.more, "x more", (0, 31)))
    small = "".join(f'<path class="tick" d="M{round(tick.at * WIDE)},{HIGH}V{HIGH - 14}"/>' for tick in plot.x)
    style = f"padding:8px {plot.right}px {plot.bottom}px {plot.left}px;height:{8 + plot.height + plot.bottom}px"
    name = escape(plot.name, quote=True)
    data = "".join(f' data-{key}="{escape(value, quote=True)}"' for key, value in plot.data.items())
    return (
        f'<svg class="plot" role="img" aria-labelledby="{name}-t {name}-d" style="{style}"{data}>'
        f'<title id="{name}-t">{escape(plot.title)}</title><desc id="{name}-d">{escape(plot.describe)}</desc>'
        f'<svg class="area" viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none" width="100%" height="100%">'
        f"{grid}{small}{''.join(marks)}</svg>{''.join(labels)}{''.join(words)}</svg>"
    )
