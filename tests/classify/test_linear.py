"""Linear classifiers: at the optimum of what their docstring states, weighted as naive Bayes by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import minimize

from seqcast.classify.linear import Linear, fit_linear, fit_weighted


def case(seed, classes=2, rows=40, columns=3):
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(rows, columns))
    codes = (features @ draw.normal(size=(columns, classes)) + draw.normal(size=(rows, classes))).argmax(axis=1)
    return features, np.where(np.arange(rows) < classes, np.arange(rows), codes)


def objective(point, features, positive, cost):
    """Return the summed log loss times `cost`, and half of the squared weights, one sample at a time."""
    loss = 0.0
    for row, yes in zip(features, positive, strict=True):
        odds = row @ point[:-1] + point[-1]
        loss += np.log1p(np.exp(-odds if yes else odds))
    return cost * loss + 0.5 * (point[:-1] ** 2).sum()


def slopes(point, features, positive, cost, step=1e-5):
    """Return the slope of the objective along each weight, by finite differences."""
    found = []
    for place in range(len(point)):
        there, back = point.copy(), point.copy()
        there[place] += step
        back[place] -= step
        ahead, behind = (objective(at, features, positive, cost) for at in (there, back))
        found.append((ahead - behind) / (2 * step))
    return np.array(found)


@given(seed=st.integers(0, 999), classes=st.integers(2, 4), cost=st.sampled_from([0.1, 1.0, 10.0]))
def test_no_weight_can_be_bettered(seed, classes, cost):
    features, codes = case(seed, classes)
    linear = fit_linear(features, codes, classes, cost=cost)
    assert linear.weights.shape == (3, 1 if classes == 2 else classes)
    for column, positive in enumerate([1] if classes == 2 else range(classes)):
        point = np.append(linear.weights[:, column], linear.bias[column])
        assert abs(slopes(point, features, codes == positive, cost)).max() < 2e-2 * max(1.0, cost)


def test_another_way_to_the_optimum_ends_there_too():
    features, codes = case(3)
    linear = fit_linear(features, codes, 2, cost=0.7)
    truth = minimize(objective, np.ones(4), (features, codes == 1, 0.7), method="Nelder-Mead", tol=1e-10).x
    np.testing.assert_allclose(np.append(linear.weights, linear.bias), truth, atol=1e-3)


def test_sparse_or_dense_changes_nothing():
    features, codes = case(1, classes=3)
    dense, thin = (fit_linear(kind(features), codes, 3) for kind in (np.array, sparse.csr_matrix))
    np.testing.assert_allclose(dense.weights, thin.weights, atol=1e-8)
    np.testing.assert_allclose(dense.logits(features), thin.logits(sparse.csr_matrix(features)), atol=1e-8)


@given(seed=st.integers(0, 999))
def test_the_probabilities_of_two_classes_are_the_logistic_function(seed):
    features, codes = case(seed)
    linear = fit_linear(features, codes, 2)
    logits = linear.logits(features)
    odds = features @ linear.weights[:, 0] + linear.bias[0]
    np.testing.assert_allclose(np.exp(logits[:, 1]) / np.exp(logits).sum(axis=1), 1 / (1 + np.exp(-odds)), rtol=1e-10)


@given(seed=st.integers(0, 999))
def test_names_of_two_classes_may_be_exchanged(seed):
    features, codes = case(seed)
    one, other = (fit_linear(features, own, 2).logits(features) for own in (codes, 1 - codes))
    np.testing.assert_allclose(one, other[:, ::-1], atol=2e-2)


def log_ratio(table, positive):
    """Return the naive Bayes log-count ratio of each column, counted by hand, one added to each count."""
    here, elsewhere = [], []
    for column in range(table.shape[1]):
        here.append(1 + sum(table[row, column] for row in range(len(table)) if positive[row]))
        elsewhere.append(1 + sum(table[row, column] for row in range(len(table)) if not positive[row]))
    return np.log(np.array(here) / sum(here)) - np.log(np.array(elsewhere) / sum(elsewhere))


@pytest.mark.parametrize("classes", [2, 3])
@given(seed=st.integers(0, 999))
def test_weighted_columns_are_those_times_the_log_ratio(classes, seed):
    draw = np.random.default_rng(seed)
    codes = np.arange(30) % classes
    table = (draw.random((30, 5)) < 0.3 + 0.4 * (codes[:, None] == np.arange(5) % classes)).astype(np.float64)
    weighted = fit_weighted(sparse.csr_matrix(table, dtype=np.float32), codes, classes, cost=2.0)
    logits = weighted.logits(sparse.csr_matrix(table))
    for column, positive in enumerate([1] if classes == 2 else range(classes)):
        ratio = log_ratio(table, codes == positive)
        truth = fit_linear(table * ratio, np.where(codes == positive, 1, 0), 2, cost=2.0)
        odds = table * ratio @ truth.weights[:, 0] + truth.bias[0]
        found = logits[:, 1] - logits[:, 0] if classes == 2 else logits[:, column]
        np.testing.assert_allclose(found, odds, atol=2e-2)


def test_a_column_that_tells_nothing_weighs_nothing():
    codes = np.array([0, 0, 1, 1])
    table = np.array([[1, 0], [1, 0], [1, 1], [1, 1]], dtype=np.float32)
    both = fit_weighted(sparse.csr_matrix(np.column_stack([table, table[:, 1:], table[::-1, 1:]])), codes, 2)
    assert both.weights[1, 0] == pytest.approx(both.weights[2, 0], abs=1e-5)
    assert both.weights[1, 0] > 0 > both.weights[3, 0]
    assert abs(both.weights[0, 0]) < abs(both.weights[1, 0]) / 4


def test_logits_of_more_classes_are_one_column_each():
    linear = Linear(np.array([[1.0, 2.0, 3.0]]), np.array([0.0, 10.0, 20.0]))
    assert linear.logits(np.array([[2.0]])).tolist() == [[2.0, 14.0, 26.0]]
