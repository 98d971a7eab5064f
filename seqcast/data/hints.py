"""What a cell that is no number most likely is, and the way out: the closing words of a complaint."""

import re

_THOUSANDS = re.compile(r"^[+-]?\d{1,3}([,. \u00a0\u202f'’])\d{3}(\1\d{3})*([.,]\d+)?$")
_NUMBER = re.compile(r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$")
_RULES = (
    (
        re.compile(r"^[+-]?(inf|infinity|∞)$", re.I),
        "infinite: no model can learn from it. Correct it or leave it empty",
    ),
    (re.compile(r"^(true|false|yes|no|t|f|y|n)$", re.I), "a truth value: write 1 and 0"),
    (re.compile(r"^\(\s*[\d.,]+\s*\)$"), "a number in parentheses: write it with a minus sign"),
    (re.compile(r"^[+-]?[\d.,]+\s*%$"), "a percentage: remove the % signs"),
    (
        re.compile(r"\d\s*[$€£¥₩₹]|[$€£¥₩₹]\s*[-+]?\d|\b(USD|EUR|GBP|JPY|CNY|RMB|KRW|CHF|INR)\b"),
        "an amount with its currency: leave the bare number",
    ),
    (re.compile(r"^[−–—]\s*[\d.,]+$"), "written with a minus sign that is no ASCII '-': replace it"),
    (
        re.compile(r"^[\d.,\s]*[^\x00-\x7f\s]\d*[\d.,\s]*$"),
        "written with letters or digits that are not ASCII: replace them",
    ),
    (re.compile(r"^(total|sum|average|mean|합계|총계|소계)\b", re.I), "the word of a footer: delete the line"),
)


def advice(cell: str, decimal: str) -> str:
    """Return what a cell that is no number seems to be, and what to do about it.

    Examples
    --------
    >>> advice("2,6", ".")
    "a number with a decimal comma: say --decimal ','"
    >>> advice("?", ".")
    "no number. If it stands for a missing value, say --missing '?'"
    """
    if _NUMBER.match(cell.replace(decimal, ".")):
        return "too large to compute with (beyond 1e150): correct it, or use a larger unit"
    if decimal == "," and re.match(r"^[+-]?\d*\.\d+$", cell):
        return "a number with a decimal point where --decimal ',' was said: write all numbers alike"
    thousands = _THOUSANDS.match(cell)
    if thousands and thousands[1] == "," and decimal == "." and not thousands[2] and not thousands[3]:
        return "a number with thousands commas or a decimal comma: remove the commas, or say --decimal ','"
    if thousands:
        return "a number with thousands separators: remove them"
    if decimal == "." and re.match(r"^[+-]?\d*,\d+([eE][+-]?\d+)?$", cell):
        return "a number with a decimal comma: say --decimal ','"
    for pattern, said in _RULES:
        if pattern.search(cell):
            return said
    return f"no number. If it stands for a missing value, say --missing {cell!r}"
