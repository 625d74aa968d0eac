"""Each source finds its photographs, people and labels, and each pixel belongs to its label."""

import zipfile

import numpy as np
import pytest

from core import data
from tests.data import making


def known_again(faces):
    """Person and shot of every photograph, read from its grey value."""
    values = {making.value_of(*shot): shot for shot in making.people()}
    keys = np.array(list(values))
    return [values[keys[np.argmin(abs(keys - value))]] for value in making.grey(faces.images)]


def load(source, path, size=16, **options):
    data.add("mine", source, path, options)
    return data.load("mine", size, size, progress=False)


@pytest.mark.parametrize("zipped", [None, zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_celeba(tmp_path, zipped):
    faces = load("celeba", making.celeba(tmp_path / "celeba", zipped))
    shots = known_again(faces)
    assert sorted(shots) == making.people()
    assert faces.attribute_names == ("Male", "Smiling")
    assert faces.images.shape == (36, 16, 16, 3)
    for position, (person, shot) in enumerate(shots):
        assert faces.identity_names[faces.identities[position]] == str(person + 1)
        assert faces.attributes[position].tolist() == [person % 2, shot % 2]
    assert "lacks partition 1, 2" in faces.notes[0]


def test_synthetic(tmp_path):
    faces = load("synthetic", making.synthetic(tmp_path / "set"))
    assert faces.attribute_names == ("Male", "Smiling")
    for position, (person, shot) in enumerate(known_again(faces)):
        assert faces.identity_names[faces.identities[position]] == f"{person:04d}"
        assert faces.attributes[position].tolist() == [person % 2, shot % 2]


def test_lfw(tmp_path):
    faces = load("lfw", making.lfw(tmp_path / "set"))
    assert faces.attribute_names == ("Male", "Young", "Heavy_Makeup", "5_o_Clock_Shadow")
    for position, (person, shot) in enumerate(known_again(faces)):
        assert faces.identity_names[faces.identities[position]] == f"Person_{chr(65 + person)}"
        assert faces.attributes[position].tolist() == [person % 2, 1 - shot % 2, 0, 1]
    assert any("Youth" in note for note in faces.notes)
    assert any("Heavy_Makeup never varies" in note for note in faces.notes)


def test_lfw_subset_and_deepfunneled(tmp_path):
    path = making.lfw(tmp_path / "set")
    (path / "lfw").rename(path / "lfw-deepfunneled")
    (path / "lfw_funneled").touch()  # no folder: passed over
    (path / "lfw-deepfunneled" / "Person_A" / "Person_A_0001.jpg").unlink()
    faces = load("lfw", path)
    assert len(faces) == 35
    assert any("1 of 36 listed photographs are not here" in note for note in faces.notes)


def test_folder(tmp_path):
    faces = load("folder", making.folder(tmp_path / "set"))
    assert faces.attribute_names == ("Smiling", "Blond_Hair")
    for position, (person, shot) in enumerate(known_again(faces)):
        assert faces.names[position] == f"p{person}/{shot}.png"
        assert faces.identity_names[faces.identities[position]] == f"p{person}"
        assert faces.attributes[position].tolist() == [shot % 2, person % 2]


def test_folder_with_own_split(tmp_path):
    faces = load("folder", making.folder(tmp_path / "set", split=True))
    for position, (person, _) in enumerate(known_again(faces)):
        assert faces.split[position] == person % 4


def test_folder_without_identities_warns(tmp_path):
    faces = load("folder", making.folder(tmp_path / "set", identity=False))
    assert len(faces.identity_names) == 36
    assert any("counts as its own person" in note for note in faces.notes)


def test_folder_with_a_folder_per_person(tmp_path):
    path = making.folder(tmp_path / "set", identity=False)
    faces = load("folder", path, identities="folders")
    assert set(faces.identity_names) == {f"p{person}" for person in range(12)}


def test_vggface_like_labels_by_person(tmp_path):
    path = making.folder(tmp_path / "set")
    rows = ["identity,Male"] + [f"p{person},{person % 2}" for person in range(12)]
    (path / "labels.csv").write_text("\n".join(rows))
    faces = load("folder", path)
    assert len(faces) == 36
    for position, (person, _) in enumerate(known_again(faces)):
        assert faces.identity_names[faces.identities[position]] == f"p{person}"
        assert faces.attributes[position].tolist() == [person % 2]


def test_backslashes_and_byte_order_mark_of_a_windows_csv(tmp_path):
    path = making.folder(tmp_path / "set")
    text = (path / "labels.csv").read_text().replace("/", "\\").replace("\n", "\r\n")
    (path / "labels.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert len(load("folder", path)) == 36


def test_celeba_subset_of_the_photographs_is_normal(tmp_path):
    path = making.celeba(tmp_path / "celeba")
    (path / "img_align_celeba" / "000001.jpg").unlink()
    faces = load("celeba", path)
    assert len(faces) == 35
    assert "000001.jpg" not in faces.names
    assert any("1 of 36 listed photographs are not here" in note for note in faces.notes)


def test_a_linked_image_folder_is_followed(tmp_path):
    path = making.celeba(tmp_path / "celeba")
    (path / "img_align_celeba").rename(tmp_path / "elsewhere")
    (path / "img_align_celeba").symlink_to(tmp_path / "elsewhere")
    assert len(load("celeba", path)) == 36
