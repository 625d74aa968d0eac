"""The face-verification network: trained once, on the attacker's people, kept and checked."""

import dataclasses
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from core.attacks.identity import face_network
from core.errors import PenumbraError
from core.nets.face_embedding import FaceEmbedding
from core.storage import dataset_folders, files
from tests.tiny_faces import tiny_faces

CPU = torch.device("cpu")
SHIPPED = Path(__file__).parents[3] / "checkpoints" / "synthetic" / "_face_network"


def patterned(identities=64, size=16, noise=20.0):
    """Everybody has a coarse pattern of their own."""
    faces = tiny_faces(identities, images=4, size=size)
    rng = np.random.default_rng(0)
    patterns = rng.uniform(40, 215, (identities, 4, 4, 3)).repeat(size // 4, 1).repeat(size // 4, 2)
    pictures = patterns[faces.identities] + rng.normal(0, noise, (len(faces), size, size, 3))
    return dataclasses.replace(faces, images=pictures.clip(0, 255).astype(np.uint8))


FACES = patterned()


def settle(place, patch):
    patch.setenv("PENUMBRA_CHECKPOINTS", str(place))
    patch.setattr(face_network, "FEWEST_PEOPLE", 8)
    patch.setattr(face_network, "FEWEST_STEPS", 24)
    patch.setattr(face_network, "BATCH", 32)


@pytest.fixture(autouse=True)
def settled(tmp_path, monkeypatch):
    settle(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The folder of checkpoints in which the network of FACES was trained; not written to."""
    place = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        settle(place, patch)
        with torch.no_grad():  # as where pictures are looked at
            face_network.face_network(FACES, CPU)
    return place


def weights(place):
    (path,) = place.glob("tiny/_face_network/*/network.json")
    return files.read_json(path)["weights_sha256"]


def test_it_tells_people_apart_that_it_never_saw(trained, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(trained))
    (folder,) = trained.glob("tiny/_face_network/*")
    assert folder == dataset_folders.face_network(FACES)
    record = files.read_json(folder / "network.json")
    assert record["test"]["verification_auc"] > 0.9
    assert record["test"]["people"] == 16
    assert record["people"] == 16
    assert len(record["code"]) == 64
    # What was measured is what is stored.
    network = face_network.read(folder, FACES)
    rows = FACES.indices("test")
    seen = face_network._embedded(network, FACES, rows, CPU)
    assert face_network.scored(seen, FACES, rows) == record["test"]


def test_it_gives_unit_vectors_and_a_gradient_for_the_photograph_alone(trained, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(trained))
    features = face_network.face_network(FACES, CPU)
    x = torch.rand(3, 3, 16, 16, requires_grad=True)
    found = features(x)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(3))
    (found[0] @ found[1]).backward()
    assert x.grad is not None
    assert x.grad[:2].abs().sum() > 0
    assert x.grad[2].abs().sum() == 0


def test_other_peoples_photographs_change_nothing(trained, tmp_path):
    """Test and defender's people are in nobody's training; and the same seed, the same weights."""
    images = FACES.images.copy()
    rng = np.random.default_rng(1)
    for split in ("test", "defender"):
        rows = FACES.indices(split)
        images[rows] = rng.integers(0, 256, images[rows].shape)
    face_network.face_network(dataclasses.replace(FACES, images=images), CPU)
    assert weights(tmp_path) == weights(trained)


def test_it_is_trained_at_the_first_use_and_once(monkeypatch):
    calls = []
    train = face_network._train

    def counted(*arguments):
        calls.append(1)
        return train(*arguments)

    monkeypatch.setattr(face_network, "_train", counted)
    monkeypatch.setattr(face_network, "FEWEST_STEPS", 4)
    monkeypatch.setattr(face_network, "EPOCHS", 1)
    features = face_network.face_features(FACES, CPU)
    assert not calls
    with ThreadPoolExecutor(2) as pool:  # two at once: the second waits for the first
        both = [pool.submit(face_network.face_network, FACES, CPU) for _ in range(2)]
        [one.result() for one in both]
    x = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(features(x), features(x))
    assert len(calls) == 1


def test_too_few_people_or_pixels_give_none(monkeypatch):
    few = patterned(identities=24)
    assert face_network.face_features(few, CPU) is None
    with pytest.raises(PenumbraError, match="too few people"):
        face_network.face_network(few, CPU)
    loners = dataclasses.replace(FACES, identities=np.arange(len(FACES)))
    assert face_network.face_features(loners, CPU) is None
    monkeypatch.setattr(face_network, "SMALLEST", 17)
    assert face_network.face_features(FACES, CPU) is None


def test_damaged_files_are_named_and_other_data_sets_networks_refused(trained):
    copied = os.environ["PENUMBRA_CHECKPOINTS"]
    shutil.copytree(trained, copied, dirs_exist_ok=True)
    folder = dataset_folders.face_network(FACES)
    other = dataclasses.replace(FACES, fingerprint=FACES.fingerprint[:12] + "another")
    assert dataset_folders.face_network(other) == folder
    with pytest.raises(PenumbraError, match="fingerprint"):
        face_network.face_network(other, CPU)
    path = folder / "weights.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-40])
    with pytest.raises(PenumbraError, match=r"weights\.safetensors"):
        face_network.face_network(FACES, CPU)
    path.write_bytes(content)
    (folder / "network.json").write_text("{")
    with pytest.raises(PenumbraError, match=r"network\.json"):
        face_network.face_network(FACES, CPU)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (33, 40), (64, 64), (109, 89), (128, 128)])
def test_any_size_of_face_is_embedded(height, width):
    network = FaceEmbedding(height, width).eval()
    with torch.no_grad():
        found = network(torch.rand(2, 3, height, width))
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))


def test_faces_too_small_are_refused():
    with pytest.raises(ValueError, match="too small"):
        FaceEmbedding(7, 64)


def test_the_shipped_network_is_small_whole_and_good():
    (folder,) = (path for path in SHIPPED.iterdir() if path.is_dir())
    record = files.read_json(folder / "network.json")
    assert (folder / "done").is_file()
    assert folder.name == f"64x64-{record['fingerprint'][:12]}"
    path = folder / "weights.safetensors"
    assert path.stat().st_size <= 0.8e6
    tensors = files.load_tensors(path, record["weights_sha256"])
    files.fill_networks({"face": FaceEmbedding(64, 64)}, tensors, path)
    assert record["test"]["verification_auc"] > 0.99
    assert record["test"]["tar_at_far_1e-2"] > 0.9
