"""Forecaster: the manners of scikit-learn, any kind of table, and the same answer as the parts it is made of."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from seqcast import Forecaster, load
from seqcast.data.options import TableOptions
from seqcast.errors import ColumnError, ConfigError, InputError
from seqcast.models.recurrent import RecurrentConfig
from tests.runs.tables import QUICK, write_table


def days(rows=90, ahead=0):
    steps = np.arange(rows + ahead)
    value = np.where(steps < rows, 10 + (steps % 7), np.nan)
    return pl.DataFrame(
        {
            "ds": pl.date_range(
                pl.date(2024, 1, 1), pl.date(2024, 1, 1) + pl.duration(days=rows + ahead - 1), eager=True
            ),
            "y": pl.Series(value, nan_to_null=True),
            "promo": (steps % 3 == 0).astype(float),
        }
    )


def quick(model="lstm", **more):
    return Forecaster(horizon=3, model=model, training=QUICK, **more)


def test_the_constructor_stores_and_does_nothing_else():
    given = {"horizon": 5, "target": "a", "model": "nonsense", "known": ["b"]}
    forecaster = Forecaster(**given)
    assert {name: forecaster.get_params()[name] for name in given} == given
    clone = Forecaster(**forecaster.get_params())
    assert clone.get_params() == forecaster.get_params()


def test_parameters_are_set_by_name():
    assert quick().set_params(horizon=9).horizon == 9
    with pytest.raises(ConfigError, match="no parameter 'horizen'. Did you mean 'horizon'"):
        quick().set_params(horizen=9)


@pytest.mark.parametrize("model", ["seasonal-naive", "lstm"])
def test_the_kind_of_table_that_came_in_comes_out(model):
    polars = days()
    kinds = {pl.DataFrame: polars, pd.DataFrame: polars.to_pandas(), pa.Table: polars.to_arrow()}
    means = []
    for kind, table in kinds.items():
        forecast = quick(model, target="y").fit(table).predict()
        assert isinstance(forecast, kind)
        means.append(np.asarray(forecast["mean"]))
    np.testing.assert_array_equal(means[0], means[1])
    np.testing.assert_array_equal(means[0], means[2])


def test_a_path_gives_what_its_table_gives(tmp_path):
    path = write_table(tmp_path / "load.csv")
    from_path = quick(target="load").fit(path).predict()
    from_frame = quick(target="load").fit(pl.read_csv(path, try_parse_dates=True)).predict()
    np.testing.assert_array_equal(from_path["mean"].to_numpy(), from_frame["mean"].to_numpy())


def test_seasonal_naive_is_exact_on_an_exact_season():
    forecast = quick("seasonal-naive", target="y", season=7).fit(days()).predict()
    assert forecast["mean"].to_list() == [10 + (step % 7) for step in (90, 91, 92)]


def test_known_features_must_reach_over_the_horizon():
    forecaster = quick(target="y", known=["promo"]).fit(days(ahead=3))
    assert forecaster.predict().height == 3
    with pytest.raises(ColumnError, match="for each of the 3 steps of the horizon; 'promo'"):
        quick(target="y", known=["promo"]).fit(days()).predict()


@pytest.mark.parametrize("model", ["theta", "gru"])
def test_a_saved_forecaster_comes_back_whole(model, tmp_path):
    settings = RecurrentConfig(width=8) if model == "gru" else {}
    forecaster = quick(model, target="y", settings=settings, table=TableOptions(freq="1d")).fit(days())
    forecaster.save(tmp_path / "bundle")
    back = load(tmp_path / "bundle")
    assert back.predict().equals(forecaster.predict())
    assert (back.horizon, back.model, back.table) == (3, model, forecaster._settings().to_mapping()["table"])
    files = {path.suffix for path in (tmp_path / "bundle").iterdir()}
    assert files == {".json", ".safetensors"}


def test_update_goes_on_from_the_new_rows_without_learning_anew():
    whole = days(100)
    forecaster = quick(target="y").fit(whole[:90])
    weights = forecaster.fitted_.model.state_dict()
    before = forecaster.predict()
    forecaster.update(whole[90:91]).update(whole[91:95])
    after = forecaster.predict()
    assert before["time"][0] < after["time"][0]
    assert forecaster.fitted_.model.state_dict().keys() == weights.keys()
    direct = quick(target="y").fit(whole[:90]).move_to(whole[:95])
    assert after.equals(direct.predict())


def test_a_loaded_forecaster_takes_the_whole_table_for_newer_rows(tmp_path):
    whole = days(100)
    forecaster = quick(target="y").fit(whole[:90])
    forecaster.save(tmp_path / "bundle")
    back = load(tmp_path / "bundle")
    with pytest.raises(InputError, match=r"Give the whole table instead: predict\(table\), or move_to\(table\)"):
        back.update(whole[90:95])
    assert back.predict(whole[:95]).equals(forecaster.predict(whole[:95]))


def test_a_backtest_and_a_leaderboard_come_from_the_same_forecasts():
    forecaster = quick("seasonal-naive", target="y", season=7).fit(days())
    past = forecaster.backtest(windows=2)
    assert past.height == 6 and (past["actual"] == past["mean"]).all()
    board = forecaster.leaderboard(models=("naive",), windows=2)
    assert set(board["model"].to_list()) == {"naive", "seasonal-naive"}


def test_the_report_is_one_offline_file(tmp_path):
    page = quick("seasonal-naive", target="y").fit(days()).report(tmp_path / "page.html", models=("naive",), windows=2)
    text = page.read_text()
    assert "seasonal-naive" in text and "http://" not in text.replace("http://www.w3.org", "")


def test_several_targets_and_series_come_out_by_name():
    one = days().with_columns(z=pl.col("y") * 2)
    parts = [one.with_columns(pl.lit(name).alias("id")) for name in "ab"]
    forecast = quick("gru", target=["y", "z"]).fit(pl.concat(parts)).predict()
    assert forecast.height == 2 * 2 * 3
    assert sorted(forecast["series"].unique()) == ["a", "b"] and sorted(forecast["target"].unique()) == ["y", "z"]


@pytest.fixture(scope="module")
def noisy():
    step, draw = np.arange(150), np.random.default_rng(2)
    value = 10 + 3 * np.sin(2 * np.pi * step / 7) + draw.normal(size=150)
    return pl.DataFrame({"ds": step, "y": value})


def test_the_verdict_is_that_of_the_leaderboard_and_says_when_nothing_is_proven(noisy):
    forecaster = quick(season=7).fit(noisy)
    found = forecaster.verdict(models=("naive", "seasonal-naive", "theta"), windows=4)
    assert found.windows == 4 and {one.model for one in found.comparisons} >= {"lstm", "theta", "naive"}
    scores = forecaster.leaderboard(models=("naive", "seasonal-naive", "theta"), windows=4)
    mase = dict(scores.select("model", "mase").iter_rows())
    for one in found.comparisons:
        assert one.gain == pytest.approx(1 - mase[one.model] / mase[one.against])
    assert found.sentence.startswith(("not proven: ", "lstm beats ")) or " beats lstm" in found.sentence


@pytest.mark.slow
def test_an_ensemble_learns_predicts_and_comes_back_from_disk(noisy, tmp_path):
    forecaster = quick("ensemble", season=1).fit(noisy.head(50))
    forecast = forecaster.predict()
    assert forecast["model"].unique().to_list() == ["ensemble"]
    forecaster.save(tmp_path / "model")
    assert load(tmp_path / "model").predict().equals(forecast)


def test_corrected_intervals_keep_the_median_and_are_saved_with_the_model(noisy, tmp_path):
    plain = quick("seasonal-naive", season=7).fit(noisy).predict()
    fitted = quick("seasonal-naive", season=7, intervals="split").fit(noisy)
    corrected = fitted.predict()
    assert corrected["q0.5"].equals(plain["q0.5"]) and not corrected["q0.9"].equals(plain["q0.9"])
    fitted.save(tmp_path / "model")
    assert load(tmp_path / "model").predict().equals(corrected)


def test_intervals_of_drawn_residuals_differ_from_normal_ones_and_the_mean_does_not(noisy):
    normal, drawn = (quick("theta", season=7, spread=how).fit(noisy).predict() for how in ("normal", "bootstrap"))
    assert drawn["mean"].equals(normal["mean"]) and not drawn["q0.1"].equals(normal["q0.1"])


@pytest.mark.parametrize(("name", "value"), [("intervals", "adaptve"), ("spread", "bootstrp")])
def test_a_misspelt_manner_of_intervals_names_its_neighbour(name, value, noisy):
    with pytest.raises(ConfigError, match=r"Did you mean '(adaptive|bootstrap)'"):
        quick("theta", **{name: value}).fit(noisy)
