"""What a table has that a forecaster should know before training: `examine(read_panel("sales.csv"))`."""

from seqcast.doctor.examination import examine
from seqcast.doctor.findings import Diagnosis, Finding
from seqcast.doctor.foresight import leaks_in_data

__all__ = ["Diagnosis", "Finding", "examine", "leaks_in_data"]
