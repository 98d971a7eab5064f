"""Audit another library: does its cross-validation keep to what was known at the cutoff?

    .venv/bin/pip install "seqcast[peers]"
    .venv/bin/python examples/audit_peer.py [FOLDER]

neuralforecast 3.3.0 scales each series before it cuts it: with `local_scaler_type` and the `refit=False` that its
cross-validation has by default, mean and spread are those of the whole table, the held-out day among it. With
`refit=True` they are measured before the cutoff. The forecaster under audit is six lines; put your own in its place.
Takes a minute on two cores; everything that is printed goes to FOLDER/audit.json too.
"""

import json
import logging
import os
import sys
import warnings
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pandas as pd

from seqcast import audit
from seqcast.errors import SeqcastError

DATA = Path(__file__).parent / "data" / "ETTh1.csv.gz"
HORIZON, DAYS = 24, 90


class MissingPeerError(SeqcastError):
    """The library to be audited is not installed."""


def main(folder: Path) -> None:
    """Audit one cross-validation with and without refitting."""
    table = pd.read_csv(DATA, parse_dates=["date"]).tail(24 * DAYS)
    table = table[["date", "OT"]].rename(columns={"date": "ds", "OT": "y"}).assign(unique_id="transformer")
    found = {}
    for refit in (False, True):
        name = f"refit={refit}"
        found[name] = audit(partial(forecast, refit=refit), table, HORIZON)
        print(f"{name}: {found[name].sentence}")
    (folder / "audit.json").write_text(json.dumps({name: each.to_mapping() for name, each in found.items()}, indent=1))


def forecast(train: pd.DataFrame, future: pd.DataFrame, *, refit: bool) -> dict[str, pd.DataFrame]:
    """Cross-validate an NHITS on one window, the rows after the cutoff."""
    core, models = peer()
    network = models.NHITS(h=HORIZON, input_size=2 * HORIZON, max_steps=20, random_seed=0, **QUIET)
    whole = pd.concat([train, future], ignore_index=True)
    library = core.NeuralForecast(models=[network], freq="h", local_scaler_type="standard")
    return {"NHITS": library.cross_validation(whole, n_windows=1, refit=refit)[["NHITS"]]}


QUIET = {
    "logger": False,
    "enable_progress_bar": False,
    "enable_checkpointing": False,
    "enable_model_summary": False,
    "accelerator": "cpu",
}


def peer() -> tuple[ModuleType, ModuleType]:
    """Return the two modules of the library that the audit needs."""
    os.environ.setdefault("NIXTLA_ID_AS_COL", "1")
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    try:
        return import_module("neuralforecast.core"), import_module("neuralforecast.models")
    except ImportError as error:
        raise MissingPeerError(
            "This example audits neuralforecast, which is not installed. Install it: pip install 'seqcast[peers]'"
        ) from error


if __name__ == "__main__":
    chosen = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/audit-peer")
    chosen.mkdir(parents=True, exist_ok=True)
    try:
        main(chosen)
    except MissingPeerError as error:
        raise SystemExit(str(error)) from None
