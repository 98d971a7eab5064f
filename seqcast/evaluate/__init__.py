"""Honest evaluation: rolling origins, metrics, the leaderboard."""
