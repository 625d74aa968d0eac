import itertools

import numpy as np
import pytest

from core.certificates import program
from core.certificates.finite import total_variation
from core.errors import PenumbraError


def planted(cells=8, tasks=2, seed=0):
    rng = np.random.default_rng(seed)
    served = [tuple(rng.dirichlet(np.ones(cells), 2)) for _ in range(tasks)]
    secret = tuple(rng.dirichlet(np.ones(cells), 2))
    return served, secret


def test_gains_are_balanced_accuracies():
    served, _ = planted()
    worth, answers = program.gains(served)
    rng = np.random.default_rng(1)
    table = rng.dirichlet(np.ones(4), 8)
    expected = np.mean(
        [
            (with_it @ table @ answers[:, t] + without @ table @ (1 - answers[:, t])) / 2
            for t, (with_it, without) in enumerate(served)
        ]
    )
    assert (worth * table).sum() == pytest.approx(expected)


def test_weights_decide_which_task_is_served():
    served, _ = planted()
    alone, _ = program.gains(served[:1])
    weighed, answers = program.gains(served, [1, 0])
    both = weighed[:, answers[:, 1] == 0]
    assert both == pytest.approx(alone)


@pytest.mark.parametrize("weights", [[0, 0], [1], [1, -1]])
def test_weights_that_are_none_are_refused(weights):
    with pytest.raises(PenumbraError, match="weight"):
        program.gains(planted()[0], weights)


@pytest.mark.parametrize("limit", [0.0, 0.05, 0.3, 1.0])
def test_the_limit_is_kept_and_rows_are_distributions(limit):
    served, (one, zero) = planted()
    table = program.solve(program.gains(served)[0], [one - zero], [limit])
    assert table.sum(1) == pytest.approx(np.ones(8))
    assert (table >= 0).all()
    assert total_variation(one @ table, zero @ table) <= limit + 1e-7


def test_without_a_limit_it_is_the_best_answer_of_each_cell():
    served, (one, zero) = planted()
    worth, _ = program.gains(served)
    table = program.solve(worth, [one - zero], [1.0])
    assert (worth * table).sum() == pytest.approx(worth.max(1).sum())


def test_no_table_of_a_fine_grid_is_better():
    """Two cells, two answers: every table can be tried."""
    served, (one, zero) = planted(cells=2, tasks=1, seed=2)
    worth, _ = program.gains(served)
    best = 0.0
    for a, b in itertools.product(np.linspace(0, 1, 401), repeat=2):
        table = np.array([[a, 1 - a], [b, 1 - b]])
        if total_variation(one @ table, zero @ table) <= 0.1:
            best = max(best, float((worth * table).sum()))
    found = float((worth * program.solve(worth, [one - zero], [0.1])).sum())
    assert best <= found + 1e-9 <= best + 0.005


def test_several_secrets_have_limits_of_their_own():
    served, first = planted()
    _, second = planted(seed=5)
    differences = [one - zero for one, zero in (first, second)]
    worth, _ = program.gains(served)
    table = program.solve(worth, differences, [0.02, 0.2])
    for (one, zero), limit in ((first, 0.02), (second, 0.2)):
        assert total_variation(one @ table, zero @ table) <= limit + 1e-7
    freer = program.solve(worth, differences, [0.2, 0.2])
    assert (worth * freer).sum() >= (worth * table).sum() - 1e-9


def test_the_frontier_rises_and_is_concave():
    served, (one, zero) = planted()
    worth, _ = program.gains(served)
    limits = np.linspace(0, 0.4, 9)
    reached = [float((worth * program.solve(worth, [one - zero], [t])).sum()) for t in limits]
    steps = np.diff(reached)
    assert (steps >= -1e-9).all()
    assert (np.diff(steps) <= 1e-9).all()


def test_cells_that_nobody_is_in_are_answered():
    served = [(np.array([0.5, 0.5, 0]), np.array([1.0, 0, 0]))]
    table = program.solve(program.gains(served)[0], [np.array([0.2, -0.2, 0])], [0.0])
    assert table.sum(1) == pytest.approx(np.ones(3))


def test_fewer_answers_are_the_likeliest():
    served, (one, zero) = planted(tasks=3)
    worth, _ = program.gains(served)
    kept = program.fewer(worth, [one - zero], [0.1], 3)
    assert len(kept) == 3
    assert (np.diff(kept) > 0).all()
    whole = program.solve(worth, [one - zero], [0.1])
    assert whole.sum(0)[kept].sum() > 0
    assert program.fewer(worth, [one - zero], [0.1], 8).tolist() == list(range(8))


@pytest.mark.parametrize("limits", [[], [-0.1], [1.5]])
def test_limits_that_are_none_are_refused(limits):
    served, (one, zero) = planted()
    with pytest.raises(PenumbraError, match="limit"):
        program.solve(program.gains(served)[0], [one - zero], limits)
