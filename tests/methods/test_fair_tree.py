"""The fair tree: its criterion by hand, a plain Gini tree at gamma 0, nothing at gamma 1."""

import numpy as np
import pytest
import torch
from sklearn.tree import DecisionTreeClassifier

from core.methods.others import fair_tree
from core.nets.closed_forms import Leaves


def drawn(n=300, seed=0):
    """Place 0 tells task and secret alike, place 1 the task a little less and nothing else, place 2
    nothing."""
    rng = np.random.default_rng(seed)
    y, s = rng.integers(0, 2, (2, n, 1)).astype(float)
    both = 0.5 * (y + s) + 0.1 * rng.standard_normal((n, 1))
    alone = np.where(rng.random((n, 1)) < 0.75, y, 1 - y) + 0.15 * rng.standard_normal((n, 1))
    return np.hstack((both, alone, rng.standard_normal((n, 1)))), y, s


def which(x, boxes):
    low, high = boxes
    inside = ((x[:, None] > low) & (x[:, None] <= high)).all(2)
    assert (inside.sum(1) == 1).all()
    return inside.argmax(1)


def partition(labels):
    return {frozenset(np.flatnonzero(labels == value)) for value in np.unique(labels)}


def test_the_criterion_by_hand():
    p, s = np.array([0.25]), np.array([0.5])
    assert fair_tree.fair_gini(p, s, 0.0) == pytest.approx(2 * 0.25 * 0.75)
    assert fair_tree.fair_gini(p, s, 1.0) == pytest.approx(0)
    assert fair_tree.fair_gini(p, np.array([1.0]), 0.4) == pytest.approx(0.6 * 0.375 + 0.4 * 0.5)
    two = fair_tree.fair_gini(np.array([0.5, 0.0]), s, 0.0)
    assert two == pytest.approx(0.25)  # the mean over tasks


@pytest.mark.parametrize("leaves", [2, 5, 9])
@pytest.mark.parametrize("fewest", [1, 15])
def test_at_gamma_0_it_is_a_plain_gini_tree(leaves, fewest):
    x, y, s = drawn()
    x = x.astype(np.float32).astype(float)
    mine = which(x, fair_tree.grown(x, y, s, 0.0, leaves, fewest))
    plain = DecisionTreeClassifier(
        max_leaf_nodes=leaves, min_samples_leaf=fewest, random_state=0
    ).fit(x, y[:, 0])
    assert partition(mine) == partition(plain.apply(x))


def test_at_gamma_1_the_task_counts_for_nothing():
    x, y, s = drawn()
    low, high = fair_tree.grown(x, y, s, 1.0, 8, 5)
    assert len(low) == 1
    assert np.isneginf(low).all()
    assert np.isposinf(high).all()
    other = fair_tree.grown(x, 1 - np.roll(y, 7), s, 1.0, 8, 5)
    assert np.array_equal(low, other[0])


def test_between_them_it_asks_what_does_not_tell_the_secret():
    x, y, s = drawn(3000)

    def asked(gamma):
        return fair_tree.best_split(x, y, s, gamma, 5, len(x)).axis

    assert (asked(0.0), asked(0.5)) == (0, 1)


def test_a_split_s_gain_is_what_it_saves():
    x = np.array([[0.0], [1], [2], [3]])
    y, s = np.array([[0.0], [0], [1], [1]]), np.array([[0.0], [1], [0], [1]])
    split = fair_tree.best_split(x, y, s, 0.5, 1, 8)
    assert (split.axis, split.threshold) == (0, 1.5)
    # half of the tree's rows; Gini .5 becomes 0, that of the secret stays .5
    assert split.gain == pytest.approx(0.5 * 0.5 * 0.5)
    assert fair_tree.best_split(x, y, s, 0.5, 3, 8).gain == 0
    assert fair_tree.best_split(np.zeros((4, 1)), y, s, 0.5, 1, 8).gain == 0


def test_leaves_are_boxes_that_hold_every_row_once():
    x, y, s = drawn()
    low, high = fair_tree.grown(x, y, s, 0.2, 6, 5)
    assert 1 < len(low) <= 6
    assert np.bincount(which(x, (low, high))).min() >= 5
    which(np.random.default_rng(1).normal(0, 100, (1000, 3)), (low, high))


def test_stored_leaves_decide_as_the_tree_does():
    x, y, s = drawn()
    leaves = Leaves(3, 3, 8)
    leaves.turn(torch.zeros(3), torch.eye(3))
    everybody = leaves(torch.rand(5, 3))
    assert everybody.tolist() == [[1.0, *[0.0] * 7]] * 5
    boxes = fair_tree.grown(x, y, s, 0.2, 6, 5)
    leaves.fill(*(torch.from_numpy(part) for part in boxes))
    assert all(buffer.isfinite().all() for buffer in leaves.buffers())
    found = leaves(torch.from_numpy(x).float())
    assert (found.sum(1) == 1).all()
    assert np.array_equal(found.argmax(1).numpy(), which(x.astype(np.float32), boxes))
