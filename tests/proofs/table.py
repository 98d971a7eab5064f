"""One row of the table of correctness: a part, what it was compared with, and how far apart the two may be."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Proof:
    """A comparison with a truth that this project did not write, or an invariance that must hold.

    Parameters
    ----------
    part : str
        What is proven, in a few words.
    truth : str
        What it is compared with.
    tolerance : float
        The largest error that passes; 0 where bits must agree, with the error as the count of those that do not.
    measure : callable
        Makes the comparison and returns the worst error.
    """

    part: str
    truth: str
    tolerance: float
    measure: Callable[[], float]

    def made(self) -> "Result":
        """Make the comparison."""
        began = time.monotonic()
        return Result(self, float(self.measure()), time.monotonic() - began)


@dataclass(frozen=True)
class Result:
    """What a comparison gave."""

    proof: Proof
    error: float
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the error is a number within the tolerance."""
        return not math.isnan(self.error) and self.error <= self.proof.tolerance


def markdown(results: list[Result]) -> str:
    """Return the rows as a table; errors with one digit, so that another machine seldom changes the page."""
    lines = ["| part | compared with | worst error | tolerance | pass |", "|---|---|---|---|---|"]
    for result in results:
        proof, mark = result.proof, "yes" if result.passed else "**no**"
        cells = (proof.part, proof.truth, _short(result.error), _short(proof.tolerance), mark)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _short(number: float) -> str:
    return "0" if number == 0 else f"{number:.0e}"
