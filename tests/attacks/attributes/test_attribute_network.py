"""The network that knows ordinary photographs alone: trained once, kept and checked."""

import dataclasses
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core.attacks import controls
from core.attacks.attributes import attribute_network
from core.attacks.releases import by_image, view_of
from core.errors import PenumbraError
from core.metrics.attributes import auc
from core.storage import dataset_folders, files
from tests.tiny_faces import ATTRIBUTES, tiny_faces

CPU = torch.device("cpu")
FACES = tiny_faces(identities=64, size=16)


def seen(faces=FACES, release=controls.constant_release):
    return view_of(release, faces, None, CPU, seed=0)


def network(faces=FACES, protocol="strict", **more):
    return attribute_network.attribute_network(seen(faces, **more), faces, protocol)


def photographs(faces=FACES, split="test"):
    pixels = torch.from_numpy(faces.images[faces.indices(split)]).permute(0, 3, 1, 2)
    return pixels.float() / 255, faces.attributes[faces.indices(split)]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def trained(tmp_path_factory, short):
    """The folder of checkpoints in which the network of FACES was trained; not written to."""
    folder = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENUMBRA_CHECKPOINTS", str(folder))
        with torch.no_grad():  # as where pictures are looked at
            network()
    return folder


def record(folder):
    (path,) = folder.glob("tiny/_attribute_network/*/strict/network.json")
    return files.read_json(path)


def test_it_reads_photographs_of_people_that_it_never_saw(trained, monkeypatch):
    monkeypatch.setenv("PENUMBRA_CHECKPOINTS", str(trained))
    x, labels = photographs()
    logits = network()(x)
    assert logits.shape == labels.shape
    assert not logits.requires_grad
    found = record(trained)
    assert auc(labels[:, 0], logits[:, 0].numpy()) == pytest.approx(
        found["test_auc"]["Male"], abs=1e-4
    ), "what was measured is what is stored"
    assert found["attributes"] == list(ATTRIBUTES)
    assert found["test_auc"]["Male"] > 0.98
    assert 0.25 < found["test_auc"]["Young"] < 0.75, "which shows nowhere"
    assert found["photographs"] == len(FACES.indices("attacker"))


def test_other_peoples_photographs_and_the_release_change_nothing(trained, place):
    images = FACES.images.copy()
    rng = np.random.default_rng(1)
    for split in ("test", "defender"):
        rows = FACES.indices(split)
        images[rows] = rng.integers(0, 256, images[rows].shape)
    network(dataclasses.replace(FACES, images=images), release=controls.identity_release)
    assert record(place)["weights_sha256"] == record(trained)["weights_sha256"]


def test_it_is_trained_at_the_first_use_and_once(monkeypatch):
    calls = []
    train = attribute_network._train

    def counted(*arguments):
        calls.append(1)
        return train(*arguments)

    monkeypatch.setattr(attribute_network, "_train", counted)
    monkeypatch.setattr("core.attacks.attributes.classifiers.MOST_EPOCHS", 1)
    view = attribute_network.with_reader(seen(), FACES, "strict")
    assert not calls
    with ThreadPoolExecutor(2) as pool:  # two at once: the second waits for the first
        both = [pool.submit(network) for _ in range(2)]
        [one.result() for one in both]
    x, _ = photographs()
    torch.testing.assert_close(view.attributes_in(x), network()(x))
    assert len(calls) == 1
    shuffled = by_image(seen(), seed=1)
    attribute_network.attribute_network(shuffled, FACES, "paper")
    assert len(calls) == 2, "nobody may be read by a network that learned from that photograph"
    assert dataset_folders.attribute_network(FACES, "paper").is_dir()


def test_damaged_files_are_named_and_other_data_sets_networks_refused(trained):
    shutil.copytree(trained, os.environ["PENUMBRA_CHECKPOINTS"], dirs_exist_ok=True)
    folder = dataset_folders.attribute_network(FACES, "strict")
    other = dataclasses.replace(FACES, fingerprint=FACES.fingerprint[:12] + "another")
    assert dataset_folders.attribute_network(other, "strict") == folder
    with pytest.raises(PenumbraError, match=r"fingerprint .* delete the folder"):
        network(other)
    with pytest.raises(PenumbraError, match="protocol"):
        attribute_network.read(folder, FACES, "paper")
    path = folder / "weights.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-40])
    with pytest.raises(PenumbraError, match=r"weights\.safetensors"):
        network()
    path.write_bytes(content)
    (folder / "network.json").write_text("{")
    with pytest.raises(PenumbraError, match=r"network\.json .*delete the folder"):
        network()
