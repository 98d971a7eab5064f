"""Auditing what is not ours: a function of two tables, of any library."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from seqcast import audit
from seqcast.errors import ConfigError, HistoryError

DAYS = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 2, 9), eager=True)
DRAW = np.random.default_rng(0)
TABLE = pl.DataFrame({"ds": DAYS, "y": DRAW.normal(size=40), "x": DRAW.normal(size=40), "holiday": [0.0, 1.0] * 20})
ROLES = {"target": ["y"], "known": ["holiday"]}


def last(train, future):
    return np.repeat(train["y"].to_numpy()[-1], len(future))


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
def test_the_two_parts_come_as_the_kind_that_was_given(kind):
    table = {"polars": TABLE, "pandas": TABLE.to_pandas(), "arrow": TABLE.to_arrow()}[kind]
    seen = []

    def forecaster(train, future):
        seen.append((type(train), type(future), len(train), len(future)))
        return np.zeros(4)

    assert audit(forecaster, table, 4, columns=ROLES).passed
    assert set(seen) == {(type(table), type(table), 36, 4)}


def test_what_is_known_ahead_may_be_used_and_what_is_not_may_not():
    assert audit(lambda train, future: future["holiday"].to_numpy(), TABLE, 4, columns=ROLES).passed
    found = audit(lambda train, future: future["x"].fill_null(0.0).to_numpy(), TABLE, 4, columns=ROLES)
    assert found.leaking == ("<lambda>",)


def test_a_table_with_several_models_is_told_column_by_column():
    def forecaster(train, future):
        whole = pl.concat([train, future])
        honest, leaking = train["y"].mean(), whole["y"].fill_null(0.0).mean()
        return future.select("ds", mean=pl.lit(honest), all=pl.lit(leaking))

    found = audit(forecaster, TABLE, 4, columns=ROLES)
    assert found.leaking == ("forecaster",)
    assert {each.where for each in found.outcomes} == {"all, row 1"}


def test_models_by_name_are_told_apart():
    found = audit(
        lambda train, future: {"last": last(train, future), "next": future["y"].fill_null(0.0).to_numpy()},
        TABLE,
        4,
        columns=ROLES,
    )
    assert found.models == ("last", "next") and found.leaking == ("next",)


def test_many_series_are_cut_each_at_its_own_end_and_short_ones_are_left_out():
    frame = pd.DataFrame(
        {
            "unique_id": ["a"] * 10 + ["b"] * 12 + ["c"] * 4,
            "ds": [*range(10), *range(12), *range(4)],
            "y": np.arange(26.0) ** 1.1,
        }
    )
    counts = []

    def forecaster(train, future):
        counts.append((train["unique_id"].value_counts().to_dict(), future["unique_id"].value_counts().to_dict()))
        return train.groupby("unique_id")["y"].last().to_numpy()

    assert audit(forecaster, frame, 3).passed
    assert counts[0] == ({"a": 7, "b": 9}, {"a": 3, "b": 3})


def test_a_forecaster_that_refuses_missing_values_after_the_cutoff_has_read_them():
    def forecaster(train, future):
        if future["y"].null_count():
            raise ValueError("Input contains NaN")
        return last(train, future)

    found = audit(forecaster, TABLE, 4, columns=ROLES)
    assert found.leaking == ("forecaster",)
    assert found.of("forecaster")[1].reason == "it broke down: ValueError, Input contains NaN"


def test_an_unseeded_forecaster_is_told_as_such():
    draw = np.random.default_rng(1)
    found = audit(lambda train, future: draw.normal(size=4), TABLE, 4, columns=ROLES)
    assert found.unsteady and not found.leaking


def test_a_fault_on_the_clean_table_is_the_callers():
    def forecaster(train, future):
        raise ValueError("no such column")

    with pytest.raises(ValueError, match="no such column"):
        audit(forecaster, TABLE, 4, columns=ROLES)


@pytest.mark.parametrize("answer", [None, "rising", object()])
def test_an_answer_without_numbers_is_refused_in_words(answer):
    with pytest.raises(ConfigError, match="A forecaster returns a table, an array, or a mapping"):
        audit(lambda train, future: answer, TABLE, 4, columns=ROLES)


@pytest.mark.parametrize("horizon", [0, 39, 100])
def test_a_horizon_that_leaves_no_history_is_refused(horizon):
    with pytest.raises(HistoryError, match=f"got a horizon of {horizon} and 40 rows in the longest series"):
        audit(last, TABLE, horizon, columns=ROLES)


def test_a_misspelt_role_names_its_neighbour():
    with pytest.raises(ConfigError, match="Did you mean 'target'"):
        audit(last, TABLE, 4, columns={"targte": ["y"]})
