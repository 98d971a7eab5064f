"""What the tests of stationarity found, told as findings: one check for each reading."""

from seqcast.doctor.findings import Case, Finding
from seqcast.doctor.stationarity import STRONG, Stationarity, Untested

_KEEP = "arima and drift difference by themselves; for networks keep normalise = 'last', the default."


def untested(case: Case) -> list[Finding]:
    """Find what cannot be tested, by reason."""
    reasons = dict.fromkeys(pair.found for pair in case.tested if isinstance(pair.found, Untested))
    return [
        Finding(
            severity="warning",
            check="cannot be tested",
            places=tuple(pair.place for pair in case.tested if pair.found == reason),
            looked=len(case.tested),
            what=f"Not tested: {reason.why}.",
            why="Nothing says whether it has a level, a trend or a season to learn.",
            option=reason.option,
        )
        for reason in reasons
    ]


def unit_root(case: Case) -> list[Finding]:
    """Find what wanders."""
    return _read(
        case,
        "unit root",
        what="It wanders: what moved it once stays in it for good.",
        why="A level learnt from old rows is wrong for new ones.",
        option=_KEEP,
    )


def moving_level(case: Case) -> list[Finding]:
    """Find what comes back, but not to a fixed level."""
    return _read(
        case,
        "difference-stationary",
        what="It comes back after a shock, but to a level that moves.",
        why="A level learnt from old rows is somewhat off for new ones.",
        option=_KEEP,
    )


def trend(case: Case) -> list[Finding]:
    """Find what follows a straight line."""
    return _read(
        case,
        "trend-stationary",
        what="It moves around a straight line.",
        why="The next values lie outside of all that was seen.",
        option="drift, theta, ets and arima carry the line on; for networks keep normalise = 'last', the default.",
    )


def undecided(case: Case) -> list[Finding]:
    """Find what the tests do not decide."""
    return _read(
        case,
        "undecided",
        what="ADF does not rule a unit root out, KPSS does not rule a fixed level out.",
        why="Either is possible, so the choice between them is a guess.",
        option="A longer history; without it, let the backtest decide: seqcast run.",
    )


def strong_season(case: Case) -> list[Finding]:
    """Find what a season makes up for the most part."""
    pairs = [pair for pair in case.tested if isinstance(pair.found, Stationarity) and pair.found.strength > STRONG]
    if not pairs:
        return []
    return [
        Finding(
            severity="note",
            check="strong season",
            places=tuple(pair.place for pair in pairs),
            looked=len(case.tested),
            what=f"A season of {case.season} steps makes up most of what is left without the trend.",
            why="A model that cannot repeat it starts far behind.",
            option=f"--season {case.season} is in use; give another number to try it.",
        )
    ]


def _read(case: Case, reading: str, *, what: str, why: str, option: str) -> list[Finding]:
    pairs = [pair for pair in case.tested if isinstance(pair.found, Stationarity) and pair.found.reading == reading]
    if not pairs:
        return []
    return [
        Finding(
            severity="note",
            check=reading,
            places=tuple(pair.place for pair in pairs),
            looked=len(case.tested),
            what=what,
            why=why,
            option=option,
        )
    ]
