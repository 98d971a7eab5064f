"""The run folder: every file whole or absent, finished work kept, and nothing of anybody else's overwritten."""

import json
import platform
import re
import shutil
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from seqcast.errors import BundleError, ConfigError
from seqcast.evaluate.backtest import Backtest
from seqcast.files import write_atomic
from seqcast.forecasters.stored import forecast_arrays, forecast_of, packed, unpacked
from seqcast.train.progress import EpochRecord

_LIBRARIES = ("seqcast", "torch", "numpy", "polars", "statsforecast", "statsmodels", "safetensors")
_IDENTITY = "identity.json"
_FORMAT = 2  # of the checkpoints


def versions() -> dict[str, str]:
    """Return the versions that a rerun needs for the same bits.

    Examples
    --------
    >>> sorted(versions())[:2]
    ['numpy', 'polars']
    """
    return {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES}


@dataclass(frozen=True)
class RunFolder:
    """Where one run keeps its files.

    Parameters
    ----------
    path : path
        The folder; made if missing.
    """

    path: Path

    @property
    def checkpoints(self) -> Path:
        """Finished backtests and unfinished training, until the run is done."""
        return self.path / "checkpoints"

    def open(self, identity: dict[str, Any], resume: bool) -> None:
        """Make the folder ready, with the finished work of the same run if `resume`.

        Raises
        ------
        ConfigError
            When the folder holds files that are no run's, or there is nothing to go on with.
        BundleError
            When the work in it was begun with other data, settings or versions.
        """
        if self.path.exists() and not self.path.is_dir():
            raise ConfigError(f"A run needs a folder; {str(self.path)!r} is a file. Name another with --out.")
        identity = {**identity, "format": _FORMAT}
        known = [self.path / "run.toml", self.path / "run.json", self.checkpoints]
        if self.path.exists() and any(self.path.iterdir()) and not any(path.exists() for path in known):
            raise ConfigError(
                f"The folder {str(self.path)!r} holds files that seqcast did not write, so nothing is written there. "
                "Name another with --out."
            )
        if resume:
            self._check(identity)
        elif self.path.exists():
            (self.path / "run.json").unlink(missing_ok=True)  # it says that a run is whole, which this one is not yet
            shutil.rmtree(self.checkpoints, ignore_errors=True)
        self.checkpoints.mkdir(parents=True, exist_ok=True)
        self.write(f"checkpoints/{_IDENTITY}", json.dumps(identity, sort_keys=True).encode())

    def _check(self, identity: dict[str, Any]) -> None:
        path = self.checkpoints / _IDENTITY
        if not path.exists():
            raise ConfigError(
                f"There is nothing to go on with in {str(self.path)!r}: no run was left unfinished there. "
                "Run without --resume."
            )
        try:
            before = json.loads(path.read_bytes())
        except ValueError as error:
            raise BundleError(f"{path} was changed or cut short. Run without --resume.") from error
        changed = sorted(name for name in {*before, *identity} if before.get(name) != identity.get(name))
        if changed:
            raise BundleError(
                f"A run goes on only with what it was begun with; changed since: {', '.join(changed)}. "
                "Run without --resume, or with the same settings."
            )

    def write(self, name: str, data: bytes) -> Path:
        """Write a file whole."""
        path = self.path / name
        write_atomic(path, data)
        return path

    def close(self) -> None:
        """Remove the checkpoints of a run that is done."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)

    def load(self, name: str) -> Backtest | None:
        """Return the finished backtest of a model, if it is there."""
        path = self._file(name)
        if not path.exists():
            return None
        arrays, facts = unpacked(path.read_bytes())
        records = tuple(EpochRecord(**record) for record in facts["records"])
        return Backtest(forecast_of(arrays), facts["seconds"], tuple(facts["notes"]), records, facts["ending"])

    def save(self, name: str, result: Backtest) -> None:
        """Keep a finished backtest."""
        facts = {
            "seconds": result.seconds,
            "notes": list(result.notes),
            "records": [asdict(record) for record in result.records],
            "ending": result.ending,
        }
        write_atomic(self._file(name), packed(forecast_arrays(result.forecast), facts))

    def _file(self, name: str) -> Path:
        return self.checkpoints / f"{re.sub('[^a-z0-9-]', '_', name)}.backtest.safetensors"
