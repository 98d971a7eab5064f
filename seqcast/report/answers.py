"""The four questions that every report answers, each in one sentence with a way to its evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

from seqcast.doctor.findings import Diagnosis, Finding
from seqcast.report import audit, intervals, verdict
from seqcast.report.numbers import count
from seqcast.report.values import Facts

NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer.

    Parameters
    ----------
    question, text : str
        What is asked, and the answer in a sentence.
    mark : str
        `good`, `bad` or `open`: how it is to be taken.
    place : str
        Id of the section with the evidence; empty without one.
    """

    question: str
    text: str
    mark: str
    place: str


def answers(facts: Facts) -> tuple[Answer, ...]:
    """Return the answers that the run has evidence for; none at all without any."""
    found, best = facts.evidence, facts.headline.best
    if not found.given:
        return ()
    how = audit.MARKS[audit.state(found.audit)]
    given = [Answer(question="Did anything leak?", text=audit.answer(found), mark=how, place="h-audit")]
    if found.verdict:
        given.append(
            Answer(
                question="Is a network worth it here?",
                text=verdict.answer(found.verdict),
                mark=verdict.mark(found.verdict, facts.networks),
                place="h-verdict",
            )
        )
    if found.held:
        given.append(
            Answer(
                question="Can the intervals be believed?",
                text=intervals.answer(found.held, best),
                mark=intervals.mark(found.held, best),
                place="h-intervals",
            )
        )
    return (*given, fit(facts.diagnosis))


def fit(diagnosis: Diagnosis) -> Answer:
    """Return whether the data are fit for forecasting, by the doctor's findings."""
    question, place = "Is the data fit?", "h-doctor"
    by = {
        severity: [each for each in diagnosis.findings if each.severity == severity]
        for severity in ("unusable", "warning", "note")
    }
    if not diagnosis.findings:
        return Answer(question=question, text="Yes: the doctor found nothing to mention.", mark="good", place=place)
    noted = f"{count(len(by['note']), 'note')}, which the defaults deal with" if by["note"] else ""
    if by["unusable"]:
        return Answer(question=question, text=f"No: {_named(by['unusable'])}.", mark="bad", place=place)
    if by["warning"]:
        more = f"; besides {noted}" if noted else ""
        many = count(len(by["warning"]), "warning")
        text = f"With care: {many} ({_named(by['warning'])}){more}."
        return Answer(question=question, text=text, mark="open", place=place)
    return Answer(question=question, text=f"Yes: nothing but {noted}.", mark="good", place=place)


def _named(findings: Sequence[Finding]) -> str:
    names = list(dict.fromkeys(finding.check for finding in findings))
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
