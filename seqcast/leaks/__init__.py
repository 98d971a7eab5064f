"""Did anything leak? Spoil what lies after a cutoff, do everything again, and compare bit by bit."""
