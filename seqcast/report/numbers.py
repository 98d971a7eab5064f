"""Numbers as people read them: few significant digits, a real minus sign, one decimal place count per column."""

import math
from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"
DASH = "\N{EN DASH}"


def number(value: float, digits: int = 3) -> str:
    """Return `value` with about `digits` significant digits; an en dash for what is not finite.

    Examples
    --------
    >>> number(0.71234), number(12345.6), number(float("nan")), number(0.0)
    ('0.712', '12,346', '–', '0')
    """
    if not math.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size >= 9 or size < -5:
        return f"{value:.{digits - 1}e}".replace("-", MINUS)
    return fixed(value, min(max(digits - 1 - size, 0), 7))


def fixed(value: float, decimals: int) -> str:
    """Return `value` with so many decimals.

    Examples
    --------
    >>> fixed(-1234.567, 1)
    '−1,234.6'
    """
    if not math.isfinite(value):
        return DASH
    text = f"{abs(value):,.{decimals}f}"
    return f"{MINUS}{text}" if value < 0 and text.strip("0.,") else text


def brief(value: float) -> str:
    """Return `value` with at most four significant digits and no zeros behind them.

    Examples
    --------
    >>> brief(0.1), brief(7.0), brief(1040.0), brief(0.12345)
    ('0.1', '7', '1,040', '0.1235')
    """
    text = number(value, 4)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def mase(value: float) -> str:
    """Return a MASE the same way everywhere.

    Examples
    --------
    >>> mase(0.8521)
    '0.852'
    """
    return fixed(value, 3)


def decimals_of(values: Sequence[float], digits: int = 3) -> int:
    """Return the decimals that give the smaller half of `values` about `digits` significant digits.

    Examples
    --------
    >>> decimals_of([0.712, 1.31, 0.95]), decimals_of([1520.0, 900.0])
    (3, 0)
    """
    sizes = sorted(abs(value) for value in values if math.isfinite(value) and value != 0)
    if not sizes:
        return 0
    typical = sizes[len(sizes) // 4]
    return min(max(digits - 1 - math.floor(math.log10(typical)), 0), 6)


def percent(share: float, decimals: int = 0, sign: bool = False) -> str:
    r"""Return a share as percent.

    Examples
    --------
    >>> percent(0.234, sign=True), percent(-0.05), percent(float("nan"))
    ('+23\u202f%', '−5\u202f%', '–')
    """
    if not math.isfinite(share):
        return DASH
    text = fixed(100 * share, decimals)
    plus = "+" if sign and share > 0 and text.strip("0.") else ""
    return f"{plus}{text}{THIN}%"


def duration(seconds: float) -> str:
    r"""Return a wall time.

    Examples
    --------
    >>> duration(1e-4), duration(0.034), duration(7.26), duration(215.0), duration(7300.0)
    ('<\u202f0.01\u202fs', '0.03\u202fs', '7.3\u202fs', '3\u202fmin 35\u202fs', '2\u202fh 1\u202fmin')
    """
    if not math.isfinite(seconds):
        return DASH
    if seconds < 0.005:
        return f"<{THIN}0.01{THIN}s"
    if seconds < 60:
        return f"{seconds:.2f}{THIN}s" if seconds < 1 else f"{seconds:.1f}{THIN}s"
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}{THIN}h {minutes}{THIN}min" if hours else f"{minutes}{THIN}min {whole % 60}{THIN}s"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> count(1, "step"), count(1428, "series", "series")
    ('1 step', '1,428 series')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def level(share: float) -> str:
    r"""Return a quantile level or interval width in percent, without needless decimals.

    Examples
    --------
    >>> level(0.8), level(0.975)
    ('80\u202f%', '97.5\u202f%')
    """
    return f"{100 * share:.4g}{THIN}%"
