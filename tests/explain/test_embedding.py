"""Maps of releases: the same photographs for all, planted groups found, whole numbers, any release."""

from functools import partial
from types import SimpleNamespace

import numba
import numpy as np
import pytest
import torch
from sklearn.metrics import silhouette_score
from sklearn.neighbors import KNeighborsClassifier

from core.data.order import canonical_order
from core.explain import embedding
from tests.tiny_faces import tiny_faces

FACES = tiny_faces(identities=48, images=4, size=16)
ORDER = canonical_order(FACES, FACES.indices("test"))
RNG = np.random.default_rng(3)


@pytest.fixture(scope="module", autouse=True)
def umap():
    """UMAP, interpreted where nothing has imported it yet: it compiles itself for longer than it
    takes to lay out a few photographs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numba.config, "DISABLE_JIT", True)
        import umap
    return umap


def subject(released):
    """What an explanation gets, with these releases (n, …) of the test photographs."""
    view = SimpleNamespace(
        z={"test": torch.as_tensor(released)},
        identities={"test": FACES.identities[ORDER]},
        attributes={"test": FACES.attributes[ORDER]},
        attribute_names=FACES.attribute_names,
    )
    return SimpleNamespace(view=view, faces=FACES)


def test_whole_people_the_same_for_every_run():
    positions = embedding.subset(FACES, 30)
    people = FACES.identities[ORDER]
    assert len(positions) == 28  # seven people of four photographs
    assert len(np.unique(people[positions])) == 7
    assert all((people == person).sum() == 4 for person in people[positions])
    assert np.array_equal(positions, embedding.subset(FACES, 30))
    assert np.array_equal(embedding.subset(FACES, 10_000), np.arange(len(ORDER)))


def test_people_with_hundreds_of_photographs_do_not_fill_the_map(monkeypatch):
    monkeypatch.setattr(embedding, "MOST_OF_A_PERSON", 2)
    positions = embedding.subset(FACES, 10)
    assert np.unique(FACES.identities[ORDER][positions], return_counts=True)[1].tolist() == [2] * 5


def test_groups_far_apart_are_found_and_chance_is_chance():
    people, labels = FACES.identities[ORDER], FACES.attributes[ORDER]
    released = RNG.normal(0, 0.01, (len(ORDER), 6)).astype(np.float32)
    released[:, 0] += 500.0 * labels[:, 0]
    released[:, 1] += people
    found = embedding.apart(released, people, labels, FACES.attribute_names)
    assert found["identity"]["purity"] == 1
    assert found["Male"]["purity"] == 1
    assert found["Male"]["silhouette"] > 0.8
    assert found["identity"]["chance"] == pytest.approx(3 / (len(ORDER) - 1), abs=1e-4)
    young = found["Young"]  # shows nowhere
    assert young["purity"] == pytest.approx(young["chance"], abs=0.2)  # few people
    assert young["low"] < young["purity"] < young["high"]
    assert abs(young["silhouette"]) < 0.05


def test_numbers_are_scikit_learns():
    people, labels = FACES.identities[ORDER], FACES.attributes[ORDER]
    released = RNG.normal(people[:, None] % 5, 1.0, (len(ORDER), 5)).astype(np.float32)
    found = embedding.apart(released, people, labels, FACES.attribute_names)
    assert found["identity"]["silhouette"] == pytest.approx(
        silhouette_score(released, people), abs=1e-4
    )
    own = KNeighborsClassifier(2).fit(released, people).kneighbors(released)[1][:, 1]
    assert found["identity"]["purity"] == pytest.approx((people[own] == people).mean(), abs=1e-4)
    said = np.empty(len(people), int)
    for person in np.unique(people):
        others = people != person
        fitted = KNeighborsClassifier(1).fit(released[others], labels[others, 0])
        said[~others] = fitted.predict(released[~others])
    recalls = [(said == labels[:, 0])[labels[:, 0] == answer].mean() for answer in (0, 1)]
    assert found["Male"]["purity"] == pytest.approx(np.mean(recalls), abs=1e-4)


def test_an_attribute_with_one_answer_is_left_out():
    people, labels = FACES.identities[ORDER], FACES.attributes[ORDER].copy()
    labels[:, 1] = 1
    released = RNG.normal(size=(len(ORDER), 3)).astype(np.float32)
    assert "Smiling" not in embedding.apart(released, people, labels, FACES.attribute_names)


def test_whole_numbers_keep_the_shape():
    places = np.array([[0.0, 0.0], [4.0, 1.0], [2.0, 0.5]])
    found = embedding.whole_numbers(places).astype(float) / embedding.FINEST
    assert found[:, 0] == pytest.approx([0, 1, 0.5], abs=1e-4)
    assert found[:, 1] == pytest.approx([0.375, 0.625, 0.5], abs=1e-4)
    assert len(np.unique(embedding.whole_numbers(np.zeros((5, 2))))) == 1


@pytest.mark.parametrize("shape", [(3, 8, 8), (1,), (400,)])
def test_any_release_is_mapped_and_the_same_again(shape, monkeypatch):
    # UMAP takes long; it is tried with the others below
    monkeypatch.setattr(embedding, "_umap", lambda axes: axes[:, :2])
    released = RNG.normal(size=(len(ORDER), *shape)).astype(np.float32)
    arrays, facts = embedding.embedding_maps(subject(released), torch.Generator())
    again, _ = embedding.embedding_maps(subject(released), torch.Generator())
    for name in embedding.MAPS:
        assert arrays[name].dtype == np.uint16
        assert arrays[name].shape == (len(arrays["positions"]), 2)
        assert np.array_equal(arrays[name], again[name])
    assert facts["numbers"] == np.prod(shape)
    assert facts["axes"] <= embedding.AXES
    assert len(facts["variance"]) == 2


def test_a_constant_release_says_nothing():
    arrays, facts = embedding.embedding_maps(subject(np.ones((len(ORDER), 7), np.float32)), None)
    for name in embedding.MAPS:
        assert len(np.unique(arrays[name], axis=0)) == 1
    identity = facts["apart"]["identity"]
    assert identity["purity"] < 0.2
    assert facts["variance"] == [0, 0]


def test_planted_people_lie_together_on_every_map(monkeypatch, umap):
    monkeypatch.setattr(umap, "UMAP", partial(umap.UMAP, n_epochs=150))
    rng = np.random.default_rng(3)
    people = FACES.identities[ORDER]
    centres = rng.normal(0, 10, (80, 40))
    released = (centres[people] + rng.normal(0, 0.1, (len(people), 40))).astype(np.float32)
    arrays, _ = embedding.embedding_maps(subject(released), None)
    for name in ("tsne", "umap"):
        places = arrays[name].astype(float)
        between = np.linalg.norm(places[:, None] - places[None], axis=2)
        np.fill_diagonal(between, np.inf)
        nearest = people[arrays["positions"]][between.argmin(1)]
        assert (nearest == people[arrays["positions"]]).mean() > 0.9
