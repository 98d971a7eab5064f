"""The checks of values, in the order in which their findings are told."""

from collections.abc import Callable

from seqcast.doctor.constants import constant, stuck, unchanged
from seqcast.doctor.copies import copies
from seqcast.doctor.findings import Case, Finding
from seqcast.doctor.foresight import leaks
from seqcast.doctor.outliers import heavy_tails, outliers
from seqcast.doctor.seasons import season_found
from seqcast.doctor.sentinels import clipping, sentinels
from seqcast.doctor.shifts import level_shifts

VALUE_CHECKS: tuple[Callable[[Case], list[Finding]], ...] = (
    leaks,
    sentinels,
    outliers,
    level_shifts,
    stuck,
    season_found,
    constant,
    copies,
    clipping,
    unchanged,
    heavy_tails,
)
