"""A network as a forecaster: encode what is known, train with early stopping, predict all origins in one pass."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from seqcast.budget import Deadline
from seqcast.data.encode import Encoder, fit_encoder
from seqcast.data.panel import Panel
from seqcast.data.scale import check_scaling, fit_scaler
from seqcast.data.season import worthwhile_season
from seqcast.data.split import Carve
from seqcast.data.window import Windows
from seqcast.errors import ColumnError, ConfigError
from seqcast.files import write_atomic
from seqcast.forecasters.feeding import evenly, one_thread, parts, predicted, seeded, source_of
from seqcast.forecasters.health import pinned_share
from seqcast.forecasters.outputs import reading_of
from seqcast.forecasters.start import spread_of, start_gaps, started
from seqcast.models.presets import HybridConfig
from seqcast.models.registry import ModelConfig, build_network, settled
from seqcast.train.config import FitConfig
from seqcast.train.loop import Hooks, fit
from seqcast.train.progress import EpochRecord
from seqcast.train.run import Run
from seqcast.types import Dims, Forecast, Origins, Task

_CUT = {"out of time": "cut by the budget", "interrupted": "interrupted"}
_EXAMINED = 32  # windows during which the gates are looked at


@dataclass(frozen=True)
class Watch:
    """What follows training: a folder of checkpoints to go on from, a caller after each epoch, an epoch to pause at."""

    folder: Path | None = None
    on_epoch: Callable[[str, Run, int], None] = lambda name, run, epochs: None
    until: int = sys.maxsize


@dataclass(frozen=True)
class Neural:
    """A network family with its settings, as a forecaster.

    Parameters
    ----------
    name : str
        Family: `rnn`, `lstm`, `gru` or `hybrid`.
    config : RecurrentConfig or HybridConfig
        Settings of the network.
    training : FitConfig
        Settings of training.
    seed : int
        Of the first weights, the order of windows and dropout.
    watch : Watch
        Checkpoint and watcher.

    Raises
    ------
    ConfigError
        When these settings cannot work together.
    """

    name: str
    config: ModelConfig
    training: FitConfig = field(default_factory=FitConfig)
    seed: int = 0
    watch: Watch = field(default_factory=Watch)

    def __post_init__(self) -> None:
        check_scaling(self.training.scaler)
        reading = reading_of(self.training.loss)
        if not isinstance(self.config, HybridConfig) or not self.config.sigmoid:
            return
        if reading.affine:
            raise ConfigError(
                f"A sigmoid bends the axis on which the outputs of {self.training.loss!r} are a location and a scale; "
                "got sigmoid=True. Leave it out, or take the loss pinball, mse, mae or huber."
            )
        if self.training.scaler != "minmax":
            raise ConfigError(
                f"A sigmoid answers with 0 to 1, so targets must be scaled to that; got scaler "
                f"{self.training.scaler!r}. Say scaler='minmax' in the settings of training."
            )

    def fit(self, panel: Panel, task: Task, deadline: Deadline) -> "FittedNetwork":
        """Train on every row of `panel`; its end validates."""
        config = settled(self.config, task, int(panel.history.max(initial=0)))
        context = config.context or 1
        encoder = fit_encoder(panel, self.training.scaler)
        reading = reading_of(self.training.loss)
        train, valid = Carve(context=context, horizon=task.horizon).origins(panel)
        valid = evenly(valid)
        device = self.training.torch_device()
        windows = Windows.of(panel, encoder, context, task.horizon, str(device))
        dims = windows.dims(task, reading.outputs(task.quantiles), worthwhile_season(panel, task))
        source = source_of(windows, panel, (train, valid), self.training, self.seed)
        identity = self._identity(panel, task)
        before = self._resume(identity)
        with seeded(self.seed):
            if before is not None and config.normalise is not None:
                model = build_network(self.name, config, dims).to(device)  # what it started from is in its checkpoint
            else:
                model, config = started(self.name, config, dims, windows, (train, valid))
                start_gaps(model, windows, train, reading.places(task.quantiles))
            hooks = Hooks(on_epoch=self._keep(identity), deadline=deadline, until=self.watch.until)
            quantiles = torch.tensor(task.quantiles, device=device)
            run, ending = fit(model, source, quantiles, self.training, before, hooks)
            records = _examined(run.records, model.eval(), windows, valid)
            fitted = FittedNetwork(self.name, config, task, dims, encoder, model, self.training.loss, records, ending)
            if reading.residuals:
                fitted = replace(fitted, spread=_spread(fitted, windows, valid))
        return fitted

    def _identity(self, panel: Panel, task: Task) -> str:
        digest = hashlib.sha256()
        for array in (panel.offsets, panel.times, panel.values, panel.static):
            digest.update(np.ascontiguousarray(array).tobytes())
        names = [asdict(panel.columns), panel.series, {k: list(v) for k, v in panel.categories.items()}, asdict(task)]
        settings = [self.name, asdict(self.config), asdict(self.training), self.seed, torch.__version__]
        digest.update(json.dumps([names, settings], sort_keys=True).encode())
        return digest.hexdigest()

    def _checkpoint(self, identity: str) -> Path | None:
        return self.watch.folder / f"{self.name}-{identity[:16]}.safetensors" if self.watch.folder else None

    def _resume(self, identity: str) -> Run | None:
        path = self._checkpoint(identity)
        return Run.from_bytes(path.read_bytes(), identity) if path is not None and path.exists() else None

    def _keep(self, identity: str) -> Callable[[Run], None]:
        path = self._checkpoint(identity)

        def keep(run: Run) -> None:
            if path is not None:
                write_atomic(path, run.to_bytes(identity))
            self.watch.on_epoch(self.name, run, self.training.epochs)

        return keep


@dataclass(frozen=True, eq=False)
class FittedNetwork:
    """A trained network and all it needs to forecast.

    Parameters
    ----------
    name : str
        Family.
    config : RecurrentConfig or HybridConfig
        Settings, nothing left open.
    task, dims : Task, Dims
        What it forecasts; sizes of its inputs and outputs.
    encoder : Encoder
        Learnt from the rows before the cutoff.
    model : Module
        With its best weights.
    loss : str
        What it was trained with, by which its outputs are read.
    records : tuple of EpochRecord
        What each epoch of training gave.
    ending : str
        Why training ended.
    spread : float array (H, K, Q) or None
        Quantiles of the validation residuals, for point forecasts.
    """

    name: str
    config: ModelConfig
    task: Task
    dims: Dims
    encoder: Encoder
    model: nn.Module
    loss: str
    records: tuple[EpochRecord, ...] = ()
    ending: str = "finished"
    spread: Float[np.ndarray, "H K Q"] | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the training."""
        if self.ending in ("out of time", "interrupted"):
            return (
                f"{self.name}: training was {_CUT[self.ending]} after {len(self.records)} epochs; the best were kept.",
            )
        return ()

    def predict(self, panel: Panel, origins: Origins) -> Forecast:
        """Return one forecast for each origin, all in one batched pass.

        Raises
        ------
        ConfigError
            When an origin lies before rows that the scaler has seen.
        """
        early = origins.rows < self.encoder.scaler.fitted_until[origins.series]
        if early.any():
            n = int(np.argmax(early))
            raise ConfigError(
                f"A forecast must not start before rows that the model has learnt from; series "
                f"{panel.series[origins.series[n]]!r} starts after row {origins.rows[n]} and was fitted on "
                f"{self.encoder.scaler.fitted_until[origins.series[n]]} rows. Fit on panel.before(cutoff)."
            )
        device = next(self.model.parameters()).device
        read, encoder, shifted = self._what_is_read(panel, origins)
        windows = Windows.of(read, encoder, self.dims.context, self.dims.horizon, str(device))
        with one_thread():
            scaled = predicted(self.model, windows, shifted).cpu().numpy().astype(np.float64)
        point, quantiles = reading_of(self.loss).read(scaled, self.task.quantiles)
        if self.spread is not None:
            quantiles = quantiles + self.spread
        mean, values = (
            self.encoder.scaler.inverse(each.swapaxes(1, 2), origins.series).swapaxes(1, 2)
            for each in (point, quantiles)
        )
        return Forecast(origins, self.task.quantiles, mean, np.maximum.accumulate(values, axis=-1))

    def _what_is_read(self, panel: Panel, origins: Origins) -> tuple[Panel, Encoder, Origins]:
        """Cut away the rows before the first window of each series: a forecast must not cost its whole history."""
        first = panel.rows.copy()
        np.minimum.at(first, origins.series, origins.rows - self.dims.context)
        read, lost = panel.since(first)
        scaler = self.encoder.scaler
        later = replace(scaler, fitted_until=np.maximum(scaler.fitted_until - lost, 0))
        shifted = Origins(origins.series, origins.rows - lost[origins.series], origins.fold)
        return read, replace(self.encoder, scaler=later), shifted

    def moved(self, panel: Panel, known: Panel) -> "FittedNetwork":
        """Return the same network for another panel.

        A series that `known` has keeps the scale it was trained with; that of a new one is measured on its history.

        Raises
        ------
        ColumnError
            When the columns are not those that the network was trained with.
        """
        if panel.columns != known.columns:
            raise ColumnError(
                f"A network forecasts from the columns it was trained with: {', '.join(known.columns.values)}; "
                f"this table has {', '.join(panel.columns.values)}. "
                "Add the missing ones, or leave the others out with `ignore`."
            )
        scaler, places = self.encoder.scaler, {name: s for s, name in enumerate(known.series)}
        fresh = fit_scaler(panel.before(panel.history), scaler.kind)
        old = [(s, places[name]) for s, name in enumerate(panel.series) if name in places]
        for s, place in old:
            fresh.loc[s], fresh.scale[s] = scaler.loc[place], scaler.scale[place]
        return replace(self, encoder=replace(self.encoder, scaler=fresh))


def _examined(
    records: tuple[EpochRecord, ...], model: nn.Module, windows: Windows, valid: Origins
) -> tuple[EpochRecord, ...]:
    """Return the records with what a look inside the finished network told."""
    some = evenly(valid, _EXAMINED)
    share = pinned_share(model, lambda: predicted(model, windows, some))
    return (*records[:-1], replace(records[-1], pinned=share)) if records else ()


def _spread(fitted: FittedNetwork, windows: Windows, valid: Origins) -> Float[np.ndarray, "H K Q"]:
    """Return the quantiles of the validation residuals of each step and target, in scaled units."""
    forecast = predicted(fitted.model, windows, valid)[..., 0]
    batches = [windows.batch(part) for part in parts(valid)]
    target = torch.cat([batch.target for batch in batches])
    observed = torch.cat([batch.observed for batch in batches])
    residual = torch.where(observed, target - forecast, torch.nan).double().cpu().numpy()
    return spread_of(residual, fitted.task.quantiles)
