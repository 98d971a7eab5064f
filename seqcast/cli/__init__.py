"""The command line."""

from seqcast.cli.app import main

__all__ = ["main"]
