"""The checks of spans: which columns lack values, begin late or end early, and which series are short or over.

Whether a history is long enough for a horizon is asked of the plan of a run itself.
"""

import numpy as np

from seqcast.data.panel import Panel
from seqcast.doctor.findings import Case, Finding, Severity, shortened
from seqcast.doctor.lines import lines, name_of, numeric_columns, place_of, whole
from seqcast.doctor.mending import parted
from seqcast.doctor.pairs import Place
from seqcast.errors import HistoryError
from seqcast.evaluate.plan import plan
from seqcast.options import RunOptions

_SPARSE = 0.5
_WIDE = 0.1  # share of the rows from which a column begins late
_LATE = 1.5  # times its own step that a column may lag behind the last row
_UNLIKE = 2  # times the shortest series


def missing(case: Case) -> list[Finding]:
    """Find columns that lack values in rows that others have."""
    panel = case.panel
    filled = panel.observed.any(axis=1)
    rows = int(filled.sum())
    few: list[tuple[str, str]] = []
    many: list[tuple[str, str]] = []
    for v, name in enumerate(panel.columns.values):
        lacking = filled & ~panel.observed[:, v]
        number = int(lacking.sum())
        if number:
            told = f"{name}: {number:,} of {rows:,} ({number / rows:.0%}){_named(panel, lacking, most=4)}"
            (many if number > _SPARSE * rows else few).append((name, told))
    begun = _complete(panel)
    why = "Targets that lack are not learnt and not scored; features carry their last value on."
    kinds: tuple[tuple[list[tuple[str, str]], str, str, Severity], ...] = (
        (many, "mostly empty columns", "More than half of the rows have no value.", "warning"),
        (few, "missing values", "Some rows have no value where other columns have one.", "note"),
    )
    return [
        Finding(
            severity=severity,
            check=check,
            places=tuple(whole(panel, name) for name, _ in found),
            looked=len(panel.columns.values),
            what=what,
            why=why,
            option="--resample for a step at which every column has values, or --ignore a column."
            if severity == "warning"
            else "Nothing, or --ignore a column.",
            details=(*shortened([told for _, told in found]), *(begun if severity == "note" else ())),
        )
        for found, check, what, severity in kinds
        if found
    ]


def ends(case: Case) -> list[Finding]:
    """Find columns that stop before the last row of their series."""
    panel = case.panel
    found: list[tuple[Place, str, bool]] = []
    for line in lines(panel, fewest=3):
        last = int(panel.offsets[line.series + 1]) - 1
        lag = last - int(line.rows[-1])
        if lag <= _LATE * float(np.median(np.diff(line.rows))) + 1:
            continue
        first, end = panel.frequency.label(panel.times[[int(line.rows[-1]), last]])
        is_feature = line.column >= len(panel.columns.target)
        found.append((place_of(panel, line), f"{name_of(panel, line)}: last on {first}, table to {end}", is_feature))
    if not found:
        return []
    feature = any(is_feature for _, _, is_feature in found)
    return [
        Finding(
            severity="warning" if feature else "note",
            check="ends early",
            places=tuple(place for place, _, _ in found),
            looked=len(panel) * len(numeric_columns(panel)),
            what="A column stops before the rows do.",
            why="A feature is then carried on unchanged, in the forecast but hardly ever in training.",
            option="Wait for its values, lag it by as much in the whole table, or --ignore it.",
            details=shortened([told for _, told, _ in found]),
        )
    ]


def starts(case: Case) -> list[Finding]:
    """Find features that begin long after the first row of their series, and the first row that is complete."""
    panel = case.panel
    found: list[tuple[Place, str]] = []
    for line in lines(panel):
        low, rows = int(panel.offsets[line.series]), int(panel.rows[line.series])
        if int(line.rows[0]) - low > max(_WIDE * rows, 3):
            place = place_of(panel, line)
            found.append((place, f"{place.name}: from {place.first} on"))
    if not found:
        return []
    details = [*_complete(panel), *(told for _, told in found)]
    return [
        Finding(
            severity="note",
            check="begins late",
            places=tuple(place for place, _ in found),
            looked=len(panel) * len(numeric_columns(panel)),
            what="A column begins long after the first row.",
            why="Before it begins a model sees it as its average, which says nothing.",
            option="--where to begin when all columns have, or --ignore the latest.",
            details=shortened(details),
        )
    ]


def lengths(case: Case) -> list[Finding]:
    """Find series of very unlike lengths, or that ended long before the others."""
    panel = case.panel
    rows = panel.rows
    if len(panel) < 2:
        return []
    last = panel.times[panel.offsets[1:][rows > 0] - 1]
    dated = not panel.frequency.integer
    behind = np.flatnonzero(rows > 0)[last < last.max()] if dated else np.zeros(0, dtype=np.int64)
    unlike = rows.max() > _UNLIKE * rows.min()
    if not unlike and not len(behind):
        return []
    details = [f"rows: {rows.min():,} at least, {np.median(rows):,.0f} in the middle, {rows.max():,} at most"]
    short = np.argsort(rows, kind="stable")[:3]
    details += [f"{panel.series[s]}: {rows[s]:,} rows" for s in short] if unlike else []
    details += [f"{panel.series[s]}: last on {_label(panel, int(panel.offsets[s + 1]) - 1)}" for s in behind[:3]]
    chosen = behind if len(behind) else short
    return [
        Finding(
            severity="note",
            check="unequal series",
            places=tuple(_series(panel, int(s)) for s in chosen),
            looked=len(panel),
            what=f"Series have from {rows.min():,} to {rows.max():,} rows"
            + (f", and {len(behind):,} of {len(panel):,} end before the last." if len(behind) else "."),
            why="Each is forecast from its own end; short ones are judged at fewer cutoffs, or at none.",
            option="--where to leave out series that ended or are too short.",
            details=tuple(details),
        )
    ]


def horizon(case: Case) -> list[Finding]:
    """Find out whether the history is long enough for the horizon, and for a choice of the model that flatters none."""
    if case.horizon is None:
        return []
    try:
        notes = plan(case.panel, RunOptions(horizon=case.horizon, season=case.season)).notes
        told = [note for note in notes if "allows" in note or "no room" in note or "too short" in note]
        severity: Severity = "warning"
    except HistoryError as error:
        told, severity = [str(error)], "unusable"
    found = []
    for note in told:
        what, option = parted(note) if severity == "unusable" else (note, "A longer history, or a shorter --horizon.")
        found.append(
            Finding(
                severity=severity,
                check="long horizon",
                places=(_series(case.panel, int(case.panel.rows.argmax())),),
                looked=len(case.panel),
                what=what,
                why=f"{case.horizon} steps ahead must be held out again and again to judge a model.",
                option=option,
            )
        )
    return found


def _named(panel: Panel, lacking: np.ndarray, most: int) -> str:
    rows = np.flatnonzero(lacking)
    if len(rows) > most or len(panel) > 1:
        return ""
    return ": " + ", ".join(panel.frequency.label(panel.times[rows]))


def _series(panel: Panel, s: int) -> Place:
    if not panel.rows[s]:
        return Place(series=panel.series[s], target="", name=panel.series[s], first="", last="")
    first, last = panel.frequency.label(panel.times[[panel.offsets[s], panel.offsets[s + 1] - 1]])
    return Place(series=panel.series[s], target="", name=panel.series[s], first=first, last=last)


def _complete(panel: Panel) -> tuple[str, ...]:
    """Return a sentence about the row from which every column has begun, where some begin later than others."""
    if len(panel) > 1:
        return ()
    begun = np.atleast_1d(np.logical_or.accumulate(panel.observed, axis=0).all(axis=1))
    if not begun.any() or begun[0]:
        return ()
    first = int(begun.argmax())
    return (f"all columns have begun on {_label(panel, first)}: {len(begun) - first:,} rows from there",)


def _label(panel: Panel, row: int) -> str:
    return panel.frequency.label(panel.times[row : row + 1])[0]
