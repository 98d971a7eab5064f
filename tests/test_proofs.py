"""Every row of the table of correctness holds, and the page in the docs shows these rows."""

import math

import pytest

from tests.proofs.rows import PAGE, PROOFS, page
from tests.proofs.table import Proof, Result


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.part)
def test_row(proof):
    result = proof.made()
    assert result.passed, f"{proof.part} against {proof.truth}: {result.error} > {proof.tolerance}"


def test_names_of_rows_are_unique():
    assert len({proof.part for proof in PROOFS}) == len(PROOFS)


def test_the_page_shows_these_rows_and_each_passed():
    written = [line.split("|") for line in PAGE.read_text("utf-8").splitlines()]
    fresh = [line.split("|") for line in page([Result(proof, 0.0, 0.0) for proof in PROOFS]).splitlines()]
    errors = 3  # the column that may differ from machine to machine
    assert [row[:errors] + row[errors + 1 :] for row in written] == [row[:errors] + row[errors + 1 :] for row in fresh]


@pytest.mark.parametrize("error", [math.nan, math.inf, 1.1e-6])
def test_an_error_that_is_too_large_or_no_number_fails(error):
    assert not Proof("part", "truth", 1e-6, lambda: error).made().passed
