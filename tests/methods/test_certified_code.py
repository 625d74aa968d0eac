"""Certified answers: edges and cells, tables that keep their limit, what leaves the device."""

import numpy as np
import pytest
import torch

from core import train
from core.certificates.finite import total_variation
from core.errors import PenumbraError
from core.methods import METHODS
from core.methods.ours import cells
from core.methods.ours.certified_code import MOST_ANSWERS, TAU
from core.run import Run
from core.run_validation import checked
from tests.tiny_faces import ATTRIBUTES, SMALL, tiny_faces

QUICK = {"batch_size": 12, "task_epochs": 6, "continued_epochs": 1, "secret_epochs": 4, "cells": 6}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))


def run_of(tasks=("Smiling",), private=("Male",), **schedule):
    return checked(
        Run("certified_code", "tiny", tasks=tasks, private=private, schedule=QUICK | schedule)
    )


def trained(run):
    return train.load(train.train(run, tiny_faces(size=SMALL), "cpu", progress=False))[2]


def pictures(count=8):
    images = tiny_faces(size=SMALL).images[:count]
    return torch.from_numpy(images.copy()).permute(0, 3, 1, 2).float() / 255


def test_edges_hold_the_threshold_that_tells_best():
    scores = np.linspace(-1, 1, 201)
    found = cells.edges(scores, (scores > 0.33).astype(int), 4)
    assert len(found) == 3
    assert (np.diff(found) > 0).all()
    assert min(abs(found - 0.33)) < 0.006
    assert cells.edges(scores, (scores > 0).astype(int), 1).size == 0
    assert cells.edges(np.zeros(9), np.arange(9) % 2, 4).size <= 2


def test_cells_are_the_product_of_the_scores_places():
    tables = cells.Tables((3, 2), 1, 2, (1.0, 0.0))
    tables.edges[0, :2] = torch.tensor([-1.0, 1.0])
    tables.edges[1, :1] = 0.0
    scores = torch.tensor([[-2.0, -1.0], [0.0, 1.0], [2.0, -1.0], [2.0, 1.0]])
    found = tables.cell_of(scores, scores, lambda near: near)
    assert found.tolist() == [0, 3, 4, 5]


def test_what_lies_near_an_edge_is_decided_precisely():
    tables = cells.Tables((2,), 1, 2, (1.0, 0.0))
    tables.edges[0, 0] = 0.5
    x = torch.tensor([[0.5], [0.9]])  # 0.9 is far from the edge: nobody asks
    asked = []

    def precise(near):
        asked.extend(near.flatten().tolist())
        return near.double() + 1e-12

    assert tables.cell_of(x, x, precise).tolist() == [1, 1]
    assert asked == [0.5]


def test_between_two_limits_the_tables_are_mixed():
    tables = cells.Tables((2,), 1, 2, (1.0, 0.5, 0.0))
    tables.tables[0] = torch.eye(2)
    tables.tables[1] = torch.full((2, 2), 0.5)
    tables.tables[2] = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert torch.equal(tables.at(1.0), tables.tables[0])
    assert tables.at(0.75)[0].tolist() == [0.75, 0.25]
    assert tables.at(0.25)[1].tolist() == [0.75, 0.25]
    assert torch.equal(tables.at(0.0), tables.tables[2])


def test_solved_tables_keep_their_limit_on_what_they_were_solved_with():
    rng = np.random.default_rng(0)
    n = 600
    secret = rng.integers(0, 2, n)
    task = (rng.random(n) < np.where(secret, 0.35, 0.65)).astype(int)
    scores = np.stack([task + rng.normal(0, 0.5, n), secret + rng.normal(0, 0.4, n)], 1)
    tables = cells.Tables((5, 2), 1, 2, TAU.grid)
    tables.solve(scores, np.stack([task, secret], 1), np.arange(n))
    given = torch.from_numpy(scores)
    place = tables.cell_of(given, given, lambda near: near)
    reached = []
    for limit in TAU.grid:
        answers = tables.at(limit)[place].numpy()
        told = total_variation(answers[secret == 1].mean(0), answers[secret == 0].mean(0))
        assert told <= limit + 1e-6
        says = answers @ tables.says.numpy()[:, 0]
        reached.append((says[task == 1].mean() + 1 - says[task == 0].mean()) / 2)
    assert np.diff(reached).max() <= 1e-6  # less is served as less is told
    assert reached[0] > 0.8


def test_a_release_is_one_of_a_few_answers_and_says_the_task():
    run = run_of()
    model = trained(run)
    z = model.release(pictures(), torch.Generator().manual_seed(0), 1.0)
    assert z.shape == (8, 2)
    assert z.sum(1).tolist() == [1] * 8
    assert set(z.flatten().tolist()) == {0.0, 1.0}
    logits = model.own_head(z)
    assert logits.shape == (8, 1)
    assert set(logits.flatten().tolist()) <= {-1.0, 1.0}
    table = model.table(0.0)
    assert table.sum(1).tolist() == pytest.approx([1] * len(table))
    assert model.cells(pictures()).max() < len(table)


def test_the_same_photograph_is_answered_alike_while_the_device_remembers():
    model = trained(run_of())
    x = pictures(4)[[0, 0, 0, 1, 1, 1]]
    for value in (0.3, 0.02):
        z = model.release(x, torch.Generator().manual_seed(3), value).argmax(1).tolist()
        assert len({*z[:3]}) == len({*z[3:]}) == 1


def test_cells_do_not_depend_on_how_photographs_are_batched():
    model = trained(run_of())
    x = pictures(24)
    whole = model.cells(x)
    assert torch.equal(torch.cat([model.cells(part) for part in x.split(5)]), whole)
    assert torch.equal(model.cells(x.to(memory_format=torch.channels_last)), whole)


def test_several_tasks_share_the_cells_and_the_answers():
    run = run_of(tasks=("Smiling", "Young"), cells=16)
    model = METHODS["certified_code"].model(run, ATTRIBUTES)
    assert model.table(1.0).shape == (4 * 4 * 2, 4)
    five = run_of(tasks=("Smiling", "Young"), private=("Male",), cells=2, secret_cells=3)
    assert METHODS["certified_code"].model(five, ATTRIBUTES).table(1.0).shape == (2 * 2 * 3, 4)
    assert MOST_ANSWERS >= 4


def test_it_must_hide_something():
    with pytest.raises(PenumbraError, match="name at least one that is private"):
        METHODS["certified_code"].model(run_of(private=()), ATTRIBUTES)


def test_with_one_cell_for_each_secret_nobody_estimates_it():
    model = trained(run_of(secret_cells=1))
    assert "secrets" not in model.networks
    assert model.table(0.1).shape == (6, 2)
    assert model.cells(pictures()).max() < 6
