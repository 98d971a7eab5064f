"""A network on windows that are there already: scaled by the training part, stopped by the part after it.

The samples come in the order of time. The last of them validate: they choose the epoch, and nothing else is learnt from
them, no scale and no weight.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from seqcast.data.arrays import scaled, scaler_of_columns
from seqcast.data.scale import Scaler
from seqcast.errors import ConfigError, InputError
from seqcast.forecasters.feeding import one_thread, seeded
from seqcast.models.presets import HybridConfig
from seqcast.models.registry import ModelConfig
from seqcast.models.windows import WindowRegressor
from seqcast.train.arrays import batch_of_arrays, source_of_arrays
from seqcast.train.config import FitConfig
from seqcast.train.loop import Hooks, fit
from seqcast.train.progress import EpochRecord
from seqcast.train.run import Run
from seqcast.types import Dims

POINT_LOSSES = ("mse", "mae", "huber")
_OF_FORECASTERS = ("context", "normalise", "shortcut")
_PREDICT_BATCH = 512
_FEWEST = 2  # samples that train: one alone has no spread to scale by


@dataclass(frozen=True, kw_only=True)
class WindowLearner:
    """A network family with its settings, to be fitted on arrays.

    Parameters
    ----------
    name : str
        Family: `rnn`, `lstm`, `gru` or `hybrid`.
    config : RecurrentConfig or HybridConfig
        Settings of the network.
    training : FitConfig
        Settings of training; the loss is `mse`, `mae` or `huber`.
    scaling : str
        Of inputs and targets, learnt from the training part alone: `standard`, `minmax` or `robust`.
    valid : float
        Share of the samples, at their end, that validates.
    seed : int
        Of the first weights, the order of samples and dropout.

    Raises
    ------
    ConfigError
        When these settings cannot work together.
    """

    name: str
    config: ModelConfig
    training: FitConfig = field(default_factory=lambda: FitConfig(loss="mse"))
    scaling: str = "standard"
    valid: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.training.loss not in POINT_LOSSES:
            raise ConfigError(
                f"A regressor answers with one number for each target, so its loss must be one of "
                f"{', '.join(POINT_LOSSES)}; got {self.training.loss!r}."
            )
        if not 0 < self.valid < 1:
            raise ConfigError(f"valid is the share of samples that validates, between 0 and 1; got {self.valid}.")
        if self.training.scaler != FitConfig().scaler:
            raise ConfigError(
                "The scaler of a regressor is an argument of its own, for windows and targets; got "
                f"{self.training.scaler!r} in its training. Say scaler={self.training.scaler!r} beside that."
            )
        usual = type(self.config)()
        for name in _OF_FORECASTERS:
            if getattr(self.config, name) != getattr(usual, name):
                raise ConfigError(
                    f"{name} is a setting of forecasters: a regressor reads its windows as they are; got "
                    f"{getattr(self.config, name)!r}. Leave it out."
                )
        if isinstance(self.config, HybridConfig) and self.config.sigmoid and self.scaling != "minmax":
            raise ConfigError(
                f"A sigmoid answers with 0 to 1, so targets must be scaled to that; got scaler {self.scaling!r}. "
                "Say scaler='minmax'."
            )

    def fit(
        self,
        inputs: Float[np.ndarray, "N T X"],
        targets: Float[np.ndarray, "N K"],
        resume: Run | None = None,
        hooks: Hooks | None = None,
    ) -> "FittedWindows":
        """Train on the first samples, until those at the end are answered no better.

        Parameters
        ----------
        inputs : float array (N, T, X)
            Windows in the order of time.
        targets : float array (N, K)
            What is asked of each; NaN where it is not known.
        resume : Run or None
            Goes on from there bit for bit, given the same arrays and settings.
        hooks : Hooks or None
            Watchers and the time limit.

        Raises
        ------
        InputError
            When there are too few samples, or a target has no known value to learn from.
        """
        cut = self._cut(targets)
        reads, asked = scaler_of_columns(inputs[:cut], self.scaling), scaler_of_columns(targets[:cut], self.scaling)
        dims = Dims(
            context=inputs.shape[1],
            horizon=1,
            past=inputs.shape[2],
            future=0,
            static=0,
            targets=targets.shape[1],
            quantiles=1,
        )
        read, wanted = scaled(reads, inputs), scaled(asked, targets)[:, None]
        device = self.training.torch_device()
        source = source_of_arrays(
            read[:cut],
            wanted[:cut],
            (read[cut:], wanted[cut:]),
            batch=self.training.batch,
            seed=self.seed,
            steps=self.training.steps,
            device=device,
        )
        with seeded(self.seed):
            model = WindowRegressor(self.name, self.config, dims).to(device)
            run, ending = fit(model, source, torch.tensor([0.5], device=device), self.training, resume, hooks)
        mean = np.nanmean(targets[:cut], axis=0)
        return FittedWindows(self.name, self.config, dims, reads, asked, mean, model.eval(), run.records, ending)

    def _cut(self, targets: Float[np.ndarray, "N K"]) -> int:
        """Return how many samples train."""
        held = max(1, round(self.valid * len(targets)))
        cut = len(targets) - held
        if cut < _FEWEST:
            raise InputError(
                f"At least {_FEWEST} samples must train and 1 validate; got {len(targets)}, of which {held} would "
                f"validate (valid = {self.valid}). Give more samples."
            )
        unknown = np.isnan(targets[:cut]).all(axis=0)
        if unknown.any():
            raise InputError(
                f"Every target needs a known value among the {cut} samples that train; target "
                f"{int(np.argmax(unknown))} has none. Give more samples, or leave that target out."
            )
        if np.isnan(targets[cut:]).all():
            raise InputError(
                f"Some target must be known among the {held} samples at the end, which validate; none is. "
                "Give more samples, or a larger share: valid."
            )
        return cut


@dataclass(frozen=True, eq=False)
class FittedWindows:
    """A trained network and all it needs to answer in the user's units.

    Parameters
    ----------
    name : str
        Family.
    config : RecurrentConfig or HybridConfig
        Settings of the network.
    dims : Dims
        Sizes of its inputs and outputs.
    inputs, targets : Scaler
        Learnt from the training part alone.
    mean : float array (K,)
        Mean of each target in the training part: what a network has to beat.
    model : Module
        With the weights of its best epoch.
    records : tuple of EpochRecord
        What each epoch gave.
    ending : str
        Why training ended: `finished`, `stalled`, `out of time` or `interrupted`.
    """

    name: str
    config: ModelConfig
    dims: Dims
    inputs: Scaler
    targets: Scaler
    mean: Float[np.ndarray, "K"]
    model: nn.Module
    records: tuple[EpochRecord, ...] = ()
    ending: str = "finished"

    @torch.no_grad()
    def predict(self, inputs: Float[np.ndarray, "N T X"]) -> Float[np.ndarray, "N K"]:
        """Return the answers, in the units of the targets.

        Raises
        ------
        InputError
            When steps or channels are not those of training, or a value lies beyond all measure.
        """
        learnt = (self.dims.context, self.dims.past)
        if inputs.shape[1:] != learnt:
            raise InputError(
                f"X must have the {learnt[0]} steps of {learnt[1]} channels that were learnt; got {inputs.shape[1]} "
                f"steps of {inputs.shape[2]}."
            )
        nothing = np.full((len(inputs), 1, self.dims.targets), np.nan)
        batches = [
            (scaled(self.inputs, inputs[start : start + _PREDICT_BATCH]), nothing[start : start + _PREDICT_BATCH])
            for start in range(0, len(inputs), _PREDICT_BATCH)
        ]
        device = next(self.model.parameters()).device
        with one_thread():
            answers = [self.model(batch_of_arrays(*batch, device))[:, 0, :, 0].double().cpu() for batch in batches]
        return self.targets.inverse(torch.cat(answers).numpy(), np.zeros(len(inputs), dtype=np.int64))
