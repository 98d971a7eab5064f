"""The yardsticks of classifiers of series say what plain loops say, whatever the order and units of what they read."""

import numpy as np
import pytest

from seqcast.classify import yardsticks
from seqcast.classify.yardsticks import linear_series, majority, nearest_neighbour
from seqcast.errors import InputError
from seqcast.sequences import Sequences

CLASSES = 3


def drawn(lengths, seed=0, channels=2):
    """Return series whose first channel rises by class, the other channels being noise of other units."""
    generator = np.random.default_rng(seed)
    codes = generator.integers(CLASSES, size=len(lengths))
    parts = []
    for steps, code in zip(lengths, codes, strict=True):
        part = generator.normal(size=(steps, channels)) * 10.0 ** np.arange(channels)
        part[:, 0] += code * np.linspace(0, 3, steps)
        parts.append(part)
    return parts, codes


def shuffled_lengths(count, seed):
    return np.random.default_rng(seed).integers(1, 40, size=count)


def looped(parts, steps):
    """Return each channel of each part at so many places, by numpy's own interpolation."""
    return [
        np.column_stack(
            [np.interp(np.linspace(0, len(part) - 1, steps), np.arange(len(part)), channel) for channel in part.T]
        )
        for part in parts
    ]


def scaled_by(parts, known):
    rows = np.concatenate(known)
    return [(part - rows.mean(axis=0)) / rows.std(axis=0) for part in parts]


@pytest.mark.parametrize("lengths", [np.full(30, 12), shuffled_lengths(31, 1)], ids=["equal", "unequal"])
@pytest.mark.parametrize("at_once", [1, 100, 2**23])
def test_the_nearest_neighbour_is_that_of_a_plain_loop(lengths, at_once, monkeypatch):
    monkeypatch.setattr(yardsticks, "_AT_ONCE", at_once)
    known, codes = drawn(lengths)
    asked = [part * [3.0, 0.1] for part in drawn(shuffled_lengths(60, 2), seed=3)[0]]  # in no way spread as those
    steps = round(float(np.median(lengths)))
    near = looped(scaled_by(known, known), steps)
    expected = [
        codes[np.argmin([np.square(one - other).sum() for other in near])]
        for one in looped(scaled_by(asked, known), steps)
    ]
    said = nearest_neighbour(Sequences.of(known), codes, Sequences.of(asked), CLASSES)
    np.testing.assert_array_equal(said, np.eye(CLASSES)[expected])


def test_series_of_equal_length_stay_as_they_are():
    parts, _ = drawn(np.full(5, 37))
    np.testing.assert_array_equal(yardsticks._evened(Sequences.of(parts), 37), np.stack(parts))


def test_training_samples_are_their_own_neighbours():
    parts, codes = drawn(shuffled_lengths(40, 4) + 1, seed=5)
    known = Sequences.of(parts)
    np.testing.assert_array_equal(nearest_neighbour(known, codes, known, CLASSES), np.eye(CLASSES)[codes])


def test_the_order_of_training_samples_decides_nothing_even_where_neighbours_are_equally_near():
    parts, codes = drawn(np.full(12, 6), seed=6)
    twice, both = [*parts, *parts], np.concatenate([codes, (codes + 1) % CLASSES])
    asked = Sequences.of(parts)
    order = np.random.default_rng(7).permutation(24)
    said = nearest_neighbour(Sequences.of(twice), both, asked, CLASSES)
    again = nearest_neighbour(Sequences.of([twice[row] for row in order]), both[order], asked, CLASSES)
    np.testing.assert_array_equal(said, again)
    np.testing.assert_array_equal(said, np.eye(CLASSES)[np.minimum(codes, (codes + 1) % CLASSES)])


@pytest.mark.parametrize("model", [nearest_neighbour, linear_series])
def test_the_units_of_a_channel_decide_nothing(model):
    known, codes = drawn(shuffled_lengths(40, 8), seed=9)
    asked, _ = drawn(shuffled_lengths(15, 10), seed=11)
    said = [
        model(Sequences.of([part * unit + shift for part in known]), codes, Sequences.of(moved), CLASSES)
        for unit, shift in (([1.0, 1.0], [0.0, 0.0]), ([1000.0, -0.01], [-40.0, 3.0]))
        for moved in [[part * unit + shift for part in asked]]
    ]
    np.testing.assert_allclose(said[0], said[1], atol=1e-4)


@pytest.mark.parametrize("model", [nearest_neighbour, linear_series])
def test_a_channel_that_never_changed_tells_nothing_whatever_it_does_later(model):
    known, codes = drawn(np.full(20, 8), seed=12)
    asked, _ = drawn(np.full(9, 8), seed=13)
    still = [np.column_stack([part, np.full(8, 0.1)]) for part in known]
    loud = [np.column_stack([part, np.full(8, 1e6)]) for part in asked]
    said = model(Sequences.of(still), codes, Sequences.of(loud), CLASSES)
    np.testing.assert_allclose(said, model(Sequences.of(known), codes, Sequences.of(asked), CLASSES), atol=1e-6)


@pytest.mark.parametrize("model", [nearest_neighbour, linear_series])
def test_a_sample_is_told_alike_alone_and_among_others(model):
    known, codes = drawn(shuffled_lengths(30, 14), seed=15)
    asked, _ = drawn(shuffled_lengths(7, 16), seed=17)
    together = model(Sequences.of(known), codes, Sequences.of(asked), CLASSES)
    alone = np.concatenate([model(Sequences.of(known), codes, Sequences.of([one]), CLASSES) for one in asked])
    np.testing.assert_allclose(together, alone, atol=1e-9)


def test_the_figures_of_a_channel_are_those_of_plain_loops():
    parts, _ = drawn(shuffled_lengths(25, 18), seed=19)
    expected = []
    for part, even in zip(parts, looped(parts, 10), strict=True):
        when = np.linspace(0, 1, len(part)) if len(part) > 1 else None
        slope = np.zeros(2) if when is None else np.polyfit(when, part, 1)[0]
        figures = [part.mean(axis=0), part.std(axis=0), part.min(axis=0), part.max(axis=0), slope]
        expected.append(np.concatenate([even.ravel(), *figures]))
    np.testing.assert_allclose(yardsticks._features(Sequences.of(parts), 10), expected, rtol=1e-9, atol=1e-9)


def test_the_linear_model_finds_what_lies_in_level_slope_and_single_steps():
    known, codes = drawn(np.full(300, 20), seed=20)
    asked, truth = drawn(np.full(200, 20), seed=21)
    said = linear_series(Sequences.of(known), codes, Sequences.of(asked), CLASSES)
    np.testing.assert_allclose(said.sum(axis=1), 1.0)
    assert (said.argmax(axis=1) == truth).mean() > 0.9


def test_long_series_are_read_at_64_steps_at_most(monkeypatch):
    seen = []
    monkeypatch.setattr(
        yardsticks, "_evened", lambda series, steps: seen.append(steps) or np.zeros((len(series), steps, 2))
    )
    parts, codes = drawn(np.full(12, 500), seed=22)
    linear_series(Sequences.of(parts), codes, Sequences.of(parts), CLASSES)
    assert set(seen) == {64}


def test_noise_is_held_back_until_no_answer_is_far_from_the_shares_of_the_classes():
    generator = np.random.default_rng(23)
    parts = list(generator.normal(size=(200, 10, 3)))
    codes = generator.integers(2, size=200)
    said = linear_series(Sequences.of(parts), codes, Sequences.of(list(generator.normal(size=(50, 10, 3)))), 2)
    assert np.abs(said - 0.5).max() < 0.25


def test_the_tail_of_each_class_chooses_so_that_samples_sorted_by_class_can_be_learnt():
    parts, codes = drawn(np.full(120, 15), seed=24)
    order = np.argsort(codes, kind="stable")
    known = Sequences.of([parts[row] for row in order])
    said = linear_series(known, codes[order], known, CLASSES)
    assert (said.argmax(axis=1) == codes[order]).mean() > 0.9


def test_two_samples_are_enough():
    known = Sequences.of([np.zeros((3, 1)), np.ones((1, 1))])
    asked = Sequences.of([np.full((2, 1), 0.1), np.full((5, 1), 0.9)])
    for model in (nearest_neighbour, linear_series):
        assert model(known, np.array([0, 1]), asked, 2).argmax(axis=1).tolist() == [0, 1]


def test_the_majority_is_the_share_of_each_class_that_stands_in_the_training_part():
    np.testing.assert_allclose(majority(np.array([2, 0, 2, 2]), 4, rows=3), [[0.25, 0.0, 0.75, 0.0]] * 3)


@pytest.mark.parametrize("model", [nearest_neighbour, linear_series])
def test_other_channels_are_refused_with_both_counts(model):
    known, codes = drawn(np.full(6, 5))
    with pytest.raises(InputError, match="Samples must have the 2 channels that were learnt; got 3"):
        model(Sequences.of(known), codes, Sequences.of([np.zeros((5, 3))]), CLASSES)
