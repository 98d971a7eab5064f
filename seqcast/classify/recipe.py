"""What a classifier is made with."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from seqcast.config import built
from seqcast.data.text import TextOptions
from seqcast.errors import ConfigError
from seqcast.models.classifier import ReadingConfig
from seqcast.train.config import FitConfig

_USUAL_TRAINING = {"loss": "cross-entropy", "steps": 400}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a classifier is made with; the settings as they were asked for.

    Parameters
    ----------
    model : str
        Family.
    config, text, training
        Settings of the network, of reading texts, and of training.
    epochs_told : bool
        Whether the number of epochs was asked for.
    valid, order, refit, seed
        As those of `Classifier`.
    """

    model: str
    config: ReadingConfig
    text: TextOptions
    training: FitConfig
    epochs_told: bool
    valid: float
    order: str | None
    refit: bool
    seed: int

    @classmethod
    def of(cls, model: str, settings: Any, text: Any, training: Any, **rest: Any) -> "Recipe":
        """Return the recipe that the arguments of a `Classifier` name.

        Raises
        ------
        ConfigError
            For an unknown setting.
        """
        told = not isinstance(training, Mapping) or "epochs" in training
        asked = {**_USUAL_TRAINING, **training} if isinstance(training, Mapping) else training
        return cls(
            model=model,
            config=_as(ReadingConfig, settings, "settings"),
            text=_as(TextOptions, text, "text"),
            training=_as(FitConfig, asked, "training"),
            epochs_told=told,
            **rest,
        )

    def parameters(self) -> dict[str, Any]:
        """Return them as arguments of `Classifier`, plain values all."""
        return {
            "model": self.model,
            "settings": asdict(self.config),
            "text": asdict(self.text),
            "training": asdict(self.training),
            "valid": self.valid,
            "order": self.order,
            "refit": self.refit,
            "seed": self.seed,
        }


def _as(kind: type, given: Any, section: str) -> Any:
    if isinstance(given, Mapping):
        return built(kind, given, section)
    if not isinstance(given, kind):
        raise ConfigError(f"{section} are a mapping or a {kind.__name__}; got a {type(given).__name__}.")
    return given
