"""A small table that a run reads in no time."""

from pathlib import Path

import numpy as np

QUICK = {"epochs": 3, "steps": 4, "batch": 16}
MODELS = ("naive", "seasonal-naive", "theta", "lstm", "hybrid")


def write_table(path: Path, rows: int = 120) -> Path:
    """Write a daily CSV with a weekly cycle, one feature and one gap in the target."""
    steps = np.arange(rows)
    noise = np.random.default_rng(0).normal(size=rows)
    load = 20 + 5 * np.sin(2 * np.pi * steps / 7) + steps / 20 + 0.3 * noise
    days = np.datetime64("2024-01-01") + steps
    lines = [f"{day},{value:.3f},{value * 2 + 1:.2f}" for day, value in zip(days, load, strict=True)]
    lines[40] = f"{days[40]},,7.0"
    path.write_text("\n".join(["date,load,coal", *lines]) + "\n")
    return path
