"""Labels of any kind: their classes as numpy and sets find them, and what cannot be learnt is refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcast.data.labels import codes_of, known_codes, labels_of
from seqcast.errors import InputError

KINDS = {
    "text": st.sampled_from(["good", "bad", "näh", "10", "9", " x"]),
    "whole": st.integers(-(2**40), 2**40) | st.sampled_from([0, 1]),
    "truth": st.booleans(),
    "whole floats": st.integers(-9, 9).map(float),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_classes_are_the_sorted_set_and_codes_lead_back(kind, data):
    labels = data.draw(st.lists(KINDS[kind], min_size=2, max_size=20).filter(lambda drawn: len(set(drawn)) > 1))
    classes, codes = codes_of(labels, len(labels))
    assert classes.tolist() == sorted(set(labels))
    assert classes[codes].tolist() == labels
    np.testing.assert_array_equal(known_codes(labels, len(labels), classes), codes)


@pytest.mark.parametrize("labels", [["b", "a", "b"], [3, 1, 3], [True, False, True]])
@pytest.mark.parametrize("container", [tuple, np.array, pl.Series, pd.Series, lambda own: np.array(own, dtype=object)])
def test_the_container_changes_nothing(labels, container):
    classes, codes = codes_of(container(labels), 3)
    assert (classes.tolist(), codes.tolist()) == (sorted(set(labels)), [1, 0, 1])


def test_equal_numbers_are_one_label_whatever_their_type():
    assert known_codes([1.0, 0.0], 2, np.array([0, 1])).tolist() == [1, 0]
    assert known_codes([1, 0], 2, np.array([False, True])).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["a", None], "Each sample needs a label; row 1 has None. Leave that row out, or label it"),
        (["a", "  "], "row 1 has '  '"),
        ([1.0, float("nan")], "row 1 has nan"),
        (np.array([1.0, np.nan]), "row 1 has .*nan"),
        (pd.Series([1, None], dtype="Int64"), "row 1 has <NA>"),
        ([1, "a"], "all truth values; row 1 has 'a', a str, and row 0 a int. Make them one kind"),
        ([1, True], "row 1 has True, a bool, and row 0 a int"),
        ([0.5, 1.5], "row 0 has 0.5, a float"),
        (np.zeros((2, 2)), "row 0 has .*, a ndarray"),
        ([b"a", b"b"], "row 0 has b'a', a bytes"),
        (["a"], "Each sample needs one label; got 2 samples and 1 labels"),
        ("ab", "Labels come as a list, one a sample; got a str. Put them in a list"),
        (7, "got a int"),
    ],
)
def test_labels_that_cannot_be_read_are_refused(labels, words):
    with pytest.raises(InputError, match=words):
        labels_of(labels, 2)


@pytest.mark.parametrize(("label", "said"), [("a", "'a'"), (3, "3"), (True, "True")])
def test_one_class_is_refused(label, said):
    with pytest.raises(InputError, match=f"must be at least two; all 2 labels are {said}."):
        codes_of([label, label], 2)


@pytest.mark.parametrize(
    ("labels", "classes", "words"),
    [
        (["a", "x"], np.array(["a", "b"]), "must be one that was learnt, 'a', 'b'; row 1 has 'x'"),
        (["1", "2"], np.array([1, 2]), "was learnt, 1, 2; row 0 has '1'"),
        ([1, 2], np.array([False, True]), "was learnt, False, True; row 1 has 2"),
    ],
)
def test_a_label_that_was_not_learnt_is_refused(labels, classes, words):
    with pytest.raises(InputError, match=words):
        known_codes(labels, 2, classes)
