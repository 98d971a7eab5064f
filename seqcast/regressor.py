"""Regressor: windows in, numbers out, with the manners of scikit-learn; for those who cut their windows themselves."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl
from jaxtyping import Float

from seqcast.config import built, parameters_of, set_parameters
from seqcast.data.arrays import targets_of, windows_of
from seqcast.errors import BundleError, ConfigError, InputError, nearest
from seqcast.files import Bundle, read_folder, write_atomic, write_folder
from seqcast.forecasters.stored import Arrays, packed, unpacked
from seqcast.models.names import NETWORK_NAMES

if TYPE_CHECKING:
    from seqcast.forecasters.windowed import FittedWindows, WindowLearner

FORMAT, VERSION = "seqcast-regressor", 1
_USUAL_SETTINGS = {"hybrid": {"preset": "average-pool"}}
_USUAL_TRAINING = {"loss": "mse"}


@dataclass(kw_only=True)
class Regressor:
    """Learns to answer windows of several features with one or more numbers each.

    The constructor stores its arguments and does no work; `fit` returns self. The samples come in the order of time;
    those at the end of `fit` validate: they say when to stop and which epoch's weights to keep. Scales are learnt from
    the samples before them alone, and what `predict` and `score` are given is never learnt from.

    Parameters
    ----------
    model : str
        `rnn`, `lstm`, `gru` or `hybrid`.
    settings : config of the network, or mapping
        Such as `{"width": 128}`; a hybrid is of the preset `average-pool` unless told.
    training : FitConfig or mapping
        Such as `{"epochs": 50, "batch": 32, "patience": 5}`; the loss is `mse` unless told, or `mae` or `huber`.
    scaler : str
        Of windows and targets: `standard`, `minmax` or `robust`; a sigmoid needs `minmax`.
    valid : float
        Share of the samples, at their end, that validates. A random part is not offered: in a time series its samples
        have neighbours that were learnt.
    seed : int
        Of weights, sample order and dropout.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(60, 4, 2))
    >>> y = X[:, -1, 0] - X[:, 0, 1]
    >>> regressor = Regressor(model="gru", settings={"width": 8}, training={"epochs": 2}).fit(X[:50], y[:50])
    >>> regressor.predict(X[50:]).shape, regressor.history.height
    ((10,), 2)
    """

    model: str = "hybrid"
    settings: Any = field(default_factory=dict)
    training: Any = field(default_factory=dict)
    scaler: str = "standard"
    valid: float = 0.2
    seed: int = 0

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments by name."""
        return parameters_of(self)

    def set_params(self, **params: Any) -> Self:
        """Set constructor arguments by name.

        Raises
        ------
        ConfigError
            For an unknown name.
        """
        set_parameters(self, params)
        return self

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from windows and what is asked of each, oldest sample first.

        Parameters
        ----------
        X : array or nested sequence (N, T, F)
            N samples of T steps of F features; every value known.
        y : array or sequence (N,) or (N, K)
            One or K targets of each sample, learnt by one network; NaN where a target is not known.

        Raises
        ------
        InputError
            When the arrays do not fit together, hold what cannot be learnt from, or are too few samples.
        ConfigError
            When a setting cannot work.
        """
        learner = self._learner()
        inputs, targets = windows_of(X), targets_of(y)
        _refuse_other_length(inputs, targets)
        self.fitted_: FittedWindows = learner.fit(inputs, targets)
        self._single = np.ndim(y) == 1
        return self

    def predict(self, X: Any) -> Float[np.ndarray, "..."]:
        """Return an answer for each window, in the units and the shape (N,) or (N, K) of the `y` of `fit`.

        Raises
        ------
        InputError
            Before `fit`, or when steps or features are not those of `fit`.
        """
        answers = self._fitted().predict(windows_of(X))
        return answers[:, 0] if self._single else answers

    def score(self, X: Any, y: Any) -> dict[str, Any]:
        """Return the errors on samples that `fit` has not seen, beside those of always saying the training mean.

        Returns
        -------
        dict
            `mse`, `mae`, `mse_of_mean`, `mae_of_mean` over all known targets, in their own units, lower is better; and
            under `targets` a list with the same four for each target.

        Raises
        ------
        InputError
            When the arrays do not fit together or what was learnt.
        """
        fitted, inputs, truth = self._fitted(), windows_of(X), targets_of(y)
        _refuse_other_length(inputs, truth)
        if truth.shape[1] != len(fitted.mean):
            raise InputError(f"y must hold the {len(fitted.mean)} targets that were learnt; got {truth.shape[1]}.")
        wrong, plain = fitted.predict(inputs) - truth, fitted.mean - truth
        each = [_errors(wrong[:, k], plain[:, k]) for k in range(truth.shape[1])]
        return {**_errors(wrong, plain), "targets": each}

    @property
    def history(self) -> pl.DataFrame:
        """What each epoch of training gave, one row an epoch; losses and errors in scaled units."""
        return pl.DataFrame([asdict(record) for record in self._fitted().records])

    def curves(self, path: str | Path) -> Path:
        """Write loss and error by epoch, training beside validation, as one offline HTML page."""
        from seqcast.report.training import training_page

        write_atomic(Path(path), training_page({self.model: self._fitted().records}).encode())
        return Path(path)

    def save(self, folder: str | Path) -> Path:
        """Write what was learnt as a folder of data: no pickle, and the SHA-256 of every file."""
        fitted, learner = self._fitted(), self._learner()
        arrays: Arrays = {f"weights:{name}": value.cpu().numpy() for name, value in fitted.model.state_dict().items()}
        arrays["mean"] = fitted.mean
        for name, scaler in (("inputs", fitted.inputs), ("targets", fitted.targets)):
            arrays |= {f"{name}:loc": scaler.loc, f"{name}:scale": scaler.scale, f"{name}:rows": scaler.fitted_until}
        facts = {
            "parameters": {
                **self.get_params(),
                "settings": asdict(learner.config),
                "training": asdict(learner.training),
            },
            "single": self._single,
            "dims": asdict(fitted.dims),
            "records": [asdict(record) for record in fitted.records],
            "ending": fitted.ending,
            "seqcast": version("seqcast"),
        }
        bundle = Bundle(format=FORMAT, version=VERSION, facts=facts, files={"network.safetensors": packed(arrays)})
        write_folder(Path(folder), bundle)
        return Path(folder)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Return the regressor that `save` wrote; it predicts at once.

        Raises
        ------
        BundleError
            When the folder holds none, or a file was changed or cut short.
        """
        bundle = read_folder(Path(folder), FORMAT, VERSION)
        facts: dict[str, Any] = dict(bundle.facts)
        regressor = cls(**facts["parameters"])
        arrays, _ = unpacked(bundle.files["network.safetensors"])
        regressor.fitted_ = _fitted_of(regressor._learner(), facts, arrays)
        regressor._single = facts["single"]
        return regressor

    def _fitted(self) -> "FittedWindows":
        if not hasattr(self, "fitted_"):
            raise InputError("A Regressor answers once it has learnt; this one has not. Call fit(X, y) first.")
        return self.fitted_

    def _learner(self) -> "WindowLearner":
        from seqcast.forecasters.windowed import WindowLearner
        from seqcast.models.registry import NETWORKS
        from seqcast.train.config import FitConfig

        if self.model not in NETWORK_NAMES:
            raise ConfigError(f"No network is named {self.model!r}. {nearest(self.model, NETWORK_NAMES)}")
        kind = NETWORKS[self.model].config
        settings, training = self.settings, self.training
        if isinstance(settings, Mapping):
            settings = built(kind, {**_USUAL_SETTINGS.get(self.model, {}), **settings}, "settings")
        if isinstance(training, Mapping):
            training = built(FitConfig, {**_USUAL_TRAINING, **training}, "training")
        return WindowLearner(
            name=self.model,
            config=settings,
            training=training,
            scaling=self.scaler,
            valid=self.valid,
            seed=self.seed,
        )


def _fitted_of(learner: "WindowLearner", facts: dict[str, Any], arrays: Arrays) -> "FittedWindows":
    import torch

    from seqcast.data.scale import Scaler
    from seqcast.forecasters.windowed import FittedWindows
    from seqcast.models.windows import WindowRegressor
    from seqcast.train.progress import EpochRecord
    from seqcast.types import Dims

    dims = built(Dims, facts["dims"], "dims")
    with torch.random.fork_rng():
        model = WindowRegressor(learner.name, learner.config, dims).eval()
    weights = {name.removeprefix("weights:"): array for name, array in arrays.items() if name.startswith("weights:")}
    try:
        model.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()})
    except RuntimeError as error:
        raise BundleError(
            f"The weights do not fit a {learner.name} of these settings; the bundle is of another release."
        ) from error
    inputs, targets = (
        Scaler(arrays[f"{name}:loc"], arrays[f"{name}:scale"], arrays[f"{name}:rows"], learner.scaling)
        for name in ("inputs", "targets")
    )
    records = tuple(EpochRecord(**record) for record in facts["records"])
    return FittedWindows(
        learner.name, learner.config, dims, inputs, targets, arrays["mean"], model, records, facts["ending"]
    )


def _refuse_other_length(inputs: Float[np.ndarray, "N T X"], targets: Float[np.ndarray, "N2 K"]) -> None:
    if len(inputs) != len(targets):
        raise InputError(f"Each sample needs a window and its targets; got {len(inputs)} in X and {len(targets)} in y.")


def _errors(wrong: Float[np.ndarray, "..."], plain: Float[np.ndarray, "..."]) -> dict[str, float]:
    """Return mean squared and absolute differences where they are known; NaN where none is."""
    known = ~np.isnan(wrong)
    if not known.any():
        return dict.fromkeys(("mse", "mae", "mse_of_mean", "mae_of_mean"), float("nan"))
    wrong, plain = wrong[known], plain[known]
    return {
        "mse": float(np.square(wrong).mean()),
        "mae": float(np.abs(wrong).mean()),
        "mse_of_mean": float(np.square(plain).mean()),
        "mae_of_mean": float(np.abs(plain).mean()),
    }
