"""`python -m seqcast` is the command line."""

from seqcast.cli import main

main()
