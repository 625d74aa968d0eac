"""The few answers of a finite release: what is kept of them, on planted faces and tables."""

import dataclasses

import numpy as np
import pytest
import torch

from core import explain
from core.explain import answers as kept
from core.explain.subject import Subject
from core.methods import METHODS, Model
from core.run import Run
from core.storage.pictures import unpacked
from tests.explain.cornered import view

TABLE = torch.tensor([[1.0, 0.0, 0.0], [0.25, 0.75, 0.0]])


@pytest.fixture
def subject():
    """A device that sees the lower left corner: cell 1 where it is bright, which is where Male is."""
    looked = view(lambda x, generator: torch.zeros(len(x), 3))
    model = Model(
        networks={},
        stages=(),
        release=lambda x, generator, value=None: torch.zeros(len(x), 3),
        own_head=lambda z: 2 * z[:, 1:2] - 1,
        cells=lambda x: (x[:, :, -8:, :8].mean((1, 2, 3)) > 0.55).long(),
        table=lambda value: TABLE if value else torch.eye(2, 3),
    )
    run = Run("certified_code", "tiny", tasks=("Task",), private=("Male",))
    return Subject(None, run, 0.1, None, model, looked)


def test_faces_are_means_weighed_by_the_table(subject):
    arrays, facts = kept.answers(subject, torch.Generator())
    x = subject.view.x["attacker"].double()
    cells = subject.model.cells(x.float() / 255)
    weights = TABLE[cells].double()
    faces = unpacked("faces", arrays)
    for answer in (0, 1):
        mean = (weights[:, answer, None, None, None] * x).sum(0) / weights[:, answer].sum()
        # packed as WebP, which loses a little
        assert abs(faces[answer].transpose(2, 0, 1) - mean.numpy()).mean() < 4
    assert (abs(faces[2].astype(int) - 128) < 6).all()  # nobody is answered so
    assert facts["secrets"] == ["Male"]
    assert facts["tasks"] == ["Task"]
    assert facts["photographs"] == len(x)


def test_frequencies_are_of_people_and_tell_the_groups_apart(subject):
    arrays, facts = kept.answers(subject, torch.Generator())
    people, labels = subject.view.identities["attacker"], subject.view.attributes["attacker"]
    cells = subject.model.cells(subject.view.x["attacker"].float() / 255).numpy()
    likely = TABLE.numpy()[cells]
    each = {p: likely[people == p].mean(0) for p in np.unique(people)}
    assert arrays["often"] == pytest.approx(np.mean(list(each.values()), 0), abs=1e-5)
    having = [each[p] for p in each if labels[people == p, 0].all()]
    assert arrays["having"][0] == pytest.approx(np.mean(having, 0), abs=1e-5)
    assert arrays["having"][0, 1] > arrays["without"][0, 1] + 0.5
    assert arrays["says"].ravel().tolist() == [0, 1, 0]
    assert facts["people"] == len(each)


def test_each_value_has_its_own_table(subject):
    first, _ = kept.answers(subject, torch.Generator())
    other, _ = kept.answers(subject._replace(value=0.0), torch.Generator())
    assert other["often"][1] != pytest.approx(first["often"][1], abs=0.01)


def test_a_method_without_a_head_of_its_own_says_nothing(subject):
    model = dataclasses.replace(subject.model, own_head=None)
    arrays, _ = kept.answers(subject._replace(model=model), torch.Generator())
    assert arrays["says"].shape == (3, 0)


def test_answers_take_the_place_of_maps():
    for name in METHODS:
        run = Run(name, "tiny")
        there = {each for each, applies in explain.APPLIES.items() if applies(run)}
        assert ("answers" in there) == METHODS[name].finite, name
        assert ("attention" in there) != METHODS[name].finite, name
        assert not METHODS[name].finite or there == {"answers"}
