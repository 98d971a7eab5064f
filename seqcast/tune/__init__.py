"""Search for better settings: where, in which order, and what came of it."""
