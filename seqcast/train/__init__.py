"""A visible training loop and a run as a value."""
