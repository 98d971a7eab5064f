"""The sentences of the page: what was forecast, what came of it, and how far that goes."""

import math
import re
from collections.abc import Sequence

from seqcast.evaluate.leaderboard import BASELINE, Score
from seqcast.report.numbers import count, duration, level, mase, percent
from seqcast.report.values import Facts, Headline

UNITS = {"us": "microsecond", "ms": "millisecond", "s": "second", "min": "minute", "h": "hour", "d": "day"} | {
    "bd": "business day",
    "w": "week",
    "mo": "month",
    "q": "quarter",
    "y": "year",
}
SLACK = 0.05
LITTLE = 0.05
NOTHING = 0.005
NAIVE = "naive"


def span(steps: int, frequency: str) -> str:
    """Return how far so many steps reach.

    Examples
    --------
    >>> span(24, "1h"), span(8, "1mo-end"), span(12, "15min"), span(3, "rows"), span(1, "1y")
    ('24 hours', '8 months', '12 steps of 15 minutes', '3 steps', '1 year')
    """
    found = re.fullmatch(r"(\d+)([a-z]+)(-end)?", frequency)
    unit = UNITS.get(found.group(2)) if found else None
    if found is None or unit is None:
        return count(steps, "step")
    if found.group(1) == "1":
        return count(steps, unit)
    return f"{count(steps, 'step')} of {count(int(found.group(1)), unit)}"


def step(frequency: str) -> str:
    """Return the length of one step.

    Examples
    --------
    >>> step("1h"), step("15min"), step("rows"), step("10")
    ('1 hour', '15 minutes', 'one row', '10')
    """
    found = re.fullmatch(r"(\d+)([a-z]+)(-end)?", frequency)
    unit = UNITS.get(found.group(2)) if found else None
    if found is None or unit is None:
        return "one row" if frequency == "rows" else frequency
    return count(int(found.group(1)), unit) + (", at its end" if found.group(3) else "")


def listed(names: Sequence[str], most: int = 3) -> str:
    """Return names as a phrase.

    Examples
    --------
    >>> listed(["a", "b", "c"]), listed(["load"]), listed(list("abcd"))
    ('a, b and c', 'load', '')
    """
    if len(names) > most:
        return ""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def title(head: Headline) -> str:
    """Return the heading of the page: what, of how many series, how far ahead."""
    what = listed(head.targets) or count(len(head.targets), "target")
    many = f" of {count(head.series, 'series', 'series')}" if head.series > 1 else ""
    return f"{what}{many}, {span(head.horizon, head.frequency)} ahead"


def verdict(facts: Facts) -> str:
    """Return in one sentence whether any model is worth it: "not proven" and "no" are normal answers."""
    head = facts.headline
    if head.best is None:
        return "No model was scored on past windows, so nothing tells how good this forecast is."
    first = score_of(facts)
    leader = facts.scores[0]
    if leader.model != first.model:
        return _chosen(facts, first, leader)
    if head.yardstick is None:
        return (
            f"{titled(facts)} did best (MASE {mase(first.mase)}); seasonal naive was not run, so its skill is unknown."
        )
    if head.best == head.yardstick or not first.skill > 0:
        return "No model beats seasonal naive here." + _runner_up(facts)
    if first.skill < NOTHING:
        return (
            f"{titled(facts)} did best, but its error (MASE {mase(first.mase)}) is level with that of seasonal naive."
        )
    only = "only " if first.skill < LITTLE else ""
    return (
        f"{titled(facts)} did best: its error (MASE {mase(first.mase)}) is {only}{percent(first.skill)} below "
        f"that of seasonal naive."
    )


def titled(facts: Facts) -> str:
    """Return the chosen model as a sentence begins with it; of a median, what it is taken of."""
    choice, best = facts.evidence.choice, facts.headline.best or ""
    return begun(choice.title if choice and choice.model == best else best)


def begun(title: str) -> str:
    """Return a title at the beginning of a sentence; names of models keep their letters.

    Examples
    --------
    >>> begun("the median of ets, gru and theta"), begun("arima")
    ('The median of ets, gru and theta', 'arima')
    """
    return f"T{title[1:]}" if title.startswith("the ") else title


def score_of(facts: Facts) -> Score:
    """Return the score of the model that was chosen."""
    return next(score for score in facts.scores if score.model == facts.headline.best)


def reach(facts: Facts) -> str:
    """Return how broad the test was that the verdict rests on, and on how much of it the best model was ahead."""
    head = facts.headline
    if head.best is None or not head.cutoffs:
        return ""
    # One window has as many cutoffs as its series have ends, where times are each series' own counter.
    single = head.first_cutoff == head.last_cutoff
    when = f" (cutoff {head.first_cutoff})" if single else f" (cutoffs {head.first_cutoff} to {head.last_cutoff})"
    text = f"Judged on {count(head.cutoffs, 'past window')}{when}, each forecast from what was known then."
    if head.yardstick and head.best != head.yardstick and head.judged > 1:
        what = "targets" if head.series == 1 else "series" if len(head.targets) == 1 else "pairs of series and target"
        text += f" It is ahead of seasonal naive on {head.wins:,} of {head.judged:,} {what}."
    return text


def simpler(facts: Facts) -> str:
    """Return the gain over naive where that is a harder test than seasonal naive; empty elsewhere."""
    mases = {score.model: score.mase for score in facts.scores}
    best, naive, season = (mases.get(name or "", math.nan) for name in (facts.headline.best, NAIVE, BASELINE))
    if facts.headline.best == NAIVE or not 0 < naive < season:
        return ""
    gain = 1 - best / naive
    said = f"{percent(gain)} below" if gain >= NOTHING else "level with"
    return f"Naive, which repeats the last value, is harder to beat here: the error is {said} its own."


def honesty(score: Score) -> str:
    """Return whether the widest interval held as much as it promised; empty where that is unknown."""
    if not (math.isfinite(score.coverage) and math.isfinite(score.nominal)) or score.nominal <= 0:
        return ""
    text = f"Its {level(score.nominal)} intervals held {percent(score.coverage)} of what came"
    gap = score.coverage - score.nominal
    return text + (": too narrow." if gap < -SLACK else ": too wide." if gap > SLACK else ".")


def shown(facts: Facts, number_shown: int) -> str:
    """Return how much of the whole the pictures show; empty when they show all of it."""
    if number_shown == facts.pairs:
        return ""
    what = "series" if len(facts.headline.targets) == 1 else "pairs of series and target"
    ranked = any(fan.place for fan in (*facts.fans, *facts.past))
    how = ", evenly chosen from the worst to the best by MASE of the best model" if ranked else ""
    return f"Shown: {number_shown} of {facts.pairs:,} {what}{how}."


def took(seconds: float) -> str:
    """Return how long the run took; empty where that is unknown."""
    return f"The run took {duration(seconds)}." if math.isfinite(seconds) else ""


def _chosen(facts: Facts, first: Score, leader: Score) -> str:
    """Return how a model did that was chosen on other windows, where it is not the best of these."""
    better = f"{leader.model} would have done best, MASE {mase(leader.mase)}."
    said = f"{titled(facts)} was chosen on the inner windows; on the outer ones its error (MASE {mase(first.mase)}) is"
    if facts.headline.yardstick is None:
        return f"{said} not the lowest: {better}"
    if first.model == facts.headline.yardstick:
        return f"Seasonal naive was chosen on the inner windows (MASE {mase(first.mase)} on the outer ones); {better}"
    if abs(first.skill) < NOTHING:
        best = ", the lowest." if leader.model == facts.headline.yardstick else f"; {better}"
        return f"{said} level with that of seasonal naive{best}"
    beside = "below" if first.skill > 0 else "above"
    return f"{said} {percent(abs(first.skill))} {beside} that of seasonal naive; {better}"


def _runner_up(facts: Facts) -> str:
    others = [score for score in facts.scores if score.model != facts.headline.yardstick and math.isfinite(score.mase)]
    if not others:
        return ""
    near = others[0]
    its = next(score.mase for score in facts.scores if score.model == facts.headline.yardstick)
    return f" The nearest is {near.model}, MASE {mase(near.mase)} against {mase(its)}."
