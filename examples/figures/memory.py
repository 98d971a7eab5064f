"""The picture of `examples/memory.py`: nine panels drawn from what was measured, nothing computed."""

from collections.abc import Mapping, Sequence

import numpy as np

from seqcast.report import svg

LADDERS = "Longest lags: solved with every seed. On the grey line lag = truncation. Lines that coincide are set apart."

Curves = Mapping[str, np.ndarray]  # by cell: (seeds, lags), or rungs (truncations, seeds)

KINDS = ("c3", "c1", "c2", "c0", "c4")  # classes of the lines, in the order of the cells
FLOOR = -15.0  # of the axis of gradients, as a power of ten
WIDTH, HEIGHT, ACROSS, DOWN = 282, 190, 350, 282
STYLE = """
text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; fill: #57606a; }
.title { font-size: 14px; font-weight: 600; fill: #1c2126; }
.y { text-anchor: end; } .x { text-anchor: middle; }
path { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-width: 1.8; }
.grid { stroke: #d5dae0; stroke-width: 1; } .ideal { stroke: #e3e7eb; stroke-width: 8; }
.c0 { stroke: #0072b2; stroke-width: 2.6; } .c1 { stroke: #d55e00; } .c2 { stroke: #008f68; stroke-dasharray: 9 3; }
.c3 { stroke: #b0548c; stroke-dasharray: 2 3; } .c4 { stroke: #9a6a00; stroke-dasharray: 9 3 2 3; }
.band { stroke: none; fill-opacity: .13; } .band.c0 { fill: #0072b2; } .band.c1 { fill: #d55e00; }
.band.c2 { fill: #008f68; } .band.c3 { fill: #b0548c; } .band.c4 { fill: #9a6a00; }
"""


def panel(place: int, title: str, axes: str, ticks: tuple[dict[str, float], dict[str, float]], marks: list[str]) -> str:
    """Return one panel of three in a row, with its heading, what its axes are, marks at places 0 to 1, and lines."""
    words = [svg.text((0, 1), title, "title", (0, -28)), svg.text((0, 1), axes, "", (0, -11))]
    words += [svg.text((at, 0), label, "x", (0, 18)) for label, at in ticks[0].items()]
    words += [svg.text((0, at), label, "y", (-8, 4)) for label, at in ticks[1].items()]
    grid = "".join(svg.level(at, "grid") for at in ticks[1].values())
    left, top = 56 + ACROSS * (place % 3), 104 + DOWN * (place // 3)
    area = f'<svg width="100%" height="100%" viewBox="0 0 {svg.WIDE} {svg.HIGH}" preserveAspectRatio="none">'
    inner = f"{area}{grid}{''.join(marks)}</svg>{''.join(words)}"
    return f'<svg x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" overflow="visible">{inner}</svg>'


def decay_panel(place: int, title: str, curves: Curves) -> str:
    """Return gradients by lag, on a logarithmic scale: typical curves, in bands from the lowest to the highest."""
    lags = len(next(iter(curves.values()))[0]) - 1
    x, scale = np.linspace(0.0, 1.0, lags + 1), svg.Scale(FLOOR, 1.0)
    marks: list[str] = []
    for kind, found in zip(KINDS, curves.values(), strict=True):
        powers = np.log10(np.maximum(found, 1e-300))
        seen = np.where(powers.mean(axis=0) < FLOOR, np.nan, powers)
        marks.append(svg.band(x, scale.all(seen.min(axis=0)), scale.all(seen.max(axis=0)), f"band {kind}"))
        marks.append(svg.line(x, scale.all(seen.mean(axis=0)), kind))
    across = {str(round(share * lags)): share for share in (0.0, 0.25, 0.5, 0.75, 1.0)}
    down = {"1": scale(0.0)} | {f"1e\N{MINUS SIGN}{power}": scale(-power) for power in (3, 6, 9, 12, 15)}
    return panel(place, title, "gradient norm (lag 0 = 1), by lag in steps", (across, down), marks)


def ladder_panel(place: int, title: str, rungs: Curves, lags: Sequence[int]) -> str:
    """Return the longest lag that every seed solved, by truncation; lines are set apart where they would coincide."""
    rungs_in_all = len(lags)
    x, scale = np.linspace(0.03, 0.97, rungs_in_all), svg.Scale(-0.3, rungs_in_all + 0.3)
    marks = [svg.line(x, scale.all(np.arange(1.0, rungs_in_all + 1)), "ideal")]
    for shift, kind, found in zip(np.linspace(-0.2, 0.2, len(rungs)), KINDS, rungs.values(), strict=True):
        marks.append(svg.line(x, scale.all(found.min(axis=1) + shift), kind))
    across = {str(lag): float(at) for lag, at in zip(lags, x, strict=True)}
    down = {"none": scale(0.0)} | {str(lag): scale(rung + 1.0) for rung, lag in enumerate(lags)}
    return panel(place, title, "longest lag solved, by truncation, in steps", (across, down), marks)


def figure(panels: Sequence[str], cells: Sequence[str], notes: Sequence[str]) -> str:
    """Return the whole picture with its key and its notes, on a ground of its own."""
    key = "".join(
        f'<path class="{kind}" d="M{56 + 190 * i},27h34"/><text x="{98 + 190 * i}" y="31">{cell}</text>'
        for i, (kind, cell) in enumerate(zip(KINDS, cells, strict=True))
    )
    high = 104 + DOWN * 3 - 8
    foot = "".join(f'<text x="56" y="{high - 32 + 17 * row}">{note}</text>' for row, note in enumerate(notes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1060 {high}" width="1060" height="{high}" role="img">'
        f"<title>Gradient by lag, and the longest lag learnt by truncation</title><style>{STYLE}</style>"
        f'<rect width="1060" height="{high}" rx="6" fill="#fff"/>{key}{foot}'
        f"{''.join(panels)}</svg>\n"
    )


def picture(
    start: Mapping[int, Curves],
    after: Mapping[str, Curves],
    ladders: Mapping[str, Curves],
    lags: Sequence[int],
    drawn: str,
) -> str:
    """Return all panels: three widths at the start, then each task after training, anew and grown.

    Under them stands that the bands hold the curves of all that was `drawn`.
    """
    panels = [decay_panel(i, f"At the start, width {width}", curves) for i, (width, curves) in enumerate(start.items())]
    for place, (task, curves) in zip((3, 6), after.items(), strict=True):
        name = task.capitalize()
        panels.append(decay_panel(place, f"{name}: after training, width 32", curves))
        panels.append(ladder_panel(place + 1, f"{name}: each lag from a new start", ladders[f"{task}, anew"], lags))
        panels.append(ladder_panel(place + 2, f"{name}: lag after lag", ladders[f"{task}, grown"], lags))
    return figure(
        panels, tuple(next(iter(start.values()))), (f"Bands: from the lowest to the highest of {drawn}.", LADDERS)
    )
