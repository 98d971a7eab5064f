"""The audit of a run: every model passes, with every kind of column; what is planted in our own code is caught."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from seqcast import Forecaster
from seqcast.budget import Deadline
from seqcast.config import Settings
from seqcast.data.panel import Panel
from seqcast.data.table import read_panel
from seqcast.errors import BudgetError
from seqcast.evaluate import nested
from seqcast.evaluate.study import Limits
from seqcast.forecasters import neural
from seqcast.forecasters.build import ENSEMBLES
from seqcast.leaks.outcome import CHOICE
from seqcast.options import DEFAULT_MODELS
from seqcast.runs.audited import audit_run, audit_settings, shortened

QUICK = {"epochs": 2, "steps": 3, "batch": 16}


def table(rows=130, series=("a", "b")):
    """Return a table with all that could leak: gaps, labels, a known column, a flag that changes late."""
    parts = []
    for number, name in enumerate(series):
        draw, step = np.random.default_rng(number), np.arange(rows)
        load = 20 + 5 * np.sin(2 * np.pi * step / 7) + step / 20 + draw.normal(size=rows)
        load[[40, 41, rows - 9]] = np.nan
        parts.append(
            pl.DataFrame(
                {
                    "id": [name] * rows,
                    "ds": pl.date_range(
                        pl.date(2024, 1, 1), pl.date(2024, 1, 1) + pl.duration(days=rows - 1), eager=True
                    ),
                    "load": load,
                    "heat": np.where(step % 11 == 0, np.nan, draw.normal(size=rows)),
                    "late": (step > rows - 4).astype(float),
                    "site": np.where(step > rows - 3, "new", np.array(["mill", "port"])[step % 2]),
                    "holiday": (step % 7 == 6).astype(float),
                    "size": [float(number)] * rows,
                }
            ).with_columns(pl.col("load", "heat").fill_nan(None))
        )
    return pl.concat(parts)


ROLES = {"target": ["load"], "known": ["holiday"], "static": ["size"]}


def settings(models, **run):
    return Settings.from_mapping(
        {"columns": ROLES, "run": {"horizon": 4, "models": list(models), **run}, "training": QUICK}
    )


def panel_for(chosen, **how):
    return read_panel(table(**how), chosen.columns, chosen.table)


@pytest.mark.slow
def test_every_model_passes_and_so_do_the_ensembles_and_the_choice():
    chosen = settings(DEFAULT_MODELS)
    found = audit_settings(panel_for(chosen, rows=75, series=("a",)), chosen)
    assert found.sentence.startswith("passed") and set(found.models) == {*DEFAULT_MODELS, *ENSEMBLES, CHOICE}


@pytest.mark.parametrize(
    "how",
    [
        {"models": ("naive", "theta", "lstm")},
        {"models": ("arimax(1,0,0)", "seasonal-naive")},
        {"models": ("naive", "drift", "gru"), "refit": True, "intervals": "split"},
        {"models": ("naive", "drift", "ar"), "spread": "bootstrap", "intervals": "model"},
    ],
)
def test_so_does_every_way_to_run(how):
    chosen = settings(how.pop("models"), **how)
    found = audit_settings(panel_for(chosen), chosen)
    assert found.sentence.startswith("passed: ")
    assert found.held_out.targets and found.held_out.past
    assert not [note for note in found.notes if "not part of the audit" in note]


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust"])
def test_a_scaler_that_has_seen_every_row_is_caught_in_the_network_that_uses_it(monkeypatch, scaler):
    whole, before, fit_encoder = [], Panel.before, neural.fit_encoder

    def remembering(self, rows):
        whole.append(self)
        return before(self, rows)

    def leaking(panel, scaling):
        honest = fit_encoder(panel, scaling)
        seen = fit_encoder(whole[-1], scaling).scaler
        return replace(honest, scaler=replace(honest.scaler, loc=seen.loc, scale=seen.scale))

    monkeypatch.setattr(Panel, "before", remembering)
    monkeypatch.setattr(neural, "fit_encoder", leaking)
    chosen = settings(("naive", "lstm"), ensembles=False)
    chosen = replace(chosen, training={**QUICK, "scaler": scaler})
    found = audit_settings(panel_for(chosen), chosen)
    assert "lstm" in found.leaking and "naive" not in found.leaking


def test_a_feature_counted_as_changing_by_what_comes_after_the_cutoff_is_caught(monkeypatch):
    fit_encoder = neural.fit_encoder
    monkeypatch.setattr(
        neural, "fit_encoder", lambda panel, scaling: replace(fit_encoder(panel, scaling), idle=frozenset())
    )
    chosen = settings(("naive", "lstm"), ensembles=False)
    assert audit_settings(panel_for(chosen), chosen).leaking == ("lstm",)


@pytest.mark.parametrize(
    ("part", "caught"),
    [("_inner", CHOICE), ("_weights", "ensemble"), ("_best", "median"), ("calibrated", "naive")],
)
def test_what_is_learnt_on_the_window_that_scores_it_is_caught(monkeypatch, part, caught):
    honest = getattr(nested, part)

    def all_windows(forecast, plan):
        return forecast

    def by_all(panel, plan, said, without=-1):
        return honest(panel, replace(plan, inner=len(plan.folds.known)), said, without)

    def widened(panel, forecast, folds, task, how):
        corrected, calibration = honest(panel, forecast, folds, task, how)
        error = np.nanmean(np.abs(panel.actual(forecast.origins, task.horizon) - forecast.mean))
        return replace(corrected, values=corrected.values + np.nan_to_num(error)), calibration

    planted = {"_inner": all_windows, "_weights": by_all, "_best": by_all, "calibrated": widened}
    monkeypatch.setattr(nested, part, planted[part])
    models = ("naive", "drift", "seasonal-naive", "theta", "arima(1,0,0)")
    chosen = settings(models, ensembles=part != "_inner")
    # Of pure noise no model knows more than another, so that what scores them decides which are taken.
    frame = table().with_columns(load=pl.Series(np.random.default_rng(7).normal(size=260)))
    found = audit_settings(read_panel(frame, chosen.columns, chosen.table), chosen)
    assert caught in found.leaking


def test_a_whole_audit_passes_with_the_training_of_the_settings():
    chosen = settings(("naive", "hybrid"))
    found = audit_settings(panel_for(chosen), chosen, whole=True)
    assert found.passed and "the whole training" in found.notes[0] and "260 rows of 2 series" in found.notes[0]


def test_a_short_audit_reads_the_latest_rows_of_few_series_and_targets():
    frame = table(rows=700, series=tuple("abcdefghijk"))
    chosen = replace(settings(("naive",)))
    panel = read_panel(frame, replace(chosen.columns, target=("load", "heat", "late")), chosen.table)
    short = shortened(panel)
    assert len(short) == 8 and short.columns.target == ("load", "heat")
    assert set(short.columns.values) == set(panel.columns.values)
    assert short.rows.max() <= 601
    for series, name in enumerate(short.series):
        place = panel.series.index(name)
        own = panel.values[panel.offsets[place + 1] - 500 : panel.offsets[place + 1]]
        there = short.values[short.offsets[series + 1] - 500 : short.offsets[series + 1]]
        columns = [panel.columns.values.index(column) for column in short.columns.values]
        np.testing.assert_array_equal(own[:, columns], there)


def test_an_audit_without_time_says_so_and_a_run_goes_on():
    chosen = settings(("naive",))
    limits = Limits.of(chosen.run, Deadline.after(0.0))
    with pytest.raises(BudgetError, match="the part of the budget for the audit"):
        audit_settings(panel_for(chosen), chosen, limits=limits)
    found = audit_run(panel_for(chosen), chosen, limits)
    assert found.audit is None and found.notes == (f"Not audited for leaks: {found.reason}",)


def test_a_history_too_short_for_one_window_is_not_audited_and_says_why():
    chosen = settings(("naive",))
    found = audit_run(panel_for(chosen, rows=45), replace(chosen, run=replace(chosen.run, horizon=44)), Limits())
    assert found.audit is None and "Not audited for leaks" in found.notes[0]


def test_a_forecaster_audits_itself_with_its_own_settings():
    forecaster = Forecaster(horizon=4, model="lstm", training=QUICK, **ROLES).fit(table())
    assert forecaster.audit().models == ("seasonal-naive", "lstm", CHOICE)
    assert forecaster.audit().passed
