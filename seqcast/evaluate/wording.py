"""The verdict in words: every sentence is true for better and worse, for many models and for one."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from seqcast.evaluate.comparisons import CONFIDENCE, Comparison
from seqcast.evaluate.leaderboard import BASELINE
from seqcast.evaluate.pieces import Losses
from seqcast.evaluate.ranks import Ranks
from seqcast.evaluate.significance import LEVEL

_FEW = 10  # windows: with fewer, luck is too large for any but a large difference to be proven


@dataclass(frozen=True)
class Entrants:
    """Who was compared.

    Parameters
    ----------
    networks, classical : tuple of str
        Models that could be judged, the lowest error first.
    failed : tuple of str
        Models with missing forecasts, or that nothing could be judged of.
    asked : tuple of str
        Every network of the run.
    """

    networks: tuple[str, ...]
    classical: tuple[str, ...]
    failed: tuple[str, ...]
    asked: tuple[str, ...]

    @property
    def rival(self) -> str:
        """The classical model with the lowest error."""
        return self.classical[0]


def sentence(losses: Losses, entrants: Entrants, comparisons: Sequence[Comparison]) -> str:
    """Return the answer in one sentence."""
    if not losses.points:
        return (
            "not proven: nothing can be judged, as nothing was observed after the cutoffs or nothing varied before them"
        )
    if not entrants.networks:
        return _without_network(entrants, comparisons)
    best = entrants.networks[0]
    if not entrants.classical:
        return f"not proven: no classical model could be compared with {best}"
    against = {one.model: one for one in comparisons if one.against == entrants.rival}
    one = against[best]
    if is_better(one):
        return _network_wins(one, entrants, comparisons)
    if is_worse(one, entrants):
        every = all(is_worse(against[name], entrants) for name in entrants.networks)
        return _classical_wins(one, every and len(entrants.networks) > 1)
    return not_proven(losses, one) + (f", at {_times(one.cost)} its compute" if _costs(one) else "")


def is_better(one: Comparison) -> bool:
    """Say whether the model is proven better than the other."""
    return one.gain > 0 and one.adjusted < LEVEL


def is_worse(one: Comparison, entrants: Entrants) -> bool:
    """Say whether the model is proven worse than the other, which was chosen on the same windows as the best of many.

    The choice of that one is paid for. The number of networks is not: a claim about the best of them, or about every
    one, is only harder to make the more there are.
    """
    return one.gain < 0 and one.p_value * len(entrants.classical) < LEVEL


def not_proven(losses: Losses, one: Comparison) -> str:
    """Return why one model cannot be told from another."""
    pair = f"{one.model} from {one.against}"
    if one.freedom <= 0:
        counted = _counted(losses.windows, "window")
        if losses.overlap > 1:
            counted += ", which overlap,"
        if losses.count > 1:
            counted += f" of {losses.count} series"
        return f"not proven: {counted} {'is' if losses.windows == 1 else 'are'} too few to tell {pair}"
    if one.statistic == 0 and one.gain == 0:
        return f"not proven: {one.model} and {one.against} do equally well"
    return f"not proven: the data cannot tell {pair} ({_difference(one)}{_but(one)})"


def _without_network(entrants: Entrants, comparisons: Sequence[Comparison]) -> str:
    if entrants.asked:
        return f"not proven: forecasts of {_listed(entrants.asked)} are missing, and no other network was compared"
    start = "no network was compared"
    if len(entrants.classical) < 2 or BASELINE not in entrants.classical:
        return f"{start}; nor was there a classical model beside {BASELINE} to compare it with"
    if entrants.rival == BASELINE:
        return f"{start}; no classical model has a lower error than {BASELINE}"
    one = next(one for one in comparisons if one.model == entrants.rival)
    if is_better(one):
        return f"{start}; {one.model} beats {BASELINE} by {_percent(one.gain)} MASE ({_interval(one.low, one.high)})"
    return f"{start}; that {one.model} beats {BASELINE} is not proven"


def _network_wins(one: Comparison, entrants: Entrants, comparisons: Sequence[Comparison]) -> str:
    text = f"{one.model} beats {_title(one.against, entrants)} by {_percent(one.gain)} MASE"
    text += f" ({_interval(one.low, one.high)})"
    text += f", at {_times(one.cost)} its compute" if _costs(one) else ""
    yard = next((other for other in comparisons if other.model == one.model and other.against == BASELINE), None)
    return text if yard is None or is_better(yard) else f"{text}; that it beats {BASELINE} is not proven"


def _classical_wins(one: Comparison, every: bool) -> str:
    beaten = f"every network: the best of them, {one.model}," if every else f"{one.model}, which"
    if not math.isfinite(one.gain):
        return f"{one.against} beats {beaten} has errors where it has none"
    text = f"{one.against} beats {beaten} has {_percent(-one.gain)} more MASE ({_interval(-one.high, -one.low)})"
    return text + (f" at {_times(one.cost)} the compute" if _costs(one) else "")


def details(
    losses: Losses,
    entrants: Entrants,
    comparisons: Sequence[Comparison],
    best: Sequence[str],
    ranks: Ranks | None,
) -> tuple[str, ...]:
    """Return what else must be known to believe the answer."""
    lines = [_missing(entrants)] if entrants.failed and losses.points else []
    if not losses.points or not comparisons:
        return tuple(lines)
    lines.append(_basis(losses, comparisons))
    lines.append(_paid(entrants, comparisons))
    lines.append(_beside_yardstick(comparisons))
    lines.append(_best(best, len(losses.mase)))
    if ranks is not None:
        lines.append(_ranks(ranks))
    return tuple(line for line in lines if line)


def _missing(entrants: Entrants) -> str:
    are = "is" if len(entrants.failed) == 1 else "are"
    return f"Forecasts are missing of {_listed(entrants.failed)}, which {are} not compared."


def _basis(losses: Losses, comparisons: Sequence[Comparison]) -> str:
    judged = f"Judged by {losses.points} values in {_counted(losses.windows, 'window')}"
    least = min(comparisons, key=lambda one: one.freedom)
    if least.by_series:
        worth = math.floor(least.freedom + 1)
        return f"{judged} of {losses.count} series, which count as {worth} independent ones or more."
    if least.freedom <= 0:
        return f"{judged}: too few for a test."
    worth = math.floor(least.freedom + 1)
    counted = f", which overlap and are worth {worth} that do not" if losses.overlap > 1 else ""
    text = f"{judged}{counted}; a window is one piece of evidence, because its steps and series err together."
    return f"{text} So few prove only a large and steady difference." if worth < _FEW else text


def _paid(entrants: Entrants, comparisons: Sequence[Comparison]) -> str:
    count = max(sum(one.against == other.against for one in comparisons) for other in comparisons)
    parts = [f"comparing up to {count} models with the same other"] if count > 1 else []
    if len(entrants.classical) > 1 and entrants.networks:
        parts.append(f"choosing the best of {len(entrants.classical)} classical models")
    return f"The tests pay for {' and for '.join(parts)}." if parts else ""


def _beside_yardstick(comparisons: Sequence[Comparison]) -> str:
    beside = [one for one in comparisons if one.against == BASELINE]
    better = [one.model for one in beside if is_better(one)]
    worse = [one.model for one in beside if one.gain < 0 and one.adjusted < LEVEL]
    if not beside:
        return ""
    text = f"Proven better than {BASELINE}: {_listed(better) if better else 'none'}"
    return f"{text}; proven worse: {_listed(worse)}." if worse else f"{text}."


def _best(best: Sequence[str], count: int) -> str:
    if count < 2:
        return ""
    if len(best) == count:
        return f"None of the {count} models can be ruled out as the best."
    return f"With {_percent(CONFIDENCE)} confidence the best model is among: {_listed(best)}."


def _ranks(ranks: Ranks) -> str:
    leader = f"{ranks.models[0]} ranks best over {ranks.series} series ({ranks.average[0]:.2f} on average)"
    if ranks.f_p >= LEVEL:
        return f"{leader}, but average ranks do not differ more than by chance."
    return f"{leader}; ranks differ where they are {ranks.critical_difference:.2f} apart."


def _title(name: str, entrants: Entrants) -> str:
    return f"{name}, the best classical model," if len(entrants.classical) > 1 else name


def _difference(one: Comparison) -> str:
    if not math.isfinite(one.gain):
        return f"{one.against} makes no error"
    if one.gain < 0:
        return f"{_percent(-one.gain)} more MASE, {_interval(-one.high, -one.low)}"
    return f"{_percent(one.gain)} less MASE, {_interval(one.low, one.high)}"


def _but(one: Comparison) -> str:
    """Return why an interval without zero in it proves nothing."""
    if not (one.low > 0 or one.high < 0):
        return ""
    if one.p_value >= LEVEL:
        return ", of too few pieces to rely on"
    return " of this pair alone, not of the best among many"


def _interval(low: float, high: float) -> str:
    return f"95 % interval {_figure(low)} to {_percent(high)}"


def _percent(share: float) -> str:
    return f"{_figure(share)} %"


def _figure(share: float) -> str:
    text = f"{100 * share:.0f}" if abs(share) >= 0.0995 else f"{100 * share:.1f}"
    return "0" if float(text) == 0 else text.replace("-", "−")


def _costs(one: Comparison) -> bool:
    return math.isfinite(one.cost) and one.cost > 0


def _times(ratio: float) -> str:
    if ratio < 0.095:
        return f"{_percent(ratio) if ratio >= 0.001 else 'less than 0.1 %'} of"
    return f"{ratio:,.0f}×" if ratio >= 9.5 else f"{ratio:.2g}×"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
