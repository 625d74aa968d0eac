"""Certified code words: what they keep, what they hide, and the same cells on every machine."""

import numpy as np
import pytest
import torch

from core import train
from core.certificates.finite import total_variation
from core.errors import PenumbraError
from core.methods import METHODS
from core.methods.ours.certified_code import TAU
from core.methods.ours.codebook import Codebook
from core.run import Run
from core.run_validation import checked
from tests.tiny_faces import ATTRIBUTES, SMALL, tiny_faces

QUICK = {"batch_size": 12, "task_epochs": 4, "continued_epochs": 1, "words": 4, "secret_cells": 2}


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PENUMBRA_HOME", str(tmp_path / "home"))


def planted(n=3000, seed=0):
    """A secret; two attributes that have nothing to do with it, and one that is the secret again."""
    rng = np.random.default_rng(seed)
    secret, hat, smile = rng.integers(0, 2, (3, n))
    disguise = np.where(rng.random(n) < 0.9, secret, 1 - secret)
    labels = np.stack([secret, hat, smile, disguise], 1)
    return labels + rng.normal(0, 0.3, labels.shape), labels, np.arange(n)


@pytest.fixture(scope="module")
def learned():
    codebook = Codebook(4, [0], 8, 2, TAU.grid)
    codebook.learn(*planted(), seed=0)
    return codebook


def answers(codebook, scores, limit):
    given = torch.from_numpy(scores)
    return codebook.at(limit)[codebook.cell_of(given, given, lambda near: near)]


def kept(codebook, column, limit):
    scores, labels, _ = planted(seed=1)
    says = (answers(codebook, scores, limit) @ codebook.says)[:, column].numpy()
    of = labels[:, column]
    return (says[of == 1].mean() + 1 - says[of == 0].mean()) / 2


def told(codebook, limit):
    scores, labels, _ = planted(seed=1)
    given = answers(codebook, scores, limit).numpy()
    return total_variation(given[labels[:, 0] == 1].mean(0), given[labels[:, 0] == 0].mean(0))


def test_what_does_not_tell_the_secret_is_kept(learned):
    assert kept(learned, 1, 0.05) > 0.85
    assert kept(learned, 2, 0.05) > 0.85


def test_what_is_the_secret_in_disguise_goes(learned):
    assert told(learned, 0.05) < 0.1
    assert told(learned, 0.0) < 0.07
    assert kept(learned, 3, 0.0) < 0.6


def test_secrets_are_no_scores_to_keep(learned):
    assert learned.weights[0] == 0
    assert (learned.weights[1:] > 0).all()


def test_between_limits_the_tables_are_mixed(learned):
    middle = (learned.at(0.1) + learned.at(0.05)) / 2
    assert torch.allclose(learned.at(0.075), middle)


def test_what_lies_near_a_border_is_decided_precisely(learned):
    scores, _, _ = planted(400, seed=2)
    x = torch.from_numpy(scores)
    asked = []

    def precise(near):
        asked.append(len(near))
        return near

    exact = learned.cell_of(x, x, precise)
    blurred = learned.cell_of(x, (x + 1e-5 * torch.randn(x.shape)).double(), lambda near: near)
    assert torch.equal(exact, learned.cell_of(x, x + 1e-6 * torch.sign(x), precise))
    assert sum(asked) < 40  # few lie near a border
    assert (exact != blurred).float().mean() < 0.01


def test_a_run_trains_loads_and_answers():
    run = checked(Run("universal_code", "tiny", schedule=QUICK))
    folder = train.train(run, tiny_faces(size=SMALL), "cpu", progress=False)
    model = train.load(folder)[2]
    x = torch.rand(5, 3, SMALL, SMALL)
    z = model.release(x, torch.Generator().manual_seed(0), 0.1)
    assert z.shape == (5, 4)
    assert z.sum(1).tolist() == [1] * 5
    assert model.own_head(z).shape == (5, 1)
    assert model.table(0.1).shape == (8, 4)
    assert torch.equal(model.cells(x), torch.cat([model.cells(part) for part in x.split(2)]))


def test_it_must_hide_something():
    run = checked(Run("universal_code", "tiny", private=()))
    with pytest.raises(PenumbraError, match="name at least one that is private"):
        METHODS["universal_code"].model(run, ATTRIBUTES)
