"""What a table has that a forecaster should know before training: `examine(read_panel("sales.csv"))`."""

from seqcast.doctor.findings import Diagnosis, Finding, examine

__all__ = ["Diagnosis", "Finding", "examine"]
