"""A page of a search for settings: what was chosen and whether it is worth it, how it went, which settings mattered."""

import math
from collections.abc import Iterable, Sequence
from html import escape

from seqcast.report.charts import skill_bar
from seqcast.report.numbers import count, duration, fixed, mase, percent
from seqcast.report.search_facts import Answer, Row, Rung, SearchFacts
from seqcast.report.search_plots import above, best_figure, climb_figure, lanes_figure, scale_of
from seqcast.report.search_settings import LEAST, short
from seqcast.report.sheet import sheet
from seqcast.report.words import NOTHING

_KEYS = {"c0": "chosen", "yard": "defaults", "lane tenth": "best tenth", "lane half": "upper half", "lane": "the rest"}
_PICTURES, _NAMED = 12, 8  # brackets that are drawn, trials that are named in a cell
_LANE = 108  # pixels between two axes at least


def search_page(facts: SearchFacts) -> str:
    """Return one offline HTML page of a search.

    Parameters
    ----------
    facts : SearchFacts
        From `build_search_facts`.

    Examples
    --------
    >>> from seqcast.report.search_facts import build_search_facts
    >>> from seqcast.tune.records import Done
    >>> from seqcast.tune.space import Space
    >>> page = search_page(build_search_facts(Done(), Space(("lstm",), {}, {"lstm": {}})))
    >>> page.count("<h1>"), "://" in page, "Nothing was sought" in page
    (1, False, True)
    """
    sections = (_best(facts), _rungs(facts), _lanes(facts), _importance(facts), _table(facts), _failures(facts))
    return sheet("Search", f"{_header(facts)}{''.join(sections)}")


def verdict(facts: SearchFacts) -> str:
    """Return in one sentence what was chosen, and what came of it where nothing was chosen."""
    answer = facts.answer
    if answer.trial is None:
        tried = f"None of the {facts.trials} settings that were tried works" if facts.trials else "Nothing was sought"
        return f"{tried}, so {answer.family} keeps its defaults{_beside(answer, 'windows')}."
    if answer.trial == 0:
        others = facts.trials - 1
        why = (
            "Nothing was sought: only the defaults were trained"
            if not others
            else f"None of {count(others, 'other setting')} beat the defaults"
            if facts.whole > 1
            else f"None of {count(others, 'other setting')} was trained to the end, so the defaults stay"
        )
        return f"{why}; {answer.family} with them has MASE {_said(answer.inner)} on the inner windows{_beside(answer)}."
    return (
        f"Chosen is {chosen(answer)}: MASE {_said(answer.inner)} on the inner windows{_beside(answer)}; "
        f"the optimism (outer less inner) is {_signed(answer.optimism)}."
    )


def chosen(answer: Answer) -> str:
    """Return the chosen settings in words.

    Examples
    --------
    >>> unknown = dict(inner=0.5, tuned=0.5, defaults=0.5, naive=1.0, optimism=0.0)
    >>> chosen(Answer(trial=3, family="gru", settings=(("lr", "0.01"), ("width", "32")), **unknown))
    'gru with lr 0.01 and width 32'
    """
    pairs = [f"{name} {value}" for name, value in answer.settings]
    joined = " and ".join(part for part in (", ".join(pairs[:-1]), *pairs[-1:]) if part)
    return f"{answer.family} with {joined}" if joined else answer.family


def _beside(answer: Answer, ones: str = "ones") -> str:
    """Return how it did on the outer windows, and beside what."""
    if not math.isfinite(answer.tuned):
        return f" and unknown on the outer {ones}" if ones == "ones" else ""
    parts = []
    if answer.trial and math.isfinite(answer.defaults):
        gain = 1 - answer.tuned / answer.defaults if answer.defaults else 0.0
        honest = "" if gain >= NOTHING else "no better than the defaults: "
        parts.append(f"{honest}{_against(gain, 'that of the defaults' if not honest else 'them', answer.defaults)}")
    if math.isfinite(answer.naive):
        gain = 1 - answer.tuned / answer.naive if answer.naive else 0.0
        parts.append(_against(gain, "that of seasonal naive", answer.naive))
    before = ", " if ones == "ones" else ": MASE "
    return f"{before}{mase(answer.tuned)} on the outer {ones}" + (f", which is {' and '.join(parts)}" if parts else "")


def _against(gain: float, what: str, value: float) -> str:
    if abs(gain) < NOTHING:
        return f"level with {what} ({mase(value)})"
    return f"{percent(abs(gain), 1)} {'below' if gain > 0 else 'above'} {what} ({mase(value)})"


def _header(facts: SearchFacts) -> str:
    answer = facts.answer
    lost = answer.trial and answer.tuned >= answer.defaults * (1 - NOTHING)
    warned = "<p>What the inner windows promised did not last on the outer ones.</p>" if lost else ""
    figures = {
        "inner windows": _said(answer.inner),
        "outer windows": _said(answer.tuned),
        "defaults, outer": _said(answer.defaults if answer.trial else answer.tuned),
        "seasonal naive, outer": _said(answer.naive),
        "optimism": _signed(answer.optimism),
    }
    terms = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures.items())
    how = (
        f"{count(facts.trials, 'setting')} tried, {facts.whole:,} of them trained to the end "
        f"({count(facts.epochs, 'epoch')}), {facts.failed:,} failed; {duration(facts.seconds)} of training. Settings "
        "were chosen on the inner windows, so their error there flatters; the outer windows chose nothing. "
        "Lower is better."
    )
    known = any(math.isfinite(value) for value in (answer.inner, answer.tuned, answer.naive))
    return (
        '<header><p class="eyebrow">seqcast · tune</p><h1>Search for settings</h1>'
        f'<p class="verdict">{escape(verdict(facts))}</p>{warned}{f"<p>{how}</p>" if facts.trials else ""}</header>'
        + (f'<section><h2>MASE</h2><dl class="facts">{terms}</dl></section>\n' if known else "")
    )


def _best(facts: SearchFacts) -> str:
    drawn = best_figure(facts)
    if not drawn:
        return _section("Best so far", "No training was finished that gave an error, so there is nothing to draw.")
    said = "Lowest MASE on the inner windows by seconds of training; a dot is a setting that was trained to the end."
    values = [point.value for point in facts.points]
    gone = above(values, scale_of(values))
    return _section("Best so far", f"{said} {gone}", f"<figure>{drawn}</figure>")


def _rungs(facts: SearchFacts) -> str:
    if not facts.rungs:
        tried = "Every setting was trained to the end at once" if facts.trials > 1 else "Only the defaults were trained"
        return _section("Rungs", f"{tried if facts.trials else 'Nothing was trained'}, so there are no rungs.")
    stages = list(dict.fromkeys(rung.stage for rung in facts.rungs))
    values = [value for climb in facts.climbs for value in climb.values]
    y = scale_of(values)
    figures = "".join(
        f"<figure><figcaption><b>{_bracket(stage)}</b></figcaption>{climb_figure(facts, stage, y)}</figure>"
        for stage in stages[:_PICTURES]
    )
    heads = ("", "Epochs", "Settings", "Gave an error", "Best", "Median", "Went on")
    cells = [
        [
            str(rung.epochs),
            f"{rung.trained:,}",
            f"{rung.worked:,}",
            _said(rung.best),
            _said(rung.median),
            _onward(rung),
        ]
        for rung in facts.rungs
    ]
    rows = [(_bracket(rung.stage), row, "") for rung, row in zip(facts.rungs, cells, strict=True)]
    said = (
        "Many settings are trained for few epochs and the best of them for more. A dot is a MASE on the inner windows, "
        "a line joins those of one setting; the chosen one is marked. The defaults were trained to the end at once."
    )
    said += " " + above(values, y)
    if len(stages) > _PICTURES:
        said += f" Drawn are the first {_PICTURES} of {len(stages)} brackets."
    return _section("Rungs", said, f'<div class="figures many">{figures}</div>', _board(heads, rows, words=(5,)))


def _lanes(facts: SearchFacts) -> str:
    drawn = lanes_figure(facts)
    if not drawn or facts.trials < 2:
        return _section("Settings", "Fewer than two settings were sought, or none was tried beside the defaults.")
    there = {{"rest": "lane", "half": "lane half", "tenth": "lane tenth"}.get(line.kind) for line in facts.lines}
    there |= {"c0"} if facts.answer.trial is not None else set()
    there |= {"yard"} if facts.answer.trial != 0 else set()
    keys = "".join(f"<li>{_sample(kind)}{text}</li>" for kind, text in _KEYS.items() if kind in there)
    said = (
        "A line is one setting tried, broken where its family has no such setting; ranked among all that were trained "
        "for as many epochs as it was."
    )
    axes = facts.importance[: len(facts.axes)]
    if len(facts.importance) > len(axes):
        order = ", the most important first" if all(math.isfinite(item.share) for item in axes) else ""
        said += f" Drawn are {len(axes)} of {len(facts.importance)} settings{order}."
    wide = f'<div style="min-width:{_LANE * len(facts.axes)}px">{drawn}</div>'
    return _section("Settings", said, f'<ul class="keys">{keys}</ul>', f'<div class="scroll" tabindex="0">{wide}</div>')


def _importance(facts: SearchFacts) -> str:
    known = [item for item in facts.importance if math.isfinite(item.share)]
    unknown = len(facts.importance) - len(known)
    few = f"{count(unknown, 'setting')} had fewer than {LEAST} values, or one for each option: nothing can be told."
    if not known:
        return _section("Importance", few if unknown else "No setting was sought.")
    said = (
        f"How much of the differences in error after {count(facts.rung, 'epoch')} goes with a setting alone; numbers "
        "are taken in quarters. What as many groups would explain by chance alone is taken off, yet with few values a "
        "share can still be chance, and settings that matter only together show less than they should."
    )
    rows = [
        (
            " ".join(filter(None, reversed(short(item.name)))),
            [percent(item.share), skill_bar(item.share, 0.0, 1.0), f"{item.values:,}"],
            "",
        )
        for item in known
    ]
    table = _board(("Setting", "Share", "", "Values"), rows, bar=1)
    return _section("Importance", said, table, f'<p class="note">{few}</p>' if unknown else "")


def _table(facts: SearchFacts) -> str:
    if not facts.rows:
        return _section("Best settings", "No setting was trained to the end and gave an error.")
    heads = ("Trial", "MASE", "Epochs", "Family", "Settings")
    rows = [
        (_trial(row), [mase(row.value), str(row.reached), escape(row.family), _pairs(row)], _kind(row, facts))
        for row in facts.rows
    ]
    said = "Of those that were trained to the end, on the inner windows. Training may stop before its last epoch."
    return _section("Best settings", said, _board(heads, rows, words=(2, 3)))


def _failures(facts: SearchFacts) -> str:
    if not facts.failed:
        return ""
    lines = "".join(f"<li>{escape(message)} ({count(times, 'job')})</li>" for message, times in facts.messages)
    said = f"{facts.failed:,} of {count(facts.trials, 'setting')}; trials.csv names them."
    return _section("What failed", said, f'<ul class="plain">{lines}</ul>')


def _section(heading: str, said: str, *parts: str) -> str:
    return f"<section><h2>{heading}</h2><p>{said}</p>{''.join(parts)}</section>\n"


def _board(
    heads: Sequence[str], rows: Iterable[tuple[str, list[str], str]], words: Sequence[int] = (), bar: int = -1
) -> str:
    """Return a table of cells that are HTML already; `words` are the columns of text, `bar` that of bars."""
    kinds = ["barcell" if at == bar else "word" if at in words else "" for at in range(len(heads) - 1)]
    top = "".join(f'<th scope="col" class="{kind}">{head}</th>' for kind, head in zip(["", *kinds], heads, strict=True))
    body = "".join(
        f'<tr class="{row}"><th scope="row">{escape(name)}</th>'
        + "".join(f'<td class="{kind}">{cell}</td>' for kind, cell in zip(kinds, cells, strict=True))
        + "</tr>"
        for name, cells, row in rows
    )
    table = f'<table class="board"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="scroll" tabindex="0">{table}</div>'


def _bracket(stage: int) -> str:
    return f"Bracket {stage}" if stage else "All settings"


def _onward(rung: Rung) -> str:
    if not rung.onward:
        return "0"
    named = ", ".join(str(trial) for trial in rung.onward[:_NAMED])
    return f"{len(rung.onward):,}: {named}{', …' if len(rung.onward) > _NAMED else ''}"


def _trial(row: Row) -> str:
    return str(row.trial) if row.trial else "0, defaults"


def _kind(row: Row, facts: SearchFacts) -> str:
    return "best" if row.trial == facts.answer.trial else "yardstick" if not row.trial else ""


def _pairs(row: Row) -> str:
    joined = ", ".join(f"{name}\N{NO-BREAK SPACE}{value}" for name, value in row.settings) or "as they are"
    return f'<span class="pairs">{escape(joined)}</span>'


def _sample(kind: str) -> str:
    return f'<svg class="key" aria-hidden="true" viewBox="0 0 28 12"><path class="{kind}" d="M1,6H27"/></svg>'


def _said(value: float) -> str:
    return mase(value) if math.isfinite(value) else "unknown"


def _signed(value: float) -> str:
    return ("+" if value > 0 else "") + fixed(value, 3) if math.isfinite(value) else "unknown"
