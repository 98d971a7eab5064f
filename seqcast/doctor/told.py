"""What the door mended without a word on stdout, as findings: empty rows and columns, order, columns left out."""

import re

from seqcast.doctor.findings import Case, Finding
from seqcast.doctor.pairs import Place

_KINDS = (
    (
        r"\d empty (rows?|columns?)\b",
        "empty rows or columns",
        "They hold nothing; an export that ends in them may have been cut.",
        "Nothing: they are left out.",
    ),
    (
        r"^Rows were not in order of time",
        "rows out of order",
        "Rows were put together or appended by hand; a shuffled table may have lost its times.",
        "Nothing: they are sorted.",
    ),
    (
        r"^Left out, (never changing|without a value)",
        "column without news",
        "It tells no row from another.",
        "Nothing: it is left out.",
    ),
    (
        r"left out: (texts that differ|dates beside)",
        "column that cannot be used",
        "It is neither a number nor a category that comes back.",
        "Nothing; or make a number or a category of it, or a date part.",
    ),
    (
        r"leading rows without a target",
        "rows before the target",
        "Nothing can be learnt from rows before the first target.",
        "Nothing: they are left out.",
    ),
    (
        r"series left out that never have a target",
        "series without a target",
        "Nothing can be learnt from them.",
        "--where to choose the others.",
    ),
    (
        r"mixes line ends",
        "mixed line ends",
        "Files that were joined by hand have them.",
        "Nothing: each is taken as the end of a line.",
    ),
)
"""What a note of the door says, the name of the finding, why it matters, and the option."""


def mended(case: Case) -> list[Finding]:
    """Find what reading the table left out or put right."""
    found = []
    for pattern, check, why, option in _KINDS:
        notes = [note for note in case.panel.notes if re.search(pattern, note)]
        if notes:
            where = Place(series="", target="", name="the table", first="", last="")
            found.append(
                Finding(
                    severity="note",
                    check=check,
                    places=(where,),
                    looked=1,
                    what=" ".join(notes),
                    why=why,
                    option=option,
                )
            )
    return found
