"""Forecaster: the one class most users meet, with the manners of scikit-learn."""

import time as clock
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import polars as pl

from seqcast.budget import Deadline, seconds_of
from seqcast.config import Settings, data_only, parameters_of, set_parameters
from seqcast.data.frames import kind_of, to_kind
from seqcast.data.intake import read_records
from seqcast.data.options import TableOptions
from seqcast.data.panel import Panel
from seqcast.data.table import check_future, read_panel
from seqcast.errors import ColumnError, InputError
from seqcast.evaluate.leaderboard import to_frame
from seqcast.evaluate.study import Limits
from seqcast.evaluate.verdict import Verdict
from seqcast.forecasters.base import Fitted
from seqcast.forecasters.bundle import Saved, load_model, save_model
from seqcast.forecasters.tidy import tidy
from seqcast.leaks.outcome import Audit
from seqcast.options import DEFAULT_MODELS, DEFAULT_QUANTILES, RunOptions
from seqcast.runs.judged import Judged, judged, learn
from seqcast.runs.talk import Talk
from seqcast.types import Task


@dataclass(kw_only=True)
class Forecaster:
    """Learns from a table and forecasts past its last row.

    The constructor stores its arguments and does no work; `fit` returns self.

    Parameters
    ----------
    horizon : int
        Steps to forecast.
    target : str or sequence of str
        Columns to forecast; left empty, a column called `y` or `target`, or the only numeric one.
    model : str
        `naive`, `drift`, `seasonal-naive`, `ar`, `ma`, `arma`, `arima`, `ets`, `theta`, explicit orders such as
        `arima(1,1,1)(0,1,1)`, with the known columns as regressors `arimax(1,0,0)`, or a network: `rnn`, `lstm`, `gru`,
        `hybrid`; `ensemble` and `median` combine them.
    time, series : str or None
        Columns of the times and of the names of the series; recognised unless named.
    known, static, ignore : sequence of str
        Features known over the horizon, constant within a series, or to be left out; every other one is past-only.
    table : TableOptions or mapping
        How the table is to be read: `{"freq": "rows", "decimal": ","}`.
    settings : config of the network, or mapping
        Such as `HybridConfig(width=128)` or `{"width": 128}`.
    training : FitConfig or mapping
        Such as `{"epochs": 10}` or `{"loss": "student-t", "scaler": "robust"}`.
    season : int or None
        Steps of the main cycle; by the frequency unless given.
    quantiles : sequence of float
        Levels to forecast.
    seed : int
        Of weights, window order and dropout.
    budget : str or None
        Wall time that `fit` may take, such as `90s` or `5m`.
    intervals : str
        `model` as the model gives them; `adaptive` or `split` corrects them by the errors of past cutoffs, which takes
        a backtest before.
    spread : str
        Of classical models: `normal`, or `bootstrap` of their residuals.

    Examples
    --------
    >>> table = pl.DataFrame({"ds": range(40), "y": [float(i % 4) for i in range(40)]})
    >>> forecaster = Forecaster(horizon=2, model="seasonal-naive", season=4, quantiles=(0.5,)).fit(table)
    >>> forecaster.predict()["mean"].to_list()
    [0.0, 1.0]
    """

    horizon: int
    target: str | Sequence[str] = ()
    model: str = "hybrid"
    time: str | None = None
    series: str | None = None
    known: Sequence[str] = ()
    static: Sequence[str] = ()
    ignore: Sequence[str] = ()
    table: TableOptions | Mapping[str, Any] = field(default_factory=TableOptions)
    settings: Any = field(default_factory=dict)
    training: Any = field(default_factory=dict)
    season: int | None = None
    quantiles: Sequence[float] = DEFAULT_QUANTILES
    seed: int = 0
    budget: str | None = None
    intervals: str = "model"
    spread: str = "normal"

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

    def fit(self, data: Any, *, talk: Talk | None = None) -> Self:
        """Learn from a table: a path, or a Polars, pandas or Arrow table.

        Parameters
        ----------
        data : path or table
            Rows with an empty target and filled known features, after the history, are the future.
        talk : Talk or None
            Hears what was inferred and how training goes.

        Raises
        ------
        InputError
            When the table cannot be read without guessing or is too short.
        ConfigError
            When a setting cannot work.
        """
        settings = self._settings()
        talk = talk or Talk()
        limits = Limits(Deadline.after(seconds_of(self.budget) if self.budget else None), say=talk.stage)
        panel = self._read(data)
        for note in panel.notes:
            talk.note(note)
        task = Task(
            horizon=self.horizon,
            quantiles=settings.run.quantiles,
            season=self.season or panel.frequency.season,
            spread=settings.run.spread,
        )
        fitted = learn(panel, settings, task, limits, talk)
        return self._keep(panel, fitted, task, data)

    def predict(self, data: Any = None) -> Any:
        """Forecast past the last row of the table of `fit`, or of another one with the same columns.

        Returns
        -------
        table of the kind that came in
            `series, time, target, model, mean, q0.1 …`.

        Raises
        ------
        ColumnError
            When a known feature has no value over the horizon.
        """
        if data is not None:
            return copy(self).move_to(data).predict()
        check_future(self.panel_, self.horizon)
        forecast = self.fitted_.predict(self.panel_, self.panel_.at_end())
        return to_kind(tidy(self.panel_, forecast, self.model), self._kind)

    def backtest(self, windows: int | None = None, *, step: int | None = None, refit: bool = False) -> Any:
        """Forecast from past cutoffs, learning only from what was known then.

        Returns
        -------
        table of the kind that came in
            `series, time, target, model, cutoff, actual, mean, q0.1 …`.
        """
        study = self._judged((self.model,), windows, step=step, refit=refit).study
        return to_kind(tidy(self.panel_, study.backtests[self.model].forecast, self.model, judged=True), self._kind)

    def leaderboard(self, models: Sequence[str] = DEFAULT_MODELS, windows: int | None = None) -> Any:
        """Score this model beside others on the same cutoffs, best first; lower is better but for skill."""
        return to_kind(to_frame(self._judged(self._beside(models), windows).study.scores), self._kind)

    def verdict(self, models: Sequence[str] = DEFAULT_MODELS, windows: int | None = None) -> Verdict:
        """Say whether a network is worth it here: its gain over classical models, and whether the data prove it.

        Returns
        -------
        Verdict
            `sentence` is the answer in one line; `comparisons` are the tests behind it.
        """
        return self._judged(self._beside(models), windows).verdict

    def audit(self, *, whole: bool = False) -> Audit:
        """Replace everything after a cutoff by noise, gaps and a constant, and see whether a forecast moves.

        Parameters
        ----------
        whole : bool
            Audit with the whole history and the full training; else a short part of it, by the same steps.

        Returns
        -------
        Audit
            `passed`, and a `sentence` that says what moved.
        """
        from seqcast.runs.audited import audit_settings

        return audit_settings(self.panel_, self._settings(), whole=whole)

    def report(self, path: str | Path, models: Sequence[str] = DEFAULT_MODELS, windows: int | None = None) -> Path:
        """Write one offline HTML page: four answers, forecast, leaderboard, backtest, data and settings."""
        from seqcast.runs.page import findings_of, write_page

        began = clock.monotonic()
        settings = replace(self._settings(), run=self._options(self._beside(models), windows))
        found = findings_of(self.panel_, settings, self.model, self.fitted_)
        return write_page(Path(path), found, clock.monotonic() - began)

    def update(self, data: Any) -> Self:
        """Add newer rows to the history without learning anew; `predict` then goes on from them.

        Parameters
        ----------
        data : path or table
            Rows in the manner of those of `fit`: a path after a path, a table after a table.

        Raises
        ------
        InputError
            After `load`, which brings back only the rows that the next forecast reads.
        """
        if not self._sources:
            raise InputError(
                "Newer rows are added to the table of fit, and a loaded forecaster keeps only what its next forecast "
                "reads. Give the whole table instead: predict(table), or move_to(table)."
            )
        options = self._settings().table
        frames = [read_records(source, options).frame for source in (*self._sources, data)]
        try:
            whole = pl.concat(frames, how="diagonal_relaxed")
        except pl.exceptions.PolarsError as error:
            raise ColumnError(f"Newer rows must have the columns of the rows before them: {error}.") from error
        panel = read_panel(whole, self._settings().columns, options)
        self.fitted_ = self.fitted_.moved(panel, self.panel_)
        self.panel_, self._sources = panel, (*self._sources, data)
        return self

    def move_to(self, data: Any) -> Self:
        """Put another table of the same columns in the place of the one of `fit`, without learning anew."""
        panel = self._read(data)
        return self._keep(panel, self.fitted_.moved(panel, self.panel_), self.task_, data)

    def save(self, folder: str | Path) -> Path:
        """Write what was learnt as a folder of data: no pickle, and the SHA-256 of every file."""
        settings = {name: data_only(value) for name, value in self.get_params().items()}
        save_model(Path(folder), Saved(self.model, self.fitted_, self.panel_, self.task_, settings))
        return Path(folder)

    def _beside(self, models: Sequence[str]) -> tuple[str, ...]:
        return (*(name for name in models if name != self.model), self.model)

    def _judged(self, models: Sequence[str], windows: int | None, **more: Any) -> Judged:
        settings = self._settings()
        return judged(self.panel_, replace(settings, run=self._options(models, windows, **more)))

    def _options(self, models: Sequence[str], windows: int | None, **more: Any) -> RunOptions:
        return replace(self._settings().run, models=tuple(models), windows=windows, **more)

    def _keep(self, panel: Panel, fitted: Fitted, task: Task, data: Any) -> Self:
        self.panel_, self.fitted_, self.task_ = panel, fitted, task
        self._sources: tuple[Any, ...] = (data,)
        self._kind = kind_of(data)
        return self

    def _read(self, data: Any) -> Panel:
        settings = self._settings()
        return read_panel(data, settings.columns, settings.table)

    def _settings(self) -> Settings:
        return Settings.of_parameters(self.get_params())


def load(folder: str | Path) -> Forecaster:
    """Return the forecaster that `Forecaster.save` or a run wrote; it predicts at once, without the table.

    Raises
    ------
    BundleError
        When the folder holds none, or a file was changed or cut short.
    """
    saved = load_model(Path(folder))
    forecaster = Forecaster(**saved.settings)
    forecaster._keep(saved.panel, saved.fitted, saved.task, pl.DataFrame())
    forecaster._sources = ()
    return forecaster
