"""What became of a forecast that failed: flat, exploding or worse than naive, and the likely cause of it."""
