"""What is to be done with a table: a run, and a search for better settings. The command line offers every field."""

from dataclasses import dataclass

from seqcast.data.options import option
from seqcast.errors import ConfigError, nearest

# Within each kind the cheapest come first, so that a short budget still ends with as many models as it can.
DEFAULT_MODELS = (
    "naive", "drift", "seasonal-naive", "theta", "ets", "arima", "ma", "arma", "ar",
    "rnn", "lstm", "gru", "hybrid",
)  # fmt: skip
DEFAULT_QUANTILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
INTERVALS = ("adaptive", "split", "model")
SPREADS = ("normal", "bootstrap")
METHODS = ("hyperband", "asha", "random")
SAMPLERS = ("tpe", "random")
ENGINES = ("local", "ray")
SAMPLE_ORDERS = ("time", "none")
PLACE = ("engine", "address")
"""Options that say where the work is done, and change no answer."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What a run is to do.

    Examples
    --------
    >>> RunOptions(horizon=24).seed
    0
    """

    horizon: int = option(0, "steps to forecast")
    models: tuple[str, ...] = option(DEFAULT_MODELS, "models to compare")
    windows: int | None = option(None, "backtest cutoffs; without it 5, or as many as the history allows")
    inner: int | None = option(None, "earlier cutoffs to choose the model by; without it as many, where there is room")
    step: int | None = option(None, "rows between two cutoffs; without it the horizon")
    refit: bool = option(False, "train networks anew at every cutoff; classical models always are")
    season: int | None = option(None, "steps of the main cycle; without it by the frequency")
    quantiles: tuple[float, ...] = option(DEFAULT_QUANTILES, "levels to forecast")
    seed: int = option(0, "of weights, window order and dropout")
    budget: str | None = option(None, "wall time for the whole run, such as 90s, 5m or 1h")
    intervals: str | None = option(
        None, "adaptive or split: corrected by past errors; model: as the model gives them; without it adaptive"
    )
    spread: str = option("normal", "intervals of classical models: normal, or bootstrap of their residuals")
    ensembles: bool = option(True, "two combinations of the models beside them")
    audit: bool = option(True, "audit one cheap window for leaks")
    engine: str = option("local", "local, or ray: tasks of a cluster do the trials, and the fits of classical models")
    address: str | None = option(None, "of a Ray cluster; without it one is started on this machine")

    def __post_init__(self) -> None:
        if self.horizon < 1:
            raise ConfigError(f"The horizon must be at least 1 step; got {self.horizon}. Give it with --horizon N.")
        for name, count in {"windows": self.windows, "step": self.step, "season": self.season}.items():
            if count is not None and count < 1:
                raise ConfigError(f"{name} must be at least 1; got {count}.")
        if self.inner is not None and self.inner < 0:
            raise ConfigError(f"inner must not be below 0; got {self.inner}.")
        for name, value, known in (
            ("intervals are", self.intervals or INTERVALS[0], INTERVALS),
            ("spreads are", self.spread, SPREADS),
            ("engine is", self.engine, ENGINES),
        ):
            if value not in known:
                raise ConfigError(f"No {name} named {value!r}. {nearest(value, known)}")
        if not self.models:
            raise ConfigError("A run needs at least one model; got none. For example: --models arima,hybrid")


@dataclass(frozen=True, kw_only=True)
class ClassifyOptions:
    """How samples are classified.

    Examples
    --------
    >>> ClassifyOptions(model="gru").valid
    0.2
    """

    test: str | None = option(
        None, "table of samples that score the result, read as the first; without it those held back"
    )
    model: str = option("lstm", "rnn, lstm, gru or hybrid")
    valid: float = option(0.2, "share of the samples that validates")
    order: str | None = option(
        None, "time: samples follow each other, the last validate; none: drawn at random; without it none for texts"
    )
    refit: bool = option(False, "train once more on all samples, for as many epochs as were best")
    trials: int | None = option(None, "settings to seek among by Hyperband beside the defaults, by the validation part")
    seed: int = option(0, "of weights, sample order, dropout and the validation part")
    budget: str | None = option(None, "wall time for the whole run, such as 90s, 5m or 1h")

    def __post_init__(self) -> None:
        if self.order not in (None, *SAMPLE_ORDERS):
            raise ConfigError(f"No order of samples is named {self.order!r}. {nearest(str(self.order), SAMPLE_ORDERS)}")
        if self.trials is not None and self.trials < 1:
            raise ConfigError(f"trials must be at least 1; got {self.trials}.")
        if self.refit and self.test is None:
            raise ConfigError(
                "With refit all samples are learnt, and none is left to score by; got no other table. Add --test FILE."
            )


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """How settings are sought.

    Examples
    --------
    >>> SearchOptions(trials=30).method
    'hyperband'
    """

    trials: int | None = option(None, "settings to try beside the defaults; without it as many as the budget allows")
    method: str = option("hyperband", "hyperband, asha (a rung waits for nobody) or random (every trial to its end)")
    sampler: str = option("tpe", "how settings are drawn: tpe, by what did well before, or random")
    factor: int = option(3, "one in so many goes on to the next rung")
    workers: int = option(1, "processes that try settings at the same time")
    storage: str | None = option(None, "URI of a PostgreSQL database that several machines share; without it a file")

    def __post_init__(self) -> None:
        for name, least in {"trials": 1, "factor": 2, "workers": 1}.items():
            count = getattr(self, name)
            if count is not None and count < least:
                raise ConfigError(f"{name} must be at least {least}; got {count}.")
        for name, value, known in (
            ("method", self.method, METHODS),
            ("sampler", self.sampler, SAMPLERS),
        ):
            if value not in known:
                raise ConfigError(f"No {name} is named {value!r}. {nearest(value, known)}")
