"""Rows of the table of correctness."""

from tests.proofs.table import Proof

PROOFS: tuple[Proof, ...] = ()
