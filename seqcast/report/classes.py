"""The page of a classification: scores beside yardsticks, which classes are taken for which, curves, errors to read."""

from collections.abc import Iterable
from html import escape

import numpy as np

from seqcast.evaluate.classes import ClassScore
from seqcast.report.charts import curve_figure
from seqcast.report.class_facts import ClassFacts, Read, Word
from seqcast.report.class_plots import calibration_figure, curves_figure, styles
from seqcast.report.facts import curves_of
from seqcast.report.html import toml
from seqcast.report.numbers import count, duration, percent
from seqcast.report.sheet import sheet

_SHOWN = 60  # words of a wrong answer, around the heaviest
_MOST_CLASSES = 20  # of the table of classes taken for each other


def class_page(facts: ClassFacts) -> str:
    """Return one offline HTML page. The same facts give the same bytes.

    Parameters
    ----------
    facts : ClassFacts
        From `build_class_facts`.

    Examples
    --------
    >>> from seqcast.report.class_facts import Classified, build_class_facts
    >>> kept = dict(counts={}, part="test", seconds={}, records=(), settings={}, versions={}, total=1.0)
    >>> said = {"lstm": np.eye(2)[[0, 1, 1]], "linear": np.eye(2)[[0, 1, 0]]}
    >>> found = Classified(
    ...     source="<t>", kind="text", classes=("a", "b"), truth=np.array([0, 1, 1]), probabilities=said, **kept
    ... )
    >>> page = class_page(build_class_facts(found))
    >>> page.count("<h1>"), "://" in page, "<t>" in page
    (1, False, False)
    """
    sections = (_scores(facts), _confusion(facts), _curves(facts), _calibration(facts), _training(facts), _wrong(facts))
    return sheet("Classes", f"{_header(facts)}{''.join(sections)}{_settings(facts)}")


def _header(facts: ClassFacts) -> str:
    found = facts.found
    unit = ("text", "texts") if found.kind == "text" else ("series", "series")
    parts = ", ".join(f"{count(number, *unit)} {what}" for what, number in found.counts.items() if number)
    flatter = (
        "" if found.part == "test" else ", which also said when to stop and what each part counts, so they flatter"
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
    # Names of models keep their letters.
    verdict = facts.verdict[0].upper() + facts.verdict[1:] if facts.verdict.startswith("not ") else facts.verdict
    return (
        f'<header><p class="eyebrow">seqcast · classify</p><h1>{escape(found.source)}</h1>'
        f'<p class="verdict">{escape(verdict)}.</p><p>{len(found.classes)} classes; {parts}; '
        f"{duration(found.total)}. Shares are of the {found.part} part{flatter}.</p>"
        f"{f'<ul class={chr(34)}notes{chr(34)}>{notes}</ul>' if notes else ''}</header>"
    )


def _scores(facts: ClassFacts) -> str:
    parts = facts.found.parts
    rows = "".join(_score(score, score.model in parts, place == 0) for place, score in enumerate(facts.scores))
    return _section(
        "Scores",
        "Share of right answers with its 95 % interval (Wilson), and the mean negative log of the probability of the "
        "true class, lower is better. Indented: parts of the model by themselves.",
        '<div class="scroll" tabindex="0"><table class="board"><thead><tr><th>Model</th><th>Right</th><th>95 %</th>'
        f"<th>Log loss</th><th>Time</th></tr></thead><tbody>{rows}</tbody></table></div>",
    )


def _score(score: ClassScore, part: bool, first: bool) -> str:
    name = f"{'&emsp;' if part else ''}{escape(score.model)}"
    seconds = duration(score.seconds) if np.isfinite(score.seconds) else ""
    cells = (f"{score.accuracy:.2%}", f"{score.low:.1%} – {score.high:.1%}", f"{score.log_loss:.4f}", seconds)
    kind = ' class="best"' if first else ""
    return f"<tr{kind}><th>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _confusion(facts: ClassFacts) -> str:
    names, table = facts.found.classes, facts.confusion
    told = "Rows are the true classes; shares are of a row, the stronger the colour the more."
    if len(names) > _MOST_CLASSES:
        pairs = sorted(
            ((int(table[i, j]), names[i], names[j]) for i in range(len(names)) for j in range(len(names)) if i != j),
            reverse=True,
        )[:_MOST_CLASSES]
        rows = "".join(
            f"<tr><th>{escape(true)}</th><th>{escape(said)}</th><td>{number:,}</td></tr>"
            for number, true, said in pairs
            if number
        )
        told = f"The most frequent wrong answers, {_MOST_CLASSES} at most."
        head = "<tr><th>Class</th><th>Taken for</th><th>Times</th></tr>"
    else:
        shares = table / np.maximum(1, table.sum(axis=1, keepdims=True))
        rows = "".join(
            f"<tr><th>{escape(name)}</th>{''.join(map(_cell, line.tolist(), part.tolist()))}</tr>"
            for name, line, part in zip(names, table, shares, strict=True)
        )
        head = f"<tr><th>True</th>{''.join(f'<th>said {escape(name)}</th>' for name in names)}</tr>"
    return _section(
        "Taken for each other",
        told,
        f'<div class="scroll" tabindex="0"><table class="taken"><thead>{head}</thead>'
        f"<tbody>{rows}</tbody></table></div>",
    )


def _cell(number: int, share: float) -> str:
    return f'<td style="--share:{share:.3f}">{number:,} <span class="said">{percent(share)}</span></td>'


def _curves(facts: ClassFacts) -> str:
    if not facts.roc:
        return ""
    kinds = styles(tuple(facts.roc))
    keys = "".join(_key(kind, escape(name)) for name, kind in kinds.items())
    figures = "".join(
        f"<figure><figcaption>{label}</figcaption>{curves_figure(curves, what, number)}</figure>"
        for number, (label, what, curves) in enumerate(
            (
                ("True against false alarms (ROC)", "roc", facts.roc),
                ("Precision by recall", "recall", facts.recall),
            )
        )
    )
    whose = "One class against the rest" if len(facts.found.classes) > 2 else f"Class {next(iter(facts.roc))}"
    areas = "; ".join(
        f"{name}: area {facts.roc[name].area:.4f}, average precision {facts.recall[name].area:.4f}"
        for name in facts.roc
    )
    return _section(
        "Curves",
        f"{escape(whose)}, for every threshold. {escape(areas)}.",
        f'<ul class="keys">{keys}</ul><div class="figures two">{figures}</div>',
    )


def _calibration(facts: ClassFacts) -> str:
    gap = facts.calibration.gap
    return _section(
        "Can the probabilities be believed?",
        "How sure answers were against how often they were right, by tenths. The mean distance is "
        f"{gap:.1%}; on the dotted line there is none.",
        f'<div class="figures two"><figure>{calibration_figure(facts.calibration)}</figure></div>',
    )


def _training(facts: ClassFacts) -> str:
    if not facts.found.records:
        return ""
    curves = curves_of(facts.scores[0].model, facts.found.records)
    figures = "".join(
        f"<figure><figcaption>{label}</figcaption>{curve_figure(curves, 0, what, label)}</figure>"
        for label, what in (("Loss", "loss"), ("Share answered wrong", "mae"))
    )
    keys = _key("train", "training part") + _key("valid", "validation part") + _key("best", "best epoch")
    return _section(
        "Training",
        f"The network alone. The weights of epoch {curves.best} of {len(curves.epoch)} were kept, for their loss.",
        f'<ul class="keys">{keys}</ul><div class="figures two">{figures}</div>',
    )


def _wrong(facts: ClassFacts) -> str:
    wrong = facts.found.wrong
    if not wrong:
        return ""
    said = "The wrong answers that were given most surely."
    if facts.found.kind == "text":
        said += (
            " The stronger the colour of a word, the more of what the network pooled came from it and the words read "
            f"with it; of a long text only the {_SHOWN} words in a row that gave most are shown."
        )
    return _section("Errors to read", said, "".join(_read(answer) for answer in wrong))


def _read(answer: Read) -> str:
    head = f"{escape(answer.name)}: {escape(answer.said)} said with {answer.probability:.1%}, is {escape(answer.truth)}"
    return f'<article class="read"><h3>{head}</h3>{_words(answer.words)}</article>'


def _words(words: tuple[Word, ...]) -> str:
    if not words:
        return ""
    weights = np.array([word.weight for word in words])
    middle = int(np.argmax(np.convolve(weights, np.ones(min(_SHOWN, len(words))), "same")))
    first = max(0, min(middle - _SHOWN // 2, len(words) - _SHOWN))
    shown = words[first : first + _SHOWN]
    most = max(word.weight for word in shown) or 1.0
    marked = " ".join(f'<i style="--share:{word.weight / most:.2f}">{escape(word.text)}</i>' for word in shown)
    return f"<p>{'… ' if first else ''}{marked}{' …' if first + _SHOWN < len(words) else ''}</p>"


def _settings(facts: ClassFacts) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in facts.found.versions.items())
    shown = escape(toml(dict(facts.found.settings)))
    return (
        f"<section><details><summary>Settings</summary><pre tabindex='0'>{shown}</pre>"
        f'<p class="said">{escape(versions)}</p></details></section>'
    )


def _section(title: str, said: str, *parts: Iterable[str]) -> str:
    return f'<section><h2>{title}</h2><p class="said">{said}</p>{"".join(map(str, parts))}</section>\n'


def _key(kind: str, text: str) -> str:
    drawn = f'<path class="{kind}" d="M1,6H27"/>'
    return f'<li><svg class="key" aria-hidden="true" viewBox="0 0 28 12">{drawn}</svg>{text}</li>'
