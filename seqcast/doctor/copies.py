"""Columns that say the same: copies of each other, and columns that hold what a target was before."""

import numpy as np

from seqcast.doctor.compared import FARTHEST, Sample, reported, sample_of
from seqcast.doctor.findings import Case, Finding
from seqcast.doctor.links import Link, linked, same_columns, same_moves


def copies(case: Case) -> list[Finding]:
    """Find columns that say the same as another one, in the same row or some rows before."""
    sample = sample_of(case.panel)
    # A known copy of a target is worse than a copy: it is among the leaks.
    same = [
        link
        for link in same_columns(sample.values)
        if link.feature < sample.first_known or link.other >= sample.targets
    ]
    taken = {link.feature for link in same}
    late = [link for target in range(sample.targets) for link in _late(sample, target) if link.feature not in taken]
    return [
        *reported(
            sample,
            same,
            check="copies",
            what="The column says row by row what another one says.",
            why="It costs time, adds nothing to learn, and halves what a report says of the other one's worth.",
        ),
        *reported(
            sample,
            late,
            check="late copies",
            what="The column holds what a target was some rows before.",
            why="It does no harm, and the context holds it already.",
        ),
    ]


def _late(sample: Sample, target: int) -> list[Link]:
    """Return the past-only columns that hold what the target was some rows before, the nearest row of each."""
    features = np.arange(sample.targets, sample.first_known)
    found: dict[int, Link] = {}
    for feature, step in same_moves(sample.values, target, features.tolist(), range(-FARTHEST, 0)):
        if feature not in found or -step < found[feature].lag:
            found[feature] = linked(sample.values, feature, target, -step)
    return list(found.values())
