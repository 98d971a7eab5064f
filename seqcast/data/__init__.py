"""The table door and what comes through it."""
