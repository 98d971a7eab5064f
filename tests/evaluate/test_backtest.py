"""A backtest knows at each cutoff what was known then, and the measure that says so would see a leak."""

from dataclasses import dataclass, replace

import pytest

from seqcast.data.scale import fit_scaler
from seqcast.forecasters.classical import build_local
from seqcast.forecasters.neural import Neural
from seqcast.models.presets import HybridConfig
from seqcast.models.recurrent import RecurrentConfig
from seqcast.train.config import FitConfig
from tests.proofs.scaling import backtest_moved

QUICK = FitConfig(epochs=1, steps=2, batch=16)
GRU = Neural("gru", RecurrentConfig(width=4, context=6), QUICK)
FORECASTERS = [
    GRU,
    Neural("hybrid", HybridConfig(width=4, heads=2, context=6), QUICK),
    Neural("hybrid", HybridConfig(preset="average-pool", width=4, heads=2, context=6), QUICK),
    Neural("hybrid", HybridConfig(preset="attention-pool", width=4, heads=2, context=6), QUICK),
    build_local("theta", workers=1),
]


@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("forecaster", FORECASTERS)
def test_what_was_not_known_at_a_cutoff_moves_no_forecast(forecaster, refit):
    assert backtest_moved(forecaster, refit) == 0


@dataclass(frozen=True)
class Leaking:
    """A network whose scaler is fitted on all rows of the table, and that hides it."""

    network: Neural

    @property
    def name(self):
        return self.network.name

    def fit(self, panel, task, deadline):
        return Peeking(self.network.fit(panel, task, deadline))


@dataclass(frozen=True)
class Peeking:
    """Predicts with the scale of the whole table."""

    fitted: object
    notes: tuple = ()
    records: tuple = ()
    ending: str = "finished"

    def predict(self, panel, origins):
        own = self.fitted.encoder
        scaler = replace(fit_scaler(panel), fitted_until=own.scaler.fitted_until)
        return replace(self.fitted, encoder=replace(own, scaler=scaler)).predict(panel, origins)

    def moved(self, panel, known):
        return self


@pytest.mark.parametrize("refit", [False, True])
def test_a_scaler_fitted_on_all_rows_is_seen(refit):
    assert backtest_moved(Leaking(GRU), refit) > 0
